//! The refresh token: opaque (RFC 6749 §6). Every use of one brings another.
//!
//! The old one stays good until it expires, as in Entra: apps renew in parallel, and whoever reads an answer last may
//! hold any of them. With `tenant.refresh_token_reuse = "revoke"` a token that is used twice is worthless with its whole
//! family (RFC 9700 §4.14.2), but for the overlaps that `tenant.refresh_token_reuse_window` forgives.

use super::client::Client;
use super::error::RouteError;
use super::issue::{AccessTokenFor, resource_of, respond};
use super::request::RefreshRequest;
use super::response::TokenResponse;
use crate::platform::clock::millis;
use crate::platform::database::Returning as _;
use crate::platform::hash;
use crate::tenant::config::RefreshTokenReuse;
use crate::tenant::grant::{Grant, REFRESH_TOKEN_LIFETIME};
use crate::tenant::scope::Scopes;
use crate::tenant::state::Tenant;

/// A refresh token, its grant and its client; times in milliseconds since the epoch.
#[derive(sqlx::FromRow)]
struct KnownToken {
    grant_id: String,
    client_id: String,
    expires_at: i64,
    used_at: Option<i64>,
    revoked_at: Option<i64>,
}

/// Exchanges a refresh token for new tokens. As in Entra, the new access token may be for another API than the one
/// first asked for, as long as the administrator has granted it to the client. A permission that was taken back since
/// fails the requests that ask for it, and no others.
pub(super) async fn redeem(
    tenant: &Tenant,
    client: Client<'_>,
    request: RefreshRequest<'_>,
) -> Result<TokenResponse, RouteError> {
    let hash = hash::sha256_base64url(request.refresh_token);
    let now = tenant.clock().unix_millis();

    let row: Option<KnownToken> = sqlx::query_as(
        "SELECT g.id AS grant_id, g.client_id, t.expires_at, t.used_at, g.revoked_at \
         FROM refresh_tokens t JOIN grants g ON g.id = t.grant_id WHERE t.token_hash = $1",
    )
    .bind(&hash)
    .fetch_optional(tenant.db())
    .await?;
    let KnownToken { grant_id, client_id, expires_at, used_at, revoked_at } =
        row.ok_or(RouteError::UnknownRefreshToken)?;
    // RFC 6749 §6: bound to the client it was issued to.
    if client_id != client.app.client_id.to_string() {
        return Err(RouteError::AnothersRefreshToken);
    }
    if revoked_at.is_some() {
        return Err(RouteError::RevokedGrant);
    }
    let good_since = good_since(tenant, now);
    if used_at.is_some_and(|used_at| used_at < good_since) {
        return replayed(tenant, &grant_id).await;
    }
    if expires_at <= now {
        return Err(RouteError::ExpiredRefreshToken);
    }

    // A request that asks for too much costs nobody their token: judged before the token is used up.
    let grant = Grant::load(tenant, client.app, grant_id).await?;
    let asked = request.scope.map(|scope| Scopes::parse(scope, client.app, tenant.config())).transpose()?;
    let resource = match &asked {
        Some(asked) if !asked.openid.is_subset(&grant.scopes.openid) => return Err(RouteError::ScopeBeyondGrant),
        Some(asked) => resource_of(asked)?,
        None => grant.scopes.resources.first(),
    };

    let access_token = AccessTokenFor::authorize(tenant, client, &grant, resource, request.extras).await?;

    // The old token is noted as used and the new one made together; where a token works once, one of any number of
    // requests does it. The first use is the one that counts.
    let mut change = tenant.db().begin().await?;
    let used: Option<String> = sqlx::query_scalar(
        "UPDATE refresh_tokens SET used_at = COALESCE(used_at, $1) \
         WHERE token_hash = $2 AND (used_at IS NULL OR used_at >= $3) \
         AND EXISTS (SELECT 1 FROM grants WHERE id = grant_id AND revoked_at IS NULL) RETURNING token_hash",
    )
    .bind(now)
    .bind(&hash)
    .bind(good_since)
    .one_written(&mut *change)
    .await?;
    if used.is_none() {
        change.rollback().await?;
        return match tenant.config().refresh_token_reuse {
            // Only the end of its grant makes a token worthless here.
            RefreshTokenReuse::Allow => Err(RouteError::RevokedGrant),
            RefreshTokenReuse::Revoke => replayed(tenant, &grant.id).await,
        };
    }
    let new = grant.refresh_token(&mut *change, tenant).await?;
    sqlx::query("UPDATE grants SET expires_at = $1 WHERE id = $2")
        .bind(millis(tenant.clock().now() + REFRESH_TOKEN_LIFETIME))
        .bind(&grant.id)
        .execute(&mut *change)
        .await?;
    change.commit().await?;
    // Core §12.2: a refreshed ID token has no nonce, and the auth_time of the sign-in.
    respond(tenant, client, &grant, access_token, request.extras, None, Some(new))
}

/// When a token must have been used first to be good still, in milliseconds since the epoch.
fn good_since(tenant: &Tenant, now: i64) -> i64 {
    match (tenant.config().refresh_token_reuse, tenant.config().refresh_token_reuse_window) {
        (RefreshTokenReuse::Allow, _) => i64::MIN,
        (RefreshTokenReuse::Revoke, 0) => i64::MAX,
        (RefreshTokenReuse::Revoke, seconds) => now - i64::from(seconds) * 1000,
    }
}

async fn replayed(tenant: &Tenant, grant_id: &str) -> Result<TokenResponse, RouteError> {
    Grant::revoke_as_leaked(tenant, grant_id).await?;
    Err(RouteError::RefreshTokenReplayed)
}

/// What is known of a refresh token that is to be revoked.
pub(in crate::tenant) enum Owner {
    /// Nothing: never issued, or gone with its grant.
    Nobody,
    /// It was issued to another client.
    Another,
    /// It was the client's own; its whole family is worthless now.
    Revoked,
}

#[derive(sqlx::FromRow)]
struct Owned {
    grant_id: String,
    client_id: String,
}

/// Revokes the grant that a refresh token belongs to, if it is the client's, used up or not (RFC 7009 §2.1).
pub(in crate::tenant) async fn revoke(tenant: &Tenant, client: Client<'_>, token: &str) -> Result<Owner, sqlx::Error> {
    let row: Option<Owned> = sqlx::query_as(
        "SELECT g.id AS grant_id, g.client_id FROM refresh_tokens t JOIN grants g ON g.id = t.grant_id WHERE t.token_hash = $1",
    )
    .bind(hash::sha256_base64url(token))
    .fetch_optional(tenant.db())
    .await?;
    match row {
        None => Ok(Owner::Nobody),
        Some(owned) if owned.client_id != client.app.client_id.to_string() => Ok(Owner::Another),
        Some(Owned { grant_id, .. }) => {
            Grant::revoke(tenant, &grant_id).await?;
            tracing::info!(grant = grant_id, "a grant was revoked by its client");
            Ok(Owner::Revoked)
        }
    }
}
