//! Effects: what a record did, with all that replay needs; their conversion to messages and back.

use super::account::AccountName;
use super::calendar::Time;
use super::ids::Id;
use super::money::{Currency, Money, saturating_i64};
use super::parse::timestamp;
use crate::proto::{self, CommissionOutcome, EndCause, EntryKind, OwnershipRule, effect::Effect as Message};
use chrono::DateTime;

/// Who owns a lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Party {
    /// The organisation that runs the ledger.
    House,
    /// A partner.
    Partner(Id),
}

/// One effect of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the contract's message of the same name")]
pub enum Effect {
    /// Money moves between accounts.
    Posting(Posting),
    /// What a sale or a qualification earned, or why nothing (rules 6.2).
    CommissionAssessed(Box<Assessment>),
    /// A decision on who owns a lead (rules 5).
    LeadOwnerSet { lead: Id, owner: Party, credit: Option<Id>, rule: OwnershipRule, protected_until: Option<Time>, terms_position: u64 },
    /// A claim that did not move the lead (rules 5.3).
    LeadClaimDeclined { lead: Id, agreement: Option<Id>, held_by: Party, protected_until: Option<Time>, earlier_than_owner: bool },
    /// A signature against an acknowledged exclusivity (rules 4.6).
    ExclusivityBreached { agreement: Id, by_agreement: Id },
    /// One end of an agreement; the least of all that stand counts (rules 4.2).
    AgreementEndSet { agreement: Id, ends_at: Time, cause: EndCause },
    /// A new end of the protection in force (rules 5.2).
    LeadProtectionSet { lead: Id, protected_until: Option<Time> },
    /// The part of a refund that counts (rules 6.8).
    RefundApplied(Box<RefundApplied>),
    /// What a void took back (rules 16.1).
    SaleVoidApplied { sale: Id, amount: Money, taken_from_house: Option<Money> },
    /// A brand use that needed no decision (rules 10.1).
    BrandUseApproved { brand_use: Id },
}

/// One side of a movement of money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// The account.
    pub account: AccountName,
    /// In minor units; a debit is above zero.
    pub amount: Money,
    /// From when it counts in balances (rules 7.7).
    pub effective_at: Time,
    /// From when commission is no longer pending (rules 6.7); `None` for what is not commission.
    pub available_at: Option<Time>,
    /// What kind of entry it is.
    pub kind: EntryKind,
    /// The ids it names.
    pub subject: PostingSubject,
    /// Whether it is pending until the customer pays (rules 17.1).
    pub awaits_customer_payment: bool,
    /// Of a sale's commission, which of its parts it belongs to (rules 14.6).
    pub part: u32,
}

/// The part of a refund that counts (rules 6.8, 14.9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundApplied {
    /// The refund.
    pub refund: Id,
    /// The sale.
    pub sale: Id,
    /// What was refunded, after cutting.
    pub amount: Money,
    /// What was cut off of the amount asked for.
    pub cut_off: Option<Money>,
    /// What it takes of commission that the house had taken over.
    pub taken_from_house: Option<Money>,
    /// Whether no part's commission is reversed, as it is for the house's fault.
    pub keeps_commission: bool,
    /// What it took of which part, where there is more than one.
    pub parts: Vec<RefundedPart>,
    /// What it took of which line, where there is more than one.
    pub lines: Vec<(Id, Money)>,
}

/// What a refund took of a part of a sale (rules 14.9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundedPart {
    /// Which part.
    pub part: u32,
    /// The line of the sale.
    pub line: Option<Id>,
    /// The agreement that earned; `None` where nobody did.
    pub agreement: Option<Id>,
    /// How much of the part was refunded.
    pub amount: Money,
    /// What it takes of commission that the house had taken over.
    pub taken_from_house: Option<Money>,
    /// Whether nothing is reversed, as it is for the house's fault.
    pub keeps_commission: bool,
}

/// The ids that a posting names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostingSubject {
    /// The partner whose account it changes.
    pub partner: Option<Id>,
    /// The agreement it comes from.
    pub agreement: Option<Id>,
    /// The lead.
    pub lead: Option<Id>,
    /// The sale.
    pub sale: Option<Id>,
    /// The campaign.
    pub campaign: Option<Id>,
}

/// The outcome of the rules for a sale or a qualification (rules 6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// The sale; `None` for a qualification.
    pub sale: Option<Id>,
    /// The lead, if there is one.
    pub lead: Option<Id>,
    /// The agreement that has the credit.
    pub agreement: Option<Id>,
    /// The record whose terms apply; 0 for none.
    pub terms_position: u64,
    /// The rule that decided; empty for none.
    pub rule: String,
    /// What the rate applies to.
    pub base: Option<Money>,
    /// The rate in basis points, if the reward is a share.
    pub rate_bps: Option<u32>,
    /// The window, [start, end).
    pub window: Option<(Time, Time)>,
    /// What was earned; below zero only by a retroactive tier that falls.
    pub amount: Option<Money>,
    /// What the cap cut off.
    pub cut_off: Option<Money>,
    /// When the commission becomes available (rules 6.7).
    pub available_at: Option<Time>,
    /// Earned, or why not.
    pub outcome: CommissionOutcome,
    /// How tiers came to the amount.
    pub tiers: Option<TierWorking>,
    /// The line of the sale.
    pub line: Option<Id>,
    /// The earner's share in basis points, if it earns with others.
    pub share_bps: Option<u32>,
    /// Of an override part, how many levels above, and the agreement whose part it is an override of (rules 15).
    pub above: Option<(u32, Id)>,
    /// Which part of the sale it is (rules 14.6).
    pub part: u32,
    /// Whether what was earned waits for the customer's payment (rules 17.1).
    pub awaits_customer_payment: bool,
}

/// How tiers came to an amount: net sales of the period and what they earn, before and after (rules 6.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierWorking {
    /// How bands rate.
    pub mode: proto::TierMode,
    /// The period.
    pub period: proto::TierPeriod,
    /// The period as [start, end); `None` for a lifetime.
    pub bounds: Option<(Time, Time)>,
    /// Net sales before this sale, in minor units.
    pub net_before: i128,
    /// Net sales with this sale, in minor units.
    pub net_after: i128,
    /// What the net sales before this sale earn, in minor units.
    pub earned_before: i128,
    /// What the net sales with this sale earn, in minor units.
    pub earned_after: i128,
    /// What is added up.
    pub measure: proto::TierMeasure,
    /// With the number of sales, how many count before this one.
    pub sales_before: i64,
    /// What of the difference is bonus, in minor units.
    pub bonus: i128,
}

impl Effect {
    /// Returns the posting, if it is one.
    pub fn as_posting(&self) -> Option<&Posting> {
        match self {
            Self::Posting(posting) => Some(posting),
            _ => None,
        }
    }

    /// Returns the message that is stored.
    pub fn to_message(&self) -> proto::Effect {
        proto::Effect { effect: Some(self.to_oneof()) }
    }

    fn to_oneof(&self) -> Message {
        match self {
            Self::Posting(posting) => Message::Posting(posting.to_message()),
            Self::CommissionAssessed(assessment) => Message::CommissionAssessed(assessment.to_message()),
            Self::LeadOwnerSet { lead, owner, credit, rule, protected_until, terms_position } => {
                Message::LeadOwnerSet(proto::LeadOwnerSet {
                    lead_id: lead.to_string(),
                    owner: Some(owner.to_message()),
                    agreement_id: id_or_empty(credit.as_ref()),
                    rule: *rule as i32,
                    protected_until: protected_until.map(timestamp),
                    terms_position: *terms_position,
                })
            }
            Self::LeadClaimDeclined { lead, agreement, held_by, protected_until, earlier_than_owner } => {
                Message::LeadClaimDeclined(proto::LeadClaimDeclined {
                    lead_id: lead.to_string(),
                    agreement_id: id_or_empty(agreement.as_ref()),
                    held_by: Some(held_by.to_message()),
                    protected_until: protected_until.map(timestamp),
                    earlier_than_owner: *earlier_than_owner,
                })
            }
            Self::ExclusivityBreached { agreement, by_agreement } => Message::ExclusivityBreached(proto::ExclusivityBreached {
                agreement_id: agreement.to_string(),
                by_agreement_id: by_agreement.to_string(),
            }),
            Self::AgreementEndSet { agreement, ends_at, cause } => Message::AgreementEndSet(proto::AgreementEndSet {
                agreement_id: agreement.to_string(),
                ends_at: Some(timestamp(*ends_at)),
                cause: *cause as i32,
            }),
            Self::LeadProtectionSet { lead, protected_until } => Message::LeadProtectionSet(proto::LeadProtectionSet {
                lead_id: lead.to_string(),
                protected_until: protected_until.map(timestamp),
            }),
            Self::RefundApplied(applied) => Message::RefundApplied(applied.to_message()),
            Self::SaleVoidApplied { sale, amount, taken_from_house } => Message::SaleVoidApplied(proto::SaleVoidApplied {
                sale_id: sale.to_string(),
                amount: Some(amount.to_message()),
                taken_from_house: taken_from_house.map(Money::to_message),
            }),
            Self::BrandUseApproved { brand_use } => {
                Message::BrandUseApproved(proto::BrandUseApproved { brand_use_id: brand_use.to_string() })
            }
        }
    }

    /// Returns the effect of a stored message; `None` if this release does not know it.
    pub fn from_message(message: &proto::Effect) -> Option<Self> {
        Some(match message.effect.as_ref()? {
            Message::Posting(posting) => Self::Posting(Posting::from_message(posting)?),
            Message::CommissionAssessed(assessment) => Self::CommissionAssessed(Box::new(Assessment::from_message(assessment)?)),
            Message::LeadOwnerSet(set) => Self::LeadOwnerSet {
                lead: Id::new(&set.lead_id)?,
                owner: Party::from_message(set.owner.as_ref()?)?,
                credit: id_or_none(&set.agreement_id)?,
                rule: OwnershipRule::try_from(set.rule).ok()?,
                protected_until: optional_time(set.protected_until.as_ref())?,
                terms_position: set.terms_position,
            },
            Message::LeadClaimDeclined(declined) => Self::LeadClaimDeclined {
                lead: Id::new(&declined.lead_id)?,
                agreement: id_or_none(&declined.agreement_id)?,
                held_by: Party::from_message(declined.held_by.as_ref()?)?,
                protected_until: optional_time(declined.protected_until.as_ref())?,
                earlier_than_owner: declined.earlier_than_owner,
            },
            Message::ExclusivityBreached(breached) => {
                Self::ExclusivityBreached { agreement: Id::new(&breached.agreement_id)?, by_agreement: Id::new(&breached.by_agreement_id)? }
            }
            Message::AgreementEndSet(set) => Self::AgreementEndSet {
                agreement: Id::new(&set.agreement_id)?,
                ends_at: time(set.ends_at.as_ref())?,
                cause: EndCause::try_from(set.cause).ok()?,
            },
            Message::LeadProtectionSet(set) => {
                Self::LeadProtectionSet { lead: Id::new(&set.lead_id)?, protected_until: optional_time(set.protected_until.as_ref())? }
            }
            Message::RefundApplied(applied) => Self::RefundApplied(Box::new(RefundApplied::from_message(applied)?)),
            Message::SaleVoidApplied(applied) => Self::SaleVoidApplied {
                sale: Id::new(&applied.sale_id)?,
                amount: Money::from_message(applied.amount.as_ref()?)?,
                taken_from_house: optional_money(applied.taken_from_house.as_ref())?,
            },
            Message::BrandUseApproved(approved) => Self::BrandUseApproved { brand_use: Id::new(&approved.brand_use_id)? },
        })
    }
}

impl Party {
    /// Returns the message of an owner.
    pub fn to_message(&self) -> proto::Party {
        proto::Party {
            party: Some(match self {
                Self::House => proto::party::Party::House(true),
                Self::Partner(id) => proto::party::Party::PartnerId(id.to_string()),
            }),
        }
    }

    fn from_message(message: &proto::Party) -> Option<Self> {
        Some(match message.party.as_ref()? {
            proto::party::Party::House(_) => Self::House,
            proto::party::Party::PartnerId(id) => Self::Partner(Id::new(id)?),
        })
    }
}

impl Money {
    /// The message of an amount.
    pub fn to_message(self) -> proto::Money {
        proto::Money { currency_code: self.currency.code().to_owned(), minor_units: self.minor_units }
    }

    fn from_message(message: &proto::Money) -> Option<Self> {
        Some(Self::new(Currency::from_code(&message.currency_code)?, message.minor_units))
    }
}

impl Posting {
    fn to_message(&self) -> proto::Posting {
        let text = |id: &Option<Id>| id.as_ref().map(ToString::to_string);
        proto::Posting {
            account: self.account.to_string(),
            amount: Some(self.amount.to_message()),
            effective_at: Some(timestamp(self.effective_at)),
            available_at: self.available_at.map(timestamp),
            kind: self.kind as i32,
            partner_id: text(&self.subject.partner),
            agreement_id: text(&self.subject.agreement),
            lead_id: text(&self.subject.lead),
            sale_id: text(&self.subject.sale),
            campaign_id: text(&self.subject.campaign),
            awaits_customer_payment: self.awaits_customer_payment,
            part: self.part,
        }
    }

    fn from_message(message: &proto::Posting) -> Option<Self> {
        let id = |text: &Option<String>| text.as_ref().map_or(Some(None), |text| Id::new(text).map(Some));
        Some(Self {
            account: AccountName::parse(&message.account)?,
            amount: Money::from_message(message.amount.as_ref()?)?,
            effective_at: time(message.effective_at.as_ref())?,
            available_at: optional_time(message.available_at.as_ref())?,
            kind: EntryKind::try_from(message.kind).ok()?,
            subject: PostingSubject {
                partner: id(&message.partner_id)?,
                agreement: id(&message.agreement_id)?,
                lead: id(&message.lead_id)?,
                sale: id(&message.sale_id)?,
                campaign: id(&message.campaign_id)?,
            },
            awaits_customer_payment: message.awaits_customer_payment,
            part: message.part,
        })
    }
}

impl Assessment {
    /// The message of an assessment.
    pub fn to_message(&self) -> proto::CommissionAssessed {
        proto::CommissionAssessed {
            sale_id: self.sale.as_ref().map(ToString::to_string),
            lead_id: self.lead.as_ref().map(ToString::to_string),
            agreement_id: id_or_empty(self.agreement.as_ref()),
            terms_position: self.terms_position,
            rule_name: self.rule.clone(),
            base: self.base.map(Money::to_message),
            rate_bps: self.rate_bps,
            window: self.window.map(interval),
            amount: self.amount.map(Money::to_message),
            cut_off: self.cut_off.map(Money::to_message),
            available_at: self.available_at.map(timestamp),
            outcome: self.outcome as i32,
            tier_working: self.tiers.as_ref().map(|tiers| Box::new(tiers.to_message())),
            line_id: self.line.as_ref().map(ToString::to_string),
            share_bps: self.share_bps,
            level: self.above.as_ref().map(|(level, _)| *level),
            downline_agreement_id: self.above.as_ref().map(|(_, downline)| downline.to_string()),
            part: self.part,
            awaits_customer_payment: self.awaits_customer_payment,
        }
    }

    fn from_message(message: &proto::CommissionAssessed) -> Option<Self> {
        let id = |text: &Option<String>| text.as_ref().map_or(Some(None), |text| Id::new(text).map(Some));
        Some(Self {
            sale: id(&message.sale_id)?,
            lead: id(&message.lead_id)?,
            agreement: id_or_none(&message.agreement_id)?,
            terms_position: message.terms_position,
            rule: message.rule_name.clone(),
            base: optional_money(message.base.as_ref())?,
            rate_bps: message.rate_bps,
            window: message.window.as_ref().map_or(Some(None), |window| Some(Some(bounds(window)?)))?,
            amount: optional_money(message.amount.as_ref())?,
            cut_off: optional_money(message.cut_off.as_ref())?,
            available_at: optional_time(message.available_at.as_ref())?,
            outcome: CommissionOutcome::try_from(message.outcome).ok()?,
            tiers: message.tier_working.as_ref().map_or(Some(None), |working| TierWorking::from_message(working).map(Some))?,
            line: id(&message.line_id)?,
            share_bps: message.share_bps,
            above: match (message.level, id(&message.downline_agreement_id)?) {
                (None, None) => None,
                (Some(level), Some(downline)) => Some((level, downline)),
                _ => return None,
            },
            part: message.part,
            awaits_customer_payment: message.awaits_customer_payment,
        })
    }
}

impl RefundApplied {
    fn to_message(&self) -> proto::RefundApplied {
        proto::RefundApplied {
            refund_id: self.refund.to_string(),
            sale_id: self.sale.to_string(),
            amount: Some(self.amount.to_message()),
            cut_off: self.cut_off.map(Money::to_message),
            taken_from_house: self.taken_from_house.map(Money::to_message),
            keeps_commission: self.keeps_commission,
            parts: self.parts.iter().map(RefundedPart::to_message).collect(),
            lines: self.lines.iter().map(|(line, amount)| refund_line(line, *amount)).collect(),
        }
    }

    fn from_message(message: &proto::RefundApplied) -> Option<Self> {
        let line = |line: &proto::RefundLine| Some((Id::new(&line.line_id)?, Money::from_message(line.amount.as_ref()?)?));
        Some(Self {
            refund: Id::new(&message.refund_id)?,
            sale: Id::new(&message.sale_id)?,
            amount: Money::from_message(message.amount.as_ref()?)?,
            cut_off: optional_money(message.cut_off.as_ref())?,
            taken_from_house: optional_money(message.taken_from_house.as_ref())?,
            keeps_commission: message.keeps_commission,
            parts: message.parts.iter().map(RefundedPart::from_message).collect::<Option<_>>()?,
            lines: message.lines.iter().map(line).collect::<Option<_>>()?,
        })
    }
}

fn refund_line(line: &Id, amount: Money) -> proto::RefundLine {
    proto::RefundLine { line_id: line.to_string(), amount: Some(amount.to_message()) }
}

impl RefundedPart {
    fn to_message(&self) -> proto::RefundedPart {
        proto::RefundedPart {
            part: self.part,
            line_id: self.line.as_ref().map(ToString::to_string),
            agreement_id: id_or_empty(self.agreement.as_ref()),
            amount: Some(self.amount.to_message()),
            taken_from_house: self.taken_from_house.map(Money::to_message),
            keeps_commission: self.keeps_commission,
        }
    }

    fn from_message(message: &proto::RefundedPart) -> Option<Self> {
        Some(Self {
            part: message.part,
            line: message.line_id.as_ref().map_or(Some(None), |text| Id::new(text).map(Some))?,
            agreement: id_or_none(&message.agreement_id)?,
            amount: Money::from_message(message.amount.as_ref()?)?,
            taken_from_house: optional_money(message.taken_from_house.as_ref())?,
            keeps_commission: message.keeps_commission,
        })
    }
}

impl TierWorking {
    fn to_message(&self) -> proto::TierWorking {
        proto::TierWorking {
            mode: self.mode as i32,
            period: self.period as i32,
            period_start: self.bounds.map(|(start, _)| timestamp(start)),
            period_end: self.bounds.map(|(_, end)| timestamp(end)),
            net_sales_before: saturating_i64(self.net_before),
            net_sales_after: saturating_i64(self.net_after),
            earned_before: saturating_i64(self.earned_before),
            earned_after: saturating_i64(self.earned_after),
            measure: if self.measure == proto::TierMeasure::NetSales { 0 } else { self.measure as i32 },
            sales_before: self.sales_before,
            bonus: saturating_i64(self.bonus),
        }
    }

    fn from_message(message: &proto::TierWorking) -> Option<Self> {
        let start = optional_time(message.period_start.as_ref())?;
        let end = optional_time(message.period_end.as_ref())?;
        Some(Self {
            mode: proto::TierMode::try_from(message.mode).ok()?,
            period: proto::TierPeriod::try_from(message.period).ok()?,
            bounds: start.zip(end),
            net_before: i128::from(message.net_sales_before),
            net_after: i128::from(message.net_sales_after),
            earned_before: i128::from(message.earned_before),
            earned_after: i128::from(message.earned_after),
            measure: match message.measure() {
                proto::TierMeasure::Unspecified => proto::TierMeasure::NetSales,
                measure => measure,
            },
            sales_before: message.sales_before,
            bonus: i128::from(message.bonus),
        })
    }
}

/// Returns the text of an id; empty for `None`.
pub fn id_or_empty(id: Option<&Id>) -> String {
    id.map(ToString::to_string).unwrap_or_default()
}

#[expect(clippy::option_option, reason = "outside: can it be read; inside: is it there")]
fn id_or_none(text: &str) -> Option<Option<Id>> {
    if text.is_empty() { Some(None) } else { Id::new(text).map(Some) }
}

/// The message of [start, end).
pub fn interval((start, end): (Time, Time)) -> proto::WindowInterval {
    proto::WindowInterval { start: Some(timestamp(start)), end: Some(timestamp(end)) }
}

fn bounds(interval: &proto::WindowInterval) -> Option<(Time, Time)> {
    Some((time(interval.start.as_ref())?, time(interval.end.as_ref())?))
}

fn time(value: Option<&prost_types::Timestamp>) -> Option<Time> {
    let value = value?;
    DateTime::from_timestamp(value.seconds, u32::try_from(value.nanos).ok()?)
}

#[expect(clippy::option_option, reason = "outside: can it be read; inside: is it there")]
fn optional_money(value: Option<&proto::Money>) -> Option<Option<Money>> {
    value.map_or(Some(None), |value| Money::from_message(value).map(Some))
}

#[expect(clippy::option_option, reason = "outside: can it be read; inside: is it there")]
fn optional_time(value: Option<&prost_types::Timestamp>) -> Option<Option<Time>> {
    value.map_or(Some(None), |value| time(Some(value)).map(Some))
}
