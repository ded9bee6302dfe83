//! `records`: the records themselves, as they were recorded.

mod follow;
mod selection;

use crate::cli::client::Session;
use crate::cli::failure::Failure;
use crate::cli::json;
use crate::cli::language::{Language, columns, say};
use crate::cli::lead::credit;
use crate::cli::moment::Moment;
use crate::cli::output::Output;
use crate::cli::steps::part_name;
use crate::cli::table::Table;
use crate::cli::text::{code, line};
use partnership_ledger::proto::effect::Effect;
use partnership_ledger::proto::{CommissionOutcome, EndCause, EntryKind, Event, OwnershipRule, ReadRecordsRequest, Record, RecordFilter};
use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};
pub use selection::Selection;

#[derive(clap::Args)]
pub struct Args {
    /// How many of the last records
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20, conflicts_with = "from")]
    last: usize,
    /// All records from this position on instead
    #[arg(long, value_name = "POSITION")]
    from: Option<u64>,
    #[command(flatten)]
    selection: Selection,
    /// Go on with what is recorded from then on, until Ctrl-C; a connection that is lost is made again
    #[arg(long, conflicts_with_all = ["as_of", "as_of_position", "known_at"])]
    follow: bool,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let language = session.out.language;
    let filter = RecordFilter::from(args.selection.clone());
    match args.from {
        Some(from) if args.follow => follow::run(from.saturating_sub(1), filter, session).await,
        None if args.follow => {
            let position = read(args, filter.clone(), session).await?.0;
            follow::run(position, filter, session).await
        }
        _ => {
            let (position, shown) = read(args, filter, session).await?;
            match (session.out.json, shown) {
                (true, _) => Ok(()),
                (false, 0) => session.out.answer(table(language, &[]), &say!(language, "records-none"), position),
                (false, _) => session.out.read_at(position),
            }
        }
    }
}

/// Shows the records that are there; returns the position they were read at, and how many were shown.
async fn read(args: Args, filter: RecordFilter, session: &mut Session) -> Result<(u64, usize), Failure> {
    let backwards = args.from.is_none();
    let wanted = if backwards { args.last } else { usize::MAX };
    let request = ReadRecordsRequest {
        from: args.from.unwrap_or_default(),
        to: None,
        backwards,
        page_size: u32::try_from(wanted.clamp(1, 1_000)).unwrap_or(1_000),
        options: Some(args.moment.options(session).await?),
        filter: Some(filter),
    };
    let mut pages = session.audit().await?.read_records(request).await?.into_inner();
    let mut last = Vec::new();
    let mut position = 0;
    let mut shown = 0;
    while let Some(page) = pages.message().await? {
        position = page.position;
        if backwards {
            last.extend(page.records.into_iter().take(wanted - last.len()));
            if last.len() == wanted {
                break;
            }
        } else {
            shown += page.records.len();
            show(&page.records, &mut session.out)?;
        }
    }
    last.reverse();
    show(&last, &mut session.out)?;
    Ok((position, shown + last.len()))
}

fn show(records: &[Record], out: &mut Output) -> Result<(), Failure> {
    if out.json {
        return records.iter().try_for_each(|record| out.message(record));
    }
    if records.is_empty() { Ok(()) } else { out.table(table(out.language, records)) }
}

fn table(language: Language, records: &[Record]) -> Table {
    let mut table = Table::new(
        columns![language; > "column-position", "column-occurred", "records-recorded", "records-event", "column-about", "records-effects", "records-by"],
    );
    records.iter().for_each(|record| table.row(row(language, record)));
    table
}

/// Returns what is shown of a record.
fn row(language: Language, record: &Record) -> [String; 7] {
    let event = record.event.clone().unwrap_or_default();
    let (kind, about) = describe(language, &event);
    let occurred = language.time(event.occurred_at.as_ref());
    let recorded = language.time(record.recorded_at.as_ref());
    [record.position.to_string(), occurred, recorded, kind, about, effects(language, record), line(&record.recorded_by)]
}

/// Returns the event's type with its ids and amount, by reflection, so that a new type needs no code here.
fn describe(language: Language, event: &Event) -> (String, String) {
    let event = json::reflect(event);
    let body = event.descriptor().oneofs().next().and_then(|body| body.fields().find(|field| event.has_field(field)));
    let Some(field) = body else { return (String::new(), String::new()) };
    let value = event.get_field(&field);
    let about = value.as_message().map(|body| about(language, body)).unwrap_or_default();
    (field.name().to_owned(), about)
}

fn about(language: Language, body: &DynamicMessage) -> String {
    let mut words = Vec::new();
    for (field, value) in body.fields() {
        match value {
            Value::String(id) if field.name().ends_with("_id") => words.push(line(id)),
            Value::Message(message) if field.name() == "amount" => {
                if let Ok(amount) = message.transcode_to() {
                    words.push(language.money(Some(&amount)));
                }
            }
            _ => {}
        }
    }
    words.join(" ")
}

/// Returns the effects of a record in words.
fn effects(language: Language, record: &Record) -> String {
    let effects = record.effects.iter().filter_map(|effect| effect.effect.as_ref().and_then(|effect| sentence(language, effect)));
    effects.collect::<Vec<_>>().join("; ")
}

/// Returns an effect in words, from the partner's point of view; of postings only those on a partner's account.
fn sentence(language: Language, effect: &Effect) -> Option<String> {
    Some(match effect {
        Effect::Posting(posting) => {
            let partner = posting.account.strip_prefix("partner:")?;
            let moved = posting.amount.as_ref()?;
            let sign = if moved.minor_units < 0 { "+" } else { "" };
            let amount = language.amount(&moved.currency_code, moved.minor_units.saturating_neg());
            format!("{} {sign}{amount} ({})", line(partner), language.word::<EntryKind>(posting.kind))
        }
        Effect::CommissionAssessed(assessed) => {
            let outcome = code::<CommissionOutcome>(assessed.outcome);
            let assessment = match assessed.rule_name.as_str() {
                "" => outcome,
                rule => say!(language, "records-assessed", outcome = outcome, rule = line(rule)),
            };
            let is_part = assessed.line_id.is_some() || assessed.share_bps.is_some() || assessed.level.is_some();
            if is_part { format!("{}: {assessment}", part_name(language, assessed)) } else { assessment }
        }
        Effect::LeadOwnerSet(set) => {
            let (owner, rule) = (language.party(set.owner.as_ref()), code::<OwnershipRule>(set.rule));
            say!(language, "records-owner", owner = owner, rule = rule, credit = credit(language, &set.agreement_id))
        }
        Effect::LeadClaimDeclined(declined) => say!(language, "records-declined", owner = language.party(declined.held_by.as_ref())),
        Effect::ExclusivityBreached(breached) => say!(language, "records-exclusivity", agreement = line(&breached.agreement_id)),
        Effect::SaleVoidApplied(applied) => say!(language, "records-voided", amount = language.money(applied.amount.as_ref())),
        Effect::BrandUseApproved(_) => say!(language, "records-approved"),
        Effect::AgreementEndSet(end) => {
            say!(language, "records-ends", time = language.time(end.ends_at.as_ref()), cause = language.word::<EndCause>(end.cause))
        }
        Effect::LeadProtectionSet(set) if set.protected_until.is_none() => say!(language, "records-protected-always"),
        Effect::LeadProtectionSet(set) => say!(language, "records-protected", time = language.time(set.protected_until.as_ref())),
        Effect::RefundApplied(refund) => match &refund.cut_off {
            Some(cut_off) => {
                let (amount, cut_off) = (language.money(refund.amount.as_ref()), language.money(Some(cut_off)));
                say!(language, "records-refunded-cut", amount = amount, cut_off = cut_off)
            }
            None => say!(language, "records-refunded", amount = language.money(refund.amount.as_ref())),
        },
    })
}
