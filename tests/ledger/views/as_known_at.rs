//! The views' promise: an answer as known at a position is what a ledger that ends there says, at any time asked.

use crate::common::facts::{
    adjusted, cost, day, delivered, measured, paid, planned, qualified, reassigned, referred, referred_through, refunded, registered, rule,
    signed, sold, terminated, terms, terms_with, usd,
};
use crate::common::story::Story;
use crate::views::answers::{ask, entries, explain, metrics};
use crate::views::relationship::{assessed, brand_use, breach, cured, decided, launched, manager, review};
use partnership_ledger::domain::Seen;
use partnership_ledger::domain::account::About;
use partnership_ledger::domain::commissions::earning::Stands;
use partnership_ledger::domain::commissions::holdings::{HOUSE, Holdings};
use partnership_ledger::proto::commission_rule::Reward;
use partnership_ledger::proto::event::Body;
use partnership_ledger::proto::get_metrics_request::Scope;
use partnership_ledger::proto::{
    self, AcquiredBy, BrandChannel, EntryKind, LaunchStep, LeadsAtEnd, ReviewKind, Side, TierMode, TierPeriod,
};
use partnership_ledger::queries::StateQuery;
use partnership_ledger::queries::agreements::{GetAgreement, ListAgreements};
use partnership_ledger::queries::alerts::ListAlerts;
use partnership_ledger::queries::balances::{GetBalance, ListBalances};
use partnership_ledger::queries::campaigns::{GetCampaign, ListCampaigns};
use partnership_ledger::queries::disputes::ListDisputes;
use partnership_ledger::queries::leads::{GetLead, ListLeads};
use partnership_ledger::queries::partners::{GetPartner, ListPartners};
use partnership_ledger::queries::payables::ListPayables;
use partnership_ledger::queries::payouts::ListPayouts;
use partnership_ledger::queries::trial_balance::GetTrialBalance;
use proptest::prelude::*;
use std::fmt::Debug;

/// Something that may happen: what, to what, to what else, when in days, how much.
pub type Turn = (u8, u8, u8, i64, i64);

pub fn turns() -> impl Strategy<Value = Vec<Turn>> {
    prop::collection::vec((0_u8..32, 0_u8..3, 0_u8..3, 0_i64..200, 1_i64..20_000), 1..120)
}

/// Three partners and their agreements, then the turns that the rules allow.
pub fn play(turns: &[Turn]) -> Story {
    let tiers = |mode, rates: [u32; 2]| {
        let band = |(from_minor_units, rate_bps)| proto::TierBand { from_minor_units, rate_bps, ..proto::TierBand::default() };
        let bands = [0, 10_000].into_iter().zip(rates).map(band).collect();
        Reward::Tiers(proto::Tiers {
            mode: mode as i32,
            period: TierPeriod::Month as i32,
            currency_code: "USD".into(),
            bands,
            ..proto::Tiers::default()
        })
    };
    let held = proto::CommissionRule { hold_days: 30, ..rule(Reward::RateBps(2_000)) };
    let terms = [
        proto::Terms { leads_at_end: LeadsAtEnd::House as i32, minimum_payout: Some(usd(1_000)), ..terms_with(held) },
        proto::Terms {
            leads_at_end: LeadsAtEnd::Partner as i32,
            credit_house_leads: true,
            ..terms_with(rule(tiers(TierMode::Marginal, [1_000, 2_000])))
        },
        terms_with(rule(tiers(TierMode::Retroactive, [2_000, 500]))),
    ];
    let mut story = Story::default();
    for (number, terms) in (0..3).zip(terms) {
        let partner = format!("p{}", 2 - number);
        story = story.on("2025-01-01", registered(&partner)).on("2025-01-01", signed(&format!("a{number}"), &partner, terms));
    }
    for (number, turn) in turns.iter().enumerate() {
        let at = day("2025-01-02") + chrono::Duration::days(turn.3);
        // What the rules refuse did not happen.
        let body = body(number, *turn, &story);
        let _ = story.tell(at, body);
    }
    story
}

fn body(number: usize, (kind, one, other, days, amount): Turn, story: &Story) -> Body {
    let (lead, agreement, partner) = (format!("l{one}"), format!("a{other}"), format!("p{other}"));
    let (sale, payout) = (format!("s{one}{other}"), format!("o{one}{other}"));
    let side = if other == 0 { Side::House } else { Side::Partner } as i32;
    let new = number.to_string();
    match kind {
        0 => referred(&lead, &agreement),
        1 => claimed(&new, one, &agreement),
        2 | 3 => sold(&sale, &lead, amount),
        4 => collected(&sale, &agreement, amount),
        5 => refunded(&new, &sale, amount),
        6 => Body::SaleReinstated(proto::SaleReinstated { reinstatement_id: new, refund_id: some_refund(story, one + other) }),
        7 => adjusted(&new, &agreement, 2 * amount - 20_001),
        8 => paid(&payout, &partner, amount / 10 + 1),
        9 => advanced(&payout, &partner, amount),
        10 => Body::PayoutReturned(proto::PayoutReturned {
            return_id: new,
            payout_id: payout,
            amount: Some(usd(amount / 20 + 1)),
            ..Default::default()
        }),
        11 => Body::PaymentReceived(proto::PaymentReceived {
            payment_id: new,
            partner_id: partner,
            amount: Some(usd(amount)),
            ..Default::default()
        }),
        12 => Body::PeriodClosed(proto::PeriodClosed {
            through: Some(prost_types::Timestamp { seconds: 1_735_689_600 + 86_400 * days, nanos: 0 }),
        }),
        13 => disputed(one, other, sale, lead, payout),
        14 => Body::DisputeResolved(proto::DisputeResolved { dispute_id: format!("d{one}"), outcome: 1, resolution: new }),
        15 => reassigned(&lead, (other > 0).then_some(agreement.as_str())),
        16 => changed(one, side, lead, &agreement, days),
        17 => looked_after(one, other, days, &agreement, &new),
        18 => promised(one, days, &agreement, &partner),
        19 => noticed(one, side, &agreement, &partner, new),
        _ => of_campaign((kind, one, other, amount), &lead, &agreement, &new),
    }
}

/// What happens in and around campaigns, each of the house with two of the agreements.
fn of_campaign((kind, one, other, amount): (u8, u8, u8, i64), lead: &str, agreement: &str, new: &str) -> Body {
    let campaign = format!("c{one}");
    let paid_by = (other > 0).then_some(agreement);
    match kind {
        20 | 21 => planned(&campaign, &[agreement, &format!("a{}", (other + 1) % 3)]),
        22 | 23 => referred_through(&format!("c{other}"), lead, Some(&format!("a{}", amount % 3)), AcquiredBy::Joint),
        24 => referred_through(&format!("c{other}"), &format!("y{}", amount % 5), Some(agreement), AcquiredBy::Partner),
        25 => referred_through(&campaign, &format!("y{}", amount % 5), paid_by, AcquiredBy::House),
        26 | 27 => cost(new, &campaign, paid_by, amount),
        28 => measured(
            &campaign,
            paid_by,
            [(other != 1).then_some(amount), (one != 1).then_some(2 * amount)],
            (amount % 2 == 0).then_some(amount),
        ),
        29 => delivered(&campaign, if other == 0 { "slides" } else { "invitations" }),
        30 => sold(new, &format!("y{}", amount % 5), amount),
        _ => qualified(&if other == 0 { lead.to_owned() } else { format!("y{}", amount % 5) }),
    }
}

fn some_refund(story: &Story, which: u8) -> String {
    let refunds: Vec<_> = story.state.commissions.refunds.iter().collect();
    refunds.iter().cycle().take(16).nth(usize::from(which)).map_or("none".to_owned(), |(_, id, _)| id.to_string())
}

fn claimed(new: &str, key: u8, agreement: &str) -> Body {
    let Body::LeadReferred(claim) = referred(&format!("x{new}"), agreement) else { unreachable!("a referral") };
    Body::LeadReferred(proto::LeadReferred { match_keys: vec![format!("key {key}")], ..claim })
}

fn collected(sale: &str, agreement: &str, amount: i64) -> Body {
    let Body::SaleRecorded(sold) = sold(sale, "", amount) else { unreachable!("a sale") };
    let collected_by = Side::Partner as i32;
    Body::SaleRecorded(proto::SaleRecorded { lead_id: None, agreement_id: Some(agreement.into()), collected_by, ..sold })
}

fn advanced(payout: &str, partner: &str, amount: i64) -> Body {
    let Body::CommissionPaid(paid) = paid(payout, partner, amount) else { unreachable!("a payout") };
    Body::CommissionPaid(proto::CommissionPaid { advance: true, tax_withheld: Some(usd(amount / 2 + 1)), ..paid })
}

fn disputed(one: u8, other: u8, sale: String, lead: String, payout: String) -> Body {
    use proto::dispute_opened::Subject;
    let subject = [Subject::SaleId(sale), Subject::LeadId(lead), Subject::PayoutId(payout)].into_iter().nth(usize::from(other));
    let opened_by = Side::House as i32;
    Body::DisputeOpened(proto::DisputeOpened { dispute_id: format!("d{one}"), opened_by, claim: String::new(), subject })
}

fn changed(one: u8, side: i32, lead: String, agreement: &str, days: i64) -> Body {
    match (one, side) {
        (0, 1) => Body::LeadQualified(proto::LeadQualified { lead_id: lead }),
        (0, _) => Body::LeadLost(proto::LeadLost { lead_id: lead, reason: String::new() }),
        (1, 1) => Body::LeadProtectionExtended(proto::LeadProtectionExtended { lead_id: lead, days: 30 }),
        (1, _) => Body::AgreementAmended(proto::AgreementAmended {
            agreement_id: agreement.into(),
            terms: Some(Box::new(proto::Terms { minimum_payout: Some(usd(days + 1)), ..terms() })),
            effective_at: None,
        }),
        (_, 1) => terminated(agreement),
        _ => Body::LeadApproved(proto::LeadApproved { lead_id: lead }),
    }
}

fn noticed(one: u8, side: i32, agreement: &str, partner: &str, new: String) -> Body {
    let agreement_id = agreement.to_owned();
    match one {
        0 => Body::TerminationNoticeGiven(proto::TerminationNoticeGiven { agreement_id, given_by: side, ..Default::default() }),
        1 => Body::TerminationNoticeWithdrawn(proto::TerminationNoticeWithdrawn { agreement_id, given_by: side }),
        _ => Body::PartnerUpdated(proto::PartnerUpdated {
            partner_id: partner.into(),
            display_name: Some(new.clone()),
            replace_categories: true,
            categories: vec![new],
            kind: None,
        }),
    }
}

fn looked_after(one: u8, other: u8, days: i64, agreement: &str, new: &str) -> Body {
    let kind = if days % 2 == 0 { ReviewKind::CheckIn } else { ReviewKind::QuarterlyReview };
    let step = LaunchStep::try_from(i32::from(other) + 1).expect("a step");
    match one {
        0 => manager(agreement, if days % 2 == 0 { Side::House } else { Side::Partner }, new),
        1 => review(new, agreement, kind),
        _ => launched(agreement, step),
    }
}

fn promised(one: u8, days: i64, agreement: &str, partner: &str) -> Body {
    // Few ids, so that decisions and cures find what they are about.
    let id = (days % 5).to_string();
    match (one, days % 2) {
        (0, 0) => brand_use(&id, agreement, BrandChannel::Social),
        (0, _) => decided(&id, days % 3 == 0),
        (1, 0) => breach(&id, agreement, Some("2025-04-01")),
        (1, _) => cured(&id),
        _ => assessed(partner, [1 + u32::try_from(days % 5).expect("a mark"), 4, 4], days % 7 == 0),
    }
}

/// Every answer to every question about a story, as text.
fn all_answers(story: &Story, seen: Seen) -> Vec<String> {
    let mut answers = Answers { story, seen, texts: Vec::new() };
    for number in 0..3 {
        let (lead_id, sale) = (format!("l{number}"), format!("s{number}1"));
        let (partner_id, agreement_id) = (format!("p{number}"), format!("a{number}"));
        answers.to::<GetPartner>(&proto::GetPartnerRequest { partner_id: partner_id.clone(), options: None });
        answers.to::<GetAgreement>(&proto::GetAgreementRequest { agreement_id: agreement_id.clone(), options: None });
        answers.to::<GetLead>(&proto::GetLeadRequest { lead_id: lead_id.clone(), options: None });
        answers.to::<GetBalance>(&proto::GetBalanceRequest { partner_id: partner_id.clone(), options: None });
        answers.to::<ListAgreements>(&proto::ListAgreementsRequest { partner_id: Some(partner_id.clone()), ..Default::default() });
        answers.to::<ListLeads>(&proto::ListLeadsRequest { agreement_id: Some(agreement_id.clone()), ..Default::default() });
        let campaign_id = format!("c{number}");
        answers.to::<GetCampaign>(&proto::GetCampaignRequest { campaign_id: campaign_id.clone(), options: None });
        answers.to::<ListCampaigns>(&proto::ListCampaignsRequest { agreement_id: Some(agreement_id.clone()), ..Default::default() });
        for scope in [Scope::PartnerId(partner_id.clone()), Scope::AgreementId(agreement_id.clone()), Scope::CampaignId(campaign_id)] {
            let request = proto::GetMetricsRequest { scope: Some(scope), ..Default::default() };
            answers.add(&metrics(story, seen, &request));
        }
        answers.to::<ListDisputes>(&proto::ListDisputesRequest { partner_id: Some(partner_id.clone()), ..Default::default() });
        answers.to::<ListAlerts>(&proto::ListAlertsRequest { partner_id: Some(partner_id.clone()), ..Default::default() });
        answers.to::<ListPayouts>(&proto::ListPayoutsRequest { partner_id: Some(partner_id.clone()), ..Default::default() });
        let statement = proto::ListEntriesRequest { partner_id, ..Default::default() };
        answers.add(&entries(story, seen, &statement));
        answers.add(&entries(story, seen, &proto::ListEntriesRequest { lead_id: Some(lead_id), ..statement.clone() }));
        answers.add(&entries(story, seen, &proto::ListEntriesRequest { agreement_id: Some(agreement_id), ..statement.clone() }));
        answers.add(&entries(story, seen, &proto::ListEntriesRequest { sale_id: Some(sale.clone()), ..statement }));
        for other in 0..3 {
            answers.add(&explain(story, seen, &format!("s{number}{other}")));
        }
    }
    answers.add(&metrics(story, seen, &proto::GetMetricsRequest { scope: Some(Scope::All(true)), ..Default::default() }));
    answers.to::<ListPartners>(&proto::ListPartnersRequest::default());
    answers.to::<ListAgreements>(&proto::ListAgreementsRequest::default());
    answers.to::<ListLeads>(&proto::ListLeadsRequest::default());
    answers.to::<ListBalances>(&proto::ListBalancesRequest::default());
    answers.to::<ListPayables>(&proto::ListPayablesRequest { include_below_minimum: true, ..Default::default() });
    answers.to::<ListPayables>(&proto::ListPayablesRequest::default());
    answers.to::<ListPayouts>(&proto::ListPayoutsRequest::default());
    answers.to::<ListDisputes>(&proto::ListDisputesRequest::default());
    answers.to::<ListAlerts>(&proto::ListAlertsRequest::default());
    answers.to::<GetTrialBalance>(&proto::GetTrialBalanceRequest::default());
    answers.texts
}

struct Answers<'a> {
    story: &'a Story,
    seen: Seen,
    texts: Vec<String>,
}

impl Answers<'_> {
    fn to<Q: StateQuery<Answer: Debug>>(&mut self, request: &Q::Request) {
        self.add(&ask::<Q>(self.story, self.seen, request));
    }

    fn add(&mut self, answer: &impl Debug) {
        self.texts.push(format!("{answer:?}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn an_answer_knows_nothing_of_later_records(turns in turns(), days in 0_i64..260, part in 0_u64..=100) {
        let story = play(&turns);
        let position = story.state.position * part / 100;
        let seen = Seen { time: day("2025-01-01") + chrono::Duration::days(days), position };
        let (known, ended) = (all_answers(&story, seen), all_answers(&story.until(position), seen));
        for (known, ended) in known.iter().zip(&ended) {
            prop_assert_eq!(known, ended);
        }
    }

    #[test]
    fn what_stands_and_what_is_paid_follows_from_the_entries(turns in turns()) {
        let story = play(&turns);
        let state = &story.state;
        for (row, _, sale) in state.commissions.sales.iter() {
            // No entry tells of what earned nothing, or of what the house took over.
            let standing = |holdings: &Holdings| {
                let something = holdings.iter().filter(|held| held.partner != HOUSE && (held.amount != 0 || held.entry.is_some()));
                something.map(|holding| (holding.partner, holding.position, holding.amount, holding.entry)).collect::<Vec<_>>()
            };
            prop_assert_eq!(standing(&state.holdings_seen(About::Sale(row), Seen::ALL)), standing(&sale.holdings()));
        }
        for (row, (name, _), account) in state.accounts.iter().filter(|(_, (name, _), _)| name.is_partner()) {
            let sales = state.commissions.sales.iter().map(|(sale, _, _)| About::Sale(sale));
            let leads = state.leads.by_id.iter().map(|(lead, _, _)| About::Lead(lead));
            let (mut stands, mut covered, mut paid_out) = (0, 0, 0);
            for holding in sales.chain(leads).flat_map(|about| state.holdings_seen(about, Seen::ALL).iter().cloned().collect::<Vec<_>>()) {
                let Some((_, place)) = holding.entry.filter(|(account, _)| *account == row) else { continue };
                let of_holding = Stands::of(&holding);
                stands += i128::from(of_holding.released) + i128::from(of_holding.awaiting);
                for part in state.paid_portions(row, place, &of_holding, Seen::ALL) {
                    covered += i128::from(part.amount);
                    let payouts: i64 = state.payouts_covering(row, part, Seen::ALL).iter().map(|(_, part)| part).sum();
                    paid_out += i128::from(payouts);
                }
            }
            let sums = account.totals();
            let paid = -sums.owed(EntryKind::Payment) - sums.owed(EntryKind::PaymentReturn);
            prop_assert_eq!(covered, paid.clamp(0, stands), "{}", name);
            prop_assert_eq!(paid_out, covered, "every cent that counts as paid is of a payout");
        }
    }
}
