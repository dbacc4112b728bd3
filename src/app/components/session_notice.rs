//! What there is to say about the session: that it ends soon, that it has ended, that the customer must leave for a
//! moment.

use leptos::prelude::*;

use crate::app::components::fresh::words;
use crate::app::derived::derived;
use crate::app::erased::Erase as _;
use crate::app::interaction::{Interaction, SignInPrompt};
use crate::app::session_watch::{Phase, SessionWatch};
use crate::app::texts::Texts;
use crate::app::todo_list_state::TodoListState;
use crate::app::{address, browser};

/// What there is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Notice {
    Nothing,
    /// The customer is on the way to the provider.
    Leaving(SignInPrompt),
    /// The session ends within a minute.
    Ending,
    /// It is over.
    Ended,
}

/// The notices between the header and the page.
#[component]
pub fn SessionNotice() -> impl IntoView {
    let interaction = expect_context::<Interaction>();
    let watch = expect_context::<SessionWatch>();
    // One notice stays while its words change: who has the focus on its button keeps it.
    let notice = derived(move || match (interaction.prompt(), interaction.ended.get(), watch.phase.get()) {
        (Some(prompt), ..) => Notice::Leaving(prompt),
        (None, true, _) => Notice::Ended,
        (None, false, Phase::Quiet) => Notice::Nothing,
        (None, false, _) => Notice::Ending,
    });
    view! {
        // Always there: a region that comes with its text is not read out everywhere.
        <div role="alert">
            {move || match notice.get() {
                Notice::Leaving(prompt) => leaving(prompt).erased(),
                Notice::Ended => view! { <Ended /> }.erased(),
                Notice::Nothing => ().erased(),
                Notice::Ending => ending(watch).erased(),
            }}
        </div>
    }
    .erased()
}

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
fn ending(watch: SessionWatch) -> impl IntoView {
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let text = move || match watch.phase.get() {
        Phase::EndingForGood => t.ending_for_good().to_owned(),
        Phase::StayFailed => t.ending_stay_failed().to_owned(),
        Phase::Ending | Phase::Quiet => t.ending().to_owned(),
    };
    let can_stay = derived(move || watch.phase.get() != Phase::EndingForGood);
    view! {
        <div class="banner banner--notice">
            <p>{words(text)}</p>
            {move || can_stay.get().then(|| view! {
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
    // Why, the page may learn later than that.
    let is_elsewhere = interaction.signed_out_elsewhere;
    let title = move || if is_elsewhere.get() { t.problem_elsewhere_title() } else { t.ended_title() }.to_owned();
    let text = move || if is_elsewhere.get() { t.ended_elsewhere() } else { t.ended() }.to_owned();
    browser::focus_soon("signed-out".to_owned(), "main");
    view! {
        <section class="panel panel--middle panel--page">
            <h1 id="signed-out" tabindex="-1">{words(title)}</h1>
            <p>{words(text)}</p>
            <p class="actions actions--middle">
                <a class="button" href=url rel="external" on:click=move |_| interaction.keep_typed()>{t.sign_in()}</a>
            </p>
        </section>
    }
    .erased()
}
