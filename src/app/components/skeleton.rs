//! The shape of a list, while it is fetched.

use leptos::prelude::*;

use crate::app::texts::Texts;

/// Stands where the list will be.
#[component]
pub fn Skeleton() -> impl IntoView {
    let t = Texts::current();
    view! {
        <div class="skeleton" role="status">
            <span class="visually-hidden">{t.loading()}</span>
            <div class="card"><div></div><div></div><div></div></div>
        </div>
    }
}
