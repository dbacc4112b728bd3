//! Signing up: e-mail address, passcode, then password and the attributes that the flow asks for.
//!
//! An address that has an account already goes the same way in the browser; its mail says so instead of carrying a
//! code.

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
use crate::platform::countries::{self, is_country};
use crate::tenant::config::Attribute;
use crate::tenant::display_name::{DisplayName, MAX_DISPLAY_NAME};
use crate::tenant::email::Email;
use crate::tenant::pages::form::{self, Control, Field};
use crate::tenant::pages::frame::Page;
use crate::tenant::pages::messages;
use crate::tenant::pages::sentence::sentence_with;
use crate::tenant::passcode::{self, Purpose, Step};
use crate::tenant::password::{Known, Refused};
use crate::tenant::sso::Factor;
use crate::tenant::user::{self, CreateError, NewUser};

/// The last page's fields.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct DetailsForm {
    password: String,
    confirm_password: String,
    display_name: String,
    country: String,
}

#[derive(Default)]
struct Errors {
    password: Option<String>,
    confirm_password: Option<String>,
    display_name: Option<String>,
    country: Option<String>,
}

/// Every page of the flow begins with it: an app's flow may be for existing customers only.
fn closed(visit: &Visit) -> Option<Response> {
    (!visit.interaction.flow.sign_up).then(|| messages::no_sign_up(&visit.frame, &visit.way(), &visit.to("sign-in")))
}

/// The page that asks for the e-mail address.
pub(super) async fn show(visit: Visit) -> Response {
    let email = visit.interaction.login_hint.clone().unwrap_or_default();
    closed(&visit).unwrap_or_else(|| email_page(&visit, &email, None).into_response())
}

/// Mails a passcode to the address.
pub(super) async fn submit(visit: Visit, Answers(form): Answers<EmailForm>) -> Response {
    if let Some(closed) = closed(&visit) {
        return closed;
    }
    ask_email::submit(&visit, Purpose::SignUp, &form, email_page).await
}

/// The page that asks for the passcode.
pub(super) async fn show_passcode(visit: Visit, query: RawQuery) -> Response {
    if let Some(closed) = closed(&visit) {
        return closed;
    }
    enter_passcode::show(&visit, Purpose::SignUp, "sign-up/details", &query).await
}

/// Mails another passcode.
pub(super) async fn resend(visit: Visit) -> Response {
    if let Some(closed) = closed(&visit) {
        return closed;
    }
    enter_passcode::resend(&visit, Purpose::SignUp).await
}

/// Tries the passcode.
pub(super) async fn submit_passcode(visit: Visit, Answers(form): Answers<CodeForm>) -> Response {
    if let Some(closed) = closed(&visit) {
        return closed;
    }
    enter_passcode::submit_and_go(&visit, Purpose::SignUp, &form, "sign-up/details").await
}

/// The page that asks for password, name and country.
pub(super) async fn show_details(visit: Visit) -> Response {
    if let Some(closed) = closed(&visit) {
        return closed;
    }
    match passcode::step(&visit.tenant, &visit.interaction.id, Purpose::SignUp).await {
        Ok(Some(Step::Verified(email))) => {
            details_page(&visit, &email, &DetailsForm::default(), Errors::default()).into_response()
        }
        Ok(_) => visit.go("sign-up/passcode"),
        Err(error) => visit.fail(&error.into()),
    }
}

/// Creates the account and goes back to the app.
pub(super) async fn submit_details(visit: Visit, Answers(form): Answers<DetailsForm>) -> Response {
    if let Some(closed) = closed(&visit) {
        return closed;
    }
    match create(&visit, &form).await {
        Ok(Ok(user)) => finish::sign_in(&visit.tenant, &visit.interaction, &user, Factor::Passcode).await,
        Ok(Err(answer)) => answer,
        Err(error) => visit.fail(&error),
    }
}

async fn create(visit: &Visit, form: &DetailsForm) -> Result<Result<user::User, Response>, FlowError> {
    let step = passcode::step(&visit.tenant, &visit.interaction.id, Purpose::SignUp).await?;
    let Some(Step::Verified(email)) = step else { return Ok(Err(visit.go("sign-up/passcode"))) };
    let known = vec![
        (Known::Email, email.to_string()),
        (Known::Name, form.display_name.clone()),
        (Known::Brand, visit.brand().to_owned()),
    ];
    let refused = visit.tenant.limits().hasher.check(form.password.clone(), known).await?;
    let (display_name, country) = match check(visit, &email, form, refused) {
        Ok(details) => details,
        Err(errors) => {
            let page = details_page(visit, &email, form, errors);
            return Ok(Err((StatusCode::UNPROCESSABLE_ENTITY, page).into_response()));
        }
    };
    let password_hash = visit.tenant.limits().hasher.hash(form.password.clone()).await?;
    // Only now, when nothing can be refused any more, is the step used up; of two requests, one gets it.
    let taken = passcode::take_verified(&visit.tenant, &visit.interaction.id, Purpose::SignUp).await?;
    let Some(email) = taken else { return Ok(Err(visit.go("sign-up"))) };
    match user::create(&visit.tenant, NewUser { email, password_hash, display_name, country }).await {
        Ok(user) => Ok(Ok(user)),
        Err(CreateError::Taken) => Ok(Err(messages::taken(&visit.frame, &visit.way(), &visit.to("sign-in")))),
        Err(CreateError::Database(error)) => Err(error.into()),
    }
}

/// All of the page at once, so that nobody corrects one field to be told of the next.
fn check(
    visit: &Visit,
    email: &Email,
    form: &DetailsForm,
    refused: Option<Refused>,
) -> Result<(DisplayName, Option<String>), Errors> {
    let asks = |attribute| visit.interaction.flow.attributes.contains(&attribute);
    let (t, mut errors) = (visit.t(), Errors::default());
    let display_name = if asks(Attribute::DisplayName) {
        DisplayName::parse(&form.display_name).map_err(|error| errors.display_name = Some(error.text(t))).ok()
    } else {
        Some(DisplayName::from_email(email))
    };
    let country = asks(Attribute::Country).then(|| form.country.clone());
    if country.as_deref().is_some_and(|country| !is_country(country)) {
        errors.country = Some(t.country_missing().to_owned());
    }
    errors.password = refused.map(|refused| refused.text(t));
    errors.confirm_password = confirm(t, &form.password, &form.confirm_password, errors.password.is_none());
    let fine = errors.password.is_none() && errors.confirm_password.is_none() && errors.country.is_none();
    match display_name {
        Some(display_name) if fine => Ok((display_name, country)),
        _ => Err(errors),
    }
}

fn email_page(visit: &Visit, email: &str, error: Option<String>) -> Page {
    let t = visit.t();
    let app = html! { strong { (visit.interaction.app.name) } };
    let sign_in = html! { a href=(visit.to("sign-in")) { (t.sign_in()) } };
    let page = EmailPage {
        title: t.create_account_title(),
        lead: sentence_with(t.continue_to_parts(), &app),
        hint: Some(t.email_hint()),
        // There is no user of that name yet.
        autocomplete: "email",
        other_way: sentence_with(t.have_account_parts(), &sign_in),
    };
    ask_email::page(visit, email, error, page)
}

fn details_page(visit: &Visit, email: &Email, form: &DetailsForm, errors: Errors) -> Page {
    let t = visit.t();
    let mut fields = new_password(t, email, errors.password, errors.confirm_password);
    let asks = |attribute| visit.interaction.flow.attributes.contains(&attribute);
    if asks(Attribute::DisplayName) {
        fields.push(Control::Input(Field {
            name: "display_name",
            label: t.your_name(),
            kind: "text",
            value: &form.display_name,
            hint: Some(t.your_name_hint(&MAX_DISPLAY_NAME)),
            error: errors.display_name,
            autocomplete: "name",
            ..Field::default()
        }));
    }
    if asks(Attribute::Country) {
        let field = Field {
            name: "country",
            label: t.country(),
            value: &form.country,
            error: errors.country,
            autocomplete: "country",
            ..Field::default()
        };
        fields.push(Control::Select(field, countries::names(t.language())));
    }
    form::form(
        &visit.frame,
        &form::Form {
            title: t.details_title(),
            lead: html! { p.lead { (t.details_lead()) } },
            problem: None,
            notice: None,
            fields,
            submit: t.create_account(),
            more: html! {},
            after: html! { div.ways { (form::quiet_button(&visit.to("cancel"), t.cancel())) } },
        },
    )
}
