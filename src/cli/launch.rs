//! `launch`: the eleven steps of the launch checklist, which of them are done, and what comes next.

use super::client::{PartnershipClient, Session};
use super::failure::Failure;
use super::json;
use super::language::{Language, columns, say};
use super::moment::Moment;
use super::output::Output;
use super::table::Table;
use super::text::line;
use partnership_ledger::proto::get_record_request::Key;
use partnership_ledger::proto::{
    Agreement, AgreementState, GetAgreementRequest, GetPartnerRequest, GetPartnerResponse, GetRecordRequest, LaunchStep, LaunchStepDone,
    ListAgreementsRequest, Partner, PartnerFit, ReadOptions, Record, Side,
};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::Write as _;

/// The steps, in the order of the checklist.
const STEPS: [LaunchStep; 11] = [
    LaunchStep::Identified,
    LaunchStep::Contacted,
    LaunchStep::InitialCall,
    LaunchStep::TypeDefined,
    LaunchStep::AgreementDrafted,
    LaunchStep::LegalReviewed,
    LaunchStep::Signed,
    LaunchStep::KickedOff,
    LaunchStep::FirstCampaign,
    LaunchStep::ResultsReviewed,
    LaunchStep::Decided,
];

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub struct Subject {
    /// The agreement that is launched; with the steps done with its partner before
    agreement: Option<String>,
    /// A partner, with what follows from its agreement, if there is one that has not ended
    #[arg(long, value_name = "ID")]
    partner: Option<String>,
}

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    subject: Subject,
    #[command(flatten)]
    moment: Moment,
}

/// A completed step, of the agreement or of the partner before there was an agreement.
struct Done {
    step: LaunchStepDone,
    record: Record,
}

pub async fn run(args: Args, session: &mut Session) -> Result<(), Failure> {
    let options = Some(args.moment.options(session).await?);
    let mut client = session.partnership().await?;
    let mut agreement = None;
    let mut partner_id = args.subject.partner.unwrap_or_default();
    let mut position = 0;
    if let Some(agreement_id) = args.subject.agreement {
        let answer = client.get_agreement(GetAgreementRequest { agreement_id, options }).await?.into_inner();
        position = answer.position;
        agreement = answer.agreement.inspect(|agreement| partner_id.clone_from(&agreement.partner_id));
    }
    // The partner is read at the same position as the agreement.
    let options = options.map(|options| if agreement.is_some() { at(options, position) } else { options });
    let answer = client.get_partner(GetPartnerRequest { partner_id, options }).await?.into_inner();
    if agreement.is_none() {
        let partner_id = answer.partner.as_ref().map_or("", |partner| &partner.partner_id);
        agreement = of_partner(&mut client, partner_id, at(options.unwrap_or_default(), answer.position)).await?;
    }
    if session.out.json {
        return match &agreement {
            Some(agreement) => both(&mut session.out, agreement, &answer),
            None => session.out.message(&answer),
        };
    }
    let partner = answer.partner.unwrap_or_default();
    let done = done(session, &partner, agreement.as_ref()).await?;
    show(&mut session.out, &partner, agreement.as_ref(), &done)?;
    session.out.read_at(answer.position)
}

/// Returns the partner's first agreement that is in force, or else one that is proposed: what it proves of the launch is done.
async fn of_partner(client: &mut PartnershipClient, partner_id: &str, options: ReadOptions) -> Result<Option<Agreement>, Failure> {
    for state in [AgreementState::Active, AgreementState::UnderNotice, AgreementState::Proposed] {
        let request = ListAgreementsRequest {
            partner_id: Some(partner_id.to_owned()),
            state: state.into(),
            page_size: 1,
            options: Some(options),
            ..ListAgreementsRequest::default()
        };
        let found = client.list_agreements(request).await?.into_inner().agreements.into_iter().next();
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Writes the agreement and its partner, whose steps count as well, as one document read at one position.
fn both(out: &mut Output, agreement: &Agreement, answer: &GetPartnerResponse) -> Result<(), Failure> {
    write!(out, "{{\"agreement\":")?;
    json::write(out, agreement)?;
    write!(out, ",\"partner\":")?;
    json::write(out, &answer.partner.clone().unwrap_or_default())?;
    out.line(&format!(",\"position\":\"{}\"}}", answer.position))
}

fn at(options: ReadOptions, position: u64) -> ReadOptions {
    ReadOptions { as_of_position: Some(position), ..options }
}

/// Returns the completed steps with their records. If both have a step, the agreement's counts.
async fn done(session: &Session, partner: &Partner, agreement: Option<&Agreement>) -> Result<BTreeMap<i32, Done>, Failure> {
    let mut audit = session.audit().await?;
    let of_agreement = agreement.map_or(&[][..], |agreement| &agreement.launch_steps);
    let mut done = BTreeMap::new();
    for step in of_agreement.iter().chain(&partner.launch_steps) {
        if let Entry::Vacant(place) = done.entry(step.step) {
            let request = GetRecordRequest { key: Some(Key::Position(step.position)) };
            let record = audit.get_record(request).await?.into_inner().record.unwrap_or_default();
            place.insert(Done { step: *step, record });
        }
    }
    Ok(done)
}

fn show(out: &mut Output, partner: &Partner, agreement: Option<&Agreement>, done: &BTreeMap<i32, Done>) -> Result<(), Failure> {
    let language = out.language;
    out.table(facts(language, partner, agreement))?;
    out.line("")?;
    let last = last(agreement, done);
    out.table(steps(language, agreement, done, last))?;
    let next = STEPS
        .into_iter()
        .find(|step| i32::from(*step) > last)
        .map_or_else(|| say!(language, "launch-complete"), |step| to_do(language, step));
    out.line(&format!("\n{}", say!(language, "launch-next", step = next)))
}

fn facts(language: Language, partner: &Partner, agreement: Option<&Agreement>) -> Table {
    let mut facts = Table::facts();
    if let Some(agreement) = agreement {
        let state = language.word::<AgreementState>(agreement.state);
        facts.fact(&say!(language, "launch-agreement"), format!("{} ({state})", line(&agreement.agreement_id)));
    }
    facts.fact(&say!(language, "launch-partner"), format!("{} ({})", line(&partner.partner_id), line(&partner.display_name)));
    facts.fact(
        &say!(language, "launch-fit"),
        partner.fit.as_ref().map_or_else(|| say!(language, "launch-not-assessed"), |fit| fit_text(language, fit)),
    );
    for manager in agreement.map_or(&[][..], |agreement| &agreement.managers) {
        let side = language.word::<Side>(manager.side);
        facts.fact(&say!(language, "launch-manager"), say!(language, "launch-manager-of", manager = line(&manager.manager), side = side));
    }
    facts
}

/// Returns whether a partner fits, with the marks.
fn fit_text(language: Language, fit: &PartnerFit) -> String {
    let verdict = match (fit.fits, fit.competitor) {
        (true, _) => say!(language, "launch-fits"),
        (false, true) => say!(language, "launch-competitor"),
        (false, false) => say!(language, "launch-does-not-fit"),
    };
    say!(
        language,
        "launch-fit-marks",
        verdict = verdict,
        complementarity = fit.complementarity,
        audience = fit.shared_audience,
        brand = fit.brand_alignment
    )
}

fn steps(language: Language, agreement: Option<&Agreement>, done: &BTreeMap<i32, Done>, last: i32) -> Table {
    let header =
        columns![language; > "launch-number", "launch-step", "launch-done", "launch-recorded-by", "launch-notes", > "column-position"];
    let mut table = Table::new(header);
    for (number, step) in (1..).zip(STEPS) {
        let name = language.word::<LaunchStep>(step.into());
        let cells = match done.get(&step.into()) {
            Some(done) => [
                language.time(done.step.completed_at.as_ref()),
                line(&done.record.recorded_by),
                notes(&done.record),
                done.step.position.to_string(),
            ],
            None if follows(agreement, step) => [say!(language, "launch-follows"), String::new(), String::new(), String::new()],
            // A step before a completed one may have been skipped, such as a legal review that nobody needs.
            None if i32::from(step) < last => [say!(language, "launch-passed-over"), String::new(), String::new(), String::new()],
            None => [const { String::new() }; 4],
        };
        let [when, by, notes, position] = cells;
        table.row([format!("{number}"), name, when, by, notes, position]);
    }
    table
}

/// Returns the metadata of a record: the ledger does not know who did a step, only who recorded it.
fn notes(record: &Record) -> String {
    let metadata = record.event.iter().flat_map(|event| &event.metadata);
    metadata.map(|(key, value)| format!("{}={}", line(key), line(value))).collect::<Vec<_>>().join(", ")
}

/// Whether a step follows from the agreement itself: it has a type and terms, and may be signed.
fn follows(agreement: Option<&Agreement>, step: LaunchStep) -> bool {
    agreement.is_some_and(|agreement| match step {
        LaunchStep::TypeDefined | LaunchStep::AgreementDrafted => true,
        LaunchStep::Signed => agreement.effective_at.is_some(),
        _ => false,
    })
}

/// Returns the number of the last completed step; 0 if none is.
fn last(agreement: Option<&Agreement>, done: &BTreeMap<i32, Done>) -> i32 {
    let following = STEPS.into_iter().filter(|step| follows(agreement, *step)).map(i32::from);
    following.chain(done.keys().copied()).max().unwrap_or(0)
}

/// Returns what a step asks for.
fn to_do(language: Language, step: LaunchStep) -> String {
    match step {
        LaunchStep::Unspecified => say!(language, "unspecified"),
        LaunchStep::Identified => say!(language, "launch-do-identified"),
        LaunchStep::Contacted => say!(language, "launch-do-contacted"),
        LaunchStep::InitialCall => say!(language, "launch-do-initial-call"),
        LaunchStep::TypeDefined => say!(language, "launch-do-type-defined"),
        LaunchStep::AgreementDrafted => say!(language, "launch-do-agreement-drafted"),
        LaunchStep::LegalReviewed => say!(language, "launch-do-legal-reviewed"),
        LaunchStep::Signed => say!(language, "launch-do-signed"),
        LaunchStep::KickedOff => say!(language, "launch-do-kicked-off"),
        LaunchStep::FirstCampaign => say!(language, "launch-do-first-campaign"),
        LaunchStep::ResultsReviewed => say!(language, "launch-do-results-reviewed"),
        LaunchStep::Decided => say!(language, "launch-do-decided"),
    }
}
