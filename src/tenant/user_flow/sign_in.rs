//! Signing in: with the password, or with a passcode by mail.

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::html;
use serde::Deserialize;

use super::enter_passcode::{self, CodeForm, Outcome};
use super::finish;
use super::flow_error::FlowError;
use super::visit::{Answers, Visit};
use crate::tenant::email::Email;
use crate::tenant::pages::form::{self, Control, Field};
use crate::tenant::pages::frame::Page;
use crate::tenant::pages::messages;
use crate::tenant::pages::sentence::sentence_with;
use crate::tenant::passcode::{self, Purpose};
use crate::tenant::sso::Factor;
use crate::tenant::state::Tenant;
use crate::tenant::user::{self, User};

/// The page's fields and its second button.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    email: String,
    password: String,
    /// `passcode`: mail me a code instead.
    method: String,
}

#[derive(Default)]
struct Errors {
    email: Option<String>,
    password: Option<String>,
    problem: Option<String>,
}

/// The sign-in page.
pub(super) async fn show(visit: Visit) -> Page {
    let email = visit.interaction.login_hint.clone().unwrap_or_default();
    page(&visit, &email, Errors::default())
}

/// Signs in, or mails a passcode.
pub(super) async fn submit(visit: Visit, Answers(form): Answers<Form>) -> Response {
    let attempt = async {
        let t = visit.t();
        let refuse = |errors| (StatusCode::UNPROCESSABLE_ENTITY, page(&visit, &form.email, errors)).into_response();
        let email = match Email::parse(&form.email) {
            Ok(email) => email,
            Err(error) => return Ok(Err(refuse(Errors { email: Some(error.text(t)), ..Errors::default() }))),
        };
        if form.method == "passcode" {
            return enter_passcode::begin(&visit, Purpose::SignIn, &email).await.map(Err);
        }
        if form.password.is_empty() {
            let error = Some(t.password_missing().to_owned());
            return Ok(Err(refuse(Errors { password: error, ..Errors::default() })));
        }
        let limits = visit.tenant.limits();
        let attempt = limits.password(&email, visit.client)?;
        let verified = verify(&visit.tenant, &email, form.password.clone()).await;
        if let Ok(None) = verified {
            // One message for "no such account" and "wrong password": neither says which addresses have accounts.
            let problem = Some(t.wrong_credentials().to_owned());
            return Ok(Err(refuse(Errors { problem, ..Errors::default() })));
        }
        // Neither a right password nor a failure of ours counts.
        limits.give_back(&attempt);
        Ok::<_, FlowError>(verified?.ok_or_else(|| visit.go("sign-in")))
    };
    match attempt.await {
        Ok(Ok(user)) if user.disabled => messages::disabled(&visit.frame, &visit.way()),
        Ok(Ok(user)) => finish::sign_in(&visit.tenant, &visit.interaction, &user, Factor::Password).await,
        Ok(Err(answer)) => answer,
        Err(error) => visit.fail(&error),
    }
}

/// The user whose address and password these are. Where there is no account, or one without a password, the same
/// work is done.
pub(super) async fn verify(tenant: &Tenant, email: &Email, password: String) -> Result<Option<User>, FlowError> {
    let account = user::find_by_email(tenant, email).await?;
    let (user, hash) = account.map_or((None, None), |account| (Some(account.user), account.password_hash));
    let right = tenant.limits().hasher.verify(password, hash).await?;
    Ok(user.filter(|_| right))
}

/// The page that asks for the passcode.
pub(super) async fn show_passcode(visit: Visit, query: RawQuery) -> Response {
    enter_passcode::show(&visit, Purpose::SignIn, "sign-in", &query).await
}

/// Mails another passcode.
pub(super) async fn resend(visit: Visit) -> Response {
    enter_passcode::resend(&visit, Purpose::SignIn).await
}

/// Signs in with a passcode.
pub(super) async fn submit_passcode(visit: Visit, Answers(form): Answers<CodeForm>) -> Response {
    let attempt = async {
        let email = match enter_passcode::submit(&visit, Purpose::SignIn, &form).await? {
            Outcome::Proved(email) => email,
            Outcome::Used => return Ok(Err(visit.go("sign-in"))),
            Outcome::Answer(answer) => return Ok(Err(answer)),
        };
        // Read before the step is used up: a reset from now on has either removed the step, or is noticed.
        let account = user::find_by_email(&visit.tenant, &email).await?;
        let taken = passcode::take_verified(&visit.tenant, &visit.interaction.id, Purpose::SignIn).await?;
        // Codes go to accounts only; this one was deleted since, or its password was reset.
        let account = account.filter(|_| taken == Some(email));
        Ok::<_, FlowError>(account.map(|a| a.user).ok_or_else(|| visit.go("sign-in")))
    };
    match attempt.await {
        Ok(Ok(user)) if user.disabled => messages::disabled(&visit.frame, &visit.way()),
        Ok(Ok(user)) => finish::sign_in(&visit.tenant, &visit.interaction, &user, Factor::Passcode).await,
        Ok(Err(answer)) => answer,
        Err(error) => visit.fail(&error),
    }
}

fn page(visit: &Visit, email: &str, errors: Errors) -> Page {
    let (t, typed) = (visit.t(), !email.is_empty());
    let app = html! { strong { (visit.interaction.app.name) } };
    let sign_up = html! { a href=(visit.to("sign-up")) { (t.create_one()) } };
    form::form(
        &visit.frame,
        &form::Form {
            title: t.sign_in(),
            lead: html! { p.lead { (sentence_with(t.continue_to_parts(), &app)) } },
            problem: errors.problem,
            notice: None,
            fields: vec![
                Control::Input(Field {
                    name: "email",
                    label: t.email_address(),
                    kind: "email",
                    value: email,
                    error: errors.email,
                    autocomplete: "username",
                    inputmode: Some("email"),
                    first: !typed,
                    ..Field::default()
                }),
                Control::Input(Field {
                    name: "password",
                    label: t.password(),
                    kind: "password",
                    error: errors.password,
                    autocomplete: "current-password",
                    first: typed,
                    ..Field::default()
                }),
            ],
            submit: t.sign_in(),
            more: html! {
                button.secondary type="submit" name="method" value="passcode" { (t.email_code_instead()) }
            },
            after: html! {
                div.ways {
                    p { a href=(visit.to("reset-password")) { (t.forgot_password()) } }
                    @if visit.interaction.flow.sign_up {
                        p { (sentence_with(t.no_account_parts(), &sign_up)) }
                    }
                    (form::quiet_button(&visit.to("cancel"), t.cancel()))
                }
            },
        },
    )
}
