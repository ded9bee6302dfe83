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

/// Returns the first sentence of a comment, without the full stop.
pub fn first_sentence(comment: &str) -> &str {
    comment.split_once(". ").map_or_else(|| comment.strip_suffix('.').unwrap_or(comment), |(first, _)| first)
}

/// A comment's lines as one.
fn joined(comment: &str) -> String {
    comment.split_whitespace().collect::<Vec<_>>().join(" ")
}
