//! What is around every page.

use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;

use crate::app::actions::customer::Viewer;
use crate::app::browser;
use crate::app::components::nav::Nav;
use crate::app::error::AppError;
use crate::app::interaction::Interaction;

/// Who is looking, on its way. Read in one place only, the [`Frame`]; everybody else takes [`CurrentViewer`].
#[derive(Clone, Copy)]
pub struct ViewerResource(pub Resource<Result<Option<Viewer>, AppError>>);

/// Who is looking: in the context of every page.
#[derive(Clone)]
pub struct CurrentViewer(pub Option<Viewer>);

/// The frame around the page of the current address.
#[component]
pub fn Layout() -> impl IntoView {
    view! { <Frame><Outlet /></Frame> }
}

/// Skip link, header, the page, footer.
#[component]
pub fn Frame(children: ChildrenFn) -> impl IntoView {
    let ViewerResource(viewer) = expect_context();
    let children = StoredValue::new(children);
    focus_on_navigation();
    view! {
        // For the browser alone: the router would scroll, and leave the focus behind.
        <a class="skip" href="#main" rel="external">"Skip to content"</a>
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                // A web server that cannot tell who is looking shows the page to a visitor.
                let viewer = viewer.await.ok().flatten();
                provide_context(CurrentViewer(viewer.clone()));
                view! {
                    <Nav viewer />
                    <SignInNotice />
                    <main id="main" tabindex="-1">{children.with_value(|children| children())}</main>
                }
            })}
        </Suspense>
        <footer class="site-footer"><p>"Errand · your list, and nobody else’s"</p></footer>
    }
}

/// Says that the customer is on the way to the sign-in page.
#[component]
fn SignInNotice() -> impl IntoView {
    let interaction = expect_context::<Interaction>();
    view! {
        <div role="alert">
            {move || interaction.url().map(|url| view! {
                <div class="banner banner--notice">
                    <p>"Please sign in again — what you typed is kept."</p>
                    <a class="banner__action" href=url rel="external">"Sign in"</a>
                </div>
            })}
        </div>
    }
}

/// Puts the focus on the page when the router shows another one, as a page load would. Not for another filter of the
/// list: that is the same page.
fn focus_on_navigation() {
    let location = use_location();
    let section = Memo::new(move |_| location.pathname.with(|path| path.split('/').nth(1).unwrap_or("").to_owned()));
    Effect::new(move |before: Option<String>| {
        let section = section.get();
        if before.is_some_and(|before| before != section) {
            browser::focus_soon("main".to_owned(), "main");
        }
        section
    });
}
