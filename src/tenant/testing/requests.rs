//! Authorization requests, and what they lead to.

use axum::http::{HeaderMap, StatusCode, header};

use super::answer::Answer;
use super::{CALLBACK, READ, TENANT, WEB, WRITE};
use crate::platform::hash;
use crate::tenant::cookies;

/// 43 characters, the shortest that is allowed.
pub(in crate::tenant) fn verifier() -> String {
    "v".repeat(43)
}

pub(in crate::tenant) fn request(changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let challenge = hash::sha256_base64url(&verifier());
    let all = [
        ("client_id", WEB),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", &format!("openid profile email offline_access {READ} {WRITE}")),
        ("state", "the state/&="),
        ("nonce", "the nonce"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let kept = all.iter().filter(|(name, _)| !changes.iter().any(|(n, _)| n == name));
    let added = changes.iter().filter(|(_, value)| !value.is_empty());
    kept.chain(added).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The id of the interaction that a redirect leads to, and the headers of the browser that follows it.
pub(in crate::tenant) fn interaction(begun: &Answer) -> (String, HeaderMap) {
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text());
    let location = begun.location().expect("a redirect");
    let mut segments = location.path_segments().expect("a path");
    assert_eq!((segments.next(), segments.next()), (Some(TENANT), Some("flow")), "{location}");
    let id = segments.next().expect("an id").to_owned();
    let mut headers = HeaderMap::new();
    let cookie = begun.cookie(cookies::INTERACTION).expect("a cookie");
    headers.insert(header::COOKIE, cookie.parse().expect("ASCII"));
    (id, headers)
}

pub(in crate::tenant) fn is_sign_in_page(answer: &Answer) -> bool {
    answer.location().is_some_and(|location| location.path().contains("/flow/"))
}
