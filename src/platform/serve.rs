//! Listening and serving: one way for every program. Headers must arrive in time and be of sane size, bodies are
//! bounded, panics become answers, and shutdown lets requests in flight finish.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::TimeoutLayer;

/// How long the headers of a request may take to arrive (against slow-header attacks).
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one request may take altogether.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// How large a request's headers may always be, in bytes. hyper looks at the limit before it reads more, so up to twice
/// as many may pass; beyond that the answer is 431.
const MAX_HEADERS: usize = 32 * 1024;
/// How long requests in flight get to finish at shutdown.
const GRACE: Duration = Duration::from_secs(10);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    /// The id of the request that this task answers.
    static CORRELATION_ID: String;
}

/// Under which id calls to others are made: that of the request which this task answers, if it can go anywhere, else a
/// new one.
pub fn correlation_id() -> String {
    CORRELATION_ID.try_with(Clone::clone).unwrap_or_else(|_| uuid::Uuid::new_v4().to_string())
}

/// Runs `task` under a correlation id: for tasks that outlive the request that started them.
pub async fn with_correlation_id<F: Future>(id: String, task: F) -> F::Output {
    CORRELATION_ID.scope(id, task).await
}

/// Whether an id that came from outside is harmless in headers and logs of others.
fn is_harmless(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// Why a program cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody else is there already.
    #[error("{key} = {address} is in use by another program: stop it, or set `{key}` to a free port")]
    Busy {
        /// The configuration key.
        key: String,
        /// The address.
        address: SocketAddr,
    },
    /// Anything else, such as a privileged port or a foreign address.
    #[error("cannot listen on `{key}` = {address}: {reason}")]
    Other {
        /// The configuration key.
        key: String,
        /// The address.
        address: SocketAddr,
        /// The operating system's words.
        reason: String,
    },
}

/// Binds `address`; port 0 takes a free one. `key` names the configuration key in errors.
///
/// # Errors
/// [`ListenError`].
pub async fn listen(key: &str, address: SocketAddr) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).await.map_err(|e| match e.kind() {
        std::io::ErrorKind::AddrInUse => ListenError::Busy { key: key.to_owned(), address },
        _ => ListenError::Other { key: key.to_owned(), address, reason: e.to_string() },
    })
}

/// Serves `router` until `shutdown`, then lets requests in flight finish (for at most ten seconds).
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let graceful = GracefulShutdown::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: wait for some to be closed rather than spin.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = shutdown.cancelled() => break,
        };
        // Without it, a streamed page waits for the peer's delayed ACK: 40 ms a request.
        let _ = stream.set_nodelay(true);
        let router = router.clone().map_request(move |mut request: axum::http::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.map(axum::body::Body::new)
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIMEOUT)
            .max_buf_size(MAX_HEADERS)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended badly");
            }
        });
    }
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(GRACE) => tracing::warn!("requests were still in flight after {GRACE:?}"),
    }
}

/// Wraps a router in what all programs share: request id, logging (path only: queries carry codes), request
/// timeout, body limit of `max_body` bytes, panics answered with 500, and headers that harden every answer.
pub fn with_standard_layers(router: Router, program: &'static str, max_body: usize) -> Router {
    let header = |name: HeaderName, value: &'static str| {
        tower_http::set_header::SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    router
        .layer(RequestBodyLimitLayer::new(max_body))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIMEOUT))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(panicked))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        // Not `no-referrer`: forms without JavaScript are sent back to the page they stood on.
        .layer(header(header::REFERRER_POLICY, "same-origin"))
        .layer(header(header::CACHE_CONTROL, "no-store"))
        .layer(header(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ))
        .layer(middleware::from_fn(move |request, next| log(program, request, next)))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
}

/// What a browser shows when a handler panicked: an apology rather than a blank page. tower-http has logged it.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    const PAGE: &str = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
        <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
        <title>Something went wrong</title></head><body><main><h1>Something went wrong</h1>\
        <p>This is our fault, not yours, and it has been noted. Nothing that was saved is lost.</p>\
        <p>Go back and try again. <a href=\"/\">Home</a></p></main></body></html>";
    (StatusCode::INTERNAL_SERVER_ERROR, axum::response::Html(PAGE)).into_response()
}

async fn log(program: &'static str, request: Request, next: Next) -> Response {
    use tracing::Instrument as _;
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    let correlation_id = if is_harmless(id) { id.to_owned() } else { uuid::Uuid::new_v4().to_string() };
    let span = tracing::info_span!("request", program, id, method = %request.method(), path = request.uri().path());
    async move {
        let started = std::time::Instant::now();
        let response = with_correlation_id(correlation_id, next.run(request)).await;
        let status = response.status();
        let ms = started.elapsed().as_millis();
        if status.is_server_error() {
            tracing::error!(status = status.as_u16(), ms, "answered");
        } else {
            tracing::debug!(status = status.as_u16(), ms, "answered");
        }
        response
    }
    .instrument(span)
    .await
}

/// Cancels the returned token on Ctrl-C or SIGTERM.
///
/// # Panics
/// When the operating system refuses signal handlers, which leaves no way to stop cleanly.
pub fn shutdown_signal() -> CancellationToken {
    let token = CancellationToken::new();
    let cancel = token.clone();
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .expect("a handler for SIGTERM can be installed");
    tokio::spawn(async move {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        cancel.cancel();
    });
    token
}
