//! The languages of what people read, English and Thai: texts, dates, figures, and the sentences that are made of answers.
//!
//! Texts are Fluent messages in `en.ftl` and `th.ftl`, which have the same messages with the same variables. How to use it:
//!
//! - `say!(language, "balance-none", partner = id)` is a text. A name that no file has does not compile.
//! - `language.word::<proto::Side>(value)` is an enum's value in words; codes that rules name stay codes (`text::code`).
//! - `language.amount("USD", 123_450)`, `language.money(…)`, `language.time(…)`, `language.percent(…)`, `language.party(…)`
//!   are values as tables show them; `language.grouped(…)`, `language.day(…)` and `language.month(…)` as letters do.
//! - `language.compare_names(left, right)` sorts names for people; only for lists that are whole, never within pages.
//! - `terms`, `steps`, `alerts`, `leads` and `records` put what the contract's messages say into sentences.
//!
//! What others wrote goes through `text::line` before it goes into a text. JSON (`json`) is never translated.

pub mod alerts;
pub mod comments;
pub mod days;
pub mod json;
mod key;
pub mod leads;
mod locale;
pub mod records;
pub mod steps;
pub mod terms;
pub mod text;
mod value;
pub mod written;

pub use crate::say;
pub use fluent_bundle::FluentValue;
pub use key::Key;

use fluent_bundle::FluentArgs;
use locale::Locale;
use std::cmp::Ordering;
use text::Coded;

/// A text in a language: `say!(language, "balance-none", partner = id)`. A name that no file has does not compile.
#[macro_export]
macro_rules! say {
    ($language:expr, $name:literal $(, $variable:ident = $value:expr)* $(,)?) => {
        $language.text(
            const { $crate::language::Key::of($name) },
            &[$((stringify!($variable), $crate::language::FluentValue::from($value))),*],
        )
    };
}

/// A language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// English
    #[default]
    #[value(name = "en")]
    English,
    /// Thai, with years of the Buddhist era
    #[value(name = "th")]
    Thai,
}

impl Language {
    /// Its tag, as `lang` attributes have it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Thai => "th",
        }
    }

    /// Its name in itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Thai => "ไทย",
        }
    }

    /// The language of a tag; `None` if there is none.
    pub fn of_tag(tag: &str) -> Option<Self> {
        [Self::English, Self::Thai].into_iter().find(|language| language.tag() == tag)
    }

    /// A text; use the macro `say!`.
    pub fn text(self, key: Key, variables: &[(&str, FluentValue)]) -> String {
        self.message(key.name(), variables).expect("both files have every key, as the tests of the keys show")
    }

    /// A value of an enum in words: `under notice`. One that this release does not know is its number.
    pub fn word<E: Coded>(self, value: i32) -> String {
        let Ok(value) = E::try_from(value) else { return value.to_string() };
        let name = value.name().to_ascii_lowercase().replace('_', "-");
        self.message(&name, &[]).unwrap_or_else(|| say!(self, "unspecified"))
    }

    /// The order of two names for people, whatever their script: Thai by its consonants, not by the vowels written before them.
    pub fn compare_names(self, left: &str, right: &str) -> Ordering {
        // Of names that sort alike the bytes decide, so that the order is always the same.
        Locale::of(self, |locale| locale.collator.compare(left, right)).then_with(|| left.cmp(right))
    }

    fn message(self, name: &str, variables: &[(&str, FluentValue)]) -> Option<String> {
        Locale::of(self, |locale| {
            let pattern = locale.bundle.get_message(name)?.value()?;
            let variables: FluentArgs = variables.iter().map(|(name, value)| (*name, value.clone())).collect();
            let mut errors = Vec::new();
            let text = locale.bundle.format_pattern(pattern, Some(&variables), &mut errors);
            debug_assert!(errors.is_empty(), "{name}: {errors:?}");
            Some(text.into_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto;

    #[test]
    fn words_are_in_the_language() {
        let state = proto::AgreementState::UnderNotice.into();
        assert_eq!(Language::English.word::<proto::AgreementState>(state), "under notice");
        assert_eq!(Language::Thai.word::<proto::AgreementState>(state), "บอกกล่าวเลิกแล้ว");
        assert_eq!(Language::Thai.word::<proto::Side>(99), "99");
        assert_eq!(Language::English.word::<proto::Side>(0), "unspecified");
    }

    #[test]
    fn names_are_sorted_as_dictionaries_do() {
        let mut names = ["แก้ว", "Zed", "กา", "โต", "เก่ง", "acme", "ขาว", "ไก่", "กบ"];
        names.sort_by(|left, right| Language::Thai.compare_names(left, right));
        assert_eq!(names, ["กบ", "กา", "เก่ง", "แก้ว", "ไก่", "ขาว", "โต", "acme", "Zed"], "Thai begins where Thai is read");
        names.sort_by(|left, right| Language::English.compare_names(left, right));
        assert_eq!(names, ["acme", "Zed", "กบ", "กา", "เก่ง", "แก้ว", "ไก่", "ขาว", "โต"]);
        let mut alike = ["acme", "ACME", "Acme"];
        alike.sort_by(|left, right| Language::English.compare_names(left, right));
        assert_eq!(alike, ["acme", "Acme", "ACME"]);
    }
}
