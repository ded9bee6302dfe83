//! What is wrong with a row: a code for programs, the column, and a sentence that says how to correct it.

use crate::cli::language::{FluentValue, Key, Language, say};
use crate::cli::text::line;

/// A problem that this program found: `problem!("EMPTY", "import-empty", field = name)`.
macro_rules! problem {
    ($code:literal, $name:literal $(, $variable:ident = $value:expr)* $(,)?) => {
        $crate::cli::import::problem::Problem::new(
            $code,
            const { $crate::cli::language::Key::of($name) },
            vec![$((stringify!($variable), $crate::cli::text::line(&$value.to_string()))),*],
        )
    };
}
pub(super) use problem;

/// One thing that is wrong with a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The code: one of this program's, or the ledger's (rules 2.5).
    pub code: String,
    /// The column that it is in, if it is in one.
    pub column: Option<String>,
    words: Words,
}

/// The sentence that says what is wrong, and how to correct it.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Words {
    /// A text of this program, with its variables.
    Own(Key, Vec<(&'static str, String)>),
    /// A sentence of the ledger, in English.
    Ledger(String),
}

impl Problem {
    /// A problem that this program found; use the macro `problem!`.
    pub fn new(code: &str, key: Key, variables: Vec<(&'static str, String)>) -> Self {
        Self { code: code.to_owned(), column: None, words: Words::Own(key, variables) }
    }

    /// A problem that the ledger found.
    pub fn of_ledger(code: &str, sentence: &str) -> Self {
        Self { code: code.to_owned(), column: None, words: Words::Ledger(line(sentence)) }
    }

    /// The same, of a column.
    pub fn in_column(mut self, column: Option<&str>) -> Self {
        self.column = column.map(line);
        self
    }

    /// Adds it to those of a row, unless the same is said of the same column: a cell may be read for two fields.
    pub fn note(self, problems: &mut Vec<Self>) {
        if !problems.contains(&self) {
            problems.push(self);
        }
    }

    /// The sentence that says what is wrong, and how to correct it.
    pub fn sentence(&self, language: Language) -> String {
        match &self.words {
            Words::Ledger(sentence) => sentence.clone(),
            Words::Own(key, variables) => {
                let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, FluentValue::from(value.as_str()))).collect();
                language.text(*key, &variables)
            }
        }
    }

    /// Returns code, column and sentence on one line.
    pub fn words(&self, language: Language) -> String {
        let sentence = self.sentence(language);
        match &self.column {
            Some(column) => format!("{}: {}", self.code, say!(language, "import-column", column = column.as_str(), what = sentence)),
            None => format!("{}: {sentence}", self.code),
        }
    }
}
