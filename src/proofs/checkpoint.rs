//! The text of a checkpoint, as C2SP's tlog-checkpoint has it: origin, size, root.

use super::note::{from_base64, to_base64};
use crate::journal::{Hash, TreeHead};

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log it is of.
    pub origin: String,
    /// How many records it has, and the root of the tree over them.
    pub head: TreeHead,
}

/// Why a text is no checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no checkpoint: {0}")]
pub struct NotACheckpoint(&'static str);

/// A number in decimal, without leading zeros.
#[must_use]
pub fn decimal(text: &str) -> Option<u64> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| is_plain)
}

/// A hash in base64.
#[must_use]
pub fn hash_of(text: &str) -> Option<Hash> {
    from_base64(text)?.try_into().ok()
}

impl Checkpoint {
    /// The text that is signed. It has no lines beyond the three: nobody could audit them.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.head.size, to_base64(&self.head.root))
    }

    /// Parses the text of a note. Lines beyond the third are let pass, as the specification asks.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, NotACheckpoint> {
        let lines = text.strip_suffix('\n').ok_or(NotACheckpoint("its last line has no end"))?;
        let mut lines = lines.split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty()).ok_or(NotACheckpoint("it has no origin"))?;
        let size = lines.next().and_then(decimal).ok_or(NotACheckpoint("its second line is no size"))?;
        let root = lines.next().and_then(hash_of).ok_or(NotACheckpoint("its third line is no hash in base64"))?;
        if lines.any(str::is_empty) {
            return Err(NotACheckpoint("it has an empty line"));
        }
        Ok(Self { origin: origin.to_owned(), head: TreeHead { size, root } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_is_read_and_written() {
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let checkpoint = Checkpoint::parse(text).expect("a checkpoint");
        assert_eq!((checkpoint.origin.as_str(), checkpoint.head.size), ("example.com/behind-the-sofa", 20_852_163));
        assert_eq!(checkpoint.text(), text);
        assert_eq!(Checkpoint::parse(&format!("{text}an extension\n")), Ok(checkpoint.clone()));
        let theirs = tlog_tiles::checkpoint::Checkpoint::from_bytes(text.as_bytes()).expect("a checkpoint");
        assert_eq!((theirs.origin(), theirs.size(), theirs.hash().0), (checkpoint.origin.as_str(), 20_852_163, checkpoint.head.root));
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        for text in [
            String::new(),
            "\n1\n".to_owned(),
            format!("o\n1\n{root}"),
            format!("\n1\n{root}\n"),
            format!("o\n01\n{root}\n"),
            format!("o\n-1\n{root}\n"),
            format!("o\n+1\n{root}\n"),
            format!("o\n18446744073709551616\n{root}\n"),
            format!("o\n1\n{}\n", &root[..40]),
            format!("o\n1\n{root}\n\n"),
            format!("o\n1\n{root}\n\nx\n"),
        ] {
            assert!(Checkpoint::parse(&text).is_err(), "{text}");
        }
    }
}
