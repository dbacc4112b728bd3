//! The tenant's configuration: what an administrator would click together in the Entra admin center.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use uuid::Uuid;

use super::certificate::{PemError, PublicKey};
use super::directory;
use crate::platform::config::{ConfigError, Mode, SecretSource, public_url};
use crate::platform::mail::MailConfig;
use crate::platform::serve::ConnectionsConfig;

/// `[tenant]` of errand.toml.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to listen: `127.0.0.1:3002`.
    pub listen: SocketAddr,
    /// How many connections it takes, and how long they may wait.
    #[serde(default)]
    pub connections: ConnectionsConfig,
    /// How browsers and apps reach the tenant: `http://localhost:3002`. The issuer is made from it.
    pub public_url: String,
    /// `sqlite:…` or `postgres:…`.
    pub database_url: String,
    /// The directory (tenant) id.
    pub tenant_id: Uuid,
    /// The tenant's domain; every endpoint is reachable under it as well as under the id.
    pub domain: String,
    /// What the pages call the organisation.
    pub display_name: String,
    /// The mail server; without it, mail goes into the page `/mailbox`.
    #[serde(default)]
    pub mail: Option<MailConfig>,
    /// App registrations.
    #[serde(default)]
    pub apps: Vec<App>,
    /// User flows; apps name the one that they are associated with.
    #[serde(default)]
    pub user_flows: Vec<UserFlow>,
    /// Authentication contexts that APIs can demand by a claims challenge.
    #[serde(default)]
    pub authentication_contexts: Vec<AuthenticationContext>,
    /// Whether a refresh token may be used again: `allow`, as in Entra, or `revoke`.
    #[serde(default)]
    pub refresh_token_reuse: RefreshTokenReuse,
    /// With `refresh_token_reuse = "revoke"`: for how many seconds after its first use a refresh token is still good,
    /// so that renewals may overlap; 0 for none.
    #[serde(default)]
    pub refresh_token_reuse_window: u32,
    /// Whether a client assertion may be used again until it expires: `allow`, as in Entra, or `refuse`.
    #[serde(default)]
    pub client_assertion_reuse: ClientAssertionReuse,
    /// Whether authorization requests need a PKCE challenge (RFC 9700 §2.1.1). Entra demands it of public clients only;
    /// with a challenge, the verifier is required either way.
    #[serde(default)]
    pub require_pkce: bool,
    /// Whether the port of `http://localhost` and `http://127.0.0.1` redirect URIs is compared like the rest of them.
    /// Entra ignores it (RFC 8252 §7.3).
    #[serde(default)]
    pub compare_localhost_ports: bool,
}

/// What a refresh token that was used before is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefreshTokenReuse {
    /// As much as before: it stays good until it expires, as in Entra. Microsoft's libraries renew in parallel.
    #[default]
    Allow,
    /// Somebody else has it: its whole family is revoked (RFC 9700 §4.14.2).
    Revoke,
}

/// What a client assertion that was used before is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientAssertionReuse {
    /// As much as before, until it expires, as in Entra. Microsoft's libraries keep theirs for about ten minutes.
    #[default]
    Allow,
    /// Nothing: each authenticates once (RFC 7523 §3, 7), and none lives longer than an hour.
    Refuse,
}

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
    /// `http://localhost` (see [`Config::compare_localhost_ports`]).
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

/// `[[tenant.authentication_contexts]]`: something that users can be asked to prove on top of their sign-in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthenticationContext {
    /// `c1` to `c99`: what a claims challenge names, and `acrs` in tokens.
    pub id: String,
    /// What the pages call it.
    #[serde(default)]
    pub display_name: Option<String>,
}

/// `[[tenant.user_flows]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserFlow {
    /// Its name, which apps refer to.
    pub name: String,
    /// Whether customers may create an account.
    #[serde(default = "yes")]
    pub sign_up: bool,
    /// What sign-up asks for.
    #[serde(default)]
    pub attributes: Vec<Attribute>,
}

/// Something sign-up asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// The name shown to the customer and in `name`.
    DisplayName,
    /// Country or region, ISO 3166-1 alpha-2, in `ctry`.
    Country,
}

fn yes() -> bool {
    true
}

/// What [`Config::check`] worked out.
pub struct Checked {
    /// `public_url` without a slash at the end.
    pub origin: String,
    /// The client secrets, by client id.
    pub secrets: HashMap<Uuid, Vec<SecretString>>,
    /// The public keys of the apps' certificates, by client id.
    pub certificates: HashMap<Uuid, Vec<PublicKey>>,
}

impl App {
    /// A registration with nothing but a name and an id.
    pub(super) fn named(name: &str, client_id: Uuid) -> Self {
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
    pub(super) fn home(&self) -> Option<String> {
        let of_site = |uri: &String| Some(format!("{}/", url::Url::parse(uri).ok()?.origin().ascii_serialization()));
        self.home_page_url.clone().or_else(|| self.redirect_uris.first().and_then(of_site))
    }

    /// Whether this is its Application ID URI.
    pub(super) fn is_named_by_uri(&self, resource: &str) -> bool {
        self.uri().eq_ignore_ascii_case(resource)
    }

    /// Whether this is its client id.
    pub(super) fn is_named_by_id(&self, resource: &str) -> bool {
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

impl Config {
    /// The app with this client id.
    pub fn app(&self, client_id: &str) -> Option<&App> {
        let client_id: Uuid = client_id.parse().ok()?;
        self.apps.iter().find(|app| app.client_id == client_id)
    }

    /// All APIs: the apps with scopes or app roles, and the directory.
    fn apis(&self) -> impl Iterator<Item = &App> {
        let registered = self.apps.iter().filter(|app| !app.scopes.is_empty() || !app.app_roles.is_empty());
        registered.chain([directory::registration()])
    }

    /// The API that `resource` names: by its Application ID URI or, as Entra also allows, its client id; without
    /// regard to case.
    pub fn api(&self, resource: &str) -> Option<&App> {
        self.apis().find(|app| app.is_named_by_uri(resource) || app.is_named_by_id(resource))
    }

    /// Whether `uri` is one of these registered addresses.
    pub(super) fn is_registered(&self, registered: &[String], uri: &str) -> bool {
        // RFC 9700 §4.1.3: "exact string matching". No normalisation, no wildcards.
        registered.iter().any(|known| known == uri)
            || !self.compare_localhost_ports
                && without_localhost_port(uri)
                    .is_some_and(|uri| registered.iter().any(|known| without_localhost_port(known) == Some(uri)))
    }

    /// The user flow that signs this app's customers in.
    pub fn flow_of(&self, app: &App) -> Option<&UserFlow> {
        let name = app.user_flow.as_ref()?;
        self.user_flows.iter().find(|flow| flow.name == *name)
    }

    /// The authentication context of that id.
    pub fn authentication_context(&self, id: &str) -> Option<&AuthenticationContext> {
        self.authentication_contexts.iter().find(|context| context.id == id)
    }

    /// Checks that every reference resolves, every address can be compared and every secret can be read.
    ///
    /// # Errors
    /// The first thing that is wrong, with its key and remedy. The tenant does not start then.
    pub fn check(&self, mode: Mode) -> Result<Checked, ConfigError> {
        let origin = public_url("tenant.public_url", &self.public_url, mode)?.as_str().trim_end_matches('/').to_owned();
        self.check_names()?;
        let (mut secrets, mut certificates) = (HashMap::new(), HashMap::new());
        for (position, app) in self.apps.iter().enumerate() {
            let key = |name: &str| format!("tenant.apps.{position}.{name}");
            let lists = [
                ("home_page_url", app.home_page_url.as_slice()),
                ("redirect_uris", app.redirect_uris.as_slice()),
                ("post_logout_redirect_uris", &app.post_logout_redirect_uris),
                ("back_channel_logout_uri", app.back_channel_logout_uri.as_slice()),
                ("front_channel_logout_uri", app.front_channel_logout_uri.as_slice()),
            ];
            for (name, uris) in lists {
                uris.iter().try_for_each(|uri| check_redirect_uri(&key(name), uri))?;
            }
            self.check_grants(&key("permissions"), app)?;
            if app.user_flow.is_some() && self.flow_of(app).is_none() {
                let remedy = "name one of [[tenant.user_flows]]";
                return Err(ConfigError::refused(&key("user_flow"), "names a user flow that does not exist", remedy));
            }
            if app.user_flow.is_none() && !app.redirect_uris.is_empty() {
                let problem = "is missing, but the app has redirect URIs: customers could not sign in";
                return Err(ConfigError::refused(&key("user_flow"), problem, "name one of [[tenant.user_flows]]"));
            }
            let read = |secret: &SecretSource| secret.read(&key("secrets"));
            secrets.insert(app.client_id, app.secrets.iter().map(read).collect::<Result<_, _>>()?);
            let read = |source: &SecretSource| {
                let key = key("certificates");
                PublicKey::from_pem(source.read(&key)?.expose_secret()).map_err(|error| refuse_pem(&key, error))
            };
            certificates.insert(app.client_id, app.certificates.iter().map(read).collect::<Result<_, _>>()?);
            let key = key("federated_credentials");
            app.federated_credentials.iter().try_for_each(|credential| credential.check(&key, app))?;
        }
        Ok(Checked { origin, secrets, certificates })
    }

    fn check_names(&self) -> Result<(), ConfigError> {
        let unique = |key: &str, names: Vec<String>| {
            let mut seen = HashSet::new();
            match names.into_iter().find(|name| name.trim().is_empty() || !seen.insert(name.clone())) {
                None => Ok(()),
                Some(name) => {
                    let problem = format!("has an empty value or the same one twice ({name:?})");
                    Err(ConfigError::refused(key, problem, "give each entry a value of its own"))
                }
            }
        };
        // The directory's are taken.
        let all = || self.apps.iter().chain([directory::registration()]);
        unique("tenant.apps.name", self.apps.iter().map(|app| app.name.clone()).collect())?;
        unique("tenant.apps.client_id", all().map(|app| app.client_id.to_string()).collect())?;
        // Names of resources and scopes are looked up without regard to case.
        unique("tenant.apps.application_id_uri", all().map(|app| app.uri().to_ascii_lowercase()).collect())?;
        unique("tenant.user_flows.name", self.user_flows.iter().map(|flow| flow.name.clone()).collect())?;
        let contexts: Vec<_> = self.authentication_contexts.iter().map(|context| context.id.clone()).collect();
        let number = |id: &String| id.strip_prefix('c').filter(|n| !n.starts_with('0'))?.parse::<u8>().ok();
        if let Some(id) = contexts.iter().find(|id| !number(id).is_some_and(|n| (1..=99).contains(&n))) {
            let problem = format!("is {id:?}");
            return Err(ConfigError::refused("tenant.authentication_contexts.id", problem, "use c1 to c99"));
        }
        unique("tenant.authentication_contexts.id", contexts)?;
        for (key, permissions) in self.apps.iter().flat_map(|app| {
            [("tenant.apps.scopes.value", &app.scopes), ("tenant.apps.app_roles.value", &app.app_roles)]
        }) {
            let values: Vec<_> = permissions.iter().map(|permission| permission.value.clone()).collect();
            // RFC 6749 §3.3: what separates scopes, or the resource from its scope, cannot be part of one.
            let usable = |value: &String| value.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '/' | '"' | '\\'));
            if let Some(value) = values.iter().find(|value| !usable(value)) {
                let problem = format!("is {value:?}, which cannot be a scope");
                return Err(ConfigError::refused(key, problem, "use letters, digits, dots"));
            }
            unique(key, values.iter().map(|value| value.to_ascii_lowercase()).collect())?;
        }
        let domain = self.domain.as_str();
        if domain.is_empty() || !domain.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')) {
            let remedy = "write it like contoso.onmicrosoft.com";
            return Err(ConfigError::refused("tenant.domain", "is not a domain name", remedy));
        }
        Ok(())
    }

    fn check_grants(&self, key: &str, app: &App) -> Result<(), ConfigError> {
        for grant in &app.permissions {
            let Some(api) = self.apis().find(|api| api.client_id == grant.resource) else {
                let problem = format!("is for the resource {}, which is no API of this tenant", grant.resource);
                return Err(ConfigError::refused(
                    key,
                    problem,
                    "give the client_id of an app with scopes or app_roles",
                ));
            };
            let unknown = |wanted: &[String], offered: &[Permission]| {
                wanted.iter().find(|value| !offered.iter().any(|permission| permission.value == **value)).cloned()
            };
            if let Some(value) = unknown(&grant.scopes, &api.scopes).or_else(|| unknown(&grant.roles, &api.app_roles)) {
                let problem = format!("names {value:?}, which the app {:?} does not offer", api.name);
                return Err(ConfigError::refused(key, problem, "correct it, or add it to that app"));
            }
            if grant.consent == Consent::User && !grant.scopes.is_empty() && app.redirect_uris.is_empty() {
                let problem = "has consent = \"user\", but the app has no redirect URIs: nobody can be asked";
                let remedy = "remove consent (the administrator grants the scopes then), or add redirect_uris";
                return Err(ConfigError::refused(key, problem, remedy));
            }
        }
        Ok(())
    }
}

impl FederatedCredential {
    fn check(&self, key: &str, app: &App) -> Result<(), ConfigError> {
        let refuse = |problem: &str, remedy: &str| Err(ConfigError::refused(key, problem, remedy));
        if self.issuer.is_empty() || self.subject.is_empty() || self.audience.is_empty() {
            return refuse(
                "has an empty issuer, subject or audience",
                "write what the assertion's iss, sub and aud hold",
            );
        }
        // An app's own assertions go by its certificates.
        if self.issuer.eq_ignore_ascii_case(&app.client_id.to_string()) {
            return refuse("names the app itself as issuer", "register the app's key among its certificates");
        }
        match (&self.key_file, &self.jwks_uri) {
            (Some(file), None) => {
                let text = SecretSource::File { file: file.clone() }.read(key)?;
                PublicKey::from_pem(text.expose_secret()).map(drop).map_err(|error| refuse_pem(key, error))
            }
            (None, Some(uri)) => check_redirect_uri(key, uri),
            _ => refuse("must have either a key_file or a jwks_uri", "say where the issuer's key is"),
        }
    }
}

fn refuse_pem(key: &str, error: PemError) -> ConfigError {
    ConfigError::refused(key, error.to_string(), "give one certificate or public key as PEM, without its private key")
}

/// What is compared of a plain `http` address of this machine: its host, and everything from the path on; `None` for any
/// other address. The port may be any number, and nothing else (RFC 8252 §7.3; `[::1]` is not known to Entra).
fn without_localhost_port(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
    let is_number = !port.starts_with('+') && port.parse::<u16>().is_ok();
    (matches!(host, "localhost" | "127.0.0.1") && is_number).then_some((host, path))
}

/// RFC 6749 §3.1.2: absolute, without a fragment. ASCII, because it goes into a header as it is.
fn check_redirect_uri(key: &str, uri: &str) -> Result<(), ConfigError> {
    let refuse = |problem: &str| {
        let remedy = "write it like https://todo.example.com/auth/redirect";
        Err(ConfigError::refused(key, format!("has {uri:?}, which {problem}"), remedy))
    };
    match url::Url::parse(uri) {
        Err(_) => refuse("is not an absolute URI"),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => refuse("is neither https nor http"),
        Ok(_) if uri.contains('#') => refuse("has a fragment"),
        Ok(_) if !uri.chars().all(|c| c.is_ascii_graphic()) => refuse("has characters that must be percent-encoded"),
        Ok(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::config::Settings;

    const VALID: &str = r#"
        [tenant]
        listen = "127.0.0.1:0"
        public_url = "http://localhost:3002"
        database_url = "sqlite:tenant.db"
        tenant_id = "11111111-1111-1111-1111-111111111111"
        domain = "errand.example"
        display_name = "Errand"
        [[tenant.apps]]
        name = "API"
        client_id = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
        scopes = [{ value = "ToDoList.Read", display_name = "Read" }]
        [[tenant.apps]]
        name = "Web"
        client_id = "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb"
        redirect_uris = ["http://localhost:3000/auth/callback"]
        secrets = ["secret"]
        user_flow = "sign-in"
        permissions = [{ resource = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", scopes = ["ToDoList.Read"] }]
        [[tenant.user_flows]]
        name = "sign-in"
    "#;

    fn check(toml: &str) -> Result<Checked, ConfigError> {
        Settings::from_toml(toml)?.section::<Config>("tenant")?.check(Mode::Development)
    }

    #[test]
    fn a_reference_that_does_not_resolve_stops_the_tenant() {
        assert_eq!(
            check(VALID).map(|checked| checked.origin).map_err(|e| e.to_string()).as_deref(),
            Ok("http://localhost:3002")
        );
        for (from, to, said) in [
            (r#"scopes = ["ToDoList.Read"]"#, r#"scopes = ["ToDoList.Reed"]"#, "does not offer"),
            (r#"{ resource = "aaaaaaaa"#, r#"{ resource = "cccccccc"#, "is no API of this tenant"),
            (r#"user_flow = "sign-in""#, r#"user_flow = "sign-im""#, "user flow that does not exist"),
            (r#"user_flow = "sign-in""#, "", "`tenant.apps.1.user_flow` is missing"),
            (r#"secrets = ["secret"]"#, r#"secrets = [""]"#, "is empty"),
            (r#"secrets = ["secret"]"#, r#"secrets = [{ file = "/does/not/exist" }]"#, "cannot be read"),
            ("3000/auth/callback", "3000/auth/callback#x", "fragment"),
            ("http://localhost:3000/auth/callback", "/auth/callback", "absolute"),
            (r#"name = "Web""#, r#"name = "API""#, "twice"),
            ("bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb", "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", "twice"),
            (r#"value = "ToDoList.Read""#, r#"value = "ToDo List""#, "cannot be a scope"),
            ("http://localhost:3002", "http://tenant.example", "plain http"),
        ] {
            assert!(VALID.contains(from), "{from}");
            let refused = check(&VALID.replace(from, to)).err().unwrap_or_else(|| panic!("accepted: {to}")).to_string();
            assert!(refused.contains(said), "{to}: {refused}");
        }
    }

    #[test]
    fn consent_that_nobody_can_be_asked_for_stops_the_tenant() {
        let of_users =
            VALID.replace(r#"scopes = ["ToDoList.Read"] }"#, r#"scopes = ["ToDoList.Read"], consent = "user" }"#);
        assert!(of_users.contains("consent") && check(&of_users).is_ok());
        let nobody_signs_in = of_users.replace(r#"redirect_uris = ["http://localhost:3000/auth/callback"]"#, "");
        let refused = check(&nobody_signs_in).err().expect("refused").to_string();
        assert!(refused.contains("`tenant.apps.1.permissions`") && refused.contains("no redirect URIs"), "{refused}");
        let of_the_administrator = nobody_signs_in.replace(r#", consent = "user""#, "");
        assert!(check(&of_the_administrator).is_ok());
    }
}
