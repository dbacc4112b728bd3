//! App registrations: clients, and APIs with what they offer.

use std::path::PathBuf;

use serde::Deserialize;
use uuid::Uuid;

use crate::platform::config::SecretSource;

/// `[[tenant.apps]]`: an app registration; an API when it has scopes or app roles, a client when it has a credential:
/// secrets, certificates or federated credentials.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// Display name.
    pub name: String,
    /// Application (client) id.
    pub client_id: Uuid,
    /// Application ID URI; `api://{client_id}` when absent. Only meaningful for APIs.
    #[serde(default)]
    pub application_id_uri: Option<String>,
    /// Delegated permissions that the API offers.
    #[serde(default)]
    pub scopes: Vec<Permission>,
    /// Application permissions that the API offers.
    #[serde(default)]
    pub app_roles: Vec<Permission>,
    /// Optional claims in this API's access tokens; `idtyp` is known.
    #[serde(default)]
    pub optional_access_token_claims: Vec<String>,
    /// The app's home page, which the tenant's pages lead back to; by default the start of the site of its first redirect
    /// URI.
    #[serde(default)]
    pub home_page_url: Option<String>,
    /// Where authorization responses may go; compared character by character (RFC 9700 §4.1.3), but for the port of
    /// `http://localhost` (see `tenant.compare_localhost_ports`).
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where the browser may go after sign-out; compared like `redirect_uris`.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// Client secrets, all of them valid.
    #[serde(default)]
    pub secrets: Vec<SecretSource>,
    /// Certificates or public keys as PEM, for `private_key_jwt` (RFC 7523 §2.2), all of them valid: the public part
    /// only.
    #[serde(default)]
    pub certificates: Vec<SecretSource>,
    /// Other issuers' assertions that authenticate the app (workload identity federation).
    #[serde(default)]
    pub federated_credentials: Vec<FederatedCredential>,
    /// Permissions on APIs.
    #[serde(default)]
    pub permissions: Vec<Grant>,
    /// Where the app is told that a session has ended (OpenID Connect Back-Channel Logout §2.2). The logout token
    /// always names the session (`sid`).
    #[serde(default)]
    pub back_channel_logout_uri: Option<String>,
    /// What the sign-out page loads in a frame so that the app ends its session (OpenID Connect Front-Channel
    /// Logout §2).
    #[serde(default)]
    pub front_channel_logout_uri: Option<String>,
    /// The user flow that signs this app's customers in.
    #[serde(default)]
    pub user_flow: Option<String>,
}

/// A scope or app role that an API offers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Permission {
    /// The short name: `ToDoList.Read`.
    pub value: String,
    /// Admin consent display name.
    pub display_name: String,
    /// Admin consent description.
    #[serde(default)]
    pub description: String,
}

/// What an app may do at one API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The API's client id.
    pub resource: Uuid,
    /// Delegated permissions.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Application permissions; always the administrator's to grant.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Who agrees to the delegated permissions.
    #[serde(default)]
    pub consent: Consent,
}

/// Who agrees that an app uses delegated permissions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Consent {
    /// The administrator, for all users; the only way in an Entra external tenant.
    #[default]
    Admin,
    /// Each user is asked.
    User,
}

/// `[[tenant.apps.federated_credentials]]`: assertions of another issuer that authenticate the app (RFC 7523 §2.2).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FederatedCredential {
    /// `iss` of the assertion, character by character.
    pub issuer: String,
    /// `sub` of the assertion, character by character.
    pub subject: String,
    /// What `aud` of the assertion must contain.
    #[serde(default = "token_exchange")]
    pub audience: String,
    /// The issuer's certificate or public key as a PEM file, read at each use; or else `jwks_uri`.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// Where the issuer publishes its keys (RFC 7517 §5); or else `key_file`.
    #[serde(default)]
    pub jwks_uri: Option<String>,
}

/// What Entra expects in a federated assertion.
fn token_exchange() -> String {
    "api://AzureADTokenExchange".to_owned()
}

impl Permission {
    /// A permission that is called by its short name.
    pub fn named(value: &str) -> Self {
        Self { value: value.to_owned(), display_name: value.to_owned(), description: String::new() }
    }
}

impl App {
    /// A registration with nothing but a name and an id.
    pub fn named(name: &str, client_id: Uuid) -> Self {
        Self {
            name: name.to_owned(),
            client_id,
            application_id_uri: None,
            scopes: Vec::new(),
            app_roles: Vec::new(),
            optional_access_token_claims: Vec::new(),
            home_page_url: None,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            secrets: Vec::new(),
            certificates: Vec::new(),
            federated_credentials: Vec::new(),
            permissions: Vec::new(),
            back_channel_logout_uri: None,
            front_channel_logout_uri: None,
            user_flow: None,
        }
    }

    /// The Application ID URI.
    pub fn uri(&self) -> String {
        self.application_id_uri.clone().unwrap_or_else(|| format!("api://{}", self.client_id))
    }

    /// Where its pages begin; `None` for an app that has none.
    pub(in crate::tenant) fn home(&self) -> Option<String> {
        let of_site = |uri: &String| Some(format!("{}/", url::Url::parse(uri).ok()?.origin().ascii_serialization()));
        self.home_page_url.clone().or_else(|| self.redirect_uris.first().and_then(of_site))
    }

    /// Whether this is its Application ID URI.
    pub(in crate::tenant) fn is_named_by_uri(&self, resource: &str) -> bool {
        self.uri().eq_ignore_ascii_case(resource)
    }

    /// Whether this is its client id.
    pub(in crate::tenant) fn is_named_by_id(&self, resource: &str) -> bool {
        self.client_id.to_string().eq_ignore_ascii_case(resource)
    }

    /// Who agrees that this app uses `scope` of `resource`; `None` when nobody has granted it to the app. What the
    /// administrator grants, no user is asked for.
    pub fn consent_for(&self, resource: Uuid, scope: &str) -> Option<Consent> {
        let of_scope = |grant: &&Grant| grant.resource == resource && grant.scopes.iter().any(|known| known == scope);
        let consents = self.permissions.iter().filter(of_scope).map(|grant| grant.consent);
        consents.reduce(|one, other| if one == Consent::Admin { one } else { other })
    }
}
