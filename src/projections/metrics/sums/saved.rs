//! Sums in a snapshot.

use super::{Amounts, Sums};
use crate::snapshot::saved;

saved!(Amounts { revenue, credited, commission, cost, deals });
saved!(Sums { leads, qualified, money });
