//! Sums at the edge of 64 bits: what would go beyond is refused, whichever account or field it is. Rules 3.4.

mod outside;

use std::sync::Arc;

use outside::ledger::{Ledger as _, Refusal, stamp};
use outside::served::Served;
use outside::workload::NOW;
use partnership_ledger::journal::MemoryJournal;
use partnership_ledger::proto::{self as pb, AgreementType, PartnerKind, event::Body};

/// The largest amount of an event.
const LARGEST: i64 = 1_000_000_000_000_000;

/// How many of them stay within 2^63 − 1.
const FITTING: usize = 9_223;

/// A ledger with one partner and one agreement.
struct Story {
    served: Served,
    events: u128,
}

impl Story {
    fn begin() -> Self {
        let mut story = Self { served: Served::in_memory(Arc::new(MemoryJournal::new()), NOW), events: 0 };
        let partner = Body::PartnerRegistered(pb::PartnerRegistered {
            partner_id: "acme".to_owned(),
            display_name: "Acme".to_owned(),
            kind: PartnerKind::Reseller.into(),
            ..pb::PartnerRegistered::default()
        });
        let agreement = Body::AgreementSigned(pb::AgreementSigned {
            agreement_id: "acme-1".to_owned(),
            partner_id: "acme".to_owned(),
            r#type: AgreementType::Channel.into(),
            terms: Some(Box::default()),
            ..pb::AgreementSigned::default()
        });
        story.append(&[partner, agreement]).expect("recorded");
        story
    }

    fn append(&mut self, bodies: &[Body]) -> Result<(), Refusal> {
        for some in bodies.chunks(1_000) {
            let events = some.iter().map(|body| self.event(body.clone())).collect();
            self.served.append(&pb::AppendRequest { events, expected_last_position: None })?;
        }
        Ok(())
    }

    fn event(&mut self, body: Body) -> pb::Event {
        self.events += 1;
        pb::Event {
            event_id: uuid::Uuid::from_u128(self.events).to_string(),
            occurred_at: Some(stamp(NOW)),
            body: Some(body),
            ..pb::Event::default()
        }
    }

    fn balance(&mut self) -> pb::Balance {
        let request = pb::GetBalanceRequest { partner_id: "acme".to_owned(), options: None };
        self.served.balance(&request).expect("a balance").balances.remove(0)
    }
}

fn usd(minor_units: i64) -> pb::Money {
    pb::Money { currency_code: "USD".to_owned(), minor_units }
}

fn adjusted(number: usize, minor_units: i64) -> Body {
    Body::CommissionAdjusted(pb::CommissionAdjusted {
        adjustment_id: format!("a-{number}"),
        agreement_id: "acme-1".to_owned(),
        amount: Some(usd(minor_units)),
        reason: "test".to_owned(),
    })
}

/// An advance that comes back at once, so that the account stays at zero.
fn paid_and_returned(number: usize, minor_units: i64) -> [Body; 2] {
    let paid = pb::CommissionPaid {
        payout_id: format!("p-{number}"),
        partner_id: "acme".to_owned(),
        amount: Some(usd(minor_units)),
        advance: true,
        ..pb::CommissionPaid::default()
    };
    let returned =
        pb::PayoutReturned { return_id: format!("r-{number}"), payout_id: paid.payout_id.clone(), ..pb::PayoutReturned::default() };
    [Body::CommissionPaid(paid), Body::PayoutReturned(returned)]
}

fn reason(answer: &Result<(), Refusal>) -> Option<&str> {
    answer.as_ref().err().map(|refusal| refusal.reason.as_str())
}

#[test]
fn an_account_stays_within_64_bits() {
    for sign in [1, -1] {
        let mut story = Story::begin();
        story.append(&(0..FITTING).map(|number| adjusted(number, sign * LARGEST)).collect::<Vec<_>>()).expect("it fits");
        let over = i64::MAX - LARGEST * i64::try_from(FITTING).expect("small") + 1;
        assert_eq!(reason(&story.append(&[adjusted(FITTING, sign * over)])), Some("AMOUNT_OUT_OF_RANGE"));
        story.append(&[adjusted(FITTING, sign * (over - 1))]).expect("to the last unit");
        assert_eq!(story.balance().net, sign * i64::MAX);
        // What brings it back is taken.
        story.append(&[adjusted(FITTING + 1, -sign * LARGEST)]).expect("towards zero");
    }
}

#[test]
fn a_field_of_a_balance_stays_within_64_bits_even_if_the_account_does() {
    let mut story = Story::begin();
    story.append(&(0..FITTING).flat_map(|number| paid_and_returned(number, LARGEST)).collect::<Vec<_>>()).expect("it fits");
    assert_eq!(story.balance().net, 0);
    let refused = story.append(&paid_and_returned(FITTING, LARGEST));
    assert_eq!(reason(&refused), Some("AMOUNT_OUT_OF_RANGE"));
}

#[test]
fn one_request_cannot_go_beyond_on_its_way_either() {
    let mut story = Story::begin();
    story.append(&(0..FITTING).map(|number| adjusted(number, LARGEST)).collect::<Vec<_>>()).expect("it fits");
    // The second would bring it back, but the first is beyond.
    let refused = story.append(&[adjusted(FITTING, LARGEST), adjusted(FITTING + 1, -LARGEST)]);
    assert_eq!(reason(&refused), Some("AMOUNT_OUT_OF_RANGE"));
}
