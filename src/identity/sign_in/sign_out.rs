//! `POST /auth/sign-out`: out of this app first, then out of the provider (OpenID Connect RP-Initiated Logout 1.0
//! §2). The order matters: a provider that does not answer must not keep anybody signed in.
//!
//! The provider is told who signs out by `logout_hint` (the ID token's `login_hint` claim), not by `id_token_hint`:
//! a token in an address would reach the browser and its history.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tower_sessions::Session;

use super::{Problem, see_other};
use crate::identity::Identity;
use crate::identity::session::SignedIn;

pub(super) async fn sign_out(State(identity): State<Identity>, session: Session) -> Response {
    let signed_in = match end(&identity, &session).await {
        Ok(signed_in) => signed_in,
        Err(error) => {
            tracing::error!(error, "a customer could not be signed out");
            return Problem::Unavailable.response(&identity);
        }
    };
    let home = identity.public_url.as_str();
    // Nobody was signed in: nothing to tell the provider.
    let Some(signed_in) = signed_in else { return see_other("/") };
    let Ok(metadata) = identity.provider.metadata().await else { return see_other("/") };
    let Some(mut url) = metadata.end_session_endpoint.clone() else { return see_other("/") };
    {
        let mut pairs = url.query_pairs_mut();
        pairs.append_pair("client_id", &identity.client_id).append_pair("post_logout_redirect_uri", home);
        if let Some(hint) = signed_in.claim("login_hint") {
            pairs.append_pair("logout_hint", hint);
        }
    }
    see_other(url.as_str())
}

/// Ends the session and, when it was the customer's last one, drops their tokens.
async fn end(identity: &Identity, session: &Session) -> Result<Option<SignedIn>, String> {
    let signed_in = SignedIn::load(session).await.map_err(|e| e.to_string())?;
    session.flush().await.map_err(|e| e.to_string())?;
    if let Some(signed_in) = &signed_in {
        identity.tokens.forget(&signed_in.key).await.map_err(|e| e.to_string())?;
    }
    Ok(signed_in)
}

/// A link or an image must not sign anybody out.
pub(super) async fn not_by_get() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "POST")], "Sign-out is a form: use the button on the page.")
        .into_response()
}
