//! `GET /auth/sign-in` and `GET /auth/sign-up`: off to the provider's authorization endpoint (RFC 6749 §4.1.1,
//! OpenID Connect Core §3.1.2.1).

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use url::form_urlencoded;

use super::challenge::Challenge;
use super::transaction::Transaction;
use super::{Problem, Query, REDIRECT_PATH, see_other, set_cookie};
use crate::identity::Identity;
use crate::identity::return_to::ReturnTo;
use crate::identity::scopes::Scopes;
use crate::identity::tokens::OPENID_SCOPES;
use crate::platform::random;

/// The address, on this site, that signs the customer in and brings them back.
pub fn sign_in_url(return_to: &ReturnTo) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", return_to.as_str()).finish();
    format!("/auth/sign-in?{query}")
}

impl Identity {
    /// The address, on this site, that answers a token acquisition's `InteractionRequired`: it asks the provider for
    /// `scopes` and for the claims of a claims challenge, and brings the customer back to `return_to`.
    pub fn interaction_url(&self, scopes: &Scopes, claims: Option<&str>, return_to: &ReturnTo) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("return_to", return_to.as_str());
        if let Some(challenge) = Challenge::seal(self, scopes, claims) {
            query.append_pair("challenge", &challenge);
        }
        format!("/auth/sign-in?{}", query.finish())
    }
}

/// To the sign-in page. Takes `return_to`, `login_hint`, and the `challenge` of [`Identity::interaction_url`].
pub(super) async fn sign_in(State(identity): State<Identity>, query: Query, headers: HeaderMap) -> Response {
    redirect(&identity, &query, &headers, None).await
}

/// Straight to the sign-up page (`prompt=create`, Initiating User Registration via OpenID Connect 1.0 §4.1).
pub(super) async fn sign_up(State(identity): State<Identity>, query: Query, headers: HeaderMap) -> Response {
    redirect(&identity, &query, &headers, Some("create")).await
}

async fn redirect(identity: &Identity, query: &Query, headers: &HeaderMap, prompt: Option<&str>) -> Response {
    let metadata = match identity.provider.metadata().await {
        Ok(metadata) => metadata,
        Err(error) => {
            tracing::error!(%error, "nobody can sign in: the provider is not available");
            return Problem::Unavailable.response(identity);
        }
    };
    let return_to = query.first("return_to").map_or_else(ReturnTo::home, ReturnTo::parse);
    let challenge = query.first("challenge").and_then(|sealed| Challenge::open(identity, sealed)).unwrap_or_default();
    // The authorization endpoint may be asked for several resources, the token endpoint for one: the challenge's.
    let scopes = identity.initial_scopes.union(&challenge.scopes());
    let wanted = if challenge.scopes().is_empty() { &identity.initial_scopes } else { &challenge.scopes() };
    let transaction = Transaction::begin(identity, return_to, &scopes.of_resource(wanted.resource()));
    let mut url = metadata.authorization_endpoint.clone();
    {
        let mut pairs = url.query_pairs_mut();
        pairs
            .append_pair("response_type", "code")
            .append_pair("client_id", &identity.client_id)
            .append_pair("redirect_uri", &redirect_uri(identity))
            .append_pair("scope", format!("{OPENID_SCOPES} {}", scopes).trim_end())
            .append_pair("state", &transaction.state)
            .append_pair("nonce", &transaction.nonce)
            // Whether the provider says that it knows PKCE or not (RFC 9700 §2.1.1): one that does not ignores it.
            .append_pair("code_challenge", &random::digest(&transaction.code_verifier))
            .append_pair("code_challenge_method", "S256");
        if let Some(prompt) = prompt {
            pairs.append_pair("prompt", prompt);
        }
        if let Some(claims) = &challenge.claims {
            pairs.append_pair("claims", claims);
        }
        if let Some(hint) = query.first("login_hint").filter(|hint| hint.len() <= 254) {
            pairs.append_pair("login_hint", hint);
        }
    }
    let mut response = see_other(url.as_str());
    for cookie in transaction.cookies(identity, headers) {
        set_cookie(response.headers_mut(), &cookie);
    }
    response
}

/// Where the provider sends the customer back to: must be registered there, character by character.
pub(super) fn redirect_uri(identity: &Identity) -> String {
    format!("{}{REDIRECT_PATH}", identity.public_url.as_str().trim_end_matches('/'))
}
