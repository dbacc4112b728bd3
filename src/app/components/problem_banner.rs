//! What did not work last, and what waits to be sent.

use leptos::prelude::*;

use crate::app::components::icons::Cross;
use crate::app::optimistic::List;
use crate::app::todo_list_state::TodoListState;

/// An alert with the reason, and "Try again" where that may help.
#[component]
pub fn ProblemBanner() -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let waiting = Memo::new(move |_| state.list.with(List::waiting));
    view! {
        // Always there: a region that comes with its text is not read out everywhere.
        <div role="alert">
            {move || (waiting.get() > 0).then(|| view! {
                <div class="banner banner--problem">
                    <p>{move || format!("{} {}", state.waits_because.get().unwrap_or_default(), waits(waiting.get(), state.outbox.works()))}</p>
                    <button type="button" class="banner__action" on:click=move |_| state.send_waiting_again()>"Try again"</button>
                </div>
            })}
            {move || state.problem.get().map(|problem| view! {
                <div class="banner banner--problem">
                    <p dir="auto">{problem}</p>
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

/// How many changes wait, and where.
fn waits(count: usize, is_kept: bool) -> String {
    let (changes, are) = if count == 1 { ("One change".to_owned(), "is") } else { (format!("{count} changes"), "are") };
    let they = if count == 1 { "it" } else { "they" };
    if is_kept {
        format!("{changes} {are} kept in this browser, and sent as soon as that works.")
    } else {
        format!(
            "{changes} {are} sent as soon as that works: until then {they} {are} on this page only, so keep it open."
        )
    }
}
