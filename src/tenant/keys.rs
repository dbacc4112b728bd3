//! Signing keys: RS256, made here, kept in the database. They can be rotated without a failed sign-in: the next key is
//! published before it signs, and a retired one until the last token that it signed has expired (OpenID Connect Core
//! §10.1.1). Nothing here rotates them by itself: `Tenant::rotate_keys` is for tests of what apps make of it.
//!
//! The private keys lie in the database as they are: this tenant is for development.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sqlx::AnyPool;
use time::Duration;

use crate::platform::clock::{Clock, millis};

/// How long a retired key stays published: longer than any token lives, with room for clocks that differ.
const RETIREMENT: Duration = Duration::hours(2);

/// One key, ready to sign and verify.
struct Key {
    kid: String,
    state: State,
    published_until: Option<i64>,
    signer: EncodingKey,
    verifier: DecodingKey,
    n: String,
    e: String,
}

impl Key {
    fn is_published(&self, now: i64) -> bool {
        self.published_until.is_none_or(|until| now < until)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Next,
    Current,
    Retired,
}

/// Why the signing keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The database does not answer.
    #[error("the signing keys cannot be read or written: {0}")]
    Database(#[from] sqlx::Error),
    /// A stored key is damaged.
    #[error("a signing key in the database is damaged; delete the rows of signing_keys to make new ones")]
    Damaged,
    /// The cryptographic library could not make one.
    #[error("a signing key could not be generated")]
    Generation,
}

/// All published keys. The database holds them; this is the copy that signs.
pub(super) struct Keys(RwLock<Vec<Key>>);

impl Keys {
    /// Loads the keys, and makes what is missing.
    pub(super) async fn load(db: &AnyPool, clock: &Clock) -> Result<Self, KeyError> {
        let mut keys = read(db, clock).await?;
        for (state, name) in [(State::Current, "current"), (State::Next, "next")] {
            if !keys.iter().any(|key| key.state == state) {
                insert(db, generate().await?, name).await?;
                keys = read(db, clock).await?;
            }
        }
        Ok(Self(RwLock::new(keys)))
    }

    fn all(&self) -> RwLockReadGuard<'_, Vec<Key>> {
        // The list is replaced as a whole: a thread that panicked left no half of it behind.
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Signs claims as a JWT with header `typ: JWT`, as Entra does for ID and access tokens alike.
    pub(super) fn sign(&self, claims: &impl Serialize) -> Result<String, KeyError> {
        self.sign_as("JWT", claims)
    }

    /// Signs claims as a JWT with this `typ`, so that it is taken for nothing else (RFC 8725 §3.11).
    pub(super) fn sign_as(&self, typ: &str, claims: &impl Serialize) -> Result<String, KeyError> {
        let keys = self.all();
        let key = keys.iter().find(|key| key.state == State::Current).ok_or(KeyError::Damaged)?;
        let mut header = Header::new(Algorithm::RS256);
        header.typ = Some(typ.to_owned());
        header.kid = Some(key.kid.clone());
        jsonwebtoken::encode(&header, claims, &key.signer).map_err(|_| KeyError::Damaged)
    }

    /// The claims of a token that one of the keys which are published `now` (milliseconds since the epoch) has signed.
    /// Checks the signature and the algorithm (RS256 only, RFC 8725 §3.1), and nothing else: issuer, audience and time
    /// are the caller's to judge.
    pub(super) fn verify<T: DeserializeOwned>(&self, token: &str, now: i64) -> Option<T> {
        let kid = jsonwebtoken::decode_header(token).ok()?.kid?;
        let keys = self.all();
        let key = keys.iter().find(|key| key.kid == kid && key.is_published(now))?;
        let mut validation = Validation::new(Algorithm::RS256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        jsonwebtoken::decode(token, &key.verifier, &validation).ok().map(|data| data.claims)
    }

    /// The JSON Web Key Set (RFC 7517 §5).
    pub(super) fn jwks(&self, issuer: &str, now: i64) -> Value {
        let keys = self.all();
        let published = keys.iter().filter(|key| key.is_published(now));
        let jwk = |key: &Key| {
            json!({
                "kty": "RSA", "use": "sig", "kid": key.kid, "n": key.n, "e": key.e, "alg": "RS256", "issuer": issuer,
            })
        };
        json!({ "keys": published.map(jwk).collect::<Vec<_>>() })
    }
}

impl Keys {
    /// Rotates the signing keys: the next one signs from now on, the current one stays published until its tokens have
    /// expired, and a new next one is made.
    ///
    /// # Errors
    /// [`KeyError`]; the keys stay as they were.
    pub(super) async fn rotate(&self, db: &AnyPool, clock: &Clock) -> Result<(), KeyError> {
        let until = millis(clock.now() + RETIREMENT);
        let new = generate().await?;
        let mut change = db.begin().await?;
        sqlx::query("UPDATE signing_keys SET state = 'retired', published_until = $1 WHERE state = 'current'")
            .bind(until)
            .execute(&mut *change)
            .await?;
        sqlx::query("UPDATE signing_keys SET state = 'current' WHERE state = 'next'").execute(&mut *change).await?;
        insert(&mut *change, new, "next").await?;
        change.commit().await?;
        let keys = read(db, clock).await?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keys;
        tracing::info!("the signing keys were rotated");
        Ok(())
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    kid: String,
    private_key: String,
    state: String,
    published_until: Option<i64>,
}

async fn read(db: &AnyPool, clock: &Clock) -> Result<Vec<Key>, KeyError> {
    sqlx::query("DELETE FROM signing_keys WHERE published_until < $1").bind(clock.unix_millis()).execute(db).await?;
    let rows: Vec<Row> =
        sqlx::query_as("SELECT kid, private_key, state, published_until FROM signing_keys ORDER BY state, kid")
            .fetch_all(db)
            .await?;
    let parse = |Row { kid, private_key, state, published_until }| {
        let state = match state.as_str() {
            "current" => State::Current,
            "next" => State::Next,
            _ => State::Retired,
        };
        let der = URL_SAFE_NO_PAD.decode(private_key).map_err(|_| KeyError::Damaged)?;
        let signer = EncodingKey::from_rsa_der(&der);
        let (n, e) = public_half(&signer)?.1;
        let verifier = DecodingKey::from_rsa_components(&n, &e).map_err(|_| KeyError::Damaged)?;
        Ok(Key { kid, state, published_until, signer, verifier, n, e })
    };
    rows.into_iter().map(parse).collect()
}

async fn insert<'c>(db: impl sqlx::AnyExecutor<'c>, pkcs1: Vec<u8>, state: &'static str) -> Result<(), KeyError> {
    let kid = public_half(&EncodingKey::from_rsa_der(&pkcs1))?.0;
    sqlx::query("INSERT INTO signing_keys (kid, private_key, state) VALUES ($1, $2, $3)")
        .bind(kid)
        .bind(URL_SAFE_NO_PAD.encode(pkcs1))
        .bind(state)
        .execute(db)
        .await?;
    Ok(())
}

/// A 2048-bit RSA key as PKCS#1, which is what jsonwebtoken signs with.
async fn generate() -> Result<Vec<u8>, KeyError> {
    let generate = || {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Generation)?;
        let pkcs8 = pair.as_der().map_err(|_| KeyError::Generation)?;
        // RFC 5208 §5: for this size, 26 bytes (sequence, version, algorithm, octet string) precede the RSAPrivateKey.
        let pkcs1 = pkcs8.as_ref().get(26..).ok_or(KeyError::Generation)?;
        KeyPair::from_der(pkcs1).map_err(|_| KeyError::Generation)?;
        Ok(pkcs1.to_vec())
    };
    // It takes long enough to hold up the other requests of this thread.
    tokio::task::spawn_blocking(generate).await.map_err(|_| KeyError::Generation)?
}

/// The key's thumbprint (RFC 7638), which is its `kid`, and its modulus and exponent in base64url.
fn public_half(key: &EncodingKey) -> Result<(String, (String, String)), KeyError> {
    let jwk = Jwk::from_encoding_key(key, Algorithm::RS256).map_err(|_| KeyError::Damaged)?;
    let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| KeyError::Damaged)?;
    match jwk.algorithm {
        AlgorithmParameters::RSA(rsa) => Ok((kid, (rsa.n, rsa.e))),
        _ => Err(KeyError::Damaged),
    }
}
