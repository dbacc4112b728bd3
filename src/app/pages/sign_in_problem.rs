//! A sign-in (or sign-out) that did not work: `/sign-in-problem?reason=…`, where `identity` sends the customer.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use leptos_router::location::Url;

use crate::app::response;

/// What happened, and what to do. The reason is one of a few words; anything else is treated as the last of them.
#[component]
pub fn SignInProblem() -> impl IntoView {
    let (reason, return_to) = use_query_map().with_untracked(|query| {
        (query.get("reason").unwrap_or_default(), query.get("return_to").unwrap_or_else(|| "/todos".to_owned()))
    });
    // Whoever presses the button has read this.
    let sign_in = format!("/auth/sign-in?return_to={}&again=true", Url::escape(&return_to));
    let (status, title, text) = match reason.as_str() {
        "cancelled" => (200, "You did not sign in", "You cancelled. That is fine: nothing was changed."),
        "expired" => (
            400,
            "This sign-in has run out",
            "It took too long, was used already, or began in another browser. Please start again.",
        ),
        "unavailable" => (
            503,
            "Signing in does not work right now",
            "The sign-in service does not answer. Your to-dos are safe; please try again in a moment.",
        ),
        "sign-out" => (
            400,
            "You are signed out here",
            "The sign-in service did not confirm that you are signed out there too. On a computer that others use, sign \
             out there as well.",
        ),
        "signed-out-elsewhere" => (
            200,
            "You were signed out from another browser",
            "Somebody who is signed in as you ended this browser's session. To go on here, sign in again: your password \
             (or what else you sign in with) is asked for.",
        ),
        "signed-out-by-provider" => {
            (200, "You were signed out", "Your identity provider ended this session. To go on here, sign in again.")
        }
        _ => (
            400,
            "You could not be signed in",
            "The sign-in service refused, or its answer could not be trusted. Please start again.",
        ),
    };
    response::set_status(status);
    view! {
        <Title text=title />
        <section class="panel panel--middle">
            <h1>{title}</h1>
            <p>{text}</p>
            <p class="actions actions--middle">
                <a class="button" href=sign_in rel="external">"Sign in"</a>
                <a class="button button--quiet" href="/">"Home"</a>
            </p>
        </section>
    }
    .into_any()
}
