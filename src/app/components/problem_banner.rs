//! What did not work last, and what waits to be sent.

use leptos::prelude::*;

use crate::app::components::fresh::words;
use crate::app::components::icons::Cross;
use crate::app::derived::derived;
use crate::app::erased::Erase as _;
use crate::app::optimistic::List;
use crate::app::texts::Texts;
use crate::app::todo_list_state::TodoListState;

/// An alert with the reason, and "Try again" where that may help.
#[component]
pub fn ProblemBanner() -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let waiting = derived(move || state.list.with(List::waiting));
    view! {
        // Always there: a region that comes with its text is not read out everywhere.
        <div role="alert">
            {move || (waiting.get() > 0).then(|| view! {
                <div class="banner banner--problem">
                    <p>{words(move || format!("{} {}", state.waits_because.get().unwrap_or_default(), waits(t, waiting.get(), state.outbox.works())))}</p>
                    <button type="button" class="banner__action" on:click=move |_| state.send_waiting_again()>{t.try_again()}</button>
                </div>
            })}
            {move || state.problem.get().map(|problem| view! {
                <div class="banner banner--problem">
                    <p dir="auto">{words(move || problem.clone())}</p>
                    <button
                        type="button"
                        class="icon-button needs-script"
                        aria-label=t.dismiss()
                        on:click=move |_| state.problem.set(None)
                    >
                        <Cross />
                    </button>
                </div>
            })}
        </div>
    }
    .erased()
}

/// How many changes wait, and where.
fn waits(t: Texts, count: usize, is_kept: bool) -> String {
    if is_kept { t.waiting_kept(count) } else { t.waiting_here(count) }
}
