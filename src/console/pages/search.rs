//! The search: ids of all kinds, positions, event ids, names of partners, match keys. What is found alone is shown at once.

use crate::console::failed::Failed;
use crate::console::page::{Page, Place, Section};
use crate::console::table::{Cell, Table, columns};
use crate::console::visit::Visit;
use crate::language::say;
use crate::proto::{
    ExplainSaleRequest, GetAgreementRequest, GetCampaignRequest, GetLeadRequest, GetPartnerRequest, GetRecordRequest, ListLeadsRequest,
    ListPartnersRequest, ListPayoutsRequest, get_record_request,
};
use tonic::{Code, Response, Status};

/// Partners whose names are looked through, at most.
const PARTNERS: usize = 5_000;
/// Leads with a match key that are shown, at most.
const LEADS: u32 = 20;

/// What was found.
struct Found {
    kind: String,
    href: String,
    name: String,
}

/// The page.
pub async fn page(visit: &Visit) -> Result<Page, Failed> {
    let language = visit.language;
    let wanted = visit.query.get("q").to_owned();
    let mut found = Vec::new();
    if !wanted.is_empty() {
        by_id(visit, &wanted, &mut found).await?;
        by_match_key(visit, &wanted, &mut found).await?;
        by_name(visit, &wanted, &mut found).await?;
    }
    if let [only] = &found[..] {
        return Err(Failed::Elsewhere(only.href.clone()));
    }
    let title =
        if wanted.is_empty() { say!(language, "console-search") } else { say!(language, "console-found", wanted = wanted.as_str()) };
    let mut table =
        Table::new("found", title.clone(), say!(language, "console-nothing-found"), columns![language; "column-kind", "console-what"]);
    for one in &found {
        table.row(vec![Cell::text(&one.kind), Cell::link(&one.href, &one.name)]);
    }
    Ok(Page::new(Place::Nowhere, String::new(), title).section(Section::new(String::new()).table(table)))
}

/// Whether there is an answer; what is not known, is no id, or is not for the person, is none.
fn is_there<T>(answer: Result<Response<T>, Status>) -> Result<Option<T>, Status> {
    match answer {
        Err(status) if matches!(status.code(), Code::NotFound | Code::InvalidArgument | Code::PermissionDenied) => Ok(None),
        answer => answer.map(|answer| Some(answer.into_inner())),
    }
}

/// Asks for each kind of thing that may have this id.
async fn by_id(visit: &Visit, wanted: &str, found: &mut Vec<Found>) -> Result<(), Status> {
    let language = visit.language;
    let mut client = visit.services.partnership();
    let (id, options) = (wanted.to_owned(), Some(visit.options()));
    let mut add = |kind: String, href: String, name: &str| found.push(Found { kind, href, name: name.to_owned() });
    if let Some(answer) = is_there(client.get_partner(GetPartnerRequest { partner_id: id.clone(), options }).await)? {
        add(say!(language, "column-partner"), visit.partner(wanted), &answer.partner.unwrap_or_default().display_name);
    }
    if is_there(client.get_agreement(GetAgreementRequest { agreement_id: id.clone(), options }).await)?.is_some() {
        add(say!(language, "column-agreement"), visit.agreement(wanted), wanted);
    }
    if let Some(answer) = is_there(client.get_lead(GetLeadRequest { lead_id: id.clone(), options }).await)? {
        // By an alias it is found under the id that it was first referred by.
        let lead_id = answer.lead.unwrap_or_default().lead_id;
        add(say!(language, "column-lead"), visit.lead(&lead_id), &lead_id);
    }
    if is_there(client.explain_sale(ExplainSaleRequest { sale_id: id.clone(), options }).await)?.is_some() {
        add(say!(language, "column-sale"), visit.sale(wanted), wanted);
    }
    if is_there(client.get_campaign(GetCampaignRequest { campaign_id: id.clone(), options }).await)?.is_some() {
        add(say!(language, "campaign-campaign"), visit.campaign(wanted), wanted);
    }
    let request = ListPayoutsRequest { payout_id: Some(id.clone()), page_size: 1, options, ..ListPayoutsRequest::default() };
    if is_there(client.list_payouts(request).await)?.is_some_and(|answer| !answer.payouts.is_empty()) {
        add(say!(language, "column-payout"), visit.to_with("/payouts", &[("payout", wanted)]), wanted);
    }
    let key = wanted.parse().map_or_else(|_| get_record_request::Key::EventId(id.to_ascii_lowercase()), get_record_request::Key::Position);
    let record = is_there(visit.services.audit().get_record(GetRecordRequest { key: Some(key) }).await)?;
    if let Some(record) = record.and_then(|answer| answer.record) {
        let name = say!(language, "console-record-of", position = record.position.to_string());
        add(say!(language, "console-record"), visit.record(record.position), &name);
    }
    Ok(())
}

/// Asks for leads with this match key.
async fn by_match_key(visit: &Visit, wanted: &str, found: &mut Vec<Found>) -> Result<(), Status> {
    let request = ListLeadsRequest {
        match_key: Some(wanted.to_owned()),
        page_size: LEADS,
        options: Some(visit.options()),
        ..ListLeadsRequest::default()
    };
    let Some(answer) = is_there(visit.services.partnership().list_leads(request).await)? else { return Ok(()) };
    for lead in answer.leads {
        let (kind, href) = (say!(visit.language, "column-lead"), visit.lead(&lead.lead_id));
        found.push(Found { kind, href, name: lead.lead_id });
    }
    Ok(())
}

/// Looks through the names of partners, whatever their case.
async fn by_name(visit: &Visit, wanted: &str, found: &mut Vec<Found>) -> Result<(), Status> {
    let mut client = visit.services.partnership();
    let (wanted, mut seen) = (wanted.to_lowercase(), 0);
    let mut request = ListPartnersRequest { page_size: 1_000, options: Some(visit.options()), ..ListPartnersRequest::default() };
    loop {
        let answer = client.list_partners(request.clone()).await?.into_inner();
        seen += answer.partners.len();
        for partner in answer.partners.into_iter().filter(|partner| partner.display_name.to_lowercase().contains(&wanted)) {
            let href = visit.partner(&partner.partner_id);
            if !found.iter().any(|known| known.href == href) {
                found.push(Found { kind: say!(visit.language, "column-partner"), href, name: partner.display_name });
            }
        }
        if answer.next_page_token.is_empty() || seen >= PARTNERS {
            return Ok(());
        }
        request.page_token = answer.next_page_token;
    }
}
