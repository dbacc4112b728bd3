//! The link to a view or a list, with how much there is to be done.

use leptos::prelude::*;

use crate::app::components::fresh::words;
use crate::app::derived::{Derived, derived};
use crate::app::erased::Erase as _;
use crate::app::filter::Filter;
use crate::app::todo_list_state::TodoListState;

/// The link to a view, or a list.
#[component]
pub fn ViewLink(
    /// To which.
    link: Filter,
    /// What it is called.
    name: String,
    /// The filter in force.
    filter: Derived<Filter>,
) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let open = derived(move || {
        let reader = state.reader.get();
        state
            .list
            .with(|list| list.entries().iter().filter(|entry| !entry.todo.done && link.shows(entry, &reader)).count())
    });
    let is_current = move || filter.get() == link || (link == Filter::All && filter.get().is_of_all());
    view! {
        <li>
            <a
                class=format!("view view--{}", link.key())
                href=link.href()
                aria-current=move || is_current().then_some("page")
            >
                <span class="view__name" dir="auto">{name}</span>
                {move || (open.get() > 0).then(|| view! {
                    <span class="view__count" aria-hidden="true">{words(move || open.get().to_string())}</span>
                    <span class="visually-hidden">{words(move || t.view_open(open.get()))}</span>
                })}
            </a>
        </li>
    }
    .erased()
}
