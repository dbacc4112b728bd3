//! The customer's lists beside the views, and what can be done with one of them.

use leptos::html::Input;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use server_fn::ServerFn as _;
use uuid::Uuid;

use crate::app::actions::lists::{AddList, DeleteList, RenameList};
use crate::app::address;
use crate::app::browser;
use crate::app::components::author_field::AuthorField;
use crate::app::components::icons::Plus;
use crate::app::components::view_link::ViewLink;
use crate::app::derived::{Derived, derived};
use crate::app::erased::Erase as _;
use crate::app::filter::Filter;
use crate::app::lists_state::ListsState;
use crate::app::optimistic::List;
use crate::app::todo_list_state::TodoListState;
use crate::todo::ListName;

/// The lists as links, and a field for one more.
#[component]
pub fn Lists(
    /// The filter in force.
    filter: Derived<Filter>,
) -> impl IntoView {
    let lists = expect_context::<ListsState>();
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let navigate = use_navigate();
    let field = state.new_list();
    // One for each list: a key that is held makes one.
    let next = StoredValue::new(Uuid::new_v4());
    view! {
        <ul aria-label=t.lists()>
            <For each=move || lists.lists.get() key=|list| (list.id, list.name.to_string()) let:list>
                <ViewLink link=Filter::List(list.id) name=list.name.to_string() filter />
            </For>
        </ul>
        <form
            class="inline-form new-list"
            method="post"
            action=AddList::url()
            on:submit=move |event| {
                event.prevent_default();
                let Some(field) = field.get_untracked() else { return };
                if let Some(name) = ListsState::parse(state, &field.value()) {
                    let (navigate, id, sent) = (navigate.clone(), next.get_value(), field.value());
                    lists.add(state, id, name, move || {
                        if next.try_get_value() == Some(id) {
                            next.set_value(Uuid::new_v4());
                        }
                        if field.value() == sent {
                            field.set_value("");
                        }
                        navigate(&address::list(id), NavigateOptions { scroll: false, ..NavigateOptions::default() });
                        browser::focus_soon("new-todo".to_owned(), "main");
                    });
                }
            }
        >
            <AuthorField />
            // For the form without scripts, which may be sent twice.
            <input type="hidden" name="id" value=cfg!(feature = "ssr").then(|| Uuid::new_v4().to_string()) />
            <input
                class="field add__field"
                id="new-list"
                name="name"
                type="text"
                dir="auto"
                autocomplete="off"
                enterkeyhint="done"
                placeholder=t.list_new()
                aria-label=t.list_new()
                value=lists.draft()
                maxlength=ListName::MAX_CHARS.to_string()
                node_ref=field
            />
            <button type="submit" class="icon-button" title=t.list_add() aria-label=t.list_add()><Plus /></button>
        </form>
    }
    .erased()
}

/// Renaming and deleting the list that is shown.
#[component]
pub fn ListOptions(
    /// Which one.
    id: Uuid,
) -> impl IntoView {
    let lists = expect_context::<ListsState>();
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let navigate = use_navigate();
    let field = NodeRef::<Input>::new();
    let version =
        derived(move || lists.lists.with(|lists| lists.iter().find(|list| list.id == id).map(|list| list.version)));
    let name = derived(move || lists.name(id).unwrap_or_default());
    // A name that another device gave it, unless one is being typed.
    Effect::new(move |_| {
        let name = name.get();
        if let Some(field) = field.get()
            && !browser::is_focused(&field)
        {
            field.set_value(&name);
        }
    });
    view! {
        <details class="list-options">
            <summary>{t.list_options()}</summary>
            <div class="list-options__body">
                <form
                    class="inline-form"
                    method="post"
                    action=RenameList::url()
                    on:submit=move |event| {
                        event.prevent_default();
                        let Some(field) = field.get_untracked() else { return };
                        if let Some(name) = ListsState::parse(state, &field.value()) {
                            lists.rename(state, id, name);
                        }
                    }
                >
                    <AuthorField />
                    <input type="hidden" name="id" value=id.to_string() />
                    <input type="hidden" name="seen" value=version />
                    <input
                        class="field add__field"
                        name="name"
                        type="text"
                        dir="auto"
                        autocomplete="off"
                        aria-label=t.list_name()
                        maxlength=ListName::MAX_CHARS.to_string()
                        value=name.get_untracked()
                        node_ref=field
                    />
                    <button type="submit" class="button button--small button--quiet">{t.list_rename()}</button>
                </form>
                <form
                    method="post"
                    action=DeleteList::url()
                    on:submit=move |event| {
                        event.prevent_default();
                        let navigate = navigate.clone();
                        lists.delete(state, id, move || {
                            navigate(address::TODOS, NavigateOptions { scroll: false, ..NavigateOptions::default() });
                            browser::focus_soon("new-todo".to_owned(), "main");
                        });
                    }
                >
                    <AuthorField />
                    <input type="hidden" name="id" value=id.to_string() />
                    <input type="hidden" name="seen" value=move || state.list.with(List::last_change) />
                    <button
                        type="submit"
                        class="button button--small button--quiet button--danger"
                        on:click=browser::only_once
                        on:keydown=browser::only_once_held
                    >
                        {t.list_delete()}
                    </button>
                </form>
            </div>
        </details>
    }
    .erased()
}
