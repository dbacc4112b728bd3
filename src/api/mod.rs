//! The protected `ToDoList` API: a resource server. It keeps the to-dos, and knows customers only by their access tokens.
//!
//! | request | what it does | permission |
//! |---|---|---|
//! | `GET /api/todolist` | lists to-dos | read |
//! | `POST /api/todolist` | adds one | write |
//! | `PATCH /api/todolist` | marks all as done or not | write |
//! | `DELETE /api/todolist?done=true` | removes those that are done | write |
//! | `GET /api/todolist/{id}` | shows one | read |
//! | `PUT /api/todolist/{id}` | replaces one | write |
//! | `PATCH /api/todolist/{id}` | changes a part of one | write |
//! | `DELETE /api/todolist/{id}` | removes one | write |
//! | `GET /api/profile` | shows the customer's own profile | `read_profile` |
//! | `PATCH /api/profile` | changes a part of it | `write_profile` |
//! | `GET /.well-known/oauth-protected-resource` | says who issues tokens for it, and which scopes there are | – |
//! | `GET /health` | says that the API runs | – |
//!
//! Users see their own to-dos, apps (daemons) everyone's. Profiles are kept by a directory, which is asked on the
//! customer's behalf (`directory`). Every error is a problem document (RFC 9457). There are no
//! CORS headers: browsers have no business here, their access tokens stay on the web server.

mod body;
pub mod config;
mod directory;
mod permissions;
mod problem;
#[cfg(test)]
mod profile_tests;
mod routes;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::{Router, middleware};
use tokio_util::sync::CancellationToken;

use self::directory::{DIRECTORY, Directory};
use self::permissions::Permissions;
use self::store::Store;
use crate::identity::bearer::Verifier;
use crate::identity::client::ConfidentialClient;
use crate::identity::downstream::DownstreamApis;
use crate::identity::provider::Provider;
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Mode, public_url};
use crate::platform::database::DatabaseError;
use crate::platform::{outbound, serve};

/// The largest body, in bytes.
const MAX_BODY: usize = 16 * 1024;

/// The API, ready to serve. Cheap to clone.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    verifier: Verifier,
    permissions: Permissions,
    /// The delegated permissions that the API's registration offers.
    scopes: Vec<String>,
    /// How clients reach the API, where that is configured.
    public_url: Option<url::Url>,
    downstream: Option<Downstream>,
    directory: Option<Directory>,
    store: Store,
}

/// The APIs that this one calls, and this API as their provider knows it. Cheap to clone.
#[derive(Clone)]
pub struct Downstream {
    /// The APIs, by name.
    pub apis: DownstreamApis,
    /// Acquires tokens for them: on a caller's behalf, or as the API itself.
    pub client: ConfidentialClient,
}

/// What [`config::Config::check`] makes of a configuration.
struct Checked {
    verifier: Verifier,
    permissions: Permissions,
    public_url: Option<url::Url>,
    downstream: Option<Downstream>,
    directory: Option<Directory>,
}

impl config::Config {
    /// Makes every check that needs nobody: those of the start, for whoever wants to know beforehand.
    ///
    /// # Errors
    /// [`ConfigError`]: with it the API does not start.
    pub fn check(&self, mode: Mode, clock: &Clock) -> Result<(), ConfigError> {
        self.checked(mode, clock).map(drop)
    }

    fn checked(&self, mode: Mode, clock: &Clock) -> Result<Checked, ConfigError> {
        let downstream = self.downstream(mode, clock)?;
        let permissions = Permissions::new(self)?;
        let provider =
            Provider::new("api.identity", &self.identity.provider(), mode, outbound::client(), clock.clone())?;
        self.identity.claim_names.check("api.identity.claim_names", self.identity.tenant_id)?;
        let (audiences, version) = (self.audiences.clone(), self.token_version.clone());
        let verifier = Verifier::new("api.audiences", provider, audiences, version, clock.clone())?
            .with_claim_names(self.identity.claim_names.clone());
        let verifier = match &self.allowed_clients {
            Some(clients) => verifier.with_allowed_clients("api.allowed_clients", clients)?,
            None => verifier,
        };
        let public_url = self.public_url.as_deref().map(|url| public_url("api.public_url", url, mode)).transpose()?;
        let directory = Directory::new(self, downstream.as_ref())?;
        self.connections.check("api.connections")?;
        Ok(Checked { verifier, permissions, public_url, downstream, directory })
    }

    /// The APIs that are called. Calling one needs an id and a credential of the API's own registration.
    fn downstream(&self, mode: Mode, clock: &Clock) -> Result<Option<Downstream>, ConfigError> {
        if self.downstream_apis.is_empty() {
            return Ok(None);
        }
        let mut complete = self.downstream_apis.clone();
        if let Some(directory) = complete.remove(DIRECTORY) {
            complete.insert(DIRECTORY.to_owned(), directory.or_at("v1.0/me"));
        }
        let http = outbound::client();
        let apis = DownstreamApis::new("api.downstream_apis", &complete, &[DIRECTORY], mode, &http)?;
        let client = ConfidentialClient::new("api.identity", &self.identity, mode, http, clock.clone())?;
        Ok(Some(Downstream { apis, client }))
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
    pub async fn start(config: config::Config, mode: Mode, clock: Clock) -> Result<Self, StartError> {
        let Checked { verifier, permissions, public_url, downstream, directory } = config.checked(mode, &clock)?;
        let store = Store::open(&config.database_url, clock).await?;
        Ok(Self(Arc::new(Inner {
            verifier,
            permissions,
            scopes: config.scopes,
            public_url,
            downstream,
            directory,
            store,
        })))
    }

    /// The APIs in `[api.downstream_apis]` by name, and what calls them: `apis.get("calendar")` and then
    /// `call_on_behalf_of` or `call_for_app`. `None` when there are none.
    pub fn downstream(&self) -> Option<&Downstream> {
        self.0.downstream.as_ref()
    }

    /// Makes sure of the provider, and says in the log when it cannot be used, until `shutdown`.
    pub async fn watch(self, shutdown: CancellationToken) {
        self.0.verifier.provider().watch(shutdown).await;
    }
}

/// All routes of the API.
pub fn router(api: Api) -> Router {
    serve::with_standard_layers(routes::router(api), "api", MAX_BODY).layer(middleware::from_fn(problem::complete))
}
