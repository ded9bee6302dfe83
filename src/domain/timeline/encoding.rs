//! A timeline in a snapshot: its leaves, each with what its points come to. The nodes above are made again.

use super::{Branch, Node, Stretch, Timeline, inner};
use crate::encoding::{Codec, Damaged, Input, Output, codec};
use std::sync::Arc;

/// Beyond what the amounts of a ledger come to, and far from where sums of such sums overflow.
const MOST: u128 = 1 << 110;

codec!(Stretch { amount, held, has_held, least_amount, least_free });

impl Stretch {
    fn is_possible(&self) -> bool {
        let least = [self.least_amount, self.least_free].into_iter().flatten().map(|(sum, _)| sum);
        least.chain([self.amount, self.held]).all(|sum| sum.unsigned_abs() <= MOST)
    }
}

impl Timeline {
    fn leaves(&self) -> Vec<&Branch> {
        let mut leaves = Vec::new();
        if let Some(root) = &self.root {
            root.add_leaves(&mut leaves);
        }
        leaves
    }
}

impl Branch {
    fn add_leaves<'a>(&'a self, leaves: &mut Vec<&'a Self>) {
        match &*self.node {
            Node::Leaf(_) => leaves.push(self),
            Node::Inner(branches) => branches.iter().for_each(|branch| branch.add_leaves(leaves)),
        }
    }
}

impl Codec for Timeline {
    fn encode(&self, out: &mut Output) {
        let leaves = self.leaves();
        out.number(leaves.len() as u64);
        for Branch { last, sums, node } in leaves {
            if let Node::Leaf(bytes) = &**node {
                last.encode(out);
                sums.encode(out);
                bytes.encode(out);
            }
        }
    }

    fn decode(input: &mut Input<'_>) -> Result<Self, Damaged> {
        let count = input.count()?;
        let mut branches = Vec::new();
        for _ in 0..count {
            let (last, sums): (_, Stretch) = (Codec::decode(input)?, Codec::decode(input)?);
            if !sums.is_possible() {
                return Err(Damaged("sums are too large"));
            }
            branches.push(Branch { last, sums, node: Arc::new(Node::Leaf(Codec::decode(input)?)) });
        }
        while branches.len() > 1 {
            branches = inner(branches);
        }
        Ok(Self { root: branches.pop().map(Arc::new) })
    }
}
