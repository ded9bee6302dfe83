//! Net sales in a snapshot.

use super::{NetSales, Run};
use crate::snapshot::saved;

saved!(NetSales { runs, open });
saved!(Run { first, last, sum, entries });
