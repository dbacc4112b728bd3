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

use self::directory::Directory;
use self::permissions::Permissions;
use self::store::Store;
use crate::identity::bearer::Verifier;
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
    directory: Option<Directory>,
    store: Store,
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
        let permissions = Permissions::new(&config)?;
        let provider =
            Provider::new("api.identity", &config.identity.provider(), mode, outbound::client(), clock.clone())?;
        config.identity.claim_names.check("api.identity.claim_names", config.identity.tenant_id)?;
        let verifier = Verifier::new("api.audiences", provider, config.audiences, config.token_version, clock.clone())?
            .with_claim_names(config.identity.claim_names.clone());
        let verifier = match &config.allowed_clients {
            Some(clients) => verifier.with_allowed_clients("api.allowed_clients", clients)?,
            None => verifier,
        };
        let public_url = config.public_url.as_deref().map(|url| public_url("api.public_url", url, mode)).transpose()?;
        let directory = Directory::new(&config.downstream_apis, &config.identity, mode, &clock)?;
        let store = Store::open(&config.database_url, clock).await?;
        Ok(Self(Arc::new(Inner { verifier, permissions, scopes: config.scopes, public_url, directory, store })))
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
