//! Sign-out (OpenID Connect RP-Initiated Logout 1.0).
//!
//! An app that proves which session it means, by an ID token or the `login_hint` claim of its user, ends it at once.
//! Anybody else, and be it an image on a foreign page, gets a page that asks the user. Either way the other apps of the
//! session are told: from server to server in the background, and in the browser before it goes on.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use maud::html;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::authorization_response::with_query;
use super::config::App;
use super::id_token_hint::IdTokenHint;
use super::pages::frame::Frame;
use super::pages::sentence::sentence_with;
use super::pages::way_back::WayBack;
use super::pages::{messages, notice};
use super::parameters::Parameters;
use super::sso::{self, Session};
use super::state::Tenant;
use super::{cookies, front_channel_logout, language};
use crate::platform::hash;
use crate::platform::redirect::see_other;

pub(super) fn router() -> Router<Tenant> {
    // RP-Initiated Logout §2: GET and POST.
    Router::new().route("/oauth2/v2.0/logout", get(by_get).post(by_post))
}

/// The user's answer to the question. Same-site only: the caller puts the CSRF layer around it.
pub(super) fn confirmation() -> Router<Tenant> {
    Router::new().route("/oauth2/v2.0/logout/confirm", post(confirm))
}

/// Where the browser goes afterwards, if anywhere.
#[derive(Default)]
struct Destination {
    /// Registered for an app.
    uri: Option<String>,
    state: Option<String>,
    /// The app that the request names, or else the one that the address belongs to.
    app: Option<Uuid>,
}

impl Destination {
    /// The way back to the app, on pages that go nowhere by themselves.
    fn way_back(&self, tenant: &Tenant) -> WayBack {
        WayBack::to(tenant, self.app.and_then(|app| tenant.config().app(&app.to_string())))
    }

    /// The frame of the pages on the way. By GET they are to be had at the endpoint itself.
    fn frame(&self, tenant: &Tenant, headers: &HeaderMap, parameters: &Parameters) -> Frame {
        let app = self.app.map(|app| app.to_string());
        let fields = [
            ("client_id", app.as_deref()),
            ("post_logout_redirect_uri", self.uri.as_deref()),
            ("state", self.state.as_deref()),
        ];
        let fields = fields.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let address = with_query(&tenant.path("/oauth2/v2.0/logout"), fields);
        // §2: ui_locales.
        let asked = parameters.get("ui_locales").and_then(language::of_ui_locales);
        Frame::new(tenant, language::spoken(headers, asked), address)
    }

    /// §2: with the state, which is passed on.
    fn address(&self) -> Option<String> {
        let uri = self.uri.as_deref()?;
        Some(match &self.state {
            Some(state) => with_query(uri, [("state", state.as_str())].into_iter()),
            None => uri.to_owned(),
        })
    }
}

async fn by_get(State(tenant): State<Tenant>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    logout(&tenant, &headers, &Parameters::parse(&query.unwrap_or_default())).await
}

async fn by_post(State(tenant): State<Tenant>, headers: HeaderMap, body: Bytes) -> Response {
    let parameters = Parameters::parse_body(&headers, &body).unwrap_or_default();
    logout(&tenant, &headers, &parameters).await
}

async fn logout(tenant: &Tenant, headers: &HeaderMap, parameters: &Parameters) -> Response {
    let hint = parameters.get("id_token_hint").map(|token| IdTokenHint::read(tenant, token));
    let destination = match &hint {
        // §4: with an error in the request, there is no redirect.
        Some(None) => Destination::default(),
        Some(Some(hint)) => destination(tenant, parameters, Some(hint)),
        None => destination(tenant, parameters, None),
    };
    let frame = destination.frame(tenant, headers, parameters);
    let session = match Session::find(tenant, headers).await {
        Ok(session) => session,
        Err(error) => return unavailable(tenant, &frame, &error),
    };
    let hint = hint.flatten();
    let Some(session) = session else {
        // A cross-site POST comes without the cookie; the app's ID token names the session all the same.
        let Some(hint) = hint else { return redirect_or_page(tenant, &frame, &destination) };
        // The cookie, if there is one, stays: a foreign page's image gets here too, and ends nothing.
        return match sso::end(tenant, &hint.sid).await {
            Ok(clients) => tell_apps(tenant, &frame, &hint.sid, &clients, &destination),
            Err(error) => unavailable(tenant, &frame, &error),
        };
    };
    let meant = hint.as_ref().is_some_and(|hint| hint.sub == tenant.subject(hint.aud, &session.user.id))
        || parameters
            .get("logout_hint")
            .is_some_and(|hint| hint.as_bytes().ct_eq(tenant.login_hint(&session.user.id).as_bytes()).into());
    if !meant {
        return ask(tenant, &frame, headers, &session, &destination, Asked::First);
    }
    match sso::end(tenant, &session.sid).await {
        Ok(clients) => signed_out(tenant, &frame, &session.sid, &clients, &destination),
        Err(error) => unavailable(tenant, &frame, &error),
    }
}

/// §3: a registered address only. Without an app's name it must be some app's: Entra does not ask for the name.
fn destination(tenant: &Tenant, parameters: &Parameters, hint: Option<&IdTokenHint>) -> Destination {
    let named = parameters.get("client_id");
    let known = |app: &App, uri: &str| tenant.config().is_registered(&app.post_logout_redirect_uris, uri);
    let of_app = |client_id: &str, uri: &str| tenant.config().app(client_id).is_some_and(|app| known(app, uri));
    let registered = |uri: &str| match (hint.map(|hint| hint.aud.to_string()), named) {
        // §2: when both are present, they must match.
        (Some(aud), Some(named)) if !named.eq_ignore_ascii_case(&aud) => false,
        (Some(aud), _) => of_app(&aud, uri),
        (None, Some(named)) => of_app(named, uri),
        (None, None) => tenant.config().apps.iter().any(|app| known(app, uri)),
    };
    let uri = parameters.get("post_logout_redirect_uri").filter(|uri| registered(uri)).map(ToOwned::to_owned);
    let named = hint.map(|hint| hint.aud).or_else(|| tenant.config().app(named?).map(|app| app.client_id));
    let owner = || tenant.config().apps.iter().find(|app| uri.as_deref().is_some_and(|uri| known(app, uri)));
    let app = named.or_else(|| owner().map(|app| app.client_id));
    Destination { uri, state: parameters.get("state").map(ToOwned::to_owned), app }
}

/// How often the user is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    First,
    /// What they answered does not belong to this session.
    Again,
}

fn ask(
    tenant: &Tenant,
    frame: &Frame,
    headers: &HeaderMap,
    session: &Session,
    destination: &Destination,
    asked: Asked,
) -> Response {
    let t = frame.t();
    let content = html! {
        @if asked == Asked::Again {
            p.notice role="status" { (t.decide_again()) }
        }
        p { (sentence_with(t.signed_in_as_parts(), &html! { strong { (session.user.email) } })) }
        form method="post" action=(tenant.path("/oauth2/v2.0/logout/confirm")) {
            input type="hidden" name="token" value=(confirmation_token(headers));
            @if let Some(uri) = &destination.uri { input type="hidden" name="post_logout_redirect_uri" value=(uri); }
            @if let Some(state) = &destination.state { input type="hidden" name="state" value=(state); }
            @if let Some(app) = &destination.app { input type="hidden" name="client_id" value=(app); }
            // The next page speaks as this one does.
            input type="hidden" name="ui_locales" value=(t.language().tag());
            button.primary type="submit" { (t.sign_out()) }
        }
        // Cancelling is going back: nothing was done yet.
        (destination.way_back(tenant).cancel(t))
    };
    let status = if asked == Asked::Again { StatusCode::CONFLICT } else { StatusCode::OK };
    notice::page(frame, status, t.sign_out_title(), &content)
}

async fn confirm(State(tenant): State<Tenant>, headers: HeaderMap, body: Bytes) -> Response {
    let parameters = Parameters::parse_body(&headers, &body).unwrap_or_default();
    let destination = destination(&tenant, &parameters, None);
    let frame = destination.frame(&tenant, &headers, &parameters);
    let session = match Session::find(&tenant, &headers).await {
        Ok(Some(session)) => session,
        Ok(None) => return signed_out(&tenant, &frame, "", &[], &destination),
        Err(error) => return unavailable(&tenant, &frame, &error),
    };
    // A forged form does not know the token. Neither does one from before the user signed in once more in this browser,
    // which is no attack.
    let given = parameters.get("token").unwrap_or_default();
    if !bool::from(given.as_bytes().ct_eq(confirmation_token(&headers).as_bytes())) {
        return ask(&tenant, &frame, &headers, &session, &destination, Asked::Again);
    }
    match sso::end(&tenant, &session.sid).await {
        Ok(clients) => signed_out(&tenant, &frame, &session.sid, &clients, &destination),
        Err(error) => unavailable(&tenant, &frame, &error),
    }
}

/// Proves that a form comes from a page made for this session: nobody else knows the cookie.
fn confirmation_token(headers: &HeaderMap) -> String {
    hash::sha256_base64url(&format!("logout/{}", cookies::read(headers, cookies::SESSION).unwrap_or_default()))
}

/// The session has ended: removes its cookie.
fn signed_out(tenant: &Tenant, frame: &Frame, sid: &str, clients: &[String], destination: &Destination) -> Response {
    let mut response = tell_apps(tenant, frame, sid, clients, destination);
    response.headers_mut().append(header::SET_COOKIE, cookies::set(tenant, cookies::SESSION, "", "/"));
    response
}

/// The session of these apps has ended: those that are told in the browser are told before it goes on.
fn tell_apps(tenant: &Tenant, frame: &Frame, sid: &str, clients: &[String], destination: &Destination) -> Response {
    let frames = front_channel_logout::frames(tenant, sid, clients);
    if frames.is_empty() {
        return redirect_or_page(tenant, frame, destination);
    }
    front_channel_logout::page(frame, &frames, destination.address().as_deref(), &destination.way_back(tenant))
}

/// Nobody is signed in (any more).
fn redirect_or_page(tenant: &Tenant, frame: &Frame, destination: &Destination) -> Response {
    let Some(address) = destination.address() else {
        let t = frame.t();
        let content = html! {
            p { (t.signed_out()) " " (t.close_windows()) }
            (destination.way_back(tenant).links(t))
        };
        return notice::page(frame, StatusCode::OK, t.signed_out_title(), &content);
    };
    see_other(&address)
}

fn unavailable(tenant: &Tenant, frame: &Frame, error: &sqlx::Error) -> Response {
    tracing::error!(%error, "logout: the database failed");
    messages::unavailable(frame, &WayBack::to(tenant, None))
}
