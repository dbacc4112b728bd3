//! What was just done to several to-dos at once, or deleted, and the way back.

use leptos::prelude::*;
use server_fn::ServerFn as _;

use crate::app::actions::todos::{UndoChange, UndoLastChange};
use crate::app::browser;
use crate::app::components::author_field::AuthorField;
use crate::app::components::fresh::words;
use crate::app::components::icons::Cross;
use crate::app::derived::derived;
use crate::app::erased::Erase as _;
use crate::app::todo_list_state::{Offer, TodoListState};

/// A live region at the foot of the page that offers to undo. It stays while the pointer or the focus is on it.
#[component]
pub fn UndoToast() -> impl IntoView {
    let state = expect_context::<TodoListState>();
    // One toast says what comes to be offered while it is there: who has the focus on it keeps it.
    let is_there = derived(move || state.offer.with(Option::is_some));
    view! {
        <div
            class="toasts"
            role="status"
            on:pointerenter=move |_| state.point_at_offer(true)
            on:pointerleave=move |_| state.point_at_offer(false)
            on:focusin=move |_| state.focus_offer(true)
            on:focusout=move |_| state.focus_offer(false)
        >
            {move || is_there.get().then(|| view! { <Toast /> })}
        </div>
    }
    .erased()
}

/// A button that undoes what was done last: on this page; else on the page before, or on another device.
#[component]
pub fn UndoLast() -> impl IntoView {
    let state = expect_context::<TodoListState>();
    view! {
        <form
            method="post"
            action=UndoLastChange::url()
            on:submit=move |event| {
                event.prevent_default();
                state.undo_last();
            }
        >
            <AuthorField />
            <button
                type="submit"
                class="link-button"
                aria-keyshortcuts="Control+Z"
                // A key that is held, or the second of two clicks, is no further step.
                on:click=browser::only_once
                on:keydown=browser::only_once_held
            >
                {state.texts().undo_last()}
            </button>
        </form>
    }
    .erased()
}

#[component]
fn Toast() -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let text = move || state.offer.with(|offer| offer.as_ref().map(|offer| offer.text(t)).unwrap_or_default());
    let can_be_undone = derived(move || state.offer.with(|offer| offer.as_ref().is_some_and(Offer::can_be_undone)));
    let change = move || state.offer.with(|offer| offer.as_ref()?.change.map(|change| change.to_string()));
    let leave = move || {
        // The button that had the focus, or the pointer, is gone with the toast.
        state.leave_offer();
        browser::focus_soon("new-todo".to_owned(), "main");
    };
    view! {
        <div class="toast">
            <p dir="auto">{words(text)}</p>
            {move || can_be_undone.get().then(|| view! {
                <form
                    method="post"
                    action=UndoChange::url()
                    on:submit=move |event| {
                        event.prevent_default();
                        state.undo_offer();
                        leave();
                    }
                >
                    <AuthorField />
                    <input type="hidden" name="change" value=change />
                    <button type="submit" class="toast__action">{t.undo()}</button>
                </form>
            })}
            <button
                type="button"
                class="icon-button needs-script"
                aria-label=t.dismiss()
                on:click=move |_| {
                    state.offer.set(None);
                    leave();
                }
            >
                <Cross />
            </button>
        </div>
    }
    .erased()
}
