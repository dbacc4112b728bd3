//! "What needs to be done?"

use leptos::prelude::*;
use server_fn::ServerFn as _;
use uuid::Uuid;

use crate::app::actions::todos::AddTodo;
use crate::app::components::author_field::AuthorField;
use crate::app::components::icons::Plus;
use crate::app::todo_list_state::TodoListState;

/// The field for a new to-do; Enter adds.
#[component]
pub fn AddForm(
    /// What the field starts with: a text that could not be saved.
    draft: String,
    /// Whether the field takes the focus when the page is loaded.
    autofocus: bool,
) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    view! {
        <form
            class="add"
            method="post"
            action=AddTodo::url()
            on:submit=move |event| {
                event.prevent_default();
                state.add_from_field();
            }
        >
            <AuthorField />
            // For the form without scripts, which may be sent twice; each page has another one.
            <input type="hidden" name="form" value=cfg!(feature = "ssr").then(|| Uuid::new_v4().to_string()) />
            <label class="visually-hidden" for="new-todo">"What needs to be done?"</label>
            <input
                class="field add__field"
                id="new-todo"
                name="description"
                type="text"
                dir="auto"
                autocomplete="off"
                enterkeyhint="done"
                placeholder="What needs to be done?"
                value=draft
                autofocus=autofocus
                node_ref=state.new_todo
            />
            // The word on a wide screen, the sign on a narrow one; the word is read out on both.
            <button type="submit" class="button add__button"><span>"Add"</span><Plus /></button>
        </form>
    }
    .into_any()
}
