//! Partners in a snapshot.

use super::{Partner, Profile, ProfileChange};
use crate::snapshot::saved;

saved!(Profile { display_name, kind, categories, country_code });
saved!(ProfileChange { display_name, kind, categories });
saved!(Partner { registered, first, changes, accounts, agreements });
