//! "Forgot password?": e-mail address, passcode, new password; then all other sessions end and the customer is signed
//! in. An address without an account goes the same way in the browser, and never gets a code.

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::html;
use serde::Deserialize;

use super::ask_email::{self, EmailForm, EmailPage};
use super::enter_passcode::{self, CodeForm};
use super::finish;
use super::flow_error::FlowError;
use super::new_password::{confirm, fields as new_password};
use super::visit::{Answers, Visit};
use crate::tenant::email::Email;
use crate::tenant::mail;
use crate::tenant::pages::form;
use crate::tenant::pages::frame::Page;
use crate::tenant::pages::messages;
use crate::tenant::passcode::{self, Purpose, Step};
use crate::tenant::password::Known;
use crate::tenant::sso::{self, Factor};
use crate::tenant::user::{self, User};

/// The last page's fields.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct PasswordForm {
    password: String,
    confirm_password: String,
}

/// The page that asks for the e-mail address.
pub(super) async fn show(visit: Visit) -> Page {
    let email = visit.interaction.login_hint.clone().unwrap_or_default();
    email_page(&visit, &email, None)
}

/// Mails a passcode to the address.
pub(super) async fn submit(visit: Visit, Answers(form): Answers<EmailForm>) -> Response {
    ask_email::submit(&visit, Purpose::ResetPassword, &form, email_page).await
}

/// The page that asks for the passcode.
pub(super) async fn show_passcode(visit: Visit, query: RawQuery) -> Response {
    enter_passcode::show(&visit, Purpose::ResetPassword, "reset-password/password", &query).await
}

/// Mails another passcode.
pub(super) async fn resend(visit: Visit) -> Response {
    enter_passcode::resend(&visit, Purpose::ResetPassword).await
}

/// Tries the passcode.
pub(super) async fn submit_passcode(visit: Visit, Answers(form): Answers<CodeForm>) -> Response {
    enter_passcode::submit_and_go(&visit, Purpose::ResetPassword, &form, "reset-password/password").await
}

/// The page that asks for the new password.
pub(super) async fn show_password(visit: Visit) -> Response {
    match passcode::step(&visit.tenant, &visit.interaction.id, Purpose::ResetPassword).await {
        Ok(Some(Step::Verified(email))) => password_page(&visit, &email, None, None).into_response(),
        Ok(_) => visit.go("reset-password/passcode"),
        Err(error) => visit.fail(&error.into()),
    }
}

/// Sets the password, ends the other sessions, and goes back to the app.
pub(super) async fn submit_password(visit: Visit, Answers(form): Answers<PasswordForm>) -> Response {
    match reset(&visit, &form).await {
        Ok(Ok(user)) if user.disabled => messages::disabled(&visit.frame, &visit.way()),
        Ok(Ok(user)) => finish::sign_in(&visit.tenant, &visit.interaction, &user, Factor::Passcode).await,
        Ok(Err(answer)) => answer,
        Err(error) => visit.fail(&error),
    }
}

async fn reset(visit: &Visit, form: &PasswordForm) -> Result<Result<User, Response>, FlowError> {
    let tenant = &visit.tenant;
    let step = passcode::step(tenant, &visit.interaction.id, Purpose::ResetPassword).await?;
    let Some(Step::Verified(email)) = step else { return Ok(Err(visit.go("reset-password/passcode"))) };
    let account = user::find_by_email(tenant, &email).await?;
    let name = account.map(|account| (Known::Name, account.user.display_name));
    let known = [(Known::Email, email.to_string()), (Known::Brand, visit.brand().to_owned())];
    let known = known.into_iter().chain(name).collect();
    let refused = tenant.limits().hasher.check(form.password.clone(), known).await?;
    let refused = refused.map(|refused| refused.text(visit.t()));
    let unequal = confirm(visit.t(), &form.password, &form.confirm_password, refused.is_none());
    if refused.is_some() || unequal.is_some() {
        let page = password_page(visit, &email, refused, unequal);
        return Ok(Err((StatusCode::UNPROCESSABLE_ENTITY, page).into_response()));
    }
    let hash = tenant.limits().hasher.hash(form.password.clone()).await?;
    // Read before the step is used up: a reset elsewhere from now on has either removed the step, or is noticed.
    let account = user::find_by_email(tenant, &email).await?;
    let taken = passcode::take_verified(tenant, &visit.interaction.id, Purpose::ResetPassword).await?;
    let Some(account) = account.filter(|_| taken == Some(email)) else {
        // Codes go to accounts only; this one was deleted since, or another request was first.
        return Ok(Err(visit.go("reset-password")));
    };
    let Some(user) = user::set_password(tenant, account.user, &hash).await? else {
        return Ok(Err(visit.go("reset-password")));
    };
    // Whoever knew the old password may be signed in with it.
    sso::end_sessions_of(tenant, &user.id).await;
    // To the owner, if it was not them. The new password holds, whether the mail can be written or not.
    if let Ok(to) = Email::parse(&user.email)
        && let Err(error) = tenant.mailer().send(mail::password_changed(visit.t(), visit.brand(), &to)).await
    {
        tracing::error!(%error, "a mail about a new password could not be written");
    }
    Ok(Ok(user))
}

fn email_page(visit: &Visit, email: &str, error: Option<String>) -> Page {
    let t = visit.t();
    let page = EmailPage {
        title: t.reset_title(),
        lead: html! { (t.reset_lead()) },
        hint: None,
        autocomplete: "username",
        other_way: html! { a href=(visit.to("sign-in")) { (t.back_to_sign_in()) } },
    };
    ask_email::page(visit, email, error, page)
}

fn password_page(visit: &Visit, email: &Email, refused: Option<String>, unequal: Option<String>) -> Page {
    let t = visit.t();
    form::form(
        &visit.frame,
        &form::Form {
            title: t.new_password_title(),
            lead: html! { p.lead { (t.new_password_lead()) } },
            problem: None,
            notice: None,
            fields: new_password(t, email, refused, unequal),
            submit: t.save_and_sign_in(),
            more: html! {},
            after: html! { div.ways { (form::quiet_button(&visit.to("cancel"), t.cancel())) } },
        },
    )
}
