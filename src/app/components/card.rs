//! A part of the account page.

use leptos::prelude::*;

use crate::app::error::{About, AppError};
use crate::app::saving::Saving;

/// A card with a heading, and below it what its forms have to say.
#[component]
pub fn Card(
    /// Its name in addresses: `/account#profile`.
    id: &'static str,
    /// The heading.
    title: &'static str,
    /// What it is for, in a sentence or two.
    intro: &'static str,
    /// What its forms have to say, where it has forms.
    #[prop(optional)]
    saving: Option<Saving>,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card part" id=id aria-labelledby=format!("{id}-title")>
            <h2 id=format!("{id}-title") tabindex="-1">{title}</h2>
            <p class="part__intro">{intro}</p>
            {children()}
            {saving.map(|saving| view! { <Outcome saving /> })}
        </section>
    }
    .into_any()
}

/// What was done, or went wrong. The regions are always there: ones that come with their text are not read out
/// everywhere.
#[component]
fn Outcome(saving: Saving) -> impl IntoView {
    let said = move || if saving.busy.get() { Some("Saving…".to_owned()) } else { saving.said.get() };
    view! {
        <p class="part__said" role="status">{said}</p>
        <p class="part__failed" role="alert">{move || saving.failed.get()}</p>
    }
    .into_any()
}

/// In place of what could not be had. Only this card: the rest of the page is as it should be.
pub fn missing(error: &AppError, about: About) -> AnyView {
    let declined = match error {
        AppError::Declined { url } => Some(url.as_str()),
        _ => None,
    };
    match error.interaction_url().or(declined) {
        Some(url) => view! {
            {declined.map(|_| view! { <p class="part__failed">{error.text(about)}</p> })}
            <p>"Errand needs your permission for this. You will be asked, and brought back here."</p>
            <p class="actions"><a class="button button--quiet" href=url.to_owned() rel="external">"Continue"</a></p>
        }
        .into_any(),
        None => view! {
            <p class="part__failed">{error.text(about)}</p>
            <p class="actions"><a class="button button--quiet" href="" rel="external">"Try again"</a></p>
        }
        .into_any(),
    }
}
