//! The languages that the page can be in, and which one it is.

use leptos::prelude::*;

use crate::app::address::LANGUAGE;
use crate::app::erased::Erase as _;
use crate::app::texts::Texts;
use crate::language::Language;

/// A plain form: the page is loaded anew, in the language that was chosen, and the server remembers it.
#[component]
pub fn LanguageSwitch() -> impl IntoView {
    let t = Texts::current();
    let choices = Language::ALL.map(|language| {
        let is_current = language == t.language();
        view! {
            <button
                type="submit"
                class="link-button"
                name="language"
                value=language.tag()
                lang=language.tag()
                aria-current=is_current.then_some("true")
            >
                {language.name()}
            </button>
        }
    });
    view! {
        <form class="languages" method="post" action=LANGUAGE aria-label=t.language_switch()>
            {choices.into_iter().collect_view()}
        </form>
    }
    .erased()
}
