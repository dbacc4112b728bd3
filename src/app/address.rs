//! The addresses of this site: the pages, where the server functions are, and where `identity` has its endpoints. What
//! more than one file names stands here, for the browser and the server.

use leptos_router::location::Url;

/// What Errand is.
pub const HOME: &str = "/";
/// The list.
pub const TODOS: &str = "/todos";
/// Its rows that are to be done.
pub const TODOS_ACTIVE: &str = "/todos/active";
/// Its rows that are done.
pub const TODOS_COMPLETED: &str = "/todos/completed";
/// The account page.
pub const ACCOUNT: &str = "/account";
/// A sign-in that did not work: `?reason=…`.
pub const SIGN_IN_PROBLEM: &str = "/sign-in-problem";
/// What the addresses of all server functions begin with. (`#[server]` takes literals only; a test compares them.)
pub const ACTIONS: &str = "/actions/";
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
