//! The step that sign-in by mail, sign-up, password reset and step-up share: a passcode is mailed, and entered.

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::flow_error::FlowError;
use super::visit::Visit;
use crate::tenant::email::{Email, is_blank};
use crate::tenant::pages::form::{self, Control, Field, Form};
use crate::tenant::passcode::{self, DIGITS, Purpose, Step, Verdict};

/// The passcode as typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CodeForm {
    passcode: String,
}

/// Mails a passcode and goes on to the page that asks for it.
pub(super) async fn begin(visit: &Visit, purpose: Purpose, email: &Email) -> Result<Response, FlowError> {
    passcode::send(&visit.tenant, &visit.interaction.id, purpose, email, visit.client).await?;
    Ok(visit.go(&format!("{}/passcode", purpose.segment())))
}

/// What the address of the page ends in after a new code was sent.
const SENT_AGAIN: &str = "sent=again";

/// The page that asks for the passcode; somebody who has not come so far yet, or is further, goes there.
pub(super) async fn show(visit: &Visit, purpose: Purpose, next: &str, query: &RawQuery) -> Response {
    try_show(visit, purpose, next, query).await.unwrap_or_else(|error| visit.fail(&error))
}

async fn try_show(visit: &Visit, purpose: Purpose, next: &str, query: &RawQuery) -> Result<Response, FlowError> {
    let notice =
        (query.0.as_deref() == Some(SENT_AGAIN)).then_some("We sent you another message. Only the newest code works.");
    Ok(match passcode::step(&visit.tenant, &visit.interaction.id, purpose).await? {
        None => visit.go(purpose.segment()),
        Some(Step::Verified(_)) => visit.go(next),
        Some(Step::Waiting(email)) => page(visit, purpose, &email, "", None, notice).into_response(),
    })
}

/// What follows from the passcode that was typed.
pub(super) enum Outcome {
    /// It was right, and is used up.
    Proved(Email),
    /// It was right before: a form sent twice.
    Used,
    /// The page again, or another one.
    Answer(Response),
}

/// Tries the passcode that was typed.
pub(super) async fn submit(visit: &Visit, purpose: Purpose, form: &CodeForm) -> Result<Outcome, FlowError> {
    let Some(step) = passcode::step(&visit.tenant, &visit.interaction.id, purpose).await? else {
        return Ok(Outcome::Answer(visit.go(purpose.segment())));
    };
    let (Step::Waiting(email) | Step::Verified(email)) = step;
    let again = |error: &str| {
        let page = page(visit, purpose, &email, form.passcode.trim(), Some(error.to_owned()), None);
        Outcome::Answer((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    // Codes are copied with spaces around and within them.
    let code: String = form.passcode.chars().filter(|c| !is_blank(*c) && *c != '-').collect();
    if code.is_empty() {
        return Ok(again("Enter the code from the message."));
    }
    if code.len() != DIGITS || !code.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(again("The code has 8 digits: check what you typed."));
    }
    Ok(match passcode::verify(&visit.tenant, &visit.interaction.id, purpose, &code).await? {
        Verdict::Accepted(email) => Outcome::Proved(email),
        Verdict::Used => Outcome::Used,
        Verdict::NotSent => Outcome::Answer(visit.go(purpose.segment())),
        Verdict::Wrong(1) => again("That is not the code. You have one more try."),
        Verdict::Wrong(_) => again("That is not the code: check the newest message."),
        Verdict::Exhausted => again("That was tried too often. Send a new code, and use that one."),
        Verdict::Expired => again("This code is too old. Send a new code, and use that one."),
    })
}

/// Tries the passcode that was typed, where another page follows on the right one.
pub(super) async fn submit_and_go(visit: &Visit, purpose: Purpose, form: &CodeForm, next: &str) -> Response {
    match submit(visit, purpose, form).await {
        Ok(Outcome::Proved(_) | Outcome::Used) => visit.go(next),
        Ok(Outcome::Answer(answer)) => answer,
        Err(error) => visit.fail(&error),
    }
}

/// Mails another passcode to the same address.
pub(super) async fn resend(visit: &Visit, purpose: Purpose) -> Response {
    try_resend(visit, purpose).await.unwrap_or_else(|error| visit.fail(&error))
}

async fn try_resend(visit: &Visit, purpose: Purpose) -> Result<Response, FlowError> {
    let step = passcode::step(&visit.tenant, &visit.interaction.id, purpose).await?;
    let Some(Step::Waiting(email)) = step else {
        return Ok(visit.go(&format!("{}/passcode", purpose.segment())));
    };
    passcode::send(&visit.tenant, &visit.interaction.id, purpose, &email, visit.client).await?;
    Ok(visit.go(&format!("{}/passcode?{SENT_AGAIN}", purpose.segment())))
}

fn page(
    visit: &Visit,
    purpose: Purpose,
    email: &Email,
    typed: &str,
    error: Option<String>,
    notice: Option<&str>,
) -> Markup {
    let segment = purpose.segment();
    form::form(
        visit.brand(),
        &Form {
            title: "Check your email",
            lead: html! {
                p.lead {
                    "We sent a message to " strong { (email) } ". Enter the code that it contains; "
                    "it works for ten minutes."
                }
                @if visit.tenant.mailer().mailbox().is_some() {
                    p.aside {
                        "This tenant keeps its mail in the "
                        a href="/mailbox" target="_blank" rel="noopener" { "mailbox (new window)" } "."
                    }
                }
            },
            problem: None,
            notice,
            fields: vec![Control::Input(Field {
                name: "passcode",
                label: "Code",
                kind: "text",
                value: typed,
                hint: Some("8 digits".to_owned()),
                error,
                autocomplete: "one-time-code",
                inputmode: Some("numeric"),
                first: true,
                ..Field::default()
            })],
            submit: "Continue",
            more: html! {},
            after: html! {
                div.ways {
                    // The same for every address: only the mail says which it is.
                    @if purpose == Purpose::SignUp {
                        p {
                            "No code in the message? You may have an account already: "
                            a href=(visit.to("sign-in")) { "Sign in" }
                        }
                    }
                    (form::quiet_button(&visit.to(&format!("{segment}/passcode/resend")), "Send a new code"))
                    @if purpose != Purpose::StepUp {
                        p { a href=(visit.to(segment)) { "Use another address" } }
                    }
                    (form::quiet_button(&visit.to("cancel"), "Cancel"))
                }
            },
        },
    )
}
