//! The languages that Errand speaks, which of them somebody reads, and how a text is put together. Plain functions, for the
//! browser and all servers; the texts themselves stand in the rooms that say them (`texts/*.ftl`, read by `build.rs`).

pub mod negotiation;
pub mod pattern;
#[cfg(any(feature = "identity", feature = "tenant"))]
pub(crate) mod server_texts;

use serde::{Deserialize, Serialize};

/// One of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// English, and what is shown to those who speak neither.
    #[default]
    English,
    /// Spanish.
    Spanish,
}

/// A category of plurals (Unicode CLDR, "Language Plural Rules"). A language has some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plural {
    /// As for one.
    One,
    /// As for anything else.
    Other,
}

impl Language {
    /// All of them, the one for those who speak none first.
    pub const ALL: [Self; 2] = [Self::English, Self::Spanish];

    /// That of a language tag (RFC 5646), whatever its region: `es-MX` is Spanish.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }

    /// Its tag, for `lang`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// What it is called by those who speak it.
    pub fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Spanish => "Español",
        }
    }

    /// How it speaks of so many. (Spanish has a category of its own for millions, which nobody has to do.)
    pub fn plural(self, count: u64) -> Plural {
        match self {
            Self::English | Self::Spanish if count == 1 => Plural::One,
            Self::English | Self::Spanish => Plural::Other,
        }
    }
}

impl Plural {
    /// As a text names it.
    pub fn key(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_names_a_language_whatever_its_region() {
        for (tag, language) in [
            ("en", Some(Language::English)),
            ("en-GB", Some(Language::English)),
            ("ES", Some(Language::Spanish)),
            ("es-419", Some(Language::Spanish)),
            ("es_MX", Some(Language::Spanish)),
            ("est", None),
            ("de", None),
            ("", None),
        ] {
            assert_eq!(Language::of_tag(tag), language, "{tag}");
        }
        assert!(Language::ALL.into_iter().all(|language| Language::of_tag(language.tag()) == Some(language)));
        assert_eq!(Language::ALL[0], Language::default());
    }
}
