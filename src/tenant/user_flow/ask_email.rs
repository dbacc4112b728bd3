//! The first step of sign-up and of password reset: the e-mail address, to which a passcode is mailed.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::enter_passcode;
use super::visit::Visit;
use crate::tenant::email::Email;
use crate::tenant::pages::form::{self, Control, Field};
use crate::tenant::pages::frame::Page;
use crate::tenant::passcode::Purpose;

/// The address as typed.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct EmailForm {
    email: String,
}

/// What differs between the flows' pages.
pub(super) struct EmailPage<'a> {
    pub(super) title: &'a str,
    pub(super) lead: Markup,
    pub(super) hint: Option<&'a str>,
    /// The HTML standard's name for the field.
    pub(super) autocomplete: &'a str,
    /// To those who came by mistake.
    pub(super) other_way: Markup,
}

/// Mails a passcode to the address that was typed, or shows the page again with what is wrong.
pub(super) async fn submit(
    visit: &Visit,
    purpose: Purpose,
    form: &EmailForm,
    page: impl Fn(&Visit, &str, Option<String>) -> Page,
) -> Response {
    match Email::parse(&form.email) {
        Ok(email) => {
            let begun = enter_passcode::begin(visit, purpose, &email).await;
            begun.unwrap_or_else(|error| visit.fail(&error))
        }
        Err(error) => {
            let page = page(visit, &form.email, Some(error.text(visit.t())));
            (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
        }
    }
}

/// The page that asks for the address.
pub(super) fn page(visit: &Visit, email: &str, error: Option<String>, page: EmailPage<'_>) -> Page {
    let t = visit.t();
    form::form(
        &visit.frame,
        &form::Form {
            title: page.title,
            lead: html! { p.lead { (page.lead) } },
            problem: None,
            notice: None,
            fields: vec![Control::Input(Field {
                name: "email",
                label: t.email_address(),
                kind: "email",
                value: email,
                hint: page.hint.map(ToOwned::to_owned),
                error,
                autocomplete: page.autocomplete,
                inputmode: Some("email"),
                first: true,
                ..Field::default()
            })],
            submit: t.next(),
            more: html! {},
            after: html! {
                div.ways {
                    p { (page.other_way) }
                    (form::quiet_button(&visit.to("cancel"), t.cancel()))
                }
            },
        },
    )
}
