//! The countries to choose from, in the language of whoever chooses.

use crate::app::arrangement::folded;
use crate::language::Language;
use crate::platform::countries::COUNTRIES;

/// Codes and names in Spanish, one country a line.
const SPANISH: &str = include_str!("countries/es.txt");

/// Codes and names, in the order of the names.
pub(super) fn names(language: Language) -> Vec<(String, String)> {
    let pair = |(code, name): (&str, &str)| (code.to_owned(), name.to_owned());
    match language {
        Language::English => COUNTRIES.into_iter().map(pair).collect(),
        Language::Spanish => sorted(SPANISH.lines().filter_map(|line| line.split_once(' ')).map(pair).collect()),
    }
}

/// As people look for them: without regard to accents.
fn sorted(mut names: Vec<(String, String)>) -> Vec<(String, String)> {
    names.sort_by_cached_key(|(_, name)| folded(name));
    names
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_country_has_a_name_in_every_language() {
        let codes: BTreeSet<String> = COUNTRIES.iter().map(|(code, _)| (*code).to_owned()).collect();
        for language in Language::ALL {
            let names = names(language);
            assert_eq!(names.len(), codes.len(), "{language:?}");
            assert_eq!(names.iter().map(|(code, _)| code.clone()).collect::<BTreeSet<_>>(), codes, "{language:?}");
            let different: BTreeSet<&String> = names.iter().map(|(_, name)| name).collect();
            assert_eq!(different.len(), codes.len(), "{language:?}: two countries of one name");
        }
        let spanish: Vec<String> = names(Language::Spanish).into_iter().map(|(_, name)| name).collect();
        assert_eq!(spanish[..3], ["Afganistán", "Albania", "Alemania"]);
    }
}
