//! The few drawings, in the colour of the text beside them. Each stands in the page once, in the [`Sprite`].

use leptos::prelude::*;

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

/// The drawings that pages show by their names. Once in a page.
#[component]
pub fn Sprite() -> impl IntoView {
    view! {
        <svg class="sprite" width="0" height="0" aria-hidden="true">
            <symbol id="i-pencil" viewBox="0 0 20 20"><path d="M12.5 4.5l3 3M4 16l.6-3.2 8.2-8.2a1.4 1.4 0 0 1 2 0l.6.6a1.4 1.4 0 0 1 0 2l-8.2 8.2L4 16z" /></symbol>
            <symbol id="i-cross" viewBox="0 0 20 20"><path d="M5.5 5.5l9 9m0-9l-9 9" /></symbol>
            <symbol id="i-tick" viewBox="0 0 20 20"><path d="M4.5 10.5l3.8 3.8 7.2-8" /></symbol>
            <symbol id="i-plus" viewBox="0 0 20 20"><path d="M10 4v12M4 10h12" /></symbol>
            <symbol id="i-star" viewBox="0 0 20 20"><path d="M10 3.2l2.1 4.3 4.7.7-3.4 3.3.8 4.7-4.2-2.2-4.2 2.2.8-4.7L3.2 8.2l4.7-.7L10 3.2z" /></symbol>
            <symbol id="i-details" viewBox="0 0 20 20"><path d="M8 5l5 5-5 5" /></symbol>
            <symbol id="i-grip" viewBox="0 0 20 20"><path d="M7.5 5h.01M12.5 5h.01M7.5 10h.01M12.5 10h.01M7.5 15h.01M12.5 15h.01" /></symbol>
            <symbol id="i-note" viewBox="0 0 20 20"><path d="M5 4h10v8.5L11.5 16H5V4zm10 8.5h-3.5V16M7.5 7.5h5M7.5 10.5h3" /></symbol>
            <symbol id="i-repeat" viewBox="0 0 20 20"><path d="M4.5 9.5a4 4 0 0 1 4-4h6M12.5 3.5l2 2-2 2M15.5 10.5a4 4 0 0 1-4 4h-6M7.5 16.5l-2-2 2-2" /></symbol>
            <symbol id="i-bell" viewBox="0 0 20 20"><path d="M6 13.5V9a4 4 0 0 1 8 0v4.5l1.2 1.5H4.8L6 13.5zM8.7 17a1.5 1.5 0 0 0 2.6 0" /></symbol>
            <symbol id="i-clock" viewBox="0 0 20 20"><path d="M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM10 6.5V10l2.5 1.5" /></symbol>
            <symbol id="i-search" viewBox="0 0 20 20"><path d="M9 3.8a5.2 5.2 0 1 0 0 10.4A5.2 5.2 0 0 0 9 3.8zM12.8 12.8l3.7 3.7" /></symbol>
            <symbol id="i-up" viewBox="0 0 20 20"><path d="M10 15.5v-11M5.5 9L10 4.5 14.5 9" /></symbol>
            <symbol id="i-down" viewBox="0 0 20 20"><path d="M10 4.5v11M5.5 11l4.5 4.5 4.5-4.5" /></symbol>
            <symbol id="i-sun" viewBox="0 0 20 20"><path d="M10 6.8a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4zM10 2.5v1.6M10 15.9v1.6M2.5 10h1.6M15.9 10h1.6M4.7 4.7l1.1 1.1M14.2 14.2l1.1 1.1M4.7 15.3l1.1-1.1M14.2 5.8l1.1-1.1" /></symbol>
            <symbol id="i-calendar" viewBox="0 0 20 20"><path d="M4 5.5h12v10.5H4V5.5zM4 9h12M7.5 3.5v3M12.5 3.5v3" /></symbol>
            <symbol id="i-late" viewBox="0 0 20 20"><path d="M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM10 6.5v4M10 13.2v.1" /></symbol>
            <symbol id="i-list" viewBox="0 0 20 20"><path d="M4.5 6h.01M8 6h8M4.5 10h.01M8 10h8M4.5 14h.01M8 14h8" /></symbol>
        </svg>
    }
    .erased()
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

/// The drawing `name`, so many CSS pixels wide and high.
#[component]
pub fn Icon(
    /// Which, in the [`Sprite`]: `#i-star`.
    name: &'static str,
    /// How large.
    #[prop(default = "18")]
    size: &'static str,
) -> impl IntoView {
    view! {
        <svg class="icon" width=size height=size aria-hidden="true"><use_ href=name /></svg>
    }
    .erased()
}

/// A pencil, for editing.
#[component]
pub fn Pencil() -> impl IntoView {
    view! { <Icon name="#i-pencil" size="18" /> }.erased()
}

/// A cross, for deleting and dismissing.
#[component]
pub fn Cross() -> impl IntoView {
    view! { <Icon name="#i-cross" size="18" /> }.erased()
}

/// A tick, inside a checkbox.
#[component]
pub fn Tick() -> impl IntoView {
    view! { <Icon name="#i-tick" size="16" /> }.erased()
}

/// A plus, for adding.
#[component]
pub fn Plus() -> impl IntoView {
    view! { <Icon name="#i-plus" size="20" /> }.erased()
}

/// A star.
#[component]
pub fn Star() -> impl IntoView {
    view! { <Icon name="#i-star" size="18" /> }.erased()
}

/// An arrow to more.
#[component]
pub fn Details() -> impl IntoView {
    view! { <Icon name="#i-details" size="18" /> }.erased()
}

/// Something to take hold of.
#[component]
pub fn Grip() -> impl IntoView {
    view! { <Icon name="#i-grip" size="18" /> }.erased()
}

/// A sheet of paper.
#[component]
pub fn NoteMark() -> impl IntoView {
    view! { <Icon name="#i-note" size="16" /> }.erased()
}

/// Two arrows, one after the other: it comes again.
#[component]
pub fn RepeatMark() -> impl IntoView {
    view! { <Icon name="#i-repeat" size="16" /> }.erased()
}

/// A bell.
#[component]
pub fn ReminderMark() -> impl IntoView {
    view! { <Icon name="#i-bell" size="16" /> }.erased()
}

/// A magnifying glass.
#[component]
pub fn Magnifier() -> impl IntoView {
    view! { <Icon name="#i-search" size="18" /> }.erased()
}

/// An arrow up.
#[component]
pub fn Up() -> impl IntoView {
    view! { <Icon name="#i-up" size="18" /> }.erased()
}

/// An arrow down.
#[component]
pub fn Down() -> impl IntoView {
    view! { <Icon name="#i-down" size="18" /> }.erased()
}
