//! Refusals on their way out. An endpoint says what was wrong; [`complete`], the one layer around all endpoints, adds what
//! only it knows (the trace), writes the log and has the answer written.

use std::fmt::Display;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::{Described, Trace};
use super::state::Tenant;

type Render = dyn Fn(&Tenant, &Trace) -> Response + Send + Sync;

/// What an endpoint refuses to do.
#[derive(Clone)]
pub(super) struct Refusal {
    endpoint: &'static str,
    /// For the log.
    reason: String,
    is_outage: bool,
    render: Arc<Render>,
}

impl Refusal {
    /// A refusal of the caller's request. `reason` is for the log, what `render` writes for the caller.
    pub(super) fn new(
        endpoint: &'static str,
        reason: &dyn Display,
        render: impl Fn(&Tenant, &Trace) -> Response + Send + Sync + 'static,
    ) -> Self {
        Self { endpoint, reason: reason.to_string(), is_outage: false, render: Arc::new(render) }
    }

    /// The same; when it `is_outage`, it is our fault and not the caller's.
    #[must_use]
    pub(super) fn outage(self, is_outage: bool) -> Self {
        Self { is_outage, ..self }
    }

    /// In the form of RFC 6749 §5.2, as the token and revocation endpoints answer.
    pub(super) fn oauth(
        endpoint: &'static str,
        reason: &dyn Display,
        (status, described): (StatusCode, Described),
    ) -> Self {
        let render = move |_: &Tenant, trace: &Trace| {
            let mut response = described.json(status, trace);
            if status == StatusCode::UNAUTHORIZED {
                // RFC 6749 §5.2
                let challenge = HeaderValue::from_static("Basic realm=\"token\", charset=\"UTF-8\"");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            response
        };
        Self::new(endpoint, reason, render).outage(status == StatusCode::SERVICE_UNAVAILABLE)
    }
}

/// Says nothing yet: [`complete`] does.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The layer around all endpoints.
pub(super) async fn complete(State(tenant): State<Tenant>, request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    completed(&tenant, &headers, next.run(request).await)
}

/// The answer to a request with these headers: what `response` is, or what the refusal in it says.
pub(super) fn completed(tenant: &Tenant, headers: &HeaderMap, mut response: Response) -> Response {
    let Some(refusal) = response.extensions_mut().remove::<Refusal>() else { return response };
    let trace = Trace::new(tenant, headers);
    if refusal.is_outage {
        tracing::error!(trace = %trace.id, "{}: {}", refusal.endpoint, refusal.reason);
    } else {
        tracing::info!(trace = %trace.id, "{}: {}", refusal.endpoint, refusal.reason);
    }
    let mut answer = (refusal.render)(tenant, &trace);
    // Cookies that go with it, and what the layers around the endpoint added and the answer does not say otherwise.
    let added: Vec<_> = response.headers().iter().filter(|(name, _)| !answer.headers().contains_key(*name)).collect();
    let added: Vec<_> = added.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    for (name, value) in added.into_iter().filter(|(name, _)| name != header::CONTENT_LENGTH) {
        answer.headers_mut().append(name, value);
    }
    answer
}
