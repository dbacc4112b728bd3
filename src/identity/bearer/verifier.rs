//! The checks of an access token.

use std::sync::Arc;

use axum::http::{HeaderMap, Uri, header};
use secrecy::SecretString;
use serde_json::Value;
use uuid::Uuid;

use super::caller::Caller;
use super::explained::{self, Demanded, Explained, Mismatch};
use super::permission::Kind;
use super::rejection::{AuthRejection, RequestError, TokenError};
use crate::identity::claim_names;
use crate::identity::config::ClaimNames;
use crate::identity::jwt::{self, Claims, SKEW, Verified};
use crate::identity::provider::{Metadata, Provider};
use crate::identity::token::IncomingToken;
use crate::platform::clock::{Clock, Timestamp};
use crate::platform::config::SettingError;

/// The longest `sub` (OpenID Connect Core §2).
const MAX_SUBJECT: usize = 255;

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
    /// `ver` must be; when absent, `2.0` for Entra and anything for other providers.
    ///
    /// # Errors
    /// [`SettingError`] when there is no audience.
    pub fn new(
        provider: Provider,
        audiences: Vec<String>,
        version: Option<String>,
        clock: Clock,
    ) -> Result<Self, SettingError> {
        if audiences.is_empty() || audiences.iter().any(|audience| audience.trim().is_empty()) {
            return Err(SettingError::new(
                "",
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
    /// version 1 `appid`, RFC 9068's `client_id`), or do not say to which, are refused.
    ///
    /// # Errors
    /// [`SettingError`] for a list without a client id.
    pub fn with_allowed_clients(self, clients: &[String]) -> Result<Self, SettingError> {
        if clients.is_empty() || clients.iter().any(|client| client.trim().is_empty()) {
            let remedy = "give the client ids of the apps that may call, or leave it out, and every app that the provider \
                          lets have a token may";
            return Err(SettingError::new("", "names no client app, so nobody could be let in", remedy));
        }
        let allowed_clients = Some(clients.to_vec());
        Ok(Self(Arc::new(Inner { allowed_clients, ..(*self.0).clone() })))
    }

    /// The provider whose tokens are accepted.
    pub fn provider(&self) -> &Provider {
        &self.0.provider
    }

    /// Finds and validates a request's access token: all checks of the [module](super).
    ///
    /// # Errors
    /// [`AuthRejection`], whose text names the check and nothing of the token.
    pub async fn authenticate(&self, headers: &HeaderMap, uri: &Uri) -> Result<(Caller, IncomingToken), AuthRejection> {
        let token = token(headers, uri)?;
        self.validate(token).await.map_err(|explained| {
            match &explained.refusal {
                AuthRejection::Unavailable(error) | AuthRejection::Misconfigured(error) => {
                    tracing::error!(%error, "access tokens cannot be checked");
                }
                AuthRejection::Token(_) | AuthRejection::Client => {
                    tracing::info!(reason = %explained, "an access token was refused");
                }
                _ => {}
            }
            explained.refusal
        })
    }

    /// What would become of a request with `token`, with the reason for whoever runs the API: see [`Explained`].
    ///
    /// # Errors
    /// [`Explained`].
    pub async fn examine(&self, token: &str) -> Result<Caller, Explained> {
        Ok(self.validate(token).await?.0)
    }

    async fn validate(&self, token: &str) -> Result<(Caller, IncomingToken), Explained> {
        let verified = self.0.provider.verify(token).await.map_err(|error| explained::signature(error, token))?;
        let metadata = self.0.provider.metadata().await.map_err(AuthRejection::of_provider)?;
        let now = self.0.clock.unix_seconds();
        let caller = self.check(&verified, &metadata, now).map_err(|error| {
            let demanded = Demanded {
                audiences: &self.0.audiences,
                version: self.version(&metadata),
                claim_names: &self.0.claim_names,
                metadata: &metadata,
                now,
            };
            explained::claims(error, &verified, &demanded)
        })?;
        if let Some(allowed) = &self.0.allowed_clients
            && !caller
                .client_id
                .as_ref()
                .is_some_and(|client| allowed.iter().any(|known| is_same_client(known, client)))
        {
            let mismatch = Some(Box::new(Mismatch::of_client(&verified.claims, allowed)));
            return Err(Explained { refusal: AuthRejection::Client, mismatch });
        }
        let exp = jwt::seconds(&verified.claims, "exp").ok().flatten().unwrap_or_default();
        let expires_at = Timestamp::from_seconds(exp);
        let incoming = IncomingToken::new(SecretString::from(token), caller.kind == Kind::User, expires_at);
        Ok((caller, incoming))
    }

    #[cfg(test)]
    pub(in crate::identity) async fn caller(&self, token: &str) -> Result<Caller, AuthRejection> {
        self.examine(token).await.map_err(|explained| explained.refusal)
    }

    /// What `ver` must be.
    fn version(&self, metadata: &Metadata) -> Option<&str> {
        self.0.version.as_deref().or(metadata.tenant.map(|_| "2.0"))
    }

    /// Checks 3 to 7, and 9, of the [module](super).
    fn check(
        &self,
        Verified { header, claims }: &Verified,
        metadata: &Metadata,
        now: i64,
    ) -> Result<Caller, TokenError> {
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
        jwt::check_times(claims, now, SKEW)?;
        if ["nonce", "at_hash", "c_hash", "events"].iter().any(|name| claims.contains_key(*name)) {
            return Err(TokenError::AnotherKind);
        }
        let client_id = ["azp", "appid", "client_id"].iter().find_map(|name| jwt::text(claims, name));
        if self.version(metadata).is_some_and(|version| jwt::text(claims, "ver") != Some(version)) {
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
            None => match claim_names::user(claims, names) {
                Some(subject) if subject.len() <= MAX_SUBJECT => {
                    format!("{}|{subject}", metadata.issuer)
                }
                _ => return Err(TokenError::Subject),
            },
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

/// The token of a request: check 1 of the [module](super).
pub(in crate::identity) fn token<'a>(headers: &'a HeaderMap, uri: &Uri) -> Result<&'a str, AuthRejection> {
    let query = uri.query().unwrap_or_default();
    if url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token") {
        return Err(RequestError::InQuery.into());
    }
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(AuthRejection::NoToken)?;
    if values.next().is_some() {
        return Err(RequestError::SeveralHeaders.into());
    }
    let value = value.to_str().map_err(|_| RequestError::Malformed)?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        // Another scheme: as good as no authentication at all.
        return Err(AuthRejection::NoToken);
    }
    let token = token.trim_matches(' ');
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    if token.is_empty() || !token.bytes().all(is_token) {
        return Err(RequestError::Malformed.into());
    }
    Ok(token)
}
