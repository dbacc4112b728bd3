//! `POST /auth/sign-out`: out of this app first, then out of the provider (OpenID Connect RP-Initiated Logout 1.0 §2).
//! The order matters: a provider that does not answer must not keep anybody signed in.
//!
//! `GET /auth/signed-out`: back from the provider (§3). The `state` must be the one that this browser left with.
//!
//! The provider is told who signs out by `logout_hint` (the ID token's `login_hint` claim), not by `id_token_hint`: a
//! token in an address reaches the browser and its history. `send_id_token_hint` is for providers that insist.

use std::error::Error;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use openidconnect::{
    ClientId, CsrfToken, EndSessionUrl, LanguageTag, LogoutHint, LogoutRequest, PostLogoutRedirectUrl,
};
use serde::{Deserialize, Serialize};
use time::Duration;
use tower_sessions::Session;

use super::answer::set_cookie;
use super::parameters::Parameters;
use super::paths::SIGNED_OUT;
use super::problem::Problem;
use crate::identity::session::{self, UserSession, Which};
use crate::identity::state::Identity;
use crate::platform::clock::Timestamp;
use crate::platform::random;
use crate::platform::redirect::see_other;

/// How long the provider has to send the customer back, in milliseconds.
const LIFETIME: Duration = Duration::minutes(10);
const CONTEXT: &str = "sign-out";
/// What the cookie is for (see [`Identity::cookie_name`]).
const COOKIE: &str = "sign-out";

/// A sign-out on its way, in a sealed cookie.
#[derive(Serialize, Deserialize)]
struct Pending {
    state: CsrfToken,
    began_at: Timestamp,
}

/// Who signed out.
struct Former {
    signed_in: UserSession,
    id_token: Option<String>,
}

pub(super) async fn sign_out(State(identity): State<Identity>, session: Session, headers: HeaderMap) -> Response {
    let former = match end(&identity, &session).await {
        Ok(former) => former,
        Err(error) => {
            tracing::error!(%error, "a customer could not be signed out");
            return Problem::Unavailable.response(&identity);
        }
    };
    // Nobody was signed in: nothing to tell the provider.
    let Some(former) = former else { return see_other(identity.home().as_str()) };
    let Ok(metadata) = identity.provider().metadata().await else { return see_other(identity.home().as_str()) };
    let Some(endpoint) = metadata.end_session_endpoint.clone() else { return see_other(identity.home().as_str()) };
    let pending = Pending { state: CsrfToken::new(random::token()), began_at: identity.clock().timestamp() };
    let mut request = LogoutRequest::from(EndSessionUrl::from_url(endpoint))
        .set_client_id(ClientId::new(identity.client_id().to_owned()))
        .set_state(pending.state.clone());
    let back = format!("{}{}", identity.public_url().as_str().trim_end_matches('/'), identity.site().path(SIGNED_OUT));
    if let Ok(back) = PostLogoutRedirectUrl::new(back) {
        request = request.set_post_logout_redirect_uri(back);
    }
    if let Some(hint) = former.signed_in.claim("login_hint") {
        request = request.set_logout_hint(LogoutHint::new(hint.to_owned()));
    }
    let configured = identity.authorization().always.get("ui_locales").cloned();
    let languages = configured.or_else(|| identity.ui_locales(&headers)).unwrap_or_default();
    for language in languages.split_ascii_whitespace() {
        request = request.add_ui_locale(LanguageTag::new(language.to_owned()));
    }
    let mut url = request.http_get_url();
    // As it came: the crate would take only one that it can read.
    if let Some(id_token) = &former.id_token {
        url.query_pairs_mut().append_pair("id_token_hint", id_token);
    }
    let mut response = see_other(url.as_str());
    set_cookie(response.headers_mut(), &identity.sealed_cookie(COOKIE, CONTEXT).set(&pending, Some(LIFETIME)));
    response
}

/// Ends the session and, when it was the customer's last one, drops their tokens.
async fn end(identity: &Identity, session: &Session) -> Result<Option<Former>, Box<dyn Error + Send + Sync>> {
    // Before it is loaded: of one that is not understood, nobody would know whose it is.
    let handle = session::handle(session);
    let whose = match &handle {
        Some(handle) => session::customer_of(identity, handle).await?,
        None => None,
    };
    let signed_in = UserSession::load(session).await?;
    let former = match signed_in {
        Some(signed_in) => {
            let id_token = signed_in.id_token(identity, session).await?;
            Some(Former { signed_in, id_token })
        }
        None => None,
    };
    // Both in one transaction: were only the session gone, another try would find nobody whose tokens could be dropped.
    if let Some(handle) = handle.filter(|_| whose.is_some()) {
        session::end(identity, Which::Row(&handle), None).await?;
    }
    if let Some(whose) = whose.filter(|_| former.is_none()) {
        identity.tokens().forget(&whose).await?;
    }
    // The cookie.
    session.flush().await?;
    Ok(former)
}

/// A link or an image must not sign anybody out.
pub(super) async fn not_by_get() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")], "Sign-out is a form: use the button on the page.")
        .into_response()
}

/// Back from the provider. The session ended before the customer went there; a wrong answer changes nothing, but does
/// not count as the provider's word either.
pub(super) async fn signed_out(State(identity): State<Identity>, query: Parameters, headers: HeaderMap) -> Response {
    let cookie = identity.sealed_cookie(COOKIE, CONTEXT);
    if !cookie.is_sent(&headers) {
        // The Back button, or somebody who typed the address.
        return see_other(identity.home().as_str());
    }
    let pending: Option<Pending> = cookie.read(&headers);
    let in_time = |pending: &Pending| identity.clock().is_within(LIFETIME, pending.began_at);
    let confirmed = pending.filter(in_time).is_some_and(|pending| {
        query.only("state").is_some_and(|state| pending.state == CsrfToken::new(state.to_owned()))
    });
    let mut response = if confirmed {
        see_other(identity.home().as_str())
    } else {
        tracing::warn!("the provider's answer to a sign-out has no state, or another one");
        Problem::SignOut.response(&identity)
    };
    set_cookie(response.headers_mut(), &cookie.removal());
    response
}
