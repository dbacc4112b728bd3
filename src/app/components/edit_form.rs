//! A row while its text is changed.

use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys::{Element, FocusEvent, KeyboardEvent, Node};
use leptos_router::hooks::use_location;
use server_fn::ServerFn as _;
use uuid::Uuid;

use crate::app::actions::todos::EditTodo;
use crate::app::browser::{self, Control};
use crate::app::components::author_field::AuthorField;
use crate::app::erased::Erase as _;
use crate::app::todo_list_state::TodoListState;

/// Enter or leaving saves, Escape cancels, an empty text deletes.
#[component]
pub fn EditForm(
    /// Which row.
    id: Uuid,
    /// What the field starts with.
    text: String,
) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let field = state.edit_field;
    let location = use_location();
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            let _ = field.focus();
            field.select();
        }
    });

    let finish = move || {
        if let Some(field) = field.get_untracked() {
            state.finish_editing(id, &field.value());
        }
    };
    let return_focus = move || browser::focus_control_soon(Control::Edit, Some(id));
    let cancel = move || {
        state.stop_editing();
        return_focus();
    };
    let version = state.list.with_untracked(|list| list.entry(id).map(|entry| entry.version));
    let is_gone = move || state.list.with(|list| list.entry(id).is_some_and(|entry| entry.gone));
    let leave = move |event: FocusEvent| {
        // Moving on to the form's own buttons is not leaving it.
        let form = event.current_target().and_then(|form| form.dyn_into::<Element>().ok());
        let to = event.related_target().and_then(|to| to.dyn_into::<Node>().ok());
        // Nor is switching to another window: the field is still the one that keys go to when the customer is back.
        let has_focus = document().active_element();
        let stays = |to: Option<&Node>| to.is_some_and(|to| form.as_ref().is_some_and(|form| form.contains(Some(to))));
        if !stays(to.as_ref()) && !stays(has_focus.as_deref()) {
            finish();
        }
    };
    view! {
        <form
            class="edit"
            method="post"
            action=EditTodo::url()
            on:submit=move |event| {
                event.prevent_default();
                finish();
                // A text that was refused stays in its field, and so does the focus.
                if state.editing.with_untracked(|editing| editing.as_ref().is_none_or(|editing| editing.id != id)) {
                    return_focus();
                }
            }
            on:focusout=leave
            on:keydown=move |event: KeyboardEvent| {
                // Of an input method's window of candidates, it closes that.
                if event.key() == "Escape" && !browser::is_composing(&event) {
                    event.prevent_default();
                    cancel();
                }
            }
        >
            <AuthorField />
            <input type="hidden" name="id" value=id.to_string() />
            <input type="hidden" name="seen" value=version />
            <input
                class="field edit__field"
                name="description"
                type="text"
                dir="auto"
                autocomplete="off"
                enterkeyhint="done"
                aria-label=t.edit_todo()
                value=text
                autofocus=true
                node_ref=field
            />
            <p class="edit__note" role="status">
                {move || is_gone().then(|| t.edit_gone())}
            </p>
            <div class="edit__buttons">
                <button type="submit" class="button button--small">{t.save()}</button>
                <a
                    class="button button--small button--quiet"
                    href=move || location.pathname.get()
                    // The field keeps the focus, or leaving it would save before this is clicked.
                    on:mousedown=|event| event.prevent_default()
                    on:click=move |event| {
                        event.prevent_default();
                        cancel();
                    }
                >
                    {t.cancel()}
                </a>
            </div>
        </form>
    }
    .erased()
}
