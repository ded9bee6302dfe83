//! What a language needs to write texts, figures and dates: made once per thread, at first use.

use super::Language;
use super::key::{ENGLISH, THAI};
use fluent_bundle::{FluentBundle, FluentResource};
use icu_collator::options::CollatorOptions;
use icu_collator::{Collator, CollatorBorrowed};
use icu_datetime::DateTimeFormatter;
use icu_datetime::fieldsets::{YM, YMD};
use icu_decimal::DecimalFormatter;
use icu_decimal::options::DecimalFormatterOptions;
use icu_locale_core::{Locale as Tag, locale};
use std::thread::LocalKey;
use unic_langid::LanguageIdentifier;

thread_local! {
    static IN_ENGLISH: Locale = Locale::new("en", ENGLISH, &locale!("en-GB"));
    static IN_THAI: Locale = Locale::new("th", THAI, &locale!("th-u-ca-buddhist"));
}

/// The texts of a language, and how it writes figures and dates.
pub struct Locale {
    /// The texts.
    pub bundle: FluentBundle<FluentResource>,
    /// Figures with groups of digits: `1,234.50`.
    pub decimal: DecimalFormatter,
    /// Short dates: `22 พ.ย. 2569`.
    pub date: DateTimeFormatter<YMD>,
    /// Dates as letters have them: `22 November 2026`.
    pub day: DateTimeFormatter<YMD>,
    /// Months: `November 2026`.
    pub month: DateTimeFormatter<YM>,
    /// Months where there is little room: `Nov 2026`.
    pub short_month: DateTimeFormatter<YM>,
    /// The order of names.
    pub collator: CollatorBorrowed<'static>,
}

impl Locale {
    /// Works with what a language needs.
    pub fn of<T>(language: Language, work: impl FnOnce(&Self) -> T) -> T {
        let locale: &'static LocalKey<Self> = match language {
            Language::English => &IN_ENGLISH,
            Language::Thai => &IN_THAI,
        };
        locale.with(work)
    }

    fn new(id: &str, texts: &str, tag: &Tag) -> Self {
        const DATA: &str = "the program carries the data of both languages";
        let id: LanguageIdentifier = id.parse().expect("it is a language's tag");
        let texts = FluentResource::try_new(texts.to_owned()).map_err(|(_, errors)| errors).expect("the files are tested");
        let mut bundle = FluentBundle::new(vec![id]);
        // Marks of direction around values are for scripts from right to left; a terminal shows them as rubbish.
        bundle.set_use_isolating(false);
        bundle.add_resource(texts).expect("no message is there twice");
        Self {
            bundle,
            decimal: DecimalFormatter::try_new(tag.into(), DecimalFormatterOptions::default()).expect(DATA),
            date: DateTimeFormatter::try_new(tag.into(), YMD::medium()).expect(DATA),
            day: DateTimeFormatter::try_new(tag.into(), YMD::long()).expect(DATA),
            month: DateTimeFormatter::try_new(tag.into(), YM::long()).expect(DATA),
            short_month: DateTimeFormatter::try_new(tag.into(), YM::medium()).expect(DATA),
            collator: Collator::try_new(tag.into(), CollatorOptions::default()).expect(DATA),
        }
    }
}
