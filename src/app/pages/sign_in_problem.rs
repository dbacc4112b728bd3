//! A sign-in (or sign-out) that did not work: `/sign-in-problem?reason=…`, where `identity` sends the customer.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::app::address;
use crate::app::erased::Erase as _;
use crate::app::page_data::page_data;
use crate::app::texts::Texts;
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
    let t = Texts::current();
    let (title, text) = match reason.as_str() {
        "cancelled" => (t.problem_cancelled_title(), t.problem_cancelled()),
        "expired" => (t.problem_expired_title(), t.problem_expired()),
        "unavailable" => (t.problem_unavailable_title(), t.problem_unavailable()),
        "misconfigured" => (t.problem_misconfigured_title(), t.problem_misconfigured()),
        "sign-out" => (t.problem_sign_out_title(), t.problem_sign_out()),
        "signed-out-elsewhere" => (t.problem_elsewhere_title(), t.problem_elsewhere()),
        "signed-out-by-provider" => (t.problem_provider_title(), t.problem_provider()),
        "no-sign-up" => (t.problem_no_sign_up_title(), t.problem_no_sign_up()),
        _ => (t.problem_refused_title(), t.problem_refused()),
    };
    let ViewerResource(viewer) = expect_context();
    let viewer = page_data(move || async move { viewer.await.is_ok_and(|viewer| viewer.customer().is_some()) });
    view! {
        <Title text=title />
        <section class="panel panel--middle">
            <h1>{title}</h1>
            <p>{text}</p>
            <Suspense fallback=|| ()>
                {Suspend::new(async move { ways_on(viewer.await, sign_in, t) })}
            </Suspense>
        </section>
    }
    .erased()
}

/// Who is signed in already has nothing to sign in for.
fn ways_on(is_signed_in: bool, sign_in: String, t: Texts) -> impl IntoView {
    if is_signed_in {
        return view! {
            <p>{t.problem_signed_in()}</p>
            <p class="actions actions--middle">
                <a class="button" href=address::TODOS rel="external">{t.go_to_todos()}</a>
                <a class="button button--quiet" href=address::HOME>{t.home()}</a>
            </p>
        }
        .erased();
    }
    view! {
        <p class="actions actions--middle">
            <a class="button" href=sign_in rel="external">{t.sign_in()}</a>
            <a class="button button--quiet" href=address::HOME>{t.home()}</a>
        </p>
    }
    .erased()
}
