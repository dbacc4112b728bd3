//! A sign-in on its way: what must be remembered between the redirect to the provider and the answer. It lives in a
//! sealed cookie of its own per attempt, so that tabs do not break each other, nothing is stored for a visitor who
//! never comes back, and an answer counts only in the browser that asked (RFC 9700 §4.7).

use axum::http::HeaderMap;
use cookie::{Cookie, SameSite};
use openidconnect::{CsrfToken, Nonce, PkceCodeVerifier};
use serde::{Deserialize, Serialize};
use time::Duration;
use tower_sessions::Session;

use crate::identity::config::ResponseMode;
use crate::identity::return_to::ReturnTo;
use crate::identity::scopes::Scopes;
use crate::identity::session::{self, Ending, UserKey};
use crate::identity::state::Identity;
use crate::platform::clock::Timestamp;
use crate::platform::{cookies, hash, random};

/// How long the customer has at the provider, in milliseconds: signing up takes a look into the mailbox.
pub(super) const LIFETIME: Duration = Duration::HOUR;
/// How many sign-ins one browser can have on their way, and how many bytes of cookies they may be together (a request's
/// headers are limited); the oldest give way.
const MAX_PENDING: usize = 10;
const MAX_PENDING_BYTES: usize = 12 * 1024;
/// The longest cookie that every browser keeps, in bytes, with its name and attributes (RFC 6265 §6.1).
const MAX_COOKIE: usize = 4096;
// Cookies that were set before this was renamed open under it.
const CONTEXT: &str = "sign-in transaction";

/// See the module.
#[derive(Serialize, Deserialize)]
pub(super) struct PendingSignIn {
    /// Ties the answer to this request (RFC 6749 §10.12).
    pub(super) state: CsrfToken,
    /// Ties the ID token to this request (OpenID Connect Core §3.1.2.1).
    pub(super) nonce: Nonce,
    /// Ties the code to this request (RFC 7636 §4.1).
    pub(super) code_verifier: PkceCodeVerifier,
    /// Where the customer wanted to go.
    pub(super) return_to: ReturnTo,
    /// What the code is exchanged for: scopes of one resource.
    pub(super) scopes: Scopes,
    /// The session that the browser had, as its row is called. An answer that comes as a form comes without its cookie.
    pub(super) session: Option<String>,
    /// Which challenge it answers (see [`super::challenge_in`]), where the customer was signed in and left for one.
    #[serde(default)]
    pub(super) challenge: Option<String>,
    /// When it began, milliseconds since the epoch.
    pub(super) began_at: Timestamp,
    /// Whether the customer must prove who they are, although the provider may know them.
    #[serde(default)]
    pub(super) prove: bool,
    /// What is done when they have, and for whom only.
    #[serde(default)]
    pub(super) then: Option<(UserKey, Ending)>,
}

impl PendingSignIn {
    /// A new one, with fresh 256-bit values.
    pub(super) fn begin(identity: &Identity, session: &Session, return_to: ReturnTo, scopes: &Scopes) -> Self {
        Self {
            state: CsrfToken::new(random::token()),
            nonce: Nonce::new(random::token()),
            // 43 characters of the unreserved set: the shortest that RFC 7636 §4.1 allows, with 256 bits.
            code_verifier: PkceCodeVerifier::new(random::token()),
            return_to,
            scopes: scopes.clone(),
            session: session::handle(session),
            challenge: None,
            began_at: identity.clock().timestamp(),
            prove: false,
            then: None,
        }
    }

    /// The cookies to set: this sign-in's, and removals of the oldest when there are too many. Where an address to return
    /// to makes it too long for a browser, it becomes the home page's. `None`: it is too long without that.
    pub(super) fn cookies(&mut self, identity: &Identity, request: &HeaderMap) -> Option<Vec<Cookie<'static>>> {
        let mut cookie = self.cookie(identity);
        if cookie.to_string().len() > MAX_COOKIE {
            tracing::info!(
                "a sign-in does not fit into a cookie with the address to return to; it leads to the home page"
            );
            self.return_to = identity.home();
            cookie = self.cookie(identity);
        }
        if cookie.to_string().len() > MAX_COOKIE {
            return None;
        }
        let mut cookies = vec![cookie];

        let prefix = prefix(identity);
        let sent = cookies::matching(request, |name| name.starts_with(&prefix));
        // One that does not open is older than all others.
        let mut others: Vec<(Timestamp, usize, &str)> = sent
            .into_iter()
            .map(|sent| {
                let value = sent.value.unwrap_or_default();
                (
                    open(identity, value).map_or(Timestamp::default(), |t| t.began_at),
                    sent.name.len() + value.len(),
                    sent.name,
                )
            })
            .collect();
        others.sort_unstable_by(|a, b| b.cmp(a));
        let mut bytes = 0;
        for (position, (_, size, name)) in others.into_iter().enumerate() {
            bytes += size;
            if position >= MAX_PENDING - 1 || bytes > MAX_PENDING_BYTES {
                cookies.push(removal(identity, name.to_owned()));
            }
        }
        Some(cookies)
    }

    fn cookie(&self, identity: &Identity) -> Cookie<'static> {
        let sealed = identity.keys().seal(CONTEXT, &serde_json::to_string(self).unwrap_or_default());
        let mut cookie = bare(identity, name(identity, self.state.secret()), sealed);
        cookie.set_max_age(LIFETIME);
        cookie
    }

    /// The sign-in of `state`, if this browser began it and it has not run out.
    pub(super) fn find(identity: &Identity, request: &HeaderMap, state: &str) -> Option<Self> {
        let pending = open(identity, cookies::read(request, &name(identity, state))?)?;
        let same = pending.state == CsrfToken::new(state.to_owned());
        (same && identity.clock().is_within(LIFETIME, pending.began_at)).then_some(pending)
    }

    /// Marks the state as used; `false` when it already was. One statement, so that of two answers at the same
    /// moment one loses.
    pub(super) async fn consume_state(&self, identity: &Identity) -> Result<bool, sqlx::Error> {
        let inserted =
            sqlx::query("INSERT INTO used_states (state, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(hash::sha256_base64url(self.state.secret()))
                .bind(self.began_at + LIFETIME)
                .execute(identity.db())
                .await?;
        Ok(inserted.rows_affected() == 1)
    }

    /// Takes the mark back: what came was no answer of the provider. So made-up codes leave no rows.
    pub(super) async fn release_state(&self, identity: &Identity) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM used_states WHERE state = $1")
            .bind(hash::sha256_base64url(self.state.secret()))
            .execute(identity.db())
            .await?;
        Ok(())
    }

    /// The cookie that removes this one.
    pub(super) fn removal(&self, identity: &Identity) -> Cookie<'static> {
        removal(identity, name(identity, self.state.secret()))
    }
}

fn open(identity: &Identity, sealed: &str) -> Option<PendingSignIn> {
    serde_json::from_str(&identity.keys().open(CONTEXT, sealed).ok()?).ok()
}

fn prefix(identity: &Identity) -> String {
    identity.cookie_name("sign-in-")
}

fn name(identity: &Identity, state: &str) -> String {
    let digest = hash::sha256_base64url(state);
    format!("{}{}", prefix(identity), &digest[..16])
}

fn bare(identity: &Identity, name: String, value: String) -> Cookie<'static> {
    // A form that the provider's page posts is a cross-site POST, to which browsers add no Lax cookie. None demands
    // Secure, which browsers accept on http://localhost too.
    let form_post = identity.authorization().response_mode == ResponseMode::FormPost;
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .secure(form_post || identity.is_https())
        .same_site(if form_post { SameSite::None } else { SameSite::Lax })
        .build()
}

fn removal(identity: &Identity, name: String) -> Cookie<'static> {
    let mut cookie = bare(identity, name, String::new());
    cookie.set_max_age(cookie::time::Duration::ZERO);
    cookie
}
