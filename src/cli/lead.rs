//! `lead`: who owns a lead, since when and why, with its whole history.

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::listing::PAGE_SIZE;
use super::moment::Moment;
use super::output::Output;
use super::table::Table;
use super::text::{code, line, list};
use partnership_ledger::language::leads::{credit, explanation};
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::get_record_request::Key;
use partnership_ledger::proto::{
    AcquiredBy, GetLeadRequest, GetLeadResponse, GetRecordRequest, Lead, LeadOwnership, LeadState, ListLeadsRequest, OwnershipRule,
    ReadOptions,
};
use std::collections::BTreeMap;
use tonic::Code;

#[derive(clap::Args)]
pub struct Args {
    /// The lead, by its id or an alias
    #[arg(required_unless_present = "match_key")]
    lead: Option<String>,
    /// The leads with this match key instead, such as domain:acme.example
    #[arg(long, value_name = "KEY", conflicts_with = "lead")]
    match_key: Option<String>,
    #[command(flatten)]
    moment: Moment,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let options = Some(args.moment.options(session).await?);
    let (leads, position) = match args.match_key {
        Some(key) => with_key(key, options, session).await?,
        None => {
            let request = GetLeadRequest { lead_id: args.lead.unwrap_or_default(), options };
            let answer = session.partnership().await?.get_lead(request).await?.into_inner();
            (answer.lead.into_iter().collect(), answer.position)
        }
    };
    for (number, lead) in leads.into_iter().enumerate() {
        if session.out.json {
            session.out.message(&GetLeadResponse { lead: Some(lead), position })?;
            continue;
        }
        if number > 0 {
            session.out.line("")?;
        }
        let reasons = reasons(&lead, session).await?;
        show(&lead, &reasons, &mut session.out)?;
    }
    if session.out.json { Ok(()) } else { session.out.read_at(position) }
}

/// All leads with a match key, and the position that they were read at.
async fn with_key(key: String, options: Option<ReadOptions>, session: &Session) -> Result<(Vec<Lead>, u64), Failure> {
    let mut client = session.partnership().await?;
    let mut request = ListLeadsRequest { match_key: Some(key), page_size: PAGE_SIZE, options, ..ListLeadsRequest::default() };
    let mut leads = Vec::new();
    loop {
        let page = client.list_leads(request.clone()).await?.into_inner();
        leads.extend(page.leads);
        if !page.next_page_token.is_empty() {
            request.page_token = page.next_page_token;
        } else if leads.is_empty() {
            let key = line(&request.match_key.unwrap_or_default());
            return Err(Failure::not_found(say!(session.out.language, "lead-no-such-key", key = key)));
        } else {
            return Ok((leads, page.position));
        }
    }
}

/// Why a lead was reassigned, by the position of the record; without what the caller may not read.
async fn reasons(lead: &Lead, session: &Session) -> Result<BTreeMap<u64, String>, Failure> {
    let is_reassigned = |held: &&LeadOwnership| held.rule == i32::from(OwnershipRule::Reassigned);
    let mut reasons = BTreeMap::new();
    for held in lead.timeline.iter().filter(is_reassigned) {
        let request = GetRecordRequest { key: Some(Key::Position(held.decided_at)) };
        let record = match session.audit().await?.get_record(request).await {
            Err(status) if matches!(status.code(), Code::NotFound | Code::PermissionDenied) => continue,
            answer => answer?.into_inner().record,
        };
        if let Some(Body::LeadReassigned(reassigned)) = record.and_then(|record| record.event).and_then(|event| event.body) {
            reasons.insert(held.decided_at, line(&reassigned.reason));
        }
    }
    Ok(reasons)
}

fn show(lead: &Lead, reasons: &BTreeMap<u64, String>, out: &mut Output) -> Result<(), Failure> {
    let language = out.language;
    let mut facts = Table::facts();
    facts.fact(&say!(language, "column-lead"), line(&lead.lead_id));
    facts.fact(&say!(language, "lead-aliases"), list(&lead.aliases));
    facts.fact(&say!(language, "column-owner"), language.party(lead.owner.as_ref()));
    facts.fact(&say!(language, "lead-since"), language.time(lead.since.as_ref()));
    if lead.owner.is_some() {
        let (rule, position) = (code::<OwnershipRule>(lead.rule), lead.decided_at.to_string());
        facts.fact(&say!(language, "column-rule"), say!(language, "lead-decided", rule = rule, position = position));
        let until = lead.protected_until.as_ref();
        let until = match (until, lead.facts) {
            (Some(_), _) => language.time(until),
            (None, Some(facts)) if facts.approval_awaited => say!(language, "lead-awaited"),
            (None, Some(_)) => say!(language, "lead-no-limit"),
            (None, None) => say!(language, "lead-no-limit-or-awaited"),
        };
        facts.fact(&say!(language, "lead-protected-until"), until);
    }
    facts.fact(&say!(language, "lead-why"), explanation(language, lead));
    facts.fact(&say!(language, "column-credit"), credit(language, &lead.agreement_id));
    facts.fact(&say!(language, "column-state"), language.word::<LeadState>(lead.state));
    facts.fact(&say!(language, "lead-acquired-by"), language.word::<AcquiredBy>(lead.acquired_by));
    facts.fact(&say!(language, "lead-match-keys"), list(&lead.match_keys));
    out.table(facts)?;
    out.section(&say!(language, "lead-owners"), owners(language, lead, reasons))?;
    out.section(&say!(language, "lead-declined"), declined(language, lead))?;
    out.left_out(lead.entries_left_out)
}

fn owners(language: Language, lead: &Lead, reasons: &BTreeMap<u64, String>) -> Table {
    let mut table =
        Table::new(columns![language; "column-from", "column-owner", "column-credit", "column-rule", > "lead-decided-at", "lead-reason"]);
    for ownership in &lead.timeline {
        table.row([
            language.time(ownership.from.as_ref()),
            language.party(ownership.owner.as_ref()),
            credit(language, &ownership.agreement_id),
            code::<OwnershipRule>(ownership.rule),
            ownership.decided_at.to_string(),
            reasons.get(&ownership.decided_at).cloned().unwrap_or_default(),
        ]);
    }
    table
}

fn declined(language: Language, lead: &Lead) -> Table {
    let mut table = Table::new(columns![
        language;
        > "column-position", "lead-claimed-at", "lead-under", "lead-held-by", "lead-protected-until", "lead-earlier"
    ]);
    for claim in &lead.declined_claims {
        table.row([
            claim.position.to_string(),
            language.time(claim.occurred_at.as_ref()),
            credit(language, &claim.agreement_id),
            language.party(claim.held_by.as_ref()),
            match claim.protected_until.as_ref() {
                None => say!(language, "lead-no-limit"),
                until => language.time(until),
            },
            if claim.earlier_than_owner { say!(language, "lead-earlier-yes") } else { say!(language, "lead-earlier-no") },
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::tests::{left_out_line, written};

    #[test]
    fn it_says_how_many_older_entries_are_left_out() {
        let of = |entries_left_out| written(|out| show(&Lead { entries_left_out, ..Lead::default() }, &BTreeMap::new(), out));
        assert!(left_out_line(&of(7)).is_some_and(|line| line.starts_with("7 ")));
        assert_eq!(left_out_line(&of(0)), None);
    }
}
