//! Tells apps that a session has ended, through the browser (OpenID Connect Front-Channel Logout 1.0): the signed-out
//! page loads an address of each app in a frame, and goes on after a few seconds. Works without scripts.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use url::Url;

use super::authorization_response::{ascii, with_query};
use super::config::App;
use super::pages::frame::{POLICY, wide_with};
use super::pages::way_back::WayBack;
use super::state::Tenant;

/// How long the apps' pages get to load, in seconds.
const PAUSE: u32 = 3;

/// An app that is to be told.
pub(super) struct Frame {
    /// The app's name.
    name: String,
    /// Its registered address with `iss` and `sid` (§2).
    address: String,
    /// The same without a query, as a source of a Content-Security-Policy.
    source: String,
}

/// What the signed-out page loads for a session that these apps took part in.
pub(super) fn frames(tenant: &Tenant, sid: &str, clients: &[String]) -> Vec<Frame> {
    let apps = clients.iter().filter_map(|client_id| tenant.config().app(client_id));
    let frame = |app: &App| {
        let uri = app.front_channel_logout_uri.as_deref()?;
        let url = Url::parse(uri).ok()?;
        // What separates sources and directives in a policy is allowed in a path.
        let path = url.path().replace(';', "%3B").replace(',', "%2C");
        Some(Frame {
            name: app.name.clone(),
            address: with_query(uri, [("iss", tenant.issuer().as_str()), ("sid", sid)].into_iter()),
            source: format!("{}{path}", url.origin().ascii_serialization()),
        })
    };
    apps.filter_map(frame).collect()
}

/// The signed-out page with the frames, which goes on to `next`.
pub(super) fn page(tenant: &Tenant, frames: &[Frame], next: Option<&str>, way: &WayBack) -> Response {
    let brand = &tenant.config().display_name;
    let title = "You signed out of your account";
    let body = html! {
        h1 { (title) }
        p { "You are being signed out of these apps as well:" }
        ul { @for frame in frames { li { (frame.name) } } }
        @match next {
            Some(next) => {
                p { "Then this page goes on by itself." }
                p { a.button href=(next) { "Continue" } }
            },
            None => {
                p { "It is a good idea to close all browser windows." }
                (way.links())
            },
        }
        @for frame in frames { (self::frame(frame)) }
    };
    let head = html! {
        @if let Some(next) = next { meta http-equiv="refresh" content={ (PAUSE) ";url=" (next) }; }
    };
    let sources: Vec<_> = frames.iter().map(|frame| frame.source.as_str()).collect();
    let policy = format!("{}; frame-src {}", POLICY, sources.join(" "));
    let mut response = (StatusCode::OK, wide_with(brand, title, &head, &body)).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, ascii(&policy));
    response
}

/// Out of sight, but loaded. The app's page may keep house in its own storage, and cannot lead the user away.
fn frame(frame: &Frame) -> Markup {
    html! {
        iframe.away src=(frame.address) title={ "Signing out of " (frame.name) } tabindex="-1" aria-hidden="true"
            sandbox="allow-same-origin allow-scripts" referrerpolicy="no-referrer" {}
    }
}
