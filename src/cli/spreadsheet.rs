//! CSV for spreadsheets: figures and dates are plain in every language, so that they are recognized, and no text is a formula.

use super::failure::Failure;
use super::text::line;
use csv::{Terminator, Writer, WriterBuilder};
use std::io::Write;

/// The byte order mark of UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Begins a file.
pub fn begin<W: Write>(mut output: W) -> Result<Writer<W>, Failure> {
    // Without it some spreadsheets assume another encoding and garble Thai.
    output.write_all(BYTE_ORDER_MARK)?;
    Ok(WriterBuilder::new().terminator(Terminator::CRLF).from_writer(output))
}

/// Returns a text that a spreadsheet takes for text: an apostrophe is put before what it would take for a formula.
pub fn text(text: &str) -> String {
    let text = line(text);
    let is_formula = text.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if is_formula { format!("'{text}") } else { text }
}

/// The failure of an error in writing.
pub fn failure(error: csv::Error) -> Failure {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error.into(),
        other => Failure::check(format!("cannot write the output: {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn no_text_is_a_formula() {
        for formula in ["=1+1", "+66", "-2", "@SUM(A1)", " =1", "＝1"] {
            assert_eq!(text(formula), format!("'{formula}"));
        }
        assert_eq!(text("\t=1"), "\\u{9}=1", "a tab is written out");
        assert_eq!([text("sale-1"), text("พันธมิตร"), text("")], ["sale-1", "พันธมิตร", ""]);
    }
}
