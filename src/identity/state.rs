//! What one app's sign-in works with: its provider and registration, its keys, its database.

use std::sync::Arc;

use axum::http::HeaderMap;
use sqlx::AnyPool;
use url::Url;

use super::authorization_config::AuthorizationConfig;
use super::config::{ClaimNames, SessionLifetime};
use super::provider::Provider;
use super::return_to::ReturnTo;
use super::scopes::{Naming, Scopes};
use super::session::Looks;
use super::sign_in::turns::CodeTurns;
use super::site::Site;
use super::tokens::TokenAcquisition;
use crate::platform::clock::{Clock, Timestamp};
use crate::platform::seal::KeyRing;
use crate::platform::sealed_cookie::SealedCookie;

/// Sign-in and tokens of one web app. Cheap to clone.
#[derive(Clone)]
pub struct Identity(pub(super) Arc<Inner>);

/// Which languages the provider's pages are asked to be in, of the headers of a request.
pub(super) type UiLocales = Arc<dyn Fn(&HeaderMap) -> Option<String> + Send + Sync>;

/// See [`Identity`].
pub(super) struct Inner {
    pub(super) provider: Provider,
    pub(super) client_id: String,
    pub(super) initial_scopes: Scopes,
    pub(super) session_lifetime: SessionLifetime,
    pub(super) authorization: AuthorizationConfig,
    pub(super) claim_names: ClaimNames,
    pub(super) claims_from_userinfo: bool,
    pub(super) send_id_token_hint: bool,
    pub(super) http: reqwest::Client,
    /// Where this app is reached.
    pub(super) public_url: Url,
    /// Addresses, cookies, pages.
    pub(super) site: Site,
    /// Seals cookies and tokens.
    pub(super) keys: KeyRing,
    pub(super) db: AnyPool,
    pub(super) clock: Clock,
    pub(super) code_turns: CodeTurns,
    pub(super) looks: Looks,
    pub(super) ui_locales: UiLocales,
    /// Access tokens for the customer.
    pub(super) tokens: TokenAcquisition,
}

impl Identity {
    pub(super) fn provider(&self) -> &Provider {
        &self.0.provider
    }

    pub(super) fn client_id(&self) -> &str {
        &self.0.client_id
    }

    pub(super) fn initial_scopes(&self) -> &Scopes {
        &self.0.initial_scopes
    }

    pub(super) fn session_lifetime(&self) -> &SessionLifetime {
        &self.0.session_lifetime
    }

    pub(super) fn authorization(&self) -> &AuthorizationConfig {
        &self.0.authorization
    }

    pub(super) fn claim_names(&self) -> &ClaimNames {
        &self.0.claim_names
    }

    pub(super) fn claims_from_userinfo(&self) -> bool {
        self.0.claims_from_userinfo
    }

    pub(super) fn send_id_token_hint(&self) -> bool {
        self.0.send_id_token_hint
    }

    pub(super) fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    /// Where this app is reached.
    pub fn public_url(&self) -> &Url {
        &self.0.public_url
    }

    pub(super) fn site(&self) -> &Site {
        &self.0.site
    }

    /// Seals cookies and tokens.
    pub fn keys(&self) -> &KeyRing {
        &self.0.keys
    }

    pub(super) fn db(&self) -> &AnyPool {
        &self.0.db
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The sessions that somebody looks at.
    pub(super) fn looks(&self) -> &Looks {
        &self.0.looks
    }

    pub(super) fn code_turns(&self) -> &CodeTurns {
        &self.0.code_turns
    }

    /// Access tokens for the customer.
    pub fn tokens(&self) -> &TokenAcquisition {
        &self.0.tokens
    }

    /// Which languages the provider's pages are asked to be in.
    pub(super) fn ui_locales(&self, headers: &HeaderMap) -> Option<String> {
        (self.0.ui_locales)(headers)
    }

    /// Whether browsers reach this app by https.
    pub(crate) fn is_https(&self) -> bool {
        self.public_url().scheme() == "https"
    }

    /// What a cookie of this app is called: all of their names begin alike, and handlers see no others. On https with the
    /// prefix that ties a cookie to this host, https and the whole site (RFC 6265bis §4.1.3.2); browsers refuse it on plain
    /// http, so localhost does without.
    pub(crate) fn cookie_name(&self, purpose: &str) -> String {
        let prefix = if self.is_https() { "__Host-" } else { "" };
        let separator = if purpose.is_empty() { "" } else { "-" };
        format!("{prefix}{}{separator}{purpose}", self.site().cookie_prefix)
    }

    /// The cookie for `purpose`, whose value is sealed for `context`.
    pub(crate) fn sealed_cookie(&self, purpose: &str, context: &'static str) -> SealedCookie<'_> {
        SealedCookie { keys: self.keys(), name: self.cookie_name(purpose), context, secure: self.is_https() }
    }

    /// Reads an untrusted address of a page that a customer wants to be brought back to. Anything but a plain path of this
    /// site, outside of the sign-in endpoints, becomes the home page.
    pub fn return_to(&self, text: &str) -> ReturnTo {
        ReturnTo::outside(&self.site().path_prefix, text).unwrap_or_else(|| self.home())
    }

    /// The home page.
    pub(super) fn home(&self) -> ReturnTo {
        ReturnTo::outside(&self.site().path_prefix, &self.site().home_page).unwrap_or_else(ReturnTo::home)
    }

    /// Whether this is the first time that `what` is done: of two requests at the same moment exactly one gets `true`.
    /// Remembered until `until`.
    ///
    /// # Errors
    /// When the database does not answer, or refuses: then nobody knows.
    pub async fn is_first_time(&self, what: &str, until: Timestamp) -> Result<bool, sqlx::Error> {
        let noted = sqlx::query("INSERT INTO used_states (state, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(crate::platform::hash::sha256_base64url(what))
            .bind(until)
            .execute(self.db())
            .await?;
        Ok(noted.rows_affected() == 1)
    }

    /// Whether customers can sign up: `sign_up` is not `false` in configuration.
    pub fn offers_sign_up(&self) -> bool {
        self.authorization().sign_up.is_some()
    }

    /// How the provider reads scopes.
    pub fn scope_naming(&self) -> Naming {
        self.provider().scope_naming()
    }

    /// Whether a plain sign-in brings a token for `scopes`: it asks for `initial_scopes`, and a token is of one resource.
    pub fn signs_in_with(&self, scopes: &Scopes) -> bool {
        let naming = self.scope_naming();
        self.initial_scopes().of_resource(&self.initial_scopes().resource(naming), naming).cover(scopes, naming)
    }
}
