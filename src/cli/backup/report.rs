//! The outcome of a copy, as text for people and as JSON.

use crate::cli::failure::Failure;
use crate::cli::language::{Language, say};
use crate::cli::output::Output;
use partnership_ledger::backup::{Added, hex};
use partnership_ledger::journal::TreeHead;
use std::io::{self, Write as _};

/// The outcome of a copy.
pub struct Report {
    /// Position and root.
    pub head: TreeHead,
    /// What was added.
    pub kept: Added,
    /// How long it took.
    pub seconds: f64,
}

impl Report {
    /// Writes it to standard output.
    pub fn write(&self, out: &mut Output) -> Result<(), Failure> {
        let line = self.line(out.json, out.language);
        out.line(&line)
    }

    /// Writes it to standard error, as the copy itself goes to standard output. A closed standard error is no failure.
    pub fn write_to_stderr(&self, out: &Output) {
        let _ = writeln!(io::stderr(), "{}", self.line(out.json, out.language));
    }

    fn line(&self, json: bool, language: Language) -> String {
        let (position, root) = (self.head.size.to_string(), hex(&self.head.root));
        let Added { records, bytes } = self.kept;
        if json {
            let seconds = (self.seconds * 1_000.0).round() / 1_000.0;
            return serde_json::json!({
                "position": position,
                "tree_root": root,
                "records": records.to_string(),
                "bytes": bytes.to_string(),
                "seconds": seconds,
            })
            .to_string();
        }
        let seconds = format!("{:.3}", self.seconds);
        say!(
            language,
            "backup-done",
            position = position,
            root = root,
            count = records,
            records = records.to_string(),
            bytes = bytes.to_string(),
            seconds = seconds
        )
    }
}
