//! What a plain form leaves behind for the next page: an error, and what was typed. Kept in the session; when there
//! is none (the customer must sign in first), in a sealed cookie.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, SameSite};
use leptos::context::use_context;
use leptos_axum::ResponseOptions;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use super::Web;
use super::customer::Request;
use crate::app::actions::customer::Notice;
use crate::app::error::AppError;
use crate::identity::session::SignedIn;

/// The session's entry.
const ENTRY: &str = "notice";
/// What a sealed draft is bound to.
const CONTEXT: &str = "draft";
/// Minutes that a draft survives while its author signs in.
const DRAFT_MINUTES: i64 = 15;

/// A draft that waits for its author to sign in.
#[derive(Serialize, Deserialize)]
struct Draft {
    text: String,
    /// Who typed it, where the session still knew.
    customer: Option<String>,
    /// Milliseconds since the epoch.
    typed_at: i64,
}

/// Leaves a notice for the next page of this session. A visitor has none, and nothing is left.
pub(super) async fn leave(session: &Session, notice: &Notice) {
    let left = match SignedIn::load(session).await {
        Ok(Some(_)) => session.insert(ENTRY, notice).await,
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = left {
        tracing::error!(%error, "a notice could not be kept");
    }
}

/// The cookie that keeps a draft while its author signs in.
pub(super) fn draft_cookie(web: &Web, text: String, customer: Option<String>) -> Cookie<'static> {
    let draft = Draft { text, customer, typed_at: web.clock.unix_millis() };
    let sealed = web.identity.keys.seal(CONTEXT, &serde_json::to_string(&draft).unwrap_or_default());
    let mut cookie = bare(web, sealed);
    cookie.set_max_age(cookie::time::Duration::minutes(DRAFT_MINUTES));
    cookie
}

/// Takes what was left: from the session, else from the cookie.
pub(super) async fn take(request: &Request) -> Result<Notice, AppError> {
    let Some(signed_in) = request.signed_in().await? else { return Ok(Notice::default()) };
    // Looked at before it is removed: removing marks the session as changed, and costs a write.
    let left = match request.session.get::<Notice>(ENTRY).await {
        Ok(Some(notice)) => request.session.remove::<Notice>(ENTRY).await.map(|_| Some(notice)),
        other => other,
    };
    match left {
        Ok(Some(notice)) => return Ok(notice),
        Ok(None) => {}
        Err(error) => tracing::error!(%error, "a notice could not be read"),
    }
    let web = &request.web;
    let Some(sealed) = find(web, &request.parts.headers) else { return Ok(Notice::default()) };
    if let Some(response) = use_context::<ResponseOptions>() {
        let mut removal = bare(web, String::new());
        removal.set_max_age(cookie::time::Duration::ZERO);
        if let Ok(value) = HeaderValue::from_str(&removal.to_string()) {
            response.append_header(header::SET_COOKIE, value);
        }
    }
    let draft: Option<Draft> =
        web.identity.keys.open(CONTEXT, &sealed).ok().and_then(|json| serde_json::from_str(&json).ok());
    let fresh = |draft: &Draft| web.clock.unix_millis() - draft.typed_at < DRAFT_MINUTES * 60_000;
    let theirs = |draft: &Draft| draft.customer.as_deref().is_none_or(|key| key == signed_in.key.as_str());
    let text = draft.filter(|draft| fresh(draft) && theirs(draft)).map(|draft| draft.text);
    Ok(Notice { error: None, draft: text })
}

fn name(web: &Web) -> &'static str {
    if web.identity.public_url.scheme() == "https" { "__Host-errand-draft" } else { "errand-draft" }
}

fn find(web: &Web, headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|value| Cookie::split_parse(value).filter_map(Result::ok))
        .find(|cookie| cookie.name() == name(web))
        .map(|cookie| cookie.value().to_owned())
}

fn bare(web: &Web, value: String) -> Cookie<'static> {
    Cookie::build((name(web), value))
        .path("/")
        .http_only(true)
        .secure(web.identity.public_url.scheme() == "https")
        .same_site(SameSite::Lax)
        .build()
}
