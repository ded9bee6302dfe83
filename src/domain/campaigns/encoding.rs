//! Campaigns in a snapshot.

use super::{Campaign, Cost, Deliverable, Participant, Referral};
use crate::encoding::codec;

codec!(Participant { agreement, cost_share_bps, lead_share_bps, goal });
codec!(Deliverable { id, owed_by, description, weight, due_at });
codec!(Cost { id, stamp, amount, paid_by, description });
codec!(Referral { stamp, lead, allocated_to });
codec!(Campaign {
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
