//! What is wrong with a row: a code for programs, the column, and a sentence that says how to mend it.

use crate::cli::text::line;
use std::fmt;

/// One thing that is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The code: one of this file's, or the ledger's (rules 2.5).
    pub code: String,
    /// The column it stands in, if it is one's.
    pub column: Option<String>,
    /// What is wrong, and how to mend it.
    pub sentence: String,
}

impl Problem {
    /// A problem of a whole row.
    pub fn of_row(code: &str, sentence: impl Into<String>) -> Self {
        Self { code: code.to_owned(), column: None, sentence: sentence.into() }
    }

    /// The same, of a column.
    pub fn in_column(mut self, column: Option<&str>) -> Self {
        self.column = column.map(str::to_owned);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "{}: column {}: {}", self.code, line(column), line(&self.sentence)),
            None => write!(f, "{}: {}", self.code, line(&self.sentence)),
        }
    }
}
