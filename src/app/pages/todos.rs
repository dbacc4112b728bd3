//! `/todos`, `/todos/active`, `/todos/completed`: the list. The address says which of its rows are shown.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::Outlet;
use leptos_router::hooks::{use_location, use_query_map};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::app::actions::customer::take_flash;
use crate::app::actions::todos::list_todos;
use crate::app::components::failure::LoadFailure;
use crate::app::components::filters::Filter;
use crate::app::components::greeting::Greeting;
use crate::app::components::skeleton::Skeleton;
use crate::app::components::todo_list::TodoList;
use crate::app::error::{AppError, Section};
use crate::app::interaction::Interaction;
use crate::app::model::done::Done;
use crate::app::model::flash::Flash;
use crate::app::todo_list_state::{Offer, TodoListState};
use crate::todo::Todo;

/// What the page is loaded with, in one go: one resource is read in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Loaded {
    todos: Vec<Todo>,
    flash: Flash,
}

async fn load(viewer: String) -> Result<Loaded, AppError> {
    let todos = list_todos(viewer).await?;
    // Only after the list: a customer who must sign in first finds what was typed afterwards. And only while a page
    // is rendered: the browser, on its own, never sends a plain form.
    let flash = if cfg!(feature = "ssr") { take_flash().await.unwrap_or_default() } else { Flash::default() };
    Ok(Loaded { todos, flash })
}

/// The list, its filter, and what was left behind by the last plain form.
#[component]
pub fn TodosPage() -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let interaction = expect_context::<Interaction>();
    let loaded = Resource::new_blocking(|| (), move |()| load(interaction.viewer()));
    let location = use_location();
    let filter = Memo::new(move |_| location.pathname.with(|path| Filter::of(path)));
    let query = use_query_map();
    // The server asks for the title when the page, and its signals with it, may be gone.
    let at_first = filter.get_untracked();
    let title = move || match if cfg!(feature = "ssr") { at_first } else { filter.get() } {
        Filter::All => "To-dos",
        Filter::Active => "Active to-dos",
        Filter::Completed => "Completed to-dos",
    };

    view! {
        <Title text=title />
        <h1>"To-dos"</h1>
        <Suspense fallback=|| view! { <Skeleton /> }>
            {move || Suspend::new(async move {
                match loaded.await {
                    Ok(Loaded { todos, flash }) => {
                        state.load(todos);
                        state.problem.set(flash.error);
                        let edit = query.with_untracked(|query| query.get("edit").and_then(|id| id.parse::<Uuid>().ok()));
                        // What could not be saved goes back to the field it was typed into.
                        let typed = flash.form.field("description").map(str::to_owned);
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
                            <Greeting text=flash.greeting />
                            <Greeting text=flash.done.filter(|done| flash.finished && done.of_list().is_none()).map(Done::text) />
                            <TodoList
                                filter
                                draft=draft.unwrap_or_default()
                                finished=flash.finished
                            />
                        }
                        .into_any()
                    }
                    Err(error) => view! { <LoadFailure error section=Section::List /> }.into_any(),
                }
            })}
        </Suspense>
        // Empty, but without it the router waits for it for ever and never changes the address.
        <Outlet />
    }
    .into_any()
}
