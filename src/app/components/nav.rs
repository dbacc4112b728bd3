//! The header’s links: where to go, and who is signed in.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::app::address;
use crate::app::components::icons::Mark;
use crate::app::erased::Erase as _;
use crate::app::interaction::Interaction;
use crate::app::model::viewer::{Customer, Viewer};
use crate::app::texts::Texts;
use crate::app::todo_list_state::TodoListState;
use crate::app::viewer::CalledBy;

/// The main navigation.
#[component]
pub fn Nav(
    /// Who is looking.
    viewer: Viewer,
) -> impl IntoView {
    let interaction = expect_context::<Interaction>();
    let t = Texts::current();
    view! {
        <nav aria-label=t.nav_main()>
            <a class="brand" href=address::HOME><Mark /><span>"Errand"</span></a>
            {match viewer {
                // Of a session that is over nothing is shown: somebody else may come to look.
                Viewer::Customer(customer) => view! {
                    <Show when=move || !interaction.ended.get()><CustomerLinks customer=customer.clone() /></Show>
                }
                .erased(),
                Viewer::Visitor { can_sign_up } => view! { <VisitorLinks can_sign_up /> }.erased(),
            }}
        </nav>
    }
    .erased()
}

#[component]
fn CustomerLinks(customer: Customer) -> impl IntoView {
    let location = use_location();
    let CalledBy(called_by) = expect_context();
    let state = expect_context::<TodoListState>();
    let t = state.texts();
    let name = customer.called(t);
    // "page" on the page itself, "true" on one below it.
    let current = move |href: &'static str| {
        location.pathname.with(|path| match path.strip_prefix(href) {
            Some("") => Some("page"),
            Some(rest) if rest.starts_with('/') => Some("true"),
            _ => None,
        })
    };
    view! {
        <ul class="nav-links">
            <li><a href=address::TODOS aria-current=move || current(address::TODOS)>{t.nav_todos()}</a></li>
            <li><a href=address::ACCOUNT aria-current=move || current(address::ACCOUNT)>{t.nav_account()}</a></li>
        </ul>
        <div class="nav-customer">
            <span class="nav-customer__name" dir="auto">{move || called_by.get().unwrap_or_else(|| name.clone())}</span>
            <form method="post" action=address::SIGN_OUT on:submit=move |event| state.sign_out(&event)>
                <button type="submit" class="link-button">{t.sign_out()}</button>
            </form>
        </div>
    }
    .erased()
}

#[component]
fn VisitorLinks(can_sign_up: bool) -> impl IntoView {
    let t = Texts::current();
    let location = use_location();
    // From the home page, and from the page about a failed sign-in, signing in leads to the list.
    let sign_in = move || {
        let path = location.pathname.get();
        let is_way_in = path == address::HOME || path == address::SIGN_IN_PROBLEM;
        address::sign_in(if is_way_in { address::TODOS } else { &path })
    };
    view! {
        <ul class="nav-links nav-links--end">
            <li><a href=sign_in rel="external">{t.sign_in()}</a></li>
            {can_sign_up.then(|| view! {
                <li><a class="button button--small" href=address::sign_up(address::TODOS) rel="external">{t.sign_up()}</a></li>
            })}
        </ul>
    }
    .erased()
}
