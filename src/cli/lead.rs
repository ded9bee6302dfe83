//! `lead`: who owns a lead, since when and why, with its whole history.

use super::client::Session;
use super::failure::Failure;
use super::language::{Language, columns, say};
use super::listing::PAGE_SIZE;
use super::moment::Moment;
use super::output::Output;
use super::table::Table;
use super::text::{code, line, list};
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

/// The agreement with the credit.
pub fn credit(language: Language, agreement_id: &str) -> String {
    if agreement_id.is_empty() { say!(language, "none") } else { line(agreement_id) }
}

/// Why the owner owns it: in English the ledger's own sentence, in other languages one made of the same facts.
pub fn explanation(language: Language, lead: &Lead) -> String {
    if language == Language::English || lead.owner.is_none() {
        return line(&lead.explanation);
    }
    let facts = lead.facts.unwrap_or_default();
    let (protection, time) = if lead.facts.is_none() {
        // A ledger of an earlier release does not tell these from each other.
        (if lead.protected_until.is_some() { "dated" } else { "always-or-awaited" }, lead.protected_until)
    } else if facts.lost_at.is_some() {
        ("lost", facts.lost_at)
    } else if facts.approval_awaited {
        ("awaited", None)
    } else {
        match (lead.protected_until, facts.is_protected) {
            (None, _) => ("always", None),
            (until, true) => ("until", until),
            (until, false) => ("lapsed", until),
        }
    };
    say!(
        language,
        "lead-explained",
        owner = language.party(lead.owner.as_ref()),
        since = language.time(lead.since.as_ref()),
        why = because(language, &code::<OwnershipRule>(lead.rule), &lead.agreement_id),
        protection = protection,
        time = language.time(time.as_ref())
    )
}

/// Why somebody owns a lead: the end of a sentence.
pub fn because(language: Language, rule: &str, agreement_id: &str) -> String {
    say!(language, "lead-because", rule = rule, agreement = line(agreement_id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::tests::{left_out_line, written};
    use partnership_ledger::proto::{LeadFacts, Party, party};
    use prost_types::Timestamp;

    #[test]
    fn it_says_how_many_older_entries_are_left_out() {
        let of = |entries_left_out| written(|out| show(&Lead { entries_left_out, ..Lead::default() }, &BTreeMap::new(), out));
        assert!(left_out_line(&of(7)).is_some_and(|line| line.starts_with("7 ")));
        assert_eq!(left_out_line(&of(0)), None);
    }

    fn told(language: Language, protected_until: Option<i64>, facts: LeadFacts) -> String {
        let at = |day: i64| Timestamp { seconds: day * 86_400, nanos: 0 };
        let lead = Lead {
            owner: Some(Party { party: Some(party::Party::House(true)) }),
            since: Some(at(0)),
            rule: OwnershipRule::HouseLead.into(),
            protected_until: protected_until.map(at),
            facts: Some(facts),
            ..Lead::default()
        };
        // English has the ledger's own sentence.
        assert_eq!(explanation(Language::English, &Lead { explanation: "so".to_owned(), ..lead.clone() }), "so");
        explanation(language, &lead)
    }

    #[test]
    fn each_state_of_the_protection_has_words_of_its_own() {
        let thai = |until, facts| told(Language::Thai, until, facts);
        let lost_at = Some(Timestamp { seconds: 3 * 86_400, nanos: 0 });
        let lost = thai(Some(1), LeadFacts { lost_at, ..LeadFacts::default() });
        assert!(lost.contains("เสียไปเมื่อ 4 ม.ค. 2513") && !lost.contains("2 ม.ค. 2513"), "the day of the loss: {lost}");
        let lapsed = thai(Some(1), LeadFacts::default());
        assert!(lapsed.contains("ไม่คุ้มครองแล้วตั้งแต่ 2 ม.ค. 2513"), "{lapsed}");
        let until = thai(Some(1), LeadFacts { is_protected: true, ..LeadFacts::default() });
        assert!(until.contains("คุ้มครองถึง 2 ม.ค. 2513"), "{until}");
        let awaited = thai(None, LeadFacts { is_protected: true, approval_awaited: true, ..LeadFacts::default() });
        assert!(awaited.contains("รออนุมัติ") && !awaited.contains("ไม่จำกัด"), "{awaited}");
        let always = thai(None, LeadFacts { is_protected: true, ..LeadFacts::default() });
        assert!(always.contains("ไม่จำกัด") && !always.contains("รออนุมัติ"), "{always}");
    }
}
