//! What keys do on the list, and the window that says so.

use leptos::ev;
use leptos::html::Dialog;
use leptos::prelude::*;
use leptos::web_sys::{HtmlInputElement, KeyboardEvent};
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use uuid::Uuid;

use crate::app::browser::{self, Control};
use crate::app::components::icons::Cross;
use crate::app::erased::Erase as _;
use crate::app::filter::Filter;
use crate::app::interaction::Interaction;
use crate::app::keys::{Action, Keys, Pressed, SHOWN, View, With};
use crate::app::texts::Texts;
use crate::app::todo_list_state::TodoListState;

/// What the browser remembers of a customer who wants no single keys.
const NO_SINGLE_KEYS: &str = "errand.no-single-keys";

/// A button below the list, the window that it opens, and the keys themselves. Only scripts open the window, so what is in it
/// is made when it is opened for the first time.
#[component]
pub fn Shortcuts() -> impl IntoView {
    let t = Texts::current();
    let dialog = NodeRef::<Dialog>::new();
    let singles = RwSignal::new(true);
    Effect::new(move |_| singles.set(!browser::remembered(NO_SINGLE_KEYS)));
    let was_opened = RwSignal::new(false);
    let open = move || {
        if !was_opened.get_untracked() {
            was_opened.set(true);
        }
        browser::open_dialog_soon(dialog);
    };
    listen(singles, open);
    view! {
        <p class="keys needs-script">
            <button
                type="button"
                class="link-button"
                aria-haspopup="dialog"
                aria-keyshortcuts=move || singles.get().then_some("?")
                on:click=move |_| open()
            >
                {t.keys_title()}
            </button>
        </p>
        <dialog
            class="card dialog"
            aria-labelledby="shortcuts-title"
            node_ref=dialog
            // Beside the window is the dialog itself.
            on:click=move |event| {
                if event.target() == event.current_target() {
                    browser::close_dialog(dialog);
                }
            }
        >
            {move || was_opened.get().then(|| view! { <Help singles dialog /> })}
        </dialog>
    }
    .erased()
}

/// What is in the window: the keys, and whether single ones do anything.
#[component]
fn Help(singles: RwSignal<bool>, dialog: NodeRef<Dialog>) -> impl IntoView {
    let t = Texts::current();
    view! {
        <div class="dialog__inside">
            <div class="dialog__head">
                <h2 id="shortcuts-title">{t.keys_title()}</h2>
                <button
                    type="button"
                    class="icon-button"
                    title=t.close()
                    aria-label=t.close()
                    on:click=move |_| browser::close_dialog(dialog)
                >
                    <Cross />
                </button>
            </div>
            <dl class="keys__list">
                {SHOWN.map(|(keys, what)| view! {
                    <div class="keys__item">
                        <dt>{keys.iter().enumerate().map(|(place, key)| view! { <ShownKey key=*key is_first=place == 0 /> }).collect_view()}</dt>
                        <dd>{what.text(t)}</dd>
                    </div>
                })}
            </dl>
            <label class="keys__switch">
                <input
                    type="checkbox"
                    role="switch"
                    prop:checked=singles
                    on:change=move |event| {
                        let is_on = event_target::<HtmlInputElement>(&event).checked();
                        singles.set(is_on);
                        browser::remember(NO_SINGLE_KEYS, !is_on);
                    }
                />
                <span>
                    {t.keys_single()}
                    <small>{t.keys_single_hint()}</small>
                </span>
            </label>
        </div>
    }
    .erased()
}

/// One key, or two one after the other.
#[component]
fn ShownKey(key: &'static str, is_first: bool) -> impl IntoView {
    let t = Texts::current();
    let named = |key: &'static str| match key {
        "Space" => t.key_space(),
        "Enter" => t.key_enter(),
        key => key,
    };
    let keys = key.split(' ').enumerate().map(|(place, key)| {
        view! { {(place > 0).then(|| format!(" {} ", t.keys_then()))} <kbd>{named(key)}</kbd> }
    });
    view! { {(!is_first).then(|| format!(" {} ", t.keys_or()))} {keys.collect_view()} }
}

/// Does what keys ask for. `help` opens the window.
fn listen(singles: RwSignal<bool>, help: impl Fn() + 'static) {
    let state = expect_context::<TodoListState>();
    let interaction = expect_context::<Interaction>();
    let navigate = use_navigate();
    let keys = StoredValue::new(Keys::default());
    let listener = window_event_listener(ev::keydown, move |event| {
        // The page of a session that is over is not there.
        if event.default_prevented() || interaction.ended.get_untracked() {
            return;
        }
        let pressed = pressed(&event);
        let Some(action) = keys.try_update_value(|keys| keys.press(&pressed, singles.get_untracked())).flatten() else {
            return;
        };
        let row = browser::row_with_focus();
        let is_about_row = matches!(
            action,
            Action::Toggle | Action::Edit | Action::Star | Action::Details | Action::MoveDown | Action::MoveUp
        );
        if action == Action::Wait || (is_about_row && row.is_none()) {
            return;
        }
        event.prevent_default();
        match (action, row) {
            (Action::Go(view), _) => {
                navigate(&of_view(view).href(), NavigateOptions { scroll: false, ..NavigateOptions::default() });
            }
            (Action::Help, _) => help(),
            (Action::Undo, _) => state.undo_last(),
            (Action::Add, _) => browser::focus_soon("new-todo".to_owned(), "main"),
            (Action::Search, _) => browser::focus_field("search"),
            (Action::Next, row) => walk(row, true),
            (Action::Previous, row) => walk(row, false),
            // As if its button was pressed: what holds for that holds for the key.
            (Action::Toggle, Some(id)) => press_and_stay(Control::Toggle, id),
            (Action::Star, Some(id)) => press_and_stay(Control::Star, id),
            (Action::Edit, Some(id)) => browser::press(Control::Edit, id),
            (Action::Details, Some(id)) => browser::press(Control::Details, id),
            (Action::MoveDown | Action::MoveUp, Some(id)) => {
                state.move_by_one(id, action == Action::MoveDown);
                browser::focus_row_soon([Some(id), None]);
            }
            _ => {}
        }
    });
    browser::when_gone(move || listener.remove());
}

fn pressed(event: &KeyboardEvent) -> Pressed {
    let with = With::of(event.shift_key(), event.ctrl_key() || event.meta_key(), event.alt_key());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a page is not open for 49 days in one go"
    )]
    let at = event.time_stamp() as u32;
    Pressed {
        key: event.key(),
        with,
        repeat: event.repeat(),
        composing: browser::is_composing(event),
        focus: browser::focus_of_keys(),
        at,
    }
}

fn of_view(view: View) -> Filter {
    match view {
        View::Today => Filter::Today,
        View::Planned => Filter::Planned,
        View::Overdue => Filter::Overdue,
        View::Starred => Filter::Starred,
        View::All => Filter::All,
    }
}

/// Goes to the next row that is shown, or the one before; from none, to the first or the last.
fn walk(from: Option<Uuid>, is_down: bool) {
    let rows = browser::shown_rows();
    let place = from.and_then(|from| rows.iter().position(|row| *row == from));
    let to = match (place, is_down) {
        (Some(place), true) => rows.get(place + 1),
        (Some(place), false) => place.checked_sub(1).and_then(|place| rows.get(place)),
        (None, true) => rows.first(),
        (None, false) => rows.last(),
    };
    if let Some(to) = to {
        browser::focus_row(*to);
    }
}

/// Presses a button of a row. The row has the focus then; where it goes away with that, the one that moves up.
fn press_and_stay(button: Control, id: Uuid) {
    let rows = browser::shown_rows();
    let place = rows.iter().position(|row| *row == id).unwrap_or_default();
    browser::press(button, id);
    let after = rows.get(place + 1).or_else(|| rows.get(place.checked_sub(1)?)).copied();
    browser::focus_row_soon([Some(id), after]);
}
