//! `GET /events`: tells a page of a signed-in customer that their list has changed: server-sent events (WHATWG HTML §9.2).
//! An event has the number of the last change as its id, and nothing of what the change was: the page fetches the list.
//!
//! Listening is not being seen: it extends no session, and writes nothing. A stream ends when its session does, whoever
//! ends it; before each event, and whenever a heartbeat is due, it is looked whether it is still there.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::Event;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use url::form_urlencoded;

use super::door::is_cross_site;
use super::live::Listener;
use super::state::Web;
use crate::identity::session::{SessionProbe, UserKey};
use crate::platform::event_stream::{self, Feed, HEARTBEAT};
use crate::platform::serve::Serving;

pub(super) async fn handle(
    State(web): State<Web>,
    serving: Serving,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    if is_cross_site(&headers) {
        return (StatusCode::FORBIDDEN, "This address answers Errand's own pages only.").into_response();
    }
    let Some(session) = web.identity().session_probe(&headers) else { return StatusCode::UNAUTHORIZED.into_response() };
    let customer = match session.status().await {
        Ok(Some((customer, _))) => customer,
        Ok(None) => return StatusCode::UNAUTHORIZED.into_response(),
        Err(error) => {
            tracing::error!(%error, "a session could not be read");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    // Others than listeners need connections, too.
    let Some(mut listener) = web.live().listen(&customer, serving.max / 2) else {
        let retry_after = [(header::RETRY_AFTER, HeaderValue::from_static("60"))];
        return (StatusCode::TOO_MANY_REQUESTS, retry_after, "Too many pages listen already.").into_response();
    };
    let news = listener.first_news().await;
    if news.is_over {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let query = query.unwrap_or_default();
    let since = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "since").map(|(_, since)| since);
    // What is not understood was not seen.
    let seen = event_stream::last_event_id(&headers, since.as_deref()).ok().flatten();
    let page = Page { session, customer, listener, seen, resets: news.resets, stopping: serving.stopping };
    event_stream::respond(page)
}

/// An open page.
struct Page {
    session: SessionProbe,
    customer: UserKey,
    listener: Listener,
    /// The last change that the page knows.
    seen: Option<i64>,
    /// The resets that the page knows.
    resets: u64,
    stopping: CancellationToken,
}

impl Feed for Page {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.stopping.is_cancelled() {
                return None;
            }
            let news = self.listener.news();
            if news.is_over {
                return None;
            }
            if let Some(last) = news.last
                && let Some(event) = self.event(last, news.resets)
            {
                return self.is_signed_in().await.then_some(event);
            }
            tokio::select! {
                () = self.stopping.cancelled() => return None,
                () = self.listener.told() => {}
                () = sleep(HEARTBEAT) => {
                    return self.is_signed_in().await.then(event_stream::heartbeat);
                }
            }
        }
    }
}

impl Page {
    /// What the page must be told now that the list has come to the change `last`.
    fn event(&mut self, last: i64, resets: u64) -> Option<Event> {
        let seen = self.seen.replace(last);
        let is_reset = std::mem::replace(&mut self.resets, resets) != resets;
        let event = Event::default().id(last.to_string());
        match seen {
            // Numbers began anew: what the page knows is of no use.
            Some(seen) if is_reset || seen > last => Some(event.event("reset").data(json!({"last": last}).to_string())),
            Some(seen) if seen < last => Some(event.event("change").data(json!({"change": last}).to_string())),
            Some(_) => None,
            // From here on it hears of everything.
            None => Some(event),
        }
    }

    /// Whether the session that the page was opened in is still its customer's. Where nobody knows, the page may ask anew.
    async fn is_signed_in(&self) -> bool {
        match self.session.status().await {
            Ok(status) => status.is_some_and(|(customer, _)| customer == self.customer),
            Err(error) => {
                tracing::warn!(%error, "a page's stream ends: its session could not be read");
                false
            }
        }
    }
}
