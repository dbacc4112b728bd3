//! Any address that is none.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::app::erased::Erase as _;
use crate::app::texts::Texts;
use crate::app::{address, response};

/// "There is no such page", with status 404.
#[component]
pub fn NotFound() -> impl IntoView {
    response::set_status(404);
    let t = Texts::current();
    view! {
        <Title text=t.not_found_page() />
        <section class="panel panel--middle">
            <p class="eyebrow">"404"</p>
            <h1>{t.not_found_title()}</h1>
            <p>{t.not_found_text()}</p>
            <p class="actions actions--middle">
                <a class="button" href=address::TODOS>{t.go_to_todos()}</a>
                <a class="button button--quiet" href=address::HOME>{t.home()}</a>
            </p>
        </section>
    }
    .erased()
}
