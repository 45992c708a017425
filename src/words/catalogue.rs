//! The catalogue itself: three .ftl files a language (what is said to callers; pages of the desk; journal, alarms and
//! refusals), read once.
//!
//! What always holds: a text that is missing shows its name instead, and a test sees to it that none is.

use super::Language;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use std::sync::LazyLock;

/// The texts of a language as they are written.
pub(super) const fn source(language: Language) -> &'static str {
    match language {
        Language::Indonesian => {
            concat!(include_str!("id.ftl"), include_str!("pages.id.ftl"), include_str!("record.id.ftl"))
        }
        Language::English => {
            concat!(include_str!("en.ftl"), include_str!("pages.en.ftl"), include_str!("record.en.ftl"))
        }
    }
}

static INDONESIAN: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Language::Indonesian));
static ENGLISH: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Language::English));

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let mut bundle = FluentBundle::new_concurrent(vec![language.tag().parse().unwrap_or_default()]);
    // Marks around what is put in are for right-to-left scripts, and would stand in terminals and exports.
    bundle.set_use_isolating(false);
    let resource = FluentResource::try_new(source(language).to_owned()).unwrap_or_else(|(whole, _)| whole);
    bundle.add_resource_overriding(resource);
    bundle
}

fn of(language: Language) -> &'static FluentBundle<FluentResource> {
    match language {
        Language::Indonesian => &INDONESIAN,
        Language::English => &ENGLISH,
    }
}

/// A value that a text names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Arg<'a> {
    /// As it is.
    Text(&'a str),
    /// To choose between variants by.
    Number(i32),
}

/// A text, or one part of it (`say`, `do`, …).
pub(super) fn text(language: Language, key: &str, part: &str, args: &[(&str, Arg<'_>)]) -> String {
    formatted(language, key, part, args).0.unwrap_or_else(|| {
        tracing::error!(%language, key, part, "a text is missing");
        key.to_owned()
    })
}

/// A text without values, where there is one.
pub(super) fn known(language: Language, key: &str) -> Option<String> {
    formatted(language, key, "", &[]).0
}

/// A text, and whether all went well.
pub(super) fn formatted(language: Language, key: &str, part: &str, args: &[(&str, Arg<'_>)]) -> (Option<String>, bool) {
    let bundle = of(language);
    let Some(message) = bundle.get_message(key) else { return (None, false) };
    let pattern = if part.is_empty() { message.value() } else { message.get_attribute(part).map(|part| part.value()) };
    let Some(pattern) = pattern else { return (None, false) };
    let values = args.iter().map(|(name, value)| {
        let value = match value {
            Arg::Text(text) => FluentValue::from(*text),
            Arg::Number(number) => FluentValue::from(*number),
        };
        (*name, value)
    });
    let values: FluentArgs<'_> = values.collect();
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned();
    (Some(text), errors.is_empty())
}
