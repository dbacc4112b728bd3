//! Which rows of the list are shown, and in which order. Pure: what is asked for, and who looks, is given.

use crate::app::day_words::Reader;
use crate::app::filter::Filter;
use crate::app::optimistic::Entry;
use crate::app::texts::Texts;
use crate::todo::Due;

/// In which order the rows are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// As the customer moved them; what is new comes last.
    #[default]
    Mine,
    /// What is due first; then what is not.
    Due,
    /// Those with a star first.
    Starred,
    /// By their texts.
    Text,
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Mine, Self::Due, Self::Starred, Self::Text];

    /// Its name in an address.
    pub fn key(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Due => "due",
            Self::Starred => "starred",
            Self::Text => "text",
        }
    }

    /// The one of that name in an address.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.key() == key)
    }

    /// What customers call it.
    pub fn name(self, t: Texts) -> &'static str {
        match self {
            Self::Mine => t.sort_mine(),
            Self::Due => t.sort_due(),
            Self::Starred => t.sort_starred(),
            Self::Text => t.sort_text(),
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrangement {
    /// Which rows.
    pub filter: Filter,
    /// What they must say, [`folded`]; empty for anything.
    pub search: String,
    /// In which order.
    pub sort: Sort,
}

impl Arrangement {
    /// Whether the row is shown.
    pub fn shows(&self, entry: &Entry, reader: &Reader) -> bool {
        self.filter.shows(entry, reader) && self.finds(entry)
    }

    /// Whether it says all words that are searched for, in its text, its note or its steps.
    fn finds(&self, entry: &Entry) -> bool {
        if self.search.is_empty() {
            return true;
        }
        let details = &entry.todo.details;
        let mut text = folded(entry.todo.description.as_str());
        for more in details.steps.iter().map(|step| step.text.as_str()).chain([details.note.as_str()]) {
            text.push('\n');
            text.push_str(&folded(more));
        }
        self.search.split_whitespace().all(|word| text.contains(word))
    }

    /// Whether the rows are where the customer moved them.
    pub fn is_mine(&self) -> bool {
        self.sort() == Sort::Mine
    }

    /// The order that is in force: what is about days is in the order of days.
    fn sort(&self) -> Sort {
        if self.sort == Sort::Mine && self.filter.is_by_day() { Sort::Due } else { self.sort }
    }

    /// Brings rows into their order.
    pub fn arrange(&self, rows: &mut [Entry]) {
        let when = |due: &Due| (due.date(), due.time().map(|(time, _)| time));
        match self.sort() {
            Sort::Mine => {}
            Sort::Due => rows.sort_by_cached_key(|row| {
                let due = row.todo.details.due.as_ref();
                (due.is_none(), due.map(when).map(|(day, time)| (day, time.is_none(), time)))
            }),
            Sort::Starred => rows.sort_by_key(|row| !row.todo.details.starred),
            Sort::Text => rows.sort_by_cached_key(|row| folded(row.todo.description.as_str())),
        }
    }
}

/// In lower case and without accents, as people search: `Café` is found by `cafe`.
pub fn folded(text: &str) -> String {
    let plain = |c: char| match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'è'..='ë' | 'ē' | 'ė' | 'ę' | 'ě' => 'e',
        'ì'..='ï' | 'ī' | 'į' => 'i',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => 'o',
        'ś' | 'š' => 's',
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        c => c,
    };
    // An accent may stand beside its letter (Unicode 17.0 §7.9).
    let is_letter = |c: &char| !('\u{300}'..='\u{36f}').contains(c);
    text.chars().flat_map(char::to_lowercase).filter(is_letter).map(plain).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::language::Language;
    use crate::todo::{ClockTime, Day, Description, Details, NewTodo, Note, Step, ZoneName};

    fn text(text: &str) -> Description {
        Description::parse(text).expect("valid")
    }

    fn day(day: &str) -> Day {
        Day::parse(day).expect("a day")
    }

    fn reader() -> Reader {
        Reader {
            language: Language::English,
            today: day("2026-12-01"),
            time: ClockTime::parse("12:00").expect("a time"),
            time_zone: Some(ZoneName::parse("Europe/Madrid").expect("a zone")),
        }
    }

    fn row(name: &str, done: bool, details: Details) -> Entry {
        let todo = NewTodo { description: text(name), done, details };
        Entry { id: Uuid::new_v4(), todo, version: 1, pending: false, trouble: None, gone: false }
    }

    fn due(at: &str) -> Details {
        let due = match at.split_once(' ') {
            None => Due::on(day(at)),
            Some((date, time)) => {
                let zone = ZoneName::parse("Europe/Madrid").expect("a zone");
                Due::at(day(date), ClockTime::parse(time).expect("a time"), zone)
            }
        };
        Details { due: Some(due), ..Details::default() }
    }

    fn shown(rows: &[Entry], filter: Filter, search: &str, sort: Sort) -> Vec<String> {
        let asked = Arrangement { filter, search: folded(search), sort };
        let mut rows: Vec<Entry> = rows.iter().filter(|row| asked.shows(row, &reader())).cloned().collect();
        asked.arrange(&mut rows);
        rows.iter().map(|row| row.todo.description.to_string()).collect()
    }

    #[test]
    fn each_view_shows_what_it_is_named_after_in_the_order_of_days() {
        let star = Details { starred: true, ..Details::default() };
        let rows = [
            row("later", false, due("2026-12-24")),
            row("none", false, Details::default()),
            row("evening", false, due("2026-12-01 18:00")),
            row("morning", false, due("2026-12-01 09:00")),
            row("today", false, due("2026-12-01")),
            row("yesterday", false, due("2026-11-30")),
            row("late, done", true, due("2026-11-30")),
            row("star", false, star),
        ];
        let view = |filter| shown(&rows, filter, "", Sort::Mine);
        assert_eq!(view(Filter::Today), ["yesterday", "late, done", "morning", "evening", "today"]);
        assert_eq!(view(Filter::Overdue), ["yesterday", "morning"]);
        assert_eq!(view(Filter::Planned), ["yesterday", "late, done", "morning", "evening", "today", "later"]);
        assert_eq!(view(Filter::Starred), ["star"]);
        assert_eq!(view(Filter::All).len(), 8);
        assert_eq!(view(Filter::Completed), ["late, done"]);
        assert_eq!(shown(&rows, Filter::All, "", Sort::Due)[0], "yesterday");
        assert_eq!(shown(&rows, Filter::All, "", Sort::Starred)[0], "star");
        assert_eq!(shown(&rows, Filter::Active, "", Sort::Text)[0], "evening");
    }

    #[test]
    fn a_search_finds_words_in_any_order_without_accents_in_text_note_and_steps() {
        let note = Details { note: Note::parse("Ask José").expect("valid"), ..Details::default() };
        let step = Step { id: Uuid::new_v4(), text: text("Oat MILK"), done: false };
        let steps = Details { steps: vec![step], ..Details::default() };
        let rows = [row("Café con leche", false, note), row("Shopping", false, steps)];
        let find = |search: &str| shown(&rows, Filter::All, search, Sort::Mine);
        assert_eq!(find("cafe"), ["Café con leche"]);
        assert_eq!(find("leche CAFÉ"), ["Café con leche"]);
        assert_eq!(find("cafe\u{301}"), ["Café con leche"]);
        assert_eq!(find("jose"), ["Café con leche"]);
        assert_eq!(find("milk"), ["Shopping"]);
        assert_eq!(find("  "), ["Café con leche", "Shopping"]);
        assert_eq!(find("nothing"), [] as [&str; 0]);
    }
}
