//! How often callers may call. A customer's requests are counted for each client app, so that one app that runs wild leaves
//! the customer's others alone; those of an app that calls as itself, for the app. Who is not known is not counted here: a
//! server bounds connections.

use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use time::Duration;

use super::config::{Quota, RateLimits};
use super::problem::Problem;
use crate::identity::bearer::{Caller, Kind};
use crate::platform::clock::Clock;
use crate::platform::config::ConfigError;
use crate::platform::rate_limit::{Left, Limit, Limiter};

/// draft-ietf-httpapi-ratelimit-headers §3
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// draft-ietf-httpapi-ratelimit-headers §4
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// More callers than one server has within a few minutes.
const MAX_CALLERS: usize = 1_000_000;

/// Counts requests.
pub(super) struct RateLimiter {
    limiter: Limiter<(&'static str, String, Option<String>)>,
    customer: Counted,
    app: Counted,
}

/// A limit, and what answers say of it.
#[derive(Clone, Copy)]
struct Counted {
    name: &'static str,
    quota: Quota,
    limit: Limit,
}

impl Counted {
    fn new(name: &'static str, key: &str, quota: Quota) -> Result<Self, ConfigError> {
        let Quota { requests, seconds } = quota;
        if !(1..=1_000_000).contains(&requests) || !(1..=86_400).contains(&seconds) {
            let problem = format!("is {requests} requests in {seconds} seconds");
            let remedy = "give 1 to 1000000 requests in 1 to 86400 seconds, such as { requests = 1200, seconds = 60 }";
            return Err(ConfigError::refused(&format!("api.rate_limits.{key}"), problem, remedy));
        }
        let pace = Duration::seconds(seconds.into()) / requests;
        Ok(Self { name, quota, limit: Limit { burst: requests, pace } })
    }

    fn describe(&self, left: Left, response: &mut Response) {
        let Self { name, quota: Quota { requests, seconds }, .. } = self;
        let policy = format!("\"{name}\";q={requests};w={seconds}");
        let limit = format!("\"{name}\";r={};t={}", left.remaining, seconds_up(left.reset));
        for (header, value) in [(POLICY, policy), (LIMIT, limit)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(header, value);
            }
        }
    }
}

impl RateLimiter {
    /// Checks the configured limits.
    pub(super) fn new(config: &RateLimits, clock: &Clock) -> Result<Self, ConfigError> {
        Ok(Self {
            limiter: Limiter::new(clock.clone(), MAX_CALLERS),
            customer: Counted::new("customer", "per_customer", config.per_customer)?,
            app: Counted::new("app", "per_app", config.per_app)?,
        })
    }
}

/// Whole seconds, rounded up.
fn seconds_up(duration: Duration) -> i64 {
    duration.whole_seconds() + i64::from(duration.subsec_nanoseconds() > 0)
}

/// Counts a request of a caller who is known, and says what is left; answers 429 where nothing is.
pub(super) async fn count(State(limits): State<Arc<RateLimiter>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, &limits).await;
    let request = Request::from_parts(parts, body);
    // Without a caller, the handler refuses.
    let Ok(caller) = caller else { return next.run(request).await };
    let counted = if caller.kind == Kind::User { limits.customer } else { limits.app };
    match limits.limiter.take(&[((counted.name, caller.key, caller.client_id), counted.limit)]) {
        Ok(left) => {
            let mut response = next.run(request).await;
            counted.describe(left, &mut response);
            response
        }
        Err(too_many) => {
            let seconds = seconds_up(too_many.retry_after).max(1);
            let mut response = Problem::rate_limited(seconds).into_response();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            let reset = Duration::seconds(counted.quota.seconds.into());
            counted.describe(Left { remaining: 0, reset }, &mut response);
            response
        }
    }
}
