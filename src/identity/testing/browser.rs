//! A browser: its requests go to a router.

use std::collections::HashMap;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use tower::ServiceExt as _;

pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub(crate) fn parameters(&self) -> HashMap<String, String> {
        let url = url::Url::parse(self.location()).expect("an absolute address");
        url.query_pairs().into_owned().collect()
    }

    pub(crate) fn set_cookies(&self) -> Vec<String> {
        self.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
    }
}

/// A browser: its cookies.
#[derive(Clone, Default)]
pub(crate) struct Browser(pub(crate) HashMap<String, String>);

impl Browser {
    pub(crate) fn header(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    pub(crate) fn take(&mut self, page: &Page) {
        for cookie in page.set_cookies() {
            let (name, rest) = cookie.split_once('=').unwrap();
            if cookie.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
            }
        }
    }

    pub(crate) fn session(&self) -> Option<&String> {
        self.0.get("errand")
    }
}

/// Sends a browser's request, and lets it take the cookies of the answer.
pub(crate) async fn send(
    router: &Router,
    browser: &mut Browser,
    request: axum::http::request::Builder,
    body: String,
) -> Page {
    let request = request.header(header::COOKIE, browser.header()).body(Body::from(body)).unwrap();
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = axum::body::to_bytes(body, 1_000_000).await.unwrap();
    let page = Page { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() };
    browser.take(&page);
    page
}
