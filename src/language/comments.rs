//! What the contract says about its own names: the comments of its files.

use crate::proto::COMMENTED;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The comments of each file, by the paths of what they are about (`google.protobuf.SourceCodeInfo.Location.path`).
static COMMENTS: LazyLock<HashMap<(String, Vec<i32>), String>> = LazyLock::new(|| {
    let set = FileDescriptorSet::decode(COMMENTED).expect("the build made the contract's files");
    let files = set.file.into_iter().flat_map(|file| {
        let name = file.name.unwrap_or_default();
        let locations = file.source_code_info.map(|info| info.location).unwrap_or_default();
        locations.into_iter().map(move |location| ((name.clone(), location.path), location.leading_comments.unwrap_or_default()))
    });
    files.filter(|(_, comment)| !comment.is_empty()).map(|(key, comment)| (key, joined(&comment))).collect()
});

/// Returns the comment of what a path of a file leads to, on one line; empty if there is none.
pub fn comment(file: &str, path: &[i32]) -> &'static str {
    COMMENTS.get(&(file.to_owned(), path.to_vec())).map_or("", String::as_str)
}

/// Returns a comment in short: without the sections of the rules that it cites, whole if that is no longer than a line or two, else its
/// first sentence; without the full stop.
pub fn in_short(comment: &str) -> &str {
    const MAX_BYTES: usize = 160;
    let said = comment
        .rsplit_once(" Rules ")
        .map_or(comment, |(said, cited)| if cited.starts_with(|c: char| c.is_ascii_digit()) { said } else { comment });
    let said = if said.len() <= MAX_BYTES { said } else { said.split_once(". ").map_or(said, |(first, _)| first) };
    said.strip_suffix('.').unwrap_or(said)
}

/// A comment's lines as one.
fn joined(comment: &str) -> String {
    comment.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_comment_is_shown_whole_and_a_long_one_by_its_first_sentence() {
        assert_eq!(in_short("Why. Required. Rules 4.4."), "Why. Required");
        assert_eq!(in_short("The sale, as the rules say"), "The sale, as the rules say");
        assert_eq!(in_short(&format!("First of all. {} Rules 6.2, 6.3.", "More. ".repeat(40))), "First of all");
        assert_eq!(
            comment("partnership/ledger/v1/events.proto", &[4, 0]).split('.').next(),
            Some("A fact that has happened, as its emitter tells it")
        );
    }
}
