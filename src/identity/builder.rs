//! How an app makes its [`Identity`]: of parts made by hand, or of configuration, which opens what it needs.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use axum::http::HeaderMap;
use serde::Deserialize;
use sqlx::AnyPool;
use sqlx::migrate::Migrator;
use url::Url;

use super::authorization_config::AuthorizationConfig;
use super::client::ConfidentialClient;
use super::config::{Config, DownstreamApiConfig};
use super::downstream::DownstreamApis;
use super::session::Looks;
use super::sign_in::turns::CodeTurns;
use super::site::Site;
use super::state::{Identity, Inner, UiLocales};
use super::tokens::TokenAcquisition;
use crate::platform::clock::Clock;
use crate::platform::config::{self, ConfigError, Mode, SecretSource};
use crate::platform::database::{self, DatabaseError};
use crate::platform::outbound::{self, OutboundConfig};
use crate::platform::seal::KeyRing;

/// The tables that sessions and tokens live in; the app opens its database with them. What was done is
/// counted in a table of their own, so that migrations of the app's own can be in the same database.
pub static MIGRATIONS: LazyLock<Migrator> =
    LazyLock::new(|| database::counted_by("identity", &sqlx::migrate!("src/identity/migrations")));

/// Makes an [`Identity`]. Everything that has a method here has a default.
#[must_use]
pub struct Builder {
    config: Config,
    public_url: Url,
    db: AnyPool,
    keys: KeyRing,
    key: String,
    mode: Mode,
    http: Option<reqwest::Client>,
    clock: Clock,
    site: Site,
    ui_locales: UiLocales,
}

impl Identity {
    /// Of parts made by hand: the registration at the provider, where browsers reach the app, a database with
    /// [`MIGRATIONS`], and the keys that seal cookies and tokens.
    pub fn builder(config: Config, public_url: Url, db: AnyPool, keys: KeyRing) -> Builder {
        let site = Site::of_client(&config.client_id);
        let (key, mode) = ("identity".to_owned(), Mode::Production);
        let ui_locales: UiLocales = Arc::new(|_| None);
        Builder { config, public_url, db, keys, key, mode, http: None, clock: Clock::system(), site, ui_locales }
    }
}

impl Builder {
    /// Development allows plain http on localhost. Production unless said otherwise.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Where the registration stands in the app's configuration, for messages: `identity` unless said otherwise.
    pub fn key(mut self, key: &str) -> Self {
        key.clone_into(&mut self.key);
        self
    }

    /// For calls to the provider: bounded in time, and without redirects. One of its own unless said otherwise.
    pub fn http(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Time: the system's unless said otherwise.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// What the names of this app's cookies begin with; handlers see none of them. Made of the client id unless said
    /// otherwise, so that two apps on one localhost do not take each other's.
    pub fn cookie_prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.site.cookie_prefix);
        self
    }

    /// Where the endpoints are: `/auth` unless said otherwise.
    pub fn path_prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.site.path_prefix);
        self
    }

    /// Where customers land after signing in, when they asked for no page, and after signing out: `/` unless said otherwise.
    pub fn home_page(mut self, path: &str) -> Self {
        path.clone_into(&mut self.site.home_page);
        self
    }

    /// The app's page about a sign-in that did not work, given `?reason=` (see [`Problem`](super::sign_in::Problem)) and
    /// perhaps `return_to`. A plain page that comes along unless said otherwise.
    pub fn problem_page(mut self, path: &str) -> Self {
        self.site.problem_page = Some(path.to_owned());
        self
    }

    /// What customers know the app by: stands on the plain page about problems, in the log, and in the user agent.
    pub fn product_name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.site.product_name);
        self
    }

    /// The languages that the provider's pages are asked to be in, of the headers of the request that signs in or out: tags
    /// (RFC 5646) by preference, divided by blanks (`ui_locales`, OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2). Nothing
    /// is asked for unless said otherwise; what configuration asks for always comes first.
    pub fn ui_locales(mut self, of: impl Fn(&HeaderMap) -> Option<String> + Send + Sync + 'static) -> Self {
        self.ui_locales = Arc::new(of);
        self
    }

    /// Checks all of it. Does not ask the provider: one that is down does not stop the app.
    ///
    /// # Errors
    /// [`ConfigError`] naming the key.
    pub fn build(self) -> Result<Identity, ConfigError> {
        let Self { config, public_url, db, keys, key, mode, http, clock, site, ui_locales } = self;
        site.check(&key)?;
        let http = http.unwrap_or_else(|| outbound::client_of(&site.product_name));
        let (authorization, client) = checked(&key, &config, mode, http.clone(), clock.clone())?;
        let provider = client.provider().clone();
        let tokens = TokenAcquisition::new(client, db.clone(), keys.clone(), clock.clone());
        Ok(Identity(Arc::new(Inner {
            provider,
            client_id: config.client_id,
            initial_scopes: config.initial_scopes.of_apis(),
            session_lifetime: config.session,
            authorization,
            claim_names: config.claim_names,
            claims_from_userinfo: config.claims_from_userinfo,
            send_id_token_hint: config.send_id_token_hint,
            http,
            public_url,
            site,
            keys,
            db,
            clock,
            code_turns: CodeTurns::default(),
            looks: Looks::default(),
            ui_locales,
            tokens,
        })))
    }
}

/// Makes the checks of [`Builder::build`], without a database: for whoever wants to know beforehand.
///
/// # Errors
/// [`ConfigError`] naming the key.
pub fn check(key: &str, config: &Config, mode: Mode, http: reqwest::Client, clock: Clock) -> Result<(), ConfigError> {
    checked(key, config, mode, http, clock).map(drop)
}

fn checked(
    key: &str,
    config: &Config,
    mode: Mode,
    http: reqwest::Client,
    clock: Clock,
) -> Result<(AuthorizationConfig, ConfidentialClient), ConfigError> {
    config.check(key)?;
    config.claim_names.check(&format!("{key}.claim_names"), config.tenant_id)?;
    let naming = config.client().provider().scope_naming();
    if let Err(error) = config.initial_scopes.for_one_sign_in(naming) {
        return Err(ConfigError::refused(&format!("{key}.initial_scopes"), error.to_string(), error.remedy()));
    }
    let authorization = AuthorizationConfig::new(key, config)?;
    let client = ConfidentialClient::new(key, &config.client(), mode, http, clock)?;
    Ok((authorization, client))
}

/// All that an app needs for its sign-in, as a file and the environment say it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfig {
    /// `"production"` unless said otherwise; `"development"` allows plain http on localhost.
    #[serde(default)]
    pub mode: Mode,
    /// How browsers reach the app: `https://things.example.com`.
    pub public_url: String,
    /// `sqlite:…` or `postgres:…`: sessions and sealed tokens. Migrations are counted in a table of their own, so the app may
    /// keep its own tables there, too.
    pub database_url: String,
    /// Keys for tokens and cookies: 32 random bytes each, base64url without padding. The first one seals, all of them open;
    /// to rotate, put a new one in front.
    pub encryption_keys: Vec<SecretSource>,
    /// The app's registration at its provider.
    pub identity: Config,
    /// The APIs that are called on the customer's behalf, by name.
    #[serde(default)]
    pub downstream_apis: BTreeMap<String, DownstreamApiConfig>,
    /// A proxy on the way to the provider and the APIs.
    #[serde(default)]
    pub outbound: OutboundConfig,
    /// See [`Builder::cookie_prefix`].
    #[serde(default)]
    pub cookie_prefix: Option<String>,
    /// See [`Builder::path_prefix`].
    #[serde(default)]
    pub path_prefix: Option<String>,
    /// See [`Builder::home_page`].
    #[serde(default)]
    pub home_page: Option<String>,
    /// See [`Builder::problem_page`].
    #[serde(default)]
    pub problem_page: Option<String>,
    /// See [`Builder::product_name`].
    #[serde(default)]
    pub product_name: Option<String>,
}

/// What [`open`] opened.
pub struct App {
    /// Sign-in and tokens.
    pub identity: Identity,
    /// The APIs in configuration, by name.
    pub apis: DownstreamApis,
}

/// Why an app's sign-in cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Reads an [`AppConfig`] from `file` (which need not be there) and the environment, and opens what it names. With the
/// prefix `THINGS_`, `THINGS_IDENTITY__CLIENT_ID` is `client_id` of `[identity]`.
///
/// # Errors
/// [`OpenError`].
pub async fn open(file: impl AsRef<Path>, prefix: &str) -> Result<App, OpenError> {
    let config: AppConfig = config::read(file.as_ref(), prefix)?;
    config.open().await
}

impl AppConfig {
    /// Reads `file` (which need not be there), overridden by the variables that begin with `prefix`.
    ///
    /// # Errors
    /// [`ConfigError`] naming the key that is missing, unknown or of the wrong type.
    pub fn read(file: impl AsRef<Path>, prefix: &str) -> Result<Self, ConfigError> {
        config::read(file.as_ref(), prefix)
    }

    /// Opens the database and brings the tables up to date, reads the keys, and checks all the rest.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(self) -> Result<App, OpenError> {
        let public_url = config::public_url("public_url", &self.public_url, self.mode)?;
        let keys = KeyRing::read("encryption_keys", &self.encryption_keys)?;
        let http = self.outbound.client("outbound", self.product_name.as_deref().unwrap_or_default())?;
        let naming = self.identity.client().provider().scope_naming();
        let apis = DownstreamApis::new(&self.downstream_apis, &[], self.mode, naming, &http)
            .map_err(|error| error.at("downstream_apis"))?;
        let db = database::open("database_url", &self.database_url, &MIGRATIONS).await?;
        let mut builder = Identity::builder(self.identity, public_url, db, keys).mode(self.mode).http(http);
        let site = &mut builder.site;
        let given = [
            (self.cookie_prefix, &mut site.cookie_prefix),
            (self.path_prefix, &mut site.path_prefix),
            (self.home_page, &mut site.home_page),
            (self.product_name, &mut site.product_name),
        ];
        for (given, default) in given {
            if let Some(given) = given {
                *default = given;
            }
        }
        site.problem_page = self.problem_page;
        Ok(App { identity: builder.build()?, apis })
    }
}
