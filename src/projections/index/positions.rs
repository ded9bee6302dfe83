//! Rising positions in little room, which can be looked through from any of them in either direction.

use crate::domain::pages::Pages;
use crate::encoding::varint;
use smallvec::SmallVec;
use std::sync::Arc;

/// Bytes that need no memory of their own.
pub(super) const FEW: usize = 22;
/// Bytes of a full chunk: a long list grows by chunks, which are neither moved nor copied.
const CHUNK: usize = 1_024;

/// Rising positions, each as the difference to the one before, as a varint.
#[derive(Clone)]
pub(super) enum Positions {
    /// Most leads have a few records only.
    Few {
        len: u8,
        bytes: [u8; FEW],
    },
    Many(Box<Many>),
}

#[derive(Clone, Default)]
pub(super) struct Many {
    pub(super) last: u64,
    pub(super) full: Pages<Chunk, 16>,
    /// The last position before those of `open`.
    pub(super) before_open: u64,
    pub(super) open: Vec<u8>,
}

/// Full bytes, and the last position before them.
#[derive(Clone)]
pub(super) struct Chunk {
    pub(super) before: u64,
    pub(super) bytes: Arc<[u8]>,
}

impl Default for Positions {
    fn default() -> Self {
        Self::Few { len: 0, bytes: [0; FEW] }
    }
}

impl Positions {
    pub(super) fn push(&mut self, position: u64) {
        let last = self.last();
        assert!(position > last, "positions rise");
        let mut difference: SmallVec<[u8; varint::MOST_BYTES]> = SmallVec::new();
        varint::write(position - last, |byte| difference.push(byte));
        if let Self::Few { len, bytes } = self {
            let (start, end) = (usize::from(*len), usize::from(*len) + difference.len());
            if end <= FEW {
                bytes[start..end].copy_from_slice(&difference);
                *len = u8::try_from(end).expect("a few");
                return;
            }
            *self = Self::Many(Box::new(Many { last, open: bytes[..start].to_vec(), ..Many::default() }));
        }
        if let Self::Many(many) = self {
            many.add(&difference);
            many.last = position;
        }
    }

    fn last(&self) -> u64 {
        match self {
            Self::Few { len, bytes } => read(0, &bytes[..usize::from(*len)]).last().unwrap_or_default(),
            Self::Many(many) => many.last,
        }
    }

    pub(super) fn until(&self, limit: u64) -> Vec<u64> {
        let chunks = (0..self.chunks()).map(|index| self.chunk(index));
        chunks.flat_map(|(before, bytes)| read(before, bytes)).take_while(|position| *position <= limit).collect()
    }

    /// How many chunks there are, with the last one, which is not full.
    fn chunks(&self) -> usize {
        match self {
            Self::Few { .. } => 1,
            Self::Many(many) => many.full.len() + 1,
        }
    }

    /// The last position before a chunk, and its bytes.
    fn chunk(&self, index: usize) -> (u64, &[u8]) {
        match self {
            Self::Few { len, bytes } => (0, &bytes[..usize::from(*len)]),
            Self::Many(many) => many.full.get(index).map_or((many.before_open, many.open.as_slice()), |chunk| (chunk.before, &chunk.bytes)),
        }
    }

    /// The chunk that has a position, if any has it.
    fn chunk_of(&self, position: u64) -> usize {
        match self {
            Self::Many(many) if position <= many.before_open => {
                many.full.partition_point(|chunk| chunk.before < position).saturating_sub(1)
            }
            _ => self.chunks() - 1,
        }
    }
}

impl Many {
    fn add(&mut self, bytes: &[u8]) {
        if self.open.len() + bytes.len() > self.open.capacity() {
            if self.open.len() + bytes.len() > CHUNK {
                self.full.push(Chunk { before: self.before_open, bytes: std::mem::take(&mut self.open).into() });
                self.before_open = self.last;
            }
            // There are many lists: room that stays empty is dear.
            self.open.reserve_exact((self.open.len() / 8).max(32));
        }
        self.open.extend_from_slice(bytes);
    }
}

fn read(before: u64, bytes: &[u8]) -> impl Iterator<Item = u64> {
    let (mut position, mut decoder) = (before, varint::Decoder::default());
    bytes.iter().filter_map(move |byte| {
        position += decoder.push(*byte)?;
        Some(position)
    })
}

/// Looks through a list from any position on. It unpacks one chunk at a time.
pub(super) struct Cursor<'a> {
    list: &'a Positions,
    /// The chunk that is unpacked; none at first.
    chunk: Option<usize>,
    before: u64,
    unpacked: Vec<u64>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(list: &'a Positions) -> Self {
        Self { list, chunk: None, before: 0, unpacked: Vec::new() }
    }

    /// The first position of the list at or after one.
    pub(super) fn at_or_after(&mut self, position: u64) -> Option<u64> {
        let chunk = self.unpack_for(position);
        let index = self.unpacked.partition_point(|known| *known < position);
        if index == self.unpacked.len() && chunk + 1 < self.list.chunks() {
            self.unpack(chunk + 1);
            return self.unpacked.first().copied();
        }
        self.unpacked.get(index).copied()
    }

    /// The last position of the list at or before one.
    pub(super) fn at_or_before(&mut self, position: u64) -> Option<u64> {
        self.unpack_for(position);
        let index = self.unpacked.partition_point(|known| *known <= position);
        match index.checked_sub(1) {
            Some(index) => Some(self.unpacked[index]),
            None => Some(self.before).filter(|before| *before > 0),
        }
    }

    fn unpack_for(&mut self, position: u64) -> usize {
        if let Some(chunk) = self.chunk
            && self.before < position
            && self.unpacked.last().is_some_and(|last| position <= *last)
        {
            return chunk;
        }
        let chunk = self.list.chunk_of(position);
        if self.chunk != Some(chunk) {
            self.unpack(chunk);
        }
        chunk
    }

    fn unpack(&mut self, chunk: usize) {
        let (before, bytes) = self.list.chunk(chunk);
        self.chunk = Some(chunk);
        self.before = before;
        self.unpacked.clear();
        self.unpacked.extend(read(before, bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn lists_give_back_what_they_were_given(
            steps in prop_oneof![prop::collection::vec(1_u64..1 << 40, 0..50), prop::collection::vec(1_u64..300, 0..4_000)],
            cuts in prop::collection::vec(0_u64..1 << 45, 1..40), near in prop::collection::vec((0_usize..4_000, 0_u64..3), 1..40),
        ) {
            let mut positions = Positions::default();
            let rising: Vec<u64> = steps.iter().scan(0, |sum, step| { *sum += step; Some(*sum) }).collect();
            for position in &rising {
                positions.push(*position);
            }
            prop_assert_eq!(positions.until(u64::MAX), rising.clone());
            let near = near.into_iter().filter_map(|(index, off)| Some(rising.get(index)? + off - 1));
            let mut cursor = Cursor::new(&positions);
            for cut in cuts.iter().copied().chain(near).chain([0, u64::MAX]) {
                let until = rising.iter().copied().filter(|position| *position <= cut).collect::<Vec<_>>();
                prop_assert_eq!(cursor.at_or_before(cut), until.last().copied());
                prop_assert_eq!(positions.until(cut), until);
                prop_assert_eq!(cursor.at_or_after(cut), rising.iter().copied().find(|position| *position >= cut));
            }
        }
    }
}
