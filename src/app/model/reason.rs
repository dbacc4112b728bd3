//! Why something cannot be accepted: what crosses the wire, and is put into words by the page.

use serde::{Deserialize, Serialize};

use crate::app::texts::Texts;
use crate::language::Language;
use crate::todo::{
    Description, DescriptionError, ListName, ListNameError, NotADay, NotATime, NotATimeZone, Note, NoteError,
    RepeatError,
};

/// What is wrong with what was typed or chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The form lacks a field, or has one that no page of ours sends.
    Form,
    /// A to-do, or a step, without a text.
    DescriptionEmpty,
    /// One that is too long.
    DescriptionTooLong,
    /// A note that is too long.
    NoteTooLong,
    /// A text with a character that cannot be stored.
    Character,
    /// A list without a name.
    ListEmpty,
    /// The name of a list that is too long.
    ListTooLong,
    /// One with a character that cannot be stored.
    ListCharacter,
    /// A day that is none.
    Day,
    /// A time that is none.
    Time,
    /// A time zone that is none.
    Zone,
    /// A time without a day.
    TimeAlone,
    /// A reminder without a time.
    ReminderTime,
    /// A rule for repeating that is none.
    Repeat,
    /// One without a day.
    RepeatAlone,
    /// A list that is not there.
    ListGone,
    /// A step that is not there.
    StepGone,
    /// A place in the list that is none.
    Place,
    /// It was not said what was seen.
    Seen,
    /// What is to be undone was long ago, or is undone.
    UndoLate,
    /// Something that another device changed meanwhile, and that is not shown with what it has become.
    Stale,
    /// The word that says that deleting everything is meant.
    Confirmation,
    /// The customer's own name is missing.
    Name,
    /// A digest without a time zone.
    NoZone,
    /// A digest with a time zone that is none.
    DigestZone,
    /// A digest at no hour.
    Hour,
    /// A digest to nowhere.
    NoAddress,
    /// No file was chosen.
    NoFile,
    /// The name of a file does not say what it is.
    FileName,
    /// A file that is too large.
    FileLarge,
    /// Too many files are read at the moment.
    FileBusy,
    /// A file of which something is missing.
    FilePart,
    /// A file that the API refused.
    File {
        /// Its `detail`.
        detail: Option<String>,
        /// What is wrong with some of the lines.
        faults: Vec<FileFault>,
        /// With how many more lines something is.
        more: u64,
        /// Which language the API says it in.
        #[serde(default)]
        language: Language,
    },
    /// The API refused it.
    Api {
        /// The name of the kind of problem (the end of its `type`, RFC 9457 §3.1.1).
        kind: String,
        /// Its `detail`.
        detail: Option<String>,
        /// Which language that is in.
        #[serde(default)]
        language: Language,
    },
}

/// What is wrong with a line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFault {
    /// Its number; none where it is the file as a whole.
    pub line: Option<u64>,
    /// What is wrong, in the API's words.
    pub detail: String,
}

/// What is wrong with a file, line by line; without the API's words, where the reader's language is another one.
fn file_text(t: Texts, detail: Option<&str>, faults: &[FileFault], more: u64, is_readable: bool) -> String {
    let mut text = detail.filter(|_| is_readable).unwrap_or_else(|| t.invalid_file()).to_owned();
    for FileFault { line, detail } in faults {
        let fault = match line {
            Some(line) if is_readable => t.invalid_file_line(line, detail),
            Some(line) => t.invalid_file_at(line),
            None if is_readable => detail.clone(),
            None => continue,
        };
        text.push(' ');
        text.push_str(&fault);
    }
    if more > 0 {
        text.push(' ');
        text.push_str(&t.invalid_file_more(more));
    }
    text
}

impl Reason {
    /// What is wrong, and what to do.
    pub fn text(&self, t: Texts) -> String {
        let text = match self {
            Self::Form => t.invalid_form(),
            Self::DescriptionEmpty => t.invalid_description_empty(),
            Self::DescriptionTooLong => return t.invalid_description_long(&Description::MAX_CHARS),
            Self::NoteTooLong => return t.invalid_long(&Note::MAX_CHARS),
            Self::Character => t.invalid_character(),
            Self::ListEmpty => t.invalid_list_empty(),
            Self::ListTooLong => return t.invalid_long(&ListName::MAX_CHARS),
            Self::ListCharacter => t.invalid_list_character(),
            Self::Day => t.invalid_day(),
            Self::Time => t.invalid_time(),
            Self::Zone => t.invalid_zone(),
            Self::TimeAlone => t.invalid_time_alone(),
            Self::ReminderTime => t.invalid_reminder_time(),
            Self::Repeat => t.invalid_repeat(),
            Self::RepeatAlone => t.invalid_repeat_alone(),
            Self::ListGone => t.invalid_list_gone(),
            Self::StepGone => t.invalid_step_gone(),
            Self::Place => t.invalid_place(),
            Self::Seen => t.invalid_seen(),
            Self::UndoLate => t.invalid_undo_late(),
            Self::Stale => t.invalid_stale(),
            Self::Confirmation => return t.invalid_confirmation(&t.data_delete_word()),
            Self::Name => t.invalid_name(),
            Self::NoZone => t.invalid_no_zone(),
            Self::DigestZone => t.invalid_digest_zone(),
            Self::Hour => t.invalid_hour(),
            Self::NoAddress => t.invalid_no_address(),
            Self::NoFile => t.invalid_no_file(),
            Self::FileName => t.invalid_file_name(),
            Self::FileLarge => t.invalid_file_large(),
            Self::FileBusy => t.invalid_file_busy(),
            Self::FilePart => t.invalid_file_part(),
            Self::File { detail, faults, more, language } => {
                return file_text(t, detail.as_deref(), faults, *more, t.language() == *language);
            }
            // Where it speaks the reader's language, it says more.
            Self::Api { detail: Some(detail), language, .. } if t.language() == *language => return detail.clone(),
            Self::Api { kind, .. } => match kind.as_str() {
                "list-full" => t.invalid_list_full(),
                "list-missing" => t.invalid_list_gone(),
                "too-many-lists" => t.invalid_too_many_lists(),
                "too-many-repeat" => t.invalid_too_many_repeat(),
                "no-such-place" => t.invalid_stale(),
                "too-large" => t.invalid_too_large(),
                _ => t.invalid_unaccepted(),
            },
        };
        text.to_owned()
    }
}

impl From<DescriptionError> for Reason {
    fn from(error: DescriptionError) -> Self {
        match error {
            DescriptionError::Empty => Self::DescriptionEmpty,
            DescriptionError::TooLong => Self::DescriptionTooLong,
            DescriptionError::Nul => Self::Character,
        }
    }
}

impl From<NoteError> for Reason {
    fn from(error: NoteError) -> Self {
        match error {
            NoteError::TooLong => Self::NoteTooLong,
            NoteError::Nul => Self::Character,
        }
    }
}

impl From<ListNameError> for Reason {
    fn from(error: ListNameError) -> Self {
        match error {
            ListNameError::Empty => Self::ListEmpty,
            ListNameError::TooLong => Self::ListTooLong,
            ListNameError::Nul => Self::ListCharacter,
        }
    }
}

impl From<NotADay> for Reason {
    fn from(_: NotADay) -> Self {
        Self::Day
    }
}

impl From<NotATime> for Reason {
    fn from(_: NotATime) -> Self {
        Self::Time
    }
}

impl From<NotATimeZone> for Reason {
    fn from(_: NotATimeZone) -> Self {
        Self::Zone
    }
}

impl From<RepeatError> for Reason {
    fn from(_: RepeatError) -> Self {
        Self::Repeat
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_api_are_shown_to_who_reads_their_language() {
        let (english, spanish) = (Texts::of(Language::English), Texts::of(Language::Spanish));
        let api = |language| Reason::Api { kind: "list-full".to_owned(), detail: Some("100000".to_owned()), language };
        let faults = vec![FileFault { line: Some(2), detail: "XML".to_owned() }];
        let file =
            |language| Reason::File { detail: Some("CSV".to_owned()), faults: faults.clone(), more: 0, language };
        for (language, reader, other) in [(Language::English, english, spanish), (Language::Spanish, spanish, english)]
        {
            assert_eq!(api(language).text(reader), "100000");
            assert_eq!(api(language).text(other), other.invalid_list_full());
            assert_eq!(file(language).text(reader), format!("CSV {}", reader.invalid_file_line(&2, &"XML")));
            assert_eq!(file(language).text(other), format!("{} {}", other.invalid_file(), other.invalid_file_at(&2)));
        }
    }
}
