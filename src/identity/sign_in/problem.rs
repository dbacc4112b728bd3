//! Whether a problem is there, or only its page's address. Anybody can write that; the status of a failure (which is
//! counted, logged, and wakes people) belongs to the browser that was sent there, once. A sealed cookie tells.

use axum::http::{HeaderMap, StatusCode};
use cookie::{Cookie, SameSite};

use super::Problem;
use crate::identity::Identity;
use crate::platform::cookies;

/// How long it is believed, in milliseconds: until the page is there.
const LIFETIME: i64 = 60_000;
const CONTEXT: &str = "problem";
/// What the cookie is for (see [`Identity::cookie_name`]).
const COOKIE: &str = "problem";

/// The cookie that says that this browser was sent to the page about `problem`, just now.
pub(super) fn cookie(identity: &Identity, problem: Problem) -> Cookie<'static> {
    let told = format!("{} {}", problem.as_str(), identity.clock.unix_millis());
    let mut cookie = bare(identity, identity.keys.seal(CONTEXT, &told));
    cookie.set_max_age(cookie::time::Duration::milliseconds(LIFETIME));
    cookie
}

impl Identity {
    /// The status of the page about the problem `reason`, where this browser was sent there a moment ago because of it.
    /// Its cookie is used up: [`Identity::problem_removal`].
    pub fn problem_status(&self, headers: &HeaderMap, reason: &str) -> Option<StatusCode> {
        let sealed = cookies::read(headers, &self.cookie_name(COOKIE))?;
        let told = self.keys.open(CONTEXT, sealed).ok()?;
        let (told, at) = told.split_once(' ')?;
        let age = self.clock.unix_millis() - at.parse::<i64>().ok()?;
        let is_it = told == reason && (-60_000..LIFETIME).contains(&age);
        is_it.then_some(StatusCode::SERVICE_UNAVAILABLE)
    }

    /// The cookie that makes the browser forget the problem.
    pub fn problem_removal(&self) -> Cookie<'static> {
        let mut removal = bare(self, String::new());
        removal.set_max_age(cookie::time::Duration::ZERO);
        removal
    }
}

fn bare(identity: &Identity, value: String) -> Cookie<'static> {
    Cookie::build((identity.cookie_name(COOKIE), value))
        .path("/")
        .http_only(true)
        .secure(identity.is_https())
        .same_site(SameSite::Lax)
        .build()
}
