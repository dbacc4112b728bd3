//! What was just deleted, and the way back.

use leptos::prelude::*;

use crate::app::browser;
use crate::app::components::icons::Cross;
use crate::app::todo_list_state::TodoListState;

/// A live region at the foot of the page that offers to undo a deletion for a while.
#[component]
pub fn UndoToast() -> impl IntoView {
    let state = expect_context::<TodoListState>();
    view! {
        <div class="toasts" role="status">
            {move || state.deleted.get().map(|deleted| view! {
                <div class="toast">
                    <p dir="auto">{deleted.text()}</p>
                    <button
                        type="button"
                        class="toast__action"
                        on:click=move |_| {
                            state.undo();
                            browser::focus_soon("new-todo".to_owned(), "main");
                        }
                    >
                        "Undo"
                    </button>
                    <button
                        type="button"
                        class="icon-button"
                        aria-label="Dismiss"
                        on:click=move |_| {
                            state.deleted.set(None);
                            browser::focus_soon("new-todo".to_owned(), "main");
                        }
                    >
                        <Cross />
                    </button>
                </div>
            })}
        </div>
    }
    .into_any()
}
