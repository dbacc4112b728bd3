//! A part of the account page.

use leptos::prelude::*;

use crate::app::erased::{Erase as _, Erased};
use crate::app::error::{AppError, Section};
use crate::app::form_submission::FormSubmission;
use crate::app::texts::Texts;

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
    submission: Option<FormSubmission>,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card part" id=id aria-labelledby=format!("{id}-title")>
            <div class="part__head">
                <h2 id=format!("{id}-title") tabindex="-1">{title}</h2>
                <p class="part__intro">{intro}</p>
            </div>
            <div class="part__body">
                {children()}
                {submission.map(|submission| view! { <Outcome submission /> })}
            </div>
        </section>
    }
    .erased()
}

/// What was done, or went wrong. The regions are always there: ones that come with their text are not read out
/// everywhere.
#[component]
fn Outcome(submission: FormSubmission) -> impl IntoView {
    let t = Texts::current();
    let said = move || if submission.busy.get() { Some(t.saving().to_owned()) } else { submission.said.get() };
    view! {
        <p class="part__said" role="status">{said}</p>
        <p class="part__failed" role="alert">{move || submission.failed.get()}</p>
    }
    .erased()
}

/// In place of what could not be had. Only this card: the rest of the page is as it should be.
pub fn missing(error: &AppError, section: Section) -> Erased {
    let t = Texts::current();
    let declined = match error {
        AppError::Declined { url } => Some(url.as_str()),
        _ => None,
    };
    match error.interaction_url().or(declined) {
        Some(url) => view! {
            {declined.map(|_| view! { <p class="part__failed">{error.text(t, section)}</p> })}
            <p>{t.account_permission()}</p>
            <p class="actions"><a class="button button--quiet" href=url.to_owned() rel="external">{t.continue_on()}</a></p>
        }
        .erased(),
        None => view! {
            <p class="part__failed">{error.text(t, section)}</p>
            <p class="actions"><a class="button button--quiet" href="" rel="external">{t.try_again()}</a></p>
        }
        .erased(),
    }
}
