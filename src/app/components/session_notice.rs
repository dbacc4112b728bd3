//! What there is to say about the session: that it ends soon, that it has ended, that the customer must leave for a
//! moment.

use leptos::prelude::*;

use crate::app::components::fresh::words;
use crate::app::erased::Erase as _;
use crate::app::interaction::{Interaction, SignInPrompt};
use crate::app::session_watch::{Phase, SessionWatch};
use crate::app::texts::Texts;
use crate::app::todo_list_state::TodoListState;
use crate::app::{address, browser};

/// The notices between the header and the page.
#[component]
pub fn SessionNotice() -> impl IntoView {
    let interaction = expect_context::<Interaction>();
    let watch = expect_context::<SessionWatch>();
    view! {
        // Always there: a region that comes with its text is not read out everywhere.
        <div role="alert">
            {move || match (interaction.prompt(), interaction.ended.get(), watch.phase.get()) {
                (Some(prompt), ..) => leaving(prompt).erased(),
                (None, true, _) => view! { <Ended /> }.erased(),
                (None, false, Phase::Quiet) => ().erased(),
                (None, false, phase) => ending(watch, phase).erased(),
            }}
        </div>
    }
    .erased()
}

/// The customer is on the way to the provider.
fn leaving(prompt: SignInPrompt) -> impl IntoView {
    let t = Texts::current();
    let (text, link) = if prompt.consent {
        (t.leaving_for_consent(), t.continue_on())
    } else {
        (t.leaving_for_sign_in(), t.sign_in())
    };
    view! {
        <div class="banner banner--notice">
            <p>{text}</p>
            <a class="banner__action" href=prompt.url rel="external">{link}</a>
        </div>
    }
}

/// A minute before the end. Not a dialog that takes the focus: somebody may be in the middle of a word.
fn ending(watch: SessionWatch, phase: Phase) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let text = match phase {
        Phase::EndingForGood => t.ending_for_good(),
        Phase::StayFailed => t.ending_stay_failed(),
        Phase::Ending | Phase::Quiet => t.ending(),
    };
    view! {
        <div class="banner banner--notice">
            <p>{words(move || text.to_owned())}</p>
            {(phase != Phase::EndingForGood).then(|| view! {
                <button type="button" class="button button--small" on:click=move |_| watch.stay()>{t.stay_signed_in()}</button>
            })}
            <form method="post" action=address::SIGN_OUT on:submit=move |event| state.sign_out(&event)>
                <button type="submit" class="banner__action">{t.sign_out_now()}</button>
            </form>
        </div>
    }
}

/// The session is over. What the page shows is hidden (see `frame`): it may be somebody else who comes to look.
#[component]
fn Ended() -> impl IntoView {
    let t = Texts::current();
    let interaction = expect_context::<Interaction>();
    // Pressing the button acknowledges how the session ended.
    let url = address::sign_in_again(&browser::address());
    let (title, text) = if interaction.signed_out_elsewhere.get_value() {
        (t.problem_elsewhere_title(), t.ended_elsewhere())
    } else {
        (t.ended_title(), t.ended())
    };
    browser::focus_soon("signed-out".to_owned(), "main");
    view! {
        <section class="panel panel--middle panel--page">
            <h1 id="signed-out" tabindex="-1">{title}</h1>
            <p>{text}</p>
            <p class="actions actions--middle">
                <a class="button" href=url rel="external" on:click=move |_| interaction.keep_typed()>{t.sign_in()}</a>
            </p>
        </section>
    }
    .erased()
}
