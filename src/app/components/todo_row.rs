//! One to-do.

use leptos::prelude::*;
use leptos::web_sys::{HtmlElement, PointerEvent, SubmitEvent};
use server_fn::ServerFn as _;
use uuid::Uuid;

use crate::app::actions::todos::{DeleteTodo, SetDone, SetStarred};
use crate::app::browser;
use crate::app::components::edit_form::EditForm;
use crate::app::components::fresh::{linked_words, words};
use crate::app::components::icons::{self, Cross, Details, NoteMark, Pencil, ReminderMark, RepeatMark, Star, Tick};
use crate::app::components::sentence::sentence;
use crate::app::day_words::{Urgency, full, machine_readable, short, urgency};
use crate::app::derived::{Derived, derived, derived_from_last};
use crate::app::erased::{Erase as _, Erased};
use crate::app::filter::Filter;
use crate::app::optimistic::{Choice, Entry, Part, Trouble};
use crate::app::todo_list_state::{Dragged, TodoListState};

/// A row of the list: a checkbox, the text, and what can be done with it. One form, whose buttons say what.
#[component]
pub fn TodoRow(
    /// The row, as it is now; later states come from the list.
    entry: Entry,
    /// The filter in force.
    filter: Derived<Filter>,
    /// The row whose details are shown.
    opened: Derived<Option<Uuid>>,
) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let id = entry.id;
    // A row on its way out keeps its last state.
    let entry = derived_from_last(move |before: Option<&Entry>| {
        let now = state.list.with(|list| list.entry(id).cloned());
        now.or_else(|| before.cloned()).unwrap_or_else(|| entry.clone())
    });
    let is_edited = derived(move || state.editing.with(|e| e.as_ref().is_some_and(|e| e.id == id)));
    let trouble = derived(move || entry.with(|entry| entry.trouble.clone()));
    let is_dragged = move || state.dragged.with(|dragged| dragged.is_some_and(|dragged| dragged.id == id));
    let is_over = move |half: bool| {
        state
            .dragged
            .with(|dragged| dragged.is_some_and(|dragged| dragged.over == Some((id, half)) && dragged.id != id))
    };
    view! {
        <li
            class="todo"
            id=format!("todo-{id}")
            class:todo--done=move || entry.with(|entry| entry.todo.done)
            class:todo--pending=move || entry.with(|entry| entry.pending)
            class:todo--failed=move || trouble.with(Option::is_some)
            class:todo--new=move || state.added.with(|added| added.rows.contains(&id))
            class:todo--opened=move || opened.get() == Some(id)
            class:todo--dragged=is_dragged
            class:todo--drop-before=move || is_over(false)
            class:todo--drop-behind=move || is_over(true)
        >
            {move || if is_edited.get() {
                let text = state.editing.get_untracked().map(|editing| editing.text).unwrap_or_default();
                view! { <EditForm id text /> }.erased()
            } else {
                view! {
                    <Shown entry filter />
                    {move || trouble.get().map(|trouble| view! { <NotSaved entry trouble /> })}
                }.erased()
            }}
        </li>
    }
    .erased()
}

/// The row while its text is not being changed.
#[component]
fn Shown(entry: Derived<Entry>, filter: Derived<Filter>) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let id = entry.with_untracked(|entry| entry.id);
    let text = derived(move || entry.with(|entry| entry.todo.description.to_string()));
    view! {
        <form class="row" method="post" action=SetDone::url() on:submit=move |event| submit(state, filter, id, &event)>
            <input type="hidden" name="id" value=id.to_string() />
            <input type="hidden" name="seen" value=move || entry.with(|entry| entry.version) />
            <Grip id />
            <Toggle entry filter />
            <div class="todo__main">
                <span class="todo__text" id=format!("text-{id}") dir="auto" on:dblclick=move |_| state.edit(id)>
                    {linked_words(move || text.get())}
                </span>
                <Facts entry />
            </div>
            <div class="todo__actions">
                <Change entry />
                <More entry />
            </div>
        </form>
    }
    .erased()
}

/// The checkbox: a button, so that it works without WebAssembly.
#[component]
fn Toggle(entry: Derived<Entry>, filter: Derived<Filter>) -> impl IntoView {
    let id = entry.with_untracked(|entry| entry.id);
    let is_done = move || entry.with(|entry| entry.todo.done);
    view! {
        <button
            type="submit"
            class="check"
            id=format!("toggle-{id}")
            name="done"
            value=move || (!is_done()).to_string()
            role="checkbox"
            // Under a filter another row moves up.
            on:click=move |event| {
                if filter.get_untracked() != Filter::All {
                    browser::only_once(event);
                }
            }
            on:keydown=browser::only_once_held
            disabled=move || entry.with(Entry::is_only_here)
            aria-checked=move || is_done().to_string()
            aria-labelledby=format!("text-{id}")
        >
            <Tick />
        </button>
    }
    .erased()
}

/// Editing and deleting.
#[component]
fn Change(entry: Derived<Entry>) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let id = entry.with_untracked(|entry| entry.id);
    let text = move || entry.with(|entry| entry.todo.description.to_string());
    // What there is only here, and what is in dispute, is decided first.
    let is_open = move || entry.with(|entry| entry.gone || entry.is_in_conflict());
    let cannot_be_deleted =
        move || entry.with(|entry| matches!(entry.trouble, Some(Trouble::Conflict { .. } | Trouble::Refused(_))));
    view! {
        <a
            class="icon-button todo__edit"
            id=format!("edit-{id}")
            hidden=is_open
            href=move || state.here_with(Some(("edit", id)))
            title=t.edit()
            aria-label=move || t.edit_this(&text())
            on:click=move |event| {
                event.prevent_default();
                state.edit(id);
            }
        >
            <Pencil />
        </a>
        <button
            type="submit"
            class="icon-button icon-button--danger todo__delete"
            formaction=DeleteTodo::url()
            // The second of two clicks, or a key that is held, would delete the row that has moved up.
            on:click=browser::only_once
            on:keydown=browser::only_once_held
            hidden=cannot_be_deleted
            id=format!("delete-{id}")
            title=t.delete()
            aria-label=move || t.delete_this(&text())
        >
            <Cross />
        </button>
    }
    .erased()
}

/// The star, and the way to the details.
#[component]
fn More(entry: Derived<Entry>) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let id = entry.with_untracked(|entry| entry.id);
    let text = move || entry.with(|entry| entry.todo.description.to_string());
    let is_starred = move || entry.with(|entry| entry.todo.details.starred);
    let is_only_here = move || entry.with(Entry::is_only_here);
    view! {
        <button
            type="submit"
            class="icon-button star"
            id=format!("star-{id}")
            formaction=SetStarred::url()
            name="starred"
            value=move || (!is_starred()).to_string()
            on:keydown=browser::only_once_held
            hidden=is_only_here
            title=t.star()
            aria-pressed=move || is_starred().to_string()
            aria-label=move || t.star_this(&text())
        >
            <Star />
        </button>
        <a
            class="icon-button"
            id=format!("details-{id}")
            hidden=is_only_here
            href=move || state.here_with(Some(("open", id)))
            data-noscroll=""
            title=t.details()
            aria-label=move || t.details_of(&text())
        >
            <Details />
        </a>
    }
    .erased()
}

/// What the pressed button of a row asks for.
fn submit(state: TodoListState, filter: Derived<Filter>, id: Uuid, event: &SubmitEvent) {
    event.prevent_default();
    let pressed = event.submitter().map(|button| button.id()).unwrap_or_default();
    let Some(Entry { todo, .. }) = state.list.with_untracked(|list| list.entry(id).cloned()) else { return };
    match pressed.split('-').next() {
        Some("star") => state.set_starred(id, !todo.details.starred),
        Some("delete") => {
            let neighbour = neighbour(state, id);
            state.delete(id);
            focus_row("delete", neighbour);
        }
        _ => {
            // Under a filter the row goes away with the change, and the focus with it.
            let neighbour = (filter.get_untracked() != Filter::All).then(|| neighbour(state, id));
            state.set_done(id, !todo.done);
            if let Some(neighbour) = neighbour {
                focus_row("toggle", neighbour);
            }
        }
    }
}

/// What else is known of a to-do, in a line below its text.
#[component]
fn Facts(entry: Derived<Entry>) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let id = entry.with_untracked(|entry| entry.id);
    let due = derived(move || {
        let reader = state.reader.get();
        entry.with(|entry| {
            let due = entry.todo.details.due.as_ref()?;
            let class = match urgency(due, &reader) {
                _ if entry.todo.done => "due",
                Urgency::Overdue => "due due--overdue",
                Urgency::Today => "due due--today",
                Urgency::Later => "due",
            };
            let is_overdue = class == "due due--overdue";
            let words = [short(due, &reader), full(due, &reader), machine_readable(due)];
            Some((class, is_overdue, words))
        })
    });
    let steps = derived(move || {
        entry.with(|entry| {
            let steps = &entry.todo.details.steps;
            (!steps.is_empty()).then(|| (steps.iter().filter(|step| step.done).count(), steps.len()))
        })
    });
    let has_note = derived(move || entry.with(|entry| !entry.todo.details.note.is_empty()));
    let repeats = derived(move || entry.with(|entry| entry.todo.details.repeat.is_some()));
    let reminder = derived(move || {
        let reader = state.reader.get();
        entry.with(|entry| {
            let reminder = entry.todo.details.reminder.as_ref().filter(|_| !entry.todo.done)?;
            Some(t.has_reminder(&full(&reminder.clone().into(), &reader)))
        })
    });
    let marks = move || has_note.get() || repeats.get() || reminder.with(Option::is_some);
    let has_any = derived(move || due.with(Option::is_some) || steps.get().is_some() || marks());
    (move || {
        has_any.get().then(|| {
            view! {
                <a class="facts" href=move || state.here_with(Some(("open", id))) data-noscroll="" tabindex="-1">
                    {move || due.get().map(|(class, is_overdue, [short, full, machine])| view! {
                        <time class=class datetime=machine title=full>
                            {is_overdue.then(|| view! { <span class="visually-hidden">{t.overdue()} " "</span> })}
                            {words(move || short.clone())}
                        </time>
                    })}
                    {move || repeats.get().then(|| view! {
                        <span class="facts__mark"><RepeatMark /><span class="visually-hidden">{t.has_repeat()}</span></span>
                    })}
                    {move || reminder.get().map(|words| (words.clone(), words)).map(|(title, words)| view! {
                        <span class="facts__mark" title=title>
                            <ReminderMark /><span class="visually-hidden">{words}</span>
                        </span>
                    })}
                    {move || steps.get().map(|(done, all)| view! {
                        <span>
                            {words(move || t.steps_done(&done, &all))}
                            <span class="visually-hidden">" " {t.steps_done_words()}</span>
                        </span>
                    })}
                    {move || has_note.get().then(|| view! {
                        <span class="facts__mark"><NoteMark /><span class="visually-hidden">{t.has_note()}</span></span>
                    })}
                </a>
            }
            .erased()
        })
    })
    .erased()
}

/// What a row is dragged by. Keys move it, too: Alt and an arrow.
#[component]
fn Grip(id: Uuid) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let is_mine = derived(move || state.arrangement().is_mine());
    let over = move |event: &PointerEvent| browser::row_at(event.client_x(), event.client_y());
    view! {
        <span
            class="grip needs-script"
            hidden=move || !is_mine.get()
            aria-hidden="true"
            title=state.texts().drag_to_move()
            on:pointerdown=move |event| {
                if event.button() == 0 {
                    event.prevent_default();
                    let grip = event_target::<HtmlElement>(&event).closest(".grip").ok().flatten();
                    if let Some(grip) = grip {
                        let _ = grip.set_pointer_capture(event.pointer_id());
                    }
                    state.dragged.set(Some(Dragged { id, over: None }));
                }
            }
            on:pointermove=move |event| {
                if state.dragged.with_untracked(Option::is_some) {
                    browser::scroll_at_edge(event.client_y());
                    let dragged = Some(Dragged { id, over: over(&event) });
                    if state.dragged.with_untracked(|before| *before != dragged) {
                        state.dragged.set(dragged);
                    }
                }
            }
            on:pointerup=move |event| {
                let dragged = state.dragged.try_update(Option::take).flatten();
                if let Some((other, is_behind)) = dragged.and_then(|_| over(&event)) {
                    state.move_beside(id, other, is_behind);
                }
            }
            // After a drop too, and where the row goes away.
            on:lostpointercapture=move |_| state.dragged.set(None)
        >
            <icons::Grip />
        </span>
    }
    .erased()
}

/// Why what was done to the row is not saved, and what the customer can do about it.
#[component]
fn NotSaved(entry: Derived<Entry>, trouble: Trouble) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let id = entry.with_untracked(|entry| entry.id);
    // Of the row, for those who hear the button alone.
    let of_row =
        move || view! { <span class="visually-hidden">{move || format!(": {}", entry.get().todo.description)}</span> };
    let choose = move |choice: Choice, name: &'static str| {
        view! {
            <button
                type="button"
                class="button button--small button--quiet"
                on:click=move |event| {
                    if !browser::is_again(&event) {
                        state.resolve(id, choice);
                        browser::focus_soon(format!("edit-{id}"), "new-todo");
                    }
                }
                on:keydown=browser::only_once_held
            >
                {name}
                {of_row()}
            </button>
        }
    };
    match trouble {
        Trouble::Unanswered => view! {
            <span class="todo__failed">
                {t.not_saved()}
                " "
                <button type="button" class="link-button" on:click=move |_| state.send_again(id)>{t.try_again()} {of_row()}</button>
            </span>
        }
        .erased(),
        Trouble::Refused(reason) => view! {
            <span class="todo__failed">
                {format!("{} {reason} ", t.not_saved())}
                <button type="button" class="link-button" on:click=move |_| state.send_again(id)>{t.try_again()} {of_row()}</button>
                " "
                <button
                    type="button"
                    class="link-button"
                    // The second of two clicks, or a key that is held, would throw away what the next row says.
                    on:click=move |event| {
                        if !browser::is_again(&event) {
                            state.give_up(id);
                        }
                    }
                    on:keydown=browser::only_once_held
                >
                    {t.discard()}
                    {of_row()}
                </button>
            </span>
        }
        .erased(),
        Trouble::Conflict { part, theirs: Some(theirs), mine } => view! {
            <div class="todo__conflict">
                <p>
                    {match part {
                        Part::Note => sentence(t.conflict_note_parts(), |which| quoted(if which == 0 { &theirs } else { &mine })),
                        Part::Text | Part::Step => sentence(t.conflict_text_parts(), |_| quoted(&theirs)),
                    }}
                </p>
                <p class="actions">
                    {choose(Choice::Mine, t.keep_mine())}
                    {choose(Choice::Theirs, t.keep_theirs())}
                    {choose(Choice::Both, t.keep_both())}
                </p>
            </div>
        }
        .erased(),
        Trouble::Conflict { theirs: None, mine, .. } => {
            view! {
                <div class="todo__conflict">
                    <p>{sentence(t.conflict_deleted_parts(), |_| quoted(&mine))}</p>
                    <p class="actions">
                        {choose(Choice::Mine, t.add_it_again())}
                        {choose(Choice::Theirs, t.leave_it_deleted())}
                    </p>
                </div>
            }
            .erased()
        }
    }
}

/// What somebody wrote.
fn quoted(text: &str) -> Erased {
    view! { <q dir="auto">{text.to_owned()}</q> }.erased()
}

/// The next shown row after `id`, else the previous one.
fn neighbour(state: TodoListState, id: Uuid) -> Option<Uuid> {
    let shown = untrack(|| state.shown_beside(id));
    let place = shown.iter().position(|row| *row == id)?;
    shown.get(place + 1).or_else(|| shown.get(place.checked_sub(1)?)).copied()
}

/// Moves the focus to the `control` of `row`; to the field for a new one if there is no row.
fn focus_row(control: &str, row: Option<Uuid>) {
    browser::focus_soon(row.map(|id| format!("{control}-{id}")).unwrap_or_default(), "new-todo");
}
