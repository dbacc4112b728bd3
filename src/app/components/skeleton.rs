//! The shape of a list, while it is fetched.

use leptos::prelude::*;

/// Stands where the list will be.
#[component]
pub fn Skeleton() -> impl IntoView {
    view! {
        <div class="skeleton" role="status">
            <span class="visually-hidden">"Loading…"</span>
            <div class="card"><div></div><div></div><div></div></div>
        </div>
    }
}
