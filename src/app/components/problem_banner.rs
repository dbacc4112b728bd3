//! What did not work last.

use leptos::prelude::*;

use crate::app::components::icons::Cross;
use crate::app::optimistic::List;
use crate::app::todo_list_state::TodoListState;

/// An alert with the reason, and "Try again" where that may help.
#[component]
pub fn ProblemBanner() -> impl IntoView {
    let state = expect_context::<TodoListState>();
    view! {
        // Always there: a region that comes with its text is not read out everywhere.
        <div role="alert">
            {move || state.problem.get().map(|problem| view! {
                <div class="banner banner--problem">
                    <p>{problem.text}</p>
                    {(!problem.retry.is_empty() || state.list.with_untracked(List::has_failed)).then(|| view! {
                        <button type="button" class="banner__action" on:click=move |_| state.retry()>"Try again"</button>
                    })}
                    <button
                        type="button"
                        class="icon-button needs-script"
                        aria-label="Dismiss"
                        on:click=move |_| state.problem.set(None)
                    >
                        <Cross />
                    </button>
                </div>
            })}
        </div>
    }
    .into_any()
}
