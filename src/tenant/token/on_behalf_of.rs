//! On-behalf-of: an API exchanges the access token that it was called with for one that calls the next API for the same
//! user (RFC 7523 §2.1, with Entra's `requested_token_use`).
//!
//! The new token hangs on the grant of the old one: revoked together, with the session and the authentication contexts
//! that the user has satisfied. There is no refresh token: whoever needs the next one has a newer assertion by then.

use serde_json::Value;

use super::super::Tenant;
use super::super::parameters::Parameters;
use super::super::scope::Scopes;
use super::access_token::{AccessToken, AccessTokenError};
use super::client::Client;
use super::{AccessTokenFor, RouteError, check_consent, demanded, resource_of};

/// `grant_type` (RFC 7523 §2.1).
pub(super) const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Exchanges the assertion. What is checked, in this order:
/// 1. the assertion is an access token of ours for the client as audience, a user's, not expired, and its grant is not
///    revoked ([`AccessToken::verify`]);
/// 2. the scopes are those of one API, exist, and the administrator has granted them to the client;
/// 3. the user has consented, where consent is theirs to give;
/// 4. the user has satisfied what `claims` demands.
pub(super) async fn exchange(
    tenant: &Tenant,
    client: Client<'_>,
    parameters: &Parameters,
) -> Result<Value, RouteError> {
    if parameters.get("requested_token_use").ok_or(RouteError::Missing("requested_token_use"))? != "on_behalf_of" {
        return Err(RouteError::TokenUse);
    }
    let assertion = parameters.get("assertion").ok_or(RouteError::Missing("assertion"))?;
    let scope = parameters.get("scope").ok_or(RouteError::Missing("scope"))?;
    let assertion =
        AccessToken::verify(tenant, assertion, client.app.client_id).await.map_err(|error| match error {
            AccessTokenError::Database(error) => RouteError::Database(error),
            refused => RouteError::Assertion(refused),
        })?;
    let scopes = Scopes::parse(scope, client.app, &tenant.config)?;
    let resource = resource_of(&scopes)?.ok_or(RouteError::NoResource)?;
    check_consent(tenant, &assertion.user, client, Some(resource)).await?;
    let demanded = demanded(tenant, parameters, &assertion.acrs)?;
    let access_token = AccessTokenFor {
        user: &assertion.user,
        sid: &assertion.sid,
        grant_id: &assertion.grant_id,
        acrs: &assertion.acrs,
        capabilities: demanded.xms_cc,
        resource: Some(resource.clone()),
        openid: String::new(),
    };
    Ok(access_token.issue(tenant, client)?.0)
}
