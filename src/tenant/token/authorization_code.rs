//! The authorization code grant (RFC 6749 §4.1.3; RFC 7636 §4.6).

use subtle::ConstantTimeEq as _;

use super::client::Client;
use super::error::RouteError;
use super::issue::{AccessTokenFor, resource_of, respond};
use super::request::CodeRequest;
use super::response::TokenResponse;
use crate::platform::hash;
use crate::tenant::authorization_code::use_up;
use crate::tenant::grant::Grant;
use crate::tenant::scope::{OpenId, Scopes};
use crate::tenant::state::Tenant;

/// Redeems a code. The attempt uses it up, whether it succeeds or not.
pub(super) async fn redeem(
    tenant: &Tenant,
    client: Client<'_>,
    request: CodeRequest<'_>,
) -> Result<TokenResponse, RouteError> {
    let bound = use_up(tenant, client.app.client_id, request.code).await?;
    if bound.expires_at <= tenant.clock().unix_millis() {
        return Err(RouteError::ExpiredCode);
    }
    // RFC 6749 §4.1.3: "ensure that their values are identical".
    if bound.redirect_uri != request.redirect_uri {
        return Err(RouteError::RedirectUri);
    }
    check_verifier(&bound.code_challenge, request.code_verifier)?;

    let grant = Grant::load(tenant, client.app, bound.grant_id).await?;
    let asked = request.scope.map(|scope| Scopes::parse(scope, client.app, tenant.config())).transpose()?;
    let resource = match &asked {
        Some(asked) if !asked.within(&grant.scopes) => return Err(RouteError::ScopeBeyondGrant),
        Some(asked) => resource_of(asked)?,
        None => grant.scopes.resources.first(),
    };
    let access_token = AccessTokenFor::authorize(tenant, client, &grant, resource, request.extras).await?;
    let refresh_token = if grant.scopes.has(OpenId::OfflineAccess) {
        Some(grant.refresh_token(tenant.db(), tenant).await?)
    } else {
        None
    };
    respond(tenant, client, &grant, access_token, request.extras, bound.nonce.as_deref(), refresh_token)
}

/// RFC 7636 §4.6. Where the authorization request had no challenge, a verifier says that the app sent one: somebody took
/// it out on the way (RFC 9700 §2.1.1, "PKCE downgrade attack").
fn check_verifier(challenge: &str, verifier: Option<&str>) -> Result<(), RouteError> {
    let verifier = match (challenge, verifier) {
        ("", None) => return Ok(()),
        ("", Some(_)) => return Err(RouteError::VerifierWithoutChallenge),
        (_, None) => return Err(RouteError::Missing("code_verifier")),
        (_, Some(verifier)) => verifier,
    };
    // RFC 7636 §4.1
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
        return Err(RouteError::VerifierSize);
    }
    if bool::from(hash::sha256_base64url(verifier).as_bytes().ct_eq(challenge.as_bytes())) {
        Ok(())
    } else {
        Err(RouteError::Verifier)
    }
}
