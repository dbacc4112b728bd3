//! Listening and serving: one way for every program. Headers must arrive in time and be of sane size, bodies are
//! bounded, panics become answers, and shutdown lets requests in flight finish.

mod connections;
mod explain;
mod request;
mod request_body;
mod socket;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use hyper::body::{Frame, SizeHint};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{ServiceBuilder, ServiceExt as _};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use self::connections::{Busy, Full, Open, Place};
pub use self::connections::{ConnectionsConfig, Limits};
pub use self::request::Malformed;
use self::request_body::RequestBody;
use self::socket::Socket;

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

/// What a handler whose answer has no end of its own must know of the server that sends it. Taken as an argument.
#[derive(Clone, Debug)]
pub struct Serving {
    /// Cancelled when the server stops: it waits for all answers, and so for this one.
    pub stopping: CancellationToken,
    /// How many connections there may be. Such an answer occupies one of them, and others must still be let in.
    pub max: usize,
}

impl Default for Serving {
    /// A server without limits, that never stops.
    fn default() -> Self {
        Self { stopping: CancellationToken::new(), max: usize::MAX }
    }
}

impl<S: Sync> FromRequestParts<S> for Serving {
    type Rejection = std::convert::Infallible;

    fn from_request_parts(parts: &mut Parts, _: &S) -> impl Future<Output = Result<Self, Self::Rejection>> {
        std::future::ready(Ok(parts.extensions.get().cloned().unwrap_or_default()))
    }
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
    serve_within(listener, router, Limits::default(), shutdown).await;
}

/// As [`serve`], with limits of one's own.
pub async fn serve_within(listener: TcpListener, router: Router, limits: Limits, shutdown: CancellationToken) {
    let address = listener.local_addr().map_or_else(|_| "?".to_owned(), |address| address.to_string());
    let Limits { max, max_per_address, keep_alive, .. } = &limits;
    let descriptors = crate::platform::process::descriptors();
    tracing::info!(max, max_per_address, ?keep_alive, descriptors, "takes connections at {address}");
    let limits = Arc::new(limits);
    let open = Open::new(limits.clone());
    let tasks = TaskTracker::new();
    let mut refusals = Refusals::default();
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
        match open.enter(peer.ip()) {
            Ok(place) => {
                tasks.spawn(connected(stream, peer, place, limits.clone(), router.clone(), shutdown.clone()));
            }
            Err(full) => {
                // Whoever hears it does, nobody waits for it.
                let _ = stream.try_write(TOO_MANY);
                refusals.note(full, &limits);
            }
        }
    }
    drop(listener);
    tasks.close();
    if tokio::time::timeout(GRACE, tasks.wait()).await.is_err() {
        tracing::warn!("requests were still in flight after {GRACE:?}");
    }
}

/// What whoever finds no room is told.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n\
    cache-control: no-store\r\nretry-after: 5\r\ncontent-length: 53\r\nconnection: close\r\n\r\n\
    Too many connections are open. Try again in a moment.";

/// Connections that were refused: the log hears of the first one, then once a minute how many there were.
#[derive(Default)]
struct Refusals {
    count: u64,
    told: Option<Instant>,
}

impl Refusals {
    fn note(&mut self, full: Full, limits: &Limits) {
        self.count += 1;
        if self.told.is_some_and(|told| told.elapsed() < Duration::from_mins(1)) {
            return;
        }
        let (count, max) = (self.count, limits.max);
        match full {
            Full::InAll => {
                tracing::warn!(count, max, "connections were refused: all are in use (`connections.max`)");
            }
            Full::OfThisAddress => tracing::warn!(
                count,
                max_per_address = limits.max_per_address,
                "connections of one address were refused (`connections.max_per_address`; is it a proxy? then list it in \
                 `connections.proxies`)"
            ),
        }
        *self = Self { count: 0, told: Some(Instant::now()) };
    }
}

/// Answers the requests of one connection.
async fn connected(
    stream: TcpStream,
    peer: SocketAddr,
    place: Place,
    limits: Arc<Limits>,
    router: Router,
    shutdown: CancellationToken,
) {
    let connection = &place.connection;
    let serving = Serving { stopping: shutdown.clone(), max: limits.max };
    let socket = Socket::new(stream, connection.clone(), limits);
    let service = hyper::service::service_fn(|mut request: hyper::Request<hyper::body::Incoming>| {
        let busy = connection.begin();
        request::check(&mut request);
        request.extensions_mut().insert(ConnectInfo(peer));
        request.extensions_mut().insert(serving.clone());
        let (head, incoming) = request.into_parts();
        let body = Body::new(RequestBody::new(&head.headers, incoming));
        let answered = router.clone().oneshot(Request::from_parts(head, body));
        async move { answered.await.map(|response| response.map(|body| Answer { body, _busy: busy })) }
    });
    // The socket watches over the headers' time, which hyper would count from the end of the answer before.
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(MAX_HEADERS)
        .serve_connection(TokioIo::new(socket), service);
    let mut served = pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = shutdown.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
        () = connection.evicted.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended badly");
    }
}

/// The body of an answer: the connection is busy until it is sent, or given up.
struct Answer {
    body: Body,
    _busy: Busy,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// What no page of ours needs: sensors, devices, payments, topics.
const PERMISSIONS: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), \
     microphone=(), midi=(), payment=(), usb=()";

/// Wraps a router in what all programs share: request id, logging (path only: queries carry codes), request
/// timeout, body limit of `max_body` bytes, panics answered with 500, a body for errors that have none, and headers
/// that harden every answer.
pub fn with_standard_layers(router: Router, program: &'static str, max_body: usize) -> Router {
    let header = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    // In one layer of the router: each of those is an allocation or two in every request.
    let headers = ServiceBuilder::new()
        .layer(header(HeaderName::from_static("permissions-policy"), PERMISSIONS))
        .layer(header(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .layer(header(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(header(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ))
        .layer(header(header::CACHE_CONTROL, "no-store"))
        // Not `no-referrer`: forms without JavaScript are sent back to the page they stood on.
        .layer(header(header::REFERRER_POLICY, "same-origin"))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    router
        .layer(RequestBodyLimitLayer::new(max_body))
        .layer(middleware::from_fn(move |request, next| refuse_early(max_body, request, next)))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIMEOUT))
        .layer(tower_http::catch_panic::CatchPanicLayer::custom(explain::panicked))
        .layer(middleware::from_fn(request::answer))
        .layer(middleware::from_fn(explain::answer))
        .layer(headers)
        .layer(middleware::from_fn(move |request, next| log(program, request, next)))
        .layer(
            ServiceBuilder::new()
                .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
                .layer(PropagateRequestIdLayer::new(REQUEST_ID)),
        )
        .layer(middleware::map_request(keep_harmless_id))
}

/// Says at once that a body is too large, to whoever sends it, where its length is announced (RFC 9110 §15.5.14).
pub async fn refuse_early(max_body: usize, request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > max_body) {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    next.run(request).await
}

/// Adds `Strict-Transport-Security` to every answer (RFC 6797): for servers that browsers reach by https alone. For a
/// year; without `includeSubDomains`, because the names below are not ours to decide on.
pub fn with_transport_security(router: Router) -> Router {
    let year = HeaderValue::from_static("max-age=31536000");
    router.layer(SetResponseHeaderLayer::overriding(header::STRICT_TRANSPORT_SECURITY, year))
}

/// Drops an id that was sent along unless there is one that is harmless in logs: then the request gets one of its own.
async fn keep_harmless_id(mut request: Request) -> Request {
    let mut ids = request.headers().get_all(REQUEST_ID).iter();
    let is_kept = match (ids.next().map(HeaderValue::to_str), ids.next()) {
        (Some(Ok(id)), None) => is_harmless(id),
        _ => false,
    };
    if !is_kept {
        request.headers_mut().remove(REQUEST_ID);
    }
    request
}

async fn log(program: &'static str, request: Request, next: Next) -> Response {
    use tracing::Instrument as _;
    // Ours, or harmless: see `keep_harmless_id`.
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    let correlation_id = id.to_owned();
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
