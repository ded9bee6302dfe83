//! CSV for spreadsheets: figures and dates are plain in every language, so that they are recognized, and no text is a formula.

use super::failure::Failure;
use csv::{Terminator, Writer, WriterBuilder};
pub use partnership_ledger::language::text::spreadsheet_text as text;
use std::io::Write;

/// The byte order mark of UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Begins a file.
pub fn begin<W: Write>(mut output: W) -> Result<Writer<W>, Failure> {
    // Without it some spreadsheets assume another encoding and garble Thai.
    output.write_all(BYTE_ORDER_MARK)?;
    Ok(WriterBuilder::new().terminator(Terminator::CRLF).from_writer(output))
}

/// The failure of an error in writing.
pub fn failure(error: csv::Error) -> Failure {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => Failure::check(format!("cannot write the output: {other:?}")),
    }
}
