//! The resource server's side: who calls (an access token, validated), and what they may do (scopes of a user, roles
//! of an app). Works for any API.
//!
//! ```ignore
//! let api = Router::new()
//!     .route("/things", get(list))
//!     .route_layer(middleware::from_fn_with_state(verifier, bearer::authenticate));
//!
//! async fn list(caller: Caller, State(permissions): State<Permissions>) -> Result<Json<Vec<Thing>>, Refusal> {
//!     caller.require(&permissions.read)?;
//!     // …
//! }
//! ```
//!
//! [`Verifier::authenticate`] makes these checks, in this order:
//!
//! 1. the token comes in exactly one `Authorization: Bearer` header, and not in the query (RFC 6750 §2);
//! 2. form and signature, as listed in [`jwt`];
//! 3. `typ`, where present, is that of an access token (RFC 8725 §3.11, RFC 9068 §4);
//! 4. `iss` is the provider's, exactly (RFC 7519 §4.1.1, RFC 8725 §3.8);
//! 5. `aud` names this API (RFC 7519 §4.1.3, RFC 8725 §3.9);
//! 6. `exp`, `nbf`, `iat`, with 60 seconds of skew (RFC 7519 §4.1.4 to §4.1.6);
//! 7. it is no ID token and no logout token: nothing that only these carry (`nonce`, `at_hash`, `c_hash`, `events`),
//!    and it says what the caller may do: `scp` (or `scope`, RFC 9068 §2.2.3) or `roles`, or what [`ClaimNames`] says;
//! 8. where only certain client apps are served: `azp` (or what stands for it) is one of them;
//! 9. from Entra: `tid` is the tenant, `ver` the version, and `oid` and `azp` (which no ID token has) are there.
//!
//! [`Caller::require`] then compares scopes or roles with what an operation needs and, where the operation asks for
//! an authentication context, the `acrs` of a user's token.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::claim_names;
use super::config::ClaimNames;
use super::jwt::{self, Claims, SKEW, TimeError, Verified};
use super::provider::{Metadata, Provider, ProviderError, SignatureError};
use super::scopes::Scopes;
use super::token::AcquireError;
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, nearest};

pub use super::token::IncomingToken;

/// The longest `sub` (OpenID Connect Core §2).
const MAX_SUBJECT: usize = 255;

/// Why a request is turned away, before anything is done. What is shown says which check failed, and nothing of the
/// token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no token: 401 without an error code (RFC 6750 §3.1).
    #[error("this request needs an access token")]
    NoToken,
    /// The token is sent in a way that is not allowed: 400 `invalid_request` (RFC 6750 §3.1).
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The token is not good: 401 `invalid_token` (RFC 6750 §3.1).
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The token is good, but does not permit this: 403 `insufficient_scope` (RFC 6750 §3.1).
    #[error("{}", .0.detail())]
    Permission(MissingPermission),
    /// The token is good and permits this, but the user has not proved enough for it: 401 `insufficient_claims` with
    /// the claims that a new token needs, a claims challenge of Entra's.
    #[error("this needs a token with the authentication context {0}: acquire one with the claims of the challenge")]
    AuthenticationContext(AuthenticationContext),
    /// The token is good, but was issued to an app that this API does not serve: 403.
    #[error("this API serves certain client apps only, and the one that this token was issued to is not among them")]
    Client,
    /// The token is good, but its user must act at the provider before this API can call another one for them: 403
    /// with a challenge that says what is missing, as Microsoft.Identity.Web words it.
    #[error("the signed-in user must first go to the provider, for what the challenge names")]
    Interaction(Interaction),
    /// The provider's keys cannot be had, so no token can be checked: 503.
    #[error("access tokens cannot be checked at the moment")]
    Unavailable(ProviderError),
}

/// Why a request's way of sending its token is refused (RFC 6750 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// An `access_token` in the query, where logs and Referer headers would pick it up (RFC 9700 §4.3.2).
    #[error("send the access token in the Authorization header, not in the query")]
    InQuery,
    /// More than one `Authorization` header.
    #[error("send exactly one Authorization header")]
    SeveralHeaders,
    /// Not of the form `Bearer b64token` (RFC 6750 §2.1).
    #[error("the Authorization header is not of the form: Bearer token")]
    Malformed,
}

/// Why an access token is refused. One variant per check.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Form or signature; never [`SignatureError::Provider`], which is [`Refusal::Unavailable`].
    #[error(transparent)]
    Signature(SignatureError),
    /// `typ` is another kind of token's (RFC 8725 §3.11).
    #[error("the token is not an access token")]
    Type,
    /// `iss` is missing or another provider's (RFC 8725 §3.8).
    #[error("the token is from another issuer")]
    Issuer,
    /// `aud` is missing or another API's (RFC 8725 §3.9).
    #[error("the token is for another audience")]
    Audience,
    /// Expired, not valid yet, or without a time that it needs.
    #[error(transparent)]
    Time(#[from] TimeError),
    /// Carries what only ID tokens and logout tokens carry.
    #[error("the token is not an access token")]
    AnotherKind,
    /// Neither scopes nor roles.
    #[error("the token carries neither scopes nor roles")]
    NoPermissions,
    /// `scp`, `scope` or `roles` is of the wrong type.
    #[error("the token's scopes or roles are malformed")]
    MalformedPermissions,
    /// `idtyp` is neither `app` nor `user`.
    #[error("the token is for a kind of caller that is not served")]
    CallerKind,
    /// `tid` is missing or another tenant's.
    #[error("the token is from another tenant")]
    Tenant,
    /// `ver` is not the version that the API's registration asks for.
    #[error("the token is of another version: set accessTokenAcceptedVersion of the API's registration")]
    Version,
    /// No usable `oid` (Entra) or `sub` (RFC 9068 §2.2): nobody to act for.
    #[error("the token does not say who calls")]
    Subject,
}

/// What a caller lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingPermission {
    kind: Kind,
    permission: Permission,
}

impl MissingPermission {
    fn detail(&self) -> String {
        match self.kind {
            Kind::User => format!("this needs one of the scopes {}", self.permission.scopes.join(", ")),
            Kind::App if self.permission.app_permissions.is_empty() => {
                "this is for signed-in users; an app that calls as itself has no use for it".to_owned()
            }
            Kind::App => {
                format!("this needs one of the app permissions {}", self.permission.app_permissions.join(", "))
            }
        }
    }
}

impl Refusal {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NoToken | Self::Token(_) | Self::AuthenticationContext(_) => StatusCode::UNAUTHORIZED,
            Self::Request(_) => StatusCode::BAD_REQUEST,
            Self::Permission(_) | Self::Client | Self::Interaction(_) => StatusCode::FORBIDDEN,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The challenge (RFC 6750 §3); none where a better token would not help.
    pub fn challenge(&self) -> Option<String> {
        match self {
            Self::NoToken => Some("Bearer".to_owned()),
            Self::Request(error) => Some(format!("Bearer error=\"invalid_request\", error_description=\"{error}\"")),
            Self::Token(error) => Some(format!("Bearer error=\"invalid_token\", error_description=\"{error}\"")),
            // The first scope is the least one that suffices; an app is given permissions, it cannot ask for them.
            Self::Permission(MissingPermission { kind: Kind::User, permission }) => {
                Some(format!("Bearer error=\"insufficient_scope\", scope=\"{}\"", permission.scopes[0]))
            }
            Self::Permission(_) => Some("Bearer error=\"insufficient_scope\"".to_owned()),
            Self::AuthenticationContext(context) => {
                Some(format!("Bearer error=\"insufficient_claims\", claims=\"{}\"", STANDARD.encode(context.claims())))
            }
            Self::Interaction(interaction) => Some(interaction.challenge()),
            // No token of this app's would do.
            Self::Client | Self::Unavailable(_) => None,
        }
    }

    /// The refusal in an answer that [`Refusal::into_response`] made, so that an outer layer can add to it.
    pub fn of(response: &Response) -> Option<&Self> {
        response.extensions().get()
    }
}

/// What an answer of 401 says about an API besides what is wrong, so that a client that knows nothing of it can learn
/// where to get a token, and what for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection<'a> {
    /// What is protected, in a few words (RFC 9110 §11.5).
    pub realm: &'a str,
    /// The least scope that suffices (RFC 6750 §3).
    pub scope: Option<&'a str>,
    /// Where the API's metadata are (RFC 9728 §5.1).
    pub resource_metadata: Option<&'a str>,
}

impl Protection<'_> {
    /// Adds it to an answer that [`Refusal::into_response`] made because there was no token, or no good one.
    pub fn describe(&self, response: &mut Response) {
        let Some(Refusal::NoToken | Refusal::Token(_)) = Refusal::of(response) else { return };
        let parts = [("realm", Some(self.realm)), ("scope", self.scope), ("resource_metadata", self.resource_metadata)];
        let challenge = response.headers().get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
        let mut challenge = challenge.unwrap_or("Bearer").to_owned();
        for (name, value) in parts {
            let Some(value) = value else { continue };
            let separator = if challenge.contains(' ') { "," } else { "" };
            challenge.extend([separator, " ", name, "=\"", &value.replace(['"', '\\'], ""), "\""]);
        }
        if let Ok(challenge) = HeaderValue::try_from(challenge) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
    }
}

impl IntoResponse for Refusal {
    /// Status, `WWW-Authenticate`, `Retry-After`, and a problem document (RFC 9457).
    fn into_response(self) -> Response {
        let status = self.status();
        let problem = json!({
            "type": "about:blank",
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "detail": self.to_string(),
        });
        let mut response = (status, problem.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        // The texts are ours and the scopes were checked at start: always a valid header.
        if let Some(Ok(challenge)) = self.challenge().map(HeaderValue::try_from) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(ProviderError::RETRY_AFTER_SECONDS));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Whether a person or a program calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An app on behalf of a signed-in user: what counts are its scopes.
    User,
    /// An app as itself: what counts are its roles.
    App,
}

/// Who calls, as their access token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// User or app.
    pub kind: Kind,
    /// Who it is, for good: `{tid}.{oid}` from Entra, `{iss}|{sub}` from other providers. Never an e-mail address.
    pub key: String,
    /// The app that calls (`azp`, `appid` or RFC 9068's `client_id`), where the token says so.
    pub client_id: Option<String>,
    /// What the user let the app do; empty for apps that call as themselves.
    scopes: Vec<String>,
    /// What the administrator lets the app do; users' own roles are not kept, because nothing here is decided by them.
    roles: Vec<String>,
    /// The authentication contexts that the user has satisfied (`acrs`).
    authentication_contexts: Vec<String>,
}

impl Caller {
    /// Passes when the caller has one of the permission's scopes (a user) or app permissions (an app), and a user has
    /// satisfied the permission's authentication context. An app has nobody who could; what it may do is settled by
    /// whoever granted it the app permission.
    ///
    /// # Errors
    /// [`Refusal::Permission`], [`Refusal::AuthenticationContext`].
    pub fn require(&self, permission: &Permission) -> Result<(), Refusal> {
        let (held, sufficient) = match self.kind {
            Kind::User => (&self.scopes, &permission.scopes),
            Kind::App => (&self.roles, &permission.app_permissions),
        };
        if !sufficient.iter().any(|name| held.contains(name)) {
            return Err(Refusal::Permission(MissingPermission { kind: self.kind, permission: permission.clone() }));
        }
        match &permission.authentication_context {
            Some(context) if self.kind == Kind::User && !self.authentication_contexts.contains(&context.0) => {
                Err(Refusal::AuthenticationContext(context.clone()))
            }
            _ => Ok(()),
        }
    }
}

/// Takes the [`Caller`] that [`authenticate`] found; without that layer, nobody is let in.
impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Refusal;

    fn from_request_parts(parts: &mut Parts, _: &S) -> impl Future<Output = Result<Self, Refusal>> {
        std::future::ready(parts.extensions.get().cloned().ok_or(Refusal::NoToken))
    }
}

/// Takes the token that [`authenticate`] found good; without that layer, there is none.
impl<S: Sync> FromRequestParts<S> for IncomingToken {
    type Rejection = Refusal;

    fn from_request_parts(parts: &mut Parts, _: &S) -> impl Future<Output = Result<Self, Refusal>> {
        std::future::ready(parts.extensions.get().cloned().ok_or(Refusal::NoToken))
    }
}

/// A middleware that lets only valid access tokens through, and leaves the [`Caller`] and the [`IncomingToken`] for the
/// handlers.
///
/// # Errors
/// [`Refusal`].
pub async fn authenticate(
    State(verifier): State<Verifier>,
    mut request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let (caller, token) = verifier.authenticate(request.headers(), request.uri()).await?;
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(token);
    Ok(next.run(request).await)
}

/// What a user must do at the provider before an API can call another one on their behalf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interaction {
    /// What the API's own request for a token lacked, as JSON.
    claims: Option<String>,
    /// The permissions that were not consented to; empty when that is not what is missing.
    scopes: Scopes,
}

impl Interaction {
    /// What an on-behalf-of request failed for, if it is something that the user can help with.
    pub fn of(error: &AcquireError) -> Option<Self> {
        match error {
            AcquireError::InteractionRequired { scopes, claims, consent, .. } => {
                let scopes = if *consent { scopes.clone() } else { Scopes::default() };
                Some(Self { claims: claims.clone(), scopes })
            }
            AcquireError::Unavailable(_) => None,
        }
    }

    /// `proposedAction` is what Microsoft's clients go by; it is left out where the claims say everything, so that the
    /// user is not told of a consent that nobody misses.
    fn challenge(&self) -> String {
        let error = if self.claims.is_some() { "insufficient_claims" } else { "interaction_required" };
        let mut challenge = format!("Bearer error=\"{error}\"");
        if let Some(claims) = &self.claims {
            challenge.extend([", claims=\"", &STANDARD.encode(claims), "\""]);
        }
        if !self.scopes.is_empty() {
            let scopes = self.scopes.to_string().replace(['"', '\\'], "");
            challenge.extend([", scopes=\"", &scopes, "\""]);
        }
        if self.claims.is_none() || !self.scopes.is_empty() {
            challenge += ", proposedAction=\"consent\"";
        }
        challenge
    }
}

/// What an operation needs, as configured: `{ scopes = […], app_permissions = […] }`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PermissionConfig {
    /// Delegated permissions, any of which suffices; the least one first, because callers are told to ask for it.
    pub scopes: Vec<String>,
    /// Application permissions (app roles), any of which suffices. Absent: no app is let in.
    #[serde(default)]
    pub app_permissions: Option<Vec<String>>,
    /// The authentication context that users must have satisfied besides, such as `c1` (Entra: Conditional Access,
    /// authentication contexts). Apps are not asked for it.
    #[serde(default)]
    pub authentication_context: Option<String>,
}

/// [`PermissionConfig`] of an operation that users alone may carry out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserPermissionConfig {
    /// Delegated permissions, any of which suffices; the least one first, because callers are told to ask for it.
    pub scopes: Vec<String>,
    /// As in [`PermissionConfig`].
    #[serde(default)]
    pub authentication_context: Option<String>,
}

/// The id of an authentication context: a short word, such as `c1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticationContext(String);

impl AuthenticationContext {
    fn new(key: &str, id: &str) -> Result<Self, ConfigError> {
        if id.is_empty() || id.len() > 120 || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:/".contains(&b)) {
            return Err(ConfigError::refused(
                key,
                format!("is {id:?}, which is no authentication context's id"),
                "give an id such as c1, or leave it out",
            ));
        }
        Ok(Self(id.to_owned()))
    }

    /// The claims request (OpenID Connect Core §5.5) that asks for it, as Entra words its claims challenges.
    fn claims(&self) -> String {
        json!({"access_token": {"acrs": {"essential": true, "value": self.0}}}).to_string()
    }
}

impl std::fmt::Display for AuthenticationContext {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an operation needs: whole names, compared exactly. There is at least one scope; without app permissions, no app
/// may carry it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    scopes: Vec<String>,
    app_permissions: Vec<String>,
    authentication_context: Option<AuthenticationContext>,
}

impl Permission {
    /// The first scope, the least one that suffices.
    pub fn least_scope(&self) -> &str {
        // Never empty: `some_of`.
        &self.scopes[0]
    }

    /// Checks a configured permission. `offered_scopes` and `offered_roles` are what the API's registration has:
    /// a name outside them could never be in a token, so it is a typing error. `key` names the permission in messages.
    ///
    /// # Errors
    /// [`ConfigError::Refused`] when a list is empty, or a name is not offered.
    pub fn new(
        key: &str,
        config: &PermissionConfig,
        offered_scopes: Offered<'_>,
        offered_roles: Offered<'_>,
    ) -> Result<Self, ConfigError> {
        let app_permissions = match &config.app_permissions {
            None => Vec::new(),
            Some(roles) => some_of(&format!("{key}.app_permissions"), roles, offered_roles).map_err(|error| {
                let or_none = |remedy| format!("{remedy}, or leave the key out to let no app in");
                match error {
                    ConfigError::Refused { key, problem, remedy } if roles.is_empty() => {
                        ConfigError::Refused { key, problem, remedy: or_none(remedy) }
                    }
                    other => other,
                }
            })?,
        };
        Ok(Self {
            scopes: some_of(&format!("{key}.scopes"), &config.scopes, offered_scopes)?,
            app_permissions,
            authentication_context: context(key, config.authentication_context.as_deref())?,
        })
    }

    /// Checks the configured permission of an operation that users alone may carry out: every app is refused, whatever
    /// roles it has.
    ///
    /// # Errors
    /// As [`Permission::new`].
    pub fn for_users(
        key: &str,
        config: &UserPermissionConfig,
        offered_scopes: Offered<'_>,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            scopes: some_of(&format!("{key}.scopes"), &config.scopes, offered_scopes)?,
            app_permissions: Vec::new(),
            authentication_context: context(key, config.authentication_context.as_deref())?,
        })
    }
}

/// Scopes or roles that an API's registration offers, and the key of configuration that lists them.
#[derive(Clone, Copy, Debug)]
pub struct Offered<'a> {
    /// Such as `api.scopes`.
    pub key: &'a str,
    /// What it lists.
    pub names: &'a [String],
}

/// Names that are all `offered`, and at least one of them.
fn some_of(key: &str, names: &[String], offered: Offered<'_>) -> Result<Vec<String>, ConfigError> {
    let known = offered.names.join(", ");
    if names.is_empty() {
        return Err(ConfigError::refused(
            key,
            "is empty, so nobody could be let in, or everybody",
            format!("name at least one of {known}"),
        ));
    }
    match names.iter().find(|name| !offered.names.contains(name)) {
        None => Ok(names.to_vec()),
        Some(unknown) => {
            let meant = nearest(unknown, offered.names.iter().map(String::as_str));
            let meant = meant.map(|name| format!("did you mean {name:?}? ")).unwrap_or_default();
            Err(ConfigError::refused(
                key,
                format!("contains {unknown:?}, which this API does not offer"),
                format!(
                    "{meant}use {known}; or, where the API's registration offers others, list all that it offers as `{}`",
                    offered.key
                ),
            ))
        }
    }
}

fn context(key: &str, id: Option<&str>) -> Result<Option<AuthenticationContext>, ConfigError> {
    id.map(|id| AuthenticationContext::new(&format!("{key}.authentication_context"), id)).transpose()
}

/// Checks names of scopes or roles that an API offers: at least one, and each a scope token (RFC 6749 §3.3), because
/// they are compared as whole words and travel in headers.
///
/// # Errors
/// [`ConfigError::Refused`] naming `key`.
pub fn check_names(key: &str, names: &[String]) -> Result<(), ConfigError> {
    if names.is_empty() {
        return Err(ConfigError::refused(key, "is empty", "name what the API's registration offers, or leave it out"));
    }
    let is_word = |name: &String| {
        !name.is_empty() && name.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) && name.len() <= 120
    };
    match names.iter().find(|name| !is_word(name)) {
        None => Ok(()),
        Some(name) => Err(ConfigError::refused(
            key,
            format!("contains {name:?}, which is not a scope's or role's name"),
            "use the short names, such as ToDoList.Read, one per entry, without blanks or quotes",
        )),
    }
}

/// Validates access tokens for one API. Cheap to clone.
#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    provider: Provider,
    claim_names: ClaimNames,
    audiences: Vec<String>,
    version: Option<String>,
    /// The client apps that are served; all of them when `None`.
    allowed_clients: Option<Vec<String>>,
    clock: Clock,
}

impl Verifier {
    /// A verifier for the API that is known to `provider` by `audiences` (any of them suffices). `version` is what
    /// `ver` must be; when absent, `2.0` for Entra and anything for other providers. `key` names the audiences'
    /// configuration key in messages.
    ///
    /// # Errors
    /// [`ConfigError::Refused`] when there is no audience.
    pub fn new(
        key: &str,
        provider: Provider,
        audiences: Vec<String>,
        version: Option<String>,
        clock: Clock,
    ) -> Result<Self, ConfigError> {
        if audiences.is_empty() || audiences.iter().any(|audience| audience.trim().is_empty()) {
            return Err(ConfigError::refused(
                key,
                "names no audience, so tokens for any API would do",
                "give the API's client id (for tokens of version 1 also its Application ID URI, api://…)",
            ));
        }
        Ok(Self(Arc::new(Inner {
            provider,
            claim_names: ClaimNames::default(),
            audiences,
            version,
            allowed_clients: None,
            clock,
        })))
    }

    /// The same, for a provider that is not Entra and calls its claims otherwise.
    #[must_use]
    pub fn with_claim_names(self, claim_names: ClaimNames) -> Self {
        Self(Arc::new(Inner { claim_names, ..(*self.0).clone() }))
    }

    /// The same, for an API that serves certain client apps only: tokens that were issued to any other one (`azp`, of
    /// version 1 `appid`, RFC 9068's `client_id`), or do not say to which, are refused. `key` names the list in messages.
    ///
    /// # Errors
    /// [`ConfigError::Refused`] for a list without a client id.
    pub fn with_allowed_clients(self, key: &str, clients: &[String]) -> Result<Self, ConfigError> {
        if clients.is_empty() || clients.iter().any(|client| client.trim().is_empty()) {
            let remedy = "give the client ids of the apps that may call, or leave it out, and every app that the provider \
                          lets have a token may";
            return Err(ConfigError::refused(key, "names no client app, so nobody could be let in", remedy));
        }
        let allowed_clients = Some(clients.to_vec());
        Ok(Self(Arc::new(Inner { allowed_clients, ..(*self.0).clone() })))
    }

    /// The provider whose tokens are accepted.
    pub fn provider(&self) -> &Provider {
        &self.0.provider
    }

    /// Finds and validates a request's access token: all checks of the [module](self).
    ///
    /// # Errors
    /// [`Refusal`], whose text names the check and nothing of the token.
    pub async fn authenticate(&self, headers: &HeaderMap, uri: &Uri) -> Result<(Caller, IncomingToken), Refusal> {
        let result = match token(headers, uri) {
            Ok(token) => self.validate(token).await,
            Err(refusal) => Err(refusal),
        };
        match &result {
            Err(Refusal::Unavailable(error)) => tracing::error!(%error, "access tokens cannot be checked"),
            Err(Refusal::Token(reason)) => tracing::info!(%reason, "an access token was refused"),
            Err(Refusal::Client) => tracing::info!("an access token of a client app that is not allowed was refused"),
            Err(_) | Ok(_) => {}
        }
        result
    }

    async fn validate(&self, token: &str) -> Result<(Caller, IncomingToken), Refusal> {
        let verified = self.0.provider.verify(token).await.map_err(|error| match error {
            SignatureError::Provider(error) => Refusal::Unavailable(error),
            error => Refusal::Token(TokenError::Signature(error)),
        })?;
        let metadata = self.0.provider.metadata().await.map_err(Refusal::Unavailable)?;
        let caller = self.check(&verified, &metadata)?;
        if let Some(allowed) = &self.0.allowed_clients
            && !caller
                .client_id
                .as_ref()
                .is_some_and(|client| allowed.iter().any(|known| is_same_client(known, client)))
        {
            return Err(Refusal::Client);
        }
        let expires_at = jwt::seconds(&verified.claims, "exp").ok().flatten().unwrap_or_default().saturating_mul(1000);
        let incoming = IncomingToken::new(SecretString::from(token), caller.kind == Kind::User, expires_at);
        Ok((caller, incoming))
    }

    #[cfg(test)]
    async fn caller(&self, token: &str) -> Result<Caller, Refusal> {
        Ok(self.validate(token).await?.0)
    }

    /// Checks 3 to 7, and 9, of the [module](self).
    fn check(&self, Verified { header, claims }: &Verified, metadata: &Metadata) -> Result<Caller, TokenError> {
        let is_access_token =
            |typ: &str| ["JWT", "at+jwt", "application/at+jwt"].iter().any(|known| known.eq_ignore_ascii_case(typ));
        if !header.typ.as_deref().is_none_or(is_access_token) {
            return Err(TokenError::Type);
        }
        if jwt::text(claims, "iss") != Some(&metadata.issuer) {
            return Err(TokenError::Issuer);
        }
        let audiences = jwt::audiences(claims).ok_or(TokenError::Audience)?;
        if !audiences.iter().any(|audience| self.0.audiences.iter().any(|ours| ours == audience)) {
            return Err(TokenError::Audience);
        }
        jwt::check_times(claims, self.0.clock.unix_seconds(), SKEW)?;
        if ["nonce", "at_hash", "c_hash", "events"].iter().any(|name| claims.contains_key(*name)) {
            return Err(TokenError::AnotherKind);
        }
        let client_id = ["azp", "appid", "client_id"].iter().find_map(|name| jwt::text(claims, name));
        let required_version = self.0.version.as_deref().or(metadata.tenant.map(|_| "2.0"));
        if required_version.is_some_and(|version| jwt::text(claims, "ver") != Some(version)) {
            return Err(TokenError::Version);
        }
        let names = &self.0.claim_names;
        let key = match metadata.tenant {
            Some(tenant) => {
                let guid = |name| jwt::text(claims, name).and_then(|text| text.parse::<Uuid>().ok());
                if guid("tid") != Some(tenant) {
                    return Err(TokenError::Tenant);
                }
                if client_id.is_none() {
                    return Err(TokenError::AnotherKind);
                }
                format!("{tenant}.{}", guid("oid").ok_or(TokenError::Subject)?)
            }
            None => {
                match claim_names::find(claims, names.object_id.as_deref().unwrap_or("sub")).and_then(Value::as_str) {
                    Some(subject) if !subject.is_empty() && subject.len() <= MAX_SUBJECT => {
                        format!("{}|{subject}", metadata.issuer)
                    }
                    _ => return Err(TokenError::Subject),
                }
            }
        };
        let (kind, scopes, roles) = permissions(claims, names)?;
        let client_id = client_id.map(str::to_owned);
        Ok(Caller { kind, key, client_id, scopes, roles, authentication_contexts: contexts(claims) })
    }
}

/// Whether two client ids are one. Those that are GUIDs may be written in capitals.
fn is_same_client(configured: &str, claimed: &str) -> bool {
    match (configured.parse::<Uuid>(), claimed.parse::<Uuid>()) {
        (Ok(configured), Ok(claimed)) => configured == claimed,
        _ => configured == claimed,
    }
}

/// App or user, and what they may do. `idtyp` decides; without it, a token with roles and no scopes is an app's.
fn permissions(claims: &Claims, names: &ClaimNames) -> Result<(Kind, Vec<String>, Vec<String>), TokenError> {
    let scopes = match &names.scopes {
        Some(name) => claim_names::find(claims, name),
        None => claims.get("scp").or_else(|| claims.get("scope")),
    };
    let scopes = scopes.map(words).transpose()?.unwrap_or_default();
    let roles = claim_names::find(claims, names.roles.as_deref().unwrap_or("roles"))
        .map(words)
        .transpose()?
        .unwrap_or_default();
    if scopes.is_empty() && roles.is_empty() {
        return Err(TokenError::NoPermissions);
    }
    let kind = match claims.get("idtyp").map(Value::as_str) {
        Some(Some("app")) => Kind::App,
        Some(Some("user")) => Kind::User,
        Some(_) => return Err(TokenError::CallerKind),
        None if scopes.is_empty() => Kind::App,
        None => Kind::User,
    };
    Ok(match kind {
        Kind::User => (kind, scopes, Vec::new()),
        Kind::App => (kind, Vec::new(), roles),
    })
}

/// The authentication contexts of `acrs`. Anything that is not a list of strings holds none of them.
fn contexts(claims: &Claims) -> Vec<String> {
    claims
        .get("acrs")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// Whole names: of a string, divided by blanks (RFC 6749 §3.3), or of an array of strings.
fn words(value: &Value) -> Result<Vec<String>, TokenError> {
    match value {
        Value::String(text) => Ok(text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()),
        Value::Array(items) => {
            items.iter().map(|item| item.as_str().map(str::to_owned).ok_or(TokenError::MalformedPermissions)).collect()
        }
        _ => Err(TokenError::MalformedPermissions),
    }
}

/// The token of a request: check 1 of the [module](self).
fn token<'a>(headers: &'a HeaderMap, uri: &Uri) -> Result<&'a str, Refusal> {
    let query = uri.query().unwrap_or_default();
    if url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token") {
        return Err(RequestError::InQuery.into());
    }
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(Refusal::NoToken)?;
    if values.next().is_some() {
        return Err(RequestError::SeveralHeaders.into());
    }
    let value = value.to_str().map_err(|_| RequestError::Malformed)?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        // Another scheme: as good as no authentication at all.
        return Err(Refusal::NoToken);
    }
    let token = token.trim_matches(' ');
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    if token.is_empty() || !token.bytes().all(is_token) {
        return Err(RequestError::Malformed.into());
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use time::{Duration, OffsetDateTime};

    use super::*;
    use crate::identity::jwt::JwtError;
    use crate::identity::provider_double::{ALICE, API, BOB, ProviderDouble, SigningKey, TENANT, WEB, sign};

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn offered(names: &[String]) -> Offered<'_> {
        Offered { key: "api.scopes", names }
    }

    fn permission(scopes: &[&str], app_permissions: &[&str]) -> Result<Permission, ConfigError> {
        let (scopes, app_permissions) = (names(scopes), names(app_permissions));
        let config = PermissionConfig { scopes, app_permissions: Some(app_permissions), authentication_context: None };
        let (scopes, roles) = (names(&["T.Read", "T.ReadWrite"]), names(&["T.All"]));
        Permission::new("api.permissions.write", &config, offered(&scopes), offered(&roles))
    }

    async fn start() -> (ProviderDouble, Verifier) {
        let clock = Clock::manual(OffsetDateTime::from_unix_timestamp(1_800_000_000).expect("a date"));
        let double = ProviderDouble::start(&clock).await;
        let verifier = Verifier::new("api.audiences", double.provider(), names(&[API]), None, clock).expect("valid");
        (double, verifier)
    }

    async fn refusal(verifier: &Verifier, token: &str) -> TokenError {
        match verifier.caller(token).await {
            Err(Refusal::Token(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_user_is_known_by_tenant_and_object_id_and_an_app_by_its_own() {
        let (double, verifier) = start().await;
        let alice = verifier.caller(&double.access_token(json!({}))).await.expect("valid");
        assert_eq!(alice.key, format!("{TENANT}.{ALICE}"));
        assert_eq!((alice.kind, alice.client_id.as_deref()), (Kind::User, Some(WEB)));
        let daemon = verifier.caller(&double.app_token(json!({}))).await.expect("valid");
        assert_eq!((daemon.kind, daemon.key), (Kind::App, format!("{TENANT}.{BOB}")));
    }

    #[tokio::test]
    async fn another_providers_user_is_known_by_issuer_and_subject() {
        let (double, _) = start().await;
        let mut config = double.config();
        config.tenant_id = None;
        let mode = crate::platform::config::Mode::Development;
        let http = crate::platform::outbound::client();
        let provider = Provider::new("api.identity", &config, mode, http, double.clock.clone()).expect("valid");
        let verifier =
            Verifier::new("api.audiences", provider, names(&["todo"]), None, double.clock.clone()).expect("valid");
        let token = |changes: Value| {
            let mut claims = json!({"iss": double.issuer(), "aud": ["x", "todo"], "sub": "me", "scope": "a b"});
            claims["exp"] = json!(double.clock.unix_seconds() + 60);
            for (name, value) in changes.as_object().expect("an object") {
                claims[name] = value.clone();
            }
            sign(&claims)
        };
        let caller = verifier.caller(&token(json!({}))).await.expect("valid");
        assert_eq!(caller.key, format!("{}|me", double.issuer()));
        assert_eq!(caller.scopes, ["a", "b"]);
        for subject in [json!(null), json!(""), json!(7), json!("x".repeat(256))] {
            assert_eq!(refusal(&verifier, &token(json!({"sub": subject}))).await, TokenError::Subject);
        }
    }

    #[tokio::test]
    async fn every_claim_that_is_wrong_or_missing_is_refused() {
        let (double, verifier) = start().await;
        let now = double.clock.unix_seconds();
        for (changes, expected) in [
            (json!({"iss": null}), TokenError::Issuer),
            (json!({"iss": "https://evil.example"}), TokenError::Issuer),
            (json!({"iss": double.issuer() + "/"}), TokenError::Issuer),
            (json!({"iss": [double.issuer()]}), TokenError::Issuer),
            (json!({"aud": null}), TokenError::Audience),
            (json!({"aud": WEB}), TokenError::Audience),
            (json!({"aud": []}), TokenError::Audience),
            (json!({"aud": [API, 7]}), TokenError::Audience),
            (json!({"aud": format!("api://{API}")}), TokenError::Audience),
            (json!({"aud": API.to_uppercase()}), TokenError::Audience),
            (json!({"exp": null}), TokenError::Time(TimeError::NoExpiry)),
            (json!({"exp": now - 60}), TokenError::Time(TimeError::Expired)),
            (json!({"nbf": now + 61}), TokenError::Time(TimeError::NotYetValid)),
            (json!({"iat": now + 61}), TokenError::Time(TimeError::IssuedInTheFuture)),
            (json!({"exp": "tomorrow"}), TokenError::Time(TimeError::NotANumber)),
            (json!({"tid": null}), TokenError::Tenant),
            (json!({"tid": BOB}), TokenError::Tenant),
            (json!({"ver": "1.0"}), TokenError::Version),
            (json!({"ver": null}), TokenError::Version),
            (json!({"oid": null}), TokenError::Subject),
            (json!({"oid": "alice"}), TokenError::Subject),
            (json!({"scp": null}), TokenError::NoPermissions),
            (json!({"scp": " "}), TokenError::NoPermissions),
            (json!({"scp": null, "roles": []}), TokenError::NoPermissions),
            (json!({"scp": 7}), TokenError::MalformedPermissions),
            (json!({"roles": [7]}), TokenError::MalformedPermissions),
            (json!({"idtyp": "device"}), TokenError::CallerKind),
            (json!({"idtyp": 1}), TokenError::CallerKind),
            (json!({"nonce": "n"}), TokenError::AnotherKind),
            (json!({"events": {}}), TokenError::AnotherKind),
            (json!({"azp": null}), TokenError::AnotherKind),
        ] {
            assert_eq!(refusal(&verifier, &double.access_token(changes.clone())).await, expected, "{changes}");
        }
    }

    #[tokio::test]
    async fn an_id_token_or_a_logout_token_is_no_access_token() {
        let (double, verifier) = start().await;
        assert_eq!(refusal(&verifier, &double.id_token("n", json!({}))).await, TokenError::Audience);
        // One registration for app and API, and a user with app roles: the audience alone would not tell.
        for changes in [json!({"aud": API, "roles": ["T.All"]}), json!({"aud": API, "scp": "T.Read", "nonce": null})] {
            assert_eq!(refusal(&verifier, &double.id_token("n", changes)).await, TokenError::AnotherKind);
        }
        let claims = double.access_claims(json!({}));
        for (typ, accepted) in [("JWT", true), ("jwt", true), ("at+jwt", true), ("application/at+jwt", true)]
            .into_iter()
            .chain([("logout+jwt", false), ("id_token+jwt", false), ("", false)])
        {
            let token = SigningKey::first().sign(&json!({"alg": "RS256", "kid": "first", "typ": typ}), &claims);
            assert_eq!(verifier.caller(&token).await.is_ok(), accepted, "{typ:?}");
        }
    }

    #[tokio::test]
    async fn a_token_that_expires_while_in_use_is_refused_after_the_skew() {
        let (double, verifier) = start().await;
        let token = double.access_token(json!({}));
        double.clock.advance(Duration::seconds(3600 + 59));
        assert!(verifier.caller(&token).await.is_ok());
        double.clock.advance(Duration::seconds(1));
        assert_eq!(refusal(&verifier, &token).await, TokenError::Time(TimeError::Expired));
    }

    #[tokio::test]
    async fn idtyp_decides_between_user_and_app_and_without_it_the_scopes() {
        let (double, verifier) = start().await;
        let write = permission(&["T.ReadWrite"], &["T.All"]).expect("valid");
        for (changes, kind, allowed) in [
            (json!({"scp": "T.ReadWrite"}), Kind::User, true),
            (json!({"scp": "T.ReadWrite", "idtyp": "user"}), Kind::User, true),
            (json!({"scp": "T.ReadWrite", "roles": ["T.All"]}), Kind::User, true),
            (json!({"scp": null, "roles": ["T.All"]}), Kind::App, true),
            (json!({"scp": null, "roles": ["T.All"], "idtyp": "app"}), Kind::App, true),
            (json!({"scp": "T.Read", "roles": ["T.All"]}), Kind::User, false),
            (json!({"scp": "T.ReadWrite", "idtyp": "app"}), Kind::App, false),
            (json!({"scp": null, "roles": ["T.All"], "idtyp": "user"}), Kind::User, false),
            (json!({"scp": "T.All"}), Kind::User, false),
            (json!({"scp": null, "roles": ["T.ReadWrite"]}), Kind::App, false),
        ] {
            let caller = verifier.caller(&double.access_token(changes.clone())).await.expect("a valid token");
            assert_eq!((caller.kind, caller.require(&write).is_ok()), (kind, allowed), "{changes}");
        }
    }

    #[tokio::test]
    async fn an_authentication_context_is_asked_of_users_and_named_in_the_challenge() {
        let (double, verifier) = start().await;
        let config = PermissionConfig {
            scopes: names(&["T.ReadWrite"]),
            app_permissions: Some(names(&["T.All"])),
            authentication_context: Some("c1".to_owned()),
        };
        let (scopes, roles) = (names(&["T.ReadWrite"]), names(&["T.All"]));
        let new = |config: &PermissionConfig| {
            Permission::new("api.permissions.write", config, offered(&scopes), offered(&roles))
        };
        let write = new(&config).expect("valid");
        for (changes, status) in [
            (json!({"scp": "T.ReadWrite", "acrs": ["c1"]}), 200),
            (json!({"scp": "T.ReadWrite", "acrs": ["p1", "c1"]}), 200),
            (json!({"scp": "T.ReadWrite"}), 401),
            (json!({"scp": "T.ReadWrite", "acrs": []}), 401),
            (json!({"scp": "T.ReadWrite", "acrs": ["c11", "C1", "c"]}), 401),
            (json!({"scp": "T.ReadWrite", "acrs": "c1"}), 401),
            (json!({"scp": "T.ReadWrite", "acr": "c1", "acrs": [{"c1": true}]}), 401),
            // Without the scope, another proof would not help.
            (json!({"scp": "T.Read"}), 403),
            (json!({"scp": null, "roles": ["T.All"], "idtyp": "app"}), 200),
            (json!({"scp": null, "roles": ["T.Other"], "idtyp": "app", "acrs": ["c1"]}), 403),
        ] {
            let caller = verifier.caller(&double.access_token(changes.clone())).await.expect("a valid token");
            let found = caller.require(&write).map_or_else(|refusal| refusal.status().as_u16(), |()| 200);
            assert_eq!(found, status, "{changes}");
        }
        let caller = verifier.caller(&double.access_token(json!({"scp": "T.ReadWrite"}))).await.expect("valid");
        let response = caller.require(&write).expect_err("refused").into_response();
        let challenge = response.headers()[header::WWW_AUTHENTICATE].to_str().expect("text");
        let claims =
            challenge.strip_prefix(r#"Bearer error="insufficient_claims", claims=""#).expect("a claims challenge");
        let claims = STANDARD.decode(claims.strip_suffix('"').expect("quoted")).expect("base64");
        assert_eq!(claims, br#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#);
        for id in ["", "c 1", "c\"1", "c1\n", &"c".repeat(121)] {
            let config = PermissionConfig { authentication_context: Some(id.to_owned()), ..config.clone() };
            let message = new(&config).expect_err("refused").to_string();
            assert!(message.contains("`api.permissions.write.authentication_context`"), "{message}");
        }
    }

    #[test]
    fn a_user_who_must_act_is_told_what_is_missing_in_a_challenge() {
        let challenge = |claims: Option<&str>, consent| {
            let scopes = Scopes::parse("https://graph.microsoft.com/User.Read");
            let claims = claims.map(str::to_owned);
            let error = AcquireError::InteractionRequired { scopes, claims, consent, reason: "a test" };
            let refusal = Refusal::Interaction(Interaction::of(&error).expect("somebody can help"));
            assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
            refusal.challenge().expect("a challenge")
        };
        let scopes = r#"scopes="https://graph.microsoft.com/User.Read""#;
        for (claims, consent, expected) in [
            (None, true, format!(r#"Bearer error="interaction_required", {scopes}, proposedAction="consent""#)),
            (None, false, r#"Bearer error="interaction_required", proposedAction="consent""#.to_owned()),
            (Some(r#"{"a":1}"#), false, r#"Bearer error="insufficient_claims", claims="eyJhIjoxfQ==""#.to_owned()),
            (
                Some(r#"{"a":1}"#),
                true,
                format!(
                    r#"Bearer error="insufficient_claims", claims="eyJhIjoxfQ==", {scopes}, proposedAction="consent""#
                ),
            ),
        ] {
            assert_eq!(challenge(claims, consent), expected);
        }
        assert_eq!(Interaction::of(&AcquireError::Unavailable("down".to_owned())), None);
    }

    #[tokio::test]
    async fn without_app_permissions_no_app_is_let_in_and_users_are() {
        let (double, verifier) = start().await;
        let config =
            PermissionConfig { scopes: names(&["T.Read"]), app_permissions: None, authentication_context: None };
        let (scopes, roles) = (names(&["T.Read"]), names(&["T.All"]));
        let read = Permission::new("api.permissions.read", &config, offered(&scopes), offered(&roles)).expect("valid");
        let app = json!({"scp": null, "roles": ["T.All"], "idtyp": "app"});
        let app = verifier.caller(&double.access_token(app)).await.expect("a valid token");
        assert_eq!(app.require(&read).expect_err("refused").status(), StatusCode::FORBIDDEN);
        let user = verifier.caller(&double.access_token(json!({"scp": "T.Read"}))).await.expect("a valid token");
        assert_eq!(user.require(&read), Ok(()));
        // A list that is there and empty is a mistake, and says how to mean it.
        let config = PermissionConfig { app_permissions: Some(Vec::new()), ..config };
        let refused = Permission::new("api.permissions.read", &config, offered(&scopes), offered(&roles));
        let refused = refused.expect_err("refused").to_string();
        assert!(refused.contains("is empty") && refused.contains("leave the key out"), "{refused}");
    }

    #[tokio::test]
    async fn what_is_for_users_alone_refuses_every_app() {
        let (double, verifier) = start().await;
        let config = UserPermissionConfig { scopes: names(&["T.Read"]), authentication_context: None };
        let scopes = names(&["T.Read"]);
        let read = Permission::for_users("api.permissions.read_profile", &config, offered(&scopes)).expect("valid");
        let app = json!({"scp": "T.Read", "roles": ["T.Read", "T.All"], "idtyp": "app"});
        let app = verifier.caller(&double.access_token(app)).await.expect("a valid token");
        let refusal = app.require(&read).expect_err("refused");
        assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
        assert!(refusal.to_string().contains("signed-in users"), "{refusal}");
        let user = verifier.caller(&double.access_token(json!({"scp": "T.Read"}))).await.expect("a valid token");
        assert_eq!(user.require(&read), Ok(()));
    }

    #[tokio::test]
    async fn a_prefix_of_a_scope_is_not_that_scope() {
        let (double, verifier) = start().await;
        let read = permission(&["T.Read"], &["T.All"]).expect("valid");
        for (scopes, allowed) in [
            ("T.Read", true),
            ("openid  T.Read", true),
            ("T.ReadX", false),
            ("T.Rea", false),
            ("XT.Read", false),
            ("t.read", false),
            ("T.Read,T.ReadWrite", false),
            ("api://x/T.Read", false),
            ("T.Read\tx", false),
        ] {
            let caller = verifier.caller(&double.access_token(json!({"scp": scopes}))).await.expect("a valid token");
            assert_eq!(caller.require(&read).is_ok(), allowed, "{scopes}");
        }
    }

    #[tokio::test]
    async fn without_the_providers_keys_nobody_is_let_in() {
        let (double, verifier) = start().await;
        double.answer_with(StatusCode::SERVICE_UNAVAILABLE);
        let refusal = verifier.caller(&double.access_token(json!({}))).await.expect_err("fails closed");
        assert!(matches!(refusal, Refusal::Unavailable(_)));
        let response = refusal.into_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers()[header::RETRY_AFTER], "5");
        assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));
    }

    #[test]
    fn a_token_comes_in_one_header_and_in_no_other_way() {
        let find = |query: &str, values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().expect("a header value"));
            }
            token(&headers, &format!("/api/todolist{query}").parse().expect("a URI")).map(str::to_owned)
        };
        for value in ["Bearer a.b.c", "bearer a.b.c", "BEARER   a.b.c "] {
            assert_eq!(find("?limit=1", &[value]).as_deref(), Ok("a.b.c"));
        }
        for (query, values, expected) in [
            ("", &[][..], Refusal::NoToken),
            ("", &["Basic YTpi"], Refusal::NoToken),
            ("", &["Bearera.b.c"], Refusal::NoToken),
            ("?access_token=a.b.c", &[], RequestError::InQuery.into()),
            ("?%61ccess_token=a.b.c", &[], RequestError::InQuery.into()),
            ("?access_token=a.b.c", &["Bearer a.b.c"], RequestError::InQuery.into()),
            ("", &["Bearer a.b.c", "Bearer a.b.c"], RequestError::SeveralHeaders.into()),
            ("", &["Bearer a.b.c", "Basic YTpi"], RequestError::SeveralHeaders.into()),
            ("", &["Bearer"], RequestError::Malformed.into()),
            ("", &["Bearer  "], RequestError::Malformed.into()),
            ("", &["Bearer a b"], RequestError::Malformed.into()),
            ("", &["Bearer \"a\""], RequestError::Malformed.into()),
            ("", &["Bearer a.b.c, Bearer d.e.f"], RequestError::Malformed.into()),
        ] {
            assert_eq!(find(query, values), Err(expected), "{query} {values:?}");
        }
    }

    #[test]
    fn challenges_are_those_of_rfc_6750() {
        let write = permission(&["T.ReadWrite", "T.Read"], &["T.All"]).expect("valid");
        let missing = |kind| Refusal::Permission(MissingPermission { kind, permission: write.clone() });
        let expired = Refusal::Token(TimeError::Expired.into());
        let too_long = Refusal::Token(TokenError::Signature(JwtError::TooLong.into()));
        for (refusal, status, challenge) in [
            (Refusal::NoToken, 401, "Bearer"),
            (expired, 401, r#"Bearer error="invalid_token", error_description="the token has expired""#),
            (too_long, 401, {
                r#"Bearer error="invalid_token", error_description="the token is longer than 16384 bytes""#
            }),
            (missing(Kind::User), 403, r#"Bearer error="insufficient_scope", scope="T.ReadWrite""#),
            (missing(Kind::App), 403, r#"Bearer error="insufficient_scope""#),
            (RequestError::SeveralHeaders.into(), 400, {
                r#"Bearer error="invalid_request", error_description="send exactly one Authorization header""#
            }),
        ] {
            let response = refusal.clone().into_response();
            assert_eq!(response.status().as_u16(), status);
            assert_eq!(response.headers()[header::WWW_AUTHENTICATE], challenge);
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
            assert_eq!(Refusal::of(&response), Some(&refusal));
        }
    }

    #[tokio::test]
    async fn where_certain_client_apps_are_served_no_other_ones_token_is_let_in() {
        let (double, verifier) = start().await;
        let only = |clients: &[&str]| verifier.clone().with_allowed_clients("api.allowed_clients", &names(clients));
        let web = WEB.to_uppercase();
        let serves = only(&["00000000-0000-4000-8000-000000000009", &web]).expect("valid");
        let user = serves.caller(&double.access_token(json!({}))).await.expect("the web app is on the list");
        assert_eq!(user.client_id.as_deref(), Some(WEB));
        // `appid` of a token of version 1.
        let version_1 = double.access_token(json!({"azp": null, "appid": WEB}));
        assert!(serves.caller(&version_1).await.is_ok());
        for changes in [json!({"azp": BOB}), json!({"azp": format!("{WEB} ")}), json!({"azp": BOB, "appid": WEB})] {
            let token = double.access_token(changes.clone());
            assert_eq!(serves.caller(&token).await, Err(Refusal::Client), "{changes}");
        }
        let daemon = double.app_token(json!({"azp": BOB}));
        assert_eq!(serves.caller(&daemon).await, Err(Refusal::Client), "apps as themselves as well");
        let response = Refusal::Client.into_response();
        assert_eq!(response.status(), StatusCode::FORBIDDEN);
        for list in [&[][..], &[""], &[WEB, " "]] {
            let error = only(list).err().expect("refused").to_string();
            assert!(error.starts_with("`api.allowed_clients`"), "{error}");
        }
    }

    #[test]
    fn a_401_says_what_is_protected_by_which_scope_and_where_that_can_be_read() {
        let protection = Protection { realm: "Things", scope: Some("T.Read"), resource_metadata: Some("https://a/m") };
        let more = r#"realm="Things", scope="T.Read", resource_metadata="https://a/m""#;
        for (refusal, expected) in [
            (Refusal::NoToken, format!("Bearer {more}")),
            (Refusal::Token(TokenError::Issuer), {
                format!(r#"Bearer error="invalid_token", error_description="the token is from another issuer", {more}"#)
            }),
        ] {
            let mut response = refusal.into_response();
            protection.describe(&mut response);
            assert_eq!(response.headers()[header::WWW_AUTHENTICATE], expected);
        }
        let mut response = StatusCode::NOT_FOUND.into_response();
        protection.describe(&mut response);
        assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));
    }

    #[test]
    fn empty_or_unknown_permissions_and_no_audience_are_refused() {
        for (scopes, roles, key) in [
            (&[][..], &["T.All"][..], "`api.permissions.write.scopes`"),
            (&["T.Read"], &[], "`api.permissions.write.app_permissions`"),
            (&["T.Raed"], &["T.All"], "`api.permissions.write.scopes`"),
            (&["T.Read"], &["T.All", ""], "`api.permissions.write.app_permissions`"),
            (&["T.Read T.ReadWrite"], &["T.All"], "`api.permissions.write.scopes`"),
        ] {
            let error = permission(scopes, roles).expect_err("refused").to_string();
            assert!(error.starts_with(key), "{error}");
        }
        for list in [&[][..], &[""], &["a b"], &["a\"b"], &["a\\b"], &["ä"]] {
            assert!(check_names("api.scopes", &names(list)).is_err(), "{list:?}");
        }
        assert!(check_names("api.scopes", &names(&["ToDoList.Read", "todo:read"])).is_ok());
    }
}
