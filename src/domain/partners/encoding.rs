//! Partners in a snapshot.

use super::{Partner, Profile, ProfileChange};
use crate::encoding::codec;

codec!(Profile { display_name, kind, categories, country_code });
codec!(ProfileChange { display_name, kind, categories });
codec!(Partner { registered, first, changes, accounts, agreements });
