//! The API's state: the configuration, checked, and the database, opened.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderValue;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::config::Config;
use super::cors;
use super::directory::Directory;
use super::downstream::Downstream;
use super::permissions::Permissions;
use super::rate_limit::RateLimiter;
use super::store::Store;
use crate::identity::bearer::{Caller, Explained, Verifier};
use crate::identity::provider::Provider;
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Mode, public_url};
use crate::platform::database::DatabaseError;

/// The API, ready to serve. Cheap to clone.
#[derive(Clone)]
pub struct Api(pub(super) Arc<Inner>);

/// See [`Api`].
pub(super) struct Inner {
    pub(super) verifier: Verifier,
    pub(super) permissions: Permissions,
    /// The delegated permissions that the API's registration offers.
    pub(super) scopes: Vec<String>,
    /// How clients reach the API, where that is configured.
    pub(super) public_url: Option<url::Url>,
    pub(super) downstream: Option<Downstream>,
    pub(super) directory: Option<Directory>,
    pub(super) store: Store,
    pub(super) rate_limits: Arc<RateLimiter>,
    /// The web sites whose scripts may call from a browser.
    pub(super) allowed_origins: Vec<HeaderValue>,
    pub(super) clock: Clock,
    /// Files that may be read at once.
    pub(super) imports: Semaphore,
}

/// How many files are read at once: each may take many times its own size.
const MAX_IMPORTS: usize = 2;

/// What [`Config::check`] makes of a configuration.
struct Checked {
    verifier: Verifier,
    permissions: Permissions,
    public_url: Option<url::Url>,
    downstream: Option<Downstream>,
    directory: Option<Directory>,
    rate_limits: RateLimiter,
    allowed_origins: Vec<HeaderValue>,
}

impl Config {
    /// Makes the checks of the start that need no network, for callers that want the result without starting.
    ///
    /// # Errors
    /// [`ConfigError`]: with it the API does not start.
    pub fn check(&self, mode: Mode, http: &reqwest::Client, clock: &Clock) -> Result<(), ConfigError> {
        self.checked(mode, http, clock).map(drop)
    }

    /// Whether an API with this configuration would take `token` for a look at to-dos; where it would not, which member is at
    /// fault, for whoever runs it.
    ///
    /// # Errors
    /// [`ConfigError`]: with it the API does not start.
    pub async fn examine(
        &self,
        mode: Mode,
        http: &reqwest::Client,
        clock: &Clock,
        token: &str,
    ) -> Result<Result<Caller, Explained>, ConfigError> {
        let Checked { verifier, permissions, .. } = self.checked(mode, http, clock)?;
        Ok(match verifier.examine(token).await {
            Ok(caller) => caller.require(&permissions.read).map(|()| caller).map_err(Explained::from),
            Err(explained) => Err(explained),
        })
    }

    fn checked(&self, mode: Mode, http: &reqwest::Client, clock: &Clock) -> Result<Checked, ConfigError> {
        let downstream = Downstream::new(self, mode, http, clock)?;
        let permissions = Permissions::new(self)?;
        let provider = Provider::new(&self.identity.provider(), mode, http.clone(), clock.clone())
            .map_err(|error| error.at("api.identity"))?;
        self.identity.claim_names.check("api.identity.claim_names", self.identity.tenant_id)?;
        let (audiences, version) = (self.audiences.clone(), self.token_version.clone());
        let verifier = Verifier::new(provider, audiences, version, clock.clone())
            .map_err(|error| error.at("api.audiences"))?
            .with_claim_names(self.identity.claim_names.clone());
        let verifier = match &self.allowed_clients {
            Some(clients) => verifier.with_allowed_clients(clients).map_err(|error| error.at("api.allowed_clients"))?,
            None => verifier,
        };
        let public_url = self.public_url.as_deref().map(|url| public_url("api.public_url", url, mode)).transpose()?;
        let directory = Directory::new(self, downstream.as_ref())?;
        self.connections.check("api.connections")?;
        let rate_limits = RateLimiter::new(&self.rate_limits, clock)?;
        let allowed_origins = cors::origins(&self.allowed_origins, mode)?;
        Ok(Checked { verifier, permissions, public_url, downstream, directory, rate_limits, allowed_origins })
    }
}

/// Why the API does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is refused.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl Api {
    /// Checks the configuration and opens the database. Does not wait for the provider, so that
    /// both may start in any order: see [`Api::watch`].
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(config: Config, mode: Mode, http: &reqwest::Client, clock: Clock) -> Result<Self, StartError> {
        let Checked { verifier, permissions, public_url, downstream, directory, rate_limits, allowed_origins } =
            config.checked(mode, http, &clock)?;
        let store = Store::open(&config.database_url, clock.clone()).await?;
        Ok(Self(Arc::new(Inner {
            verifier,
            permissions,
            scopes: config.scopes,
            public_url,
            downstream,
            directory,
            store,
            rate_limits: Arc::new(rate_limits),
            allowed_origins,
            clock,
            imports: Semaphore::new(MAX_IMPORTS),
        })))
    }

    /// The APIs in `[api.downstream_apis]` by name, and what calls them: `apis.get("calendar")` and then
    /// `call_on_behalf_of` or `call_for_app`. `None` when there are none.
    pub fn downstream(&self) -> Option<&Downstream> {
        self.0.downstream.as_ref()
    }

    /// What goes on beside the requests, until `shutdown`: the provider is watched, and the log told when it cannot be used;
    /// what cannot be undone any more is forgotten; changes that other replicas made are told to who listens here.
    pub async fn watch(self, shutdown: CancellationToken) {
        let forget = async {
            const EVERY: Duration = Duration::from_mins(10);
            while !shutdown.is_cancelled() {
                if let Err(error) = self.0.store.forget().await {
                    tracing::warn!(error = error.explain(), "what is over could not be removed; trying again later");
                }
                if let Err(error) = self.0.store.derive_reminders().await {
                    tracing::warn!(error = error.explain(), "reminders could not be derived; trying again later");
                }
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = tokio::time::sleep(EVERY) => {}
                }
            }
        };
        let listen = self.0.store.listen(&shutdown);
        tokio::join!(self.0.verifier.provider().watch(shutdown.clone()), forget, listen);
    }
}
