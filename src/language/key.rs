//! Names of texts, checked at compile time against `en.ftl`, and in a test against `th.ftl`.

/// The English texts.
pub const ENGLISH: &str = include_str!("en.ftl");
/// The Thai texts.
pub const THAI: &str = include_str!("th.ftl");

/// The name of an existing text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(&'static str);

/// The offsets of the English messages, among which names are looked up.
const STARTS: [usize; count()] = starts();

impl Key {
    /// The key of a name; a name that the files do not have does not compile.
    pub const fn of(name: &'static str) -> Self {
        let mut at = 0;
        while at < STARTS.len() {
            if begins_message(STARTS[at], name.as_bytes()) {
                return Self(name);
            }
            at += 1;
        }
        panic!("src/language/en.ftl has no message of this name")
    }

    /// The name.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// Whether a message begins at an offset: a line that begins with a letter.
const fn is_start(at: usize) -> bool {
    let text = ENGLISH.as_bytes();
    text[at].is_ascii_alphabetic() && (at == 0 || text[at - 1] == b'\n')
}

const fn count() -> usize {
    let mut found = 0;
    let mut at = 0;
    while at < ENGLISH.len() {
        if is_start(at) {
            found += 1;
        }
        at += 1;
    }
    found
}

const fn starts<const N: usize>() -> [usize; N] {
    let mut found = [0; N];
    let mut next = 0;
    let mut at = 0;
    while at < ENGLISH.len() {
        if is_start(at) {
            found[next] = at;
            next += 1;
        }
        at += 1;
    }
    found
}

/// Whether the message at an offset has this name.
const fn begins_message(start: usize, name: &[u8]) -> bool {
    let text = ENGLISH.as_bytes();
    let mut at = 0;
    while at < name.len() {
        if start + at >= text.len() || text[start + at] != name[at] {
            return false;
        }
        at += 1;
    }
    start + at < text.len() && text[start + at] == b' '
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto;
    use prost_reflect::DescriptorPool;
    use std::collections::{BTreeMap, BTreeSet};

    /// Every message of a file with its variables.
    fn messages(file: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut name = String::new();
        for line in file.lines().filter(|line| !line.starts_with('#')) {
            if line.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
                name = line.split(' ').next().unwrap_or_default().to_owned();
                assert!(!found.contains_key(&name), "{name} is there twice");
                found.insert(name.clone(), BTreeSet::new());
            }
            for variable in line.split('$').skip(1) {
                let end = variable.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(variable.len());
                found.get_mut(&name).expect("a variable stands in a message").insert(variable[..end].to_owned());
            }
        }
        found
    }

    #[test]
    fn both_languages_have_the_same_messages_and_variables() {
        let (english, thai) = (messages(ENGLISH), messages(THAI));
        for (name, variables) in &english {
            assert_eq!(Some(variables), thai.get(name), "{name} of en.ftl, and of th.ftl");
        }
        let only_thai: Vec<_> = thai.keys().filter(|name| !english.contains_key(*name)).collect();
        assert!(only_thai.is_empty(), "only in th.ftl: {only_thai:?}");
    }

    #[test]
    fn every_value_of_every_enum_has_its_word() {
        let words = messages(ENGLISH);
        let pool = DescriptorPool::decode(proto::DESCRIPTOR).expect("the build made it");
        let enums = pool.all_enums().filter(|kind| kind.package_name() == "partnership.ledger.v1");
        let values: Vec<_> = enums.flat_map(|kind| kind.values().map(|value| value.name().to_owned()).collect::<Vec<_>>()).collect();
        assert!(values.len() > 100, "{}", values.len());
        for value in values.iter().filter(|value| !value.ends_with("_UNSPECIFIED")) {
            assert!(words.contains_key(&value.to_lowercase().replace('_', "-")), "{value} has no word");
        }
    }

    #[test]
    fn every_message_is_used() {
        let sources = sources(concat!(env!("CARGO_MANIFEST_DIR"), "/src").as_ref());
        let pool = DescriptorPool::decode(proto::DESCRIPTOR).expect("the build made it");
        let words: BTreeSet<String> = pool
            .all_enums()
            .flat_map(|kind| kind.values().map(|value| value.name().to_lowercase().replace('_', "-")).collect::<Vec<_>>())
            .collect();
        let idle: Vec<_> =
            messages(ENGLISH).into_keys().filter(|name| !words.contains(name) && !sources.contains(&format!("\"{name}\""))).collect();
        assert!(idle.is_empty(), "nothing says {idle:?}");
    }

    /// The text of all sources below a directory.
    fn sources(directory: &std::path::Path) -> String {
        let mut text = String::new();
        for entry in std::fs::read_dir(directory).expect("the sources are there") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                text.push_str(&sources(&path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text.push_str(&std::fs::read_to_string(&path).expect("readable"));
            }
        }
        text
    }
}
