//! The few drawings, in the colour of the text beside them.

use leptos::prelude::*;
use leptos::tachys::html::InertElement;

use crate::app::erased::Erase as _;

/// Errand's mark: a ticked note.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
            <rect class="mark__note" x="2" y="2" width="28" height="28" rx="8" />
            <path class="mark__tick" d="M9.5 16.5l4.6 4.6 8.6-9.6" fill="none" stroke-width="3.2" stroke-linecap="round" stroke-linejoin="round" />
        </svg>
    }
}

/// A sheet with room for the first to-do.
#[component]
pub fn EmptyList() -> impl IntoView {
    view! {
        <svg class="drawing" viewBox="0 0 120 96" width="120" height="96" aria-hidden="true">
            <rect class="drawing__back" x="30" y="8" width="70" height="80" rx="10" transform="rotate(6 65 48)" />
            <rect class="drawing__sheet" x="22" y="8" width="70" height="80" rx="10" />
            <circle class="drawing__done" cx="37" cy="28" r="7" />
            <path class="drawing__tick" d="M33.8 28.2l2.3 2.3 4.2-4.7" />
            <path class="drawing__line drawing__line--soft" d="M51 28h28" />
            <circle class="drawing__open" cx="37" cy="48" r="6" />
            <path class="drawing__line" d="M51 48h22" />
            <circle class="drawing__open" cx="37" cy="68" r="6" />
            <path class="drawing__line drawing__line--soft" d="M51 68h16" />
        </svg>
    }
    .erased()
}

/// An element that `style/icons.css` makes the drawing of this name.
macro_rules! icon {
    ($name:literal) => {
        InertElement::new(concat!("<span class=\"icon icon--", $name, "\" aria-hidden=\"true\"></span>"))
    };
}

/// A cross, for deleting and dismissing.
#[component]
pub fn Cross() -> impl IntoView {
    icon!("cross")
}

/// A tick, inside a checkbox.
#[component]
pub fn Tick() -> impl IntoView {
    icon!("tick")
}

/// A plus, for adding.
#[component]
pub fn Plus() -> impl IntoView {
    icon!("plus")
}

/// A star.
#[component]
pub fn Star() -> impl IntoView {
    icon!("star")
}

/// A sheet of paper.
#[component]
pub fn NoteMark() -> impl IntoView {
    icon!("note")
}

/// A magnifying glass.
#[component]
pub fn Magnifier() -> impl IntoView {
    icon!("search")
}

/// An arrow up.
#[component]
pub fn Up() -> impl IntoView {
    icon!("up")
}

/// An arrow down.
#[component]
pub fn Down() -> impl IntoView {
    icon!("down")
}
