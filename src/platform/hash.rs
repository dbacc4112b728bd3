//! Hashes, by aws-lc.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// SHA-256 of `value` as base64url without padding. Secrets that are looked up (session ids, codes, refresh tokens) are
/// stored like this, so that a copy of the database opens nothing; it is also PKCE's `S256` (RFC 7636 §4.2).
pub fn sha256_base64url(value: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(value))
}

/// SHA-256 of `value`.
pub fn sha256(value: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, value.as_bytes()).as_ref());
    hash
}
