//! An answer of the tenant's router.

use std::collections::HashMap;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde_json::Value;
use url::Url;

use super::CALLBACK;

/// An answer, read to its end.
pub(in crate::tenant) struct Answer {
    pub(in crate::tenant) status: StatusCode,
    pub(in crate::tenant) headers: HeaderMap,
    pub(in crate::tenant) body: String,
}

impl Answer {
    pub(in crate::tenant) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.expect("a bounded body");
        Self { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    pub(in crate::tenant) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    pub(in crate::tenant) fn location(&self) -> Option<Url> {
        let location = self.headers.get(header::LOCATION)?.to_str().expect("ASCII");
        Some(Url::parse("http://localhost:3002").expect("a base").join(location).expect("a URL"))
    }

    /// The parameters of the redirect to the app.
    pub(in crate::tenant) fn answered(&self) -> HashMap<String, String> {
        let location = self.location().unwrap_or_else(|| panic!("no redirect: {} {}", self.status, self.text()));
        assert_eq!(self.status, StatusCode::SEE_OTHER);
        assert!(location.as_str().starts_with(CALLBACK), "{location}");
        location.query_pairs().into_owned().collect()
    }

    pub(in crate::tenant) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(in crate::tenant) fn text(&self) -> String {
        self.body.clone()
    }

    pub(in crate::tenant) fn error(&self) -> (u16, String, u64) {
        let json = self.json();
        let code = json["error_codes"][0].as_u64().unwrap_or_default();
        (self.status.as_u16(), json["error"].as_str().unwrap_or_default().to_owned(), code)
    }

    /// `name=value` of a cookie that was set.
    pub(in crate::tenant) fn cookie(&self, name: &str) -> Option<String> {
        let all = self.headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut ours = all.filter(|cookie| cookie.starts_with(&format!("{name}=")));
        ours.next().and_then(|cookie| cookie.split(';').next()).map(ToOwned::to_owned)
    }

    /// Where a redirect leads, as it was sent.
    pub(in crate::tenant) fn location_header(&self) -> &str {
        self.header(header::LOCATION)
    }

    /// Whether it sends a user of `CONTOSO` back to the app with a code.
    pub(in crate::tenant) fn is_signed_in(&self) -> bool {
        self.status == StatusCode::SEE_OTHER
            && self.location_header().starts_with("http://localhost:3000/callback?code=")
    }
}
