//! HTTP calls that leave the process: bounded in time and size, and never following a redirect with a secret.

use std::time::Duration;

use serde::de::DeserializeOwned;

/// The largest answer that is read, in bytes, unless a caller asks for another limit.
pub const MAX_BODY: usize = 1024 * 1024;

/// Why an outbound call gave nothing usable. The text names no secret: URLs are cut to scheme, host and path.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// No answer: refused, reset, timed out, TLS failure.
    #[error("no answer from {place}: {reason}")]
    Unreachable {
        /// Scheme, host and path of the request.
        place: String,
        /// What went wrong, in the client library's words.
        reason: String,
    },
    /// The answer is larger than the limit.
    #[error("the answer from {place} is larger than {limit} bytes")]
    TooLarge {
        /// Scheme, host and path of the request.
        place: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The answer is not the JSON that was expected.
    #[error("the answer from {place} is not the JSON that was expected: {reason}")]
    Malformed {
        /// Scheme, host and path of the request.
        place: String,
        /// What the parser said; never contains values.
        reason: String,
    },
}

/// An HTTP client for all outbound calls of a program: pooled, keep-alive, no redirects, no proxies from the
/// environment; 5 s to connect and 10 s for an answer.
///
/// # Panics
/// When TLS cannot be set up at all, which no configuration of ours can cause.
pub fn client() -> reqwest::Client {
    client_of("errand")
}

/// The same for a product of another name.
///
/// # Panics
/// As [`client`].
pub fn client_of(product: &str) -> reqwest::Client {
    // `product` of RFC 9110 §10.1.5: a token.
    let product: String = product.chars().filter(char::is_ascii_alphanumeric).collect();
    let product = if product.is_empty() { "app" } else { &product };
    reqwest::Client::builder()
        .user_agent(format!("{product}/{}", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(10))
        // Shorter than any server's patience with an idle connection (ours: 75 seconds, others: five), so that no request goes out
        // on a connection that is just being closed: one that changes something cannot be sent twice.
        .pool_idle_timeout(Duration::from_secs(5))
        .tcp_nodelay(true)
        .build()
        .expect("the TLS backend is compiled in")
}

/// Sends a request and reads the whole answer, up to `limit` bytes.
///
/// # Errors
/// [`OutboundError::Unreachable`] or [`OutboundError::TooLarge`]; HTTP error statuses are not errors here.
pub async fn send(
    request: reqwest::RequestBuilder,
    limit: usize,
) -> Result<(reqwest::StatusCode, reqwest::header::HeaderMap, Vec<u8>), OutboundError> {
    let mut response = request.send().await.map_err(|e| unreachable(&e))?;
    let place = place_of(response.url());
    let too_large = || OutboundError::TooLarge { place: place.clone(), limit };
    if response.content_length().is_some_and(|n| n > limit as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| unreachable(&e))? {
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok((response.status(), response.headers().clone(), body))
}

/// Reads a body as JSON.
///
/// # Errors
/// [`OutboundError::Malformed`].
pub fn json<T: DeserializeOwned>(place: &str, body: &[u8]) -> Result<T, OutboundError> {
    serde_json::from_slice(body).map_err(|e| OutboundError::Malformed {
        place: place.to_owned(),
        // The category and position only: serde's own text can quote a value.
        reason: format!("{:?} error at line {} column {}", e.classify(), e.line(), e.column()),
    })
}

fn unreachable(error: &reqwest::Error) -> OutboundError {
    let mut reason = if error.is_timeout() { "timed out".to_owned() } else { String::new() };
    let mut source = std::error::Error::source(error);
    while let (Some(cause), true) = (source, reason.is_empty() || !error.is_timeout()) {
        reason = cause.to_string();
        source = cause.source();
    }
    OutboundError::Unreachable { place: error.url().map_or_else(|| "?".to_owned(), place_of), reason }
}

/// A URL without user information, query and fragment, where secrets travel.
fn place_of(url: &reqwest::Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}
