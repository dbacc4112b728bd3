//! The filters, views and lists as links: an address each, so that it survives a reload.

use leptos::prelude::*;

use crate::app::components::lists::Lists;
use crate::app::components::view_link::ViewLink;
use crate::app::derived::Derived;
use crate::app::erased::Erase as _;
use crate::app::filter::Filter;
use crate::app::texts::Texts;

/// The three filters of the whole list as links.
#[component]
pub fn Filters(
    /// The one in force.
    filter: Derived<Filter>,
) -> impl IntoView {
    let t = Texts::current();
    view! {
        <nav class="filters" aria-label=t.filter()>
            <ul>
                {[Filter::All, Filter::Active, Filter::Completed].map(|link| view! {
                    <li>
                        <a href=link.href() aria-current=move || (filter.get() == link).then_some("page")>{link.name(t)}</a>
                    </li>
                })}
            </ul>
        </nav>
    }
    .erased()
}

/// The views and lists as links, each with how much there is to be done.
#[component]
pub fn Views(
    /// The filter in force.
    filter: Derived<Filter>,
) -> impl IntoView {
    let t = Texts::current();
    view! {
        <nav class="views" aria-label=t.views()>
            <ul>{Filter::VIEWS.map(|link| view! { <ViewLink link name=link.name(t).to_owned() filter /> })}</ul>
            <Lists filter />
        </nav>
    }
    .erased()
}
