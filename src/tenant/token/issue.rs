//! Makes tokens, when it has been established that the client may have them.

use super::claims::{ACCESS_TOKEN_LIFETIME, AccessTokenClaims, Common, ID_TOKEN_LIFETIME, IdTokenClaims};
use super::client::Client;
use super::error::RouteError;
use super::request::Extras;
use super::response::TokenResponse;
use crate::tenant::claims::ClaimsRequest;
use crate::tenant::config::directory_app::CLIENT_ID;
use crate::tenant::consent;
use crate::tenant::grant::Grant;
use crate::tenant::scope::{OpenId, ResourceScopes, Scopes};
use crate::tenant::state::Tenant;
use crate::tenant::user::User;

/// What an access token is for. One resource, as in Entra, though an authorization may span several.
pub(super) fn resource_of(wanted: &Scopes) -> Result<Option<&ResourceScopes>, RouteError> {
    match wanted.resources.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(RouteError::TwoResources),
    }
}

/// What a user's access token is to carry, when it has been established that the client may have it.
pub(super) struct AccessTokenFor<'g> {
    pub(super) user: &'g User,
    pub(super) grant_id: &'g str,
    pub(super) acrs: &'g [String],
    /// `xms_cc`
    pub(super) capabilities: Vec<String>,
    /// Without one, it is for userinfo.
    pub(super) resource: Option<ResourceScopes>,
    /// The `OpenID` scopes, which a token for userinfo or the directory names besides.
    pub(super) openid: String,
}

impl<'g> AccessTokenFor<'g> {
    /// Authorizes a request for an access token of this grant, before anything is used up:
    /// 1. the user has consented to the scopes, where consent is theirs to give;
    /// 2. the user has satisfied an authentication context that `claims` demands (OpenID Connect Core §5.5.1.1, in
    ///    Entra's use of it).
    pub(super) async fn authorize(
        tenant: &Tenant,
        client: Client<'_>,
        grant: &'g Grant,
        resource: Option<&ResourceScopes>,
        extras: Extras<'_>,
    ) -> Result<Self, RouteError> {
        check_consent(tenant, &grant.user, client, resource).await?;
        let mut capabilities = demanded(tenant, extras, &grant.acrs)?.xms_cc;
        let of_grant = grant.requested.xms_cc.iter().filter(|known| !capabilities.contains(known));
        let of_grant: Vec<_> = of_grant.cloned().collect();
        capabilities.extend(of_grant);
        Ok(Self {
            user: &grant.user,
            grant_id: &grant.id,
            acrs: &grant.acrs,
            capabilities,
            resource: resource.cloned(),
            openid: grant.scopes.for_userinfo(),
        })
    }

    /// Signs the token and begins the response (RFC 6749 §5.1).
    fn issue(
        self,
        tenant: &Tenant,
        client: Client<'_>,
        extras: Extras<'_>,
    ) -> Result<(TokenResponse, Common<'g>), RouteError> {
        let common = Common::new(tenant, self.grant_id);
        let of_directory = self.resource.as_ref().is_none_or(|resource| resource.resource == CLIENT_ID);
        let openid = Some(self.openid).filter(|openid| of_directory && !openid.is_empty());
        let resource = self.resource.as_ref();
        let words = |words: [Option<String>; 2]| words.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let scp = words([openid.clone(), resource.map(|resource| resource.values.join(" "))]);
        let access_token = tenant.keys().sign(&AccessTokenClaims {
            common: &common,
            aud: resource.map_or(CLIENT_ID, |resource| resource.resource),
            exp: common.iat + ACCESS_TOKEN_LIFETIME.whole_seconds(),
            sub: tenant.subject(resource.map_or(client.app.client_id, |resource| resource.resource), &self.user.id),
            oid: &self.user.id,
            azp: client.app.client_id,
            azpacr: client.proof.azpacr(),
            scp: &scp,
            name: &self.user.display_name,
            preferred_username: &self.user.email,
            acrs: self.acrs,
            xms_cc: &self.capabilities,
        })?;
        let mut response = TokenResponse::new(access_token);
        response.scope = Some(words([resource.map(ToString::to_string), openid]));
        response.client_info = extras.client_info.then(|| tenant.client_info(&self.user.id));
        Ok((response, common))
    }
}

/// Refuses scopes that the user has still to agree to.
pub(super) async fn check_consent(
    tenant: &Tenant,
    user: &User,
    client: Client<'_>,
    resource: Option<&ResourceScopes>,
) -> Result<(), RouteError> {
    let missing = consent::missing(tenant, &user.id, client.app, resource.map_or(&[], std::slice::from_ref)).await?;
    match missing.first() {
        None => Ok(()),
        Some(missing) => Err(RouteError::NoConsent(missing.full_names())),
    }
}

/// Reads the `claims` parameter, and refuses what a user with these authentication contexts does not satisfy.
pub(super) fn demanded(tenant: &Tenant, extras: Extras<'_>, acrs: &[String]) -> Result<ClaimsRequest, RouteError> {
    let demanded = ClaimsRequest::parse(extras.claims, tenant.config())?;
    if demanded.satisfied_by(acrs) {
        Ok(demanded)
    } else {
        Err(RouteError::StepUp { claims: extras.claims.unwrap_or_default().to_owned() })
    }
}

/// Signs the tokens (RFC 6749 §5.1, Core §3.1.3.3).
pub(super) fn respond(
    tenant: &Tenant,
    client: Client<'_>,
    grant: &Grant,
    access_token: AccessTokenFor<'_>,
    extras: Extras<'_>,
    nonce: Option<&str>,
    refresh_token: Option<String>,
) -> Result<TokenResponse, RouteError> {
    let (mut response, common) = access_token.issue(tenant, client, extras)?;
    if grant.scopes.has(OpenId::OpenId) {
        let (user, client_id) = (&grant.user, client.app.client_id);
        let profile = grant.scopes.has(OpenId::Profile);
        // Core §5.5: a single claim that was asked for is given without the scope that stands for it.
        let wants = |claim: &str, scope| scope || grant.requested.id_token.iter().any(|wanted| wanted == claim);
        let id_token = tenant.keys().sign(&IdTokenClaims {
            common: &common,
            sid: &grant.sid,
            aud: client_id,
            exp: common.iat + ID_TOKEN_LIFETIME.whole_seconds(),
            sub: tenant.subject(client_id, &user.id),
            auth_time: grant.auth_time.div_euclid(1000),
            nonce,
            login_hint: tenant.login_hint(&user.id),
            oid: wants("oid", profile).then_some(&user.id),
            name: wants("name", profile).then_some(&user.display_name),
            preferred_username: wants("preferred_username", profile).then_some(&user.email),
            ctry: user.country.as_deref().filter(|_| wants("ctry", profile)),
            email: wants("email", grant.scopes.has(OpenId::Email)).then_some(&user.email),
        })?;
        response.id_token = Some(id_token);
    }
    response.refresh_token = refresh_token;
    Ok(response)
}
