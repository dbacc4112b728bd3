//! Any address that is none.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::app::{address, response};

/// "There is no such page", with status 404.
#[component]
pub fn NotFound() -> impl IntoView {
    response::set_status(404);
    view! {
        <Title text="Page not found" />
        <section class="panel panel--middle">
            <p class="eyebrow">"404"</p>
            <h1>"There is no such page"</h1>
            <p>"The address may be mistyped, or the page has moved."</p>
            <p class="actions actions--middle">
                <a class="button" href=address::TODOS>"Go to your to-dos"</a>
                <a class="button button--quiet" href=address::HOME>"Home"</a>
            </p>
        </section>
    }
    .into_any()
}
