//! The client credentials grant (RFC 6749 §4.4): a token for the app itself, with the app roles that the administrator
//! has granted to it. No user, no `scp`, no refresh token, no ID token.
//!
//! An app without any role on the API gets a token without `roles`, as in Entra (where no assignment is required): it
//! proves who the app is, and it is for the API to refuse it.

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::Tenant;
use super::super::claims::ClaimsRequest;
use super::super::parameters::Parameters;
use super::super::scope::{DEFAULT, Scopes, split_resource};
use super::client::Client;
use super::{ACCESS_TOKEN_LIFETIME, RouteError, token_id};

/// Issues a token for the resource in `scope`, which is `{Application ID URI}/.default` and nothing else.
pub(super) fn issue(tenant: &Tenant, client: Client<'_>, parameters: &Parameters) -> Result<Value, RouteError> {
    let scope = parameters.get("scope").ok_or(RouteError::Missing("scope"))?;
    let resource = match split_resource(scope) {
        // RFC 6749 §3.3: one word, so that no line break of the request gets into the log.
        Some((resource, value))
            if value.eq_ignore_ascii_case(DEFAULT) && scope.chars().all(|c| c.is_ascii_graphic()) =>
        {
            resource
        }
        _ => return Err(RouteError::NotDefaultScope),
    };
    let api = Scopes::resource(resource, &tenant.config)?;
    let granted: Vec<&str> = {
        let of_api = client.app.permissions.iter().filter(|grant| grant.resource == api.client_id);
        let granted: Vec<&String> = of_api.flat_map(|grant| &grant.roles).collect();
        api.app_roles.iter().map(|role| &role.value).filter(|role| granted.contains(role)).map(String::as_str).collect()
    };
    // There is no user who could satisfy anything.
    let claims = super::demanded(tenant, parameters, &[])?;
    let ClaimsRequest { xms_cc, .. } = claims;
    let now = tenant.clock.unix_seconds();
    let service_principal = tenant.service_principal(client.app.client_id).to_string();
    let access_token = tenant.keys.sign(&AppTokenClaims {
        iss: tenant.issuer(),
        aud: api.client_id,
        iat: now,
        nbf: now,
        exp: now + ACCESS_TOKEN_LIFETIME.whole_seconds(),
        tid: tenant.config.tenant_id,
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
    Ok(json!({
        "token_type": "Bearer",
        "expires_in": ACCESS_TOKEN_LIFETIME.whole_seconds(),
        "ext_expires_in": ACCESS_TOKEN_LIFETIME.whole_seconds(),
        "access_token": access_token,
    }))
}

/// Entra's access tokens for apps, version 2.0.
#[derive(Serialize)]
struct AppTokenClaims<'t> {
    iss: String,
    aud: Uuid,
    iat: i64,
    nbf: i64,
    exp: i64,
    tid: Uuid,
    /// The service principal, as `oid`: an app is nobody else at another API.
    sub: &'t str,
    oid: &'t str,
    azp: Uuid,
    azpacr: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    idtyp: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    roles: Vec<&'t str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    xms_cc: Vec<String>,
    uti: String,
    ver: &'static str,
}
