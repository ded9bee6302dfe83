//! Sums in a snapshot.

use super::{Amounts, Sums};
use crate::encoding::codec;

codec!(Amounts { revenue, credited, commission, cost, deals });
codec!(Sums { leads, qualified, money });
