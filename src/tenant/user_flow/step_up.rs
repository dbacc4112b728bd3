//! Proving more than a sign-in did, where an API demands an authentication context: by the factor that was not used
//! yet. Who signed in with the password gets a passcode by mail; who signed in by mail needs the password.

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::html;
use serde::Deserialize;

use super::enter_passcode::{self, CodeForm, Outcome};
use super::finish;
use super::flow_error::FlowError;
use super::sign_in::verify;
use super::visit::{Answers, SignedInVisit, Visit};
use crate::tenant::email::Email;
use crate::tenant::pages::form::{self, Control, Field};
use crate::tenant::pages::frame::Page;
use crate::tenant::pages::sentence::sentence_with;
use crate::tenant::passcode::{self, Purpose};
use crate::tenant::sso::{Factor, Session};

/// The page's field, where it has one.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    password: String,
}

/// The page that says what is asked for. Sends no mail: it is a GET, which anybody can cause.
pub(super) async fn show(SignedInVisit { visit, session }: SignedInVisit) -> Page {
    page(&visit, &session, None)
}

/// Mails a passcode, or checks the password.
pub(super) async fn submit(SignedInVisit { visit, session }: SignedInVisit, Answers(form): Answers<Form>) -> Response {
    let attempt = async {
        // It was parsed at sign-up.
        let Ok(email) = Email::parse(&session.user.email) else { return Ok(Err(visit.go("sign-in"))) };
        if session.factor.second() == Factor::Passcode {
            return enter_passcode::begin(&visit, Purpose::StepUp, &email).await.map(Err);
        }
        let refuse = |error: &str| {
            let page = page(&visit, &session, Some(error.to_owned()));
            Ok(Err((StatusCode::UNPROCESSABLE_ENTITY, page).into_response()))
        };
        if form.password.is_empty() {
            return refuse(visit.t().password_missing());
        }
        let attempt = visit.tenant.limits().password(&email, visit.client)?;
        let verified = verify(&visit.tenant, &email, form.password.clone()).await;
        if let Ok(None) = verified {
            return refuse(visit.t().password_wrong());
        }
        // Neither a right password nor a failure of ours counts.
        visit.tenant.limits().give_back(&attempt);
        // The address may have gone to another account meanwhile.
        let right = verified?.is_some_and(|user| user.id == session.user.id);
        Ok::<_, FlowError>(if right { Ok(()) } else { Err(visit.go("sign-in")) })
    };
    match attempt.await {
        Ok(Ok(())) => finish::step_up(&visit.tenant, &visit.interaction, session).await,
        Ok(Err(answer)) => answer,
        Err(error) => visit.fail(&error),
    }
}

/// The page that asks for the passcode.
pub(super) async fn show_passcode(SignedInVisit { visit, session }: SignedInVisit, query: RawQuery) -> Response {
    if session.factor.second() != Factor::Passcode {
        return visit.go("step-up");
    }
    enter_passcode::show(&visit, Purpose::StepUp, "step-up", &query).await
}

/// Mails another passcode.
pub(super) async fn resend(SignedInVisit { visit, session }: SignedInVisit) -> Response {
    if session.factor.second() != Factor::Passcode {
        return visit.go("step-up");
    }
    enter_passcode::resend(&visit, Purpose::StepUp).await
}

/// Tries the passcode.
pub(super) async fn submit_passcode(
    SignedInVisit { visit, session }: SignedInVisit,
    Answers(form): Answers<CodeForm>,
) -> Response {
    if session.factor.second() != Factor::Passcode {
        return visit.go("step-up");
    }
    let attempt = async {
        match enter_passcode::submit(&visit, Purpose::StepUp, &form).await? {
            Outcome::Proved(_) => {}
            Outcome::Used => return Ok(Err(visit.go("step-up"))),
            Outcome::Answer(answer) => return Ok(Err(answer)),
        }
        let proved = passcode::take_verified(&visit.tenant, &visit.interaction.id, Purpose::StepUp).await?;
        // Sent to the address that the account had then.
        let theirs = proved.is_some_and(|email| email.as_str() == session.user.email);
        Ok::<_, FlowError>(if theirs { Ok(()) } else { Err(visit.go("step-up")) })
    };
    match attempt.await {
        Ok(Ok(())) => finish::step_up(&visit.tenant, &visit.interaction, session).await,
        Ok(Err(answer)) => answer,
        Err(error) => visit.fail(&error),
    }
}

fn page(visit: &Visit, session: &Session, error: Option<String>) -> Page {
    let t = visit.t();
    let email = session.user.email.as_str();
    let by_mail = session.factor.second() == Factor::Passcode;
    let fields = if by_mail {
        Vec::new()
    } else {
        vec![
            Control::Input(Field {
                name: "username",
                label: t.email_address(),
                kind: "email",
                value: email,
                autocomplete: "username",
                readonly: true,
                ..Field::default()
            }),
            Control::Input(Field {
                name: "password",
                label: t.password(),
                kind: "password",
                error,
                autocomplete: "current-password",
                first: true,
                ..Field::default()
            }),
        ]
    };
    let app = html! { strong { (visit.interaction.app.name) } };
    form::form(
        &visit.frame,
        &form::Form {
            title: t.step_up_title(),
            lead: html! {
                p.lead {
                    (sentence_with(t.step_up_lead_parts(), &app)) " "
                    @if by_mail { (sentence_with(t.step_up_mail_parts(), &html! { strong { (email) } })) }
                    @else { (t.step_up_password()) }
                }
            },
            problem: None,
            notice: None,
            fields,
            submit: if by_mail { t.send_code() } else { t.continue_on() },
            more: html! {},
            after: html! {
                div.ways {
                    @if !by_mail { p { a href=(visit.to("reset-password")) { (t.forgot_password()) } } }
                    (form::quiet_button(&visit.to("cancel"), t.cancel()))
                }
            },
        },
    )
}
