//! Where the customer is signed in.

use leptos::prelude::*;
use server_fn::ServerFn as _;

use crate::app::actions::account::{EndOtherSessions, EndSession};
use crate::app::browser;
use crate::app::components::author_field::AuthorField;
use crate::app::components::sentence::sentence;
use crate::app::derived::derived;
use crate::app::erased::{Erase as _, Erased};
use crate::app::form_submission::FormSubmission;
use crate::app::model::account::SignedInBrowser;
use crate::app::texts::Texts;

/// Each browser with a button that signs it out; one for all but this.
#[component]
pub fn SessionList(
    /// This one first.
    sessions: Vec<SignedInBrowser>,
    /// What the card says.
    submission: FormSubmission,
) -> impl IntoView {
    let t = Texts::current();
    let sessions = RwSignal::new(sessions);
    let has_others = derived(move || sessions.with(|sessions| sessions.len() > 1));
    view! {
        <ul class="sessions">
            <For each=move || sessions.get() key=|session| session.handle.clone() let:session>
                {row(session, sessions, submission)}
            </For>
        </ul>
        <Show when=move || has_others.get()>
            <form
                method="post"
                action=EndOtherSessions::url()
                on:submit=move |event| {
                    take_away(sessions, submission, &event, |session| !session.current);
                }
            >
                <AuthorField />
                <p class="actions"><button type="submit" class="button button--quiet">{t.sessions_end_others()}</button></p>
            </form>
        </Show>
    }
    .erased()
}

fn row(session: SignedInBrowser, sessions: RwSignal<Vec<SignedInBrowser>>, submission: FormSubmission) -> Erased {
    let t = Texts::current();
    let browser = session.name(t);
    let SignedInBrowser { handle, signed_in, last_seen, current, .. } = session;
    let label = t.sessions_end_this(&browser, &signed_in.ago.text(t));
    let end = (!current).then(|| {
        let ended = handle.clone();
        view! {
            <form
                method="post"
                action=EndSession::url()
                on:submit=move |event| {
                    let ended = ended.clone();
                    take_away(sessions, submission, &event, move |session| session.handle == ended);
                }
            >
                <input type="hidden" name="handle" value=handle />
                <button
                    type="submit"
                    class="button button--quiet button--small"
                    aria-label=label
                    // The second of two clicks, or a key that is held, would sign out the browser below.
                    on:click=browser::only_once
                    on:keydown=browser::only_once_held
                >
                    {t.sign_out()}
                </button>
            </form>
        }
    });
    view! {
        <li class="session">
            <div class="session__what">
                <p>
                    <strong>{browser}</strong>
                    {current.then(|| view! { " " <span class="badge">{t.sessions_this()}</span> })}
                </p>
                <p class="session__when">
                    {sentence(t.sessions_when_parts(), |which| {
                        let moment = if which == 0 { &signed_in } else { &last_seen };
                        view! { <time datetime=moment.at.clone()>{moment.ago.text(t)}</time> }.erased()
                    })}
                </p>
            </div>
            {end}
        </li>
    }
    .erased()
}

/// Takes the rows away at once, and brings them back if that was refused.
fn take_away(
    sessions: RwSignal<Vec<SignedInBrowser>>,
    submission: FormSubmission,
    event: &leptos::web_sys::SubmitEvent,
    ended: impl Fn(&SignedInBrowser) -> bool + 'static,
) {
    let before = sessions.get_untracked();
    let busy = submission.busy.get_untracked();
    submission.send(event, move |worked| {
        if !worked {
            sessions.set(before.clone());
        }
    });
    // Ignore a second submit while the first is in flight.
    if !busy {
        sessions.update(|sessions| sessions.retain(|session| !ended(session)));
        browser::focus_soon("sessions-title".to_owned(), "main");
    }
}
