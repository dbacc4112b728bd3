//! A sentence with elements of the page in it.

use maud::{Markup, html};

use crate::language::pattern::Piece;

/// The parts of a text, in the order of its language; `element` makes what stands at each of its places.
pub(in crate::tenant) fn sentence(parts: Vec<Piece<'static>>, element: impl Fn(usize) -> Markup) -> Markup {
    html! {
        @for part in parts {
            @match part {
                Piece::Text(text) => { (text) }
                Piece::Argument(place) => { (element(place)) }
            }
        }
    }
}

/// A sentence with one such element.
pub(in crate::tenant) fn sentence_with(parts: Vec<Piece<'static>>, element: &Markup) -> Markup {
    sentence(parts, |_| element.clone())
}
