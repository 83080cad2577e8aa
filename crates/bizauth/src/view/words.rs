//! The words of the pages, in Korean and English, from the Fluent files of this crate.
//!
//! The files are part of the binary and are read once, when first needed. A key that one language lacks, or that a template
//! asks for in vain, fails a test of this crate, never a person's page.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

use super::particle;

/// The Fluent files of one language: the name and the text of each.
pub(super) type Files = [(&'static str, &'static str)];

macro_rules! files {
    ($language:literal) => {
        files!(
            $language, "frame", "kit", "login", "consent", "items", "faults", "notices", "dev",
            // The pages.
            "console",
            "console_apps",
            "console_items",
            "console_keys",
            "console_tokens",
            "console_errors",
            "console_tools",
            "me",
            "account",
            "operator",
            "operator_acts",
            "operator_facts",
            "operator_ips",
            "import",
        )
    };
    ($language:literal, $($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../locales/", $language, "/", $name, ".ftl")))),+]
    };
}

pub(super) const KO: &Files = files!("ko");
pub(super) const EN: &Files = files!("en");

/// The roles on an asset that there are words for. Whoever tells of assets may use others.
pub const ROLES: [&str; 6] = ["owner", "manager", "operator", "editor", "member", "viewer"];

/// A language that the pages speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Korean.
    Ko,
    /// English.
    En,
}

impl Language {
    /// Both languages.
    pub const ALL: [Self; 2] = [Self::Ko, Self::En];

    /// The language that an `Accept-Language` header prefers (RFC 9110 §12.5.4); English when it names neither.
    pub fn from_header(accept_language: Option<&str>) -> Self {
        let mut best = (0.0, Self::En);
        for range in accept_language.unwrap_or_default().split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let primary = tag.split('-').next().unwrap_or_default();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
            // Only a greater weight wins: among equals the first one named stands.
            if let Some(language) = Self::from_code(primary)
                && weight > best.0
            {
                best = (weight, language);
            }
        }
        best.1
    }

    /// The language with this code, in any case; `None` for a code the pages do not speak.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(code))
    }

    /// The code, as in `<html lang>` and in the query of the language switch.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ko => "ko",
            Self::En => "en",
        }
    }

    /// The language's name for itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ko => "한국어",
            Self::En => "English",
        }
    }

    /// The one that is not this one.
    pub const fn other(self) -> Self {
        match self {
            Self::Ko => Self::En,
            Self::En => Self::Ko,
        }
    }
}

/// Something that can fill a place in a sentence.
pub trait Value {
    /// The value as Fluent takes it; a number may choose the plural.
    fn value(&self) -> FluentValue<'_>;
}

impl Value for str {
    fn value(&self) -> FluentValue<'_> {
        self.into()
    }
}

impl Value for String {
    fn value(&self) -> FluentValue<'_> {
        self.as_str().into()
    }
}

impl Value for usize {
    fn value(&self) -> FluentValue<'_> {
        (*self).into()
    }
}

impl Value for u64 {
    fn value(&self) -> FluentValue<'_> {
        (*self).into()
    }
}

impl Value for i64 {
    fn value(&self) -> FluentValue<'_> {
        (*self).into()
    }
}

impl<T: Value + ?Sized> Value for &T {
    fn value(&self) -> FluentValue<'_> {
        (**self).value()
    }
}

/// The four texts about one fault code, for its page and for the documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultWords {
    /// What happened, in a few words.
    pub title: String,
    /// Why, for the person in front of the page.
    pub cause: String,
    /// What the developer of the app should do.
    pub remedy: String,
    /// What the person in front of the page can do.
    pub person: String,
}

/// Every sentence the pages can say, in both languages. A language is read when somebody is told something in it: a node
/// that answers programs alone needs neither, and half of what an idle server holds would be words.
pub struct Words {
    ko: LazyLock<FluentBundle<FluentResource>>,
    en: LazyLock<FluentBundle<FluentResource>>,
}

impl Default for Words {
    fn default() -> Self {
        Self::new()
    }
}

impl Words {
    /// The Fluent files that are part of this binary.
    pub fn new() -> Self {
        Self { ko: LazyLock::new(|| bundle(Language::Ko, KO)), en: LazyLock::new(|| bundle(Language::En, EN)) }
    }

    /// The words under `key`, which is a message (`sign-out`) or an attribute of one (`fault-koe101.cause`).
    pub fn say(&self, language: Language, key: &str) -> String {
        self.say_with(language, key, &[])
    }

    /// The words under `key`, with arguments.
    pub fn say_with(&self, language: Language, key: &str, args: &[(&str, FluentValue<'_>)]) -> String {
        // The marks make a lost key plain to see; a test looks for them in every rendered sample.
        self.find(language, key, args).unwrap_or_else(|| format!("⟦{key}⟧"))
    }

    /// Whether there are words under `key`.
    pub fn has(&self, key: &str) -> bool {
        self.find(Language::En, key, &[]).is_some()
    }

    /// The hint of a label: the attribute `.hint` of its message, if it has one.
    pub fn hint(&self, language: Language, key: &str) -> Option<String> {
        self.find(language, &format!("{key}.hint"), &[])
    }

    /// The display name of a consent item of the built-in catalogue; `None` for one that an operator added.
    pub fn item_name(&self, id: &str, language: Language) -> Option<String> {
        self.find(language, &format!("item-{id}"), &[])
    }

    /// What a consent item of the built-in catalogue allows, in a sentence.
    pub fn item_about(&self, id: &str, language: Language) -> Option<String> {
        self.find(language, &format!("item-{id}.about"), &[])
    }

    /// The display name of a built-in group of consent items.
    pub fn group_name(&self, id: &str, language: Language) -> Option<String> {
        self.find(language, &format!("group-{id}"), &[])
    }

    /// A person's role on an asset, in words; a role unknown here is shown as it is.
    pub fn role(&self, role: &str, language: Language) -> String {
        self.find(language, &format!("role-{role}"), &[]).unwrap_or_else(|| role.to_owned())
    }

    /// The texts about a fault code (`KOE101`); `None` for a code without any.
    pub fn fault(&self, code: &str, language: Language) -> Option<FaultWords> {
        self.explained(&format!("fault-{}", code.to_ascii_lowercase()), language)
    }

    /// The texts about a refusal under `key`, with the same parts.
    pub fn explained(&self, key: &str, language: Language) -> Option<FaultWords> {
        let part = |name: &str| self.find(language, &format!("{key}.{name}"), &[]);
        Some(FaultWords {
            title: self.find(language, key, &[])?,
            cause: part("cause")?,
            remedy: part("remedy")?,
            person: part("person").unwrap_or_else(|| self.say(language, "fault-person")),
        })
    }

    fn find(&self, language: Language, key: &str, args: &[(&str, FluentValue<'_>)]) -> Option<String> {
        let bundle = match language {
            Language::Ko => &self.ko,
            Language::En => &self.en,
        };
        let (id, attribute) = key.split_once('.').map_or((key, None), |(id, name)| (id, Some(name)));
        let message = bundle.get_message(id)?;
        let pattern = match attribute {
            Some(name) => message.get_attribute(name)?.value(),
            None => message.value()?,
        };
        let args: FluentArgs<'_> = args.iter().map(|(name, value)| (*name, value.clone())).collect();
        // Fluent writes `{$name}` for what it lacks; the test of the samples looks for that too.
        Some(bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned())
    }
}

fn bundle(language: Language, files: &Files) -> FluentBundle<FluentResource> {
    let tag = language.code().parse().expect("`ko` and `en` are language tags");
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // The invisible isolation marks would end up in titles and copied text; both languages run left to right.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(|value, _| match value {
        FluentValue::Number(number) if number.value.fract() == 0.0 => Some(grouped(number.value)),
        _ => None,
    }));
    bundle
        .add_function("JOSA", |given, _| match given {
            [word, FluentValue::String(pair)] => particle::choose(&text(word), pair).into(),
            _ => FluentValue::Error,
        })
        .expect("the bundle is new, so the name is free");
    #[cfg(test)]
    let files = &files.iter().copied().chain([super::kit::sample::words(language)]).collect::<Vec<_>>();
    for (name, text) in files {
        let resource = FluentResource::try_new((*text).to_owned());
        let resource = resource.unwrap_or_else(|(_, errors)| panic!("{}/{name}.ftl: {errors:?}", language.code()));
        bundle.add_resource(resource).unwrap_or_else(|errors| panic!("{}/{name}.ftl: {errors:?}", language.code()));
    }
    bundle
}

fn text(value: &FluentValue<'_>) -> String {
    match value {
        FluentValue::String(text) => text.to_string(),
        FluentValue::Number(number) => number.as_string().into_owned(),
        _ => String::new(),
    }
}

/// A whole number with a comma after every three digits, as both languages write it.
fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut out = String::from(if number < 0.0 { "-" } else { "" });
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_chooses_the_language() {
        let table = [
            (None, Language::En),
            (Some(""), Language::En),
            (Some("ko"), Language::Ko),
            (Some("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7"), Language::Ko),
            (Some("en-GB, ko;q=0.9"), Language::En),
            (Some("ja, ko;q=0.4, en;q=0.3"), Language::Ko),
            (Some("fr"), Language::En),
            (Some("KO-kr"), Language::Ko),
            (Some("ko;q=0, en;q=0.1"), Language::En),
            (Some("ko;q=x"), Language::En),
            (Some("kok"), Language::En),
        ];
        for (header, language) in table {
            assert_eq!(Language::from_header(header), language, "{header:?}");
        }
    }

    /// A count that stands before a plural chooses it, so it has to arrive as a number.
    #[test]
    fn one_of_a_thing_is_not_several() {
        let words = Words::new();
        let counted = [("usage-of", "most"), ("usage-calls-about", "total"), ("usage-refusals-about", "total")];
        for (key, name) in counted.into_iter().chain([("op-audit-entries", "n"), ("import-progress", "total")]) {
            let said = |n: i64| words.say_with(Language::En, key, &[(name, n.value()), ("done", 1.into())]);
            let (one, two) = (said(1), said(2));
            assert!(one.contains("1 ") && two.contains("2 "), "{one} {two}");
            assert_ne!(one, two.replacen('2', "1", 1), "{key}");
        }
    }

    #[test]
    fn numbers_are_grouped_by_three() {
        for (number, text) in [(0.0, "0"), (999.0, "999"), (1000.0, "1,000"), (1_234_567.0, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
