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
use crate::tenant::config::directory_app;
use crate::tenant::pages::form;
use crate::tenant::pages::frame::Page;
use crate::tenant::pages::sentence::{sentence, sentence_with};
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
        return again(visit.t().decide_again());
    }
    // The configuration has changed, or other permissions were granted in another window.
    if words(&asked) != form.scopes {
        return again(visit.t().consent_changed());
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

fn page(visit: &Visit, session: &Session, asked: &[ResourceScopes], notice: Option<&str>) -> Page {
    let (t, app) = (visit.t(), &visit.interaction.app);
    let who = [app.name.as_str(), session.user.email.as_str()];
    let sign_in = html! { a href=(visit.to("sign-in")) { (t.another_account()) } };
    form::form(
        &visit.frame,
        &form::Form {
            title: t.consent_title(),
            lead: html! {
                p.lead { (sentence(t.consent_lead_parts(), |place| html! { strong { (who[place]) } })) }
                @for of in asked { (permissions(visit, of)) }
                p.hint { (t.consent_trust(&app.name)) }
            },
            problem: None,
            notice,
            fields: Vec::new(),
            submit: t.accept(),
            more: html! {
                button.secondary type="submit" name="decision" value="cancel" { (t.cancel()) }
                input type="hidden" name="token" value=(token(visit, session));
                input type="hidden" name="scopes" value=(words(asked));
            },
            after: html! {
                div.ways { p { (sentence_with(t.not_you_parts(), &sign_in)) } }
            },
        },
    )
}

/// What is asked for at one API.
fn permissions(visit: &Visit, of: &ResourceScopes) -> Markup {
    let api = visit.tenant.config().api(&of.resource.to_string());
    let offered = api.map(|api| api.scopes.as_slice()).unwrap_or_default();
    // What others registered is called as they call it.
    let is_directory = of.resource == directory_app::CLIENT_ID;
    let name = api.map_or(of.uri.as_str(), |api| api.name.as_str());
    let name = if is_directory { visit.t().directory() } else { name };
    let names = |value: &str| {
        let ours = if is_directory { directory_app::scope_names(value, visit.t()) } else { None };
        let theirs = || offered.iter().find(|permission| permission.value == *value);
        ours.or_else(|| theirs().map(|scope| (scope.display_name.as_str(), scope.description.as_str())))
    };
    html! {
        h2 { (name) }
        ul.permissions {
            @for value in &of.values {
                @let (name, description) = names(value).unwrap_or((value, ""));
                li {
                    strong { (name) }
                    @if !description.is_empty() { p.hint { (description) } }
                }
            }
        }
    }
}
