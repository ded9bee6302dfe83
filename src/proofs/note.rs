//! Signed notes, as C2SP's signed-note has them: a text, an empty line, and a line for each signature.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// The largest note that is read, in bytes: the text of a checkpoint with some hundred signatures.
pub const MAX_BYTES: usize = 64 << 10;
/// The most signatures of a note that is read.
const MAX_SIGNATURES: usize = 128;
/// What a line with a signature begins with.
const DASH: &str = "— ";

/// A text, and what claims to have signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The text, which ends with a newline.
    pub text: String,
    /// Its signatures, of whoever; nobody has checked them.
    pub signatures: Vec<Signature>,
}

/// A line with a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name of the key.
    pub name: String,
    /// The number that tells the keys of a name apart.
    pub key_id: u32,
    /// The signature, as its kind of key has it.
    pub bytes: Vec<u8>,
}

/// Why a text is no signed note.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no signed note: {0}")]
pub struct NotANote(&'static str);

/// Bytes as text: standard base64 with padding.
#[must_use]
pub fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of a text in standard base64; `None` if it is none, or is written in another way than the one that there is.
#[must_use]
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Whether a text can be the name of a key: not empty, without spaces or plus signs.
#[must_use]
pub fn is_key_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control() || letter == '+')
}

impl Note {
    /// Parses a note.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(note: &str) -> Result<Self, NotANote> {
        if note.len() > MAX_BYTES {
            return Err(NotANote("it is too large"));
        }
        if note.contains(|letter| letter < ' ' && letter != '\n') {
            return Err(NotANote("it has control characters"));
        }
        let end = note.rfind("\n\n").ok_or(NotANote("it has no empty line before signatures"))?;
        let (text, lines) = (&note[..=end], &note[end + 2..]);
        let signatures = Self::parse_signatures(lines)?;
        if signatures.is_empty() {
            return Err(NotANote("nobody has signed it"));
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Parses lines of signatures alone.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn parse_signatures(lines: &str) -> Result<Vec<Signature>, NotANote> {
        if lines.is_empty() {
            return Ok(Vec::new());
        }
        let lines = lines.strip_suffix('\n').ok_or(NotANote("its last line has no end"))?;
        if lines.split('\n').count() > MAX_SIGNATURES {
            return Err(NotANote("it has too many signatures"));
        }
        lines.split('\n').map(Signature::parse).collect()
    }
}

impl Signature {
    fn parse(line: &str) -> Result<Self, NotANote> {
        let malformed = NotANote("a line with a signature is malformed");
        let (name, encoded) = line.strip_prefix(DASH).and_then(|rest| rest.split_once(' ')).ok_or(malformed.clone())?;
        let bytes = from_base64(encoded).filter(|_| is_key_name(name)).ok_or(malformed.clone())?;
        let (key_id, bytes) = bytes.split_first_chunk::<4>().filter(|(_, bytes)| !bytes.is_empty()).ok_or(malformed)?;
        Ok(Self { name: name.to_owned(), key_id: u32::from_be_bytes(*key_id), bytes: bytes.to_vec() })
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.key_id.to_be_bytes()[..], &self.bytes].concat();
        writeln!(f, "{DASH}{} {}", self.name, to_base64(&bytes))
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| signature.fmt(f))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    const EXAMPLE: &str = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    #[test]
    fn notes_are_written_as_they_are_read() {
        let note = Note::parse(EXAMPLE).expect("a note");
        assert_eq!((note.text.as_str(), note.signatures[0].name.as_str()), ("This is an example message.\n", "example.com/foo"));
        assert_eq!((note.signatures[0].key_id, note.signatures[0].bytes.len()), (0x530d_903a, 64));
        assert_eq!(note.to_string(), EXAMPLE);
        let paragraphs = EXAMPLE.replace("message.", "message.\n\nOf two paragraphs.");
        assert_eq!(Note::parse(&paragraphs).expect("a note").to_string(), paragraphs);
    }

    #[test]
    fn what_is_no_note_is_refused() {
        let line = EXAMPLE.split_once("\n\n").expect("a line").1;
        for text in [
            String::new(),
            "text\n".to_owned(),
            "text\n\n".to_owned(),
            format!("text\n{line}"),
            EXAMPLE.trim_end().to_owned(),
            EXAMPLE.replace("— ", "- "),
            EXAMPLE.replace("foo ", "foo  "),
            EXAMPLE.replace("/foo", "/f+oo"),
            EXAMPLE.replace("aQM=", "aQM"),
            EXAMPLE.replace("an example", "an\texample"),
            format!("text\n\n{}", line.repeat(200)),
            format!("text\n\n— name {}\n", to_base64(&[1, 2, 3, 4])),
            format!("{}\n\n{line}", "x".repeat(MAX_BYTES)),
        ] {
            assert!(Note::parse(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn another_implementation_reads_and_writes_the_same() {
        let theirs = signed_note::Note::from_bytes(EXAMPLE.as_bytes()).expect("a note");
        assert_eq!(theirs.to_bytes(), Note::parse(EXAMPLE).expect("a note").to_string().as_bytes());
        assert_eq!(theirs.text(), Note::parse(EXAMPLE).expect("a note").text.as_bytes());
    }
}
