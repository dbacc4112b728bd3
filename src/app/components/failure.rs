//! A page whose data could not be had.

use leptos::prelude::*;

use crate::app::address;
use crate::app::draft::Draft;
use crate::app::erased::Erase as _;
use crate::app::error::{AppError, Section};
use crate::app::interaction::Interaction;
use crate::app::response;
use crate::app::texts::Texts;

/// Sends the customer to sign in where that is what is missing; otherwise says what is wrong.
#[component]
pub fn LoadFailure(
    /// Why there is nothing to show.
    error: AppError,
    /// What the page is about.
    section: Section,
) -> impl IntoView {
    let interaction = expect_context::<Interaction>();
    let t = Texts::current();
    if let Some(url) = error.interaction_url() {
        response::redirect(url);
        let url = url.to_owned();
        let (text, link) = match error {
            AppError::ConsentRequired { .. } => (t.failure_consent(), t.continue_on()),
            _ => (t.failure_sign_in(), t.sign_in()),
        };
        Effect::new(move |_| {
            interaction.start_if_required(&error, Draft::default);
        });
        return view! {
            <section class="panel panel--middle">
                <p>{text}</p>
                <p class="actions actions--middle"><a class="button" href=url rel="external">{link}</a></p>
            </section>
        }
        .erased();
    }
    if let AppError::Declined { url } = &error {
        response::set_status(403);
        return view! {
            <section class="panel panel--middle" role="alert">
                <h2>{error.text(t, section)}</h2>
                <p>{t.failure_declined()}</p>
                <p class="actions actions--middle">
                    <a class="button" href=url.clone() rel="external">{t.continue_on()}</a>
                    <a class="button button--quiet" href=address::HOME rel="external">{t.home()}</a>
                </p>
            </section>
        }
        .erased();
    }
    response::set_status(match error {
        AppError::Forbidden | AppError::NotGranted { .. } | AppError::NoAccess { .. } => 403,
        AppError::NotFound => 404,
        AppError::Misconfigured { .. } => 502,
        AppError::Invalid(_) => 400,
        _ => 503,
    });
    view! {
        <section class="panel panel--middle" role="alert">
            <h2>{t.failure_title()}</h2>
            <p>{error.text(t, section)}</p>
            <p class="actions actions--middle">
                {error.way_out().map(|url| view! {
                    <a class="button" href=url.to_owned() rel="external">{t.sign_in_again()}</a>
                })}
                // An empty address is this page; the router leaves it to the browser, which fetches it anew.
                <a class="button" class:button--quiet=error.way_out().is_some() href="" rel="external">{t.try_again()}</a>
            </p>
        </section>
    }
    .erased()
}
