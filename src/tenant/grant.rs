//! Grants: what users let clients do. Codes, refresh tokens and access tokens each belong to one, and are worthless when it
//! is revoked.

use time::Duration;

use super::claims::ClaimsRequest;
use super::config::App;
use super::scope::{Scopes, words};
use super::sso::{self, SignInInvalid};
use super::state::Tenant;
use super::user::User;
use crate::platform::clock::millis;
use crate::platform::{hash, random};

/// Of a refresh token, and of the grant behind it, which begins anew with each refresh.
pub(super) const REFRESH_TOKEN_LIFETIME: Duration = Duration::days(90);

/// What a user lets a client do, when it has been established that they still do.
pub(super) struct Grant {
    pub(super) id: String,
    pub(super) user: User,
    pub(super) scopes: Scopes,
    pub(super) sid: String,
    /// Milliseconds since the epoch.
    pub(super) auth_time: i64,
    /// The authentication contexts that the user had satisfied.
    pub(super) acrs: Vec<String>,
    /// The `claims` of the authorization request.
    pub(super) requested: ClaimsRequest,
}

/// Why a grant is worth nothing any more.
#[derive(Debug, thiserror::Error)]
pub(super) enum GrantError {
    #[error(transparent)]
    SignInInvalid(#[from] SignInInvalid),
    #[error("the database does not answer: {0}")]
    Database(#[from] sqlx::Error),
}

#[derive(sqlx::FromRow)]
struct Row {
    user_id: String,
    scope: String,
    sid: String,
    auth_time: i64,
    acrs: String,
    claims: String,
}

impl Grant {
    /// Reads a grant, whether revoked or not: that is for the statement to decide which used up the code or token.
    pub(super) async fn load(tenant: &Tenant, client: &App, id: String) -> Result<Self, GrantError> {
        let Row { user_id, scope, sid, auth_time, acrs, claims } =
            sqlx::query_as("SELECT user_id, scope, sid, auth_time, acrs, claims FROM grants WHERE id = $1")
                .bind(&id)
                .fetch_one(tenant.db())
                .await?;
        let user = sso::still_counts(tenant, &user_id, auth_time).await??;
        // The administrator may have taken a permission back since. What is asked for now is judged by itself.
        let scopes = Scopes::still_granted(&scope, client, tenant.config());
        let (acrs, requested) = (words(&acrs), ClaimsRequest::from_json(&claims));
        Ok(Self { id, user, scopes, sid, auth_time, acrs, requested })
    }

    /// Revokes the grant: its refresh tokens are refused from now on, and its access tokens wherever this tenant
    /// accepts any.
    pub(super) async fn revoke(tenant: &Tenant, id: &str) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE grants SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL")
            .bind(tenant.clock().unix_millis())
            .bind(id)
            .execute(tenant.db())
            .await
            .map(drop)
    }

    /// Revokes the grant because one of its secrets was used twice: somebody else has it. What APIs keep on its user's
    /// behalf goes with it.
    pub(super) async fn revoke_as_leaked(tenant: &Tenant, id: &str) -> Result<(), sqlx::Error> {
        Self::revoke(tenant, id).await?;
        sqlx::query("UPDATE grants SET revoked_at = $1 WHERE on_behalf_of = $2 AND revoked_at IS NULL")
            .bind(tenant.clock().unix_millis())
            .bind(id)
            .execute(tenant.db())
            .await?;
        tracing::warn!(grant = id, "a grant was revoked: one of its secrets was used twice");
        Ok(())
    }

    /// Makes a refresh token of this grant's family.
    pub(super) async fn refresh_token<'c>(
        &self,
        db: impl sqlx::AnyExecutor<'c>,
        tenant: &Tenant,
    ) -> Result<String, sqlx::Error> {
        let token = random::token();
        sqlx::query("INSERT INTO refresh_tokens (token_hash, grant_id, expires_at) VALUES ($1, $2, $3)")
            .bind(hash::sha256_base64url(&token))
            .bind(&self.id)
            .bind(millis(tenant.clock().now() + REFRESH_TOKEN_LIFETIME))
            .execute(db)
            .await?;
        Ok(token)
    }
}
