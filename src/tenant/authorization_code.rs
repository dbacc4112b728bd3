//! Authorization codes: issued when a user has signed in, used up at the token endpoint (RFC 6749 §4.1.2).

use time::Duration;
use uuid::Uuid;

use super::authorization_request::AuthorizationRequest;
use super::grant::{Grant, REFRESH_TOKEN_LIFETIME};
use super::sso::Session;
use super::state::Tenant;
use crate::platform::clock::millis;
use crate::platform::database::Returning as _;
use crate::platform::{hash, random};

/// A code on its way to the app.
#[derive(Debug)]
pub(super) struct IssuedCode {
    /// For the app alone.
    pub(super) code: String,
    /// Who the user is, for apps that asked for `client_info`.
    pub(super) client_info: Option<String>,
}

/// Of a code. RFC 6749 §4.1.2 allows ten minutes; a redirect takes no more than this.
const LIFETIME: Duration = Duration::seconds(60);

/// Issues a code for the user of `session`; none when the session has ended meanwhile.
pub(super) async fn issue(
    tenant: &Tenant,
    request: &AuthorizationRequest,
    session: &Session,
) -> Result<Option<IssuedCode>, sqlx::Error> {
    let (grant_id, code) = (Uuid::new_v4().to_string(), random::token());
    let now = tenant.clock().now();
    let mut change = tenant.db().begin().await?;
    // First: a sign-out at this moment either was before, or waits, and then finds the grant to revoke.
    if !session.hold(&mut *change).await? {
        change.rollback().await?;
        return Ok(None);
    }
    sqlx::query(
        "INSERT INTO grants (id, client_id, user_id, scope, sid, auth_time, expires_at, acrs, claims) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&grant_id)
    .bind(request.client_id.to_string())
    .bind(&session.user.id)
    .bind(&request.scope)
    .bind(&session.sid)
    .bind(session.auth_time)
    .bind(millis(now + REFRESH_TOKEN_LIFETIME))
    .bind(session.acrs.join(" "))
    .bind(request.claims.to_json())
    .execute(&mut *change)
    .await?;
    sqlx::query(
        "INSERT INTO authorization_codes \
         (code_hash, grant_id, client_id, redirect_uri, code_challenge, nonce, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(hash::sha256_base64url(&code))
    .bind(&grant_id)
    .bind(request.client_id.to_string())
    .bind(&request.return_to.redirect_uri)
    // Empty, which no digest is, where there is none.
    .bind(request.code_challenge.as_deref().unwrap_or_default())
    .bind(&request.nonce)
    .bind(millis(now + LIFETIME))
    .execute(&mut *change)
    .await?;
    change.commit().await?;
    let client_info = request.client_info.then(|| tenant.client_info(&session.user.id));
    Ok(Some(IssuedCode { code, client_info }))
}

/// What a code is bound to.
#[derive(sqlx::FromRow)]
pub(super) struct Bindings {
    /// The grant that it stands for.
    pub(super) grant_id: String,
    /// The redirect URI of the authorization request.
    pub(super) redirect_uri: String,
    /// BASE64URL(SHA256(`code_verifier`)); empty, which no digest is, where there was no challenge.
    pub(super) code_challenge: String,
    /// For the ID token.
    pub(super) nonce: Option<String>,
    /// Milliseconds since the epoch.
    pub(super) expires_at: i64,
}

/// Why a code cannot be redeemed.
#[derive(Debug, thiserror::Error)]
pub(super) enum UseUpError {
    #[error("the code is unknown to this client, or its grant was revoked")]
    Unknown,
    #[error("the code was used before: its grant was revoked")]
    Reused,
    #[error("the database does not answer: {0}")]
    Database(#[from] sqlx::Error),
}

/// Marks the code as redeemed and returns what it is bound to, in one statement: of any number of requests, one gets
/// it. Everyone else proves that the code has leaked, and the grant is revoked (RFC 6749 §4.1.2).
pub(super) async fn use_up(tenant: &Tenant, client_id: Uuid, code: &str) -> Result<Bindings, UseUpError> {
    let (hash, client_id) = (hash::sha256_base64url(code), client_id.to_string());
    let bindings: Option<Bindings> = sqlx::query_as(
        "UPDATE authorization_codes SET redeemed_at = $1 \
         WHERE code_hash = $2 AND client_id = $3 AND redeemed_at IS NULL \
         AND EXISTS (SELECT 1 FROM grants WHERE id = grant_id AND revoked_at IS NULL) \
         RETURNING grant_id, redirect_uri, code_challenge, nonce, expires_at",
    )
    .bind(tenant.clock().unix_millis())
    .bind(&hash)
    .bind(&client_id)
    .one_written(tenant.db())
    .await?;
    if let Some(bindings) = bindings {
        return Ok(bindings);
    }
    let reused: Option<String> = sqlx::query_scalar(
        "SELECT grant_id FROM authorization_codes \
         WHERE code_hash = $1 AND client_id = $2 AND redeemed_at IS NOT NULL",
    )
    .bind(&hash)
    .bind(&client_id)
    .fetch_optional(tenant.db())
    .await?;
    let Some(grant_id) = reused else { return Err(UseUpError::Unknown) };
    Grant::revoke_as_leaked(tenant, &grant_id).await?;
    Err(UseUpError::Reused)
}
