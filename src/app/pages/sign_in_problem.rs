//! A sign-in (or sign-out) that did not work: `/sign-in-problem?reason=…`, where `identity` sends the customer.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::app::address;
use crate::app::viewer::ViewerResource;

/// What happened, and what to do. The reason is one of a few words; anything else is treated as the last of them. The
/// status is not chosen here: the address is all that is known, and anybody can write one.
#[component]
pub fn SignInProblem() -> impl IntoView {
    let (reason, return_to) = use_query_map().with_untracked(|query| {
        (query.get("reason").unwrap_or_default(), query.get("return_to").unwrap_or_else(|| address::TODOS.to_owned()))
    });
    // Pressing the button acknowledges this page.
    let sign_in = address::sign_in_again(&return_to);
    let (title, text) = match reason.as_str() {
        "cancelled" => ("You did not sign in", "You cancelled. That is fine: nothing was changed."),
        "expired" => (
            "This sign-in has run out",
            "It took too long, was used already, or began in another browser. Please start again.",
        ),
        "unavailable" => (
            "Signing in does not work right now",
            "The sign-in service does not answer. Your to-dos are safe; please try again in a moment.",
        ),
        "misconfigured" => (
            "Signing in does not work",
            "Errand and the sign-in service do not understand each other. Trying again does not help: whoever runs Errand \
             must mend that. Your to-dos are safe.",
        ),
        "sign-out" => (
            "You are signed out here",
            "The sign-in service did not confirm that you are signed out there too. On a computer that others use, sign \
             out there as well.",
        ),
        "signed-out-elsewhere" => (
            "You were signed out from another browser",
            "Somebody who is signed in as you ended this browser's session. To go on here, sign in again: your password \
             (or what else you sign in with) is asked for.",
        ),
        "signed-out-by-provider" => {
            ("You were signed out", "Your identity provider ended this session. To go on here, sign in again.")
        }
        "no-sign-up" => (
            "You cannot sign up here",
            "Accounts are made by whoever runs this site; ask them for one. If you have one already, sign in.",
        ),
        _ => (
            "You could not be signed in",
            "The sign-in service refused, or its answer could not be trusted. Please start again.",
        ),
    };
    let ViewerResource(viewer) = expect_context();
    let viewer = Resource::new_blocking(
        || (),
        move |()| async move { viewer.await.is_ok_and(|viewer| viewer.customer().is_some()) },
    );
    view! {
        <Title text=title />
        <section class="panel panel--middle">
            <h1>{title}</h1>
            <p>{text}</p>
            <Suspense fallback=|| ()>
                {move || {
                    let sign_in = sign_in.clone();
                    Suspend::new(async move { ways_on(viewer.await, sign_in) })
                }}
            </Suspense>
        </section>
    }
    .into_any()
}

/// Who is signed in already has nothing to sign in for.
fn ways_on(is_signed_in: bool, sign_in: String) -> impl IntoView {
    if is_signed_in {
        return view! {
            <p>"You are still signed in here."</p>
            <p class="actions actions--middle">
                <a class="button" href=address::TODOS rel="external">"Go to your to-dos"</a>
                <a class="button button--quiet" href=address::HOME>"Home"</a>
            </p>
        }
        .into_any();
    }
    view! {
        <p class="actions actions--middle">
            <a class="button" href=sign_in rel="external">"Sign in"</a>
            <a class="button button--quiet" href=address::HOME>"Home"</a>
        </p>
    }
    .into_any()
}
