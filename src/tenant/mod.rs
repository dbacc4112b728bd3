//! The embedded identity provider: a local stand-in for a Microsoft Entra External ID tenant, for development and
//! tests. One file per endpoint.
//!
//! Does not import `identity`: the two sides of the protocol must not share a bug.
//!
//! | path below `/{tenant id or domain}` | file |
//! |---|---|
//! | `/v2.0/.well-known/openid-configuration`, `/discovery/v2.0/keys` | `discovery.rs` |
//! | `/oauth2/v2.0/authorize` | `authorize.rs`, `authorization_response.rs` |
//! | `/flow/{id}/…` | `user_flow/`, handed over and back through `interaction.rs` |
//! | `/oauth2/v2.0/token` | `token/`, one file per grant |
//! | `/oidc/userinfo` | `userinfo.rs` |
//! | `/oauth2/v2.0/revoke` | `revocation.rs` |
//! | `/oauth2/v2.0/logout` | `logout.rs`, which tells apps by `back_channel_logout.rs` and `front_channel_logout.rs` |
//!
//! The directory API, `/v1.0/me`, is `directory.rs`; like Microsoft Graph it knows the tenant by the token.

mod authorization_response;
mod authorize;
mod back_channel_logout;
mod certificate;
mod claims;
pub mod config;
mod consent;
mod cookies;
mod directory;
mod discovery;
mod error;
mod federation;
mod front_channel_logout;
mod interaction;
mod keys;
mod logout;
mod mail;
mod mailbox;
mod notice;
mod parameters;
mod passcode;
mod password;
mod rate_limit;
mod revocation;
mod scope;
mod sso;
#[cfg(test)]
mod tests;
mod token;
mod user;
mod user_flow;
mod userinfo;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Router;
use axum::body::HttpBody as _;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::html;
use secrecy::SecretString;
use serde_json::json;
use sqlx::AnyPool;
use time::Duration;
use tower::ServiceExt as _;
use uuid::Uuid;

use self::certificate::PublicKey;
use self::error::{Described, Trace};
pub use self::keys::KeyError;
use self::user_flow::pages::WayBack;
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Mode};
use crate::platform::database::DatabaseError;
use crate::platform::seal::{KeyRing, KeyRingError};
use crate::platform::{database, outbound, random, serve};

/// The largest request body, in bytes: forms with a token or two.
const MAX_BODY: usize = 64 * 1024;
/// How often what has expired is removed.
const SWEEP_EVERY: Duration = Duration::hours(1);

/// What every endpoint needs. Cheap to clone.
#[derive(Clone)]
pub struct Tenant(Arc<Inner>);

/// See [`Tenant`].
pub struct Inner {
    /// Checked at start: every reference between apps, APIs and flows resolves.
    pub config: config::Config,
    /// Users, passcodes, sessions, codes, refresh tokens, keys, mail.
    pub db: AnyPool,
    /// Time.
    pub clock: Clock,
    /// Sends mail, or keeps it in the mailbox.
    pub mailer: mail::Mailer,
    /// Sign-in and passcode limits per address and account.
    pub limits: rate_limit::Limits,
    /// Calls other servers: federated issuers' keys, apps' back-channel logout.
    pub http: reqwest::Client,
    /// `public_url` without a slash at the end.
    origin: String,
    /// Client secrets, by client id.
    secrets: HashMap<Uuid, Vec<SecretString>>,
    /// The public keys of client certificates, by client id.
    certificates: HashMap<Uuid, Vec<PublicKey>>,
    /// What federated issuers have published.
    federated_keys: federation::Keys,
    /// Signs tokens.
    keys: keys::Keys,
    /// What makes subject identifiers unguessable.
    salt: String,
    /// Seals what browsers carry of authorization requests.
    interactions: KeyRing,
    /// When what has expired was removed last, in milliseconds since the epoch.
    swept_at: AtomicI64,
}

impl std::ops::Deref for Tenant {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// Why the tenant does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It is for development and tests only.
    #[error(
        "the embedded tenant does not run in production: it has development-grade keys and a public mailbox. Name an \
         Entra External ID tenant (or another OpenID Connect provider) in web.identity.authority and \
         api.identity.authority and remove [tenant], or set mode = \"development\""
    )]
    Production,
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The database cannot be read or written.
    #[error("the tenant's database cannot be used: {0}")]
    Store(#[from] sqlx::Error),
    /// The key of interactions in the database is none.
    #[error("the tenant's database is damaged: {0}")]
    KeyRing(#[from] KeyRingError),
    /// There are no signing keys to be had.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

impl Tenant {
    /// Checks the configuration, opens the database and loads (or makes) the signing keys.
    ///
    /// # Errors
    /// [`StartError`], in production always.
    pub async fn start(config: config::Config, mode: Mode, clock: Clock) -> Result<Self, StartError> {
        if mode == Mode::Production {
            return Err(StartError::Production);
        }
        let config::Checked { origin, secrets, certificates } = config.check(mode)?;
        let migrations = sqlx::migrate!("src/tenant/migrations");
        let db = database::open("tenant.database_url", &config.database_url, &migrations).await?;
        let swept_at = AtomicI64::new(clock.unix_millis());
        sweep(&db, &clock).await?;
        let keys = keys::Keys::load(&db, &clock).await?;
        let salt = kept_for_ever(&db, "pairwise_salt", random::token()).await?;
        let interactions = kept_for_ever(&db, "interaction_key", KeyRing::generate()).await?;
        let interactions = KeyRing::parse(&[interactions.into()])?;
        let mailer = mail::Mailer::new(config.mail.as_ref(), mode)?;
        let limits = rate_limit::Limits::new(clock.clone());
        let (http, federated_keys) = (outbound::client(), federation::Keys::default());
        Ok(Self(Arc::new(Inner {
            config,
            db,
            clock,
            mailer,
            limits,
            http,
            origin,
            secrets,
            certificates,
            federated_keys,
            keys,
            salt,
            interactions,
            swept_at,
        })))
    }

    /// Removes what has expired for good, unless somebody did within the last [`SWEEP_EVERY`].
    async fn sweep_when_due(&self) -> Result<(), sqlx::Error> {
        let (now, last) = (self.clock.unix_millis(), self.swept_at.load(Ordering::Relaxed));
        let due = now.saturating_sub(last) >= i64::try_from(SWEEP_EVERY.whole_milliseconds()).unwrap_or(i64::MAX);
        // Of requests at the same moment, one does it.
        if due && self.swept_at.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            sweep(&self.db, &self.clock).await?;
        }
        Ok(())
    }

    /// The issuer: always with the tenant's id, whichever of its names a request uses (as in Entra).
    pub fn issuer(&self) -> String {
        format!("{}/{}/v2.0", self.origin, self.config.tenant_id)
    }

    /// The path of something below the tenant's segment: `path("/flow/…")` is `/{tenant_id}/flow/…`.
    pub fn path(&self, below: &str) -> String {
        format!("/{}{below}", self.config.tenant_id)
    }

    /// The absolute address of something below the tenant's segment.
    fn url(&self, below: &str) -> String {
        format!("{}{}", self.origin, self.path(below))
    }

    /// The user's pairwise subject identifier at an app: the same user has another at every app, and without the salt
    /// they cannot be told to be the same (OpenID Connect Core §8.1).
    fn subject(&self, client_id: Uuid, user_id: &str) -> String {
        random::digest(&format!("sub/{}/{client_id}/{user_id}", self.salt))
    }

    /// The object id of an app's service principal: `oid` and `sub` of its own tokens. The same for ever, another in
    /// every tenant.
    fn service_principal(&self, client_id: Uuid) -> Uuid {
        let digest = aws_lc_rs::digest::digest(
            &aws_lc_rs::digest::SHA256,
            format!("service_principal/{}/{client_id}", self.salt).as_bytes(),
        );
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.as_ref()[..16]);
        // RFC 9562 §5.8
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// Whether a client assertion with this `aud` is meant for this tenant: the token endpoint, under either of the
    /// tenant's names, or the issuer (RFC 7523 §3, 3).
    fn is_audience_of_assertions(&self, audience: &str) -> bool {
        let by_domain = format!("{}/{}/oauth2/v2.0/token", self.origin, self.config.domain);
        audience == self.issuer() || audience == self.url("/oauth2/v2.0/token") || audience == by_domain
    }

    /// What Microsoft's libraries make their account id of, where they ask for it (`client_info=1`): the user and the
    /// tenant.
    fn client_info(&self, user_id: &str) -> String {
        URL_SAFE_NO_PAD.encode(json!({ "uid": user_id, "utid": self.config.tenant_id }).to_string())
    }

    /// The `login_hint` claim: names the user to this tenant and tells nobody else anything, so that it can serve as
    /// `logout_hint`.
    fn login_hint(&self, user_id: &str) -> String {
        format!("O.{}", random::digest(&format!("login_hint/{}/{user_id}", self.salt)))
    }
}

/// Removes what has expired for good.
async fn sweep(db: &AnyPool, clock: &Clock) -> Result<(), sqlx::Error> {
    for statement in [
        "DELETE FROM ended_interactions WHERE expires_at < $1",
        "DELETE FROM sso_sessions WHERE expires_at < $1",
        "DELETE FROM client_assertions WHERE expires_at < $1",
        // Codes and refresh tokens go with their grant, not before: a replay must find what to revoke.
        "DELETE FROM grants WHERE expires_at < $1",
    ] {
        sqlx::query(statement).bind(clock.unix_millis()).execute(db).await?;
    }
    Ok(())
}

/// A value that is made on first start and never again. With another salt of pairwise subject identifiers, every customer
/// would be a stranger.
async fn kept_for_ever(db: &AnyPool, name: &str, new: String) -> Result<String, sqlx::Error> {
    sqlx::query("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING")
        .bind(name)
        .bind(new)
        .execute(db)
        .await?;
    sqlx::query_scalar("SELECT value FROM settings WHERE name = $1").bind(name).fetch_one(db).await
}

/// Gives words to refusals that have none, such as those of the router and the layers: a page for people, JSON for apps.
async fn with_words(State(tenant): State<Tenant>, request: Request, next: Next) -> Response {
    let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
    let mut response = next.run(request).await;
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    if !failed || response.body().size_hint().exact() != Some(0) {
        return response;
    }
    let (title, words) = match status {
        StatusCode::NOT_FOUND => ("Page not found", "There is nothing at this address."),
        StatusCode::METHOD_NOT_ALLOWED => ("That is not done here", "This address does not take this method."),
        StatusCode::PAYLOAD_TOO_LARGE => ("That is too much", "The request is larger than this address takes."),
        _ => ("That did not work", "The request could not be answered."),
    };
    let other = if wants_page(&headers) {
        let way = WayBack::from_page(&tenant, &path);
        notice::page(&tenant, status, title, &html! { p { (words) } (way.links()) })
    } else {
        Described::new("invalid_request", 900_561, words).json(status, &Trace::new(&tenant, &headers))
    };
    let (parts, body) = other.into_parts();
    response.headers_mut().remove(header::CONTENT_LENGTH);
    // What the refusal said already stays, such as the methods that are allowed.
    for (name, value) in &parts.headers {
        if !response.headers().contains_key(name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    *response.body_mut() = body;
    response
}

/// Whether a request comes from somebody who looks at pages.
fn wants_page(headers: &HeaderMap) -> bool {
    headers.get_all(header::ACCEPT).iter().any(|value| value.as_bytes().windows(9).any(|part| part == b"text/html"))
}

/// Everything the tenant serves.
pub fn router(tenant: Tenant) -> Router {
    let is_https = tenant.origin.starts_with("https:");
    // The protocol's endpoints get cross-site POSTs by design, and guard themselves. The pages do not.
    let confirmation = user_flow::pages::own_forms_only(logout::confirmation(), &tenant);
    let pages = user_flow::router(&tenant).merge(confirmation);
    let below_segment = Router::new()
        .merge(discovery::router())
        .merge(authorize::router())
        .merge(token::router())
        .merge(userinfo::router())
        .merge(revocation::router())
        .merge(logout::router())
        .merge(pages);
    let below_segment = user_flow::pages::with_headers(below_segment).with_state(tenant.clone());
    let at_segment = {
        let tenant = tenant.clone();
        move |request: Request| enter(tenant, below_segment, request)
    };
    let router = Router::new()
        .route("/", get(index))
        .route("/health", get(async || "ok"))
        .merge(directory::router())
        .merge(mailbox::router())
        .merge(user_flow::assets())
        .fallback(at_segment)
        .with_state(tenant.clone());
    let router = router.layer(middleware::from_fn_with_state(tenant, with_words));
    let router = serve::with_standard_layers(router, "tenant", MAX_BODY);
    if is_https { serve::with_transport_security(router) } else { router }
}

/// Takes the tenant's segment off the path: `/{tenant id}/…` and `/{domain}/…` are the same place.
async fn enter(tenant: Tenant, below: Router, mut request: Request) -> Response {
    let path = request.uri().path();
    // A request in authority or asterisk form (RFC 9112 §3.2) has no path.
    let path = path.strip_prefix('/').unwrap_or(path);
    let (segment, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
    let ours = segment.eq_ignore_ascii_case(&tenant.config.tenant_id.to_string())
        || segment.eq_ignore_ascii_case(&tenant.config.domain);
    if !ours {
        let message = format!(
            "Tenant '{segment}' not found. Check to make sure you have the correct tenant ID and are signing into the \
             correct cloud."
        );
        let trace = Trace::new(&tenant, request.headers());
        let described = Described::new("invalid_tenant", 90_002, message);
        return if wants_page(request.headers()) {
            notice::error_page(&tenant, None, StatusCode::BAD_REQUEST, &described, &trace)
        } else {
            described.json(StatusCode::BAD_REQUEST, &trace)
        };
    }
    let rest = if rest.is_empty() { "/" } else { rest };
    let below_path = match request.uri().query() {
        Some(query) => format!("{rest}?{query}"),
        None => rest.to_owned(),
    };
    match below_path.parse::<Uri>() {
        Ok(uri) => *request.uri_mut() = uri,
        Err(_) => return StatusCode::BAD_REQUEST.into_response(),
    }
    below.oneshot(request).await.into_response()
}

async fn index(State(tenant): State<Tenant>) -> Response {
    let discovery = tenant.url("/v2.0/.well-known/openid-configuration");
    let content = html! {
        p { "The embedded tenant: for development only. It stands in for a Microsoft Entra External ID tenant." }
        ul {
            li { a href=(discovery) { "Discovery document" } }
            li { a href="/mailbox" { "Mailbox" } ": mail to customers, such as passcodes" }
        }
        h2 { "Apps" }
        dl {
            @for app in &tenant.config.apps {
                dt { (app.name) }
                dd { (app.client_id) @if let Some(flow) = &app.user_flow { " · user flow “" (flow) "”" } }
            }
        }
    };
    notice::page(&tenant, StatusCode::OK, &tenant.config.display_name, &content)
}
