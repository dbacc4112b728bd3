//! Words that change on a page that is alive.

use leptos::prelude::*;

use crate::app::erased::{Erase as _, Erased};

/// What `say` says, in an element of its own each time. A translator, or a phone that makes links of numbers, puts elements of its
/// own in the place of text: what they made of the words before goes away with those, and is not left beside the new ones.
pub fn words(say: impl Fn() -> String + Send + Sync + 'static) -> Erased {
    fresh(Box::new(say))
}

/// Not generic: there is one of it, whatever it says.
fn fresh(say: Box<dyn Fn() -> String + Send + Sync>) -> Erased {
    view! {
        <For each=move || [say()] key=String::clone let:text>
            <span>{text}</span>
        </For>
    }
    .erased()
}
