//! Above the list: searching in it, and the order of its rows.

use leptos::html::Input;
use leptos::prelude::*;
use leptos::web_sys::{HtmlInputElement, HtmlSelectElement};
use leptos_router::hooks::use_location;

use crate::app::arrangement::Sort;
use crate::app::components::icons::Magnifier;
use crate::app::erased::Erase as _;
use crate::app::todo_list_state::TodoListState;

/// Searches as it is typed, sorts as it is chosen; without scripts, by its button.
#[component]
pub fn ListTools() -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let path = use_location().pathname;
    let at_first = state.search.get_untracked();
    let field = NodeRef::<Input>::new();
    // What was typed before the page was alive.
    Effect::new(move |_| {
        if let Some(text) = field.get().map(|field| field.value())
            && state.search.with_untracked(|search| *search != text)
        {
            state.search_for(text);
        }
    });
    view! {
        <form class="tools" method="get" action=path role="search" on:submit=move |event| event.prevent_default()>
            <label class="tools__search">
                <span class="visually-hidden">{t.search()}</span>
                <Magnifier />
                <input
                    class="field"
                    id="search"
                    name="q"
                    type="search"
                    dir="auto"
                    autocomplete="off"
                    placeholder=t.search()
                    value=at_first
                    node_ref=field
                    on:input=move |event| state.search_for(event_target::<HtmlInputElement>(&event).value())
                />
            </label>
            <label class="tools__sort">
                <span class="visually-hidden">{t.order()}</span>
                <select
                    class="field"
                    name="sort"
                    on:change=move |event| {
                        let key = event_target::<HtmlSelectElement>(&event).value();
                        state.sort.set(Sort::of_key(&key).unwrap_or_default());
                    }
                >
                    {Sort::ALL.map(|sort| view! {
                        <option value=sort.key() selected=state.sort.get_untracked() == sort>{sort.name(t)}</option>
                    })}
                </select>
            </label>
            <button type="submit" class="button button--small button--quiet without-script">{t.order_show()}</button>
        </form>
    }
    .erased()
}
