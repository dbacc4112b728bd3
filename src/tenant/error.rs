//! Errors in Entra's shape, and in two messages: `Display` of an endpoint's error goes to the log, [`Described`] to
//! the caller.

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use time::macros::format_description;
use uuid::Uuid;

use super::state::Tenant;

/// What the caller is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Described {
    /// The registered error code: `invalid_grant`.
    pub(super) error: &'static str,
    /// The number of the AADSTS code.
    pub(super) code: u32,
    /// Words for the developer of the app; names no secret.
    pub(super) message: String,
    /// Entra's refinement of `invalid_grant`.
    pub(super) suberror: Option<&'static str>,
    /// For `interaction_required`: what to send to the authorization endpoint as `claims`.
    pub(super) claims: Option<String>,
}

impl Described {
    /// An error without a suberror and claims.
    pub(super) fn new(error: &'static str, code: u32, message: impl Into<String>) -> Self {
        Self { error, code, message: message.into(), suberror: None, claims: None }
    }

    /// A required parameter is missing.
    pub(super) fn missing(parameter: &str) -> Self {
        let message = format!("The request body must contain the following parameter: '{parameter}'.");
        Self::new("invalid_request", 900_144, message)
    }

    /// The body is not what token and revocation endpoint take (RFC 6749 §3.2, RFC 7009 §2.1).
    pub(super) fn not_a_form() -> Self {
        let message = "Invalid request. Send the parameters as application/x-www-form-urlencoded.";
        Self::new("invalid_request", 9_002_313, message)
    }

    /// A parameter is there twice (RFC 6749 §3.2).
    pub(super) fn repeated(parameter: &str) -> Self {
        let message = format!("The parameter '{parameter}' is included more than once.");
        Self::new("invalid_request", 9_002_313, message)
    }

    /// `error_description`: within the characters of RFC 6749 §5.2 (§4.1.2.1), whatever the request contained.
    pub(super) fn description(&self, trace: &Trace) -> String {
        let text = format!(
            "AADSTS{code}: {message} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {timestamp}",
            code = self.code,
            message = self.message,
            trace_id = trace.id,
            correlation_id = trace.correlation_id,
            timestamp = trace.timestamp,
        );
        let allowed = |c: char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
        text.chars().map(|c| if allowed(c) { c } else { '?' }).collect()
    }

    /// The JSON answer of the endpoints that apps call (RFC 6749 §5.2).
    pub(super) fn json(&self, status: StatusCode, trace: &Trace) -> Response {
        let body = ErrorBody {
            error: self.error,
            error_description: self.description(trace),
            error_codes: [self.code],
            timestamp: &trace.timestamp,
            trace_id: trace.id,
            correlation_id: trace.correlation_id,
            suberror: self.suberror,
            claims: self.claims.as_deref(),
        };
        (status, [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(body)).into_response()
    }
}

/// RFC 6749 §5.2, with Entra's members.
#[derive(Serialize)]
struct ErrorBody<'d> {
    error: &'static str,
    error_description: String,
    error_codes: [u32; 1],
    timestamp: &'d str,
    trace_id: Uuid,
    correlation_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    suberror: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<&'d str>,
}

/// What ties an error that somebody reports to the log.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    /// New for every error.
    pub(super) id: Uuid,
    /// The caller's `client-request-id`, or else our request id.
    pub(super) correlation_id: Uuid,
    /// When: `2026-11-05 12:00:00Z`.
    pub(super) timestamp: String,
}

impl Trace {
    /// The trace of an error that answers a request with these headers.
    pub(super) fn new(tenant: &Tenant, headers: &HeaderMap) -> Self {
        let id = |name: &str| headers.get(name)?.to_str().ok()?.parse().ok();
        let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z");
        Self {
            id: Uuid::new_v4(),
            correlation_id: id("client-request-id").or_else(|| id("x-request-id")).unwrap_or_else(Uuid::new_v4),
            timestamp: tenant.clock().now().format(&format).unwrap_or_default(),
        }
    }
}

/// The tenant's database does not answer.
pub(super) fn unavailable() -> Described {
    Described::new("temporarily_unavailable", 90_033, "A transient error has occurred. Please try again.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_keeps_to_the_characters_of_the_standard() {
        let trace = Trace { id: Uuid::nil(), correlation_id: Uuid::nil(), timestamp: String::new() };
        let text = Described::new("invalid_scope", 70_011, "scope \"<x>\\\r\né\"").description(&trace);
        assert!(text.starts_with("AADSTS70011: scope ?<x>?????"), "{text}");
    }
}
