//! Which rows of the list are shown: an address each. Pure.

use std::borrow::Cow;

use uuid::Uuid;

use crate::app::address;
use crate::app::day_words::{Reader, Urgency, urgency};
use crate::app::optimistic::Entry;
use crate::app::texts::Texts;
use crate::todo::{Day, Details, Due};

/// Which rows are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Every row.
    All,
    /// What is still to be done.
    Active,
    /// What is done.
    Completed,
    /// What is due today, or was before.
    Today,
    /// What is due on some day.
    Planned,
    /// What was due before, and is still to be done.
    Overdue,
    /// What has a star.
    Starred,
    /// What is in one of the customer's own lists.
    List(Uuid),
}

impl Filter {
    /// The views of the list, beside [`Filter::Active`] and [`Filter::Completed`], which are parts of that of all.
    pub const VIEWS: [Self; 5] = [Self::Today, Self::Planned, Self::Overdue, Self::Starred, Self::All];

    /// The filter that the path of an address stands for.
    pub fn of(path: &str) -> Self {
        let all = [Self::Active, Self::Completed, Self::Today, Self::Planned, Self::Overdue, Self::Starred];
        let path = path.trim_end_matches('/');
        if let Some(list) = path.strip_prefix(address::LISTS) {
            // One that cannot be is one that is not there.
            return Self::List(list.parse().unwrap_or_default());
        }
        all.into_iter().find(|filter| filter.href() == path).unwrap_or(Self::All)
    }

    /// Whether `entry` is shown to `reader`.
    pub fn shows(self, entry: &Entry, reader: &Reader) -> bool {
        let details = &entry.todo.details;
        let urgency = || details.due.as_ref().map(|due| urgency(due, reader));
        match self {
            Self::All => true,
            Self::Active => !entry.todo.done,
            Self::Completed => entry.todo.done,
            Self::Today => urgency().is_some_and(|urgency| urgency <= Urgency::Today),
            Self::Planned => details.due.is_some(),
            Self::Overdue => !entry.todo.done && urgency() == Some(Urgency::Overdue),
            Self::Starred => details.starred,
            Self::List(list) => details.list == Some(list),
        }
    }

    /// Makes of what is new here what is shown here, `today`.
    pub fn admit(self, details: &mut Details, today: Day) {
        match self {
            Self::Today | Self::Planned if details.due.is_none() => details.due = Some(Due::on(today)),
            Self::Starred => details.starred = true,
            Self::List(list) if details.list.is_none() => details.list = Some(list),
            _ => {}
        }
    }

    /// Whether it is about days: then its rows are in their order.
    pub fn is_by_day(self) -> bool {
        matches!(self, Self::Today | Self::Planned | Self::Overdue)
    }

    /// Whether it is one of the three that together are the whole list, each row in its place.
    pub fn is_of_all(self) -> bool {
        matches!(self, Self::All | Self::Active | Self::Completed)
    }

    /// Its address.
    pub fn href(self) -> Cow<'static, str> {
        let address = match self {
            Self::List(list) => return address::list(list).into(),
            Self::All => address::TODOS,
            Self::Active => address::TODOS_ACTIVE,
            Self::Completed => address::TODOS_COMPLETED,
            Self::Today => address::TODOS_TODAY,
            Self::Planned => address::TODOS_PLANNED,
            Self::Overdue => address::TODOS_OVERDUE,
            Self::Starred => address::TODOS_STARRED,
        };
        address.into()
    }

    /// Its name in style sheets.
    pub fn key(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Today => "today",
            Self::Planned => "planned",
            Self::Overdue => "overdue",
            Self::Starred => "starred",
            Self::List(_) => "list",
        }
    }

    /// What customers call it.
    pub fn name(self, t: Texts) -> &'static str {
        match self {
            Self::All => t.filter_all(),
            Self::Active => t.filter_active(),
            Self::Completed => t.filter_completed(),
            Self::Today => t.filter_today(),
            Self::Planned => t.filter_planned(),
            Self::Overdue => t.filter_overdue(),
            Self::Starred => t.filter_starred(),
            Self::List(_) => t.filter_list(),
        }
    }

    /// What the page is called that shows it.
    pub fn title(self, t: Texts) -> &'static str {
        match self {
            Self::All => t.title_all(),
            Self::Active => t.title_active(),
            Self::Completed => t.title_completed(),
            other => other.name(t),
        }
    }

    /// What to say where it shows nothing.
    pub fn nothing(self, t: Texts) -> &'static str {
        match self {
            Self::All | Self::Active => t.nothing_all(),
            Self::Completed => t.nothing_completed(),
            Self::Today => t.nothing_today(),
            Self::Planned => t.nothing_planned(),
            Self::Overdue => t.nothing_overdue(),
            Self::Starred => t.nothing_starred(),
            Self::List(_) => t.nothing_list(),
        }
    }
}
