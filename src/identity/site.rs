//! How sign-in looks from outside: its addresses, its cookies, its pages.

use super::return_to::ReturnTo;
use crate::platform::config::ConfigError;

/// See [`Builder`](super::Builder), whose methods set these.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) cookie_prefix: String,
    pub(super) path_prefix: String,
    pub(super) home_page: String,
    pub(super) problem_page: Option<String>,
    pub(super) product_name: String,
}

impl Site {
    /// The defaults of the app that its provider knows as `client_id`. Cookies ignore ports, so two apps on one localhost
    /// must not call theirs alike.
    pub(super) fn of_client(client_id: &str) -> Self {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, client_id.as_bytes());
        let digest = digest.as_ref();
        let number = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        Self {
            cookie_prefix: format!("app{number:08x}"),
            path_prefix: "/auth".to_owned(),
            home_page: "/".to_owned(),
            problem_page: None,
            product_name: "this app".to_owned(),
        }
    }

    /// # Errors
    /// [`ConfigError`] naming what cannot be, below `key`.
    pub(super) fn check(&self, key: &str) -> Result<(), ConfigError> {
        let refuse = |member: &str, problem: &str, remedy: &str| {
            Err(ConfigError::refused(&format!("{key}.{member}"), problem, remedy))
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        // The names of other cookies begin with this one and a hyphen.
        if self.cookie_prefix.is_empty() || !self.cookie_prefix.chars().all(plain) || self.cookie_prefix.ends_with('-')
        {
            return refuse("cookie_prefix", "is not the beginning of a cookie's name", "write it like my_app");
        }
        let segments = self.path_prefix.strip_prefix('/').unwrap_or_default();
        if !segments.split('/').all(|segment| !segment.is_empty() && segment.chars().all(plain)) {
            return refuse("path_prefix", "is not a path of plain segments", "write it like /auth");
        }
        for (member, page) in [("home_page", Some(&self.home_page)), ("problem_page", self.problem_page.as_ref())] {
            let Some(page) = page else { continue };
            if ReturnTo::outside(&self.path_prefix, page).is_none_or(|parsed| parsed.as_str() != page) {
                return refuse(member, "is not the path of a page of this site", "write it like /welcome");
            }
        }
        Ok(())
    }

    /// The address of the endpoint `name` on this site.
    pub(super) fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.path_prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::Site;

    fn refused(change: impl FnOnce(&mut Site)) -> String {
        let mut site = Site::of_client("web");
        change(&mut site);
        site.check("identity").expect_err("refused").to_string()
    }

    #[test]
    fn what_cannot_be_a_cookie_or_a_path_is_refused_by_name() {
        for prefix in ["", "a b", "a;b", "a=b", "ä", "app-"] {
            assert!(refused(|site| site.cookie_prefix = prefix.to_owned()).starts_with("`identity.cookie_prefix`"));
        }
        for prefix in ["", "/", "auth", "/auth/", "//auth", "/{auth}", "/a?b", "/a//b"] {
            assert!(refused(|site| site.path_prefix = prefix.to_owned()).starts_with("`identity.path_prefix`"));
        }
        for page in ["", "home", "//evil.example", "https://evil.example/", "/auth/sign-in", "/a b"] {
            assert!(refused(|site| site.home_page = page.to_owned()).starts_with("`identity.home_page`"), "{page}");
            assert!(refused(|site| site.problem_page = Some(page.to_owned())).starts_with("`identity.problem_page`"));
        }
    }

    #[test]
    fn two_apps_on_one_host_have_cookies_of_their_own() {
        let (one, other) = (Site::of_client("one"), Site::of_client("other"));
        assert!(one.check("identity").is_ok());
        assert_ne!(one.cookie_prefix, other.cookie_prefix);
    }
}
