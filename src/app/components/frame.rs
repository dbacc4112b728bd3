//! What is around every page.

use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;

use crate::app::browser;
use crate::app::components::language_switch::LanguageSwitch;
use crate::app::components::nav::Nav;
use crate::app::components::session_notice::SessionNotice;
use crate::app::derived::derived;
use crate::app::erased::Erase as _;
use crate::app::interaction::Interaction;
use crate::app::model::viewer::Viewer;
use crate::app::session_watch::SessionWatch;
use crate::app::texts::Texts;
use crate::app::viewer::{CalledBy, ViewerResource};

/// The frame around the page of the current address.
#[component]
pub fn Layout() -> impl IntoView {
    view! { <Frame><Outlet /></Frame> }
}

/// Skip link, header, notices, the page, footer. The page of a session that is over is hidden, not taken away: what was
/// typed into it is kept when the customer leaves for the sign-in page. The page is not inside the header's `Suspense`: the server renders what is in
/// there more than once, and would fetch the page's data as often.
#[component]
pub fn Frame(children: Children) -> impl IntoView {
    let ViewerResource(viewer) = expect_context();
    let interaction = expect_context::<Interaction>();
    let watch = expect_context::<SessionWatch>();
    provide_context(CalledBy(RwSignal::new(None)));
    focus_on_navigation();
    let t = Texts::current();
    view! {
        // For the browser alone: the router would scroll, and leave the focus behind.
        <a class="skip" href="#main" rel="external">{t.skip_to_content()}</a>
        <header class="site-header">
            <Suspense fallback=|| view! { <Nav viewer=Viewer::UNKNOWN /> }>
                {Suspend::new(async move {
                    // A web server that cannot tell who is looking shows the page to a visitor.
                    let viewer = viewer.await.unwrap_or(Viewer::UNKNOWN);
                    if let Viewer::Customer(customer) = &viewer {
                        interaction.set_viewer(customer);
                        Effect::new(move |_| watch.start());
                    }
                    view! { <Nav viewer /> }
                })}
            </Suspense>
        </header>
        <SessionNotice />
        <main id="main" tabindex="-1" hidden=move || interaction.ended.get()>{children()}</main>
        <footer class="site-footer"><p>{t.footer()}</p><LanguageSwitch /></footer>
    }
    .erased()
}

/// Puts the focus on the page when the router shows another one, as a page load would. Not for another filter of the
/// list: that is the same page.
fn focus_on_navigation() {
    let location = use_location();
    let section = derived(move || location.pathname.with(|path| path.split('/').nth(1).unwrap_or("").to_owned()));
    Effect::new(move |before: Option<String>| {
        let section = section.get();
        if before.is_some_and(|before| before != section) {
            browser::focus_soon("main".to_owned(), "main");
        }
        section
    });
}
