//! Net sales in a snapshot.

use super::NetSales;
use crate::encoding::codec;

codec!(NetSales { timeline, open });
