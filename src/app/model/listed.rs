//! A to-do as the pages know it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::todo::{NewTodo, Todo, TodoMembers};

/// What its author says of a to-do, and which one it is, in which version. As the API writes it, without what no page shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "TodoMembers")]
pub struct Listed {
    /// Which one.
    pub id: Uuid,
    /// Which change of its owner's list it is of.
    pub version: i64,
    /// What its author says of it.
    #[serde(flatten)]
    pub todo: NewTodo,
}

/// What was read is none of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("missing field `id`")]
pub struct WithoutId;

impl TryFrom<TodoMembers> for Listed {
    type Error = WithoutId;

    fn try_from(members: TodoMembers) -> Result<Self, WithoutId> {
        let id = members.id.ok_or(WithoutId)?;
        Ok(Self { id, version: members.version, todo: members.into() })
    }
}

impl From<Todo> for Listed {
    fn from(todo: Todo) -> Self {
        Self { id: todo.id, version: todo.version, todo: todo.into() }
    }
}
