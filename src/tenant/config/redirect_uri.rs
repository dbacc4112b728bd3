//! Addresses that browsers are sent to.

use crate::platform::config::ConfigError;

/// What is compared of a plain `http` address of this machine: its host, and everything from the path on; `None` for any
/// other address. The port may be any number, and nothing else (RFC 8252 §7.3; `[::1]` is not known to Entra).
pub(super) fn without_localhost_port(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
    let is_number = !port.starts_with('+') && port.parse::<u16>().is_ok();
    (matches!(host, "localhost" | "127.0.0.1") && is_number).then_some((host, path))
}

/// RFC 6749 §3.1.2: absolute, without a fragment. ASCII, because it goes into a header as it is.
pub(super) fn check(key: &str, uri: &str) -> Result<(), ConfigError> {
    let refuse = |problem: &str| {
        let remedy = "write it like https://todo.example.com/auth/redirect";
        Err(ConfigError::refused(key, format!("has {uri:?}, which {problem}"), remedy))
    };
    match url::Url::parse(uri) {
        Err(_) => refuse("is not an absolute URI"),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => refuse("is neither https nor http"),
        Ok(_) if uri.contains('#') => refuse("has a fragment"),
        Ok(_) if !uri.chars().all(|c| c.is_ascii_graphic()) => refuse("has characters that must be percent-encoded"),
        Ok(_) => Ok(()),
    }
}
