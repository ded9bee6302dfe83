//! Partners and holds on their payouts in a snapshot.

use super::{Hold, Partner, Profile, ProfileChange};
use crate::encoding::codec;

codec!(Profile { display_name, kind, categories, country_code });
codec!(ProfileChange { display_name, kind, categories });
codec!(Partner { registered, first, changes, accounts, agreements, holds });
codec!(Hold { partner, placed, reason, lifted });
