//! The file: CSV in UTF-8, each row with the number of the line that it begins on.

use crate::cli::failure::Failure;
use csv::{ReaderBuilder, StringRecord};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The largest file, in bytes: it is held in memory.
const MAX_FILE_BYTES: usize = 1 << 30;
/// The longest row, in bytes: no event is as long. A quotation mark that is not closed would make one cell of the rest.
const MAX_ROW_BYTES: usize = 1 << 20;

/// Reads a file, or the standard input for `-`, as text.
pub fn read(file: &Path) -> Result<String, Failure> {
    let cannot = |error: io::Error| Failure::usage(format!("cannot read {}: {error}", file.display()));
    let source: Box<dyn io::Read> =
        if file == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(file).map_err(cannot)?) };
    let mut bytes = Vec::new();
    source.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(Failure::usage(format!("{} has more than {} MiB: split it", file.display(), MAX_FILE_BYTES >> 20)));
    }
    text(bytes).map_err(|what| Failure::usage(format!("{}: {what}", file.display())))
}

/// Decodes UTF-8, without a byte order mark. Other encodings are refused: a wrong guess would go unnoticed.
fn text(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("is UTF-16; save it as \"CSV UTF-8\", or convert it: iconv -f UTF-16 -t UTF-8".to_owned());
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
        Err(error) => {
            let place = error.utf8_error().valid_up_to();
            let bytes = error.as_bytes();
            let line = bytes[..place].split(|byte| *byte == b'\n').count();
            Err(format!(
                "line {line} is not UTF-8 (byte 0x{:02X}); save it as \"CSV UTF-8\", or convert it from what it is: iconv -f WINDOWS-1252 -t UTF-8 (Thai: -f WINDOWS-874)",
                bytes[place]
            ))
        }
    }
}

/// A text of which a row may take no more than `MAX_ROW_BYTES`.
struct Bounded<'a> {
    rest: &'a [u8],
    /// How much was read since the last row ended.
    since_row: usize,
}

impl io::Read for Bounded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.rest.read(buffer)?;
        self.since_row += read;
        if self.since_row > MAX_ROW_BYTES {
            return Err(io::Error::other(format!("the row has more than {MAX_ROW_BYTES} bytes; is a quotation mark not closed?")));
        }
        Ok(read)
    }
}

/// The rows of a text.
pub struct Rows<'a> {
    text: &'a str,
    reader: csv::Reader<Bounded<'a>>,
    /// The offset up to which lines are counted, and the line there.
    counted: (usize, u64),
}

impl<'a> Rows<'a> {
    /// Reads a text; returns its first row, the names of the columns, as well.
    pub fn new(text: &'a str, separator: char) -> Result<(Self, StringRecord), Failure> {
        let separator = u8::try_from(separator).map_err(|_| Failure::usage("the separator must be one ASCII character"))?;
        let reader = ReaderBuilder::new()
            .delimiter(separator)
            .flexible(true)
            .has_headers(false)
            .from_reader(Bounded { rest: text.as_bytes(), since_row: 0 });
        let mut rows = Self { text, reader, counted: (0, 1) };
        match rows.next()? {
            Some((_, header)) => Ok((rows, header)),
            None => Err(Failure::usage("the file is empty; its first row must name the columns")),
        }
    }

    /// Returns the next row and the line that it begins on; empty lines are skipped.
    pub fn next(&mut self) -> Result<Option<(u64, StringRecord)>, Failure> {
        let mut record = StringRecord::new();
        let begins = usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX);
        let read = self.reader.read_record(&mut record);
        self.reader.get_mut().since_row = 0;
        match read {
            Ok(false) => Ok(None),
            Ok(true) => Ok(Some((self.line_of(begins), record))),
            Err(error) => Err(Failure::usage(format!("cannot read the file from line {} on: {error}", self.line_of(begins)))),
        }
    }

    /// Returns the line of a row's first character; before it there may be the end of the row before, and empty lines.
    fn line_of(&mut self, begins: usize) -> u64 {
        let bytes = self.text.as_bytes();
        let begins = begins + bytes[begins..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let (from, line) = self.counted;
        let line = line + self.text[from..begins].matches('\n').count() as u64;
        self.counted = (begins, line);
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(u64, Vec<String>)> {
        let (mut rows, _) = Rows::new(text, ',').expect("a header");
        let mut lines = Vec::new();
        while let Some((line, record)) = rows.next().expect("rows") {
            lines.push((line, record.iter().map(str::to_owned).collect()));
        }
        lines
    }

    #[test]
    fn rows_are_known_by_the_line_they_begin_on() {
        for end in ["\n", "\r\n"] {
            let text = ["a,b", "1,2", "", "", "\"two", "lines\",4", "5,6"].join(end);
            let found = lines(&text);
            assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 5, 7], "{end:?}");
            assert_eq!(found[1].1, [format!("two{end}lines"), "4".to_owned()]);
        }
    }

    #[test]
    fn a_row_without_an_end_is_refused_with_its_line() {
        let whole = format!("a,b\n1,{}\n", "x".repeat(MAX_ROW_BYTES / 2));
        assert_eq!(lines(&whole.repeat(3)).len(), 5);
        let open = format!("a,b\n1,2\n3,\"{}", "x,y\n".repeat(MAX_ROW_BYTES / 2));
        let (mut rows, _) = Rows::new(&open, ',').expect("a header");
        assert!(rows.next().expect("a row").is_some());
        let error = rows.next().expect_err("no end").text(crate::cli::language::Language::English);
        assert!(error.contains("from line 3 on") && error.contains("quotation mark"), "{error}");
    }

    #[test]
    fn other_encodings_are_refused_with_the_line() {
        assert_eq!(text("\u{feff}ชื่อ".into()).as_deref(), Ok("ชื่อ"));
        assert!(text(vec![0xff, 0xfe, b'a', 0]).expect_err("UTF-16").contains("UTF-16"));
        let windows = text(b"name\ncaf\xe9".to_vec()).expect_err("Windows-1252");
        assert!(windows.starts_with("line 2 is not UTF-8 (byte 0xE9)"), "{windows}");
    }
}
