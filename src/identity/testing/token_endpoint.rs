//! A token or revocation endpoint that remembers what it was asked, and answers as the test says.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Form, Json};
use serde_json::{Value, json};

use super::Fields;

pub(crate) type Answer = Box<dyn FnMut(&Fields) -> Response + Send>;

/// What an endpoint was asked.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) headers: HeaderMap,
    pub(crate) fields: Fields,
}

/// An endpoint: counts, remembers, and answers as the test says.
#[derive(Clone)]
pub(crate) struct Endpoint {
    asked: Arc<Mutex<Vec<Asked>>>,
    answer: Arc<Mutex<Answer>>,
    /// Milliseconds that it takes.
    takes: Arc<AtomicU64>,
}

impl Endpoint {
    pub(crate) fn new() -> Self {
        let error = |_: &Fields| StatusCode::INTERNAL_SERVER_ERROR.into_response();
        Self {
            asked: Arc::default(),
            answer: Arc::new(Mutex::new(Box::new(error))),
            takes: Arc::new(AtomicU64::new(5)),
        }
    }

    /// Takes so many milliseconds for each answer.
    pub(crate) fn takes(&self, milliseconds: u64) {
        self.takes.store(milliseconds, Ordering::SeqCst);
    }

    /// How often it was asked.
    pub(crate) fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// What it was asked last.
    pub(crate) fn last(&self) -> Asked {
        self.asked.lock().unwrap().last().expect("it was asked").clone()
    }

    /// What it was asked, in order.
    pub(crate) fn all(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn responds(&self, answer: impl FnMut(&Fields) -> Response + Send + 'static) {
        *self.answer.lock().unwrap() = Box::new(answer);
    }

    /// Answers with a status and JSON.
    pub(crate) fn replies(&self, mut answer: impl FnMut(&Fields) -> (StatusCode, Value) + Send + 'static) {
        self.responds(move |fields| {
            let (status, body) = answer(fields);
            (status, Json(body)).into_response()
        });
    }

    pub(crate) fn answers(&self, status: u16, body: Value) {
        let status = StatusCode::from_u16(status).unwrap();
        self.responds(move |_| (status, Json(body.clone())).into_response());
    }

    /// Brings tokens that count up: `token-1`, `token-2`, …, each changed by `changes`.
    pub(crate) fn issues(&self, changes: Value) {
        let mut number = 0;
        self.responds(move |fields| {
            number += 1;
            Json(tokens(number, fields, &changes)).into_response()
        });
    }

    /// Renews, with rotation: each refresh token is good once.
    pub(crate) fn rotates(&self, changes: Value) {
        let mut number = 1;
        self.responds(move |fields| {
            if fields.get("refresh_token") != Some(&format!("refresh-{number}")) {
                return (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_grant"}))).into_response();
            }
            number += 1;
            let mut body = tokens(number, fields, &changes);
            body["refresh_token"] = format!("refresh-{number}").into();
            Json(body).into_response()
        });
    }

    /// Does what it is asked, and then the connection breaks in the middle of the answer.
    pub(crate) fn loses_answers(&self) {
        self.responds(|_| {
            let pieces = [Ok("{\"token_type\""), Err(std::io::Error::other("the connection broke"))];
            let body = Body::from_stream(futures::stream::iter(pieces));
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        });
    }
}

pub(crate) fn tokens(number: usize, fields: &Fields, changes: &Value) -> Value {
    let scope = fields.get("scope").map(String::as_str).unwrap_or_default();
    let scope = scope.split(' ').filter(|s| s.contains("://")).collect::<Vec<_>>().join(" ");
    let mut body = json!({
        "token_type": "Bearer", "expires_in": 3600, "scope": scope, "access_token": format!("token-{number}"),
    });
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

pub(crate) async fn answer(
    State(endpoint): State<Endpoint>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    endpoint.asked.lock().unwrap().push(Asked { headers, fields: fields.clone() });
    // Room for others to be asking at the same time.
    tokio::time::sleep(std::time::Duration::from_millis(endpoint.takes.load(Ordering::SeqCst))).await;
    (endpoint.answer.lock().unwrap())(&fields)
}
