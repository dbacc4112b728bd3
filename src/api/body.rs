//! Bodies and ids of requests, parsed. What is refused is refused with a problem document.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::problem::Problem;
use crate::identity::bearer::{Caller, Kind};
use crate::todo::Description;

/// The longest owner key, in bytes.
const MAX_OWNER: usize = 600;

/// A JSON body: 415 for other content types, 413 when too large, 400 when it is not what was expected.
pub(super) struct Json<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let media_type = media_type.to_ascii_lowercase();
        let is_json = media_type == "application/json"
            || (media_type.starts_with("application/") && media_type.ends_with("+json"));
        if !is_json {
            let detail = "Send the body as application/json.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let body = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than 16 KiB.")
            }
            _ => Problem::bad_request("The body ended before it was complete."),
        })?;
        let value = serde_json::from_slice(&body);
        value.map(Self).map_err(|e| Problem::bad_request(format!("The body is not the JSON that was expected: {e}.")))
    }
}

/// The id in the path.
pub(super) struct TodoId(pub(super) Uuid);

impl<S: Send + Sync> FromRequestParts<S> for TodoId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let malformed = || Problem::bad_request("The id in the address is not a UUID.");
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| malformed())?;
        id.parse().map(Self).map_err(|_| malformed())
    }
}

/// What a client may say about a to-do. Everything else in the body (`id`, for one) is ignored.
#[derive(Deserialize)]
pub(super) struct Draft {
    description: Option<String>,
    /// Whether it is done.
    pub(super) done: Option<bool>,
    owner: Option<Value>,
}

impl Draft {
    /// The description, if there is one.
    pub(super) fn description(&self) -> Result<Option<Description>, Problem> {
        let parsed = self.description.as_deref().map(Description::parse).transpose();
        parsed.map_err(|error| Problem::member("/description", error.to_string()))
    }

    /// The description, which must be there.
    pub(super) fn required_description(&self) -> Result<Description, Problem> {
        self.description()?.ok_or_else(|| Problem::member("/description", "Say what is to be done."))
    }

    /// Whose to-do it is to be: the user's own, whatever the body says; what the body says, when an app calls.
    pub(super) fn owner<'a>(&'a self, caller: &'a Caller) -> Result<&'a str, Problem> {
        owner(caller, self.owner.as_ref().and_then(Value::as_str)).map_err(|detail| Problem::member("/owner", detail))
    }
}

/// Whose to-dos are meant: the user's own, or the ones that an app names.
pub(super) fn owner<'a>(caller: &'a Caller, named: Option<&'a str>) -> Result<&'a str, &'static str> {
    if caller.kind == Kind::User {
        return Ok(&caller.key);
    }
    match named {
        None | Some("") => Err("An app calls without a user: name the owner."),
        Some(owner) if owner.len() > MAX_OWNER || owner.chars().any(char::is_control) => {
            Err("That is no owner's key: it is too long, or contains control characters.")
        }
        Some(owner) => Ok(owner),
    }
}
