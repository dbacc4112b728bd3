//! Which web sites' scripts may call the API from a browser (Fetch Standard, CORS): none, unless they are configured.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::platform::config::{ConfigError, Mode, public_url};
use crate::todo::CHANGE;

const KEY: &str = "api.allowed_origins";

/// For how long a browser need not ask again.
const MAX_AGE: Duration = Duration::from_hours(1);

/// Checks the configured origins. `*` is refused: whoever means everyone's web site would let it act for customers who hold a
/// token there.
pub(super) fn origins(configured: &[String], mode: Mode) -> Result<Vec<HeaderValue>, ConfigError> {
    let origin = |text: &String| {
        if text.contains('*') {
            let remedy = "name the web sites: [\"https://app.example.com\"], or leave it out";
            return Err(ConfigError::refused(
                KEY,
                format!("has {text:?}: a * lets in web sites that nobody named"),
                remedy,
            ));
        }
        let origin = public_url(KEY, text, mode)?.origin().ascii_serialization();
        // As browsers send it (RFC 6454 §6.2): what differs would match nothing.
        if origin != *text {
            let problem = format!("has {text:?}, which no browser sends as an origin");
            return Err(ConfigError::refused(KEY, problem, format!("write {origin:?}")));
        }
        HeaderValue::try_from(origin)
            .map_err(|_| ConfigError::refused(KEY, "is no origin", "write it like https://app.example.com"))
    };
    configured.iter().map(origin).collect()
}

/// The layer that answers browsers; none where no web site may call. No credentials: who calls is in the `Authorization`
/// header, which a script sets itself.
pub(super) fn layer(origins: &[HeaderValue]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let names = |names: &[&'static str]| names.iter().map(|name| HeaderName::from_static(name)).collect::<Vec<_>>();
    let exposed = ["x-request-id", "ratelimit", "ratelimit-policy", CHANGE];
    let exposed = [
        names(&exposed),
        vec![
            header::CONTENT_DISPOSITION,
            header::ETAG,
            header::LINK,
            header::LOCATION,
            header::RETRY_AFTER,
            header::WWW_AUTHENTICATE,
        ],
    ];
    let taken = [
        names(&["last-event-id", "x-request-id"]),
        vec![header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_MATCH, header::IF_NONE_MATCH],
    ];
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers(taken.concat())
        .expose_headers(exposed.concat())
        .max_age(MAX_AGE);
    Some(layer)
}
