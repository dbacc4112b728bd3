//! The addresses of this site: the pages, where the server functions are, and where `identity` has its endpoints. What
//! more than one file names stands here, for the browser and the server.

use leptos_router::location::Url;
use uuid::Uuid;

use crate::language::Language;

/// The cookie in which the page's scripts tell the IANA name of the time zone that their browser is in.
pub const TIME_ZONE_COOKIE: &str = "time-zone";
/// What Errand is.
pub const HOME: &str = "/";
/// The list.
pub const TODOS: &str = "/todos";
/// Its rows that are to be done.
pub const TODOS_ACTIVE: &str = "/todos/active";
/// Its rows that are done.
pub const TODOS_COMPLETED: &str = "/todos/completed";
/// Its rows that are due today, or were before.
pub const TODOS_TODAY: &str = "/todos/today";
/// Its rows that are due on some day.
pub const TODOS_PLANNED: &str = "/todos/planned";
/// Its rows that were due before, and are still to be done.
pub const TODOS_OVERDUE: &str = "/todos/overdue";
/// Its rows with a star.
pub const TODOS_STARRED: &str = "/todos/starred";
/// What the addresses of the customer's own lists begin with.
pub const LISTS: &str = "/todos/lists/";
/// The account page.
pub const ACCOUNT: &str = "/account";
/// All of the customer's to-dos as a file: `?format=…`.
pub const EXPORT: &str = "/account/export";
/// Takes a file of to-dos from a form.
pub const IMPORT: &str = "/account/import";
/// A sign-in that did not work: `?reason=…`.
pub const SIGN_IN_PROBLEM: &str = "/sign-in-problem";
/// What the addresses of all server functions begin with. (`#[server]` takes literals only; a test compares them.)
pub const ACTIONS: &str = "/actions/";
/// What the addresses of the scripts with the texts begin with.
pub const TEXTS: &str = "/texts/";
/// Takes the form that chooses a language.
pub const LANGUAGE: &str = "/language";
/// Tells pages that the list has changed.
pub const EVENTS: &str = "/events";
/// Where signing in begins.
pub const SIGN_IN: &str = "/auth/sign-in";
/// Where signing up begins.
pub const SIGN_UP: &str = "/auth/sign-up";
/// Takes the form that signs out.
pub const SIGN_OUT: &str = "/auth/sign-out";
/// Tells how long the session lasts; `?slide=false` without extending it.
pub const SESSION: &str = "/auth/session";

/// The to-dos of one of the customer's own lists.
pub fn list(id: Uuid) -> String {
    format!("{LISTS}{id}")
}

/// Where a visitor signs in, and comes back to `page`.
pub fn sign_in(page: &str) -> String {
    format!("{SIGN_IN}?return_to={}", Url::escape(page))
}

/// Where somebody signs in who has read how their last sign-in or session ended.
pub fn sign_in_again(page: &str) -> String {
    format!("{}&again=true", sign_in(page))
}

/// Where a visitor signs up, and comes back to `page`.
pub fn sign_up(page: &str) -> String {
    format!("{SIGN_UP}?return_to={}", Url::escape(page))
}

/// What a browser needs to install the app (Web Application Manifest), in `language`.
pub fn manifest(language: Language) -> String {
    if language == Language::default() {
        return "/manifest.webmanifest".to_owned();
    }
    format!("/manifest.{}.webmanifest", language.tag())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_app_can_be_installed_in_every_language() {
        for language in Language::ALL {
            let file = format!("{}/public{}", env!("CARGO_MANIFEST_DIR"), manifest(language));
            let text = std::fs::read_to_string(&file).expect(&file);
            let manifest: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            assert_eq!(manifest["lang"], language.tag(), "{file}");
            assert_eq!(manifest["id"], "/todos", "the same app");
        }
    }
}
