//! Where a language is chosen, and where the texts of the app are for the program in the browser: a script for each language.

use std::sync::LazyLock;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use cookie::{Cookie, SameSite};
use tower_sessions::Session;
use url::form_urlencoded;

use super::door::{is_cross_site, referring_page};
use super::language;
use super::state::Web;
use super::texts::Texts;
use crate::app;
use crate::identity::return_to::ReturnTo;
use crate::identity::session::UserSession;
use crate::language::Language;
use crate::platform::redirect::see_other;

/// Another text has another address.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// `POST /language`: remembers the language that was chosen, for mails too, and goes back to the page.
pub(super) async fn choose(
    State(web): State<Web>,
    session: Option<Extension<Session>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let t = Texts::asked_for(&headers);
    if is_cross_site(&headers) {
        return (StatusCode::FORBIDDEN, t.own_pages_only()).into_response();
    }
    let named = form_urlencoded::parse(&body).find(|(name, _)| name == "language").map(|(_, tag)| tag);
    let known = Language::ALL.into_iter().find(|language| named.as_deref() == Some(language.tag()));
    let Some(language) = known else { return (StatusCode::BAD_REQUEST, t.no_such_language()).into_response() };
    if let Some(Extension(session)) = session {
        write_in(&web, &session, language).await;
    }
    let mut response = see_other(referring_page(&web, &headers).unwrap_or_else(ReturnTo::home).as_str());
    let is_https = web.identity().is_https();
    let cookie = Cookie::build((language::cookie(is_https), language.tag()))
        .path("/")
        .max_age(language::REMEMBERED)
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_https)
        .build();
    if let Ok(cookie) = HeaderValue::from_str(&cookie.to_string()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// From now on, mails to whoever is signed in are in that language. The page is, whether or not this can be kept.
async fn write_in(web: &Web, session: &Session, language: Language) {
    let Ok(Some(signed_in)) = UserSession::load(session).await else { return };
    if let Err(error) = web.digests().set_language(signed_in.key.as_str(), language).await {
        tracing::warn!(%error, "the language of a customer's mails could not be stored");
    }
}

/// `GET /texts/{name}`: the texts of one language, for the program in the browser.
pub(super) async fn script(Path(name): Path<String>, headers: HeaderMap) -> Response {
    static SCRIPTS: LazyLock<Vec<(String, Bytes)>> = LazyLock::new(|| {
        let script = |language| (app::texts::address(language), Bytes::from(app::texts::script(language)));
        Language::ALL.into_iter().map(script).collect()
    });
    let is_named = |address: &str| address.strip_prefix(app::address::TEXTS) == Some(name.as_str());
    match SCRIPTS.iter().find(|(address, _)| is_named(address)) {
        Some((_, script)) => {
            let kind = HeaderValue::from_static("text/javascript; charset=utf-8");
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, IMMUTABLE)], script.clone()).into_response()
        }
        None => (StatusCode::NOT_FOUND, Texts::asked_for(&headers).no_such_file()).into_response(),
    }
}
