//! The list with everything around it.

use std::sync::Arc;
use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use leptos::web_sys::{Element, Event};
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate, use_query_map};
use server_fn::ServerFn as _;
use uuid::Uuid;

use crate::app::actions::todos::{ChangeRow, SetAllDone};
use crate::app::at_once::at_once;
use crate::app::browser::{self, Control};
use crate::app::components::add_form::AddForm;
use crate::app::components::author_field::AuthorField;
use crate::app::components::details::Details;
use crate::app::components::filters::Views;
use crate::app::components::fresh::words;
use crate::app::components::icons::{EmptyList, Tick};
use crate::app::components::list_footer::ListFooter;
use crate::app::components::list_tools::ListTools;
use crate::app::components::lists::ListOptions;
use crate::app::components::problem_banner::ProblemBanner;
use crate::app::components::row_html::FORM;
use crate::app::components::rows::RowList;
use crate::app::components::shortcuts::Shortcuts;

use crate::app::components::undo_toast::{UndoLast, UndoToast};
use crate::app::derived::{Derived, derived};
use crate::app::draft::Draft;
use crate::app::erased::Erase as _;
use crate::app::filter::Filter;
use crate::app::interaction::Interaction;
use crate::app::lists_state::ListsState;
use crate::app::live::Live;
use crate::app::optimistic::{Entry, List};
use crate::app::short_id;
use crate::app::todo_list_state::TodoListState;
use crate::app::viewer::ViewerResource;

/// The views, the field for a new to-do, the rows, the footer, and the details of one row; a friendly word when there is
/// nothing.
#[component]
pub fn TodoList(
    /// The filter in force.
    filter: Derived<Filter>,
    /// What the field for a new to-do starts with.
    draft: String,
    /// Whether what its customer asked for before they had to leave is done.
    finished: bool,
) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let query = use_query_map();
    let opened = derived(move || query.with(|query| query.get("open").and_then(|id| short_id::parse(&id))));
    let is_empty = derived(move || state.list.with(|list| list.entries().is_empty()));
    let has_history = derived(move || state.list.with(|list| list.last_known_change() > 0));
    let is_of_all = derived(move || filter.get().is_of_all());
    let lists = expect_context::<ListsState>();
    let own_list = derived(move || match filter.get() {
        Filter::List(id) if lists.name(id).is_some() => Some(id),
        _ => None,
    });
    let autofocus = state.editing.with_untracked(Option::is_none) && opened.get_untracked().is_none();
    when_in_the_browser(state, filter, opened, finished);

    at_once(view! {
        <div class="list-page">
        <ProblemBanner />
        <div class="workspace" class:workspace--open=move || opened.get().is_some()>
        <Views filter />
        <div class="middle">
        <div class="card list">
            <div class="list__head">
                <Show when=move || !is_empty.get() && is_of_all.get() && !state.is_searching()><ToggleAll /></Show>
                <AddForm draft autofocus />
            </div>
            <Show
                when=move || !is_empty.get()
                fallback=move || view! {
                    <div class="empty">
                        <EmptyList />
                        <p class="empty__title">{t.empty_title()}</p>
                        <p>{t.empty_text()}</p>
                        <p class="empty__hint">{t.empty_hint()}</p>
                        <Show when=move || has_history.get()><UndoLast /></Show>
                    </div>
                }
            >
                <ListTools />
                <Rows filter opened />
                <ListFooter filter />
            </Show>
        </div>
        {move || own_list.get().map(|id| view! { <ListOptions id /> })}
        </div>
        {move || opened.get().map(|id| view! { <Details id /> })}
        </div>
        <p class="visually-hidden" role="status">{words(move || state.added.with(|added| added.said.clone()))}</p>
        <Shortcuts />
        <UndoToast />
        </div>
    })
}

/// The rows that are shown, those that are done folded away where the whole list is not what is asked for.
#[component]
fn Rows(filter: Derived<Filter>, opened: Derived<Option<Uuid>>) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let lists = expect_context::<ListsState>();
    let t = state.texts();
    let shown = derived(move || state.shown());
    // In the whole list each row keeps its place.
    // Nor does a row move away from the text that is typed in it.
    let is_edited = move |id: Uuid| state.editing.with(|editing| editing.as_ref().is_some_and(|row| row.id == id));
    let is_folded = move |entry: &Entry| {
        !filter.get().is_of_all() && entry.todo.done && entry.trouble.is_none() && !is_edited(entry.id)
    };
    let rows = move || shown.get().into_iter().filter(|entry| !is_folded(entry)).collect::<Vec<_>>();
    let folded = move || shown.get().into_iter().filter(is_folded).collect::<Vec<_>>();
    let folded_count = derived(move || shown.with(|rows| rows.iter().filter(|entry| is_folded(entry)).count()));
    let none_shown = derived(move || shown.with(|rows| rows.iter().all(is_folded)));
    let nothing = move || {
        none_shown.get().then(|| {
            let is_missing = matches!(filter.get(), Filter::List(id) if lists.name(id).is_none());
            let text = match filter.get() {
                _ if is_missing => t.nothing_no_list(),
                _ if state.is_searching() => t.nothing_found(),
                filter => filter.nothing(t),
            };
            view! { <p class="empty">{words(move || text.to_owned())}</p> }.erased()
        })
    };
    // The server does not know what the browser remembers.
    let shows_done = RwSignal::new(false);
    Effect::new(move |_| shows_done.set(browser::remembered(SHOWS_COMPLETED)));
    let has_folded = derived(move || folded_count.get() != 0);
    let done = move || {
        has_folded.get().then(|| {
            view! {
                <details class="folded" open=shows_done on:toggle=move |event| remember_folding(shows_done, &event)>
                    <summary>{t.completed()} " " <span class="folded__count">{words(move || folded_count.get().to_string())}</span></summary>
                    <RowList rows=Arc::new(folded) label=t.completed() filter opened />
                </details>
            }
            .erased()
        })
    };
    view! {
        <form id=FORM method="post" action=ChangeRow::url()><AuthorField /></form>
        <RowList rows=Arc::new(rows) label=t.todos() filter opened />
        {nothing}
        {done}
    }
    .erased()
}

/// What the browser remembers of the rows that are folded away.
const SHOWS_COMPLETED: &str = "errand.shows-completed";

fn remember_folding(shows_done: RwSignal<bool>, event: &Event) {
    let is_open = event_target::<Element>(event).has_attribute("open");
    shows_done.set(is_open);
    browser::remember(SHOWS_COMPLETED, is_open);
}

/// Marks everything as done; once everything is, as not done.
#[component]
fn ToggleAll() -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let all_done = derived(move || state.list.with(|list| list.entries().iter().all(|entry| entry.todo.done)));
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
                aria-label=state.texts().mark_all()
                title=state.texts().mark_all()
                // The second of two clicks, or a key that is held, would take it back.
                on:click=browser::only_once
                on:keydown=browser::only_once_held
            >
                <Tick />
            </button>
        </form>
    }
    .erased()
}

/// What the page does on its own once it is alive.
fn when_in_the_browser(state: TodoListState, filter: Derived<Filter>, opened: Derived<Option<Uuid>>, finished: bool) {
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

    // What day it is, here and now: a page may be open over midnight.
    let clock = StoredValue::new(None::<IntervalHandle>);
    Effect::new(move |_| {
        browser::tell_time_zone();
        state.look_at_the_clock();
        clock.set_value(set_interval_with_handle(move || state.look_at_the_clock(), Duration::from_mins(1)).ok());
    });
    // Details that were opened are where the keys go.
    Effect::new(move |before: Option<(Option<Uuid>, Filter)>| {
        let (now, view) = (opened.get(), filter.get());
        match (before, now) {
            (Some((before, _)), Some(now)) if before != Some(now) => browser::focus_soon("details".to_owned(), "main"),
            // Not where another view was gone to.
            (Some((Some(before), at)), None) if at == view => {
                browser::focus_control_soon(Control::Details, Some(before));
            }
            _ => {}
        }
        (now, view)
    });

    // What was new under one filter is where it belongs under the next.
    Effect::new(move |before: Option<Filter>| {
        let filter = filter.get();
        if before.is_some_and(|before| before != filter) {
            state.added.update(|added| added.rows.clear());
        }
        filter
    });
    let lists = expect_context::<ListsState>();
    state.after_undo(move || lists.refresh());
    Live::new(state, lists, interaction).listen();
    let focus = window_event_listener(ev::focus, move |_| {
        state.look_at_the_clock();
        state.look_again();
        lists.refresh();
    });
    let online = window_event_listener(ev::online, move |_| state.look_again());
    let leaving = window_event_listener(ev::beforeunload, move |event| {
        if state.would_lose() {
            event.prevent_default();
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
    browser::when_gone(move || {
        interaction.keep_typed();
        if let Some(clock) = clock.try_get_value().flatten() {
            clock.clear();
        }
        hidden.remove();
        gone.remove();
        focus.remove();
        online.remove();
        leaving.remove();
    });
}
