//! One to-do.

use leptos::prelude::*;
use server_fn::ServerFn as _;
use uuid::Uuid;

use crate::app::actions::todos::{DeleteTodo, SetDone};
use crate::app::browser;
use crate::app::components::edit_form::EditForm;
use crate::app::components::filters::Filter;
use crate::app::components::icons::{Cross, Pencil, Tick};
use crate::app::optimistic::{Choice, Entry, Trouble};
use crate::app::todo_list_state::TodoListState;

/// A row of the list: a checkbox, the text, and what can be done with it.
#[component]
pub fn TodoRow(
    /// The row, as it is now; later states come from the list.
    entry: Entry,
    /// The filter in force.
    filter: Memo<Filter>,
) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let id = entry.id;
    // A row on its way out keeps its last state.
    let entry = Memo::new(move |before: Option<&Entry>| {
        let now = state.list.with(|list| list.entry(id).cloned());
        now.or_else(|| before.cloned()).unwrap_or_else(|| entry.clone())
    });
    let is_edited = Memo::new(move |_| state.editing.with(|e| e.as_ref().is_some_and(|e| e.id == id)));
    let edit = move || state.edit(id);
    let trouble = Memo::new(move |_| entry.with(|entry| entry.trouble.clone()));
    // What there is only here, and what is in dispute, is decided first.
    let is_open = move || entry.with(|entry| entry.gone || entry.is_in_conflict());
    view! {
        <li
            class="todo"
            id=format!("todo-{id}")
            class:todo--done=move || entry.with(|entry| entry.todo.done)
            class:todo--pending=move || entry.with(|entry| entry.pending)
            class:todo--failed=move || trouble.with(Option::is_some)
            class:todo--new=move || state.added.with(|added| added.rows.contains(&id))
        >
            {move || if is_edited.get() {
                let text = state.editing.get_untracked().map(|editing| editing.text).unwrap_or_default();
                view! { <EditForm id text /> }.into_any()
            } else {
                view! {
                    <Toggle entry filter />
                    <span class="todo__text" id=format!("text-{id}") dir="auto" on:dblclick=move |_| edit()>
                        {move || entry.get().todo.description.to_string()}
                    </span>
                    {move || trouble.get().map(|trouble| view! { <NotSaved entry trouble /> })}
                    <div class="todo__actions">
                        <a
                            class="icon-button"
                            id=format!("edit-{id}")
                            hidden=is_open
                            href=format!("?edit={id}")
                            aria-label=move || format!("Edit {}", entry.get().todo.description)
                            on:click=move |event| {
                                event.prevent_default();
                                edit();
                            }
                        >
                            <Pencil />
                        </a>
                        <Delete entry filter />
                    </div>
                }.into_any()
            }}
        </li>
    }
    .into_any()
}

/// The checkbox: a button that sends a form, so that it works without WebAssembly.
#[component]
fn Toggle(entry: Memo<Entry>, filter: Memo<Filter>) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let id = entry.get_untracked().id;
    view! {
        <form
            method="post"
            action=SetDone::url()
            on:submit=move |event| {
                event.prevent_default();
                // Under a filter the row goes away with the change, and the focus with it.
                let neighbour = (filter.get_untracked() != Filter::All).then(|| neighbour(state, filter, id));
                state.set_done(id, !entry.get_untracked().todo.done);
                if let Some(neighbour) = neighbour {
                    focus_row("toggle", neighbour);
                }
            }
        >
            <input type="hidden" name="id" value=id.to_string() />
            <input type="hidden" name="done" value=move || (!entry.get().todo.done).to_string() />
            <button
                type="submit"
                class="check"
                id=format!("toggle-{id}")
                role="checkbox"
                // Under a filter another row moves up.
                on:click=move |event| {
                    if filter.get_untracked() != Filter::All {
                        browser::only_once(event);
                    }
                }
                on:keydown=browser::only_once_held
                disabled=move || entry.with(Entry::is_only_here)
                aria-checked=move || entry.get().todo.done.to_string()
                aria-labelledby=format!("text-{id}")
            >
                <Tick />
            </button>
        </form>
    }
    .into_any()
}

#[component]
fn Delete(entry: Memo<Entry>, filter: Memo<Filter>) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let id = entry.get_untracked().id;
    view! {
        <form
            method="post"
            action=DeleteTodo::url()
            on:submit=move |event| {
                event.prevent_default();
                let neighbour = neighbour(state, filter, id);
                state.delete(id);
                focus_row("delete", neighbour);
            }
        >
            <input type="hidden" name="id" value=id.to_string() />
            <input type="hidden" name="seen" value=move || entry.with(|entry| entry.version) />
            <button
                type="submit"
                class="icon-button icon-button--danger"
                // The second of two clicks, or a key that is held, would delete the row that has moved up.
                on:click=browser::only_once
                on:keydown=browser::only_once_held
                hidden=move || entry.with(|entry| matches!(entry.trouble, Some(Trouble::Conflict { .. } | Trouble::Refused(_))))
                id=format!("delete-{id}")
                aria-label=move || format!("Delete {}", entry.get().todo.description)
            >
                <Cross />
            </button>
        </form>
    }
    .into_any()
}

/// Why what was done to the row is not saved, and what the customer can do about it.
#[component]
fn NotSaved(entry: Memo<Entry>, trouble: Trouble) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let Entry { id, todo, .. } = entry.get_untracked();
    // Of the row, for those who hear the button alone.
    let of_row =
        move || view! { <span class="visually-hidden">{move || format!(": {}", entry.get().todo.description)}</span> };
    let choose = move |choice: Choice, name: &'static str| {
        view! {
            <button
                type="button"
                class="button button--small button--quiet"
                on:click=move |_| {
                    state.resolve(id, choice);
                    browser::focus_soon(format!("edit-{id}"), "new-todo");
                }
            >
                {name}
                {of_row()}
            </button>
        }
    };
    match trouble {
        Trouble::Unanswered => view! {
            <span class="todo__failed">
                "Not saved. "
                <button type="button" class="link-button" on:click=move |_| state.send_again(id)>"Try again" {of_row()}</button>
            </span>
        }
        .into_any(),
        Trouble::Refused(reason) => view! {
            <span class="todo__failed">
                {format!("Not saved. {reason} ")}
                <button type="button" class="link-button" on:click=move |_| state.send_again(id)>"Try again" {of_row()}</button>
                " "
                <button type="button" class="link-button" on:click=move |_| state.give_up(id)>"Discard" {of_row()}</button>
            </span>
        }
        .into_any(),
        Trouble::Conflict { theirs: Some(theirs), .. } => view! {
            <div class="todo__conflict">
                <p>"Another device changed this to " <q dir="auto">{theirs.to_string()}</q> " meanwhile."</p>
                <p class="actions">
                    {choose(Choice::Mine, "Keep mine")}
                    {choose(Choice::Theirs, "Keep theirs")}
                    {choose(Choice::Both, "Keep both")}
                </p>
            </div>
        }
        .into_any(),
        Trouble::Conflict { theirs: None, .. } => {
            let text = todo.description.to_string();
            view! {
                <div class="todo__conflict">
                    <p>"Another device deleted this meanwhile. What you wrote, " <q dir="auto">{text}</q> ", is only here."</p>
                    <p class="actions">
                        {choose(Choice::Mine, "Add it again")}
                        {choose(Choice::Theirs, "Leave it deleted")}
                    </p>
                </div>
            }
            .into_any()
        }
    }
}

/// The next shown row after `id`, else the previous one.
fn neighbour(state: TodoListState, filter: Memo<Filter>, id: Uuid) -> Option<Uuid> {
    let filter = filter.get_untracked();
    state.list.with_untracked(|list| {
        let shown: Vec<_> = list.entries().iter().filter(|e| filter.shows(e)).map(|e| e.id).collect();
        let place = shown.iter().position(|shown| *shown == id)?;
        shown.get(place + 1).or_else(|| shown.get(place.checked_sub(1)?)).copied()
    })
}

/// Moves the focus to the `control` of `row`; to the field for a new one if there is no row.
fn focus_row(control: &str, row: Option<Uuid>) {
    browser::focus_soon(row.map(|id| format!("{control}-{id}")).unwrap_or_default(), "new-todo");
}
