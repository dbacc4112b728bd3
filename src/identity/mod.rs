//! Sign-in and tokens for any axum app: a relying party's and a resource server's side of `OpenID` Connect and OAuth.
//! Knows nothing of to-dos.
//!
//! # Layout
//!
//! | module | what it is |
//! |---|---|
//! | [`config`] | how an app is registered at its provider, and which APIs it calls |
//! | [`provider`] | discovery, issuer policy, signing keys and their rotation |
//! | [`jwt`] | signatures and times of tokens |
//! | [`sign_in`] | the endpoints below `/auth`, one file each, and the checks of ID and logout tokens |
//! | [`session`] | who is signed in and where, and the store of sessions |
//! | [`return_to`] | where to go after signing in: an address that cannot leave the site |
//! | [`client`] | the app as its provider knows it: registration, credentials, tokens without a session |
//! | [`token`] | access tokens as values, how one is asked for, and why there is none |
//! | [`tokens`] | access tokens for the customer: cached, renewed, sealed at rest |
//! | [`scopes`] | sets of scopes, and the resources that they belong to |
//! | [`downstream`] | the APIs that are called with them |
//! | [`bearer`] | the API's side: access tokens, and what their callers may do |
//!
//! # A web app
//!
//! ```ignore
//! let db = database::open("web.database_url", &config.database_url, &identity::MIGRATIONS).await?;
//! let identity = Identity::new(&config.identity, Parts { db, /* … */ })?;
//! tokio::spawn(identity.clone().maintain(shutdown.clone()));
//! // Every handler has its `tower_sessions::Session`; posts of other sites are refused; `/auth/…` is there.
//! let app = identity.mount(Router::new().route("/things", get(things)));
//!
//! async fn things(session: Session, State(identity): State<Identity>) -> Result<Response, Error> {
//!     let page = ReturnTo::parse("/things");
//!     let Some(customer) = SignedIn::load(&session).await? else {
//!         return Ok(Redirect::to(&sign_in_url(&page)).into_response());
//!     };
//!     match identity.tokens.for_user(&customer.key, &scopes).await {
//!         Ok(token) => call_the_api(token).await,
//!         Err(AcquireError::InteractionRequired { scopes, claims, .. }) => {
//!             Ok(Redirect::to(&identity.interaction_url(&customer.key, &scopes, claims.as_deref(), &page)).into_response())
//!         }
//!         Err(error) => Err(error.into()),
//!     }
//! }
//! ```
//!
//! To be registered at the provider, each below the app's public address: `/auth/redirect` (redirect URI),
//! `/auth/signed-out` (post-logout redirect URI) and, where the provider has them, `/auth/back-channel-logout` and
//! `/auth/front-channel-logout`. Links and forms of the app's own pages lead to `/auth/sign-in`, `/auth/sign-up` (GET, with
//! `return_to`) and `/auth/sign-out` (POST); `/auth/session` tells a page's script who is signed in and for how long.
//!
//! An API needs [`bearer`] only, a program without users [`client`] only.

mod authorization_config;
pub mod bearer;
mod browser;
mod claim_names;
pub mod client;
pub mod config;
#[cfg(test)]
mod conformance;
mod credential;
mod customer_key;
pub mod downstream;
#[cfg(test)]
mod downstream_tests;
mod ended;
mod ended_sessions;
#[cfg(test)]
mod ended_tests;
pub mod jwt;
mod lenient;
#[cfg(test)]
mod logout_tests;
pub mod provider;
#[cfg(test)]
pub mod provider_double;
#[cfg(test)]
mod provider_tests;
pub mod return_to;
pub mod scopes;
pub mod session;
pub mod sign_in;
#[cfg(test)]
mod sign_in_tests;
mod state;
#[cfg(test)]
mod tests;
pub mod token;
#[cfg(test)]
mod token_endpoint_double;
pub mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use sqlx::AnyPool;
use tokio_util::sync::CancellationToken;
use tower_http::csrf::CsrfLayer;
use url::Url;

use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Mode};
use crate::platform::seal::KeyRing;
use authorization_config::AuthorizationConfig;
use client::ConfidentialClient;
use config::Config;
use session::Store;
use sign_in::turns::CodeTurns;
pub use state::{Identity, Inner};
use tokens::TokenAcquisition;

/// The tables that sessions and tokens live in; the app opens its database with them.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("src/identity/migrations");

/// Makes the checks of [`Identity::new`], without a database: for whoever wants to know beforehand.
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
    let authorization = AuthorizationConfig::new(key, config)?;
    let client = ConfidentialClient::new(key, &config.client(), mode, http, clock)?;
    Ok((authorization, client))
}

/// What an app gives beside its [`Config`].
pub struct Parts {
    /// The configuration path of [`Config`], for messages: `web.identity`.
    pub key: &'static str,
    /// Development or production.
    pub mode: Mode,
    /// Where this app is reached.
    pub public_url: Url,
    /// The app's page about a sign-in that did not work.
    pub problem_page: &'static str,
    /// Seals cookies and tokens.
    pub keys: KeyRing,
    /// A database with [`MIGRATIONS`].
    pub db: AnyPool,
    /// For calls to the provider.
    pub http: reqwest::Client,
    /// Time.
    pub clock: Clock,
}

impl Identity {
    /// Checks the configuration. Does not ask the provider: one that is down does not stop the app.
    ///
    /// # Errors
    /// [`ConfigError`] naming the key.
    pub fn new(config: &Config, parts: Parts) -> Result<Self, ConfigError> {
        let (authorization, client) = checked(parts.key, config, parts.mode, parts.http.clone(), parts.clock.clone())?;
        let http = parts.http;
        let provider = client.provider().clone();
        let tokens = TokenAcquisition::new(client, parts.db.clone(), parts.keys.clone(), parts.clock.clone());
        Ok(Self(Arc::new(Inner {
            provider,
            client_id: config.client_id.clone(),
            initial_scopes: config.initial_scopes.clone(),
            session_lifetime: config.session,
            authorization,
            claim_names: config.claim_names.clone(),
            claims_from_userinfo: config.claims_from_userinfo,
            send_id_token_hint: config.send_id_token_hint,
            http,
            public_url: parts.public_url,
            problem_page: parts.problem_page,
            keys: parts.keys,
            db: parts.db,
            clock: parts.clock,
            code_turns: CodeTurns::default(),
            tokens,
        })))
    }

    /// Adds the endpoints below `/auth` to an app, gives all of its handlers their session, and refuses unsafe requests
    /// that other sites' pages send (Fetch Metadata and `Origin`), but for those of the provider.
    pub fn mount(&self, app: Router) -> Router {
        let origin = self.public_url.origin().ascii_serialization();
        let csrf = CsrfLayer::new().add_trusted_origin(&origin).unwrap_or_default().with_rejection_response(|_| {
            (StatusCode::FORBIDDEN, "This request came from another site and was refused.").into_response()
        });
        session::provide(self, app.merge(sign_in::router(self.clone())))
            .layer(csrf)
            .merge(sign_in::callbacks(self.clone()))
    }

    /// What goes on beside the requests, until `shutdown`: the provider is watched ([`Provider::watch`]), and what is over
    /// is removed every few minutes: sessions, answered states and logout tokens, tokens of nobody.
    pub async fn maintain(self, shutdown: CancellationToken) {
        let provider = self.provider.clone();
        tokio::join!(provider.watch(shutdown.clone()), self.sweep(shutdown));
    }

    async fn sweep(self, shutdown: CancellationToken) {
        const EVERY: std::time::Duration = std::time::Duration::from_mins(5);
        loop {
            if let Err(error) = self.sweep_once().await {
                tracing::warn!(%error, "sessions that are over could not be removed; trying again later");
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    async fn sweep_once(&self) -> Result<(), sqlx::Error> {
        Store::new(self).sweep().await?;
        ended::sweep(self).await?;
        sign_in::sweep(self).await?;
        self.tokens.sweep().await
    }
}
