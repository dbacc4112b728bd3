//! `[….identity]` and `[….downstream_apis]`: how an app is registered at its provider, and which APIs it calls.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use uuid::Uuid;

use super::provider::ProviderConfig;
use super::scopes::Scopes;
use crate::platform::config::{ConfigError, SecretSource};

/// The registration of a web app that signs customers in. Names follow Microsoft.Identity.Web.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The provider's address, as in [`ProviderConfig`].
    pub authority: String,
    /// The issuer, where it differs from what the authority implies (custom domains).
    #[serde(default)]
    pub issuer: Option<String>,
    /// Entra: the directory (tenant) id.
    #[serde(default)]
    pub tenant_id: Option<Uuid>,
    /// Application (client) id.
    pub client_id: String,
    /// How the app proves itself; tried in this order.
    pub client_credentials: Vec<ClientCredential>,
    /// What sign-in asks for beside `openid profile email offline_access`.
    #[serde(default)]
    pub initial_scopes: Scopes,
    /// How long a session lasts.
    #[serde(default)]
    pub session: SessionLifetime,
    /// How the provider's sign-up page is asked for; `false` where customers cannot sign up there, and nothing offers it.
    #[serde(default)]
    pub sign_up: SignUp,
    /// Sends every sign-in straight to this federated provider: `google`, `facebook`, or an issuer's host (Entra).
    #[serde(default)]
    pub domain_hint: Option<String>,
    /// Sent with every authorization request. None of them can replace a parameter of the protocol.
    #[serde(default)]
    pub extra_query_parameters: BTreeMap<String, String>,
    /// How the provider hands over the answer of a sign-in.
    #[serde(default)]
    pub response_mode: ResponseMode,
    /// Audiences that ID and logout tokens may have besides this client (OpenID Connect Core §3.1.3.7, 3): some providers
    /// add their own, or a project's. `azp`, where it is there, must still be this client.
    #[serde(default)]
    pub trusted_audiences: Vec<String>,
    /// Also asks the `UserInfo` endpoint at sign-in (OpenID Connect Core §5.3): for providers that put claims only there.
    #[serde(default)]
    pub claims_from_userinfo: bool,
    /// What claims are called at a provider that is not Entra.
    #[serde(default)]
    pub claim_names: ClaimNames,
    /// DANGEROUS: signs out with `id_token_hint`, which shows the ID token to the browser and its history. For providers
    /// that know no `logout_hint`.
    #[serde(default)]
    pub send_id_token_hint: bool,
    /// What this app can handle, such as `cp1` (claims challenges of continuous access evaluation); sent as `xms_cc`.
    #[serde(default)]
    pub client_capabilities: Vec<String>,
}

/// The registration of an app that acquires tokens but signs nobody in: an API that calls on behalf of its callers, or a
/// daemon. Without `client_id` and `client_credentials`: an API that only validates tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// The provider's address, as in [`ProviderConfig`].
    pub authority: String,
    /// The issuer, where it differs from what the authority implies (custom domains).
    #[serde(default)]
    pub issuer: Option<String>,
    /// Entra: the directory (tenant) id.
    #[serde(default)]
    pub tenant_id: Option<Uuid>,
    /// What claims are called at a provider that is not Entra.
    #[serde(default)]
    pub claim_names: ClaimNames,
    /// Application (client) id.
    #[serde(default)]
    pub client_id: Option<String>,
    /// How the app proves itself; tried in this order.
    #[serde(default)]
    pub client_credentials: Vec<ClientCredential>,
    /// What this app can handle, such as `cp1` (claims challenges of continuous access evaluation); sent as `xms_cc`.
    #[serde(default)]
    pub client_capabilities: Vec<String>,
    /// As in [`Config`]; an app that signs nobody in has no use for it.
    #[serde(skip)]
    pub trusted_audiences: Vec<String>,
}

/// One way to prove to the provider which app this is. Files are read again when they change, or when the provider says
/// that the credential is bad.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientCredential {
    /// A client secret (RFC 6749 §2.3.1).
    Secret(SecretSource),
    /// A certificate whose private key signs an assertion (`private_key_jwt`, RFC 7523 §2.2).
    Certificate(CertificateFiles),
    /// An assertion that somebody else signed, sent as it is: workload identity federation (RFC 7523 §2.2).
    SignedAssertion(AssertionFile),
}

/// Where a certificate and its private key are, as PEM.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateFiles {
    /// The certificate (`BEGIN CERTIFICATE`); of a chain the first one, the app's own.
    pub certificate_file: PathBuf,
    /// Its RSA private key (`BEGIN PRIVATE KEY` or `BEGIN RSA PRIVATE KEY`), of 2048 bits or more; not encrypted.
    pub private_key_file: PathBuf,
    /// What assertions are signed with.
    #[serde(default)]
    pub algorithm: AssertionAlgorithm,
    /// Whom assertions are for.
    #[serde(default)]
    pub audience: AssertionAudience,
    /// `kid` of the assertion's header, for providers that know the key by it; Entra knows it by its thumbprint.
    #[serde(default)]
    pub key_id: Option<String>,
}

/// What client assertions are signed with (RFC 7518 §3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum AssertionAlgorithm {
    /// RSASSA-PSS with SHA-256; the certificate is named by `x5t#S256`.
    #[default]
    #[serde(rename = "PS256")]
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256; the certificate is named by `x5t`.
    #[serde(rename = "RS256")]
    Rs256,
}

/// Whom client assertions are for (`aud`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssertionAudience {
    /// The token endpoint's address (RFC 7523 §3).
    #[default]
    TokenEndpoint,
    /// The provider's issuer, as FAPI 2.0 and the revision of RFC 7523 demand.
    Issuer,
}

/// Where a signed assertion is, such as a token that Kubernetes projects into a pod.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssertionFile {
    /// The file: one JSON Web Token.
    pub file: PathBuf,
}

/// Whether customers can sign up at the provider, and how its page for that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignUp {
    /// `false`: accounts are made by somebody else. The app offers no sign-up.
    Off,
    /// `true`, or how it is asked for.
    On(SignUpRequest),
}

/// How the provider's sign-up page is asked for: `{ prompt = "create" }` (OpenID Connect Prompt Create 1.0 §4, Entra),
/// or parameters of the provider's own, such as `{ parameters = { screen_hint = "signup" } }`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignUpRequest {
    /// `prompt` of the authorization request; see [`SignUpRequest::prompt`].
    pub prompt: Option<String>,
    /// Further parameters of the authorization request.
    pub parameters: BTreeMap<String, String>,
}

impl SignUpRequest {
    /// `prompt`, where sign-up is asked for by it: `create` when nothing at all is configured.
    pub fn prompt(&self) -> Option<&str> {
        match (&self.prompt, self.parameters.is_empty()) {
            (Some(prompt), _) => Some(prompt),
            (None, true) => Some("create"),
            (None, false) => None,
        }
    }
}

impl Default for SignUp {
    fn default() -> Self {
        Self::On(SignUpRequest::default())
    }
}

impl<'de> Deserialize<'de> for SignUp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// Not `untagged`, which would not say which key of the table is misspelt.
        struct Either;
        impl<'de> serde::de::Visitor<'de> for Either {
            type Value = SignUp;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("true, false, or a table such as { parameters = { screen_hint = \"signup\" } }")
            }

            fn visit_bool<E: serde::de::Error>(self, on: bool) -> Result<SignUp, E> {
                Ok(if on { SignUp::default() } else { SignUp::Off })
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<SignUp, A::Error> {
                SignUpRequest::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(SignUp::On)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// How the provider hands over the answer of a sign-in (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect.
    #[default]
    Query,
    /// As a form that the browser posts across sites.
    FormPost,
}

/// What claims are called at a provider that is not Entra. Absent names mean Entra's, then the standard's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClaimNames {
    /// The claim that identifies a user permanently: `sub` by default.
    pub object_id: Option<String>,
    /// The scopes of an access token: `scp`, then `scope`.
    pub scopes: Option<String>,
    /// The roles: `roles`.
    pub roles: Option<String>,
    /// The name that is shown: `name`.
    pub name: Option<String>,
}

/// How long a session lasts. The provider's refresh token may end it sooner.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionLifetime {
    /// Hours without a request after which the customer signs in again.
    pub idle_hours: u32,
    /// Hours after sign-in when the customer must sign in again, active or not.
    pub absolute_hours: u32,
}

impl Default for SessionLifetime {
    fn default() -> Self {
        Self { idle_hours: 7 * 24, absolute_hours: 30 * 24 }
    }
}

impl Config {
    /// The part of it that acquiring tokens needs.
    pub fn client(&self) -> ClientConfig {
        ClientConfig {
            authority: self.authority.clone(),
            issuer: self.issuer.clone(),
            tenant_id: self.tenant_id,
            claim_names: self.claim_names.clone(),
            client_id: Some(self.client_id.clone()),
            client_credentials: self.client_credentials.clone(),
            client_capabilities: self.client_capabilities.clone(),
            trusted_audiences: self.trusted_audiences.clone(),
        }
    }

    /// Checks what can be checked before the provider is asked; the client checks its own part.
    pub(super) fn check(&self, key: &str) -> Result<(), ConfigError> {
        for (name, hours) in [("idle_hours", self.session.idle_hours), ("absolute_hours", self.session.absolute_hours)]
        {
            if hours == 0 {
                let key = format!("{key}.session.{name}");
                return Err(ConfigError::refused(&key, "is 0", "give a number of hours"));
            }
        }
        Ok(())
    }
}

impl ClientConfig {
    /// The provider's part.
    pub fn provider(&self) -> ProviderConfig {
        ProviderConfig { authority: self.authority.clone(), issuer: self.issuer.clone(), tenant_id: self.tenant_id }
    }
}

/// `[….downstream_apis.NAME]`: an API that is called with a token. Names follow Microsoft.Identity.Web.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DownstreamApiConfig {
    /// Where it is; requests go below this address and nowhere else.
    pub base_url: String,
    /// The part of its path that all calls have in common: `api/todolist`.
    #[serde(default)]
    pub relative_path: Option<String>,
    /// What is asked for, by name: `{ read = […], write = […] }`; a plain list is the set `default`.
    pub scopes: ScopeSets,
    /// Calls as the app itself, no matter who is signed in.
    #[serde(default)]
    pub request_app_token: bool,
    /// The method of calls that name none.
    #[serde(default = "get")]
    pub http_method: String,
    /// Headers that every call carries.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Seconds that one call may take, its repetitions included.
    #[serde(default = "ten")]
    pub timeout_seconds: u32,
}

impl DownstreamApiConfig {
    /// The same at `path`, unless the configuration names a path itself: for a program that knows its API.
    #[must_use]
    pub fn or_at(mut self, path: &str) -> Self {
        self.relative_path.get_or_insert_with(|| path.to_owned());
        self
    }
}

fn get() -> String {
    "GET".to_owned()
}

fn ten() -> u32 {
    10
}

/// The name of the set that a plain list of scopes is.
pub(super) const DEFAULT_SCOPES: &str = "default";

/// Sets of scopes by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeSets(pub BTreeMap<String, Scopes>);

impl<'de> Deserialize<'de> for ScopeSets {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a list of scopes, or a table of such lists by name")]
        enum Either {
            List(Scopes),
            Table(BTreeMap<String, Scopes>),
        }
        Ok(Self(match Either::deserialize(deserializer)? {
            Either::List(scopes) => BTreeMap::from([(DEFAULT_SCOPES.to_owned(), scopes)]),
            Either::Table(sets) => sets,
        }))
    }
}
