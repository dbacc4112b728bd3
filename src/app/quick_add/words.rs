//! What a language has words for. All words are folded (see [`super::text::fold`]); a phrase is of words with one blank
//! between them.

use super::meaning::Unit;

/// The half of a day that a time is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    /// Before noon.
    Am,
    /// From noon on.
    Pm,
}

/// The words of one language.
pub(super) struct Words {
    /// Days, by how far they are.
    pub(super) days: &'static [(&'static str, i64)],
    /// The days of the week, from Monday.
    pub(super) weekdays: [&'static [&'static str]; 7],
    /// Short names for them that are other words, too: they count beside something that makes it clear.
    pub(super) doubtful_weekdays: [&'static [&'static str]; 7],
    /// Names that are for several of them: each Monday.
    pub(super) plural_weekdays: [&'static [&'static str]; 7],
    /// The months. They count beside a number.
    pub(super) months: [&'static [&'static str]; 12],
    /// Numbers.
    pub(super) numbers: &'static [(&'static str, u16)],
    /// Spans of the calendar.
    pub(super) units: &'static [(&'static str, Unit)],
    /// Before or behind a day or span: the next one.
    pub(super) next_before: &'static [&'static str],
    /// See [`Words::next_before`].
    pub(super) next_behind: &'static [&'static str],
    /// Whether the next Friday is that of the next week; otherwise it is the one that comes.
    pub(super) next_is_in_next_week: bool,
    /// Before a day: the one that comes.
    pub(super) this: &'static [&'static str],
    /// Before a day, and nothing by themselves.
    pub(super) before_day: &'static [&'static str],
    /// Before the number of a day, without its month.
    pub(super) before_day_of_month: &'static [&'static str],
    /// What the number of a day may end with.
    pub(super) ordinals: &'static [&'static str],
    /// Whether a day without its month must end so.
    pub(super) day_of_month_is_ordinal: bool,
    /// Between day, month and year.
    pub(super) of: &'static [&'static str],
    /// Before a number of days.
    pub(super) within: &'static [&'static str],
    /// Before a time.
    pub(super) before_time: &'static [&'static str],
    /// Times that have a name: hour and minute.
    pub(super) times: &'static [(&'static str, u8, u8)],
    /// Behind an hour: so many minutes more.
    pub(super) behind_hour: &'static [(&'static str, i16)],
    /// Behind a time: of which half of the day it is, with a blank or without.
    pub(super) halves: &'static [(&'static str, Half)],
    /// The same in more words, which nobody says of twelve.
    pub(super) parts_of_day: &'static [(&'static str, Half)],
    /// Behind a time, and nothing by themselves.
    pub(super) behind_time: &'static [&'static str],
    /// Before what repeats.
    pub(super) every: &'static [&'static str],
    /// Before what repeats: every second.
    pub(super) every_other: &'static [&'static str],
    /// Behind [`Words::every`]: Monday to Friday.
    pub(super) working_days: &'static [&'static str],
    /// By themselves, at the end.
    pub(super) adverbs: &'static [(&'static str, Unit)],
    /// Between several days.
    pub(super) and: &'static [&'static str],
    /// A day or time behind one of these is a part of the sentence.
    pub(super) holds_what_follows: &'static [&'static str],
    /// A day or time before one of these is a part of the sentence.
    pub(super) holds_what_was: &'static [&'static str],
}
