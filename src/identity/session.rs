//! The session of a signed-in customer: its typed content, and the store of its rows.
//!
//! Built on tower-sessions (cookie, lazy loading); the store is ours, because the published ones upsert: there, a
//! request in flight brings a session back that was just signed out. This one updates only rows that exist, keeps
//! an idle and an absolute lifetime, stores a digest in place of the id, and makes no row for anonymous visitors.

use std::collections::HashMap;
use std::fmt;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::AnyPool;
use time::Duration;
use tower_sessions::session::{Expiry, Id, Record};
use tower_sessions::session_store::{self, SessionStore};
use tower_sessions::{Session, SessionManagerLayer};

use super::config::ClaimNames;
use super::ended::{self, EndedBy};
use super::jwt::Claims;
use super::provider::Metadata;
use super::return_to::ReturnTo;
use super::scopes::Scopes;
use super::sign_in::set_cookie;
use super::{Identity, claim_names, jwt};
use crate::platform::clock::{Clock, from_millis};
use crate::platform::{cookies, random};

/// The session's entry that holds a [`SignedIn`].
const ENTRY: &str = "customer";
/// The session's entry that holds the ID token, sealed, where sign-out needs it.
const ID_TOKEN: &str = "id_token";
/// The session's entry that says how many others the customer just ended by proving who they are.
const ENDED_OTHERS: &str = "ended_others";
/// For how many seconds a proof of who somebody is counts as given lately.
const LATELY: i64 = 300;

/// Who a customer is, across sessions and sign-ins: tenant and object id at Entra, issuer and subject elsewhere.
/// Never the e-mail address, which changes hands (OpenID Connect Core §5.7).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CustomerKey(String);

impl CustomerKey {
    /// The key of the customer whose verified ID-token claims these are.
    pub(super) fn of(metadata: &Metadata, claims: &Claims, names: &ClaimNames) -> Option<Self> {
        let entra = metadata.tenant.and(jwt::text(claims, "tid").zip(jwt::text(claims, "oid")));
        if let Some((tid, oid)) = entra {
            return Some(Self(format!("{tid}.{oid}")));
        }
        let subject = match &names.object_id {
            Some(name) => claim_names::find(claims, name)?.as_str().filter(|id| !id.is_empty())?,
            None => jwt::text(claims, "sub")?,
        };
        Some(Self(format!("{}|{subject}", metadata.issuer)))
    }

    /// The key that was stored as this text: what [`CustomerKey::as_str`] gave.
    pub fn stored(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a session knows of its customer. Contains no token.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignedIn {
    /// Who it is.
    pub key: CustomerKey,
    /// How to address them, as the provider's claims say; says nothing about who it is.
    pub name: Option<String>,
    /// The verified claims of the ID token, and those of `UserInfo` where it was asked.
    pub claims: Claims,
    /// When they signed in, milliseconds since the epoch.
    pub signed_in_at: i64,
    /// The browser they signed in with, for them to recognise: `Firefox on Linux`.
    pub browser: String,
    /// When the provider's grant ends, milliseconds since the epoch, where the provider says so.
    pub ends_at: Option<i64>,
    /// The scopes that this sign-in asked for. When one of them is still missing right afterwards, asking again would
    /// bring the same.
    pub asked: Scopes,
    /// The challenge that this sign-in answered (see [`super::sign_in::challenge_in`]).
    #[serde(default)]
    pub challenge: Option<String>,
}

/// Which of their sessions a customer ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The one of this handle ([`SessionSummary::handle`]).
    One(String),
    /// All but the one that asks.
    Others,
}

/// What became of a customer's wish to end sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// So many ended. None: there was none (any more) by that handle, or it is somebody else's.
    Sessions(usize),
    /// They must prove first who they are (ASVS 5.0 §7.5.2): at this address, on this site. It is done when they have.
    ProofRequired {
        /// For a full page load.
        url: String,
    },
}

/// One of a customer's sessions, as their account page lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSummary {
    /// Names the session in [`Ending::One`]; opens nothing.
    pub handle: String,
    /// `Firefox on Linux`.
    pub browser: String,
    /// Milliseconds since the epoch.
    pub signed_in_at: i64,
    /// Milliseconds since the epoch; may lag by a twentieth of the idle lifetime.
    pub last_seen_at: i64,
    /// Whether it is the session that asks.
    pub current: bool,
}

impl SignedIn {
    /// The customer of this session; `None` for a visitor.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn load(session: &Session) -> Result<Option<Self>, tower_sessions::session::Error> {
        match session.get(ENTRY).await {
            // Another version's: whoever it was signs in again, instead of being locked out until it runs out.
            Err(tower_sessions::session::Error::SerdeJson(error)) => {
                tracing::warn!(%error, "a session of another version of Errand is not understood, and counts as none");
                Ok(None)
            }
            loaded => loaded,
        }
    }

    /// A claim that is text.
    pub fn claim(&self, name: &str) -> Option<&str> {
        jwt::text(&self.claims, name)
    }

    /// Whether they proved lately who they are, as the provider says (`auth_time`, OpenID Connect Core §2); one that does not
    /// say when is asked to have it proved. A session may be made without any proof, from the provider's own.
    pub fn has_proved_lately(&self, now: i64) -> bool {
        let Ok(Some(proved)) = jwt::seconds(&self.claims, "auth_time") else { return false };
        let seconds = now.div_euclid(1000);
        (seconds - LATELY..=seconds + jwt::SKEW).contains(&proved)
    }

    /// How many other sessions the customer ended by the proof that they just came back from; told once.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn take_ended_others(session: &Session) -> Result<Option<usize>, tower_sessions::session::Error> {
        // A removal counts as a change, and a change costs a database write, whether or not there was anything.
        match session.get_value(ENDED_OTHERS).await? {
            None => Ok(None),
            Some(_) => session.remove(ENDED_OTHERS).await,
        }
    }

    /// Leaves what [`SignedIn::take_ended_others`] takes.
    pub(super) async fn leave_ended_others(
        session: &Session,
        ended: usize,
    ) -> Result<(), tower_sessions::session::Error> {
        session.insert(ENDED_OTHERS, ended).await?;
        session.save().await
    }

    /// Makes `session` this customer's, under a new id; the old id is dead (ASVS 5.0 §7.2.4).
    /// `id_token` is what sign-out will show to the provider, where it must.
    pub(super) async fn begin(
        &self,
        identity: &Identity,
        session: &Session,
        id_token: Option<&str>,
    ) -> Result<(), tower_sessions::session::Error> {
        session.cycle_id().await?;
        session.clear().await;
        session.insert(ENTRY, self).await?;
        if let Some(id_token) = id_token {
            session.insert(ID_TOKEN, identity.keys.seal(&self.id_token_context(), id_token)).await?;
        }
        session.save().await
    }

    /// The ID token that [`SignedIn::begin`] kept.
    pub(super) async fn id_token(
        &self,
        identity: &Identity,
        session: &Session,
    ) -> Result<Option<String>, tower_sessions::session::Error> {
        let sealed: Option<String> = session.get(ID_TOKEN).await?;
        Ok(sealed.and_then(|sealed| identity.keys.open(&self.id_token_context(), &sealed).ok()))
    }

    fn id_token_context(&self) -> String {
        format!("id token\n{}", self.key)
    }
}

tokio::task_local! {
    /// Set while somebody waits to hear whether a session could be saved.
    static MUST_KEEP: ();
}

/// Saves what was put into the session of somebody who is signed in, now, and tells whether that worked.
///
/// # Errors
/// When the database does not answer, or refuses.
pub async fn keep(session: &Session) -> Result<(), tower_sessions::session::Error> {
    MUST_KEEP.scope((), session.save()).await
}

/// The rows of sessions.
#[derive(Clone)]
pub struct Store {
    db: AnyPool,
    clock: Clock,
    idle: Duration,
    absolute: Duration,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

/// Gives the handlers of `router` their [`Session`].
pub(super) fn provide(identity: &Identity, router: Router) -> Router {
    let store = Store::new(identity);
    let absolute = store.absolute;
    let layer = SessionManagerLayer::new(store)
        .with_name(identity.cookie_name(""))
        .with_secure(identity.is_https())
        .with_http_only(true)
        // Lax: the callback is a top-level navigation from the provider, which must bring the cookie along.
        .with_same_site(tower_sessions::cookie::SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(absolute));
    router.layer(layer).layer(middleware::from_fn_with_state(identity.clone(), own_cookies))
}

/// Stands in front of tower-sessions, whose reader of cookies decodes their names, so that `%65rrand` would be `errand`:
/// what it (and everything behind) reads is a `Cookie` header that we wrote. It removes its cookie without the attributes
/// that it was set with; browsers ignore that for a `__Host-` name, and would keep a dead cookie until it runs out.
async fn own_cookies(State(identity): State<Identity>, mut request: Request, next: Next) -> Response {
    let name = identity.cookie_name("");
    let is_sent = cookies::is_sent(request.headers(), &name);
    let id = cookies::read(request.headers(), &name).and_then(|value| value.parse::<Id>().ok());
    let is_id = id.is_some();
    let others = format!("{name}-");
    cookies::rewrite(request.headers_mut(), |sent| (is_id && sent == name) || sent.starts_with(&others));
    let mut response = next.run(request).await;

    let set: Vec<HeaderValue> = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
    let ours =
        |value: &HeaderValue| value.as_bytes().strip_prefix(name.as_bytes()).is_some_and(|v| v.starts_with(b"="));
    let is_removed = set.iter().any(|value| value.as_bytes().starts_with(format!("{name}=;").as_bytes()));
    // One that cannot be an id signs nobody in, and need not come again.
    if !is_removed && (is_id || !is_sent || set.iter().any(ours)) {
        return response;
    }
    let headers = response.headers_mut();
    headers.remove(header::SET_COOKIE);
    for value in set.into_iter().filter(|value| !ours(value)) {
        headers.append(header::SET_COOKIE, value);
    }
    let ended = match id {
        Some(id) => ended::Ended::of_session(&identity, &random::digest(&id.to_string())).await,
        None => Ok(None),
    };
    match ended {
        Ok(ended) => {
            set_cookie(headers, &removal(&identity));
            if let Some(ended) = ended {
                set_cookie(headers, &ended.cookie(&identity));
            }
        }
        // It says which session it was: it must not get lost.
        Err(error) => tracing::error!(%error, "how a session ended cannot be told; its cookie is kept"),
    }
    response
}

/// The cookie that removes the session's.
fn removal(identity: &Identity) -> cookie::Cookie<'static> {
    cookie::Cookie::build((identity.cookie_name(""), ""))
        .path("/")
        .http_only(true)
        .secure(identity.is_https())
        .same_site(cookie::SameSite::Lax)
        .max_age(cookie::time::Duration::ZERO)
        .build()
}

impl Store {
    /// The store of an app's sessions.
    pub(super) fn new(identity: &Identity) -> Self {
        let lifetime = identity.session_lifetime;
        Self {
            db: identity.db.clone(),
            clock: identity.clock.clone(),
            idle: Duration::hours(lifetime.idle_hours.into()),
            absolute: Duration::hours(lifetime.absolute_hours.into()),
        }
    }

    /// Times of creation and of the last request before which a session is over.
    fn horizons(&self) -> (i64, i64) {
        let now = self.clock.unix_millis();
        (now - millis(self.absolute), now - millis(self.idle))
    }

    /// Whether a session with such a row has not run out.
    pub(super) fn is_alive(&self, created_at: i64, last_seen_at: i64, ends_at: Option<i64>) -> bool {
        let (created, seen) = self.horizons();
        created_at > created && last_seen_at > seen && ends_at.is_none_or(|end| end > self.clock.unix_millis())
    }

    /// Before this time, in milliseconds since the epoch, no session began that is not over.
    pub(super) fn absolute_horizon(&self) -> i64 {
        self.horizons().0
    }

    /// How far a row's last-seen time may lag behind: a twentieth of the idle lifetime, so that a signed-in page
    /// costs no database write.
    fn lag(&self) -> i64 {
        (millis(self.idle) / 20).max(60_000)
    }

    /// Removes sessions that are over.
    pub(super) async fn sweep(&self) -> Result<u64, sqlx::Error> {
        let (created, seen) = self.horizons();
        let over = "DELETE FROM sessions WHERE created_at <= $1 OR last_seen_at <= $2 OR ends_at <= $3";
        let now = self.clock.unix_millis();
        let swept = sqlx::query(over).bind(created).bind(seen).bind(now).execute(&self.db).await?;
        Ok(swept.rows_affected())
    }

    /// Who has the session `id`, and how many milliseconds are left of it if nothing is done. Unlike
    /// [`SessionStore::load`], this does not count as being seen.
    pub(super) async fn peek(&self, id: &Id) -> session_store::Result<Option<(SignedIn, i64)>> {
        let Some(row) = self.row(id).await? else { return Ok(None) };
        // One that is not understood counts as none, here as elsewhere.
        let data: HashMap<String, Value> = decode(&row.data).unwrap_or_default();
        let Some(signed_in) = data.get(ENTRY).and_then(|customer| SignedIn::deserialize(customer).ok()) else {
            return Ok(None);
        };
        let end = (row.last_seen_at.saturating_add(millis(self.idle))).min(self.end(&row));
        Ok(Some((signed_in, end - self.clock.unix_millis())))
    }

    /// When a session ends however busy it is, milliseconds since the epoch.
    fn end(&self, row: &Row) -> i64 {
        row.created_at.saturating_add(millis(self.absolute)).min(row.ends_at.unwrap_or(i64::MAX))
    }

    async fn row(&self, id: &Id) -> session_store::Result<Option<Row>> {
        let (created, seen) = self.horizons();
        sqlx::query_as(
            "SELECT data, created_at, last_seen_at, ends_at FROM sessions \
             WHERE id = $1 AND created_at > $2 AND last_seen_at > $3 AND (ends_at IS NULL OR ends_at > $4)",
        )
        .bind(random::digest(&id.to_string()))
        .bind(created)
        .bind(seen)
        .bind(self.clock.unix_millis())
        .fetch_optional(&self.db)
        .await
        .map_err(|e| backend(&e))
    }
}

/// A session's row, as far as it is read.
#[derive(sqlx::FromRow)]
struct Row {
    data: String,
    created_at: i64,
    last_seen_at: i64,
    ends_at: Option<i64>,
}

impl Identity {
    /// Where the customer is signed in: their sessions that are not over, the one seen last first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sessions(&self, customer: &SignedIn, session: &Session) -> Result<Vec<SessionSummary>, sqlx::Error> {
        let (created, seen) = Store::new(self).horizons();
        let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(
            "SELECT id, browser, created_at, last_seen_at FROM sessions WHERE customer = $1 \
             AND created_at > $2 AND last_seen_at > $3 AND (ends_at IS NULL OR ends_at > $4) \
             ORDER BY last_seen_at DESC, id LIMIT 100",
        )
        .bind(customer.key.as_str())
        .bind(created)
        .bind(seen)
        .bind(self.clock.unix_millis())
        .fetch_all(&self.db)
        .await?;
        let current = handle(session);
        let summary = |(id, browser, signed_in_at, last_seen_at)| {
            let current = current.as_ref() == Some(&id);
            SessionSummary { handle: id, browser, signed_in_at, last_seen_at, current }
        };
        Ok(rows.into_iter().map(summary).collect())
    }

    /// Whose session a request brings, where no handler has it as its [`Session`]. Does not count as being seen.
    pub async fn customer_of(&self, headers: &axum::http::HeaderMap) -> Option<CustomerKey> {
        let id = cookies::read(headers, &self.cookie_name(""))?.parse::<Id>().ok()?;
        let (signed_in, _) = Store::new(self).peek(&id).await.ok()??;
        Some(signed_in.key)
    }

    /// Whether the customer is signed in anywhere.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_signed_in(&self, customer: &CustomerKey) -> Result<bool, sqlx::Error> {
        let (created, seen) = Store::new(self).horizons();
        let sessions: Vec<(String,)> = sqlx::query_as(
            "SELECT id FROM sessions WHERE customer = $1 AND created_at > $2 AND last_seen_at > $3 \
             AND (ends_at IS NULL OR ends_at > $4) LIMIT 1",
        )
        .bind(customer.as_str())
        .bind(created)
        .bind(seen)
        .bind(self.clock.unix_millis())
        .fetch_all(&self.db)
        .await?;
        Ok(!sessions.is_empty())
    }

    /// Ends sessions of the customer but the one that asks, once they have proved lately who they are: whoever finds an
    /// open browser must not throw the customer out of theirs. `return_to` is where they come back to when they have.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_sessions(
        &self,
        customer: &SignedIn,
        session: &Session,
        which: &Ending,
        return_to: &ReturnTo,
    ) -> Result<Ended, sqlx::Error> {
        if !customer.has_proved_lately(self.clock.unix_millis()) {
            return Ok(Ended::ProofRequired { url: self.proof_url(&customer.key, which.clone(), return_to) });
        }
        Ok(Ended::Sessions(self.end_proved(&customer.key, session, which).await?))
    }

    /// Ends sessions of a customer who has proved who they are; how many. With the last one, their tokens go too.
    pub(super) async fn end_proved(
        &self,
        customer: &CustomerKey,
        session: &Session,
        which: &Ending,
    ) -> Result<usize, sqlx::Error> {
        let (statement, name) = match which {
            Ending::One(handle) => (
                "DELETE FROM sessions WHERE customer = $1 AND id = $2 \
                 RETURNING id, customer, created_at, last_seen_at, ends_at, sid",
                handle.clone(),
            ),
            Ending::Others => (
                "DELETE FROM sessions WHERE customer = $1 AND id <> $2 \
                 RETURNING id, customer, created_at, last_seen_at, ends_at, sid",
                handle(session).unwrap_or_default(),
            ),
        };
        let mut transaction = self.db.begin().await?;
        let deleted: Vec<ended::Deleted> =
            sqlx::query_as(statement).bind(customer.as_str()).bind(name).fetch_all(&mut *transaction).await?;
        let sids: Vec<String> = deleted.iter().filter_map(|(.., sid)| sid.clone()).collect();
        let ended = self.note_ended(&mut transaction, deleted, EndedBy::Browser).await?.len();
        let left: Vec<String> = sqlx::query_scalar("SELECT sid FROM sessions WHERE customer = $1 AND sid IS NOT NULL")
            .bind(customer.as_str())
            .fetch_all(&mut *transaction)
            .await?;
        // This one may end at the same moment.
        let forgotten = self.tokens.forget_in(&mut transaction, std::slice::from_ref(customer)).await?;
        transaction.commit().await?;
        self.tokens.forgotten(forgotten);
        // The provider's sessions of those browsers, where it ends them for an app; not one that a session of ours goes on in.
        for sid in sids.into_iter().filter(|sid| !left.contains(sid)) {
            self.tokens.client().end_session_in_background(sid);
        }
        Ok(ended)
    }

    async fn note_ended(
        &self,
        connection: &mut sqlx::AnyConnection,
        deleted: Vec<ended::Deleted>,
        by: EndedBy,
    ) -> Result<Vec<CustomerKey>, sqlx::Error> {
        ended::note(connection, &Store::new(self), deleted, by, self.clock.unix_millis()).await
    }
}

/// How a provider names sessions that are to end: by session, by customer, or by both.
pub(super) struct Named<'a> {
    pub(super) issuer: &'a str,
    pub(super) subject: Option<&'a str>,
    pub(super) sid: Option<&'a str>,
}

/// Ends the sessions that the provider names, and none if it names nothing; whose they were. Their tokens are the
/// caller's to drop, in the same transaction.
pub(super) async fn end_named(
    identity: &Identity,
    connection: &mut sqlx::AnyConnection,
    named: &Named<'_>,
) -> Result<Vec<CustomerKey>, sqlx::Error> {
    let statement = match (named.subject, named.sid) {
        (Some(_), Some(_)) => {
            "DELETE FROM sessions WHERE issuer = $1 AND subject = $2 AND sid = $3 \
             RETURNING id, customer, created_at, last_seen_at, ends_at, sid"
        }
        (Some(_), None) => {
            "DELETE FROM sessions WHERE issuer = $1 AND subject = $2 \
             RETURNING id, customer, created_at, last_seen_at, ends_at, sid"
        }
        (None, Some(_)) => {
            "DELETE FROM sessions WHERE issuer = $1 AND sid = $2 \
             RETURNING id, customer, created_at, last_seen_at, ends_at, sid"
        }
        (None, None) => return Ok(Vec::new()),
    };
    let mut query = sqlx::query_as(statement).bind(named.issuer);
    for name in [named.subject, named.sid].into_iter().flatten() {
        query = query.bind(name);
    }
    let deleted: Vec<ended::Deleted> = query.fetch_all(&mut *connection).await?;
    identity.note_ended(connection, deleted, EndedBy::Provider).await
}

/// Ends the session whose row is called `handle`, and drops the tokens of its customer if it was their last one.
pub(super) async fn end(identity: &Identity, handle: &str) -> Result<(), sqlx::Error> {
    let mut transaction = identity.db.begin().await?;
    let customers: Vec<String> = sqlx::query_scalar("DELETE FROM sessions WHERE id = $1 RETURNING customer")
        .bind(handle)
        .fetch_all(&mut *transaction)
        .await?;
    let customers: Vec<CustomerKey> = customers.into_iter().map(CustomerKey).collect();
    let forgotten = identity.tokens.forget_in(&mut transaction, &customers).await?;
    transaction.commit().await?;
    identity.tokens.forgotten(forgotten);
    Ok(())
}

/// Whose the session is whose row is called `handle`.
pub(super) async fn customer_of(identity: &Identity, handle: &str) -> Result<Option<CustomerKey>, sqlx::Error> {
    let customers: Vec<(String,)> =
        sqlx::query_as("SELECT customer FROM sessions WHERE id = $1").bind(handle).fetch_all(&identity.db).await?;
    Ok(customers.into_iter().next().map(|(customer,)| CustomerKey(customer)))
}

/// What a session's row is called.
pub(super) fn handle(session: &Session) -> Option<String> {
    session.id().map(|id| random::digest(&id.to_string()))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.whole_milliseconds()).unwrap_or(i64::MAX)
}

fn backend(error: &sqlx::Error) -> session_store::Error {
    session_store::Error::Backend(error.to_string())
}

fn encode(data: &HashMap<String, Value>) -> session_store::Result<String> {
    serde_json::to_string(data).map_err(|e| session_store::Error::Encode(e.to_string()))
}

fn decode(data: &str) -> session_store::Result<HashMap<String, Value>> {
    serde_json::from_str(data).map_err(|e| session_store::Error::Decode(e.to_string()))
}

#[async_trait::async_trait]
impl SessionStore for Store {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        let Some(customer) = record.data.get(ENTRY) else {
            let reason = "a session begins with sign-in; anonymous visitors have no row";
            return Err(session_store::Error::Backend(reason.to_owned()));
        };
        let customer = SignedIn::deserialize(customer).map_err(|e| session_store::Error::Encode(e.to_string()))?;
        let now = self.clock.unix_millis();
        // 128 random bits do not collide; were they to, the key refuses the second row.
        sqlx::query(
            "INSERT INTO sessions \
             (id, customer, issuer, subject, sid, browser, data, created_at, last_seen_at, ends_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(random::digest(&record.id.to_string()))
        .bind(customer.key.as_str())
        .bind(customer.claim("iss").unwrap_or_default())
        .bind(customer.claim("sub").unwrap_or_default())
        .bind(customer.claim("sid"))
        .bind(&customer.browser)
        .bind(encode(&record.data)?)
        .bind(now)
        .bind(now)
        .bind(customer.ends_at)
        .execute(&self.db)
        .await
        .map_err(|e| backend(&e))?;
        Ok(())
    }

    /// Updates the row if it still exists: sign-out wins over any request in flight. A failure is reported to
    /// [`keep`] only: when tower-sessions saves by itself, once a request is answered, the answer would be thrown away
    /// for an empty one with status 500, and what it could not note can be done without.
    async fn save(&self, record: &Record) -> session_store::Result<()> {
        let saved = sqlx::query("UPDATE sessions SET data = $1 WHERE id = $2")
            .bind(encode(&record.data)?)
            .bind(random::digest(&record.id.to_string()))
            .execute(&self.db)
            .await;
        match saved {
            Ok(_) => Ok(()),
            Err(error) if MUST_KEEP.try_with(|()| ()).is_ok() => Err(backend(&error)),
            Err(error) => {
                tracing::error!(%error, "what a session has to remember could not be saved");
                Ok(())
            }
        }
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let Some(row) = self.row(id).await? else { return Ok(None) };
        let now = self.clock.unix_millis();
        if now - row.last_seen_at > self.lag() {
            let touched = sqlx::query("UPDATE sessions SET last_seen_at = $1 WHERE id = $2 AND last_seen_at < $1")
                .bind(now)
                .bind(random::digest(&id.to_string()))
                .execute(&self.db)
                .await;
            // A full disk must not keep anybody from reading.
            if let Err(error) = touched {
                tracing::warn!(%error, "the time of a session's last request could not be noted");
            }
        }
        let expiry_date = from_millis(self.end(&row));
        match decode(&row.data) {
            Ok(data) => Ok(Some(Record { id: *id, data, expiry_date })),
            // It would lock its browser out, and its browser forgets it now: nobody could end it any more.
            Err(error) => {
                tracing::error!(%error, "a session's row is broken, and is removed");
                self.delete(id).await?;
                Ok(None)
            }
        }
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        sqlx::query("DELETE FROM sessions WHERE id = $1")
            .bind(random::digest(&id.to_string()))
            .execute(&self.db)
            .await
            .map_err(|e| backend(&e))?;
        Ok(())
    }
}
