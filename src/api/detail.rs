//! What is said of a problem, as a value: a message of `texts/*.ftl` and what is put into it. Handlers name what went wrong,
//! and know no language: the words are made with the answer (`problem::complete`), in the language that the request asks for.
//!
//! What `serde_json` says of a body or a file stays English, within a sentence that is not.

use std::fmt;
use std::sync::Arc;

use super::texts::Texts;
use crate::language::Language;
use crate::platform::serve::Malformed;
use crate::todo::{
    Description, DescriptionError, DueError, ListName, ListNameError, NotADay, NotATime, NotATimeZone, Note, NoteError,
    Repeat, RepeatError, Unfit,
};

/// The longest detail of a fault in what was sent, in characters: it may repeat what was sent, and not all of it.
pub(super) const MAX_FAULT: usize = 300;

/// What is said, in whichever language. Cheap to clone.
#[derive(Clone)]
pub(super) struct Detail(Arc<dyn Fn(Texts) -> String + Send + Sync>);

impl Detail {
    /// What `say` makes of the texts of a language.
    pub(super) fn new(say: impl Fn(Texts) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(say))
    }

    /// Its words.
    pub(super) fn text(&self, t: Texts) -> String {
        (self.0)(t)
    }

    /// The same, with what it is about before it: a name, a pointer or what was sent, which are the same in all languages.
    pub(super) fn at(self, place: impl fmt::Display) -> Self {
        let place = place.to_string();
        Self::new(move |t| format!("{place}: {}", self.text(t)))
    }
}

impl<F: Fn(Texts) -> &'static str + Send + Sync + 'static> From<F> for Detail {
    /// A message that nothing is put into, by its method: `Texts::not_a_uuid`.
    fn from(message: F) -> Self {
        Self::new(move |t| message(t).to_owned())
    }
}

impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text(Texts::of(Language::default())).fmt(f)
    }
}

/// What was sent, as a detail repeats it: between quotation marks, and no more of it than is shown.
#[derive(Clone, Debug)]
pub(super) struct Sent(String);

impl Sent {
    pub(super) fn new(text: &str) -> Self {
        Self(text.chars().take(MAX_FAULT).collect())
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl From<DescriptionError> for Detail {
    fn from(error: DescriptionError) -> Self {
        match error {
            DescriptionError::Empty => Texts::description_empty.into(),
            DescriptionError::TooLong => Self::new(|t| t.description_long(&Description::MAX_CHARS)),
            DescriptionError::Nul => Texts::text_nul.into(),
        }
    }
}

impl From<NoteError> for Detail {
    fn from(error: NoteError) -> Self {
        match error {
            NoteError::TooLong => Self::new(|t| t.text_long(&Note::MAX_CHARS)),
            NoteError::Nul => Texts::text_nul.into(),
        }
    }
}

impl From<ListNameError> for Detail {
    fn from(error: ListNameError) -> Self {
        match error {
            ListNameError::Empty => Texts::list_name_empty.into(),
            ListNameError::TooLong => Self::new(|t| t.text_long(&ListName::MAX_CHARS)),
            ListNameError::Nul => Texts::list_name_nul.into(),
        }
    }
}

impl From<DueError> for Detail {
    fn from(error: DueError) -> Self {
        match error {
            DueError::NoDate => Texts::due_no_date.into(),
            DueError::NoTimeZone => Texts::due_no_time_zone.into(),
            DueError::NoTime => Texts::due_no_time.into(),
            DueError::NoMoment => Texts::due_no_moment.into(),
        }
    }
}

impl From<NotADay> for Detail {
    fn from(_: NotADay) -> Self {
        Texts::not_a_day.into()
    }
}

impl From<NotATime> for Detail {
    fn from(_: NotATime) -> Self {
        Texts::not_a_time.into()
    }
}

impl From<NotATimeZone> for Detail {
    fn from(_: NotATimeZone) -> Self {
        Texts::not_a_time_zone.into()
    }
}

impl From<RepeatError> for Detail {
    fn from(error: RepeatError) -> Self {
        match error {
            RepeatError::NotARule => Texts::repeat_not_a_rule.into(),
            RepeatError::Frequency => Texts::repeat_frequency.into(),
            RepeatError::Part => Texts::repeat_part.into(),
            RepeatError::Twice => Texts::repeat_twice.into(),
            RepeatError::Interval => Self::new(|t| t.repeat_interval(&Repeat::MAX_INTERVAL)),
            RepeatError::Count => Self::new(|t| t.repeat_count(&Repeat::MAX_COUNT)),
            RepeatError::Until => Texts::repeat_until.into(),
            RepeatError::TwoEnds => Texts::repeat_two_ends.into(),
            RepeatError::NoSuchDay => Texts::repeat_no_such_day.into(),
        }
    }
}

impl From<Unfit> for Detail {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Due(error) | Unfit::Reminder(error) => error.into(),
            Unfit::Repeat => Texts::repeat_not_due.into(),
        }
    }
}

impl From<Malformed> for Detail {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::NoHost => Texts::no_host.into(),
            Malformed::SeveralHosts => Texts::several_hosts.into(),
            Malformed::Host => Texts::bad_host.into(),
            Malformed::Target => Texts::bad_target.into(),
            Malformed::Nul => Texts::nul_in_address.into(),
            Malformed::Connect => Texts::no_connect.into(),
            Malformed::Ping => Texts::server_is_there.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// English words are those of the errors themselves, which logs and other programs have.
    #[test]
    fn what_is_wrong_with_a_todo_is_said_in_its_own_words() {
        fn check(errors: impl IntoIterator<Item = impl Into<Detail> + Copy + fmt::Display>) {
            for error in errors {
                let detail: Detail = error.into();
                assert_eq!(detail.text(Texts::of(Language::English)), error.to_string());
                let spanish = detail.text(Texts::of(Language::Spanish));
                assert!(spanish != error.to_string() && spanish.chars().count() <= MAX_FAULT, "{spanish}");
            }
        }
        check([DescriptionError::Empty, DescriptionError::TooLong, DescriptionError::Nul]);
        check([NoteError::TooLong, NoteError::Nul]);
        check([ListNameError::Empty, ListNameError::TooLong, ListNameError::Nul]);
        check([DueError::NoDate, DueError::NoTimeZone, DueError::NoTime, DueError::NoMoment]);
        check([NotADay]);
        check([NotATime]);
        check([NotATimeZone]);
        check([RepeatError::NotARule, RepeatError::Frequency, RepeatError::Part, RepeatError::Twice]);
        check([RepeatError::Interval, RepeatError::Count, RepeatError::Until, RepeatError::TwoEnds]);
        check([RepeatError::NoSuchDay]);
        check([Unfit::Repeat, Unfit::Due(DueError::NoDate), Unfit::Reminder(DueError::NoMoment)]);
        check([Malformed::NoHost, Malformed::SeveralHosts, Malformed::Host, Malformed::Target, Malformed::Nul]);
        check([Malformed::Connect, Malformed::Ping]);
    }

    #[test]
    fn what_was_sent_is_repeated_in_part() {
        assert_eq!(Sent::new("a \"b\"\n").to_string(), r#""a \"b\"\n""#);
        assert_eq!(Sent::new(&"é".repeat(1_000_000)).to_string().chars().count(), MAX_FAULT + 2);
    }
}
