//! Which rows of the list are shown: an address each, so that it survives a reload.

use leptos::prelude::*;

use crate::app::address;
use crate::app::optimistic::Entry;

/// Which rows are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Every row.
    All,
    /// What is still to be done.
    Active,
    /// What is done.
    Completed,
}

impl Filter {
    /// The filter that the path of an address stands for.
    pub fn of(path: &str) -> Self {
        match path.trim_end_matches('/') {
            address::TODOS_ACTIVE => Self::Active,
            address::TODOS_COMPLETED => Self::Completed,
            _ => Self::All,
        }
    }

    /// Whether `entry` is shown.
    pub fn shows(self, entry: &Entry) -> bool {
        match self {
            Self::All => true,
            Self::Active => !entry.todo.done,
            Self::Completed => entry.todo.done,
        }
    }

    /// Its address.
    pub fn href(self) -> &'static str {
        match self {
            Self::All => address::TODOS,
            Self::Active => address::TODOS_ACTIVE,
            Self::Completed => address::TODOS_COMPLETED,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::All => "All",
            Self::Active => "Active",
            Self::Completed => "Completed",
        }
    }
}

/// The three filters as links.
#[component]
pub fn Filters(
    /// The one in force.
    filter: Memo<Filter>,
) -> impl IntoView {
    view! {
        <nav class="filters" aria-label="Filter">
            <ul>
                {[Filter::All, Filter::Active, Filter::Completed].map(|link| view! {
                    <li>
                        <a href=link.href() aria-current=move || (filter.get() == link).then_some("page")>{link.name()}</a>
                    </li>
                })}
            </ul>
        </nav>
    }
    .into_any()
}
