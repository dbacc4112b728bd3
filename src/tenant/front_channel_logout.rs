//! Tells apps that a session has ended, through the browser (OpenID Connect Front-Channel Logout 1.0): the signed-out
//! page loads an address of each app in a frame, and goes on after a few seconds. Works without scripts.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use maud::{Markup, html};
use url::Url;

use super::authorization_response::{ascii, with_query};
use super::config::App;
use super::pages::frame::{Frame, POLICY};
use super::pages::way_back::WayBack;
use super::state::Tenant;
use super::texts::Texts;

/// How long the apps' pages get to load, in seconds.
const PAUSE: u32 = 3;

/// An app that is to be told.
pub(super) struct AppFrame {
    /// The app's name.
    name: String,
    /// Its registered address with `iss` and `sid` (§2).
    address: String,
    /// The same without a query, as a source of a Content-Security-Policy.
    source: String,
}

/// What the signed-out page loads for a session that these apps took part in.
pub(super) fn frames(tenant: &Tenant, sid: &str, clients: &[String]) -> Vec<AppFrame> {
    let apps = clients.iter().filter_map(|client_id| tenant.config().app(client_id));
    let frame = |app: &App| {
        let uri = app.front_channel_logout_uri.as_deref()?;
        let url = Url::parse(uri).ok()?;
        // What separates sources and directives in a policy is allowed in a path.
        let path = url.path().replace(';', "%3B").replace(',', "%2C");
        Some(AppFrame {
            name: app.name.clone(),
            address: with_query(uri, [("iss", tenant.issuer().as_str()), ("sid", sid)].into_iter()),
            source: format!("{}{path}", url.origin().ascii_serialization()),
        })
    };
    apps.filter_map(frame).collect()
}

/// The signed-out page with the frames, which goes on to `next`.
pub(super) fn page(frame: &Frame, frames: &[AppFrame], next: Option<&str>, way: &WayBack) -> Response {
    let t = frame.t();
    let title = t.signed_out_title();
    let body = html! {
        h1 { (title) }
        p { (t.signed_out_apps()) }
        ul { @for app in frames { li { (app.name) } } }
        @match next {
            Some(next) => {
                p { (t.goes_on()) }
                p { a.button href=(next) { (t.continue_on()) } }
            },
            None => {
                p { (t.close_windows()) }
                (way.links(t))
            },
        }
        @for app in frames { (iframe(app, t)) }
    };
    let head = html! {
        @if let Some(next) = next { meta http-equiv="refresh" content={ (PAUSE) ";url=" (next) }; }
    };
    let sources: Vec<_> = frames.iter().map(|app| app.source.as_str()).collect();
    let policy = format!("{}; frame-src {}", POLICY, sources.join(" "));
    let mut response = (StatusCode::OK, frame.wide_with(title, &head, &body)).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, ascii(&policy));
    response
}

/// Out of sight, but loaded. The app's page may keep house in its own storage, and cannot lead the user away.
fn iframe(app: &AppFrame, t: Texts) -> Markup {
    html! {
        iframe.away src=(app.address) title=(t.signing_out_of(&app.name)) tabindex="-1" aria-hidden="true"
            sandbox="allow-same-origin allow-scripts" referrerpolicy="no-referrer" {}
    }
}
