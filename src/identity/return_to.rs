//! Where to go after signing in: parsed into a type that cannot leave this site.

use serde::{Deserialize, Serialize};

/// A path on this site, with query, that a browser cannot read as anything else (RFC 9700 §4.11: no open redirector).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct ReturnTo(String);

impl ReturnTo {
    /// The longest address that is kept, in bytes.
    const MAX: usize = 1024;
    /// Stands for this site while an address is read.
    const SITE: &str = "https://this.invalid";

    /// The home page.
    pub fn home() -> Self {
        Self("/".to_owned())
    }

    /// Reads an untrusted address. Anything but a plain path of this site becomes the home page: a customer who
    /// followed a damaged link should land somewhere, not on an error.
    pub fn parse(text: &str) -> Self {
        Self::outside("/auth", text).unwrap_or_else(Self::home)
    }

    /// The same, for sign-in endpoints that are below `prefix`; `None` where it becomes the home page.
    pub(super) fn outside(prefix: &str, text: &str) -> Option<Self> {
        // Back into a sign-in endpoint would be a loop.
        let is_within =
            |path: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        Self::on_this_site(text).filter(|parsed| !is_within(parsed.0.split('?').next().unwrap_or_default()))
    }

    fn on_this_site(text: &str) -> Option<Self> {
        let harmless = |c: char| c.is_ascii_graphic() && c != '\\';
        let is_path = text.starts_with('/') && text.len() <= Self::MAX && text.chars().all(harmless);
        if !is_path {
            return None;
        }
        // Read it as a browser would, relative to a site of ours, and keep it only when it stays there unchanged:
        // `//host`, `/\host`, `/%09/host`, `/.//host` and whatever comes next all fail one of these comparisons.
        let url = url::Url::parse(Self::SITE).and_then(|site| site.join(text)).ok()?;
        let path = url.path();
        let stays = url.origin().ascii_serialization() == Self::SITE && !path.starts_with("//") && !path.contains('\\');
        let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
        let decodes_harmlessly = !decoded.starts_with("//") && !decoded.contains(['\\', '\r', '\n', '\t', '\0']);
        if !stays || !decodes_harmlessly {
            return None;
        }
        let query = url.query().map(|q| format!("?{q}")).unwrap_or_default();
        Some(Self(format!("{path}{query}")))
    }

    /// The path and query of the page that a request came from (its `Referer`), when that is a page of `site`.
    pub fn from_referer(referer: Option<&str>, site: &url::Url) -> Option<Self> {
        let referer = url::Url::parse(referer?).ok()?;
        if referer.origin() != site.origin() {
            return None;
        }
        Some(Self::parse(&referer[url::Position::BeforePath..url::Position::AfterQuery]))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Of what was sealed when it had been read already: where the sign-in endpoints are was looked at then.
impl From<String> for ReturnTo {
    fn from(text: String) -> Self {
        Self::on_this_site(&text).unwrap_or_else(Self::home)
    }
}

impl From<ReturnTo> for String {
    fn from(return_to: ReturnTo) -> Self {
        return_to.0
    }
}

#[cfg(test)]
mod tests {
    use super::ReturnTo;

    /// Abuse case 22.
    #[test]
    fn a_return_to_off_this_site_in_any_spelling_becomes_the_home_page() {
        for text in [
            "https://evil.example",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " //evil.example",
            "/%09/evil.example",
            "/%5Cevil.example",
            "/%2F/evil.example",
            "/%2fevil.example/%2e%2e",
            "/.//evil.example",
            "/..//evil.example",
            "/./\\evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "https:evil.example",
            "https:/evil.example",
            "http:\\evil.example",
            "user@evil.example",
            "//user@evil.example",
            "/\u{ff0f}evil.example",
            "evil.example",
            "/todos\r\nSet-Cookie: a=b",
            "/todos\0",
            "",
            "/auth/sign-in?return_to=/auth/sign-in",
        ] {
            assert_eq!(ReturnTo::parse(text).as_str(), "/", "{text:?}");
        }
        assert_eq!(ReturnTo::parse(&format!("/{}", "a".repeat(2000))).as_str(), "/");
    }

    #[test]
    fn a_page_of_this_site_is_kept_with_its_query() {
        for text in ["/", "/todos", "/todos/active?edit=1&x=%20y", "/account"] {
            assert_eq!(ReturnTo::parse(text).as_str(), text);
        }
        assert_eq!(ReturnTo::parse("/todos#here").as_str(), "/todos");
        assert_eq!(ReturnTo::parse("/todos/../account").as_str(), "/account");
        // Absolute addresses inside a query are data, not destinations.
        assert_eq!(ReturnTo::parse("/todos?q=//x").as_str(), "/todos?q=//x");
    }

    #[test]
    fn only_a_referer_of_this_site_counts() {
        let site = "http://localhost:3000".parse().expect("a URL");
        let from = |referer| ReturnTo::from_referer(Some(referer), &site).map(String::from);
        assert_eq!(from("http://localhost:3000/todos/active").as_deref(), Some("/todos/active"));
        assert_eq!(from("http://localhost:3002/todos"), None);
        assert_eq!(from("nonsense"), None);
    }
}
