//! `GET /api/todolist/events`: the changes of the caller's list, as they happen: server-sent events (WHATWG HTML §9.2). The
//! id of an event is the number of the change; its data are ids and versions of to-dos and, where some changed, of `lists`; no
//! text. `Last-Event-ID`, or `?since=`, says
//! what was seen last: what came after it is sent first, and where that is not known any more, an event `reset` says that
//! everything must be fetched. Who names nothing hears of what comes, and is told at once where that begins.
//!
//! A stream ends with the access token that it was opened with, and when the program stops. Whoever reads slowly hears of
//! several changes of a to-do once.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::response::sse::Event;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use utoipa::IntoParams;
use uuid::Uuid;

use super::answer;
use crate::api::Api;
use crate::api::callers::Reader;
use crate::api::live::{Full, Listener, News};
use crate::api::problem::Problem;
use crate::api::store::{Changed, MAX_PAGE, Store, StoreError};
use crate::api::texts::Texts;
use crate::identity::bearer::{IncomingToken, Kind};
use crate::platform::event_stream::{self, HEARTBEAT};
use crate::platform::serve::Serving;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Since {
    /// The same, for clients that cannot send the header.
    #[param(value_type = Option<i64>, minimum = 0)]
    since: Option<String>,
}

/// Tells of the changes of the caller's list as they happen: server-sent events.
///
/// Events are `change` and `reset`; their data are ids and versions, no text, and their id is the number of the change.
/// `reset` says that everything must be fetched. A stream ends with the access token that it was opened with.
#[utoipa::path(
    get,
    path = "/api/todolist/events",
    operation_id = "streamChanges",
    tag = "changes",
    params(("Last-Event-ID" = Option<i64>, Header, description = "The last change that the client saw.", minimum = 0), Since),
    responses(
        (status = 200, description = "The changes, without an end.", body = String, content_type = "text/event-stream"),
    ),
    extensions(("x-problems" = json!(["users-only", "too-many-listeners"]))),
    security(("read" = [])),
)]
pub(super) async fn handle(
    State(api): State<Api>,
    Reader(caller): Reader,
    token: IncomingToken,
    serving: Serving,
    headers: HeaderMap,
    Query(Since { since }): Query<Since>,
) -> Result<Response, Problem> {
    if caller.kind == Kind::App {
        return Err(Problem::for_users_only());
    }
    let seen = event_stream::last_event_id(&headers, since.as_deref());
    let seen = seen.map_err(|_| Problem::bad_request(Texts::event_id_malformed))?;
    let store = &api.0.store;
    // Before anything is looked for, so that nothing falls between. Others than listeners need connections, too.
    let mut listener = store.listen_to(&caller.key, serving.max / 2).map_err(|full| match full {
        Full::OfOwner => Problem::too_many_listeners(),
        Full::InAll => Problem::no_room_for_listeners(),
    })?;
    let begin = match seen {
        Some(seen) => seen,
        None => store.last_change(&caller.key).await?,
    };
    let lifetime: Duration = (token.expires_at() - api.0.clock.timestamp()).try_into().unwrap_or_default();
    let mut changes = Changes {
        store: store.clone(),
        owner: caller.key,
        heard: News { number: 0, ..listener.news() },
        listener,
        seen: begin,
        ready: VecDeque::new(),
        ends_at: Instant::now() + lifetime,
        stopping: serving.stopping,
    };
    match seen {
        Some(_) => changes.look().await?,
        None => changes.ready.push_back(Event::default().id(begin.to_string())),
    }
    Ok(event_stream::respond(changes))
}

/// What one listener is sent.
struct Changes {
    store: Store,
    owner: String,
    listener: Listener,
    /// What was told when it was looked for changes last.
    heard: News,
    /// The last change that the listener has seen, or is about to.
    seen: i64,
    /// At most those of one page.
    ready: VecDeque<Event>,
    ends_at: Instant,
    stopping: CancellationToken,
}

impl event_stream::Feed for Changes {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.stopping.is_cancelled() || self.ends_at <= Instant::now() {
                return None;
            }
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            let news = self.listener.news();
            let has_gap = news.gaps != self.heard.gaps;
            if has_gap || news.number > self.seen.max(self.heard.number) {
                if has_gap {
                    // Everybody is told at once.
                    sleep(event_stream::moment()).await;
                }
                self.heard = news;
                if let Err(error) = self.look().await {
                    tracing::warn!(error = error.explain(), "a stream of changes ends: they cannot be read");
                    return None;
                }
                continue;
            }
            tokio::select! {
                () = self.stopping.cancelled() => return None,
                () = sleep_until(self.ends_at) => return None,
                () = self.listener.told() => {}
                () = sleep(HEARTBEAT) => return Some(event_stream::heartbeat()),
            }
        }
    }
}

impl Changes {
    /// Looks what changed since, and makes events of it.
    async fn look(&mut self) -> Result<(), StoreError> {
        let changed = self.store.changed_since(&self.owner, self.seen, None, MAX_PAGE).await?;
        let Some(Changed { todos, lists, more: false, .. }) = changed else {
            // Forgotten, or more than the whole list.
            let last = self.store.last_change(&self.owner).await?;
            self.say(last, "reset", &json!({"last": last}));
            return Ok(());
        };
        let numbers: BTreeSet<i64> = todos.iter().chain(&lists).map(|(_, version, _)| *version).collect();
        let of = |changed: &[(Uuid, i64, bool)], number: i64| {
            let begin = changed.partition_point(|(_, version, _)| *version < number);
            let end = changed.partition_point(|(_, version, _)| *version <= number);
            answer::changed(&changed[begin..end])
        };
        for number in numbers {
            let mut data = json!({"change": number, "todos": of(&todos, number)});
            let lists = of(&lists, number);
            if !lists.is_empty() {
                data["lists"] = json!(lists);
            }
            self.say(number, "change", &data);
        }
        Ok(())
    }

    fn say(&mut self, number: i64, event: &str, data: &Value) {
        self.seen = number;
        self.ready.push_back(Event::default().id(number.to_string()).event(event).data(data.to_string()));
    }
}
