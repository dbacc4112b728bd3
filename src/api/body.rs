//! Bodies and ids of requests, parsed. What is refused is refused with a problem document.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::content::{Content, Given};
use super::problem::Problem;
use crate::identity::bearer::{Caller, Kind};
use crate::todo::{NewTodo, Patch};

/// The longest owner key, in bytes.
const MAX_OWNER: usize = 600;

/// What a body may be.
pub(super) trait Members: DeserializeOwned {
    /// The members that it may have. Any other one is refused by name: what is not understood must not be lost in
    /// silence.
    const MEMBERS: &[&str];
    /// Further ones: what an author says of a to-do.
    const CONTENT: &[&str] = &[];
    /// The largest one, in bytes.
    const MAX_BYTES: usize = 16 * 1024;

    /// Refuses members that are not known.
    fn check(members: &Map<String, Value>) -> Result<(), Problem> {
        let refused = unknown(members, Self::MEMBERS, Self::CONTENT);
        refused.map_or(Ok(()), |(pointer, detail)| Err(Problem::member(pointer, detail)))
    }
}

/// Where a member is that is not known, and which are.
pub(super) fn unknown(members: &Map<String, Value>, known: &[&str], content: &[&str]) -> Option<(String, String)> {
    let is_known = |name: &&String| known.contains(&name.as_str()) || content.contains(&name.as_str());
    let unknown = members.keys().find(|name| !is_known(name))?;
    let known = [known, content].concat().join(", ");
    Some((pointer(unknown), format!("There is no such member here. Known: {known}.")))
}

/// A JSON body: 415 for other content types, 413 when too large, 400 when it is not what was expected.
pub(super) struct Json<T>(pub(super) T);

impl<S: Send + Sync, T: Members> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(mut request: Request, state: &S) -> Result<Self, Problem> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        let media_type = media_type.to_ascii_lowercase();
        let is_json = media_type == "application/json"
            || (media_type.starts_with("application/") && media_type.ends_with("+json"));
        if !is_json {
            let detail = "Send the body as application/json.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        DefaultBodyLimit::max(T::MAX_BYTES).apply(&mut request);
        let body = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                let detail = format!("The body is larger than {} KiB.", T::MAX_BYTES / 1024);
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
            }
            _ => Problem::bad_request("The body ended before it was complete."),
        })?;
        if let Ok(members) = serde_json::from_slice(&body) {
            T::check(&members)?;
        }
        let value = serde_json::from_slice(&body);
        value.map(Self).map_err(|e| Problem::bad_request(format!("The body is not the JSON that was expected: {e}.")))
    }
}

/// The largest body of a to-do, in bytes: it has room for the longest note.
const MAX_CONTENT: usize = 64 * 1024;

/// A JSON pointer to a member (RFC 6901 §3), of bounded length.
fn pointer(member: &str) -> String {
    let member: String = member.chars().take(64).collect();
    format!("/{}", member.replace('~', "~0").replace('/', "~1"))
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

/// What a client may say about a to-do. It may send all that it was sent, as clients of Microsoft's sample do: version and
/// times are not theirs to say, and stay as they are. The id is, when a to-do is added.
#[derive(Deserialize)]
pub(super) struct Draft {
    id: Option<Value>,
    owner: Option<Value>,
    #[serde(flatten)]
    content: Content,
}

impl Members for Draft {
    const MEMBERS: &[&str] = &["owner", "id", "createdAt", "updatedAt", "completedAt", "version"];
    const CONTENT: &[&str] = Content::MEMBERS;
    const MAX_BYTES: usize = MAX_CONTENT;
}

/// What the client saw before it decides (RFC 9110 §13.1.1): the version of `If-Match`, if there is one.
pub(super) struct Seen(pub(super) Option<i64>);

impl<S: Send + Sync> FromRequestParts<S> for Seen {
    type Rejection = Problem;

    fn from_request_parts(parts: &mut Parts, _state: &S) -> impl Future<Output = Result<Self, Problem>> + Send {
        std::future::ready(Self::of(&parts.headers))
    }
}

impl Seen {
    fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let mut values = headers.get_all(header::IF_MATCH).iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        let tag = value.to_str().ok().filter(|_| values.next().is_none()).map(str::trim);
        // Any version of it will do.
        if tag == Some("*") {
            return Ok(Self(None));
        }
        // A proxy that compresses answers makes tags weak; the version is the same.
        let tag = tag.map(|tag| tag.strip_prefix("W/").unwrap_or(tag));
        let version = tag.and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
        let malformed = "If-Match takes one entity tag, as the ETag header had it: \"17\".";
        version.map(|version| Self(Some(version))).ok_or_else(|| Problem::bad_request(malformed))
    }
}

/// What is to change of a to-do.
#[derive(Deserialize)]
pub(super) struct Change {
    #[serde(default)]
    after: Given<String>,
    #[serde(flatten)]
    content: Content,
}

impl Members for Change {
    const MEMBERS: &[&str] = &["after"];
    const CONTENT: &[&str] = Content::MEMBERS;
    const MAX_BYTES: usize = MAX_CONTENT;
}

impl Change {
    /// The change, parsed. One that changes nothing is refused.
    pub(super) fn patch(&self) -> Result<Patch, Problem> {
        self.content.patch_and_place(&self.after, "")
    }
}

/// What is to change of all of one owner's to-dos.
#[derive(Deserialize)]
pub(super) struct Mark {
    /// Whether they are done.
    pub(super) done: Option<bool>,
    /// The last change that the client saw: what changed since is left as it is.
    pub(super) seen: Option<i64>,
    owner: Option<Value>,
}

impl Members for Mark {
    const MEMBERS: &[&str] = &["done", "seen", "owner"];
}

impl Mark {
    /// As [`Draft::owner`].
    pub(super) fn owner<'a>(&'a self, caller: &'a Caller) -> Result<&'a str, Problem> {
        named_owner(caller, self.owner.as_ref())
    }
}

fn named_owner<'a>(caller: &'a Caller, named: Option<&'a Value>) -> Result<&'a str, Problem> {
    owner(caller, named.and_then(Value::as_str)).map_err(|detail| Problem::member("/owner", detail))
}

impl Draft {
    /// The to-do that is to be added.
    pub(super) fn new_todo(&self) -> Result<NewTodo, Problem> {
        self.content.new_todo("")
    }

    /// The id that the client made. Clients of Microsoft's sample send a number, or the id of nothing: theirs is made here.
    pub(super) fn id(&self) -> Result<Option<Uuid>, Problem> {
        let Some(text) = self.id.as_ref().and_then(Value::as_str) else { return Ok(None) };
        let id: Uuid = text.parse().map_err(|_| Problem::member("/id", "This is not a UUID."))?;
        Ok(Some(id).filter(|id| !id.is_nil()))
    }

    /// What a to-do is to be replaced by. What is not said is gone; but clients of Microsoft's sample know no `done`, and
    /// without it that stays as it is.
    pub(super) fn replacement(&self) -> Result<Patch, Problem> {
        let patch = Patch::replacing(self.content.new_todo("")?);
        Ok(Patch { done: patch.done.filter(|_| self.content.says_done()), ..patch })
    }

    /// Whose to-do it is to be: the user's own, whatever the body says; what the body says, when an app calls.
    pub(super) fn owner<'a>(&'a self, caller: &'a Caller) -> Result<&'a str, Problem> {
        named_owner(caller, self.owner.as_ref())
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
