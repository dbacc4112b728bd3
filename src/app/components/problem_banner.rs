//! What did not work last.

use leptos::prelude::*;

use crate::app::board::Board;
use crate::app::components::icons::Cross;

/// An alert with the reason, and "Try again" where that may help.
#[component]
pub fn ProblemBanner() -> impl IntoView {
    let board = expect_context::<Board>();
    view! {
        // Always there: a region that comes with its text is not read out everywhere.
        <div role="alert">
            {move || board.problem.get().map(|problem| view! {
                <div class="banner banner--problem">
                    <p>{problem.text}</p>
                    {(!problem.retry.is_empty()).then(|| view! {
                        <button type="button" class="banner__action" on:click=move |_| board.retry()>"Try again"</button>
                    })}
                    <button
                        type="button"
                        class="icon-button needs-script"
                        aria-label="Dismiss"
                        on:click=move |_| board.problem.set(None)
                    >
                        <Cross />
                    </button>
                </div>
            })}
        </div>
    }
    .into_any()
}
