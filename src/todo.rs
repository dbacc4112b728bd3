//! What a to-do is: the type that travels between API, web server and browser, and the rules of its parts.

mod due;
mod line;
mod list;
mod repeat;

use serde::{Deserialize, Deserializer, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

pub use self::due::{ClockTime, Day, Due, DueError, DuePatch, Moment, NotADay, NotATime, NotATimeZone, ZoneName};
use self::line::Fault;
pub use self::list::{ListName, ListNameError, ListPatch, TodoList};
pub use self::repeat::{End, Frequency, On, Repeat, RepeatError};

/// Where the API keeps to-dos, below its address.
pub const API_PATH: &str = "api/todolist";
/// The header of an answer that says which change of the list it came of; none where nothing was changed.
pub const CHANGE: &str = "todolist-change";

/// A to-do as the API sends it (camelCase, as in Microsoft's sample, whose are `id`, `owner` and `description`). What it does
/// not have is absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Todo {
    /// A UUID, made by the client or, version 7, by the API.
    pub id: Uuid,
    /// The key of the customer it belongs to, as the API knows them.
    pub owner: String,
    /// What is to be done.
    pub description: Description,
    /// Whether it is done.
    pub done: bool,
    /// What else its author says of it.
    #[serde(flatten)]
    pub details: Details,
    /// When it became done (RFC 3339, UTC); none while it is not.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<OffsetDateTime>,
    /// When it was added (RFC 3339, UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it last changed (RFC 3339, UTC).
    #[serde(with = "time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
    /// Which change of its owner's list it is of: another one, another text or state. What `ETag` and `If-Match` carry.
    #[serde(default)]
    pub version: i64,
}

impl Todo {
    /// Its version as a strong entity tag (RFC 9110 §8.8.3).
    pub fn etag(&self) -> String {
        Self::etag_of(self.version)
    }

    /// The same, of a version.
    pub fn etag_of(version: i64) -> String {
        format!("\"{version}\"")
    }
}

/// A to-do that is to be added: all that its author says of it. What is added, what is undone and what is sent is this,
/// so that none of them forgets a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", from = "TodoMembers")]
pub struct NewTodo {
    /// What is to be done.
    pub description: Description,
    /// Whether it is done already.
    pub done: bool,
    /// What else there is to say.
    #[serde(flatten)]
    pub details: Details,
}

/// A to-do as it is read: all members side by side. (What serde flattens, it first reads into something else.)
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TodoMembers {
    /// Which one, where it is one of a list.
    #[serde(default)]
    pub id: Option<Uuid>,
    /// Its version there.
    #[serde(default)]
    pub version: i64,
    description: Description,
    #[serde(default)]
    done: bool,
    #[serde(default)]
    note: Note,
    #[serde(default)]
    starred: bool,
    #[serde(default)]
    due: Option<Due>,
    #[serde(default)]
    reminder: Option<Moment>,
    #[serde(default)]
    repeat: Option<Repeat>,
    #[serde(default)]
    list: Option<Uuid>,
    #[serde(default)]
    steps: Vec<Step>,
}

impl From<TodoMembers> for NewTodo {
    fn from(members: TodoMembers) -> Self {
        // Every member of the details by name: one that is new does not compile until it is read.
        let TodoMembers { id: _, version: _, description, done, note, starred, due, reminder, repeat, list, steps } =
            members;
        Self { description, done, details: Details { note, starred, due, reminder, repeat, list, steps } }
    }
}

impl From<Todo> for NewTodo {
    fn from(todo: Todo) -> Self {
        // Every member by name: one that is new does not compile until it is decided whose it is to say.
        let Todo {
            description,
            done,
            details,
            id: _,
            owner: _,
            completed_at: _,
            created_at: _,
            updated_at: _,
            version: _,
        } = todo;
        Self { description, done, details }
    }
}

impl From<Description> for NewTodo {
    /// Not done, and nothing else to say.
    fn from(description: Description) -> Self {
        Self { description, done: false, details: Details::default() }
    }
}

/// What its author says of a to-do beside its text and whether it is done. A member that is added here travels, is stored,
/// and is brought back by undoing, with the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
#[serde(default, rename_all = "camelCase")]
pub struct Details {
    /// More about it; empty where there is none.
    #[serde(skip_serializing_if = "Note::is_empty")]
    pub note: Note,
    /// Whether it has a star.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub starred: bool,
    /// When it is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Due>,
    /// When its author is to be reminded of it. The worker mails it, and apps may ask for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reminder: Option<Moment>,
    /// How it repeats: when it is done, the next one is added. What repeats is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// The list that it is in; none for the one that everybody has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<Uuid>,
    /// What is to be done one after the other, in this order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "ssr", schema(max_items = 100))]
    pub steps: Vec<Step>,
}

/// A part of what is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Step {
    /// A UUID, made by the client; of one to-do no two steps have the same.
    pub id: Uuid,
    /// What is to be done.
    pub text: Description,
    /// Whether it is done.
    #[serde(default)]
    pub done: bool,
}

impl Step {
    /// How many a to-do may have.
    pub const MAX: usize = 100;
}

/// What is to change of a to-do (RFC 7396): what is absent stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Patch {
    /// The new text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// Whether it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<bool>,
    /// The new note; an empty one for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// Whether it has a star.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starred: Option<bool>,
    /// What changes of when it is due; `Some(None)`: it is not due any more.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub due: Option<Option<DuePatch>>,
    /// What changes of the reminder; `Some(None)`: there is none any more.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub reminder: Option<Option<DuePatch>>,
    /// How it repeats from now on; `Some(None)`: not any more.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub repeat: Option<Option<Repeat>>,
    /// The list that it goes to; `Some(None)`: the one that everybody has.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub list: Option<Option<Uuid>>,
    /// The new steps, all of them; none for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<Step>>,
    /// Where it moves to in the list: behind the to-do of that id; `Some(None)`: before all others.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub after: Option<Option<Uuid>>,
}

impl Patch {
    /// What makes `new` of a to-do: nothing that its author said of it stays. Its place in the list does.
    pub fn replacing(new: NewTodo) -> Self {
        let NewTodo { description, done, details } = new;
        let Details { note, starred, due, reminder, repeat, list, steps } = details;
        Self {
            description: Some(description),
            done: Some(done),
            note: Some(note),
            starred: Some(starred),
            due: Some(due.map(DuePatch::from)),
            reminder: Some(reminder.map(DuePatch::from)),
            repeat: Some(repeat),
            list: Some(list),
            steps: Some(steps),
            after: None,
        }
    }

    /// Whether two to-dos are the same in all that is to change of them, but for their places in the list.
    pub fn agree(&self, one: &NewTodo, other: &NewTodo) -> bool {
        let Self { description, done, note, starred, due, reminder, repeat, list, steps, after: _ } = self;
        let (left, right) = (&one.details, &other.details);
        (description.is_none() || one.description == other.description)
            && (done.is_none() || one.done == other.done)
            && (note.is_none() || left.note == right.note)
            && (starred.is_none() || left.starred == right.starred)
            && (due.is_none() || left.due == right.due)
            && (reminder.is_none() || left.reminder == right.reminder)
            && (repeat.is_none() || left.repeat == right.repeat)
            && (list.is_none() || left.list == right.list)
            && (steps.is_none() || left.steps == right.steps)
    }

    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The to-do that comes of `todo`, wherever it is in the list.
    ///
    /// # Errors
    /// [`Unfit`] when what is to change does not fit what there is.
    pub fn merge(&self, todo: NewTodo) -> Result<NewTodo, Unfit> {
        // Every member by name, here as well.
        let Self { description, done, note, starred, due, reminder, repeat, list, steps, after: _ } = self;
        let before = todo.details;
        let due = match due {
            None => before.due,
            Some(None) => None,
            Some(Some(patch)) => Some(patch.merge(before.due.as_ref()).map_err(Unfit::Due)?),
        };
        let reminder = match reminder {
            None => before.reminder,
            Some(None) => None,
            Some(Some(patch)) => {
                let merged = patch.merge(before.reminder.map(Due::from).as_ref());
                Some(merged.and_then(Moment::try_from).map_err(Unfit::Reminder)?)
            }
        };
        let repeat = repeat.clone().unwrap_or(before.repeat);
        if repeat.is_some() && due.is_none() {
            return Err(Unfit::Repeat);
        }
        Ok(NewTodo {
            description: description.clone().unwrap_or(todo.description),
            done: done.unwrap_or(todo.done),
            details: Details {
                note: note.clone().unwrap_or(before.note),
                starred: starred.unwrap_or(before.starred),
                due,
                reminder,
                repeat,
                list: list.unwrap_or(before.list),
                steps: steps.clone().unwrap_or(before.steps),
            },
        })
    }
}

/// Why what is to change of a to-do does not fit what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// A part of `due` is missing.
    #[error(transparent)]
    Due(DueError),
    /// A part of `reminder` is missing.
    #[error(transparent)]
    Reminder(DueError),
    /// It repeats, and is not due.
    #[error("What repeats is due: give due as well, or set repeat to null.")]
    Repeat,
}

impl Unfit {
    /// The member that it is about.
    pub fn member(self) -> &'static str {
        match self {
            Self::Due(_) => "due",
            Self::Reminder(_) => "reminder",
            Self::Repeat => "repeat",
        }
    }
}

/// A member that is there, whatever its value: `null` is not the same as absent.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(member: D) -> Result<Option<T>, D::Error> {
    T::deserialize(member).map(Some)
}

/// The text of a to-do: trimmed, not empty, at most [`Description::MAX_CHARS`] characters, one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(min_length = 1, max_length = 500, example = "buy milk"))]
pub struct Description(String);

/// Why a text is not a [`Description`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DescriptionError {
    /// Nothing but white space.
    #[error("Write what is to be done.")]
    Empty,
    /// Longer than [`Description::MAX_CHARS`].
    #[error("That is longer than {} characters. Shorten it, or split it into several to-dos.", Description::MAX_CHARS)]
    TooLong,
    /// A NUL, which databases cut or refuse.
    #[error("The text contains a character that cannot be stored (NUL). Remove it.")]
    Nul,
}

impl Description {
    /// The longest text, in Unicode scalar values.
    pub const MAX_CHARS: usize = 500;

    /// Trims `text`, joins its lines, and checks it.
    ///
    /// # Errors
    /// [`DescriptionError`] when nothing is left, when it is too long, or when it contains NUL.
    pub fn parse(text: &str) -> Result<Self, DescriptionError> {
        line::parse(text, Self::MAX_CHARS).map(Self).map_err(|fault| match fault {
            Fault::Empty => DescriptionError::Empty,
            Fault::TooLong => DescriptionError::TooLong,
            Fault::Nul => DescriptionError::Nul,
        })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Description {
    type Error = DescriptionError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Description> for String {
    fn from(description: Description) -> Self {
        description.0
    }
}

impl std::fmt::Display for Description {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// More about a to-do: a text of several lines, at most [`Note::MAX_CHARS`] characters, or none. Markdown, which is kept as it
/// was written, but for its line breaks: all are `\n`, whoever sent them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(max_length = 10_000, example = "two litres"))]
pub struct Note(String);

/// Why a text is not a [`Note`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than [`Note::MAX_CHARS`].
    #[error("That is longer than {} characters. Shorten it.", Note::MAX_CHARS)]
    TooLong,
    /// A NUL, which databases cut or refuse.
    #[error("The text contains a character that cannot be stored (NUL). Remove it.")]
    Nul,
}

impl Note {
    /// The longest note, in Unicode scalar values.
    pub const MAX_CHARS: usize = 10_000;

    /// Checks `text`. One of nothing but white space is none.
    ///
    /// # Errors
    /// [`NoteError`] when it is too long, or contains NUL.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        if text.contains('\0') {
            return Err(NoteError::Nul);
        }
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        // Forms send two characters for each line break (HTML, "newline normalization"), scripts one.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        if text.chars().count() > Self::MAX_CHARS {
            return Err(NoteError::TooLong);
        }
        Ok(Self(text))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Note {
    type Error = NoteError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Note> for String {
    fn from(note: Note) -> Self {
        note.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_trimmed_and_on_one_line() {
        assert_eq!(Description::parse("  buy\r\nmilk \n").expect("valid").as_str(), "buy milk");
    }

    #[test]
    fn an_empty_a_long_and_a_nul_description_are_refused() {
        for nothing in [" \t\n", "\u{200b}", "\u{feff} \u{2060}\u{fe0f}", "\u{ad}", "\u{3164}\u{2800}"] {
            assert_eq!(Description::parse(nothing), Err(DescriptionError::Empty), "{nothing:?}");
        }
        // Beside something to see, they are its author's.
        assert!(Description::parse("👩\u{200d}👧").is_ok() && Description::parse("\u{202e}x").is_ok());
        assert_eq!(Description::parse("a\0b"), Err(DescriptionError::Nul));
        assert_eq!(Description::parse(&"é".repeat(501)), Err(DescriptionError::TooLong));
        assert!(Description::parse(&"é".repeat(500)).is_ok());
    }

    #[test]
    fn markup_sql_and_right_to_left_marks_are_kept_literally() {
        let text = "<script>'; DROP TABLE todos; -- \u{202e}";
        assert_eq!(Description::parse(text).expect("valid").as_str(), text);
    }

    #[test]
    fn a_note_keeps_its_lines_and_blanks() {
        let markdown = "# Milk\n\n    two litres  \n- oat";
        assert_eq!(Note::parse(markdown).expect("valid").as_str(), markdown);
        assert_eq!(Note::parse("a\r\nb\rc\n").expect("valid").as_str(), "a\nb\nc\n");
        assert!(Note::parse(" \r\n\t").expect("none").is_empty());
        assert_eq!(Note::parse(" \0"), Err(NoteError::Nul));
        assert_eq!(Note::parse(&"é".repeat(10_001)), Err(NoteError::TooLong));
        assert!(Note::parse(&"é".repeat(10_000)).is_ok());
    }

    #[test]
    fn what_a_change_leaves_out_stays_and_what_replaces_leaves_nothing() {
        let text = |text: &str| Description::parse(text).expect("valid");
        let due = Due::on(Day::parse("2026-12-01").expect("a day"));
        let steps = vec![Step { id: Uuid::from_u128(1), text: text("first"), done: true }];
        let (date, time) = (due.date(), ClockTime::parse("09:00").expect("a time"));
        let reminder = Some(Moment::at(date, time, ZoneName::parse("Europe/Madrid").expect("a zone")));
        let repeat = Some(Repeat::parse("FREQ=DAILY").expect("a rule"));
        let (note, list) = (Note::parse("n").expect("valid"), Some(Uuid::from_u128(7)));
        let details = Details { note, starred: true, due: Some(due), reminder, repeat, list, steps };
        let before = NewTodo { description: text("a"), done: true, details };
        let patch = |json: &str| serde_json::from_str::<Patch>(json).expect("a change");
        assert!(patch("{}").is_empty());
        assert_eq!(patch("{}").merge(before.clone()).as_ref(), Ok(&before));
        let nothing = r#"{"note": "", "due": null, "reminder": null, "repeat": null, "list": null, "starred": false, "steps": []}"#;
        let after = patch(nothing).merge(before.clone()).expect("complete");
        assert_eq!(after, NewTodo { done: true, ..text("a").into() });
        assert_eq!(patch(r#"{"due": {"time": "09:00"}}"#).merge(before.clone()), Err(Unfit::Due(DueError::NoTimeZone)));
        let halved = patch(r#"{"reminder": {"time": null, "timeZone": null}}"#);
        assert_eq!(halved.merge(before.clone()), Err(Unfit::Reminder(DueError::NoMoment)));
        assert_eq!(patch(r#"{"due": null}"#).merge(before.clone()), Err(Unfit::Repeat));
        let later = patch(r#"{"reminder": {"time": "10:00"}}"#).merge(before.clone()).expect("complete");
        assert_eq!(later.details.reminder.expect("one").time().to_string(), "10:00");
        for new in [NewTodo::from(text("b")), before.clone()] {
            let replacing = serde_json::to_string(&Patch::replacing(new.clone())).expect("JSON");
            assert_eq!(patch(&replacing).merge(before.clone()), Ok(new));
        }
    }
}
