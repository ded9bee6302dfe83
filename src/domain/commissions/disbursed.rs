//! What a payout that is paid at once and one that is sent have in common: its fields, when it is refused, and what it posts
//! (rules 7.2, 19).

use super::payout::{DocumentPayout, Further, Payout, Transit};
use crate::domain::account::AccountName;
use crate::domain::calendar::Time;
use crate::domain::effect::{Effect, Posting, PostingSubject};
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::{Currency, MAX_AMOUNT, Money, saturating_i64};
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::{Context, Seen, Stamp, State};
use crate::proto::{self, EntryKind};
use ecow::EcoVec;

/// The longest document number, in bytes (rules 19.3).
const MAX_DOCUMENT_NUMBER_BYTES: usize = 64;

/// Declares an event type that disburses commission: its message has the fields of `proto::CommissionPaid`.
macro_rules! disbursement {
    ($(#[$meta:meta])* $event:ident, $is_sent:literal) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $event($crate::domain::commissions::disbursed::Disbursement);

        impl $crate::domain::EventType for $event {
            type Message = $crate::proto::$event;

            fn parse(message: &Self::Message, _: $crate::domain::calendar::Time, fields: &mut $crate::domain::parse::Fields) -> Self {
                let $crate::proto::$event {
                    payout_id, partner_id, amount, tax_withheld, method, reference, advance, tax_added, document_number, settled_amount,
                } = message;
                Self($crate::domain::commissions::disbursed::Disbursement::parse(
                    &$crate::domain::commissions::disbursed::Said {
                        payout_id,
                        partner_id,
                        amount: amount.as_ref(),
                        tax_withheld: tax_withheld.as_ref(),
                        method,
                        reference,
                        advance: *advance,
                        tax_added: tax_added.as_ref(),
                        document_number,
                        settled_amount: settled_amount.as_ref(),
                    },
                    fields,
                ))
            }

            fn introduces(&self) -> Option<($crate::domain::ids::IdKind, &$crate::domain::ids::Id)> {
                Some(self.0.introduces())
            }

            fn refers_to(&self) -> Vec<($crate::domain::ids::IdKind, &$crate::domain::ids::Id)> {
                self.0.refers_to()
            }

            fn decide(
                &self,
                context: &$crate::domain::Context,
                state: &$crate::domain::State,
            ) -> Result<Vec<$crate::domain::effect::Effect>, $crate::domain::rejection::Rejection> {
                self.0.decide($is_sent, context, state)
            }

            fn evolve(
                &self,
                stamp: $crate::domain::Stamp,
                _: &[$crate::domain::effect::Effect],
                state: &mut $crate::domain::State,
            ) {
                self.0.evolve($is_sent, stamp, state);
            }
        }
    };
}
pub(super) use disbursement;

/// What a message says of a payout.
pub(super) struct Said<'a> {
    pub(super) payout_id: &'a str,
    pub(super) partner_id: &'a str,
    pub(super) amount: Option<&'a proto::Money>,
    pub(super) tax_withheld: Option<&'a proto::Money>,
    pub(super) method: &'a str,
    pub(super) reference: &'a str,
    pub(super) advance: bool,
    pub(super) tax_added: Option<&'a proto::Money>,
    pub(super) document_number: &'a str,
    pub(super) settled_amount: Option<&'a proto::Money>,
}

/// A payout as it is paid or sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Disbursement {
    payout: Id,
    partner: Id,
    amount: Money,
    tax_withheld: i64,
    method: Box<str>,
    reference: Box<str>,
    advance: bool,
    tax_added: i64,
    document_number: Box<str>,
    settled_amount: Option<Money>,
}

impl Disbursement {
    /// Returns the checked payout of what a message says.
    pub(super) fn parse(said: &Said<'_>, fields: &mut Fields) -> Self {
        fields.text("method", said.method);
        fields.text("reference", said.reference);
        if said.document_number.len() > MAX_DOCUMENT_NUMBER_BYTES {
            fields.bad("document_number", format!("must be at most {MAX_DOCUMENT_NUMBER_BYTES} bytes long"));
        }
        let amount = fields.amount("amount", said.amount);
        let tax_withheld = fields.optional_amount("tax_withheld", said.tax_withheld);
        let tax_added = fields.optional_amount("tax_added", said.tax_added);
        let settled_amount = fields.optional_amount("settled_amount", said.settled_amount);
        said.check_money(fields);
        Self {
            payout: fields.id("payout_id", said.payout_id),
            partner: fields.id("partner_id", said.partner_id),
            amount,
            tax_withheld: tax_withheld.map_or(0, |tax| tax.minor_units),
            method: said.method.into(),
            reference: said.reference.into(),
            advance: said.advance,
            tax_added: tax_added.map_or(0, |tax| tax.minor_units),
            document_number: said.document_number.into(),
            settled_amount,
        }
    }

    /// The id that it introduces.
    pub(super) fn introduces(&self) -> (IdKind, &Id) {
        (IdKind::Payout, &self.payout)
    }

    /// The ids that must be known.
    pub(super) fn refers_to(&self) -> Vec<(IdKind, &Id)> {
        vec![(IdKind::Partner, &self.partner)]
    }

    /// Returns what it posts, or why it is refused (rules 7.2, 19.1–19.3, 22).
    pub(super) fn decide(&self, is_sent: bool, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let partner = state.partners.find(&self.partner).expect("the partner is known");
        if let Some(position) = state.commissions.document_taken_at(partner, &self.document_number) {
            let document_number = self.document_number.to_string();
            return Err(Rejection::DocumentNumberTaken { partner: self.partner.clone(), document_number, position });
        }
        state.check_not_on_hold(partner, context.occurred_at)?;
        if !self.advance {
            let (payable, at) = state.least_payable_from(&self.partner, self.amount.currency, context.occurred_at);
            if i128::from(self.amount.minor_units) > payable {
                let payable = Money::new(self.amount.currency, saturating_i64(payable));
                return Err(Rejection::ExceedsPayable { partner: self.partner.clone(), payable, at });
            }
        }
        let passage = Passage {
            kind: EntryKind::Payment,
            partner: &self.partner,
            effective_at: state.commissions.effective_at(context.occurred_at),
            currency: self.amount.currency,
        };
        let partner = AccountName::Partner(self.partner.clone());
        let mut effects = Vec::with_capacity(3);
        if is_sent {
            passage.post(partner, self.amount.minor_units, &mut effects);
            passage.post(AccountName::HousePayoutsInTransit, -self.amount.minor_units, &mut effects);
        } else {
            let parts = Parts {
                gross: self.amount.minor_units,
                tax_withheld: self.tax_withheld,
                tax_added: self.tax_added,
                settled: self.settled_amount,
            };
            passage.pay_out(partner, &parts, &mut effects);
        }
        Ok(effects)
    }

    /// Writes the payout.
    pub(super) fn evolve(&self, is_sent: bool, stamp: Stamp, state: &mut State) {
        let partner = state.partners.find(&self.partner).expect("decide found the partner");
        let is_usual = !is_sent && self.tax_added == 0 && self.document_number.is_empty() && self.settled_amount.is_none();
        let further = Further {
            tax_added: self.tax_added,
            document_number: (*self.document_number).into(),
            settled_amount: self.settled_amount,
            transit: is_sent.then_some(Transit::Underway),
        };
        let payout = Payout {
            stamp: stamp.into(),
            partner,
            amount: self.amount,
            tax_withheld: self.tax_withheld,
            method: (*self.method).into(),
            advance: self.advance,
            reference: (*self.reference).into(),
            returns: EcoVec::new(),
            further: (!is_usual).then(|| Box::new(further)),
        };
        let row = state.commissions.payouts.insert(self.payout.clone(), payout);
        if !self.document_number.is_empty() {
            let key = (partner, (*self.document_number).into());
            let document = state.commissions.documents.find_or_insert_with(key, || DocumentPayout(row));
            state.commissions.documents.get_mut(document).0 = row;
        }
    }
}

impl Said<'_> {
    /// Notes what of its amounts does not go with the gross: other currencies, more tax withheld than there is (rules 7.2, 19.3,
    /// 19.4).
    fn check_money(&self, fields: &mut Fields) {
        let Some(gross) = self.amount else { return };
        let is_other =
            |money: &proto::Money| money.currency_code != gross.currency_code && Currency::from_code(&money.currency_code).is_some();
        if let Some(tax) = self.tax_withheld {
            fields.within("tax_withheld", |fields| {
                if is_other(tax) {
                    fields.bad("currency_code", "must be the currency of amount, of which the tax is a part");
                }
                if tax.minor_units > gross.minor_units && (1..=MAX_AMOUNT).contains(&tax.minor_units) {
                    fields.bad("minor_units", "must not be more than amount, of which the tax is a part");
                }
            });
        }
        if self.tax_added.is_some_and(is_other) {
            fields.bad("tax_added.currency_code", "must be the currency of amount, with which the tax goes out");
        }
        if self.settled_amount.is_some_and(|settled| settled.currency_code == gross.currency_code) {
            fields.bad("settled_amount.currency_code", "must be another currency than that of amount, or settled_amount left out");
        }
    }
}

/// The parts of a payout, or of what a return restores, in minor units.
pub(super) struct Parts {
    /// The gross.
    pub(super) gross: i64,
    /// What of it is withheld tax.
    pub(super) tax_withheld: i64,
    /// Tax on top.
    pub(super) tax_added: i64,
    /// What goes through the bank, if in another currency.
    pub(super) settled: Option<Money>,
}

/// The postings of one step of a payout.
pub(super) struct Passage<'a> {
    /// What they are.
    pub(super) kind: EntryKind,
    /// Whose payout it is.
    pub(super) partner: &'a Id,
    /// From when they count.
    pub(super) effective_at: Time,
    /// The payout's currency.
    pub(super) currency: Currency,
}

impl Passage<'_> {
    /// Posts what goes out from an account to the bank and to taxes (rules 12, 19.3, 19.4, 21).
    pub(super) fn pay_out(&self, from: AccountName, parts: &Parts, effects: &mut Vec<Effect>) {
        self.pay(1, from, parts, effects);
    }

    /// Posts what comes back to the partner (rules 13, 19.3, 19.4).
    pub(super) fn pay_back(&self, parts: &Parts, effects: &mut Vec<Effect>) {
        self.pay(-1, AccountName::Partner(self.partner.clone()), parts, effects);
    }

    fn pay(&self, direction: i64, account: AccountName, parts: &Parts, effects: &mut Vec<Effect>) {
        let Parts { gross, tax_withheld, tax_added, settled } = *parts;
        let through = if settled.is_some() { AccountName::HouseExchange } else { AccountName::HouseCash };
        self.post(account, direction * gross, effects);
        self.post(through, direction * (tax_withheld - gross - tax_added), effects);
        self.post(AccountName::HouseTaxWithheld, -direction * tax_withheld, effects);
        self.post(AccountName::HouseInputTax, direction * tax_added, effects);
        if let Some(settled) = settled {
            let other = Passage { currency: settled.currency, ..*self };
            other.post(AccountName::HouseExchange, direction * settled.minor_units, effects);
            other.post(AccountName::HouseCash, -direction * settled.minor_units, effects);
        }
    }

    /// Posts to an account, debit above zero; nothing for zero.
    pub(super) fn post(&self, account: AccountName, minor_units: i64, effects: &mut Vec<Effect>) {
        if minor_units != 0 {
            effects.push(Effect::Posting(Posting {
                account,
                amount: Money::new(self.currency, minor_units),
                effective_at: self.effective_at,
                available_at: None,
                kind: self.kind,
                subject: PostingSubject { partner: Some(self.partner.clone()), ..PostingSubject::default() },
                awaits_customer_payment: false,
                part: 0,
            }));
        }
    }
}

impl super::Commissions {
    /// Which record has a document number of a partner, of its payouts that did not fail; none for the empty one (rules 19.3).
    fn document_taken_at(&self, partner: crate::domain::table::Row, document_number: &str) -> Option<u64> {
        if document_number.is_empty() {
            return None;
        }
        let payout = self.payouts.get(self.documents.by_key(&(partner, document_number.into()))?.0);
        payout.failed(Seen::ALL).is_none().then(|| payout.stamp().position)
    }
}
