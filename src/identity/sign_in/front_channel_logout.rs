//! `GET /auth/front-channel-logout`: the provider's sign-out page shows this address in a frame (OpenID Connect
//! Front-Channel Logout 1.0 §2), in the customer's browser, but without our cookies, which do not travel into frames of
//! other sites. So it is `sid` that says which session ends: only the provider and we know it. Without one, or with one
//! that nobody has, nothing happens.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::parameters::Parameters;
use crate::identity::ended_sessions::EndedBy;
use crate::identity::log::loggable;
use crate::identity::provider::{Metadata, ProviderError};
use crate::identity::session::{self, Named, Which};
use crate::identity::state::Identity;

/// The longest `sid`, in bytes.
const MAX_NAME: usize = 255;

/// Why a request is refused. One variant per check; the text is for the log.
#[derive(Debug, thiserror::Error)]
enum RouteError {
    #[error("`iss` or `sid` is there twice")]
    RepeatedParameter,
    #[error("`iss` is {found}, not the provider's {expected}")]
    Issuer {
        /// The request's.
        found: String,
        /// The provider's.
        expected: String,
    },
    #[error("`sid` is missing or too long")]
    NoSession,
    #[error(transparent)]
    Metadata(#[from] ProviderError),
    #[error("the sessions cannot be reached: {0}")]
    Store(#[from] sqlx::Error),
}

pub(super) async fn front_channel_logout(State(identity): State<Identity>, query: Parameters) -> Response {
    let status = match answer(&identity, &query).await {
        Ok(ended) => {
            tracing::info!(ended, "the provider's sign-out page ended sessions");
            StatusCode::OK
        }
        Err(error @ (RouteError::Metadata(_) | RouteError::Store(_))) => {
            tracing::error!(%error, "a logout by the provider's page could not be carried out");
            StatusCode::SERVICE_UNAVAILABLE
        }
        Err(error) => {
            tracing::warn!(%error, "a logout by the provider's page was refused");
            StatusCode::BAD_REQUEST
        }
    };
    let mut response = (status, [(header::CACHE_CONTROL, "no-store")]).into_response();
    // The provider's pages, and nobody else's, may frame it.
    let ancestors = identity.provider().metadata().await.map(|metadata| origins(&metadata)).unwrap_or_default();
    let policy =
        format!("default-src 'none'; frame-ancestors {}", if ancestors.is_empty() { "'none'" } else { &ancestors });
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

async fn answer(identity: &Identity, query: &Parameters) -> Result<usize, RouteError> {
    if query.repeats(&["iss", "sid"]) {
        return Err(RouteError::RepeatedParameter);
    }
    let sid = query.only("sid").filter(|sid| (1..=MAX_NAME).contains(&sid.len())).ok_or(RouteError::NoSession)?;
    let metadata = identity.provider().metadata().await?;
    // §2 has both or neither, Entra sends `sid` alone. There is one provider, so the issuer is known either way.
    if let Some(issuer) = query.only("iss").filter(|issuer| *issuer != metadata.issuer) {
        return Err(RouteError::Issuer { found: loggable(issuer), expected: metadata.issuer.clone() });
    }
    // Read before writing: requests with made-up session ids must not hold the write lock.
    let known: Option<i64> =
        sqlx::query_scalar("SELECT created_at FROM sessions WHERE issuer = $1 AND sid = $2 LIMIT 1")
            .bind(&metadata.issuer)
            .bind(sid)
            .fetch_optional(identity.db())
            .await?;
    if known.is_none() {
        return Ok(0);
    }
    let named = Named { issuer: &metadata.issuer, subject: None, sid: Some(sid) };
    let ended = session::end(identity, Which::Named(&named), Some(EndedBy::Provider)).await?;
    Ok(ended.len())
}

/// Where the provider's pages are.
fn origins(metadata: &Metadata) -> String {
    let mut origins: Vec<String> = [metadata.end_session_endpoint.as_ref(), Some(&metadata.authorization_endpoint)]
        .into_iter()
        .flatten()
        .map(|url| url.origin().ascii_serialization())
        .collect();
    origins.dedup();
    origins.join(" ")
}
