//! What the customer sees.
//!
//! The same code runs twice: the server renders the page ([`shell`]), then the browser takes it over
//! (`start_in_browser`). Every change is a plain form and every view an address, so a page works before WebAssembly
//! has arrived, and without it; what runs in the browser only makes it quicker.
//!
//! | module | what it is |
//! |---|---|
//! | [`actions`] | what the page asks of the web server |
//! | [`model`] | what it is told, and what it tells: plain data |
//! | [`derived`], [`at_once`] | what is reactive in the browser, and plain on the server |
//! | [`head`] | what the server knows of a page before it is made |
//! | [`page_data`](mod@page_data) | what a page is loaded with |
//! | [`erased`] | views whose type is forgotten |
//! | [`address`] | the addresses of this site, in one place |
//! | [`error`] | everything that can go wrong, as the page sees it |
//! | [`filter`] | which rows of the list an address shows |
//! | [`arrangement`] | which rows of the list are shown, and in which order |
//! | [`optimistic`] | the list as it will be once the server has answered: no browser, no signals, easily tested |
//! | [`todo_list_state`] | that list, live: sends changes in their order, reports failures |
//! | [`lists_state`] | the customer's lists, live |
//! | [`outbox`] | what the server has not confirmed, kept in the browser |
//! | [`live`] | hears of what other tabs and devices change, and has the list fetched |
//! | [`quick_add`], [`pasted_lines`] | what is meant by a text such as `tomorrow 9am #home !`, and by several lines |
//! | [`offline`] | the list where there is no network |
//! | [`viewer`] | who is looking |
//! | [`html`], [`short_id`] | text and ids as they stand in the page, where it is written without views |
//! | [`texts`] | what the pages say, in the reader's language |
//! | [`day_words`] | when a to-do is due, in the reader's words |
//! | [`keys`] | what keys mean on the list |
//! | [`draft`] | what is typed and not saved yet |
//! | [`interaction`] | the one way to "please sign in again" |
//! | [`form_submission`] | a form that is sent without leaving the page |
//! | [`session_watch`] | warns before the session ends, and notices when it has |
//! | [`pages`], [`components`] | what is rendered |
//! | `browser`, `indexed_db`, `response` | the outsides: what only a browser can do, and what a page says in HTTP |

pub mod actions;
pub mod address;
pub mod arrangement;
pub mod at_once;
mod browser;
pub mod components;
pub mod day_words;
pub mod derived;
pub mod draft;
pub mod erased;
pub mod error;
pub mod filter;
pub mod form_submission;
pub mod head;
pub mod html;
#[cfg(feature = "hydrate")]
mod indexed_db;
pub mod interaction;
pub mod keys;
pub mod lists_state;
pub mod live;
pub mod model;
pub mod offline;
pub mod optimistic;
#[cfg(test)]
mod optimistic_model;
pub mod outbox;
pub mod page_data;
pub mod pages;
pub mod pasted_lines;
pub mod quick_add;
mod response;
pub mod session_watch;
pub mod short_id;
pub mod texts;
pub mod todo_list_state;
pub mod viewer;

use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos::tachys::html::InertElement;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{SsrMode, path};

use crate::app::actions::customer::current_viewer;
use crate::app::components::frame::{Frame, Layout};
use crate::app::head::Head;
use crate::app::interaction::Interaction;
use crate::app::lists_state::ListsState;
use crate::app::offline::KeepList;
use crate::app::page_data::page_data;
use crate::app::pages::account::AccountPage;
use crate::app::pages::home::HomePage;
use crate::app::pages::not_found::NotFound;
use crate::app::pages::sign_in_problem::SignInProblem;
use crate::app::pages::todos::TodosPage;
use crate::app::session_watch::SessionWatch;
use crate::app::texts::Texts;
use crate::app::todo_list_state::TodoListState;
use crate::app::viewer::ViewerResource;

/// The HTML document around [`App`], rendered by the server only.
pub fn shell(options: LeptosOptions, head: Head) -> impl IntoView {
    response::set_content_security_policy();
    let is_plain = head.start.is_none();
    view! {
        <!DOCTYPE html>
        <html lang=Texts::current().language().tag() data-plain=is_plain.then_some("")>
            <head>
                {InertElement::new(head.elements)}
                <AutoReload options />
                {head.start.map(|start| view! { <script type="module" nonce=use_nonce()>{start}</script> })}
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// The application: the routes, and what all pages share.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    // Blocking: the navigation must be right in the first byte, or a signed-out page would flash.
    provide_context(ViewerResource(page_data(current_viewer)));
    // Both outlive the pages, so that leaving the list does not lose a change that is on its way.
    let interaction = Interaction::new();
    provide_context(interaction);
    let todos = TodoListState::new();
    todos.start_keeping();
    provide_context(todos);
    provide_context(ListsState::new());
    provide_context(SessionWatch::new());

    view! {
        <Title formatter=|page: String| if page.is_empty() { "Errand".to_owned() } else { format!("{page} · Errand") } />
        <Router>
            <KeepList interaction />
            <Routes fallback=|| view! { <Frame><NotFound /></Frame> }>
                <ParentRoute path=path!("") view=Layout ssr=SsrMode::Async>
                    <Route path=path!("") view=HomePage ssr=SsrMode::Async />
                    // One page for all of these addresses: it reads its filter from the path and is never rebuilt.
                    <ParentRoute path=path!("todos") view=TodosPage ssr=SsrMode::Async>
                        <Route path=path!("") view=|| () ssr=SsrMode::Async />
                        <Route path=path!("active") view=|| () ssr=SsrMode::Async />
                        <Route path=path!("completed") view=|| () ssr=SsrMode::Async />
                        <Route path=path!("today") view=|| () ssr=SsrMode::Async />
                        <Route path=path!("planned") view=|| () ssr=SsrMode::Async />
                        <Route path=path!("overdue") view=|| () ssr=SsrMode::Async />
                        <Route path=path!("starred") view=|| () ssr=SsrMode::Async />
                        <Route path=path!("lists/:id") view=|| () ssr=SsrMode::Async />
                    </ParentRoute>
                    <Route path=path!("account") view=AccountPage ssr=SsrMode::Async />
                    <Route path=path!("sign-in-problem") view=SignInProblem ssr=SsrMode::Async />
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// Takes over the page that the server rendered.
#[cfg(feature = "hydrate")]
pub fn start_in_browser() {
    // Without the texts of the page, or with those of another program, it stays one that works without scripts.
    if !browser::texts_of_page().is_some_and(|json| texts::take_over(&json)) {
        return;
    }
    browser::do_without_scripts_after_a_panic();
    browser::follow_redirects_by_page_loads();
    leptos::mount::hydrate_body(App);
    browser::mark_as_taken_over();
}
