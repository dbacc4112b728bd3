//! What bodies say of a to-do, and what their author means by it: one reader for all requests.

use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use uuid::Uuid;

use super::detail::Detail;
use super::problem::Problem;
use super::texts::Texts;
use super::time_zone::time_zone;
use crate::todo::{
    ClockTime, Day, Description, DueError, DuePatch, NewTodo, Note, NoteError, Patch, Repeat, Step, Unfit, ZoneName,
};

/// A member of a body (RFC 7396).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Given<T> {
    /// It is not there: what it is about stays.
    #[default]
    Absent,
    /// It is `null`: what it is about goes.
    Null,
    /// It has this value.
    Value(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(member: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(member)?.map_or(Self::Null, Self::Value))
    }
}

impl<T> Given<T> {
    /// What is to change; for `null`, to `nothing`.
    fn or<U, E>(&self, nothing: U, parse: impl FnOnce(&T) -> Result<U, E>) -> Result<Option<U>, E> {
        match self {
            Self::Absent => Ok(None),
            Self::Null => Ok(Some(nothing)),
            Self::Value(value) => parse(value).map(Some),
        }
    }
}

impl Given<String> {
    /// The id that it has, if it has one.
    #[expect(clippy::option_option, reason = "absent, null, or an id")]
    pub(super) fn id(&self, at: &str, malformed: impl Into<Detail>) -> Result<Option<Option<Uuid>>, Problem> {
        self.or(None, |id| id.parse().map(Some)).map_err(|_: uuid::Error| Problem::member(at, malformed))
    }
}

/// What an author says of a to-do. The members have not been looked at yet.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub(super) struct Content {
    /// What is to be done: one line.
    #[serde(default)]
    #[schema(value_type = Description)]
    description: Given<String>,
    /// Whether it is done.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    done: Given<bool>,
    /// More about it: Markdown, kept as text.
    #[serde(default)]
    #[schema(value_type = Option<Note>)]
    note: Given<String>,
    /// Whether it has a star.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    starred: Given<bool>,
    /// When it is due.
    #[serde(default)]
    #[schema(value_type = Option<DueBody>)]
    due: Given<DueBody>,
    /// When its author is to be reminded of it: a moment, with all parts.
    #[serde(default)]
    #[schema(value_type = Option<DueBody>)]
    reminder: Given<DueBody>,
    /// How it repeats.
    #[serde(default)]
    #[schema(value_type = Option<Repeat>)]
    repeat: Given<String>,
    /// The id of the list that it is in; none for the one that everybody has.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    list: Given<String>,
    /// What is to be done one after the other; they change as a whole.
    #[serde(default)]
    #[schema(value_type = Option<Vec<StepBody>>, max_items = 100)]
    steps: Given<Vec<StepBody>>,
}

/// A step of it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = StepSent)]
#[serde(deny_unknown_fields, expecting = "an object with id, text and done")]
struct StepBody {
    /// A UUID that no other step of the to-do has.
    #[schema(value_type = Uuid)]
    id: String,
    /// What is to be done.
    #[schema(value_type = Description)]
    text: String,
    /// Whether it is done.
    #[serde(default)]
    done: bool,
}

/// When it is due, or its author is to be reminded: a day, or, with `time` and `timeZone`, a moment.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[schema(as = DueSent)]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    expecting = "an object with date, and with time and timeZone where a moment is meant"
)]
struct DueBody {
    /// The day.
    #[serde(default)]
    #[schema(value_type = Day)]
    date: Given<String>,
    /// The time of the day.
    #[serde(default)]
    #[schema(value_type = Option<ClockTime>)]
    time: Given<String>,
    /// The zone whose clocks show it (IANA).
    #[serde(default)]
    #[schema(value_type = Option<ZoneName>)]
    time_zone: Given<String>,
}

impl Content {
    /// The members that it may have.
    pub(super) const MEMBERS: &[&str] =
        &["description", "done", "note", "starred", "due", "reminder", "repeat", "list", "steps"];

    /// What is to change of a to-do. `at` points to the object (RFC 6901) that says so.
    pub(super) fn patch(&self, at: &str) -> Result<Patch, Problem> {
        let Self { description, done, note, starred, due, reminder, repeat, list, steps } = self;
        let refused = |member: &str, error: Detail| Problem::member(format!("{at}/{member}"), error);
        let description = match description {
            Given::Absent => None,
            Given::Null => return Err(Problem::member(format!("{at}/description"), Texts::say_what)),
            Given::Value(text) => Some(Description::parse(text).map_err(|error| refused("description", error.into()))?),
        };
        Ok(Patch {
            description,
            done: done.or(false, |done| Ok::<_, Problem>(*done))?,
            note: note.or(Note::default(), |text| note_of(text)).map_err(|error| refused("note", error.into()))?,
            starred: starred.or(false, |starred| Ok::<_, Problem>(*starred))?,
            due: due.or(None, |due| due.patch(&format!("{at}/due")).map(Some))?,
            reminder: reminder.or(None, |moment| moment.patch(&format!("{at}/reminder")).map(Some))?,
            repeat: repeat
                .or(None, |rule| Repeat::parse(rule).map(Some))
                .map_err(|error| refused("repeat", error.into()))?,
            list: list.id(&format!("{at}/list"), Texts::not_a_list_id)?,
            steps: steps.or(Vec::new(), |steps| parse_steps(steps, &format!("{at}/steps")))?,
            after: None,
        })
    }

    /// What is to change of a to-do that is there: of its place, too.
    pub(super) fn patch_and_place(&self, after: &Given<String>, at: &str) -> Result<Patch, Problem> {
        let after = after.id(&format!("{at}/after"), Texts::not_a_todo_id)?;
        let patch = Patch { after, ..self.patch(at)? };
        if patch.is_empty() {
            let members = [Self::MEMBERS, &["after"]].concat().join(", ");
            let nothing = Detail::new(move |t| t.nothing_to_change(&members));
            return Err(if at.is_empty() { Problem::bad_request(nothing) } else { Problem::member(at, nothing) });
        }
        Ok(patch)
    }

    /// The to-do that is to be added, or to be in the place of another.
    pub(super) fn new_todo(&self, at: &str) -> Result<NewTodo, Problem> {
        let patch = self.patch(at)?;
        let description = patch.description.clone();
        let description = description.ok_or_else(|| Problem::member(format!("{at}/description"), Texts::say_what))?;
        patch.merge(description.into()).map_err(|error| unfit(at, error))
    }

    /// Whether it says that the to-do is done, or is not.
    pub(super) fn says_done(&self) -> bool {
        self.done != Given::Absent
    }
}

impl DueBody {
    fn patch(&self, at: &str) -> Result<DuePatch, Problem> {
        let refused = |member: &str, error: Detail| Problem::member(format!("{at}/{member}"), error);
        let date = match &self.date {
            Given::Absent => None,
            Given::Null => return Err(refused("date", DueError::NoDate.into())),
            Given::Value(text) => Some(Day::parse(text).map_err(|error| refused("date", error.into()))?),
        };
        let time = self.time.or(None, |text| ClockTime::parse(text).map(Some));
        let time_zone = self.time_zone.or(None, |text| time_zone(text).map(Some));
        Ok(DuePatch {
            date,
            time: time.map_err(|error| refused("time", error.into()))?,
            time_zone: time_zone.map_err(|error| refused("timeZone", error.into()))?,
        })
    }
}

/// The note. The description of the API counts what is sent: a line break of two characters as two, and blanks that come to no
/// note.
fn note_of(text: &str) -> Result<Note, NoteError> {
    if text.chars().count() > Note::MAX_CHARS { Err(NoteError::TooLong) } else { Note::parse(text) }
}

fn parse_steps(steps: &[StepBody], at: &str) -> Result<Vec<Step>, Problem> {
    if steps.len() > Step::MAX {
        return Err(Problem::member(at, Detail::new(|t| t.too_many_steps(&Step::MAX))));
    }
    let mut parsed: Vec<Step> = Vec::with_capacity(steps.len());
    for (number, StepBody { id, text, done }) in steps.iter().enumerate() {
        let id = id.parse().ok().filter(|id: &Uuid| !id.is_nil() && parsed.iter().all(|step| step.id != *id));
        let id = id.ok_or_else(|| Problem::member(format!("{at}/{number}/id"), Texts::step_id))?;
        let text = Description::parse(text).map_err(|error| Problem::member(format!("{at}/{number}/text"), error))?;
        parsed.push(Step { id, text, done: *done });
    }
    Ok(parsed)
}

/// Refuses what does not fit together, or not to what there is.
pub(super) fn unfit(at: &str, unfit: Unfit) -> Problem {
    Problem::member(format!("{at}/{}", unfit.member()), unfit)
}
