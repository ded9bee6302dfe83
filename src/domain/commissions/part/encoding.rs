//! Parts of sales in a snapshot.

use super::{CustomerPayment, Line, Over, Part, PartShare, SaleDetails};
use crate::encoding::codec;

codec!(PartShare { amount, base, line, over });
codec!(Over { part, level });
codec!(Part { sale, share, earning });
codec!(Line { id, amount });
codec!(CustomerPayment { receipt, stamp, minor_units });
codec!(SaleDetails { lines, first, more, count, own, voided, errors, payments });
