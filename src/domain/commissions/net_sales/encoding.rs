//! Net sales in a snapshot.

use super::{Block, NetSales};
use crate::encoding::codec;

codec!(NetSales { blocks, open });
codec!(Block { first, last, sum, entries });
