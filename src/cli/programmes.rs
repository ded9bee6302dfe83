//! `programmes`: the programmes, in the order they were defined.

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::listing::{Listing, PAGE_SIZE};
use super::moment::Moment;
use super::table::Table;
use super::text::line;
use partnership_ledger::proto::{ListProgrammesRequest, Programme};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let header = columns![
        language; "programme-programme", "programme-defined", > "programme-agreements", > "programme-versions-count", > "programme-terms-position"
    ];
    let options = args.moment.options(session).await?;
    let mut client = session.partnership().await?;
    let listing = Listing::of(&mut session.out, "programmes", header);
    let ask = async |page_token| {
        let request = ListProgrammesRequest { page_size: PAGE_SIZE, page_token, options: Some(options) };
        client.list_programmes(request).await
    };
    listing.all(&say!(language, "programmes-none"), ask, |table, programme| row(language, table, programme)).await
}

fn row(language: Language, table: &mut Table, programme: &Programme) {
    let versions = programme.versions.len() + programme.entries_left_out as usize;
    table.row([
        line(&programme.programme_id),
        language.time(programme.defined_at.as_ref()),
        programme.agreement_count.to_string(),
        versions.to_string(),
        programme.terms_position.to_string(),
    ]);
}
