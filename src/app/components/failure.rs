//! A page whose data could not be had.

use leptos::prelude::*;

use crate::app::address;
use crate::app::draft::Draft;
use crate::app::error::{AppError, Section};
use crate::app::interaction::Interaction;
use crate::app::response;

/// Sends the customer to sign in where that is what is missing; otherwise says what is wrong.
#[component]
pub fn LoadFailure(
    /// Why there is nothing to show.
    error: AppError,
    /// What the page is about.
    section: Section,
) -> impl IntoView {
    let interaction = expect_context::<Interaction>();
    if let Some(url) = error.interaction_url() {
        response::redirect(url);
        let url = url.to_owned();
        let (text, link) = match error {
            AppError::ConsentRequired { .. } => ("Errand needs your permission to show this page.", "Continue"),
            _ => ("You need to sign in to see this page.", "Sign in"),
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
        .into_any();
    }
    if let AppError::Declined { url } = &error {
        response::set_status(403);
        return view! {
            <section class="panel panel--middle" role="alert">
                <h2>{error.text(section)}</h2>
                <p>"Errand cannot show this page without your permission."</p>
                <p class="actions actions--middle">
                    <a class="button" href=url.clone() rel="external">"Continue"</a>
                    <a class="button button--quiet" href=address::HOME rel="external">"Home"</a>
                </p>
            </section>
        }
        .into_any();
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
            <h2>"That did not work"</h2>
            <p>{error.text(section)}</p>
            <p class="actions actions--middle">
                {error.way_out().map(|url| view! {
                    <a class="button" href=url.to_owned() rel="external">"Sign in again"</a>
                })}
                // An empty address is this page; the router leaves it to the browser, which fetches it anew.
                <a class="button" class:button--quiet=error.way_out().is_some() href="" rel="external">"Try again"</a>
            </p>
        </section>
    }
    .into_any()
}
