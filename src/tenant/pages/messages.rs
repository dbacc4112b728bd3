//! Pages that say that something is wrong, and lead back to the app.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::frame::narrow;
use super::way_back::WayBack;
use crate::tenant::state::Tenant;

fn message(way: &WayBack, title: &str, body: &Markup) -> Markup {
    narrow(way.brand(), title, &html! { h1 { (title) } (body) (way.links()) })
}

/// The interaction is over, or belongs to another browser.
pub(in crate::tenant) fn gone(way: &WayBack) -> Response {
    let body = html! {
        p { "It is finished, took too long, or was begun in another browser." }
        p { "Go back, and start again from there." }
        p.hint { "If this happens every time, allow cookies for this site." }
    };
    (StatusCode::BAD_REQUEST, message(way, "This sign-in cannot go on", &body)).into_response()
}

/// What was sent is not what the form sends.
pub(in crate::tenant) fn unreadable(way: &WayBack, status: StatusCode) -> Response {
    let body = html! { p { "What your browser sent could not be read. Go back, and try again." } };
    (status, message(way, "That did not work", &body)).into_response()
}

/// The form came from another site.
pub(in crate::tenant) fn foreign(way: &WayBack) -> Response {
    let body = html! {
        p { "It was sent by another site. Nothing was done." }
        p { "Go back to the app, and start again from there." }
    };
    (StatusCode::FORBIDDEN, message(way, "This form was not accepted", &body)).into_response()
}

/// Too many attempts.
pub(in crate::tenant) fn too_many(way: &WayBack, retry_after: time::Duration) -> Response {
    // Rounded up: whoever waits as long as they are told gets through.
    let seconds = (retry_after.whole_milliseconds() + 999) / 1000;
    let wait = if seconds > 90 { format!("{} minutes", (seconds + 59) / 60) } else { format!("{seconds} seconds") };
    let body = html! {
        p { "To keep accounts safe, there is a limit to this. Try again in " strong { (wait) } "." }
        p { "Your account is not locked." }
    };
    let headers = [(header::RETRY_AFTER, seconds.to_string())];
    (StatusCode::TOO_MANY_REQUESTS, headers, message(way, "Too many attempts", &body)).into_response()
}

/// More passwords to check than the server can bear.
pub(in crate::tenant) fn busy(way: &WayBack) -> Response {
    let body = html! { p { "Many people are signing in right now. Go back, and try again in a moment." } };
    let headers = [(header::RETRY_AFTER, "5")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, message(way, "One moment, please", &body)).into_response()
}

/// The database does not answer.
pub(in crate::tenant) fn unavailable(way: &WayBack) -> Response {
    let body = html! { p { "This is our fault, not yours. Go back, and try again in a moment." } };
    let headers = [(header::RETRY_AFTER, "5")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, message(way, "Sign-in does not work right now", &body)).into_response()
}

/// The user flow creates no accounts.
pub(in crate::tenant) fn no_sign_up(way: &WayBack, sign_in: &str) -> Response {
    let body = html! {
        p { "Accounts are created by " (way.brand()) " only. If you have one, sign in." }
        p { a.button href=(sign_in) { "Sign in" } }
    };
    (StatusCode::FORBIDDEN, message(way, "You cannot create an account here", &body)).into_response()
}

/// The passcode was right, but somebody created the account in the meantime.
pub(in crate::tenant) fn taken(way: &WayBack, sign_in: &str) -> Response {
    let body = html! {
        p { "An account with this email address was created a moment ago, perhaps by you in another window." }
        p { a.button href=(sign_in) { "Sign in" } }
    };
    (StatusCode::CONFLICT, message(way, "You already have an account", &body)).into_response()
}

/// Shown only to somebody who has proved to own the account.
pub(in crate::tenant) fn disabled(way: &WayBack) -> Response {
    let body = html! { p { "Please ask " (way.brand()) " for help." } };
    (StatusCode::FORBIDDEN, message(way, "Your account has been disabled", &body)).into_response()
}

/// The request named another machine than the one that the page is for (RFC 9110 §15.5.20).
pub(in crate::tenant) fn misdirected(way: &WayBack, address: &str) -> Response {
    let body = html! { p { "Its address is " a href=(address) { (address) } "." } };
    (StatusCode::MISDIRECTED_REQUEST, message(way, "This page has another address", &body)).into_response()
}

/// No such page.
pub(in crate::tenant) fn not_found(tenant: &Tenant) -> Response {
    let body = html! { p { "There is nothing at this address." } };
    (StatusCode::NOT_FOUND, message(&WayBack::to(tenant, None), "Page not found", &body)).into_response()
}
