//! Sign-in and tokens for any axum app: a relying party's and a resource server's side of `OpenID` Connect and OAuth.
//! Knows nothing of to-dos.
//!
//! # Layout
//!
//! | module | what it is |
//! |---|---|
//! | `builder` | how an app makes its [`Identity`], and everything that it may choose |
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
//! | `next_step` | what a page does that has no token: [`NextStep`] |
//! | [`downstream`] | the APIs that are called with them |
//! | [`bearer`] | the API's side: access tokens, and what their callers may do |
//!
//! # A web app
//!
//! [`open`] takes a file and the environment; [`Identity::builder`] takes parts made by hand. What has a default is listed
//! at [`Builder`]. This is `examples/web_app.rs`:
//!
//! ````no_run
#![doc = include_str!("../../examples/web_app.rs")]
//! ````
//!
//! To be registered at the provider, each below the app's public address: `/auth/redirect` (redirect URI),
//! `/auth/signed-out` (post-logout redirect URI) and, where the provider has them, `/auth/back-channel-logout` and
//! `/auth/front-channel-logout`. Links and forms of the app's own pages lead to `/auth/sign-in`, `/auth/sign-up` (GET, with
//! `return_to`) and `/auth/sign-out` (POST); `/auth/session` tells a page's script who is signed in and for how long. Another
//! prefix than `/auth` is [`Builder::path_prefix`].
//!
//! An API needs [`bearer`] only (`examples/api.rs`), a program without users [`client`] only (`examples/daemon.rs`). How a
//! test of such an app signs somebody in: `examples/test_against_tenant.rs`.

mod authorization_config;
pub mod bearer;
mod browser;
mod builder;
mod claim_names;
pub mod client;
pub mod config;
mod credential;
pub mod downstream;
mod ended;
mod ended_sessions;
mod http;
mod id_token;
pub mod jwt;
mod lenient;
mod log;
mod next_step;
mod protocol;
pub mod provider;
pub mod return_to;
pub mod scopes;
pub mod session;
pub mod sign_in;
mod site;
mod state;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod token;
pub mod tokens;
mod user_key;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use tokio_util::sync::CancellationToken;
use tower_http::csrf::CsrfLayer;

pub use builder::{App, AppConfig, Builder, MIGRATIONS, OpenError, check, open};
pub use next_step::{NextStep, Purpose};
use session::Store;
pub use state::Identity;

impl Identity {
    /// Adds the endpoints below `/auth` to an app, gives all of its handlers their session, and refuses unsafe requests
    /// that other sites' pages send (Fetch Metadata and `Origin`), but for those of the provider.
    pub fn mount(&self, app: Router) -> Router {
        let origin = self.public_url().origin().ascii_serialization();
        let csrf = CsrfLayer::new().add_trusted_origin(&origin).unwrap_or_default().with_rejection_response(|_| {
            (StatusCode::FORBIDDEN, "This request came from another site and was refused.").into_response()
        });
        session::provide(self, app.merge(sign_in::router(self.clone())))
            .layer(csrf)
            .merge(sign_in::callbacks(self.clone()))
    }

    /// What goes on beside the requests, until `shutdown`: the provider is watched ([`Provider::watch`](provider::Provider::watch)), and what is over
    /// is removed every few minutes: sessions, answered states and logout tokens, tokens of nobody.
    pub async fn maintain(self, shutdown: CancellationToken) {
        let provider = self.provider().clone();
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
        self.tokens().sweep().await
    }
}
