//! Cookies that only this app can write and read: JSON, sealed ([`crate::platform::seal`]), `HttpOnly`, `SameSite=Lax`, for
//! the whole site.

use axum::http::HeaderMap;
use cookie::time::Duration;
use cookie::{Cookie, SameSite};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cookies;
use super::seal::KeyRing;

/// One such cookie.
#[derive(Clone, Debug)]
pub struct SealedCookie<'a> {
    /// Seals and opens its value.
    pub keys: &'a KeyRing,
    /// As browsers know it.
    pub name: String,
    /// What its value is: authenticated, so that no sealed value can stand for another kind.
    pub context: &'static str,
    /// Whether browsers send it over https only.
    pub secure: bool,
}

impl SealedCookie<'_> {
    /// The cookie with `value`, which browsers keep for `max_age`; `None`: until they are closed.
    pub fn set<T: Serialize>(&self, value: &T, max_age: Option<Duration>) -> Cookie<'static> {
        // What we seal are plain structs and texts, which have a JSON form.
        let value = serde_json::to_string(value).unwrap_or_default();
        let mut cookie = self.plain(self.keys.seal(self.context, &value));
        cookie.set_max_age(max_age);
        cookie
    }

    /// The value that a browser sent; `None` where it is absent, there twice, or not ours.
    pub fn read<T: DeserializeOwned>(&self, headers: &HeaderMap) -> Option<T> {
        self.open(cookies::read(headers, &self.name)?)
    }

    /// The value that was sealed.
    pub fn open<T: DeserializeOwned>(&self, sealed: &str) -> Option<T> {
        serde_json::from_str(&self.keys.open(self.context, sealed).ok()?).ok()
    }

    /// Whether a browser sent it, whatever its value.
    pub fn is_sent(&self, headers: &HeaderMap) -> bool {
        cookies::is_sent(headers, &self.name)
    }

    /// The cookie that makes browsers forget it. With the attributes that it was set with, or browsers keep a `__Host-`
    /// cookie.
    pub fn removal(&self) -> Cookie<'static> {
        let mut cookie = self.plain(String::new());
        cookie.set_max_age(Duration::ZERO);
        cookie
    }

    fn plain(&self, value: String) -> Cookie<'static> {
        Cookie::build((self.name.clone(), value))
            .path("/")
            .http_only(true)
            .secure(self.secure)
            // Lax: the provider's page leads back by a top-level navigation.
            .same_site(SameSite::Lax)
            .build()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, header};
    use secrecy::SecretString;

    use super::*;
    use crate::platform::random;

    fn sent(cookie: &Cookie<'_>) -> HeaderMap {
        let value = HeaderValue::from_str(&format!("{}={}", cookie.name(), cookie.value())).unwrap();
        HeaderMap::from_iter([(header::COOKIE, value)])
    }

    #[test]
    fn a_value_comes_back_only_under_the_name_and_in_the_context_that_it_was_sealed_for() {
        let keys = KeyRing::parse(&[SecretString::from(random::token())]).unwrap();
        let cookie = SealedCookie { keys: &keys, name: "__Host-app-draft".to_owned(), context: "draft", secure: true };
        let set = cookie.set(&("ada", 7), Some(Duration::MINUTE));
        assert!(!set.value().contains("ada"));
        assert_eq!(cookie.read(&sent(&set)), Some(("ada".to_owned(), 7)));
        assert_eq!(cookie.read::<Vec<i64>>(&sent(&set)), None, "of another shape");
        assert_eq!(SealedCookie { context: "ended", ..cookie.clone() }.read::<(String, i64)>(&sent(&set)), None);
        assert_eq!(cookie.read::<(String, i64)>(&HeaderMap::new()), None);
        let forged = Cookie::new(cookie.name.clone(), "[\"ada\",7]");
        assert_eq!(cookie.read::<(String, i64)>(&sent(&forged)), None);
        assert!(cookie.is_sent(&sent(&forged)));
    }

    /// RFC 6265bis §4.1.3.2: browsers take a `__Host-` cookie with `Secure`, `Path=/` and no `Domain` only.
    #[test]
    fn it_is_set_and_removed_with_the_same_attributes() {
        let keys = KeyRing::parse(&[SecretString::from(random::token())]).unwrap();
        let cookie = SealedCookie { keys: &keys, name: "__Host-app".to_owned(), context: "", secure: true };
        for made in [cookie.set(&1, Some(Duration::MINUTE)), cookie.set(&1, None), cookie.removal()] {
            let made = made.to_string();
            for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
                assert!(made.contains(attribute), "{made}");
            }
            assert!(!made.contains("Domain"), "{made}");
        }
        assert!(cookie.set(&1, Some(Duration::MINUTE)).to_string().contains("Max-Age=60"));
        assert!(!cookie.set(&1, None).to_string().contains("Max-Age"));
        assert!(cookie.removal().to_string().contains("Max-Age=0"));
    }
}
