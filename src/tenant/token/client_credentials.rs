//! The client credentials grant (RFC 6749 §4.4): a token for the app itself, with the app roles that the administrator
//! has granted to it. No user, no `scp`, no refresh token, no ID token.
//!
//! An app without any role on the API gets a token without `roles`, as in Entra (where no assignment is required): it
//! proves who the app is, and it is for the API to refuse it.

use super::claims::{ACCESS_TOKEN_LIFETIME, AppTokenClaims, token_id};
use super::client::Client;
use super::error::RouteError;
use super::issue::demanded;
use super::request::AppRequest;
use super::response::TokenResponse;
use crate::tenant::claims::ClaimsRequest;
use crate::tenant::scope::{DEFAULT, Scopes, split_resource};
use crate::tenant::state::Tenant;

/// Issues a token for the resource in `scope`, which is `{Application ID URI}/.default` and nothing else.
pub(super) fn issue(tenant: &Tenant, client: Client<'_>, request: AppRequest<'_>) -> Result<TokenResponse, RouteError> {
    let scope = request.scope;
    let resource = match split_resource(scope) {
        // RFC 6749 §3.3: one word, so that no line break of the request gets into the log.
        Some((resource, value))
            if value.eq_ignore_ascii_case(DEFAULT) && scope.chars().all(|c| c.is_ascii_graphic()) =>
        {
            resource
        }
        _ => return Err(RouteError::NotDefaultScope),
    };
    let api = Scopes::resource(resource, tenant.config())?;
    let granted: Vec<&str> = {
        let of_api = client.app.permissions.iter().filter(|grant| grant.resource == api.client_id);
        let granted: Vec<&String> = of_api.flat_map(|grant| &grant.roles).collect();
        api.app_roles.iter().map(|role| &role.value).filter(|role| granted.contains(role)).map(String::as_str).collect()
    };
    // There is no user who could satisfy anything.
    let claims = demanded(tenant, request.extras, &[])?;
    let ClaimsRequest { xms_cc, .. } = claims;
    let now = tenant.clock().unix_seconds();
    let service_principal = tenant.service_principal(client.app.client_id).to_string();
    let access_token = tenant.keys().sign(&AppTokenClaims {
        iss: tenant.issuer(),
        aud: api.client_id,
        iat: now,
        nbf: now,
        exp: now + ACCESS_TOKEN_LIFETIME.whole_seconds(),
        tid: tenant.config().tenant_id,
        sub: &service_principal,
        oid: &service_principal,
        azp: client.app.client_id,
        azpacr: client.proof.azpacr(),
        idtyp: api.optional_access_token_claims.iter().any(|claim| claim == "idtyp").then_some("app"),
        roles: granted,
        xms_cc,
        uti: token_id(),
        ver: "2.0",
    })?;
    Ok(TokenResponse::new(access_token))
}
