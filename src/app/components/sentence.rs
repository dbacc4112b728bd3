//! A sentence with elements of the page in it.

use leptos::prelude::*;

use crate::language::pattern::Piece;

/// The parts of a text, in the order of its language; `element` makes what stands at each of its places.
pub fn sentence(parts: Vec<Piece<'static>>, element: impl Fn(usize) -> AnyView) -> Vec<AnyView> {
    parts
        .into_iter()
        .map(|part| match part {
            Piece::Text(text) => text.into_any(),
            Piece::Argument(place) => element(place),
        })
        .collect()
}
