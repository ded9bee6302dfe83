//! Campaigns in a snapshot.

use super::{Campaign, Cost, Deliverable, Participant, Referral};
use crate::snapshot::saved;

saved!(Participant { agreement, cost_share_bps, lead_share_bps, goal });
saved!(Deliverable { id, owed_by, description, weight, due_at });
saved!(Cost { id, stamp, amount, paid_by, description });
saved!(Referral { stamp, lead, allocated_to });
saved!(Campaign {
    planned,
    campaign_type,
    title,
    participants,
    deliverables,
    starts_at,
    ends_at,
    started,
    ended,
    costs,
    referrals,
    reach,
    delivered,
    referred_until,
    joint_leads,
    order,
});
