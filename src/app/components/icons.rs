//! The few drawings, in the colour of the text beside them.

use leptos::prelude::*;

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

/// A pencil, for editing.
#[component]
pub fn Pencil() -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
            <path d="M12.5 4.5l3 3M4 16l.6-3.2 8.2-8.2a1.4 1.4 0 0 1 2 0l.6.6a1.4 1.4 0 0 1 0 2l-8.2 8.2L4 16z" />
        </svg>
    }
}

/// A cross, for deleting and dismissing.
#[component]
pub fn Cross() -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
            <path d="M5.5 5.5l9 9m0-9l-9 9" />
        </svg>
    }
}

/// A tick, inside a checkbox.
#[component]
pub fn Tick() -> impl IntoView {
    view! {
        <svg class="icon tick" viewBox="0 0 20 20" width="16" height="16" aria-hidden="true">
            <path d="M4.5 10.5l3.8 3.8 7.2-8" />
        </svg>
    }
}

/// A plus, for adding.
#[component]
pub fn Plus() -> impl IntoView {
    view! {
        <svg class="icon plus" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
            <path d="M10 4v12M4 10h12" />
        </svg>
    }
}
