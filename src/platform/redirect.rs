//! Redirects.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

/// 303: the browser goes on with GET, whatever it came with; a 307 would hand on what was posted, passwords included
/// (RFC 9700 §4.12). 400 where `location` cannot be in a header.
pub fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_is_a_303_and_no_header_can_be_added_to_it() {
        let answer = see_other("/todos?at=1");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert_eq!(answer.headers()[header::LOCATION], "/todos?at=1");
        let answer = see_other("/todos\r\nset-cookie: a=b");
        assert!(answer.status() == StatusCode::BAD_REQUEST && answer.headers().get(header::LOCATION).is_none());
    }
}
