//! The languages of the command line, which are those of the library, with the headers of its tables.

pub use partnership_ledger::language::{FluentValue, Key, Language};
pub use partnership_ledger::say;

/// The header of a table: `columns![language; "column-partner", > "column-payable"]`; `>` is flush right.
macro_rules! columns {
    ($language:expr; $($(> $right:literal)? $($left:literal)?),* $(,)?) => {
        [$(
            $($crate::cli::table::Column::right($crate::cli::language::say!($language, $right)))?
            $($crate::cli::table::Column::left($crate::cli::language::say!($language, $left)))?
        ),*]
    };
}
pub(super) use columns;
