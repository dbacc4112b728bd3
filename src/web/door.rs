//! The door to the server functions: refuses other sites, gives errors their HTTP status, and makes plain forms (no
//! WebAssembly) work: they are answered with 303 back to their page, which shows what went wrong and what was typed.
//!
//! What a customer asked for and had to leave for, to allow it or to prove more, is finished when they come back.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use cookie::Cookie;
use maud::html;
use time::Duration;
use tower::ServiceExt as _;
use tower_sessions::Session;
use url::form_urlencoded;

use super::flash::Draft;
use super::request::{is_to_be_kept, tag};
use super::state::{MAX_BODY, Web};
use super::texts::Texts;
use super::{document, flash, pages};
use crate::app;
use crate::app::address::{ACTIONS, SIGN_IN_PROBLEM, TODOS, TODOS_COMPLETED, TODOS_OVERDUE};
use crate::app::error::{AppError, Section};
use crate::app::model::done::Done;
use crate::app::model::flash::Flash;
use crate::app::model::form_draft::FormDraft;
use crate::identity::return_to::ReturnTo;
use crate::identity::session::UserSession;
use crate::identity::sign_in::challenge_in;
use crate::platform::redirect::see_other;

/// The header that marks a server function's error.
const SERVER_FN_ERROR: &str = "serverfnerror";
/// The server functions that only look: there is nothing in them to finish.
const LOOKING: [&str; 6] = ["account", "lists/list", "notice", "todos/list", "todos/overview", "viewer"];
/// For how long it is known that something was finished: longer than a draft lives.
const FINISHED: Duration = Duration::days(1);

/// What the door leads to.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) web: Web,
    /// The pages and the server functions, without this door.
    pub(super) inside: Router,
}

/// A form that was sent, or a call of the page's scripts.
struct Sent {
    /// The server function, below [`ACTIONS`].
    action: String,
    fields: Vec<(String, String)>,
    /// The page that it was sent from.
    page: ReturnTo,
    session: Option<Session>,
    signed_in: Option<UserSession>,
}

/// Stands in front of pages and server functions.
pub(super) async fn guard(State(door): State<Door>, request: Request, next: Next) -> Response {
    if request.uri().path().starts_with(ACTIONS) {
        return answer(&door, request, next).await;
    }
    if matches!(*request.method(), Method::GET | Method::HEAD)
        && let Some(address) = plain_address(request.uri())
    {
        return Redirect::permanent(&address).into_response();
    }
    if request.method() == Method::GET
        && !is_to_be_kept(request.headers())
        && let Some(draft) = flash::draft(&door.web, request.headers())
        && let Some(session) = request.extensions().get::<Session>().cloned()
    {
        let path = request.uri().path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str);
        let page = ReturnTo::parse(path);
        if let Some(finished) = finish(&door, draft, &session, &page).await {
            return finished;
        }
    }
    let problem = (request.uri().path() == SIGN_IN_PROBLEM)
        .then(|| {
            let query = form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes());
            let reason = query.into_owned().find(|(name, _)| name == "reason")?.1;
            door.web.identity().problem_status(request.headers(), &reason)
        })
        .flatten();
    let mut response = next.run(request).await;
    if let Some(status) = problem {
        *response.status_mut() = status;
        set_cookie(&mut response, &door.web.identity().problem_removal());
    }
    response
}

/// The address of the page that `uri` means but for its spelling: a slash too many, or letters that need no `%`. The two
/// routers read such addresses differently: axum's knows none of them, that of the app all.
fn plain_address(uri: &Uri) -> Option<String> {
    let decoded = percent_encoding::percent_decode_str(uri.path()).decode_utf8().ok()?;
    let parts: Vec<&str> = decoded.split('/').filter(|part| !part.is_empty()).collect();
    let plain = format!("/{}", parts.join("/"));
    if plain == uri.path() || !pages::is_page(&plain) {
        return None;
    }
    Some(uri.query().map_or(plain.clone(), |query| format!("{plain}?{query}")))
}

/// A request for a server function.
async fn answer(door: &Door, request: Request, next: Next) -> Response {
    let web = &door.web;
    let wants_page = document::wants_page(request.headers());
    let t = Texts::asked_for(request.headers());
    if is_cross_site(request.headers()) {
        return (StatusCode::FORBIDDEN, t.own_pages_only()).into_response();
    }
    let path = request.uri().path();
    if !server_fn::axum::server_fn_paths().any(|(known, _)| known == path) {
        return unknown(door, request, wants_page).await;
    }
    if request.method() != Method::POST {
        let allow = [(header::ALLOW, "POST")];
        return (StatusCode::METHOD_NOT_ALLOWED, allow, t.forms_only()).into_response();
    }
    let action = path.strip_prefix(ACTIONS).unwrap_or_default().to_owned();
    let (mut parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, t.form_too_large()).into_response();
    };
    let page = page_of(web, &parts.headers, &action);
    // Leptos reads these headers, too, and another way: what it reads is what was understood here.
    write_headers(web, &mut parts.headers, &page);
    let session = parts.extensions.get::<Session>().cloned();
    let signed_in = match &session {
        // Of one that cannot be read, the server function says so.
        Some(session) => UserSession::load(session).await.ok().flatten(),
        None => None,
    };
    let fields = form_urlencoded::parse(&body).into_owned().collect();
    let sent = Sent { action, fields, page, session, signed_in };
    let headers = parts.headers.clone();
    if sent.is_of_another(web, &headers) {
        return sent.not_theirs(web, t, wants_page).await;
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    if wants_page {
        let cookies: Vec<HeaderValue> = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
        let mut page = sent.plain_form(web, &headers, outcome(response).await).await;
        page.headers_mut().extend(cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie)));
        return page;
    }
    match error_of(response).await {
        Ok(response) => response,
        Err(refused) => {
            let (error, mut response) = *refused;
            *response.status_mut() = status(&error);
            if let Some(draft) = sent.to_be_finished(web, &error) {
                set_cookie(&mut response, &draft.cookie(web));
            }
            response
        }
    }
}

/// Fetch Metadata (W3C): only our own pages, or the customer directly. Unsafe methods without these headers are the
/// CSRF layer's business.
pub(super) fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get_all("sec-fetch-site").iter().any(|site| site != "same-origin" && site != "none")
}

/// There is no such server function: the app's page that says so, or its error.
async fn unknown(door: &Door, request: Request, wants_page: bool) -> Response {
    if !wants_page {
        return (StatusCode::NOT_FOUND, axum::Json(AppError::NotFound)).into_response();
    }
    let (mut parts, _) = request.into_parts();
    parts.method = Method::GET;
    run(door, Request::from_parts(parts, Body::empty())).await
}

async fn run(door: &Door, request: Request) -> Response {
    match door.inside.clone().oneshot(request).await {
        Ok(response) => response,
        Err(error) => match error {},
    }
}

/// The page that a form was sent from, else the one that such forms stand on.
fn page_of(web: &Web, headers: &HeaderMap, action: &str) -> ReturnTo {
    referring_page(web, headers).unwrap_or_else(|| ReturnTo::parse(Section::of_action(action).page()))
}

/// The page of this site that a form was sent from.
pub(super) fn referring_page(web: &Web, headers: &HeaderMap) -> Option<ReturnTo> {
    let mut lines = headers.get_all(header::REFERER).iter();
    let referer = match (lines.next(), lines.next()) {
        (Some(only), None) => only.to_str().ok(),
        _ => None,
    };
    ReturnTo::from_referer(referer, web.identity().public_url())
}

/// Replaces what the client says about itself by what was understood of it. A server function answers in JSON, and
/// redirects nobody.
fn write_headers(web: &Web, headers: &mut HeaderMap, page: &ReturnTo) {
    headers.remove(header::REFERER);
    let referer = format!("{}{}", web.identity().public_url().origin().ascii_serialization(), page.as_str());
    if let Ok(referer) = HeaderValue::from_str(&referer) {
        headers.insert(header::REFERER, referer);
    }
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
}

impl Sent {
    fn section(&self) -> Section {
        Section::of_action(&self.action)
    }

    /// The page that shows what was done: what is new is not among what is completed or overdue, nor among what is searched.
    fn page_after(&self) -> ReturnTo {
        let page = without(&self.page, &["edit"]);
        let path = page.as_str().split('?').next().unwrap_or_default();
        match path {
            _ if self.action != "todos/add" => page,
            TODOS_COMPLETED | TODOS_OVERDUE => ReturnTo::parse(TODOS),
            _ => without(&page, &["q"]),
        }
    }

    fn typed(&self) -> FormDraft {
        FormDraft::of(&self.action, self.fields.iter().cloned())
    }

    /// Whether the page that the form stands on was made for another customer than the one who is signed in now.
    fn is_of_another(&self, web: &Web, headers: &HeaderMap) -> bool {
        let names_author = self.fields.iter().any(|(name, tag)| name == "author" && !tag.is_empty());
        let author = names_author.then(|| flash::author_of(web, headers, &self.fields)).flatten();
        author.zip(self.signed_in.as_ref()).is_some_and(|(author, signed_in)| author != tag(&signed_in.key))
    }

    /// Does nothing: what was typed for one customer is neither done for another nor shown to them.
    async fn not_theirs(self, web: &Web, t: Texts, wants_page: bool) -> Response {
        let error = AppError::SomebodyElse;
        if !wants_page {
            // As a server function answers.
            let mark = [(SERVER_FN_ERROR, format!("{ACTIONS}{}", self.action))];
            return (status(&error), mark, axum::Json(error)).into_response();
        }
        let text = error.text(app::texts::Texts::of(t.language()), self.section());
        let form = FormDraft { action: self.action.clone(), fields: Vec::new() };
        let flash = Flash { error: Some(error), form, ..Flash::default() };
        match &self.session {
            Some(session) if flash::put(session, &flash).await.is_ok() => {
                see_other(&at(&without_query(&self.page), self.section()))
            }
            _ => document::page(web, t, StatusCode::FORBIDDEN, t.not_done_title(), &text, &document::ways_on(t)),
        }
    }

    /// What is to be finished when its author comes back from where `error` sends them.
    fn to_be_finished(&self, web: &Web, error: &AppError) -> Option<Draft> {
        let challenge = challenge_in(error.interaction_url()?)?;
        let author = tag(&self.signed_in.as_ref()?.key);
        // Ending sessions is `identity`'s own, and finished by it.
        if LOOKING.contains(&self.action.as_str()) || self.section() == Section::Sessions {
            return None;
        }
        Some(Draft { challenge: Some(challenge), ..Draft::new(web, &self.action, self.fields.clone(), author) })
    }

    /// Answers a form that the browser submitted itself.
    async fn plain_form(self, web: &Web, headers: &HeaderMap, outcome: Result<Option<Done>, AppError>) -> Response {
        let error = match outcome {
            Ok(done) => {
                // What is to be seen on the page needs no words, and no write.
                if let (Some(session), Some(done)) = (&self.session, done.filter(|done| done.is_news())) {
                    let form = FormDraft { action: self.action.clone(), fields: Vec::new() };
                    // It is done; that the message cannot be kept changes nothing.
                    let _ = flash::put(session, &Flash { done: Some(done), form, ..Flash::default() }).await;
                }
                return see_other(&at(&self.page_after(), self.section()));
            }
            Err(error) => error,
        };
        if let Some(url) = error.interaction_url() {
            let mut response = see_other(url);
            let author = self.signed_in.as_ref().map(|signed_in| tag(&signed_in.key));
            let draft = self.to_be_finished(web, &error).or_else(|| {
                let author = author.or_else(|| flash::author_of(web, headers, &self.fields))?;
                (!self.typed().is_empty()).then(|| Draft::new(web, &self.action, self.fields.clone(), author))
            });
            if let Some(draft) = draft {
                set_cookie(&mut response, &draft.cookie(web));
            }
            return response;
        }
        self.failed(web, Texts::asked_for(headers), error).await
    }

    /// Back to the page, which tells what went wrong and shows what was typed; if that cannot be noted, here.
    async fn failed(self, web: &Web, t: Texts, error: AppError) -> Response {
        if let Some(session) = &self.session {
            let flash = Flash { error: Some(error.clone()), form: self.typed(), ..Flash::default() };
            if flash::put(session, &flash).await.is_ok() {
                return see_other(&at(&self.page, self.section()));
            }
        }
        self.offer_again(web, t, &error)
    }

    /// A page with the form and what was typed into it, for when there is nowhere to keep it. Needs nothing but this answer.
    fn offer_again(&self, web: &Web, t: Texts, error: &AppError) -> Response {
        let text = error.text(app::texts::Texts::of(t.language()), self.section());
        let is_typed = |name: &str| matches!(name, "description" | "display_name" | "given_name" | "surname");
        let label = |name: &str| match name {
            "description" => t.typed(),
            "display_name" => t.display_name(),
            "given_name" => t.first_name(),
            _ => t.last_name(),
        };
        let form = html! {
            form.form method="post" action=(format!("{ACTIONS}{}", self.action)) {
                @for (place, (name, value)) in self.fields.iter().enumerate() {
                    @if is_typed(name) {
                        @let id = format!("field-{place}");
                        div.form__field {
                            label for=(id) { (label(name)) }
                            input.field id=(id) name=(name) type="text" dir="auto" autocomplete="off" value=(value);
                        }
                    } @else {
                        input type="hidden" name=(name) value=(value);
                    }
                }
                p.actions."actions--middle" {
                    button.button type="submit" { (t.try_again()) }
                    a.button."button--quiet" href=(self.page.as_str()) { (t.back()) }
                }
            }
        };
        let mut response = document::page(web, t, status(error), t.not_saved_title(), &text, &form);
        // Also on the page that they go back to, if they do.
        if let Some(signed_in) = self.signed_in.as_ref().filter(|_| !self.typed().is_empty()) {
            let draft = Draft::new(web, &self.action, self.fields.clone(), tag(&signed_in.key));
            set_cookie(&mut response, &draft.cookie(web));
        }
        response
    }
}

/// Finishes what the customer asked for before they were sent away, now that they come back and have allowed it. Only that,
/// only for the customer who asked, only after the very interaction that it was kept for, and once.
async fn finish(door: &Door, draft: Draft, session: &Session, page: &ReturnTo) -> Option<Response> {
    let web = &door.web;
    let challenge = draft.challenge.as_ref()?;
    let signed_in = UserSession::load(session).await.ok()??;
    if signed_in.challenge.as_ref() != Some(challenge) {
        return None;
    }
    let section = Section::of_action(&draft.action);
    let address =
        if section.is_on(page.as_str()) { at(&without(page, &["edit"]), section) } else { page.as_str().to_owned() };
    let mut response = see_other(&address);
    set_cookie(&mut response, &flash::draft_removal(web));
    if draft.author != tag(&signed_in.key) {
        return Some(response);
    }
    let until = web.clock().timestamp() + FINISHED;
    match web.identity().is_first_time(&format!("finish\n{challenge}"), until).await {
        Ok(true) => {}
        Ok(false) => return Some(response),
        Err(error) => {
            tracing::error!(%error, "what a customer allowed cannot be finished; it is offered to them again");
            return None;
        }
    }
    let form = FormDraft { action: draft.action.clone(), fields: Vec::new() };
    let flash = match perform(door, &draft, session, page).await {
        Ok(done) => {
            let done = done.filter(|done| done.is_news()).unwrap_or(Done::Finished);
            Flash { done: Some(done), form, finished: true, ..Flash::default() }
        }
        Err(error) => {
            // Sent away once more, they would come back to this once more.
            let error = match error.interaction_url() {
                Some(url) => AppError::NotGranted { url: url.to_owned() },
                None => error,
            };
            Flash { error: Some(error), form: draft.typed(), ..Flash::default() }
        }
    };
    if flash::put(session, &flash).await.is_err() && !flash.finished {
        // The draft stays, and is offered on the page.
        return None;
    }
    Some(response)
}

/// Calls the server function that a draft was for.
async fn perform(door: &Door, draft: &Draft, session: &Session, page: &ReturnTo) -> Result<Option<Done>, AppError> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&draft.fields).finish();
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = format!("{ACTIONS}{}", draft.action).parse().map_err(|_| AppError::NotFound)?;
    write_headers(&door.web, request.headers_mut(), page);
    request.extensions_mut().insert(session.clone());
    outcome(run(door, request).await).await
}

/// The result of a server function: what it did, where it says so.
async fn outcome(response: Response) -> Result<Option<Done>, AppError> {
    match error_of(response).await {
        Ok(response) if response.status().is_success() => {
            let body = to_bytes(response.into_body(), MAX_BODY).await.unwrap_or_default();
            Ok(serde_json::from_slice(&body).ok())
        }
        Ok(response) => {
            tracing::error!(status = %response.status(), "a form was answered with neither a result nor an error");
            Err(AppError::Unavailable)
        }
        Err(refused) => Err(refused.0),
    }
}

/// The address of the page, and of the part of it that the form is about.
fn at(page: &ReturnTo, section: Section) -> String {
    match section.fragment() {
        Some(fragment) => format!("{}#{fragment}", page.as_str()),
        None => page.as_str().to_owned(),
    }
}

/// The page alone, without what its address says of one customer's rows.
fn without_query(page: &ReturnTo) -> ReturnTo {
    ReturnTo::parse(page.as_str().split('?').next().unwrap_or_default())
}

/// The page without some of what its address says.
fn without(page: &ReturnTo, names: &[&str]) -> ReturnTo {
    let Some((path, query)) = page.as_str().split_once('?') else { return page.clone() };
    let is_kept = |pair: &&str| pair.split('=').next().is_none_or(|name| !names.contains(&name));
    let kept: Vec<&str> = query.split('&').filter(is_kept).collect();
    ReturnTo::parse(&if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) })
}

/// Takes a server function's error out of its response.
async fn error_of(response: Response) -> Result<Response, Box<(AppError, Response)>> {
    if !response.status().is_server_error() && !response.headers().contains_key(SERVER_FN_ERROR) {
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body: Bytes = to_bytes(body, MAX_BODY).await.unwrap_or_default();
    let error = serde_json::from_slice(&body).unwrap_or(AppError::Unavailable);
    Err(Box::new((error, Response::from_parts(parts, Body::from(body)))))
}

pub(super) fn status(error: &AppError) -> StatusCode {
    match error {
        AppError::SignInRequired { .. } => StatusCode::UNAUTHORIZED,
        AppError::ConsentRequired { .. }
        | AppError::Declined { .. }
        | AppError::Forbidden
        | AppError::SomebodyElse
        | AppError::NotGranted { .. }
        | AppError::NoAccess { .. } => StatusCode::FORBIDDEN,
        AppError::Invalid(_) => StatusCode::BAD_REQUEST,
        AppError::NotFound => StatusCode::NOT_FOUND,
        AppError::Changed { .. } => StatusCode::PRECONDITION_FAILED,
        AppError::Misconfigured { .. } => StatusCode::BAD_GATEWAY,
        AppError::Unavailable | AppError::Connection => StatusCode::SERVICE_UNAVAILABLE,
    }
}

pub(super) fn set_cookie(response: &mut Response, cookie: &Cookie<'_>) {
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
