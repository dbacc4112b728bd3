//! Pages that say that something is wrong, and lead back to the app.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::frame::{Frame, Page};
use super::sentence::sentence_with;
use super::way_back::WayBack;

fn message(frame: &Frame, way: &WayBack, title: &str, body: &Markup) -> Page {
    frame.narrow(title, &html! { h1 { (title) } (body) (way.links(frame.t())) })
}

/// The interaction is over, or belongs to another browser.
pub(in crate::tenant) fn gone(frame: &Frame, way: &WayBack) -> Response {
    let t = frame.t();
    let body = html! {
        p { (t.gone()) }
        p { (t.gone_again()) }
        p.hint { (t.gone_cookies()) }
    };
    (StatusCode::BAD_REQUEST, message(frame, way, t.gone_title(), &body)).into_response()
}

/// What was sent is not what the form sends.
pub(in crate::tenant) fn unreadable(frame: &Frame, way: &WayBack, status: StatusCode) -> Response {
    let t = frame.t();
    (status, message(frame, way, t.failed_title(), &html! { p { (t.unreadable()) } })).into_response()
}

/// The form came from another site.
pub(in crate::tenant) fn foreign(frame: &Frame, way: &WayBack) -> Response {
    let t = frame.t();
    let body = html! {
        p { (t.foreign()) }
        p { (t.foreign_again()) }
    };
    (StatusCode::FORBIDDEN, message(frame, way, t.foreign_title(), &body)).into_response()
}

/// Too many attempts.
pub(in crate::tenant) fn too_many(frame: &Frame, way: &WayBack, retry_after: time::Duration) -> Response {
    let t = frame.t();
    // Rounded up: whoever waits as long as they are told gets through.
    let seconds = u64::try_from((retry_after.whole_milliseconds() + 999) / 1000).unwrap_or_default();
    let wait = if seconds > 90 { t.minutes(seconds.div_ceil(60)) } else { t.seconds(seconds) };
    let body = html! {
        p { (sentence_with(t.too_many_parts(), &html! { strong { (wait) } })) }
        p { (t.not_locked()) }
    };
    let headers = [(header::RETRY_AFTER, seconds.to_string())];
    (StatusCode::TOO_MANY_REQUESTS, headers, message(frame, way, t.too_many_title(), &body)).into_response()
}

/// More passwords to check than the server can bear.
pub(in crate::tenant) fn busy(frame: &Frame, way: &WayBack) -> Response {
    let t = frame.t();
    let headers = [(header::RETRY_AFTER, "5")];
    let body = html! { p { (t.busy()) } };
    (StatusCode::SERVICE_UNAVAILABLE, headers, message(frame, way, t.busy_title(), &body)).into_response()
}

/// The database does not answer.
pub(in crate::tenant) fn unavailable(frame: &Frame, way: &WayBack) -> Response {
    let t = frame.t();
    let headers = [(header::RETRY_AFTER, "5")];
    let body = html! { p { (t.unavailable()) } };
    (StatusCode::SERVICE_UNAVAILABLE, headers, message(frame, way, t.unavailable_title(), &body)).into_response()
}

/// The user flow creates no accounts.
pub(in crate::tenant) fn no_sign_up(frame: &Frame, way: &WayBack, sign_in: &str) -> Response {
    let t = frame.t();
    let body = html! {
        p { (t.no_sign_up(&frame.brand())) }
        p { a.button href=(sign_in) { (t.sign_in()) } }
    };
    (StatusCode::FORBIDDEN, message(frame, way, t.no_sign_up_title(), &body)).into_response()
}

/// The passcode was right, but somebody created the account in the meantime.
pub(in crate::tenant) fn taken(frame: &Frame, way: &WayBack, sign_in: &str) -> Response {
    let t = frame.t();
    let body = html! {
        p { (t.taken()) }
        p { a.button href=(sign_in) { (t.sign_in()) } }
    };
    (StatusCode::CONFLICT, message(frame, way, t.taken_title(), &body)).into_response()
}

/// Shown only to somebody who has proved to own the account.
pub(in crate::tenant) fn disabled(frame: &Frame, way: &WayBack) -> Response {
    let t = frame.t();
    let body = html! { p { (t.disabled(&frame.brand())) } };
    (StatusCode::FORBIDDEN, message(frame, way, t.disabled_title(), &body)).into_response()
}

/// The request named another machine than the one that the page is for (RFC 9110 §15.5.20).
pub(in crate::tenant) fn misdirected(frame: &Frame, way: &WayBack, address: &str) -> Response {
    let t = frame.t();
    let link = html! { a href=(address) { (address) } };
    let body = html! { p { (sentence_with(t.misdirected_parts(), &link)) } };
    (StatusCode::MISDIRECTED_REQUEST, message(frame, way, t.misdirected_title(), &body)).into_response()
}

/// No such page.
pub(in crate::tenant) fn not_found(frame: &Frame, way: &WayBack) -> Response {
    let t = frame.t();
    let body = html! { p { (t.not_found()) } };
    (StatusCode::NOT_FOUND, message(frame, way, t.not_found_title(), &body)).into_response()
}
