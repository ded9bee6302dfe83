//! Every number of the rules that is cited anywhere – "rules 6.5", "Rules 3.3, 6.2", "rules 5.1–5.3" – is on the page
//! `src/domain/RULES.md`, which counts without gaps.

use std::{
    collections::BTreeSet,
    fmt, fs,
    path::{Path, PathBuf},
};

/// Where citations stand; of these every text that is UTF-8 is read.
const CITING: [&str; 6] = ["src", "proto", "tests", "benches", "README.md", "CHANGELOG.md"];

/// This file cites numbers that do not exist, to see that they are found.
const NOT_CITING: &str = "tests/rules.rs";

/// A section (`6`) or an item of one (`6.5`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Number {
    section: u32,
    item: Option<u32>,
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.item {
            Some(item) => write!(f, "{}.{item}", self.section),
            None => write!(f, "{}", self.section),
        }
    }
}

/// A number that is cited, and the line that cites it, from 1.
#[derive(Debug, PartialEq, Eq)]
struct Citation {
    line: usize,
    number: Number,
}

/// Reads a text from its start. Line ends count as spaces, with the comment marks that begin the next line.
#[derive(Clone, Copy)]
struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    /// Skips a literal; returns whether it was there.
    fn skip(&mut self, literal: &str) -> bool {
        let found = self.rest.strip_prefix(literal);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    /// Skips spaces, line ends and comment marks; returns whether there was any.
    fn skip_space(&mut self) -> bool {
        let before = self.rest.len();
        loop {
            let line = self.rest.trim_start_matches([' ', '\t', '\r']);
            match line.strip_prefix('\n') {
                None => {
                    self.rest = line;
                    return self.rest.len() < before;
                }
                Some(next) => {
                    let next = next.trim_start_matches([' ', '\t']);
                    self.rest = next.trim_start_matches(['/', '!', '#', '*', '>']);
                }
            }
        }
    }

    /// Skips a word with the space behind it; returns whether it was there.
    fn skip_word(&mut self, word: &str) -> bool {
        let mut ahead = *self;
        let found = ahead.skip(word) && ahead.skip_space();
        if found {
            *self = ahead;
        }
        found
    }

    fn digits(&mut self) -> Option<u32> {
        let end = self.rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        let value = digits.parse().ok()?;
        self.rest = rest;
        Some(value)
    }

    /// Reads `6` or `6.5`; a dot that ends the sentence is left.
    fn number(&mut self) -> Option<Number> {
        let section = self.digits()?;
        let mut ahead = *self;
        let item = if ahead.skip(".") { ahead.digits() } else { None };
        if item.is_some() {
            *self = ahead;
        }
        Some(Number { section, item })
    }

    /// Skips what may stand between two cited numbers; returns whether it means all numbers from the one to the other.
    fn link(&mut self) -> Option<bool> {
        let mut ahead = *self;
        let spaced = ahead.skip_space();
        let range = if ahead.skip("–") || ahead.skip("-") || (spaced && ahead.skip_word("to")) {
            true
        } else if ahead.skip("/") || (spaced && (ahead.skip_word("and") || ahead.skip_word("or"))) {
            false
        } else if ahead.skip(",") {
            ahead.skip_space();
            let _ = ahead.skip_word("and") || ahead.skip_word("or");
            false
        } else {
            return None;
        };
        ahead.skip_space();
        *self = ahead;
        Some(range)
    }

    /// Reads `6.5`, `6.5, 6.8 and 7`, `5.1–5.3`; of a range everything between its ends as well. Returns each number
    /// with how many bytes were left before it.
    fn numbers(&mut self) -> Vec<(usize, Number)> {
        let mut found = Vec::new();
        let before = self.rest.len();
        let Some(mut last) = self.number() else { return found };
        found.push((before, last));
        loop {
            let mut ahead = *self;
            let Some(range) = ahead.link() else { return found };
            let before = ahead.rest.len();
            let Some(next) = ahead.number() else { return found };
            if range {
                found.extend(between(last, next).into_iter().map(|number| (before, number)));
            }
            found.push((before, next));
            last = next;
            *self = ahead;
        }
    }
}

/// What a range means beside its two ends, if both are sections or items of one section.
fn between(first: Number, last: Number) -> Vec<Number> {
    match (first.item, last.item) {
        (None, None) => (first.section + 1..last.section).map(|section| Number { section, item: None }).collect(),
        (Some(from), Some(to)) if first.section == last.section => {
            (from + 1..to).map(|item| Number { section: first.section, item: Some(item) }).collect()
        }
        _ => Vec::new(),
    }
}

/// Finds the numbers that follow the word "rule" or "rules".
fn citations(text: &str) -> Vec<Citation> {
    let mut found = Vec::new();
    // ASCII letters keep their places.
    let lower = text.to_ascii_lowercase();
    for (at, word) in lower.match_indices("rule") {
        let part_of_word = lower[..at].chars().next_back().is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
        let mut reader = Reader { rest: &lower[at + word.len()..] };
        reader.skip("s");
        if part_of_word || !reader.skip_space() {
            continue;
        }
        let line_of = |left: usize| 1 + text[..text.len() - left].matches('\n').count();
        found.extend(reader.numbers().into_iter().map(|(left, number)| Citation { line: line_of(left), number }));
    }
    found
}

/// The numbers that the page has: `## 6. Commission`, `**6.5** …`.
fn numbers_of(page: &str) -> BTreeSet<Number> {
    let sections = page.lines().filter_map(|line| line.strip_prefix("## "));
    let sections = sections.map(|heading| Reader { rest: heading }.number().expect("a section has a number"));
    let items = page.lines().filter_map(|line| line.strip_prefix("**"));
    let items = items.filter_map(|item| Reader { rest: item }.number()).filter(|number| number.item.is_some());
    sections.chain(items).collect()
}

fn at_home(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn page() -> String {
    fs::read_to_string(at_home("src/domain/RULES.md")).unwrap()
}

/// All files below a folder, or the file itself.
fn files_below(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let mut entries: Vec<PathBuf> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    // Installed and made there by the tests of a client.
    entries.retain(|entry| !entry.ends_with("node_modules") && !entry.ends_with("dist"));
    entries.sort();
    entries.iter().flat_map(|entry| files_below(entry)).collect()
}

fn number(text: &str) -> Number {
    Reader { rest: text }.number().unwrap()
}

#[test]
fn every_number_that_is_cited_is_on_the_page() {
    let known = numbers_of(&page());
    let mut cited = 0;
    let mut unknown = Vec::new();
    for file in CITING.iter().flat_map(|place| files_below(&at_home(place))) {
        if file == at_home(NOT_CITING) {
            continue;
        }
        let Ok(text) = String::from_utf8(fs::read(&file).unwrap()) else { continue };
        for Citation { line, number } in citations(&text) {
            cited += 1;
            if !known.contains(&number) {
                let file = file.strip_prefix(at_home("")).unwrap().display();
                unknown.push(format!("{file}:{line}: rules {number}"));
            }
        }
    }
    assert!(unknown.is_empty(), "not in src/domain/RULES.md:\n{}", unknown.join("\n"));
    assert!(cited > 800, "only {cited} citations were found: the scanner has gone blind");
}

#[test]
fn the_page_counts_without_gaps_and_cites_itself_rightly() {
    let page = page();
    let known = numbers_of(&page);
    let sections: Vec<u32> = known.iter().filter(|number| number.item.is_none()).map(|number| number.section).collect();
    assert_eq!(sections, (1..=u32::try_from(sections.len()).unwrap()).collect::<Vec<_>>());
    for section in sections {
        let items: Vec<u32> = known.iter().filter(|number| number.section == section).filter_map(|number| number.item).collect();
        assert_eq!(items, (1..=u32::try_from(items.len()).unwrap()).collect::<Vec<_>>(), "items of section {section}");
    }

    // On its own page a number is cited without the word before it: "ties as in 3.3".
    for (index, line) in page.lines().enumerate() {
        let words = line.split([' ', '(', ')', '*', ',', ';', ':', '"', '\'']).map(|word| word.trim_end_matches('.'));
        for word in words.filter(|word| word.split_once('.').is_some_and(|(section, item)| is_digits(section) && is_digits(item))) {
            assert!(known.contains(&number(word)), "src/domain/RULES.md:{}: {word}", index + 1);
        }
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[test]
fn a_wrong_number_is_found() {
    let known = numbers_of(&page());
    let text = "/// Rules 6.5.\n/// What is left, rules 6.5 and\n/// 6.99.\nfn rest() {}\n// as rules 6–77 say";
    let unknown: Vec<String> = citations(text)
        .into_iter()
        .filter(|citation| !known.contains(&citation.number))
        .map(|Citation { line, number }| format!("{line}: {number}"))
        .collect();
    assert!(unknown.contains(&"3: 6.99".to_owned()), "{unknown:?}");
    assert!(unknown.contains(&"5: 77".to_owned()) && unknown.contains(&"5: 50".to_owned()), "{unknown:?}");
    assert!(!unknown.iter().any(|citation| citation.ends_with(": 6.5")), "{unknown:?}");
}

#[test]
fn citations_are_read_as_they_are_written() {
    for (text, expected) in [
        ("rules 6.5", &["6.5"][..]),
        ("Rules 9.", &["9"]),
        ("(rules 3.3, 6.2)", &["3.3", "6.2"]),
        ("Rules 6.5 and 6.8: a refund", &["6.5", "6.8"]),
        ("rules 4.5, 5.1, 8.1, and 8.3", &["4.5", "5.1", "8.1", "8.3"]),
        ("Rules 6.1 to 6.4.", &["6.1", "6.2", "6.3", "6.4"]),
        ("rules 5.1–5.3", &["5.1", "5.2", "5.3"]),
        ("rules 4–7", &["4", "5", "6", "7"]),
        ("rules\n    /// 6.8,\n    /// 13", &["6.8", "13"]),
        ("Rules 9: capital", &["9"]),
        ("rules 12 say", &["12"]),
        ("rule 2.2/5.3", &["2.2", "5.3"]),
        ("the rules of the ledger", &[]),
        ("overrules 3, `commission_rules 4`, rules4", &[]),
    ] {
        let found: Vec<String> = citations(text).iter().map(|citation| citation.number.to_string()).collect();
        let mut found: Vec<&str> = found.iter().map(String::as_str).collect();
        found.sort_unstable();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{text}");
    }
}
