//! Hashes, by aws-lc.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// SHA-256 of `value` as base64url without padding. Secrets that are looked up (session ids, codes, refresh tokens) are
/// stored like this, so that a copy of the database opens nothing; it is also PKCE's `S256` (RFC 7636 §4.2).
pub fn sha256_base64url(value: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, value.as_bytes()))
}
