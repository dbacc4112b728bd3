//! `/todos`, `/todos/active`, `/todos/completed`: the list. The address says which of its rows are shown.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Outlet;
use leptos_router::hooks::{use_location, use_query_map};
use serde::{Deserialize, Serialize};

use crate::app::actions::customer::{current_reader, take_flash};
use crate::app::actions::todos::load_overview;
use crate::app::arrangement::Sort;
use crate::app::components::failure::LoadFailure;
use crate::app::components::fresh::words;
use crate::app::components::greeting::Greeting;
use crate::app::components::skeleton::Skeleton;
use crate::app::components::todo_list::TodoList;
use crate::app::day_words::Reader;
use crate::app::derived::derived;
use crate::app::erased::Erase as _;
use crate::app::error::{AppError, Section};
use crate::app::filter::Filter;
use crate::app::interaction::Interaction;
use crate::app::lists_state::ListsState;
use crate::app::model::flash::Flash;
use crate::app::model::listed::Listed;
use crate::app::model::overview::Overview;
use crate::app::page_data::page_data;
use crate::app::short_id;
use crate::app::todo_list_state::{Offer, TodoListState};
use crate::todo::TodoList;

/// What the page is loaded with, in one go: one resource is read in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Loaded {
    todos: Vec<Listed>,
    lists: Vec<TodoList>,
    flash: Flash,
    reader: Reader,
}

async fn load(viewer: String) -> Result<Loaded, AppError> {
    let Overview { todos, lists } = load_overview(viewer).await?;
    // Only after the list: a customer who must sign in first finds what was typed afterwards. And only while a page
    // is rendered: the browser, on its own, never sends a plain form.
    let flash = if cfg!(feature = "ssr") { take_flash().await.unwrap_or_default() } else { Flash::default() };
    Ok(Loaded { todos, lists, flash, reader: current_reader() })
}

/// The list, its filter, and what was left behind by the last plain form.
#[component]
pub fn TodosPage() -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let interaction = expect_context::<Interaction>();
    let loaded = page_data(move || load(interaction.viewer()));
    let location = use_location();
    let filter = derived(move || location.pathname.with(|path| Filter::of(path)));
    let query = use_query_map();
    // The server asks for the title when the page, and its signals with it, may be gone.
    let at_first = filter.get_untracked();
    let shown = move || if cfg!(feature = "ssr") { at_first } else { filter.get() };
    let own_lists = expect_context::<ListsState>();
    let title = move || match shown() {
        // The server asks for the title when the signals may be gone.
        Filter::List(id) if !cfg!(feature = "ssr") => {
            own_lists.name(id).unwrap_or_else(|| Filter::List(id).title(t).to_owned())
        }
        filter => filter.title(t).to_owned(),
    };
    let heading = move || match filter.get() {
        Filter::List(id) => own_lists.name(id).unwrap_or_else(|| Filter::List(id).title(t).to_owned()),
        filter if filter.is_of_all() => Filter::All.title(t).to_owned(),
        filter => filter.title(t).to_owned(),
    };
    state.show(filter);
    query.with_untracked(|query| {
        state.search.set(query.get("q").unwrap_or_default());
        state.sort.set(query.get("sort").and_then(|key| Sort::of_key(&key)).unwrap_or_default());
    });

    view! {
        <Title text=title />
        // Of a list, it is the name, which comes with the rows.
        <Suspense fallback=move || view! { <h1>{words(heading)}</h1> <Skeleton /> }>
            {Suspend::new(async move {
                match loaded.await {
                    Ok(Loaded { todos, lists, flash, reader }) => {
                        state.reader.set(reader);
                        own_lists.lists.set(lists);
                        state.load(todos);
                        state.problem.set(flash.problem(t));
                        let edit = query.with_untracked(|query| query.get("edit").and_then(|id| short_id::parse(&id)));
                        // What could not be saved goes back to the field it was typed into.
                        let is_of_details = matches!(flash.form.action.as_str(), "todos/details" | "todos/step");
                        let typed = flash.form.field("description").filter(|_| !is_of_details).map(str::to_owned);
                        let opened = query.with_untracked(|query| query.get("open").and_then(|id| short_id::parse(&id)));
                        state.set_details_draft(opened.filter(|_| is_of_details).map(|id| (id, flash.form.clone())));
                        own_lists.set_draft(flash.form.field("name").unwrap_or_default());
                        interaction.set_author(&flash.author);
                        let (draft, edit_draft) = if edit.is_some() { (None, typed) } else { (typed, None) };
                        if let Some(id) = edit {
                            state.edit(id);
                            if let Some(text) = edit_draft {
                                state.open(id, text);
                            }
                        }
                        state.offer.set(flash.done.and_then(Offer::of_form));
                        view! {
                            <h1>{words(heading)}</h1>
                            <Greeting text=flash.greeting.map(|greeting| greeting.text(t)) />
                            <Greeting text=flash.done.filter(|done| flash.finished && done.of_list().is_none()).map(|done| done.text(t)) />
                            <TodoList
                                filter
                                draft=draft.unwrap_or_default()
                                finished=flash.finished
                            />
                        }
                        .erased()
                    }
                    Err(error) => view! { <h1>{words(heading)}</h1> <LoadFailure error section=Section::List /> }.erased(),
                }
            })}
        </Suspense>
        // Empty, but without it the router waits for it for ever and never changes the address.
        <Outlet />
    }
    .erased()
}
