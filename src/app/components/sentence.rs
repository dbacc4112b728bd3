//! A sentence with elements of the page in it.

use crate::app::erased::{Erase as _, Erased};
use crate::language::pattern::Piece;

/// The parts of a text, in the order of its language; `element` makes what stands at each of its places.
pub fn sentence(parts: Vec<Piece<'static>>, element: impl Fn(usize) -> Erased) -> Vec<Erased> {
    parts
        .into_iter()
        .map(|part| match part {
            Piece::Text(text) => text.erased(),
            Piece::Argument(place) => element(place),
        })
        .collect()
}
