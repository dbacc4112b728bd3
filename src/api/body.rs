//! Bodies and ids of requests, parsed. What is refused is refused with a problem document.

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use super::content::{Content, Given};
use super::detail::Detail;
use super::problem::Problem;
use super::problem_type::ProblemType;
use super::store::In;
use super::texts::Texts;
use crate::identity::bearer::{Caller, Kind};
use crate::todo::{ListName, ListPatch, NewTodo, Patch};

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
pub(super) fn unknown(members: &Map<String, Value>, known: &[&str], content: &[&str]) -> Option<(String, Detail)> {
    let is_known = |name: &&String| known.contains(&name.as_str()) || content.contains(&name.as_str());
    let unknown = members.keys().find(|name| !is_known(name))?;
    let known = [known, content].concat().join(", ");
    Some((pointer(unknown), Detail::new(move |t| t.member_unknown(&known))))
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
            return Err(Problem::of(ProblemType::MediaType, Texts::body_not_json));
        }
        DefaultBodyLimit::max(T::MAX_BYTES).apply(&mut request);
        let body = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Problem::of(ProblemType::TooLarge, Detail::new(|t| t.body_over(&(T::MAX_BYTES / 1024))))
            }
            _ => Problem::bad_request(Texts::body_ended_early),
        })?;
        let malformed = |error: serde_json::Error| {
            let error = error.to_string();
            Problem::bad_request(Detail::new(move |t| t.body_unexpected(&error)))
        };
        // What cannot be looked at is not let through without: a number may be too large for it, of a member that is not known.
        if let Value::Object(members) = serde_json::from_slice(&body).map_err(malformed)? {
            T::check(&members)?;
        }
        serde_json::from_slice(&body).map(Self).map_err(malformed)
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
        let malformed = || Problem::bad_request(Texts::address_id);
        let Path(id) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| malformed())?;
        id.parse().map(Self).map_err(|_| malformed())
    }
}

/// What a client may say about a to-do. It may send all that it was sent, as clients of Microsoft's sample do: version and
/// times are not theirs to say, and stay as they are. The id is, when a to-do is added.
#[derive(Deserialize, ToSchema)]
pub(super) struct Draft {
    /// The id of a to-do that is added: a UUID, made at random by the client. Anything but a text is not looked at.
    #[schema(value_type = Option<Value>)]
    id: Option<Value>,
    /// Whose to-do, where an app calls. What a user says is not looked at.
    #[schema(value_type = Option<Value>)]
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
        version.map(|version| Self(Some(version))).ok_or_else(|| Problem::bad_request(Texts::if_match_malformed))
    }
}

/// What is to change of a to-do.
#[derive(Deserialize, ToSchema)]
pub(super) struct Change {
    /// The to-do that it moves behind; `null`: before all others.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
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
#[derive(Deserialize, ToSchema)]
pub(super) struct Mark {
    /// Whether they are done.
    #[schema(value_type = bool, required)]
    pub(super) done: Option<bool>,
    /// The last change that the client saw: what changed since is left as it is.
    pub(super) seen: Option<i64>,
    /// In which list: its id, or `default` for the one that everybody has; in all of them when absent.
    list: Option<String>,
    /// Whose to-dos, where an app calls. What a user says is not looked at.
    #[schema(value_type = Option<Value>)]
    owner: Option<Value>,
}

impl Members for Mark {
    const MEMBERS: &[&str] = &["done", "seen", "list", "owner"];
}

/// The list that requests about several to-dos name: `default` for the one that everybody has.
pub(super) fn list(named: Option<&str>) -> Result<In, Detail> {
    match named {
        None => Ok(In::All),
        Some("default") => Ok(In::List(None)),
        Some(id) => match id.parse() {
            Ok(id) => Ok(In::List(Some(id))),
            Err(_) => Err(Texts::neither_list_nor_default.into()),
        },
    }
}

impl Mark {
    /// Where these to-dos are.
    pub(super) fn place(&self) -> Result<In, Problem> {
        list(self.list.as_deref()).map_err(|detail| Problem::member("/list", detail))
    }

    /// As [`Draft::owner`].
    pub(super) fn owner<'a>(&'a self, caller: &'a Caller) -> Result<&'a str, Problem> {
        named_owner(caller, self.owner.as_ref())
    }
}

/// As [`Draft::id`].
fn given_id(id: Option<&Value>) -> Result<Option<Uuid>, Problem> {
    let Some(text) = id.and_then(Value::as_str) else { return Ok(None) };
    let id: Uuid = text.parse().map_err(|_| Problem::member("/id", Texts::not_a_uuid))?;
    Ok(Some(id).filter(|id| !id.is_nil()))
}

/// As [`owner`], of a member of a body.
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
        given_id(self.id.as_ref())
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

/// What a client may say of a list that is to be added, or to be in the place of another. It may send all that it was sent.
#[derive(Deserialize, ToSchema)]
pub(super) struct ListDraft {
    /// A UUID that the client makes; without one, the API makes it. Not looked at where a list is replaced.
    #[schema(value_type = Option<Value>)]
    id: Option<Value>,
    /// Whose list, where an app calls. What a user says is not looked at.
    #[schema(value_type = Option<Value>)]
    owner: Option<Value>,
    /// What it is called.
    #[schema(value_type = ListName, required)]
    name: Option<String>,
}

impl Members for ListDraft {
    const MEMBERS: &[&str] = &["name", "id", "owner", "createdAt", "updatedAt", "version"];
}

impl ListDraft {
    /// What it is called.
    pub(super) fn name(&self) -> Result<ListName, Problem> {
        list_name(self.name.as_deref().unwrap_or_default())
    }

    /// As [`Draft::id`].
    pub(super) fn id(&self) -> Result<Option<Uuid>, Problem> {
        given_id(self.id.as_ref())
    }

    /// As [`Draft::owner`].
    pub(super) fn owner<'a>(&'a self, caller: &'a Caller) -> Result<&'a str, Problem> {
        named_owner(caller, self.owner.as_ref())
    }
}

/// What is to change of a list.
#[derive(Deserialize, ToSchema)]
pub(super) struct ListChange {
    /// What it is called from now on.
    #[serde(default)]
    #[schema(value_type = ListName)]
    name: Given<String>,
    /// Where it moves to among the lists: behind the one with that id, or, with `null`, before all others.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    after: Given<String>,
}

impl Members for ListChange {
    const MEMBERS: &[&str] = &["name", "after"];
}

impl ListChange {
    /// The change, parsed. One that changes nothing is refused.
    pub(super) fn patch(&self) -> Result<ListPatch, Problem> {
        let name = match &self.name {
            Given::Absent => None,
            Given::Null => Some(list_name("")?),
            Given::Value(name) => Some(list_name(name)?),
        };
        let after = self.after.id("/after", Texts::not_a_list_id)?;
        if name.is_none() && after.is_none() {
            return Err(Problem::bad_request(Texts::nothing_to_change_of_list));
        }
        Ok(ListPatch { name, after })
    }
}

fn list_name(name: &str) -> Result<ListName, Problem> {
    ListName::parse(name).map_err(|error| Problem::member("/name", error))
}

/// Whose to-dos are meant: the user's own, or the ones that an app names.
pub(super) fn owner<'a>(caller: &'a Caller, named: Option<&'a str>) -> Result<&'a str, Detail> {
    if caller.kind == Kind::User {
        return Ok(&caller.key);
    }
    match named {
        None | Some("") => Err(Texts::owner_missing.into()),
        Some(owner) if owner.len() > MAX_OWNER || owner.chars().any(char::is_control) => {
            Err(Texts::owner_malformed.into())
        }
        Some(owner) => Ok(owner),
    }
}
