//! A lead was given to somebody else, with what is unpaid of its commission if so wanted (rules 5.5).

use super::claim::claim_of;
use super::{Claim, Decision, Lead};
use crate::domain::account::{About, AccountName};
use crate::domain::agreements::terms::Protection;
use crate::domain::calendar::{LATEST, Time};
use crate::domain::commissions::earning::{Standing, Stands};
use crate::domain::commissions::holdings::{CommissionPart, HOUSE, Holding, Holdings, LastMoved};
use crate::domain::commissions::part::PartOf;
use crate::domain::commissions::posting::{PartnerEntry, part_posted, subject_of_part};
use crate::domain::commissions::standing::FirstUnpaid;
use crate::domain::effect::{Effect, Party};
use crate::domain::ids::{Id, IdKind};
use crate::domain::money::Money;
use crate::domain::parse::Fields;
use crate::domain::rejection::Rejection;
use crate::domain::table::Row;
use crate::domain::{Context, EventType, References, Seen, Stamp, State};
use crate::proto::{self, EntryKind, OwnershipRule, lead_reassigned::To};
use std::collections::BTreeMap;

/// The most parts of unpaid commission that one reassignment transfers. Each is two entries with their counterparts; so many
/// do not hold the writer up for long.
pub const MOST_LOTS: usize = 32_000;

/// The most bytes that their postings take: what one request may record, less room for the event. So many parts fit if their
/// ids are not long.
pub const MOST_BYTES: usize = 31 << 20;

/// A decision on who owns a lead from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadReassigned {
    lead: Id,
    to: Option<Id>,
    dispute: Option<Id>,
    transfer_unpaid_commission: bool,
}

impl EventType for LeadReassigned {
    type Message = proto::LeadReassigned;

    fn parse(message: &Self::Message, _: Time, fields: &mut Fields) -> Self {
        fields.required_text("reason", &message.reason);
        let to = match &message.to {
            Some(To::AgreementId(id)) => Some(fields.id("agreement_id", id)),
            Some(To::House(true)) => None,
            Some(To::House(false)) => {
                fields.bad("house", "must be true, or name an agreement_id instead");
                None
            }
            None => {
                fields.bad("to", "is required: agreement_id or house");
                None
            }
        };
        Self {
            lead: fields.id("lead_id", &message.lead_id),
            to,
            dispute: fields.optional_id("dispute_id", message.dispute_id.as_deref()),
            transfer_unpaid_commission: message.transfer_unpaid_commission,
        }
    }

    fn refers_to(&self) -> References<'_> {
        let to = self.to.iter().map(|id| (IdKind::Agreement, id));
        let dispute = self.dispute.iter().map(|id| (IdKind::Dispute, id));
        std::iter::once((IdKind::Lead, &self.lead)).chain(to).chain(dispute).collect()
    }

    fn decide(&self, context: &Context, state: &State) -> Result<Vec<Effect>, Rejection> {
        let at = context.occurred_at;
        let (row, lead) = state.leads.known(&self.lead);
        let mut effects = vec![self.decision(row, at, state)?];
        if self.transfer_unpaid_commission {
            self.transfer(row, lead, at, state, &mut effects)?;
        }
        Ok(effects)
    }

    fn evolve(&self, stamp: Stamp, effects: &[Effect], state: &mut State) {
        let row = state.leads.known(&self.lead).0;
        // Whose commission moves: each lot is posted out, then in; what waits of a holding first, then what does not.
        let (mut last, mut is_rest) = (LastMoved::default(), false);
        for effect in effects {
            match effect {
                Effect::LeadOwnerSet { terms_position, .. } => {
                    let decision = reassignment(effect, stamp, *terms_position, self.to.as_ref(), state);
                    state.leads.decide_again(row, decision);
                    state.note_lead_decided(row);
                }
                Effect::Posting(posting) if posting.account.is_partner() => {
                    let sale = posting.subject.sale.as_ref().map(|id| state.commissions.known_sale(id).0);
                    let part = part_posted(posting, state);
                    let about = sale.map_or(About::Lead(row), |sale| state.about_part(sale, posting.part));
                    state.change_earning(about, |earning| {
                        let moved = if part.amount < 0 {
                            let taken = CommissionPart { amount: -part.amount, ..part };
                            is_rest = last.is_rest(earning.take(&taken), part.awaits);
                            self.to.is_none().then_some(CommissionPart { partner: HOUSE, agreement: Row::MAX, ..taken })
                        } else {
                            Some(part)
                        };
                        let source = last.source().unwrap_or(earning.stamp().position);
                        let moved = moved.iter().map(|part| Holding::moved(part, stamp.position, source));
                        moved.for_each(|moved| earning.acquire_moved(moved, is_rest));
                    });
                }
                _ => {}
            }
        }
    }
}

impl LeadReassigned {
    fn decision(&self, row: Row, at: Time, state: &State) -> Result<Effect, Rejection> {
        let lead = state.leads.by_id.key(row).clone();
        let rule = OwnershipRule::Reassigned;
        let Some(to) = &self.to else {
            return Ok(Effect::LeadOwnerSet { lead, owner: Party::House, credit: None, rule, protected_until: None, terms_position: 0 });
        };
        let agreement = state.agreements.known(to);
        agreement.require_active(to, at)?;
        let terms_position = agreement.terms_in_force(at, Seen::ALL, state).map_or(0, |version| version.stamp.position);
        let owner = Party::Partner(state.partners.key(agreement.partner).clone());
        let mut effect = Effect::LeadOwnerSet { lead, owner, credit: Some(to.clone()), rule, protected_until: None, terms_position };
        let stamp = Stamp { occurred_at: at, position: u64::MAX };
        let until = reassignment(&effect, stamp, terms_position, Some(to), state).protected_until(Seen::ALL).time();
        if let Effect::LeadOwnerSet { protected_until, .. } = &mut effect {
            *protected_until = until;
        }
        Ok(effect)
    }

    /// Transfers the unpaid commission that others hold, lot by lot: a posting out and, unless it goes to the house, one in.
    fn transfer(&self, row: Row, lead: &Lead, at: Time, state: &State, effects: &mut Vec<Effect>) -> Result<(), Rejection> {
        let to = self
            .to
            .as_ref()
            .map(|id| (state.agreements.by_id.find(id).expect("the agreement is known"), state.agreements.known(id).partner));
        let lead_id = state.leads.by_id.key(row);
        let too_large = || Rejection::TransferTooLarge { lead: lead_id.clone(), most_parts: MOST_LOTS, most_bytes: MOST_BYTES };
        let lots = unpaid_lots(lead, to.map(|(_, partner)| partner), state).ok_or_else(too_large)?;
        effects.reserve(4 * lots.len());
        let mut bytes = 0;
        for lot in lots {
            let first = effects.len();
            let sale = lot.sale.map(|sale| state.commissions.sales.key(sale));
            let mut move_part = |part: &CommissionPart, minor_units| {
                let entry = PartnerEntry {
                    kind: EntryKind::Transfer,
                    amount: Money::new(part.currency, minor_units),
                    effective_at: state.effective_after(&lot.part, at),
                    available_at: part.available_at,
                    subject: subject_of_part(part, Some(lead_id), sale, state),
                    awaits_customer_payment: part.awaits,
                    part: part.number,
                };
                entry.post_against(AccountName::HouseCommission, effects);
            };
            move_part(&lot.part, -lot.part.amount);
            if let Some((agreement, partner)) = to {
                move_part(&CommissionPart { partner, agreement, ..lot.part.clone() }, lot.part.amount);
            }
            bytes += effects[first..].iter().map(most_recorded_bytes).sum::<usize>();
            if bytes > MOST_BYTES {
                return Err(too_large());
            }
        }
        Ok(())
    }
}

fn most_recorded_bytes(effect: &Effect) -> usize {
    if let Effect::Posting(posting) = effect { posting.most_recorded_bytes() } else { 0 }
}

/// A reassigned claim: it needs no approval, and with the house it has no limit (rules 13).
fn reassignment(effect: &Effect, stamp: Stamp, terms_position: u64, to: Option<&Id>, state: &State) -> Decision {
    let claim = claim_of(effect, terms_position, to, state);
    let protection = Protection { from_approval: false, ..claim.protection };
    Decision::new(stamp, Claim { protection, ..claim })
}

/// Unpaid commission of a lead that stands with somebody: of a sale, or of a qualification.
struct Lot {
    sale: Option<Row>,
    part: CommissionPart,
}

/// What of a lead's commission stands with others than `target` and does not count as paid, oldest first. `None` if it is more
/// than `MOST_LOTS`, which is all that is found out then. A sale that is wholly paid costs a look at its row.
fn unpaid_lots(lead: &Lead, target: Option<Row>, state: &State) -> Option<Vec<Lot>> {
    let mut unpaid = UnpaidOfOthers { target, state, first_unpaid: BTreeMap::new() };
    let mut lots = Vec::new();
    unpaid.add_lots(None, 0, &lead.standing(), || lead.holdings(), &mut lots);
    for sale in lead.sales(state) {
        for part in state.own_parts(sale) {
            let is_lead_s = || state.is_of_lead_credit(lead, &part);
            let standing = part.earning.standing();
            if standing.iter().any(|stands| unpaid.portions(stands) != (0, 0)) && is_lead_s() {
                unpaid.add_lots(Some(sale), part.number, &standing, || part.earning.holdings(), &mut lots);
            }
        }
        if lots.len() > MOST_LOTS {
            return None;
        }
    }
    lots.sort_by_key(|lot| lot.part.position);
    Some(lots)
}

impl State {
    /// Whether a part's agreement had the lead's credit when the sale was made, as known when it was recorded: other earners keep
    /// their commission when the lead moves (rules 14.7).
    fn is_of_lead_credit(&self, lead: &Lead, part: &PartOf) -> bool {
        let stamp = part.earning.stamp();
        let known = Seen { time: LATEST, position: stamp.position };
        lead.credit_at(stamp.occurred_at, known, self) == part.earning.credit()
    }
}

/// What does not count as paid in the accounts of others than a partner.
struct UnpaidOfOthers<'a> {
    target: Option<Row>,
    state: &'a State,
    /// Of each account that was asked for; `None` of one where nothing moves.
    first_unpaid: BTreeMap<Row, Option<FirstUnpaid>>,
}

impl UnpaidOfOthers<'_> {
    /// Adds what does not count as paid of a sale's part, or of a lead's qualifications: what waits, then what does not.
    fn add_lots(&mut self, sale: Option<Row>, number: u32, standing: &Standing, holdings: impl FnOnce() -> Holdings, lots: &mut Vec<Lot>) {
        if standing.iter().all(|stands| self.portions(stands) == (0, 0)) {
            return;
        }
        for holding in holdings().into_all().filter(|holding| holding.partner != HOUSE) {
            let (released, awaiting) = self.portions(&Stands::of(&holding));
            for (amount, awaits) in [(awaiting, true), (released, false)] {
                if amount > 0 {
                    lots.push(Lot { sale, part: CommissionPart { number, ..holding.part(amount, awaits) } });
                }
            }
        }
    }

    /// What of what stands does not count as paid: of what does not wait for the customer's payment, and of what does.
    fn portions(&mut self, stands: &Stands) -> (i64, i64) {
        let Some((account, place)) = stands.entry.filter(|_| stands.released > 0 || stands.awaiting > 0) else { return (0, 0) };
        let (state, target) = (self.state, self.target);
        let first = self.first_unpaid.entry(account).or_insert_with(|| {
            let is_target = target.is_some() && state.partner_of(account) == target;
            if is_target { None } else { state.first_unpaid(account) }
        });
        first.as_ref().map_or((0, 0), |first| first.unpaid(place, stands))
    }
}
