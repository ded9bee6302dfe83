//! Money in a snapshot. A currency is its place in the list, so a change of the list is a change of the format.

use super::{Currency, LIST_ONE, Money};
use crate::encoding::{Codec, Damaged, Input, Output, codec};

impl Codec for Currency {
    fn encode(&self, out: &mut Output) {
        out.byte(self.0);
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let place = input.byte()?;
        if usize::from(place) < LIST_ONE.len() { Ok(Self(place)) } else { Err(Damaged("it is no currency")) }
    }
}

codec!(Money { currency, minor_units });
