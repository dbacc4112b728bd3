//! Signing in: with the password, or with a passcode by mail.

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::enter_passcode::{self, CodeForm, Outcome};
use super::finish;
use super::flow_error::FlowError;
use super::visit::{Answers, Visit};
use crate::tenant::email::Email;
use crate::tenant::pages::form::{self, Control, Field};
use crate::tenant::pages::messages;
use crate::tenant::passcode::{self, Purpose};
use crate::tenant::sso::Factor;
use crate::tenant::state::Tenant;
use crate::tenant::user::{self, User};

/// One message for "no such account" and "wrong password": neither says which addresses have accounts.
const WRONG: &str = "That email address and password do not belong together. Check both, or reset the password.";

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
pub(super) async fn show(visit: Visit) -> Markup {
    let email = visit.interaction.login_hint.clone().unwrap_or_default();
    page(&visit, &email, Errors::default())
}

/// Signs in, or mails a passcode.
pub(super) async fn submit(visit: Visit, Answers(form): Answers<Form>) -> Response {
    let attempt = async {
        let refuse = |errors| (StatusCode::UNPROCESSABLE_ENTITY, page(&visit, &form.email, errors)).into_response();
        let email = match Email::parse(&form.email) {
            Ok(email) => email,
            Err(error) => return Ok(Err(refuse(Errors { email: Some(error.to_string()), ..Errors::default() }))),
        };
        if form.method == "passcode" {
            return enter_passcode::begin(&visit, Purpose::SignIn, &email).await.map(Err);
        }
        if form.password.is_empty() {
            let error = Some("Enter your password.".to_owned());
            return Ok(Err(refuse(Errors { password: error, ..Errors::default() })));
        }
        let limits = visit.tenant.limits();
        let attempt = limits.password(&email, visit.client)?;
        let verified = verify(&visit.tenant, &email, form.password.clone()).await;
        if let Ok(None) = verified {
            return Ok(Err(refuse(Errors { problem: Some(WRONG.to_owned()), ..Errors::default() })));
        }
        // Neither a right password nor a failure of ours counts.
        limits.give_back(&attempt);
        Ok::<_, FlowError>(verified?.ok_or_else(|| visit.go("sign-in")))
    };
    match attempt.await {
        Ok(Ok(user)) if user.disabled => messages::disabled(&visit.way()),
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
        Ok(Ok(user)) if user.disabled => messages::disabled(&visit.way()),
        Ok(Ok(user)) => finish::sign_in(&visit.tenant, &visit.interaction, &user, Factor::Passcode).await,
        Ok(Err(answer)) => answer,
        Err(error) => visit.fail(&error),
    }
}

fn page(visit: &Visit, email: &str, errors: Errors) -> Markup {
    let typed = !email.is_empty();
    form::form(
        visit.brand(),
        &form::Form {
            title: "Sign in",
            lead: html! { p.lead { "to continue to " strong { (visit.interaction.app.name) } } },
            problem: errors.problem,
            notice: None,
            fields: vec![
                Control::Input(Field {
                    name: "email",
                    label: "Email address",
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
                    label: "Password",
                    kind: "password",
                    error: errors.password,
                    autocomplete: "current-password",
                    first: typed,
                    ..Field::default()
                }),
            ],
            submit: "Sign in",
            more: html! {
                button.secondary type="submit" name="method" value="passcode" { "Email me a code instead" }
            },
            after: html! {
                div.ways {
                    p { a href=(visit.to("reset-password")) { "Forgot password?" } }
                    @if visit.interaction.flow.sign_up {
                        p { "No account? " a href=(visit.to("sign-up")) { "Create one" } }
                    }
                    (form::quiet_button(&visit.to("cancel"), "Cancel"))
                }
            },
        },
    )
}
