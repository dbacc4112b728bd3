//! Asking the user for permissions, where the administrator leaves them to each user: what the app wants to do, and
//! "Accept" or "Cancel".

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use super::finish;
use super::visit::{Answers, SignedInVisit, Visit};
use crate::platform::hash;
use crate::tenant::pages::form;
use crate::tenant::scope::ResourceScopes;
use crate::tenant::sso::Session;

/// What the form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    /// Proves that the form is one of ours, for this user.
    token: String,
    /// What was asked for, so that nobody agrees to what they were not shown.
    scopes: String,
    /// `cancel`, or nothing from the button "Accept".
    decision: String,
}

/// The page that lists the permissions.
pub(super) async fn show(SignedInVisit { visit, session }: SignedInVisit) -> Response {
    match visit.interaction.permissions(&visit.tenant, &session).await {
        // Another window was first.
        Ok(asked) if asked.is_empty() => finish::accept(&visit.tenant, visit.interaction, &session, &asked).await,
        Ok(asked) => page(&visit, &session, &asked, None).into_response(),
        Err(denied) => finish::denied(&visit.tenant, &visit.interaction, denied),
    }
}

/// The user's decision.
pub(super) async fn submit(SignedInVisit { visit, session }: SignedInVisit, Answers(form): Answers<Form>) -> Response {
    let tenant = &visit.tenant;
    // Beyond the check of where the form comes from: a forged one does not know the token (abuse case 79). Neither does
    // one from before the user signed in once more in this browser, which is no attack.
    let ours = bool::from(form.token.as_bytes().ct_eq(token(&visit, &session).as_bytes()));
    if ours && form.decision == "cancel" {
        return finish::decline(tenant, &visit.interaction).await;
    }
    let asked = match visit.interaction.permissions(tenant, &session).await {
        Ok(asked) => asked,
        Err(denied) => return finish::denied(tenant, &visit.interaction, denied),
    };
    let again = |notice| (StatusCode::CONFLICT, page(&visit, &session, &asked, Some(notice))).into_response();
    if !ours {
        return again("This page was out of date, so nothing was done. Please decide once more.");
    }
    // The configuration has changed, or other permissions were granted in another window.
    if words(&asked) != form.scopes {
        return again("The list has changed since you saw it. Please look again.");
    }
    finish::accept(&visit.tenant, visit.interaction, &session, &asked).await
}

/// Nobody else knows the session's digest or the interaction's id.
fn token(visit: &Visit, session: &Session) -> String {
    hash::sha256_base64url(&format!("consent/{}/{}", visit.interaction.id, session.cookie_hash))
}

fn words(asked: &[ResourceScopes]) -> String {
    asked.iter().map(ResourceScopes::full_names).collect::<Vec<_>>().join(" ")
}

fn page(visit: &Visit, session: &Session, asked: &[ResourceScopes], notice: Option<&str>) -> Markup {
    let app = &visit.interaction.app;
    form::form(
        visit.brand(),
        &form::Form {
            title: "Permissions requested",
            lead: html! {
                p.lead {
                    strong { (app.name) } " would like to do this as " strong { (session.user.email) } ":"
                }
                @for of in asked { (permissions(visit, of)) }
                p.hint { "Accept only if you trust " (app.name) "." }
            },
            problem: None,
            notice,
            fields: Vec::new(),
            submit: "Accept",
            more: html! {
                button.secondary type="submit" name="decision" value="cancel" { "Cancel" }
                input type="hidden" name="token" value=(token(visit, session));
                input type="hidden" name="scopes" value=(words(asked));
            },
            after: html! {
                div.ways { p { "Not you? " a href=(visit.to("sign-in")) { "Use another account" } } }
            },
        },
    )
}

/// What is asked for at one API.
fn permissions(visit: &Visit, of: &ResourceScopes) -> Markup {
    let api = visit.tenant.config().api(&of.resource.to_string());
    let offered = api.map(|api| api.scopes.as_slice()).unwrap_or_default();
    let name = api.map_or(of.uri.as_str(), |api| api.name.as_str());
    html! {
        h2 { (name) }
        ul.permissions {
            @for value in &of.values {
                @let permission = offered.iter().find(|permission| permission.value == *value);
                li {
                    strong { (permission.map_or(value.as_str(), |permission| permission.display_name.as_str())) }
                    @if let Some(permission) = permission.filter(|permission| !permission.description.is_empty()) {
                        p.hint { (permission.description) }
                    }
                }
            }
        }
    }
}
