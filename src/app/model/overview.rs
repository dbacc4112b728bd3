//! What the page of the list begins with.

use serde::{Deserialize, Serialize};

use crate::app::model::listed::Listed;
use crate::todo::TodoList;

/// To-dos and lists, each in their order, as the API says them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// The to-dos.
    pub todos: Vec<Listed>,
    /// The lists, beside the one that everybody has.
    pub lists: Vec<TodoList>,
}
