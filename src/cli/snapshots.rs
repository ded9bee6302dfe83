//! What `verify` notes about the snapshots of a data directory. The log is authoritative, so a damaged one is no loss.

use partnership_ledger::journal::{Frontier, TreeHead};
use partnership_ledger::snapshot::{Checked, Snapshots};
use std::collections::BTreeMap;
use std::path::Path;

/// The snapshots of a data directory, and the tree's heads at their positions.
pub struct SnapshotCheck {
    found: Vec<Checked>,
    fault: Option<String>,
    frontier: Frontier,
    heads: BTreeMap<u64, Option<TreeHead>>,
}

impl SnapshotCheck {
    /// Checks whether each snapshot is whole.
    pub fn of(data_dir: &Path) -> Self {
        let (found, fault) = match Snapshots::of(data_dir).check() {
            Ok(found) => (found, None),
            Err(error) => (Vec::new(), Some(format!("the snapshots cannot be looked at: {error}"))),
        };
        let heads = found.iter().map(|checked| (checked.position, None)).collect();
        Self { found, fault, frontier: Frontier::new(), heads }
    }

    /// Adds the next record of the log to the Merkle tree, whose heads at the snapshots' positions are compared with theirs.
    pub fn take(&mut self, position: u64, bytes: &[u8]) {
        let is_next = position == self.frontier.size() + 1;
        if !is_next || self.heads.last_key_value().is_none_or(|(last, _)| *last < position) {
            return;
        }
        self.frontier.push(bytes);
        if let Some(head) = self.heads.get_mut(&position) {
            *head = Some(self.frontier.head());
        }
    }

    /// Returns a sentence about each snapshot.
    pub fn notes(&self) -> Vec<String> {
        let sentence = |checked: &Checked| {
            let position = checked.position;
            let no_loss = "it is ignored at a start, and nothing is lost by it";
            match &checked.outcome {
                Err(error) => format!("the snapshot of position {position} is of no use ({error}); {no_loss}"),
                Ok((_, head)) if self.heads.get(&position) != Some(&Some(*head)) => {
                    format!("the snapshot of position {position} is of other records than the log's; {no_loss}")
                }
                Ok((bytes, _)) => format!("the snapshot of position {position} is whole: {bytes} bytes"),
            }
        };
        self.found.iter().map(sentence).chain(self.fault.clone()).collect()
    }
}
