//! On-behalf-of: an API exchanges the access token that it was called with for one that calls the next API for the same
//! user (RFC 7523 §2.1, with Entra's `requested_token_use`).
//!
//! The new token hangs on the grant of the old one: revoked together, with the session and the authentication contexts
//! that the user has satisfied. An API that asks for `offline_access` gets a refresh token besides, to go on after its
//! caller has left: that one hangs on a grant of its own, which outlives the session as every other one with
//! `offline_access` does.

use uuid::Uuid;

use super::access_token::{AccessToken, AccessTokenError};
use super::client::Client;
use super::error::RouteError;
use super::issue::{AccessTokenFor, check_consent, demanded, resource_of, respond};
use super::request::OnBehalfOfRequest;
use super::response::TokenResponse;
use crate::platform::clock::millis;
use crate::platform::{hash, random};
use crate::tenant::claims::ClaimsRequest;
use crate::tenant::grant::{Grant, REFRESH_TOKEN_LIFETIME};
use crate::tenant::scope::{OpenId, Scopes};
use crate::tenant::state::Tenant;

/// Exchanges the assertion. What is checked, in this order:
/// 1. the assertion is an access token of ours for the client as audience, a user's, not expired, and its grant is not
///    revoked ([`AccessToken::verify`]);
/// 2. the scopes are those of one API, exist, and the administrator has granted them to the client;
/// 3. the user has consented, where consent is theirs to give;
/// 4. the user has satisfied what `claims` demands.
pub(super) async fn exchange(
    tenant: &Tenant,
    client: Client<'_>,
    request: OnBehalfOfRequest<'_>,
) -> Result<TokenResponse, RouteError> {
    let assertion =
        AccessToken::verify(tenant, request.assertion, client.app.client_id).await.map_err(|error| match error {
            AccessTokenError::Database(error) => RouteError::Database(error),
            refused => RouteError::Assertion(refused),
        })?;
    let scopes = Scopes::parse(request.scope, client.app, tenant.config())?;
    let resource = resource_of(&scopes)?.ok_or(RouteError::NoResource)?;
    check_consent(tenant, &assertion.user, client, Some(resource)).await?;
    let demanded = demanded(tenant, request.extras, &assertion.acrs)?;
    let refresh_token = if scopes.has(OpenId::OfflineAccess) {
        let kept = keep(tenant, client, &assertion, &scopes, &demanded).await?;
        Some(kept.ok_or(RouteError::RevokedGrant)?)
    } else {
        None
    };
    let access_token = AccessTokenFor {
        user: &assertion.user,
        grant_id: &assertion.grant_id,
        acrs: &assertion.acrs,
        capabilities: demanded.xms_cc.clone(),
        resource: Some(resource.clone()),
        openid: scopes.for_userinfo(),
    };
    let grant = Grant {
        id: assertion.grant_id.clone(),
        user: assertion.user.clone(),
        sid: assertion.sid.clone(),
        auth_time: assertion.auth_time,
        acrs: assertion.acrs.clone(),
        requested: demanded,
        scopes,
    };
    respond(tenant, client, &grant, access_token, request.extras, None, refresh_token)
}

/// A grant of the API's own, for as long as it refreshes it: returns its first refresh token. `None` when the caller's
/// grant was revoked meanwhile; one statement.
async fn keep(
    tenant: &Tenant,
    client: Client<'_>,
    assertion: &AccessToken,
    scopes: &Scopes,
    claims: &ClaimsRequest,
) -> Result<Option<String>, sqlx::Error> {
    let (grant_id, token) = (Uuid::new_v4().to_string(), random::token());
    let until = millis(tenant.clock().now() + REFRESH_TOKEN_LIFETIME);
    let mut change = tenant.db().begin().await?;
    let made = sqlx::query(
        "INSERT INTO grants (id, client_id, user_id, scope, sid, auth_time, expires_at, acrs, claims, on_behalf_of) \
         SELECT $1, $2, user_id, $3, sid, auth_time, $4, acrs, $5, id FROM grants WHERE id = $6 AND revoked_at IS NULL",
    )
    .bind(&grant_id)
    .bind(client.app.client_id.to_string())
    .bind(scopes.to_string())
    .bind(until)
    .bind(claims.to_json())
    .bind(&assertion.grant_id)
    .execute(&mut *change)
    .await?;
    if made.rows_affected() == 0 {
        change.rollback().await?;
        return Ok(None);
    }
    sqlx::query("INSERT INTO refresh_tokens (token_hash, grant_id, expires_at) VALUES ($1, $2, $3)")
        .bind(hash::sha256_base64url(&token))
        .bind(&grant_id)
        .bind(until)
        .execute(&mut *change)
        .await?;
    change.commit().await?;
    Ok(Some(token))
}
