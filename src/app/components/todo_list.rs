//! The list with everything around it.

use leptos::ev;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};
use server_fn::ServerFn as _;

use crate::app::actions::todos::SetAllDone;
use crate::app::browser;
use crate::app::components::add_form::AddForm;
use crate::app::components::author_field::AuthorField;
use crate::app::components::filters::Filter;
use crate::app::components::icons::Tick;
use crate::app::components::list_footer::ListFooter;
use crate::app::components::problem_banner::ProblemBanner;
use crate::app::components::todo_row::TodoRow;
use crate::app::components::undo_toast::{UndoLast, UndoToast};
use crate::app::draft::Draft;
use crate::app::interaction::Interaction;
use crate::app::live::Live;
use crate::app::optimistic::{Entry, List};
use crate::app::todo_list_state::TodoListState;
use crate::app::viewer::ViewerResource;

/// The field for a new to-do, the rows, the footer; a friendly word when there is nothing.
#[component]
pub fn TodoList(
    /// The filter in force.
    filter: Memo<Filter>,
    /// What the field for a new to-do starts with.
    draft: String,
    /// Whether what its customer asked for before they had to leave is done.
    finished: bool,
) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let is_empty = Memo::new(move |_| state.list.with(|list| list.entries().is_empty()));
    let is_shown = move |filter: Filter, entry: &Entry| {
        // Neither what is being typed nor what waits for its customer is hidden by what another device does.
        let is_edited = state.editing.with(|editing| editing.as_ref().is_some_and(|editing| editing.id == entry.id));
        filter.shows(entry)
            || is_edited
            || entry.trouble.is_some()
            || state.added.with(|added| added.rows.contains(&entry.id))
    };
    let shown = move || {
        let filter = filter.get();
        state.list.with(|list| list.entries().iter().filter(|e| is_shown(filter, e)).cloned().collect::<Vec<Entry>>())
    };
    let none_shown = Memo::new(move |_| {
        let filter = filter.get();
        state.list.with(|list| !list.entries().iter().any(|entry| is_shown(filter, entry)))
    });
    let autofocus = state.editing.with_untracked(Option::is_none);
    when_in_the_browser(state, filter, finished);

    view! {
        <ProblemBanner />
        <div class="card list">
            <div class="list__head">
                <Show when=move || !is_empty.get()><ToggleAll /></Show>
                <AddForm draft autofocus />
            </div>
            <Show
                when=move || !is_empty.get()
                fallback=|| view! {
                    <div class="empty">
                        <p class="empty__title">"Nothing to do"</p>
                        <p>"Write down the first thing on your mind. It will be here when you come back."</p>
                        <UndoLast />
                    </div>
                }
            >
                <ul class="todos" aria-label="To-dos">
                    <For each=shown key=|entry| entry.id let:entry>
                        <TodoRow entry filter />
                    </For>
                </ul>
                <Show when=move || none_shown.get()>
                    <p class="empty">
                        {move || if filter.get() == Filter::Completed {
                            "Nothing is done yet."
                        } else {
                            "All done. Enjoy the quiet."
                        }}
                    </p>
                </Show>
                <ListFooter filter />
            </Show>
        </div>
        <p class="visually-hidden" role="status">{move || state.added.with(|added| added.said.clone())}</p>
        <UndoToast />
    }
    .into_any()
}

/// Marks everything as done; once everything is, as not done.
#[component]
fn ToggleAll() -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let all_done = Memo::new(move |_| state.list.with(|list| list.entries().iter().all(|entry| entry.todo.done)));
    view! {
        <form
            method="post"
            action=SetAllDone::url()
            on:submit=move |event| {
                event.prevent_default();
                state.set_all_done(!all_done.get_untracked());
            }
        >
            <AuthorField />
            <input type="hidden" name="seen" value=move || state.list.with(List::last_change) />
            <input type="hidden" name="done" value=move || (!all_done.get()).to_string() />
            <button
                type="submit"
                class="check check--all"
                role="checkbox"
                aria-checked=move || all_done.get().to_string()
                aria-label="Mark all as done"
            >
                <Tick />
            </button>
        </form>
    }
    .into_any()
}

/// What the page does on its own once it is alive.
fn when_in_the_browser(state: TodoListState, filter: Memo<Filter>, finished: bool) {
    let query = use_query_map();
    let location = use_location();
    let navigate = use_navigate();
    let interaction = expect_context::<Interaction>();
    let viewer = expect_context::<ViewerResource>();
    Effect::new(move |_| {
        state.send_left_over(viewer);
        interaction.set_reader(move || state.typed());
        interaction.take_draft(viewer, move |draft| {
            state.restore(&draft, finished);
            draft.without_list()
        });
        // `?edit=` is how a row is edited without WebAssembly; it must not come back with a reload or "back".
        if query.with_untracked(|query| query.get("edit").is_some()) {
            let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
            navigate(&location.pathname.get_untracked(), options);
        }
    });

    // What was new under one filter is where it belongs under the next.
    Effect::new(move |before: Option<Filter>| {
        let filter = filter.get();
        if before.is_some_and(|before| before != filter) {
            state.added.update(|added| added.rows.clear());
        }
        filter
    });
    Live::new(state, interaction).listen();
    let focus = window_event_listener(ev::focus, move |_| state.look_again());
    let online = window_event_listener(ev::online, move |_| state.look_again());
    let leaving = window_event_listener(ev::beforeunload, move |event| {
        if state.would_lose() {
            event.prevent_default();
        }
    });
    let keys = window_event_listener(ev::keydown, move |event| {
        let modified = event.ctrl_key() || event.meta_key() || event.alt_key();
        if event.key() == "n" && !modified && !browser::is_typing() {
            event.prevent_default();
            browser::focus_soon("new-todo".to_owned(), "main");
        }
        // While something is typed, it is the field's own.
        let is_free = !browser::is_typing() || state.typed().is_empty();
        let undoes = event.key().eq_ignore_ascii_case("z") && (event.ctrl_key() || event.meta_key());
        if undoes && !event.repeat() && !event.shift_key() && !event.alt_key() && is_free {
            event.prevent_default();
            state.undo_last();
        }
    });
    // What is half typed survives a reload, and a walk to another page.
    let hidden = window_event_listener(ev::visibilitychange, move |_| {
        if browser::is_visible() {
            // It is all in its fields, but for those of another page.
            if let Some(rest) = browser::take_draft().map(Draft::without_list).filter(|rest| !rest.is_empty()) {
                browser::keep_draft(&rest);
            }
        } else {
            interaction.keep_typed();
        }
    });
    let gone = window_event_listener(ev::pagehide, move |_| interaction.keep_typed());
    on_cleanup(move || {
        interaction.keep_typed();
        hidden.remove();
        gone.remove();
        focus.remove();
        online.remove();
        leaving.remove();
        keys.remove();
    });
}
