//! Net sales in a snapshot.

use super::{NetSales, RuleSales, Sold};
use crate::encoding::codec;

codec!(RuleSales { by_currency });
codec!(NetSales { timeline, open });
codec!(Sold { at, minor_units, count });
