//! What is not saved of a row.

use leptos::prelude::*;
use uuid::Uuid;

use crate::app::browser::{self, Control};
use crate::app::components::sentence::sentence;
use crate::app::erased::{Erase as _, Erased};
use crate::app::optimistic::{Choice, Part, Trouble};
use crate::app::todo_list_state::TodoListState;

/// Why what was done to the row is not saved, and what the customer can do about it.
#[component]
pub fn NotSaved(
    /// Which row.
    id: Uuid,
    /// What it says.
    text: String,
    /// Why.
    trouble: Trouble,
) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let choose = |choice: Choice, name: &'static str| {
        view! {
            <button
                type="button"
                class="button button--small button--quiet"
                on:click=move |event| {
                    if !browser::is_again(&event) {
                        state.resolve(id, choice);
                        browser::focus_control_soon(Control::Edit, Some(id));
                    }
                }
                on:keydown=browser::only_once_held
            >
                {name}
                {of_row(&text)}
            </button>
        }
    };
    match trouble {
        Trouble::Unanswered => view! {
            <span class="todo__failed">
                {t.not_saved()}
                " "
                <button type="button" class="link-button" on:click=move |_| state.send_again(id)>{t.try_again()} {of_row(&text)}</button>
            </span>
        }
        .erased(),
        Trouble::Refused(reason) => view! {
            <span class="todo__failed">
                {format!("{} {reason} ", t.not_saved())}
                <button type="button" class="link-button" on:click=move |_| state.send_again(id)>{t.try_again()} {of_row(&text)}</button>
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
                    {of_row(&text)}
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

/// Which row it is, for those who hear the button alone.
fn of_row(text: &str) -> Erased {
    view! { <span class="visually-hidden">{format!(": {text}")}</span> }.erased()
}

/// What somebody wrote.
fn quoted(text: &str) -> Erased {
    view! { <q dir="auto">{text.to_owned()}</q> }.erased()
}
