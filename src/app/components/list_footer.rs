//! Below the list: how much is left, the filters, and clearing away what is done.

use leptos::prelude::*;
use server_fn::ServerFn as _;

use crate::app::actions::todos::ClearCompleted;
use crate::app::browser;
use crate::app::components::author_field::AuthorField;
use crate::app::components::filters::Filters;
use crate::app::components::fresh::words;
use crate::app::components::undo_toast::UndoLast;
use crate::app::derived::{Derived, derived};
use crate::app::erased::Erase as _;
use crate::app::filter::Filter;
use crate::app::optimistic::{Entry, List};
use crate::app::todo_list_state::TodoListState;

/// The footer of the list.
#[component]
pub fn ListFooter(
    /// The filter in force.
    filter: Derived<Filter>,
) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let is_of_all = derived(move || filter.get().is_of_all());
    let left = derived(move || {
        let (filter, reader) = (filter.get(), state.reader.get());
        let is_counted = |entry: &&Entry| !entry.todo.done && (filter.is_of_all() || filter.shows(entry, &reader));
        state.list.with(|list| list.entries().iter().filter(is_counted).count())
    });
    let has_done = derived(move || {
        is_of_all.get() && !state.is_searching() && state.list.with(|list| list.entries().iter().any(|e| e.todo.done))
    });
    view! {
        <div class="list-footer">
            <p class="count" role="status">
                <strong>{words(move || left.get().to_string())}</strong>
                " "
                {words(move || t.items_left(left.get()))}
            </p>
            <Show when=move || is_of_all.get()><Filters filter /></Show>
            <div class="list-footer__end">
                <UndoLast />
                <Show when=move || has_done.get()>
                    <form
                        method="post"
                        action=ClearCompleted::url()
                        on:submit=move |event| {
                            event.prevent_default();
                            state.clear_completed();
                            browser::focus_soon("new-todo".to_owned(), "main");
                        }
                    >
                        <AuthorField />
                        <input type="hidden" name="seen" value=move || state.list.with(List::last_change) />
                        <button type="submit" class="link-button">{t.clear_completed()}</button>
                    </form>
                </Show>
            </div>
        </div>
    }
    .erased()
}
