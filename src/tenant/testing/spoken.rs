//! Which language a page is in, in all that it says.

use axum::http::header;

use super::answer::Answer;
use crate::language::Language;
use crate::language::pattern::{Piece, pieces};
use crate::tenant::texts::Texts;

/// The texts of a message, without what is put into it.
fn fragments(pattern: &'static str) -> impl Iterator<Item = &'static str> {
    pieces(pattern).into_iter().filter_map(|piece| match piece {
        Piece::Text(text) => Some(text.trim()),
        Piece::Argument(_) => None,
    })
}

/// Holds a text against all that is said in English: more than a word of it is not in a Spanish one.
pub(in crate::tenant) fn says_nothing_in_english(said: &str) {
    for (english, spanish) in Texts::of(Language::English).all().zip(Texts::of(Language::Spanish).all()) {
        for fragment in fragments(english) {
            let tells = fragment.contains(' ') && !spanish.contains(fragment);
            assert!(!tells || !said.contains(fragment), "{fragment:?} in {said}");
        }
    }
}

/// What a page says: its texts, and the attributes that are shown or read out. Not what is marked as English.
pub(in crate::tenant) fn said(page: &Answer) -> String {
    let html = scraper::Html::parse_document(&page.body);
    let mut said = String::new();
    for node in html.tree.nodes() {
        let lang = node.ancestors().find_map(|node| node.value().as_element()?.attr("lang"));
        if let Some(text) = node.value().as_text().filter(|_| lang != Some("en")) {
            said += text;
        }
        for name in ["title", "aria-label", "placeholder"] {
            said += node.value().as_element().and_then(|element| element.attr(name)).unwrap_or_default();
        }
        said.push('\n');
    }
    said
}

/// That all of a page is in Spanish, and can be had in English.
pub(in crate::tenant) fn is_spanish(page: &Answer) {
    assert!(page.body.contains("<html lang=\"es\">"), "{} {}", page.status, page.body);
    assert_eq!(page.header(header::CONTENT_LANGUAGE), "es");
    assert!(page.body.contains("value=\"en\" lang=\"en\">English</button>"), "{}", page.body);
    says_nothing_in_english(&said(page));
}

/// `lang` of a page.
pub(in crate::tenant) fn language(page: &Answer) -> &str {
    page.body.split("<html lang=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
}
