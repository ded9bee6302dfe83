//! Net sales in a snapshot.

use super::{Block, NetSales};
use crate::snapshot::saved;

saved!(NetSales { entries, blocks });
saved!(Block { first, last, sum });
