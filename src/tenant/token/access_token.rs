//! Access tokens of this tenant, read back: by userinfo, by the directory, and as the assertion of the on-behalf-of
//! grant.

use axum::http::{HeaderMap, header};
use serde::Deserialize;
use uuid::Uuid;

use crate::tenant::claims::ClaimsRequest;
use crate::tenant::scope::words;
use crate::tenant::sso::{self, SignInInvalid};
use crate::tenant::state::Tenant;
use crate::tenant::user::User;

/// An access token that was issued for a user, who lets the client use it still.
pub(in crate::tenant) struct AccessToken {
    /// The client that it was issued to.
    pub(in crate::tenant) client_id: Uuid,
    /// The user.
    pub(in crate::tenant) user: User,
    /// `scp`, word by word.
    scopes: Vec<String>,
    /// The grant behind it.
    pub(super) grant_id: String,
    /// The session that the grant was given in.
    pub(super) sid: String,
    /// When the user proved who they are, in milliseconds since the epoch.
    pub(super) auth_time: i64,
    /// The authentication contexts that the user had satisfied then.
    pub(super) acrs: Vec<String>,
    /// What the app asked for when the user signed in.
    pub(in crate::tenant) requested: ClaimsRequest,
}

/// Why an access token is worth nothing here.
#[derive(Debug, thiserror::Error)]
pub(in crate::tenant) enum AccessTokenError {
    #[error("the token is not an access token of ours")]
    NotOurs,
    #[error("the token is for another resource")]
    Audience,
    #[error("the token has expired")]
    Expired,
    #[error("the token is an app's own: there is no user")]
    AppOnly,
    #[error("the grant behind the token was revoked")]
    Revoked {
        /// `xms_cc`: what the client can do, such as handle a claims challenge.
        capabilities: Vec<String>,
    },
    #[error(transparent)]
    SignInInvalid(#[from] SignInInvalid),
    #[error("the database does not answer: {0}")]
    Database(#[from] sqlx::Error),
}

/// ID tokens have no `azp`, and so are none of these.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Uuid,
    exp: i64,
    azp: Uuid,
    oid: String,
    #[serde(default)]
    scp: String,
    #[serde(default)]
    rh: String,
    #[serde(default)]
    xms_cc: Vec<String>,
}

#[derive(sqlx::FromRow)]
struct Grant {
    sid: String,
    auth_time: i64,
    acrs: String,
    claims: String,
}

impl AccessToken {
    /// The token that a request carries as RFC 6750 §2.1 says, the only way that is accepted.
    pub(in crate::tenant) fn bearer(headers: &HeaderMap) -> Option<&str> {
        let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("Bearer").then_some(token.trim())
    }

    /// Verifies a token for `audience`:
    /// 1. one of our keys has signed it, and it is an access token of this issuer;
    /// 2. it is for `audience` (RFC 9068 §4);
    /// 3. it has not expired;
    /// 4. it is a user's;
    /// 5. its grant was not revoked since, and the user's sign-in still counts.
    ///
    /// # Errors
    /// [`AccessTokenError`] naming the check that failed.
    pub(in crate::tenant) async fn verify(
        tenant: &Tenant,
        token: &str,
        audience: Uuid,
    ) -> Result<Self, AccessTokenError> {
        let now = tenant.clock().unix_millis();
        let claims: Claims = tenant.keys().verify(token, now).ok_or(AccessTokenError::NotOurs)?;
        if claims.iss != tenant.issuer() {
            return Err(AccessTokenError::NotOurs);
        }
        if claims.aud != audience {
            return Err(AccessTokenError::Audience);
        }
        if claims.exp <= tenant.clock().unix_seconds() {
            return Err(AccessTokenError::Expired);
        }
        if claims.scp.is_empty() {
            return Err(AccessTokenError::AppOnly);
        }
        let grant: Option<Grant> = sqlx::query_as(
            "SELECT sid, auth_time, acrs, claims FROM grants WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL",
        )
        .bind(&claims.rh)
        .bind(&claims.oid)
        .fetch_optional(tenant.db())
        .await?;
        let Some(Grant { sid, auth_time, acrs, claims: requested }) = grant else {
            return Err(AccessTokenError::Revoked { capabilities: claims.xms_cc });
        };
        let user = sso::still_counts(tenant, &claims.oid, auth_time).await??;
        Ok(Self {
            client_id: claims.azp,
            user,
            scopes: claims.scp.split(' ').map(ToOwned::to_owned).collect(),
            grant_id: claims.rh,
            sid,
            auth_time,
            acrs: words(&acrs),
            requested: ClaimsRequest::from_json(&requested),
        })
    }

    /// Whether `scp` contains this word.
    pub(in crate::tenant) fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|known| known == scope)
    }
}
