//! Request parameters as RFC 6749 §3.1 and §3.2 want them read.

use axum::http::HeaderMap;

use crate::platform::media_type;

/// The parameters of one request, from its query or its form.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Parses `application/x-www-form-urlencoded` text.
    pub(super) fn parse(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// Parses a POST body; `None` when its content type is not that of a form (RFC 6749 §4.1.3).
    pub(super) fn parse_body(headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        if !media_type::is(headers, "application/x-www-form-urlencoded") {
            return None;
        }
        Some(Self::parse(std::str::from_utf8(body).ok()?))
    }

    /// The value of `name`, when it was sent exactly once and is not empty: a parameter without a value counts as
    /// omitted, and of a repeated one no copy is preferred (RFC 6749 §3.1).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str());
        let first = values.next()?;
        (values.next().is_none() && !first.is_empty()).then_some(first)
    }

    /// A parameter that was sent more than once (RFC 6749 §3.1: "MUST NOT be included more than once").
    pub(super) fn repeated(&self) -> Option<&str> {
        let mut seen = std::collections::HashSet::new();
        self.0.iter().map(|(name, _)| name.as_str()).find(|name| !seen.insert(*name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_repeated_parameter_no_copy_is_used() {
        let parameters = Parameters::parse("a=1&b=2&a=3&c=");
        assert_eq!((parameters.get("a"), parameters.get("b"), parameters.get("c")), (None, Some("2"), None));
        assert_eq!(parameters.repeated(), Some("a"));
        assert_eq!(Parameters::parse("a=1&b=1").repeated(), None);
    }
}
