//! Parts of sales in a snapshot.

use super::{CustomerPayment, Line, Part, PartShare, SaleDetails};
use crate::encoding::codec;

codec!(PartShare { amount, base, line, below });
codec!(Part { sale, share, earning });
codec!(Line { id, amount });
codec!(CustomerPayment { stamp, minor_units });
codec!(SaleDetails { lines, first, more, count, own, voided, errors, payments });
