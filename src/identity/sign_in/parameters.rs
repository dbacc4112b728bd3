//! The parameters of a request, by query or by form.

use std::future::Future;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use url::form_urlencoded;

use crate::platform::media_type;

/// Parameters as sent, so that each handler decides what a duplicate means.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The fields of a form (`application/x-www-form-urlencoded`); `None` for any other body.
    pub(super) fn of_form(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let is_form = media_type::is(headers, "application/x-www-form-urlencoded");
        is_form.then(|| Self(form_urlencoded::parse(body).into_owned().collect()))
    }

    /// The first value of `name`.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The value of `name` when it was sent exactly once.
    pub(super) fn only(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(key, _)| key == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }

    /// Whether any of `names` was sent more than once.
    pub(super) fn repeats(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.0.iter().filter(|(key, _)| key == name).count() > 1)
    }
}

/// The query; never rejects.
impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = std::convert::Infallible;

    fn from_request_parts(parts: &mut Parts, _: &S) -> impl Future<Output = Result<Self, Self::Rejection>> {
        let query = parts.uri.query().unwrap_or_default();
        std::future::ready(Ok(Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())))
    }
}
