//! The page `/mailbox`: the mail of a tenant without a mail server. Does not exist on a tenant that has one.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use maud::html;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::Tenant;
use super::mail::Mail;
use super::user_flow::pages;
use crate::platform::clock;

/// How many mails are kept.
const KEPT: i64 = 200;

/// `/mailbox` for people, `/mailbox.json` for tests and tools; both take `?to=`.
pub(super) fn router() -> Router<Tenant> {
    pages::with_headers(Router::new().route("/mailbox", get(page)).route("/mailbox.json", get(json)))
}

/// Puts `mail` into the mailbox, and the oldest out of it.
pub(super) async fn keep(tenant: &Tenant, mail: Mail) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO mailbox (id, recipient, subject, body, passcode, sent_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(Uuid::now_v7().to_string())
    .bind(mail.to.as_str())
    .bind(mail.subject)
    .bind(mail.body)
    .bind(mail.passcode)
    .bind(tenant.clock.unix_millis())
    .execute(&tenant.db)
    .await?;
    sqlx::query("DELETE FROM mailbox WHERE id NOT IN (SELECT id FROM mailbox ORDER BY id DESC LIMIT $1)")
        .bind(KEPT)
        .execute(&tenant.db)
        .await
        .map(drop)
}

#[derive(Serialize)]
struct Kept {
    to: String,
    subject: String,
    body: String,
    passcode: Option<String>,
    /// RFC 3339, UTC.
    sent_at: String,
}

#[derive(Deserialize)]
struct Filter {
    to: Option<String>,
}

async fn kept(tenant: &Tenant, filter: Filter) -> Result<Vec<Kept>, Response> {
    if !tenant.mailer.keeps_mail() {
        return Err(pages::not_found(tenant).into_response());
    }
    let to = filter.to.filter(|to| !to.is_empty()).map(|to| to.to_lowercase());
    let query = match &to {
        None => sqlx::query("SELECT recipient, subject, body, passcode, sent_at FROM mailbox ORDER BY id DESC"),
        Some(to) => sqlx::query(
            "SELECT recipient, subject, body, passcode, sent_at FROM mailbox WHERE recipient = $1 ORDER BY id DESC",
        )
        .bind(to),
    };
    let rows = query.fetch_all(&tenant.db).await;
    let mails = rows.and_then(|rows| {
        rows.iter()
            .map(|row| {
                Ok(Kept {
                    to: row.try_get("recipient")?,
                    subject: row.try_get("subject")?,
                    body: row.try_get("body")?,
                    passcode: row.try_get("passcode")?,
                    sent_at: clock::from_millis(row.try_get("sent_at")?)
                        .truncate_to_second()
                        .format(&Rfc3339)
                        .unwrap_or_default(),
                })
            })
            .collect()
    });
    mails.map_err(|error| {
        tracing::error!(%error, "the mailbox cannot be read");
        pages::unavailable(&tenant.config.display_name).into_response()
    })
}

async fn json(State(tenant): State<Tenant>, Query(filter): Query<Filter>) -> Response {
    match kept(&tenant, filter).await {
        Ok(mails) => Json(serde_json::json!({ "messages": mails })).into_response(),
        Err(response) => response,
    }
}

/// The apps that people sign in to: name and home page.
fn apps(tenant: &Tenant) -> Vec<(&str, String)> {
    let home = |uri: &String| Some(url::Url::parse(uri).ok()?.origin().ascii_serialization());
    tenant.config.apps.iter().filter_map(|app| Some((app.name.as_str(), home(app.redirect_uris.first()?)?))).collect()
}

async fn page(State(tenant): State<Tenant>, Query(filter): Query<Filter>) -> Response {
    let mails = match kept(&tenant, filter).await {
        Ok(mails) => mails,
        Err(response) => return response,
    };
    let body = html! {
        h1 { "Mailbox" }
        p.lead {
            "This tenant has no mail server, so its mail ends up here, newest first."
        }
        p { a.button href="/mailbox" { "Check for new mail" } }
        @for (name, home) in apps(&tenant) {
            p { a href=(home) { "Back to " (name) } }
        }
        @if mails.is_empty() {
            p.empty { "No mail yet. Sign up, and the code appears here." }
        }
        @for mail in &mails {
            article.mail data-to=(mail.to) {
                h2 { (mail.subject) }
                p.meta { "To " strong { (mail.to) } " · " time datetime=(mail.sent_at) { (mail.sent_at.replace('T', " ").replace('Z', " UTC")) } }
                @if let Some(code) = &mail.passcode {
                    p { "Passcode: " code.passcode data-passcode=(code) { (code) } }
                }
                details {
                    summary { "Text of the mail" }
                    pre { (mail.body) }
                }
            }
        }
    };
    (StatusCode::OK, pages::wide(&tenant.config.display_name, "Mailbox", &body)).into_response()
}
