//! What is meant by a text that is typed for a new to-do: `tomorrow 9am #home !`. Pure.
//!
//! Nothing is guessed. Words about when count at the end or the beginning of the text, or between commas, and there only
//! where they do not belong to the sentence ("wait until tomorrow"); `!`, and `*` at the end, for a star; `#home` anywhere,
//! where there is a list of that name. What may mean something else ("sat", "8h") counts beside something that makes it
//! clear ("sat 9am"). What is named twice ("saturday sunday") does not count. What is in quotation marks or behind a
//! backslash means what it says, and so does what its author says is not meant.

mod english;
mod grammar;
mod meaning;
mod setting;
mod spanish;
#[cfg(test)]
mod tests;
mod text;
mod words;

use std::ops::Range;

use time::{Date, Duration};

use self::grammar::{Grammar, Match};
pub use self::meaning::{Every, Kind, Meaning, Unit, Weekdays};
pub use self::setting::{DateOrder, NotMeant, Setting};
use self::text::{Word, cut, fold, words};
use self::words::Words;
use crate::app::day_words::Reader;
use crate::language::Language;
use crate::todo::{ClockTime, Day, Description, Due};

/// Longer texts, in bytes, mean what they say: no to-do is as long.
const MAX_BYTES: usize = 4096;

/// A text, understood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuickAdd {
    /// What is to be done: the text without the parts that mean something else.
    pub description: String,
    /// Those parts, in their order.
    pub parts: Vec<Part>,
    /// When it is due.
    pub due: Option<Due>,
    /// Whether it has a star.
    pub starred: bool,
    /// Its list, by its place among the names that were given.
    pub list: Option<usize>,
    /// How it repeats; it is due then.
    pub repeat: Option<Every>,
    /// Names of lists that there are not, as they are written. They stay in the text.
    pub unknown_lists: Vec<String>,
}

impl QuickAdd {
    /// A text that means what it says.
    fn literal(text: &str) -> Self {
        Self { description: text.trim().to_owned(), ..Self::default() }
    }

    /// What was written about some kinds, to be given to [`Setting::not_meant`].
    pub fn words_of(&self, text: &str, kinds: &[Kind]) -> Vec<NotMeant> {
        let parts = self.parts.iter().filter(|part| kinds.contains(&part.meaning.kind()));
        parts
            .filter_map(|part| {
                Some(NotMeant { kind: part.meaning.kind(), words: text.get(part.range.clone())?.to_owned() })
            })
            .collect()
    }
}

/// A part of a text that means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where it is, in bytes.
    pub range: Range<usize>,
    /// What it means.
    pub meaning: Meaning,
}

/// The same in each of some languages, the first of those in which most of it means something.
pub fn understand_any(text: &str, setting: &Setting<'_>, languages: &[Language]) -> QuickAdd {
    let mut best = QuickAdd::literal(text);
    for language in languages {
        let reader = Reader { language: *language, ..setting.reader.clone() };
        let understood = understand(text, &Setting { reader: &reader, ..*setting });
        let length = |understood: &QuickAdd| understood.parts.iter().map(|part| part.range.len()).sum::<usize>();
        if length(&understood) > length(&best) || (best.parts.is_empty() && understood.parts.is_empty()) {
            best = understood;
        }
    }
    best
}

/// What `text` means.
pub fn understand(text: &str, setting: &Setting<'_>) -> QuickAdd {
    if text.len() > MAX_BYTES {
        return QuickAdd::literal(text);
    }
    let words = words(text);
    let language = language(setting.reader.language);
    let grammar = Grammar { words: &words, language, setting };
    let found = Search::new(&grammar).run();
    let escapes = escapes(&grammar);
    // What is left must be something to do: "tomorrow" is a to-do of that name.
    for says_when in [true, false] {
        let parts: Vec<Part> = found
            .iter()
            .filter(|(_, found)| says_when || !found.meaning.kind().is_when())
            .map(|(at, found)| Part { range: range(&words, *at, found.end), meaning: found.meaning })
            .filter(|part| !is_not_meant(text, part, setting))
            .collect();
        let ranges: Vec<Range<usize>> = parts.iter().map(|part| part.range.clone()).collect();
        let description = cut(text, &ranges, &escapes);
        if Description::parse(&description).is_ok() || description.chars().count() > Description::MAX_CHARS {
            return compose(description, parts, &grammar);
        }
    }
    QuickAdd::literal(text)
}

fn compose(description: String, parts: Vec<Part>, grammar: &Grammar<'_>) -> QuickAdd {
    let setting = grammar.setting;
    let (mut day, mut time) = (None, None);
    let mut understood = QuickAdd { description, unknown_lists: unknown_lists(grammar), ..QuickAdd::default() };
    let mut first = None;
    for part in &parts {
        match part.meaning {
            Meaning::Day(named) => day = Some(named),
            Meaning::Time(named) => time = Some(named),
            Meaning::Repeat(every, from) => (understood.repeat, first) = (Some(every), from),
            Meaning::List(list) => understood.list = Some(list),
            Meaning::Star => understood.starred = true,
        }
    }
    let day = day.or(first).or_else(|| first_day(understood.repeat, time, setting));
    understood.due = day.map(|day| match time.zip(setting.reader.time_zone.clone()) {
        Some((time, zone)) => Due::at(day, time, zone),
        None => Due::on(day),
    });
    understood.parts = parts;
    understood
}

/// The day of what repeats, or has a time, without one: the first that is still to come.
fn first_day(repeat: Option<Every>, time: Option<ClockTime>, setting: &Setting<'_>) -> Option<Day> {
    if repeat.is_none() && time.is_none() {
        return None;
    }
    let today = Date::from(setting.reader.today);
    let every = repeat.unwrap_or(Every::new(1, Unit::Day));
    let mut first = every.first(today);
    if first == today && time.is_some_and(|time| time <= setting.reader.time) {
        first = every.first(today.checked_add(Duration::DAY)?);
    }
    Day::try_from(first).ok()
}

fn language(language: Language) -> &'static Words {
    match language {
        Language::English => &english::WORDS,
        Language::Spanish => &spanish::WORDS,
    }
}

fn range(words: &[Word], at: usize, end: usize) -> Range<usize> {
    words[at].range.start..words[end - 1].range.end
}

fn is_not_meant(text: &str, part: &Part, setting: &Setting<'_>) -> bool {
    let words = &text[part.range.clone()];
    setting.not_meant.iter().any(|not| not.kind == part.meaning.kind() && fold(&not.words) == fold(words))
}

/// The backslashes that keep something from being understood.
fn escapes(grammar: &Grammar<'_>) -> Vec<Range<usize>> {
    let means_something = |at: usize, word: &Word| word.folded.starts_with('#') || !grammar.at(at).is_empty();
    let words = grammar.words.iter().enumerate().filter(|(_, word)| word.is_escaped);
    words
        .filter(|(at, word)| means_something(*at, word))
        .map(|(_, word)| word.range.start..word.range.start + 1)
        .collect()
}

/// What looks like the name of a list, where there are lists.
fn unknown_lists(grammar: &Grammar<'_>) -> Vec<String> {
    if grammar.setting.lists.is_empty() {
        return Vec::new();
    }
    let is_name = |word: &Word| {
        // `#12` is a number.
        word.folded.strip_prefix('#').is_some_and(|name| name.starts_with(char::is_alphabetic))
    };
    let words = grammar.words.iter().enumerate();
    words
        .filter(|(at, word)| !word.is_quoted && !word.is_escaped && is_name(word) && grammar.list(*at).is_none())
        .map(|(_, word)| word.folded.clone())
        .collect()
}

/// Which parts of a text mean something.
struct Search<'a> {
    grammar: &'a Grammar<'a>,
    /// What was found, by the word it begins with.
    found: Vec<(usize, Match)>,
}

impl<'a> Search<'a> {
    fn new(grammar: &'a Grammar<'a>) -> Self {
        Self { grammar, found: Vec::new() }
    }

    fn run(mut self) -> Vec<(usize, Match)> {
        self.find_list();
        let count = self.grammar.words.len();
        let segments = self.segments();
        self.find_at_end(count);
        for segment in &segments {
            self.find_segment(segment);
        }
        self.find_at_beginning();
        self.found.sort_by_key(|(at, _)| *at);
        self.found.dedup();
        self.found
    }

    /// The stretches of words between separators.
    fn segments(&self) -> Vec<Range<usize>> {
        let mut segments = Vec::new();
        let mut begin = 0;
        for (at, word) in self.grammar.words.iter().enumerate() {
            if word.ends_segment || at + 1 == self.grammar.words.len() {
                segments.push(begin..at + 1);
                begin = at + 1;
            }
        }
        segments
    }

    fn has(&self, kind: Kind) -> bool {
        self.found.iter().any(|(_, found)| found.meaning.kind() == kind)
    }

    fn is_taken(&self, at: usize) -> bool {
        self.found.iter().any(|(begin, found)| (*begin..found.end).contains(&at))
    }

    /// What the words from `at` on mean, the longest first.
    fn at(&self, at: usize) -> Vec<Match> {
        let found = self.grammar.at(at);
        let is_free = |found: &Match| !self.grammar.words[at..found.end].iter().any(|word| word.is_escaped);
        found.into_iter().filter(is_free).collect()
    }

    /// The longest words that end before `end` and mean something.
    fn ending(&self, end: usize) -> Option<(usize, Match)> {
        // No meaning takes more words.
        let mut begins = end.saturating_sub(9)..end;
        let ends_here = |at: usize| self.at(at).into_iter().find(|found| found.end == end).map(|found| (at, found));
        begins.find_map(ends_here)
    }

    /// A list, anywhere: `#` says what it is. Of two, nobody knows which.
    fn find_list(&mut self) {
        let is_list = |found: &Match| found.meaning.kind() == Kind::List;
        let lists: Vec<(usize, Match)> = (0..self.grammar.words.len())
            .filter(|at| self.grammar.words[*at].folded.starts_with('#'))
            .filter_map(|at| Some((at, self.at(at).into_iter().find(is_list)?)))
            .collect();
        if let Some((_, first)) = lists.first()
            && lists.iter().all(|(_, list)| list.meaning == first.meaning)
        {
            self.found = lists;
        }
    }

    /// Adds what means something before `end`, from the end on.
    fn find_at_end(&mut self, end: usize) {
        let mut run: Vec<(usize, Match)> = Vec::new();
        let mut at = end;
        let mut is_doubled = false;
        while at > 0 {
            if let Some((begin, _)) = self.found.iter().find(|(_, found)| found.end == at) {
                at = *begin;
                continue;
            }
            let Some((begin, found)) = self.ending(at) else { break };
            if found.meaning.kind() == Kind::List {
                break;
            }
            let is_there = |(_, other): &(usize, Match)| other.meaning.kind() == found.meaning.kind();
            if run.iter().any(is_there) && found.meaning.kind() != Kind::Star {
                is_doubled = true;
                break;
            }
            run.push((begin, found));
            at = begin;
        }
        Self::drop_doubtful(&mut run);
        let first = run.iter().filter(|(_, found)| found.meaning.kind().is_when()).map(|(at, _)| *at).min();
        if is_doubled || first.is_some_and(|first| self.belongs_to_what_is_before(first)) {
            run.retain(|(_, found)| !found.meaning.kind().is_when());
        }
        self.found.extend(run);
    }

    /// Adds what a segment means, where all of it means something.
    fn find_segment(&mut self, segment: &Range<usize>) {
        let mut run = Vec::new();
        let mut at = segment.end;
        while at > segment.start {
            if self.is_taken(at - 1) {
                at -= 1;
                continue;
            }
            let Some((begin, found)) = self.ending(at).filter(|(begin, _)| *begin >= segment.start) else { return };
            let kind = found.meaning.kind();
            let is_there = run.iter().any(|(_, other): &(usize, Match)| other.meaning.kind() == kind);
            if kind == Kind::List || self.has(kind) || is_there {
                return;
            }
            run.push((begin, found));
            at = begin;
        }
        let beside = [segment.start.checked_sub(1), Some(segment.end)];
        let is_range = beside.into_iter().flatten().any(|at| self.is_when_at(at, &run));
        Self::drop_doubtful(&mut run);
        if !is_range {
            self.found.extend(run);
        }
    }

    /// Whether the word at `at`, beside a run, is about the same: "9:00 - 10:00", "monday, friday".
    fn is_when_at(&self, at: usize, run: &[(usize, Match)]) -> bool {
        let same = |kind: Kind| kind.is_when() && run.iter().any(|(_, found)| found.meaning.kind() == kind);
        let from = self.at(at).into_iter().any(|found| same(found.meaning.kind()));
        from || self.ending(at + 1).is_some_and(|(_, found)| same(found.meaning.kind()))
    }

    /// Adds what means something at the beginning of the text.
    fn find_at_beginning(&mut self) {
        let mut run: Vec<(usize, Match)> = Vec::new();
        let mut at = 0;
        while at < self.grammar.words.len() {
            if let Some((_, found)) = self.found.iter().find(|(begin, _)| *begin == at) {
                at = found.end;
                continue;
            }
            let is_allowed = |found: &Match| found.meaning.kind() != Kind::List && !found.is_for_the_end;
            let Some(found) = self.at(at).into_iter().find(is_allowed) else { break };
            let is_there = |(_, other): &(usize, Match)| other.meaning.kind() == found.meaning.kind();
            if self.has(found.meaning.kind()) || run.iter().any(is_there) {
                // What is named twice does not count.
                run.retain(|(_, other)| !other.meaning.kind().is_when());
                break;
            }
            run.push((at, found));
            at = found.end;
        }
        Self::drop_doubtful(&mut run);
        let last = run.iter().filter(|(_, found)| found.meaning.kind().is_when()).map(|(_, found)| found.end).max();
        if last.is_some_and(|last| self.belongs_to_what_is_behind(last)) {
            run.retain(|(_, found)| !found.meaning.kind().is_when());
        }
        self.found.extend(run);
    }

    /// What is in doubt needs a time beside a day, or a day beside a time.
    fn drop_doubtful(run: &mut Vec<(usize, Match)>) {
        let clear: Vec<Kind> =
            run.iter().filter(|(_, found)| found.is_certain).map(|(_, found)| found.meaning.kind()).collect();
        run.retain(|(_, found)| {
            let backs = if found.meaning.kind() == Kind::Day { Kind::Time } else { Kind::Day };
            found.is_certain || clear.contains(&backs)
        });
    }

    /// Whether what begins at `at` goes on with what is before: "until tomorrow".
    fn belongs_to_what_is_before(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).map(|before| &self.grammar.words[before]) else { return false };
        !before.ends_segment
            && self.grammar.language.holds_what_follows.contains(&before.folded.as_str())
            && !self.is_taken(at - 1)
    }

    /// Whether what ends before `at` goes on with what is behind: "monday morning".
    fn belongs_to_what_is_behind(&self, at: usize) -> bool {
        let Some(behind) = self.grammar.words.get(at) else { return false };
        !self.grammar.words[at - 1].ends_segment
            && self.grammar.language.holds_what_was.contains(&behind.folded.as_str())
            && !self.is_taken(at)
    }
}
