//! Our own format: one object, with one to-do a line, each as the API answers it.

use std::fmt;

use serde::de::{Error as _, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::entry::{self, Entry, File, ListEntry, MAX_ENTRIES, Unwritable, too_many};
use crate::api::body::unknown;
use crate::api::content::Content;
use crate::api::detail::Detail;
use crate::api::problem::Problem;
use crate::api::texts::Texts;
use crate::language::Language;
use crate::todo::{ListName, Todo, TodoList};

pub(super) const TAIL: &str = "\n]}\n";

/// Which file this is, of which version, and the lists that its to-dos are in.
pub(super) fn head(lists: &[TodoList]) -> Result<String, Unwritable> {
    let list = |list: &TodoList| List {
        id: list.id,
        name: list.name.clone(),
        created_at: Some(list.created_at),
        updated_at: Some(list.updated_at),
    };
    let lists = serde_json::to_string(&lists.iter().map(list).collect::<Vec<_>>())?;
    Ok(format!("{{\"errand\": \"todolist\", \"version\": 1, \"lists\": {lists}, \"todos\": [\n"))
}

pub(super) fn write(todo: &Todo, first: bool) -> Result<String, Unwritable> {
    let todo = serde_json::to_string(todo)?;
    Ok(format!("{}{todo}", if first { "" } else { ",\n" }))
}

/// A list of to-dos as a file.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TodoListFile)]
pub(in crate::api) struct Whole {
    /// What the file is: `todolist`.
    errand: String,
    /// Its version: 1.
    version: u64,
    /// The lists that its to-dos are in, in their order.
    #[serde(default)]
    lists: Vec<List>,
    /// The to-dos, in their order.
    #[schema(value_type = Vec<FileTodo>, max_items = 100_000)]
    todos: Todos,
}

/// A list, as far as it is brought back.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(as = FileList)]
struct List {
    /// Its id.
    id: Uuid,
    /// What it is called.
    name: ListName,
    /// When it was added.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    created_at: Option<OffsetDateTime>,
    /// When it was renamed, or added.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    updated_at: Option<OffsetDateTime>,
}

/// A to-do of a file: what an author says of it, and what else the API says where it comes from. Whose it was, and its version,
/// are not brought back.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct FileTodo {
    /// Its id; where there is none, one is made of the file and the owner.
    #[schema(value_type = Option<Uuid>)]
    id: Option<String>,
    /// When it became done (RFC 3339).
    #[schema(value_type = Option<String>, format = DateTime)]
    completed_at: Option<String>,
    /// When it was added.
    #[schema(value_type = Option<String>, format = DateTime)]
    created_at: Option<String>,
    /// When it last changed.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated_at: Option<String>,
    #[serde(flatten)]
    content: Content,
}

impl FileTodo {
    /// Beside what an author says of a to-do.
    pub(in crate::api) const MEMBERS: &[&str] = &["id", "owner", "version", "createdAt", "updatedAt", "completedAt"];
}

/// The to-dos, each read where it stands: all of them as JSON would take many times the room of the file.
#[derive(Default)]
struct Todos {
    entries: Vec<Entry>,
    /// What is wrong with the first that is not acceptable.
    refused: Option<Problem>,
}

impl<'de> Deserialize<'de> for Todos {
    fn deserialize<D: Deserializer<'de>>(member: D) -> Result<Self, D::Error> {
        member.deserialize_seq(OneByOne)
    }
}

struct OneByOne;

impl<'de> Visitor<'de> for OneByOne {
    type Value = Todos;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of to-dos")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Todos, A::Error> {
        let mut todos = Todos::default();
        while let Some(todo) = sequence.next_element::<Map<String, Value>>()? {
            let number = todos.entries.len();
            if number >= MAX_ENTRIES {
                // Among the words of `serde_json`, which are English.
                return Err(A::Error::custom(too_many().text(Texts::of(Language::English))));
            }
            match entry(todo, &format!("/todos/{number}")) {
                Ok(entry) => todos.entries.push(entry),
                Err(problem) => {
                    todos.refused = Some(problem);
                    break;
                }
            }
        }
        while sequence.next_element::<IgnoredAny>()?.is_some() {}
        Ok(todos)
    }
}

pub(super) fn read(text: &str) -> Result<File, Problem> {
    let Whole { errand, version, lists, todos } = serde_json::from_str(text).map_err(|error| {
        let line = error.line().max(1);
        let error = error.to_string();
        Problem::lines(vec![(line, Detail::new(move |t| t.file_unexpected(&error)))])
    })?;
    if errand != "todolist" || version != 1 {
        return Err(Problem::lines(vec![(1, Texts::file_version.into())]));
    }
    if let Some(problem) = todos.refused {
        return Err(problem);
    }
    let lists = lists.into_iter().enumerate().map(|(number, list)| {
        let in_range = |time: Option<OffsetDateTime>| match time {
            None => Ok(None),
            Some(time) => entry::in_range(time)
                .map(Some)
                .ok_or_else(|| Problem::member(format!("/lists/{number}"), Texts::file_list_times)),
        };
        let (created_at, updated_at) = (in_range(list.created_at)?, in_range(list.updated_at)?);
        Ok(ListEntry { id: list.id, name: list.name, created_at, updated_at })
    });
    Ok(File { lists: lists.collect::<Result<_, Problem>>()?, todos: todos.entries })
}

fn entry(todo: Map<String, Value>, at: &str) -> Result<Entry, Problem> {
    if let Some((pointer, detail)) = unknown(&todo, FileTodo::MEMBERS, Content::MEMBERS) {
        return Err(Problem::member(format!("{at}{pointer}"), detail));
    }
    let FileTodo { id, completed_at, created_at, updated_at, content } = serde_json::from_value(Value::Object(todo))
        .map_err(|error| {
            let error = error.to_string();
            Problem::member(at, Detail::new(move |t| t.json_unexpected(&error)))
        })?;
    let time = |member: &str, text: Option<String>| {
        let time = text.map(|text| entry::time(&text)).transpose();
        time.map_err(|error| Problem::member(format!("{at}/{member}"), error))
    };
    let id = id.map(|id| id.parse()).transpose();
    Ok(Entry {
        id: id.map_err(|_: uuid::Error| Problem::member(format!("{at}/id"), Texts::not_a_uuid))?,
        new: content.new_todo(at)?,
        completed_at: time("completedAt", completed_at)?,
        created_at: time("createdAt", created_at)?,
        updated_at: time("updatedAt", updated_at)?,
    })
}
