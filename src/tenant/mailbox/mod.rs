//! The page `/mailbox`: the mail of a tenant without a mail server. Does not exist on a tenant that has one.
//!
//! Other programs on this machine may put mail into it, by `POST /mailbox`: see [`deliver`].
//!
//! A tenant at a loopback address answers under no other name, here: a web page whose name was made to point to this
//! machine (DNS rebinding) would read passcodes.

pub(super) mod store;

use std::net::SocketAddr;

use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Query, State};
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use maud::html;
use serde::Deserialize;
use serde_json::json;

use self::store::Kept;
use super::email::Email;
use super::error::Trace;
use super::mail::Mail;
use super::pages::frame::Frame;
use super::pages::sentence::sentence_with;
use super::pages::way_back::WayBack;
use super::pages::{headers, messages};
use super::refusal::Refusal;
use super::state::Tenant;
use crate::platform::config::is_loopback;

/// How large a delivery may be, in bytes.
const MAX_DELIVERY: usize = 32 * 1024;
/// How long a subject may be, in characters.
const MAX_SUBJECT: usize = 200;

/// `/mailbox` for people, `/mailbox.json` for tests and tools; both take `?to=`.
pub(super) fn router() -> Router<Tenant> {
    let mailbox = get(page).post(deliver).layer(DefaultBodyLimit::max(MAX_DELIVERY));
    headers::with_headers(Router::new().route("/mailbox", mailbox).route("/mailbox.json", get(json)))
}

/// What another program delivers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delivery {
    to: String,
    subject: String,
    body: String,
}

/// Why a delivery is not taken.
#[derive(Debug, thiserror::Error)]
enum Undelivered {
    #[error("there is no mailbox here")]
    NoMailbox,
    #[error("the delivery came from another machine")]
    NotFromHere,
    #[error("the delivery came from a web page")]
    FromBrowser,
    #[error("the delivery is not JSON with to, subject and body")]
    Unreadable(#[from] JsonRejection),
    #[error("the recipient is not an email address")]
    Recipient,
    #[error("the subject is empty, longer than {MAX_SUBJECT} characters or not one line")]
    Subject,
    #[error("the database does not answer: {0}")]
    Database(#[from] sqlx::Error),
}

impl Undelivered {
    fn status(&self) -> StatusCode {
        match self {
            Self::NoMailbox => StatusCode::NOT_FOUND,
            Self::NotFromHere | Self::FromBrowser => StatusCode::FORBIDDEN,
            Self::Unreadable(rejection) => rejection.status(),
            Self::Recipient | Self::Subject => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Database(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for Undelivered {
    fn into_response(self) -> Response {
        let status = self.status();
        let is_outage = status == StatusCode::SERVICE_UNAVAILABLE;
        let error = if is_outage { "the database does not answer".to_owned() } else { self.to_string() };
        let render = move |_: &Tenant, _: &Trace| (status, Json(json!({ "error": error }))).into_response();
        Refusal::new("mailbox", &self, render).outage(is_outage).into_response()
    }
}

/// Takes mail from another program on this machine: the worker of `errand dev`. Needs no secret, and trusts nobody for
/// it: a mail ends up on a page of this machine, as text. What it checks:
/// - the tenant keeps its mail, and is reached at a loopback address;
/// - the connection comes from a loopback address, and no proxy passes it on for somebody else;
/// - it is not a browser's: no `Origin`, no Fetch Metadata (against pages of other sites, and, with the host, against
///   names that were made to point here);
/// - JSON, [`MAX_DELIVERY`] bytes, an address and a subject as in mail that is sent (no line breaks).
async fn deliver(
    State(tenant): State<Tenant>,
    extensions: Extensions,
    headers: HeaderMap,
    delivery: Result<Json<Delivery>, JsonRejection>,
) -> Result<StatusCode, Undelivered> {
    accept(&tenant, &extensions, &headers, delivery).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn accept(
    tenant: &Tenant,
    extensions: &Extensions,
    headers: &HeaderMap,
    delivery: Result<Json<Delivery>, JsonRejection>,
) -> Result<(), Undelivered> {
    let mailbox = tenant.mailer().mailbox().filter(|_| is_here(tenant)).ok_or(Undelivered::NoMailbox)?;
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
    let forwarded = ["forwarded", "x-forwarded-for", "via"].iter().any(|name| headers.contains_key(*name));
    if forwarded || !peer.is_some_and(|peer| peer.is_loopback()) {
        return Err(Undelivered::NotFromHere);
    }
    let by_page = ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", "origin", "referer", "cookie"];
    if !to_here(headers) || by_page.iter().any(|name| headers.contains_key(*name)) {
        return Err(Undelivered::FromBrowser);
    }
    let Json(Delivery { to, subject, body }) = delivery?;
    let to = Email::parse(&to).map_err(|_| Undelivered::Recipient)?;
    if subject.is_empty() || subject.chars().count() > MAX_SUBJECT || subject.chars().any(char::is_control) {
        return Err(Undelivered::Subject);
    }
    // PostgreSQL keeps no NUL.
    let body = body.replace('\0', "");
    Ok(mailbox.keep(Mail { to, subject, body, passcode: None }).await?)
}

/// Whether the tenant is reached at a loopback address.
fn is_here(tenant: &Tenant) -> bool {
    url::Url::parse(tenant.origin()).is_ok_and(|url| is_loopback(&url))
}

/// Whether the request names this machine by a loopback address, as every browser on it does that was not misled.
fn to_here(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    url::Url::parse(&format!("http://{host}/")).is_ok_and(|url| is_loopback(&url))
}

#[derive(Deserialize)]
struct Filter {
    to: Option<String>,
}

async fn kept(tenant: &Tenant, frame: &Frame, headers: &HeaderMap, filter: Filter) -> Result<Vec<Kept>, Box<Response>> {
    let way = WayBack::to(tenant, None);
    let Some(mailbox) = tenant.mailer().mailbox() else {
        return Err(Box::new(messages::not_found(frame, &way)));
    };
    if is_here(tenant) && !to_here(headers) {
        tracing::info!("mailbox: it was asked for by a name that is not this machine's");
        return Err(Box::new(messages::misdirected(frame, &way, &format!("{}/mailbox", tenant.origin()))));
    }
    let to = filter.to.filter(|to| !to.is_empty()).map(|to| to.to_lowercase());
    // No address has any, and PostgreSQL takes no NUL.
    if to.as_ref().is_some_and(|to| to.chars().any(char::is_control)) {
        return Err(Box::new(messages::unreadable(frame, &way, StatusCode::BAD_REQUEST)));
    }
    mailbox.newest_first(to.as_deref()).await.map_err(|error| {
        tracing::error!(%error, "the mailbox cannot be read");
        Box::new(messages::unavailable(frame, &way))
    })
}

async fn json(
    State(tenant): State<Tenant>,
    frame: Frame,
    headers: HeaderMap,
    Query(filter): Query<Filter>,
) -> Response {
    match kept(&tenant, &frame, &headers, filter).await {
        Ok(mails) => Json(json!({ "messages": mails })).into_response(),
        Err(response) => *response,
    }
}

async fn page(
    State(tenant): State<Tenant>,
    frame: Frame,
    headers: HeaderMap,
    Query(filter): Query<Filter>,
) -> Response {
    let t = frame.t();
    let mails = match kept(&tenant, &frame, &headers, filter).await {
        Ok(mails) => mails,
        Err(response) => return *response,
    };
    let body = html! {
        h1 { (t.mailbox()) }
        p.lead { (t.mailbox_lead()) }
        p { a.button href="/mailbox" { (t.mailbox_check()) } }
        (WayBack::to(&tenant, None).links(t))
        @if mails.is_empty() {
            p.empty { (t.mailbox_empty()) }
        }
        @for mail in &mails {
            article.mail data-to=(mail.to) {
                h2 { (mail.subject) }
                p.meta { (sentence_with(t.mail_to_parts(), &html! { strong { (mail.to) } })) " · " time datetime=(mail.sent_at) { (mail.sent_at.replace('T', " ").replace('Z', " UTC")) } }
                @if let Some(code) = &mail.passcode {
                    p { (sentence_with(t.mail_passcode_parts(), &html! { code.passcode data-passcode=(code) { (code) } })) }
                }
                details {
                    summary { (t.mail_text()) }
                    pre { (mail.body) }
                }
            }
        }
    };
    frame.wide(t.mailbox(), &body).into_response()
}
