//! The tenant while it runs: what its endpoints share. Knows no endpoint.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use serde_json::json;
use sqlx::AnyPool;
use time::Duration;
use uuid::Uuid;

use super::certificate::PublicKey;
use super::config::{Checked, Config};
use super::federation;
use super::keys::{KeyError, Keys};
use super::mailer::Mailer;
use super::rate_limit::Limits;
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Mode};
use crate::platform::database::{self, DatabaseError};
use crate::platform::seal::{KeyRing, KeyRingError};
use crate::platform::{hash, random};

/// How often what has expired is removed.
const SWEEP_EVERY: Duration = Duration::hours(1);

/// What every endpoint needs. Cheap to clone.
#[derive(Clone)]
pub struct Tenant(Arc<Inner>);

struct Inner {
    /// Checked at start: every reference between apps, APIs and flows resolves.
    config: Config,
    /// Users, passcodes, sessions, codes, refresh tokens, keys, mail.
    db: AnyPool,
    /// Time.
    clock: Clock,
    /// Sends mail, or keeps it in the mailbox.
    mailer: Mailer,
    /// Sign-in and passcode limits per address and account.
    limits: Limits,
    /// Calls other servers: federated issuers' keys, apps' back-channel logout.
    http: reqwest::Client,
    /// `public_url` without a slash at the end.
    origin: String,
    /// Client secrets, by client id.
    secrets: HashMap<Uuid, Vec<SecretString>>,
    /// The public keys of client certificates, by client id.
    certificates: HashMap<Uuid, Vec<PublicKey>>,
    /// What federated issuers have published.
    federated_keys: federation::Keys,
    /// Signs tokens.
    keys: Keys,
    /// What makes subject identifiers unguessable.
    salt: String,
    /// Seals what browsers carry of authorization requests.
    interactions: KeyRing,
    /// When what has expired was removed last, in milliseconds since the epoch.
    swept_at: AtomicI64,
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
    pub async fn start(config: Config, mode: Mode, http: &reqwest::Client, clock: Clock) -> Result<Self, StartError> {
        if mode == Mode::Production {
            return Err(StartError::Production);
        }
        let Checked { origin, secrets, certificates } = config.check(mode)?;
        let migrations = sqlx::migrate!("src/tenant/migrations");
        let db = database::open("tenant.database_url", &config.database_url, &migrations).await?;
        let swept_at = AtomicI64::new(clock.unix_millis());
        sweep(&db, &clock).await?;
        let keys = Keys::load(&db, &clock).await?;
        let salt = kept_for_ever(&db, "pairwise_salt", random::token()).await?;
        let interactions = kept_for_ever(&db, "interaction_key", KeyRing::generate()).await?;
        let interactions = KeyRing::parse(&[interactions.into()])?;
        let mailer = Mailer::new(config.mail.as_ref(), mode, &db, &clock)?;
        let limits = Limits::new(clock.clone());
        let federated_keys = federation::Keys::new(http.clone(), clock.clone());
        Ok(Self(Arc::new(Inner {
            config,
            db,
            clock,
            mailer,
            limits,
            http: http.clone(),
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

    /// The configuration, in which every reference between apps, APIs and flows resolves.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// Users, passcodes, sessions, codes, refresh tokens, keys, mail.
    pub(super) fn db(&self) -> &AnyPool {
        &self.0.db
    }

    /// Time.
    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Sends mail, or keeps it in the mailbox.
    pub(super) fn mailer(&self) -> &Mailer {
        &self.0.mailer
    }

    /// Sign-in and passcode limits per address and account.
    pub(super) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Calls other servers.
    pub(super) fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    /// `public_url` without a slash at the end.
    pub(super) fn origin(&self) -> &str {
        &self.0.origin
    }

    /// The secrets of an app, all of them valid.
    pub(super) fn secrets_of(&self, client_id: Uuid) -> &[SecretString] {
        self.0.secrets.get(&client_id).map_or(&[], Vec::as_slice)
    }

    /// The public keys that an app may sign its assertions with.
    pub(super) fn certificates_of(&self, client_id: Uuid) -> &[PublicKey] {
        self.0.certificates.get(&client_id).map_or(&[], Vec::as_slice)
    }

    /// What federated issuers have published.
    pub(super) fn federated_keys(&self) -> &federation::Keys {
        &self.0.federated_keys
    }

    /// Signs tokens, and verifies those that it signed.
    pub(super) fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// Seals what browsers carry of authorization requests.
    pub(super) fn interactions(&self) -> &KeyRing {
        &self.0.interactions
    }

    /// Rotates the signing keys: the next one signs from now on, the current one stays published until its tokens have
    /// expired, and a new next one is made.
    ///
    /// # Errors
    /// [`KeyError`]; the keys stay as they were.
    pub async fn rotate_keys(&self) -> Result<(), KeyError> {
        self.keys().rotate(self.db(), self.clock()).await
    }

    /// Deletes what has expired, unless that was done within the last [`SWEEP_EVERY`].
    pub(super) async fn sweep_when_due(&self) -> Result<(), sqlx::Error> {
        let (now, last) = (self.0.clock.unix_millis(), self.0.swept_at.load(Ordering::Relaxed));
        let due = now.saturating_sub(last) >= i64::try_from(SWEEP_EVERY.whole_milliseconds()).unwrap_or(i64::MAX);
        // Of requests at the same moment, one does it.
        if due && self.0.swept_at.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            sweep(&self.0.db, &self.0.clock).await?;
        }
        Ok(())
    }

    /// The issuer: always with the tenant's id, whichever of its names a request uses (as in Entra).
    pub fn issuer(&self) -> String {
        format!("{}/{}/v2.0", self.0.origin, self.0.config.tenant_id)
    }

    /// The path of something below the tenant's segment: `path("/flow/…")` is `/{tenant_id}/flow/…`.
    pub fn path(&self, below: &str) -> String {
        format!("/{}{below}", self.0.config.tenant_id)
    }

    /// The absolute address of something below the tenant's segment.
    pub(super) fn url(&self, below: &str) -> String {
        format!("{}{}", self.0.origin, self.path(below))
    }

    /// The user's pairwise subject identifier at an app: the same user has another at every app, and without the salt
    /// they cannot be told to be the same (OpenID Connect Core §8.1).
    pub(super) fn subject(&self, client_id: Uuid, user_id: &str) -> String {
        hash::sha256_base64url(&format!("sub/{}/{client_id}/{user_id}", self.0.salt))
    }

    /// The object id of an app's service principal: `oid` and `sub` of its own tokens. The same for ever, another in
    /// every tenant.
    pub(super) fn service_principal(&self, client_id: Uuid) -> Uuid {
        let digest = aws_lc_rs::digest::digest(
            &aws_lc_rs::digest::SHA256,
            format!("service_principal/{}/{client_id}", self.0.salt).as_bytes(),
        );
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.as_ref()[..16]);
        // RFC 9562 §5.8
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    /// Whether a client assertion with this `aud` is meant for this tenant: the token endpoint, under either of the
    /// tenant's names, or the issuer (RFC 7523 §3, 3).
    pub(super) fn is_audience_of_assertions(&self, audience: &str) -> bool {
        let by_domain = format!("{}/{}/oauth2/v2.0/token", self.0.origin, self.0.config.domain);
        audience == self.issuer() || audience == self.url("/oauth2/v2.0/token") || audience == by_domain
    }

    /// What Microsoft's libraries make their account id of, where they ask for it (`client_info=1`): the user and the
    /// tenant.
    pub(super) fn client_info(&self, user_id: &str) -> String {
        URL_SAFE_NO_PAD.encode(json!({ "uid": user_id, "utid": self.0.config.tenant_id }).to_string())
    }

    /// The `login_hint` claim: names the user to this tenant and tells nobody else anything, so that it can serve as
    /// `logout_hint`.
    pub(super) fn login_hint(&self, user_id: &str) -> String {
        format!("O.{}", hash::sha256_base64url(&format!("login_hint/{}/{user_id}", self.0.salt)))
    }
}

/// Deletes what has expired.
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
