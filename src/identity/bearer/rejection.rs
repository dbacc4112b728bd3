//! Why a request is turned away, and the answer that says so (RFC 6750 §3, RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::permission::{AuthenticationContext, Kind, Permission};
use crate::identity::jwt::TimeError;
use crate::identity::provider::{ProviderError, SignatureError};
use crate::identity::scopes::Scopes;
use crate::identity::token::AcquireError;

/// Why a request is turned away, before anything is done. What is shown says which check failed, and nothing of the
/// token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthRejection {
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
    /// The provider answers, but its metadata or keys are not what the configuration allows or cannot be used, so no token
    /// can be checked until somebody mends that: 502, with no promise that it will be better in a moment.
    #[error("this API cannot check access tokens: its operator must mend that")]
    Misconfigured(ProviderError),
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
    /// Form or signature; never [`SignatureError::Provider`], which is [`AuthRejection::Unavailable`].
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
    pub(in crate::identity) kind: Kind,
    pub(in crate::identity) permission: Permission,
}

impl MissingPermission {
    /// Who lacks it.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What the operation needs.
    pub fn permission(&self) -> &Permission {
        &self.permission
    }

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

impl AuthRejection {
    /// That the provider's metadata or keys cannot be had.
    pub(super) fn of_provider(error: ProviderError) -> Self {
        if error.is_outage() { Self::Unavailable(error) } else { Self::Misconfigured(error) }
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NoToken | Self::Token(_) | Self::AuthenticationContext(_) => StatusCode::UNAUTHORIZED,
            Self::Request(_) => StatusCode::BAD_REQUEST,
            Self::Permission(_) | Self::Client | Self::Interaction(_) => StatusCode::FORBIDDEN,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Misconfigured(_) => StatusCode::BAD_GATEWAY,
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
            Self::Client | Self::Unavailable(_) | Self::Misconfigured(_) => None,
        }
    }

    /// The refusal in an answer that [`AuthRejection::into_response`] made, so that an outer layer can add to it.
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
    /// Adds it to an answer that [`AuthRejection::into_response`] made because there was no token, or no good one.
    pub fn describe(&self, response: &mut Response) {
        let Some(AuthRejection::NoToken | AuthRejection::Token(_)) = AuthRejection::of(response) else { return };
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

impl IntoResponse for AuthRejection {
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
            AcquireError::Unavailable(_) | AcquireError::Misconfigured(_) | AcquireError::Busy(_) => None,
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
