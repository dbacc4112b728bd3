//! The formats of files.

use super::entry::{File, Unwritable};
use super::{csv, ics, json, todo_txt};
use crate::api::problem::Problem;
use crate::api::texts::Texts;
use crate::todo::{Todo, TodoList};

/// A format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api) enum Format {
    /// Our own, with all there is.
    Json,
    /// RFC 5545, `VTODO`.
    Ics,
    /// todo.txt, one to-do a line.
    TodoTxt,
    /// RFC 4180, with a header.
    Csv,
}

impl Format {
    /// All of them.
    pub(in crate::api) const ALL: [Self; 4] = [Self::Json, Self::Ics, Self::TodoTxt, Self::Csv];

    /// What it is called.
    pub(in crate::api) fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ics => "ics",
            Self::TodoTxt => "todo.txt",
            Self::Csv => "csv",
        }
    }

    /// The one of this name.
    pub(in crate::api) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Its media type, without parameters.
    pub(in crate::api) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Ics => "text/calendar",
            Self::TodoTxt => "text/plain",
            Self::Csv => "text/csv",
        }
    }

    /// What a file of it is called.
    pub(in crate::api) fn file_name(self) -> &'static str {
        match self {
            Self::Json => "todos.json",
            Self::Ics => "todos.ics",
            Self::TodoTxt => "todo.txt",
            Self::Csv => "todos.csv",
        }
    }

    /// What comes before the to-dos.
    pub(in crate::api) fn head(self, lists: &[TodoList]) -> Result<String, Unwritable> {
        match self {
            Self::Json => json::head(lists),
            Self::Ics => Ok(ics::HEAD.to_owned()),
            Self::TodoTxt => Ok(String::new()),
            Self::Csv => Ok(csv::HEAD.to_owned()),
        }
    }

    /// A to-do; `first` is that of the file.
    pub(in crate::api) fn write(self, todo: &Todo, first: bool) -> Result<String, Unwritable> {
        match self {
            Self::Json => json::write(todo, first),
            Self::Ics => ics::write(todo),
            Self::TodoTxt => todo_txt::write(todo),
            Self::Csv => csv::write(todo),
        }
    }

    /// What comes after them.
    pub(in crate::api) fn tail(self) -> &'static str {
        match self {
            Self::Json => json::TAIL,
            Self::Ics => ics::TAIL,
            Self::TodoTxt | Self::Csv => "",
        }
    }

    /// Reads a file. Refuses it as a whole when a part of it is not acceptable, and says which.
    pub(in crate::api) fn read(self, file: &[u8]) -> Result<File, Problem> {
        // A mark that some programs write before text (Unicode 17.0 §23.8).
        let file = file.strip_prefix("\u{feff}".as_bytes()).unwrap_or(file);
        let text = str::from_utf8(file).map_err(|error| {
            let before = file.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.split(|byte| *byte == b'\n').count();
            Problem::lines(vec![(line, Texts::file_not_utf8.into())])
        })?;
        match self {
            Self::Json => json::read(text),
            Self::Ics => ics::read(text).map(File::from).map_err(Problem::lines),
            Self::TodoTxt => todo_txt::read(text).map(File::from).map_err(Problem::lines),
            Self::Csv => csv::read(text).map(File::from).map_err(Problem::lines),
        }
    }
}
