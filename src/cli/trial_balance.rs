//! `trial-balance`: every account over everything; it fails if they do not add up to zero in every currency.

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::moment::Moment;
use super::table::Table;
use super::text::line;
use partnership_ledger::proto::{AccountBalance, GetTrialBalanceRequest};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let request = GetTrialBalanceRequest { options: Some(args.moment.options(session).await?) };
    let answer = session.audit().await?.get_trial_balance(request).await?.into_inner();
    if session.out.json {
        session.out.message(&answer)?;
    } else {
        session.out.answer(table(language, &answer.accounts), &say!(language, "trial-balance-none"), answer.position)?;
    }
    session.out.flush()?;
    if answer.is_balanced { Ok(()) } else { Err(Failure::check(say!(language, "trial-balance-damaged"))) }
}

/// Debits and credits in two columns, as books are printed.
fn table(language: Language, accounts: &[AccountBalance]) -> Table {
    let mut table = Table::new(columns![language; "trial-balance-account", > "trial-balance-debit", > "trial-balance-credit"]);
    for account in accounts {
        let side = |is_here: bool, minor_units| if is_here { language.amount(&account.currency_code, minor_units) } else { String::new() };
        table.row([
            line(&account.account),
            side(account.balance > 0, account.balance),
            side(account.balance < 0, account.balance.saturating_neg()),
        ]);
    }
    table
}
