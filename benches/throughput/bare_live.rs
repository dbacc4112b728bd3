//! The baseline of [`super::fan_out`]: a web server that adds a to-do by a call of an API, an API that writes it with the same
//! statements as the real one, one stream of the API for each customer with an open page, and a stream for each page. No
//! sign-in, no tokens, no sessions, no layers. Who somebody is, is the text of their cookie.

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::Event;
use axum::routing::{get, post};
use axum::serve::ListenerExt as _;
use axum::{Form, Json, Router};
use errand::platform::{database, outbound};
use errand::todo::Todo;
use futures::stream;
use reqwest::header::COOKIE;
use serde::{Deserialize, Serialize};
use sqlx::AnyPool;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::super::writing::insert;

/// Starts both, until the process ends; returns the address of the web server.
pub(super) async fn serve(folder: &Path) -> String {
    let file = format!("sqlite:{}?mode=rwc", folder.join("bare.db").display());
    let db = database::open("api.database_url", &file, &sqlx::migrate!("src/api/migrations")).await;
    let api = Api { db: db.expect("there is room for a database"), news: News::default() };
    let api = start(Router::new().route("/add", post(Api::add)).route("/events", get(listen)), Arc::new(api)).await;
    let web = Web { api, http: outbound::client(), news: News::default() };
    start(Router::new().route("/add", post(Web::add)).route("/events", get(Web::events)), Arc::new(web)).await
}

async fn start<S: Send + Sync + 'static>(router: Router<Arc<S>>, state: Arc<S>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    // As the programs do.
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("the connection is open"));
    tokio::spawn(axum::serve(listener, router.with_state(state)).into_future());
    format!("http://{address}")
}

/// The last change of each customer.
#[derive(Default)]
struct News(Mutex<HashMap<String, watch::Sender<i64>>>);

impl News {
    /// The one of `customer`, and whether nobody has asked for it before.
    fn of(&self, customer: &str) -> (watch::Sender<i64>, bool) {
        let mut all = self.0.lock().expect("nothing panics while it is locked");
        let is_new = !all.contains_key(customer);
        (all.entry(customer.to_owned()).or_default().clone(), is_new)
    }
}

fn customer(headers: &HeaderMap) -> &str {
    headers.get(COOKIE).and_then(|cookie| cookie.to_str().ok()).expect("they say who they are")
}

type Events = Sse<stream::BoxStream<'static, Result<Event, Infallible>>>;

/// A stream of what is told from here on, that begins at once.
fn events(told: watch::Receiver<i64>) -> Events {
    Sse::new(Box::pin(stream::unfold((told, true), async |(mut told, is_first)| {
        if is_first {
            return Some((Ok(Event::default().comment("")), (told, false)));
        }
        told.changed().await.ok()?;
        let number = *told.borrow_and_update();
        let event = Event::default().id(number.to_string()).event("change").data(format!("{{\"change\":{number}}}"));
        Some((Ok(event), (told, false)))
    })))
}

#[derive(Serialize, Deserialize)]
struct Draft {
    description: String,
}

struct Api {
    db: AnyPool,
    news: News,
}

impl Api {
    async fn add(State(api): State<Arc<Self>>, headers: HeaderMap, Json(draft): Json<Draft>) -> Json<Todo> {
        let customer = customer(&headers);
        let todo = insert(&api.db, customer, &draft.description).await;
        api.news.of(customer).0.send_replace(todo.version);
        Json(todo)
    }
}

/// The API's stream of a customer.
fn listen(State(api): State<Arc<Api>>, headers: HeaderMap) -> std::future::Ready<Events> {
    std::future::ready(events(api.news.of(customer(&headers)).0.subscribe()))
}

struct Web {
    api: String,
    http: reqwest::Client,
    news: News,
}

impl Web {
    async fn add(State(web): State<Arc<Self>>, headers: HeaderMap, Form(draft): Form<Draft>) -> Json<Todo> {
        let request = web.http.post(format!("{}/add", web.api)).header(COOKIE, customer(&headers)).json(&draft);
        Json(request.send().await.expect("the API answers").json().await.expect("it sends a to-do"))
    }

    async fn events(State(web): State<Arc<Self>>, headers: HeaderMap) -> Events {
        let customer = customer(&headers);
        let (news, is_new) = web.news.of(customer);
        let told = news.subscribe();
        if is_new {
            let request = web.http.get(format!("{}/events", web.api)).header(COOKIE, customer);
            let mut answer = request.send().await.expect("the API answers");
            // What has begun tells of everything that comes.
            answer.chunk().await.expect("the stream goes on").expect("it has begun");
            tokio::spawn(async move {
                let mut text = String::new();
                while let Ok(Some(chunk)) = answer.chunk().await {
                    text.push_str(&String::from_utf8_lossy(&chunk));
                    while let Some((event, rest)) = text.split_once("\n\n") {
                        let id = event.lines().find_map(|line| line.strip_prefix("id: "));
                        if let Some(id) = id.and_then(|id| id.parse().ok()) {
                            news.send_replace(id);
                        }
                        text = rest.to_owned();
                    }
                }
            });
        }
        events(told)
    }
}
