//! A field that shows what is saved, and saves what is typed.

use std::time::Duration;

use leptos::html::{Input, Textarea};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast as _;
use leptos::web_sys::{Event, HtmlInputElement, HtmlTextAreaElement};

use crate::app::browser;
use crate::app::erased::Erase as _;

/// How long nothing is typed before a longer text is saved.
const PAUSE: Duration = Duration::from_millis(800);

/// What takes over what was typed: the text, and what was to be seen before it. Answers whether it can.
pub type Save = Callback<(String, String), bool>;

/// What hears of a text while it is typed: the text, and what was to be seen before it; nothing once it is saved.
pub type Typing = Callback<Option<(String, String)>>;

/// What a field knows of its text.
#[derive(Clone, Copy)]
struct Kept {
    /// What was shown, or saved, last: what the customer typed is a change of that.
    base: StoredValue<String>,
    /// What was typed, and is not saved.
    typed: StoredValue<Option<String>>,
    save: Save,
    /// Hears what is typed, with what was to be seen before; nothing once that is saved.
    typing: Option<Typing>,
    /// Whether a field that is emptied says so when it goes away: else that is half of a change.
    may_be_empty: bool,
    timer: StoredValue<Option<TimeoutHandle>>,
}

impl Kept {
    fn new(shown: String, draft: Option<String>, save: Save, typing: Option<Typing>, may_be_empty: bool) -> Self {
        let kept = Self {
            base: StoredValue::new(shown),
            typed: StoredValue::new(draft),
            save,
            typing,
            may_be_empty,
            timer: StoredValue::new(None),
        };
        // A field that goes away, or with its page, takes nothing with it.
        let gone = window_event_listener(leptos::ev::pagehide, move |_| kept.save_when_gone());
        browser::when_gone(move || {
            gone.remove();
            kept.save_when_gone();
        });
        kept
    }

    fn note(self, text: String) {
        if let (Some(typing), Some(base)) = (self.typing, self.base.try_get_value()) {
            typing.run(Some((text.clone(), base)));
        }
        let _ = self.typed.try_set_value(Some(text));
    }

    fn save_when_gone(self) {
        let typed = self.typed.try_get_value().flatten();
        if self.may_be_empty || typed.is_some_and(|text| !text.trim().is_empty()) {
            self.save();
        }
    }

    /// The field is left. Switching to another window is not leaving it.
    fn leave(self) {
        if browser::has_window_focus() {
            self.save();
        }
    }

    /// Saves what was typed, if it is something else than before.
    fn save(self) {
        let (Some(text), Some(base)) = (self.typed.try_get_value().flatten(), self.base.try_get_value()) else {
            return;
        };
        if text == base || self.save.run((text.clone(), base)) {
            self.settle(text);
        }
    }

    /// Nothing is typed any more: it is what is shown.
    fn settle(self, shown: String) {
        let _ = self.base.try_set_value(shown);
        let _ = self.typed.try_set_value(None);
        if let Some(typing) = self.typing {
            typing.run(None);
        }
    }

    /// Saves it once nothing was typed for a while.
    fn save_soon(self) {
        let timer = set_timeout_with_handle(move || self.save(), PAUSE);
        if let Some(before) = self.timer.try_update_value(|kept| std::mem::replace(kept, timer.ok())).flatten() {
            before.clear();
        }
    }

    /// Shows what another device wrote, unless something is typed and not saved: that is not written over.
    fn follow(self, now: String, show: impl FnOnce(&str)) {
        let is_typing = self.typed.with_value(|typed| typed.as_ref().is_some_and(|typed| *typed != now));
        if !is_typing && self.base.with_value(|base| *base != now) {
            show(&now);
            self.settle(now);
        }
    }
}

/// A text inside of a `textarea`, as the server writes it: Leptos escapes nothing there, and a parser of HTML drops the first
/// line break (HTML §13.2.6.4.7). The browser takes it as it is.
fn in_a_textarea(text: String) -> String {
    if cfg!(feature = "ssr") { format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;")) } else { text }
}

/// A field of one line.
#[component]
pub fn LiveInput(
    /// The id of the element.
    id: String,
    /// The name in its form.
    name: &'static str,
    /// What it is, for those who do not see where it stands.
    #[prop(optional)]
    label: &'static str,
    /// The class of the element.
    class: &'static str,
    /// What is saved.
    #[prop(into)]
    value: Signal<String>,
    /// Takes over what was typed.
    save: Save,
    /// Hears what is typed.
    #[prop(optional)]
    typing: Option<Typing>,
    /// What was typed before, and could not be saved.
    #[prop(optional_no_strip)]
    draft: Option<String>,
) -> impl IntoView {
    let field = NodeRef::<Input>::new();
    let kept = Kept::new(value.get_untracked(), draft.clone(), save, typing, false);
    Effect::new(move |_| {
        let now = value.get();
        if let Some(field) = field.get() {
            kept.follow(now, |now| field.set_value(now));
        }
    });
    view! {
        <input
            class=class
            id=id
            name=name
            type="text"
            dir="auto"
            autocomplete="off"
            enterkeyhint="done"
            aria-label=(!label.is_empty()).then_some(label)
            value=draft.unwrap_or_else(|| value.get_untracked())
            node_ref=field
            on:input=move |event: Event| kept.note(event_target::<HtmlInputElement>(&event).value())
            on:change=move |_| kept.leave()
            on:blur=move |_| kept.leave()
        />
    }
    .erased()
}

/// A field of several lines. What is in it is saved after a pause, and when it is left.
#[component]
pub fn LiveTextArea(
    /// The id of the element.
    id: String,
    /// The name in its form.
    name: &'static str,
    /// What is saved.
    #[prop(into)]
    value: Signal<String>,
    /// Takes over what was typed.
    save: Save,
    /// Hears what is typed.
    typing: Typing,
    /// How many characters it takes.
    maxlength: usize,
    /// What was typed before, and could not be saved.
    #[prop(optional_no_strip)]
    draft: Option<String>,
) -> impl IntoView {
    let field = NodeRef::<Textarea>::new();
    let kept = Kept::new(value.get_untracked(), draft.clone(), save, Some(typing), true);
    Effect::new(move |_| {
        let now = value.get();
        if let Some(field) = field.get() {
            kept.follow(now, |now| field.set_value(now));
        }
    });
    let text = move |event: &Event| {
        let target = event.target().and_then(|target| target.dyn_into::<HtmlTextAreaElement>().ok());
        target.map(|area| area.value()).unwrap_or_default()
    };
    view! {
        <textarea
            class="field"
            id=id
            name=name
            dir="auto"
            rows="5"
            maxlength=maxlength.to_string()
            node_ref=field
            on:input=move |event: Event| {
                kept.note(text(&event));
                kept.save_soon();
            }
            on:change=move |_| kept.leave()
            on:blur=move |_| kept.leave()
        >{in_a_textarea(draft.unwrap_or_else(|| value.get_untracked()))}</textarea>
    }
    .erased()
}
