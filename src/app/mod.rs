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
//! | [`address`] | the addresses of this site, in one place |
//! | [`error`] | everything that can go wrong, as the page sees it |
//! | [`optimistic`] | the list as it will be once the server has answered: no browser, no signals, easily tested |
//! | [`todo_list_state`] | that list, live: sends changes in their order, reports failures |
//! | [`outbox`] | what the server has not confirmed, kept in the browser |
//! | [`live`] | hears of what other tabs and devices change, and has the list fetched |
//! | [`viewer`] | who is looking |
//! | [`draft`] | what is typed and not saved yet |
//! | [`interaction`] | the one way to "please sign in again" |
//! | [`form_submission`] | a form that is sent without leaving the page |
//! | [`session_watch`] | warns before the session ends, and notices when it has |
//! | [`pages`], [`components`] | what is rendered |
//! | `browser`, `indexed_db`, `response` | the outsides: what only a browser can do, and what a page says in HTTP |

pub mod actions;
pub mod address;
mod browser;
pub mod components;
pub mod draft;
pub mod error;
pub mod form_submission;
#[cfg(feature = "hydrate")]
mod indexed_db;
pub mod interaction;
pub mod live;
pub mod model;
pub mod optimistic;
#[cfg(test)]
mod optimistic_model;
pub mod outbox;
pub mod pages;
mod response;
pub mod session_watch;
pub mod todo_list_state;
pub mod viewer;

use leptos::prelude::*;
use leptos_meta::{HashedStylesheet, MetaTags, Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Route, Router, Routes};
use leptos_router::{SsrMode, path};

use crate::app::actions::customer::current_viewer;
use crate::app::components::frame::{Frame, Layout};
use crate::app::interaction::Interaction;
use crate::app::pages::account::AccountPage;
use crate::app::pages::home::HomePage;
use crate::app::pages::not_found::NotFound;
use crate::app::pages::sign_in_problem::SignInProblem;
use crate::app::pages::todos::TodosPage;
use crate::app::session_watch::SessionWatch;
use crate::app::todo_list_state::TodoListState;
use crate::app::viewer::ViewerResource;

/// The HTML document around [`App`], rendered by the server only.
pub fn shell(options: LeptosOptions) -> impl IntoView {
    response::set_content_security_policy();
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                // A phone that makes links of numbers changes what scripts are about to take over.
                <meta name="format-detection" content="telephone=no, date=no, address=no, email=no" />
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#faf8f5" />
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#16151a" />
                <meta name="description" content="Errand keeps your to-do list: calm, quick, and yours alone." />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="icon" href="/favicon.ico" sizes="32x32" />
                <link rel="apple-touch-icon" href="/apple-touch-icon.png" />
                <link rel="manifest" href="/manifest.webmanifest" />
                <HashedStylesheet options=options.clone() id="leptos" root="" />
                <AutoReload options=options.clone() />
                <HydrationScripts options />
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
    provide_context(ViewerResource(Resource::new_blocking(|| (), |()| current_viewer())));
    // Both outlive the pages, so that leaving the list does not lose a change that is on its way.
    provide_context(Interaction::new());
    let todos = TodoListState::new();
    todos.start_keeping();
    provide_context(todos);
    provide_context(SessionWatch::new());

    view! {
        <Title formatter=|page: String| if page.is_empty() { "Errand".to_owned() } else { format!("{page} · Errand") } />
        <Router>
            <Routes fallback=|| view! { <Frame><NotFound /></Frame> }>
                <ParentRoute path=path!("") view=Layout ssr=SsrMode::Async>
                    <Route path=path!("") view=HomePage ssr=SsrMode::Async />
                    // One page for the three addresses: it reads its filter from the path and is never rebuilt.
                    <ParentRoute path=path!("todos") view=TodosPage ssr=SsrMode::Async>
                        <Route path=path!("") view=|| () ssr=SsrMode::Async />
                        <Route path=path!("active") view=|| () ssr=SsrMode::Async />
                        <Route path=path!("completed") view=|| () ssr=SsrMode::Async />
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
    browser::do_without_scripts_after_a_panic();
    browser::follow_redirects_by_page_loads();
    leptos::mount::hydrate_body(App);
    browser::mark_as_taken_over();
}
