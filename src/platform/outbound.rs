//! HTTP calls that leave the process: bounded in time and size, and never following a redirect with a secret.

mod config;

use std::borrow::Cow;
use std::time::Duration;

use axum::body::Bytes;
pub use config::{OutboundConfig, client_from};
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

/// An HTTP client for all outbound calls of a program: pooled, keep-alive, no redirects, no proxy; 5 s to connect and 10 s for an answer.
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
    client_by(product, None)
}

/// With the proxy that configuration names, if it does.
fn client_by(product: &str, proxy: Option<reqwest::Proxy>) -> reqwest::Client {
    // `product` of RFC 9110 §10.1.5: a token.
    let product: String = product.chars().filter(char::is_ascii_alphanumeric).collect();
    let product = if product.is_empty() { "app" } else { &product };
    let builder = match proxy {
        Some(proxy) => reqwest::Client::builder().proxy(proxy),
        None => reqwest::Client::builder().no_proxy(),
    };
    builder
        .user_agent(format!("{product}/{}", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
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
    read(request.send().await.map_err(|e| unreachable(&e))?, limit).await
}

/// Reads the whole of an answer that [`open`] began, up to `limit` bytes, `within` this time.
///
/// # Errors
/// As [`send`].
pub async fn read_within(
    response: reqwest::Response,
    limit: usize,
    within: Duration,
) -> Result<(reqwest::StatusCode, reqwest::header::HeaderMap, Vec<u8>), OutboundError> {
    let place = place_of(response.url());
    let timed_out = |_| OutboundError::Unreachable { place, reason: "timed out".to_owned() };
    tokio::time::timeout(within, read(response, limit)).await.map_err(timed_out)?
}

/// Sends a request whose answer may take its time, and answers with its head, which must come `within` this time.
///
/// # Errors
/// [`OutboundError::Unreachable`]; HTTP error statuses are not errors here.
pub async fn open(request: reqwest::RequestBuilder, within: Duration) -> Result<reqwest::Response, OutboundError> {
    /// There is no way to have none; what ends earlier is the reader's to say.
    const LONGEST: Duration = Duration::from_hours(24);
    let (client, request) = request.timeout(LONGEST).build_split();
    let request = request.map_err(|e| unreachable(&e))?;
    let place = place_of(request.url());
    let timed_out = |_| OutboundError::Unreachable { place, reason: "timed out".to_owned() };
    let response = tokio::time::timeout(within, client.execute(request)).await.map_err(timed_out)?;
    response.map_err(|e| unreachable(&e))
}

async fn read(
    mut response: reqwest::Response,
    limit: usize,
) -> Result<(reqwest::StatusCode, reqwest::header::HeaderMap, Vec<u8>), OutboundError> {
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

/// The next bytes of an answer, which must come `within` this time; none at its end.
///
/// # Errors
/// [`OutboundError::Unreachable`].
pub async fn next(response: &mut reqwest::Response, within: Duration) -> Result<Option<Bytes>, OutboundError> {
    let place = place_of(response.url());
    let silent = |_| OutboundError::Unreachable { place, reason: "it fell silent".to_owned() };
    let chunk = tokio::time::timeout(within, response.chunk()).await.map_err(silent)?;
    chunk.map_err(|e| unreachable(&e))
}

/// Reads a body as JSON.
///
/// # Errors
/// [`OutboundError::Malformed`].
pub fn json<T: DeserializeOwned>(place: &str, body: &[u8]) -> Result<T, OutboundError> {
    // RFC 8259 §8.1: a byte order mark may be ignored.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let read = serde_json::from_slice(body).or_else(|error| match without_lone_surrogates(body) {
        Cow::Owned(mended) => serde_json::from_slice(&mended),
        Cow::Borrowed(_) => Err(error),
    });
    read.map_err(|e| OutboundError::Malformed {
        place: place.to_owned(),
        // The category and position only: serde's own text can quote a value.
        reason: format!("{:?} error at line {} column {}", e.classify(), e.line(), e.column()),
    })
}

/// JSON in which each half of a surrogate pair that lacks the other (`\ud83d`: half an emoji, RFC 8259 §8.2) is the replacement
/// character. Some programs cut texts in the middle of a pair; the rest of the document is as good as any. Two texts that
/// differed may be equal then, so whatever decides who somebody is must not contain that character.
pub fn without_lone_surrogates(json: &[u8]) -> Cow<'_, [u8]> {
    /// The code unit of `\uXXXX` at the beginning.
    fn unit(text: &[u8]) -> Option<u16> {
        let digits = text.strip_prefix(b"\\u")?.get(..4)?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    }
    let mut mended: Option<Vec<u8>> = None;
    let mut at = 0;
    // A backslash is in strings only, and begins an escape there.
    while let Some(found) = json.get(at..).and_then(|rest| rest.iter().position(|b| *b == b'\\')) {
        let escape = at + found;
        let (length, lone) = match unit(&json[escape..]) {
            Some(0xD800..=0xDBFF) if matches!(json.get(escape + 6..).and_then(unit), Some(0xDC00..=0xDFFF)) => {
                (12, false)
            }
            Some(0xD800..=0xDFFF) => (6, true),
            Some(_) => (6, false),
            None => (2, false),
        };
        if lone {
            mended.get_or_insert_with(|| json.to_vec())[escape..escape + 6].copy_from_slice(b"\\ufffd");
        }
        at = escape + length;
    }
    mended.map_or(Cow::Borrowed(json), Cow::Owned)
}

fn unreachable(error: &reqwest::Error) -> OutboundError {
    let mut reason = if error.is_timeout() { "timed out".to_owned() } else { String::new() };
    let mut source = std::error::Error::source(error);
    while let (Some(cause), true) = (source, reason.is_empty() || !error.is_timeout()) {
        reason = cause.to_string();
        source = cause.source();
    }
    // Of the proxy between; the other end was never asked.
    if let Some(refusal) = reason.strip_prefix("tunnel error: ") {
        reason = format!("the proxy of [outbound] makes no tunnel to it ({refusal})");
    }
    OutboundError::Unreachable { place: error.url().map_or_else(|| "?".to_owned(), place_of), reason }
}

/// A URL without user information, query and fragment, where secrets travel.
fn place_of(url: &reqwest::Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_emoji_is_read_as_the_replacement_character_and_a_whole_one_as_itself() {
        for (json, text) in [
            (r#""a\ud83d""#, "a\u{fffd}"),
            (r#""\ude00b""#, "\u{fffd}b"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}"),
            (r#""\ud83d\\ude00""#, "\u{fffd}\\ude00"),
            (r#""\uD83D\uDE00""#, "\u{1f600}"),
        ] {
            assert_eq!(super::json::<String>("x", json.as_bytes()).expect(json), text);
        }
        for plain in [r#""\\ud83d""#, r#""\\\\ud83d""#, r#""\u00e9 \n""#, "\"\u{1f600}\"", "[]", "\\", "\\u", "\\ud8"] {
            assert!(matches!(without_lone_surrogates(plain.as_bytes()), Cow::Borrowed(_)), "{plain}");
        }
        assert_eq!(super::json::<u8>("x", b"\xef\xbb\xbf7").expect("a byte order mark"), 7);
        assert!(super::json::<String>("x", br#""\ud83d"#).is_err(), "everything else is as strict as before");
    }
}
