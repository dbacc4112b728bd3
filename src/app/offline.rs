//! The list where there is no network: a service worker (`public/service-worker.js`, W3C Service Workers) shows it as it was
//! when its customer last left it. It is told here when to keep it, and when to forget it.

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::app::address::TODOS;
use crate::app::browser;
use crate::app::interaction::Interaction;

/// How long after its beginning a page is kept: the first moments belong to the customer.
const FIRST: Duration = Duration::from_secs(3);

/// Has the list kept while it is shown, and forgotten once nobody is signed in. For the life of the page.
#[component]
pub fn KeepList(
    /// Whether somebody is.
    interaction: Interaction,
) -> impl IntoView {
    let path = use_location().pathname;
    let keep = move || {
        let is_theirs = !interaction.ended.get_untracked() && !interaction.signs_out();
        let is_list = path.with_untracked(|path| path.starts_with(TODOS));
        if is_theirs && is_list && interaction.prompt_untracked().is_none() {
            browser::tell_service_worker("keep");
        }
    };
    Effect::new(move |_| {
        browser::start_service_worker();
        set_timeout(keep, FIRST);
        let left = window_event_listener(ev::visibilitychange, move |_| {
            if !browser::is_visible() {
                keep();
            }
        });
        browser::when_gone(move || left.remove());
    });
    Effect::new(move |_| {
        if interaction.ended.get() {
            browser::tell_service_worker("forget");
        }
    });
}
