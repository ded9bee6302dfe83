//! Standard output: tables for people, or proto3 JSON.

use super::failure::Failure;
use super::json::{self, Named};
use super::language::{Language, say};
use super::table::Table;
use std::io::{self, BufWriter, IsTerminal as _, Write};

/// The standard output of a command.
pub struct Output {
    writer: BufWriter<Box<dyn Write + Send>>,
    /// Whether answers are wanted as JSON.
    pub json: bool,
    /// The language of text for people.
    pub language: Language,
    /// How the times of the command line were read, in words.
    dates: Vec<String>,
    terminal: bool,
}

impl Output {
    /// The standard output, buffered.
    pub fn new(json: bool, language: Language) -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        Self { writer: BufWriter::with_capacity(1 << 16, Box::new(stdout)), json, language, dates: Vec::new(), terminal }
    }

    /// Writes a line.
    pub fn line(&mut self, line: &str) -> Result<(), Failure> {
        Ok(writeln!(self.writer, "{line}")?)
    }

    /// Writes a table, fitted to the terminal if it goes to one.
    pub fn table(&mut self, table: Table) -> Result<(), Failure> {
        let text = table.render(self.terminal);
        self.line(&text)
    }

    /// Writes a heading and its table, unless that is empty.
    pub fn section(&mut self, heading: &str, table: Table) -> Result<(), Failure> {
        if table.is_empty() {
            return Ok(());
        }
        self.line("")?;
        self.line(heading)?;
        self.table(table)
    }

    /// Writes the table of an answer, or a sentence if it is empty.
    pub fn answer(&mut self, table: Table, empty: &str, position: u64) -> Result<(), Failure> {
        if table.is_empty() {
            self.line(empty)?;
        } else {
            self.table(table)?;
        }
        self.read_at(position)
    }

    /// Remembers how a time of the command line was read: the end of the answer says so. JSON has no room for it, so that it
    /// is said on standard error.
    pub fn says_date(&mut self, words: String) {
        if self.json {
            // A closed standard error is no reason to fail.
            let _ = writeln!(io::stderr(), "{words}");
        } else {
            self.dates.push(words);
        }
    }

    /// Returns how the times of the command line were read, unless it was said.
    pub fn take_dates(&mut self) -> Vec<String> {
        std::mem::take(&mut self.dates)
    }

    /// Writes how the times of the command line were read to standard error, where the output is a file of its own format.
    pub fn tell_dates(&mut self) {
        let words = self.take_dates();
        if !words.is_empty() {
            // A closed standard error is no reason to fail.
            let _ = writeln!(io::stderr(), "{}", words.join(", "));
        }
    }

    /// Writes that older entries of a subject were left out, if any were.
    pub fn left_out(&mut self, count: u32) -> Result<(), Failure> {
        if count == 0 { Ok(()) } else { self.line(&format!("\n{}", say!(self.language, "left-out", count = count.to_string()))) }
    }

    /// Writes which position an answer was read at, and how the times of the command line were read.
    pub fn read_at(&mut self, position: u64) -> Result<(), Failure> {
        let mut words = vec![say!(self.language, "read-at", position = position.to_string())];
        words.extend(self.take_dates());
        self.line(&format!("\n{}", words.join(", ")))
    }

    /// Writes a message as one line of JSON.
    pub fn message<M: Named>(&mut self, message: &M) -> Result<(), Failure> {
        json::write(&mut self.writer, message)?;
        self.line("")
    }

    /// Flushes the buffer.
    pub fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.writer.flush()?)
    }

    /// The end of the output.
    pub fn finish(mut self) -> Result<(), Failure> {
        self.flush()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use parking_lot::Mutex;
    use std::sync::Arc;

    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written in English for people.
    pub fn written(write: impl FnOnce(&mut Output) -> Result<(), Failure>) -> String {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let writer = BufWriter::new(Box::new(Kept(Arc::clone(&kept))) as Box<dyn Write + Send>);
        let mut out = Output { writer, json: false, language: Language::English, dates: Vec::new(), terminal: false };
        assert!(write(&mut out).and_then(|()| out.flush()).is_ok(), "it is written");
        let bytes = kept.lock().clone();
        String::from_utf8(bytes).expect("UTF-8")
    }

    /// The line that says that older entries are left out.
    pub fn left_out_line(written: &str) -> Option<&str> {
        written.lines().find(|line| line.contains("older entries are left out"))
    }
}
