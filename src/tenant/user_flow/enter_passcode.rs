//! The step that sign-in by mail, sign-up, password reset and step-up share: a passcode is mailed, and entered.

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::html;
use serde::Deserialize;

use super::flow_error::FlowError;
use super::visit::Visit;
use crate::tenant::email::{Email, is_blank};
use crate::tenant::pages::form::{self, Control, Field, Form};
use crate::tenant::pages::frame::Page;
use crate::tenant::pages::sentence::sentence_with;
use crate::tenant::passcode::{self, DIGITS, Purpose, Step, Verdict};

/// The passcode as typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CodeForm {
    passcode: String,
}

/// Mails a passcode and goes on to the page that asks for it.
pub(super) async fn begin(visit: &Visit, purpose: Purpose, email: &Email) -> Result<Response, FlowError> {
    passcode::send(&visit.tenant, &visit.interaction.id, purpose, email, visit.client, visit.t()).await?;
    Ok(visit.go(&format!("{}/passcode", purpose.segment())))
}

/// What the address of the page ends in after a new code was sent.
const SENT_AGAIN: &str = "sent=again";

/// The page that asks for the passcode; somebody who has not come so far yet, or is further, goes there.
pub(super) async fn show(visit: &Visit, purpose: Purpose, next: &str, query: &RawQuery) -> Response {
    try_show(visit, purpose, next, query).await.unwrap_or_else(|error| visit.fail(&error))
}

async fn try_show(visit: &Visit, purpose: Purpose, next: &str, query: &RawQuery) -> Result<Response, FlowError> {
    let notice = (query.0.as_deref() == Some(SENT_AGAIN)).then(|| visit.t().sent_again());
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
    let t = visit.t();
    let again = |error: &str| {
        let page = page(visit, purpose, &email, form.passcode.trim(), Some(error.to_owned()), None);
        Outcome::Answer((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
    };
    // Codes are copied with spaces around and within them.
    let code: String = form.passcode.chars().filter(|c| !is_blank(*c) && *c != '-').collect();
    if code.is_empty() {
        return Ok(again(t.passcode_missing()));
    }
    if code.len() != DIGITS || !code.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(again(&t.passcode_malformed(&DIGITS)));
    }
    Ok(match passcode::verify(&visit.tenant, &visit.interaction.id, purpose, &code).await? {
        Verdict::Accepted(email) => Outcome::Proved(email),
        Verdict::Used => Outcome::Used,
        Verdict::NotSent => Outcome::Answer(visit.go(purpose.segment())),
        Verdict::Wrong(1) => again(t.passcode_last_try()),
        Verdict::Wrong(_) => again(t.passcode_wrong()),
        Verdict::Exhausted => again(t.passcode_exhausted()),
        Verdict::Expired => again(t.passcode_expired()),
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
    passcode::send(&visit.tenant, &visit.interaction.id, purpose, &email, visit.client, visit.t()).await?;
    Ok(visit.go(&format!("{}/passcode?{SENT_AGAIN}", purpose.segment())))
}

fn page(
    visit: &Visit,
    purpose: Purpose,
    email: &Email,
    typed: &str,
    error: Option<String>,
    notice: Option<&str>,
) -> Page {
    let (t, segment) = (visit.t(), purpose.segment());
    let mailbox = html! { a href="/mailbox" target="_blank" rel="noopener" { (t.mailbox_new_window()) } };
    let sign_in = html! { a href=(visit.to("sign-in")) { (t.sign_in()) } };
    form::form(
        &visit.frame,
        &Form {
            title: t.passcode_title(),
            lead: html! {
                p.lead { (sentence_with(t.passcode_lead_parts(), &html! { strong { (email) } })) }
                @if visit.tenant.mailer().mailbox().is_some() {
                    p.aside { (sentence_with(t.kept_mail_parts(), &mailbox)) }
                }
            },
            problem: None,
            notice,
            fields: vec![Control::Input(Field {
                name: "passcode",
                label: t.code(),
                kind: "text",
                value: typed,
                hint: Some(t.code_hint(&DIGITS)),
                error,
                autocomplete: "one-time-code",
                inputmode: Some("numeric"),
                first: true,
                ..Field::default()
            })],
            submit: t.continue_on(),
            more: html! {},
            after: html! {
                div.ways {
                    // The same for every address: only the mail says which it is.
                    @if purpose == Purpose::SignUp {
                        p { (sentence_with(t.no_code_parts(), &sign_in)) }
                    }
                    (form::quiet_button(&visit.to(&format!("{segment}/passcode/resend")), t.send_new_code()))
                    @if purpose != Purpose::StepUp {
                        p { a href=(visit.to(segment)) { (t.another_address()) } }
                    }
                    (form::quiet_button(&visit.to("cancel"), t.cancel()))
                }
            },
        },
    )
}
