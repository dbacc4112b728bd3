//! `/`: what Errand is, and the way in.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::app::actions::customer::take_flash;
use crate::app::address;
use crate::app::components::greeting::Greeting;
use crate::app::model::viewer::Viewer;
use crate::app::viewer::ViewerResource;

/// What Errand is; for a customer, the way to the list.
#[component]
pub fn HomePage() -> impl IntoView {
    let ViewerResource(viewer) = expect_context();
    let viewer = Resource::new_blocking(
        || (),
        move |()| async move {
            let viewer = viewer.await.unwrap_or(Viewer::UNKNOWN);
            // What somebody who just signed out is to know. Only while a page is rendered.
            let farewell = match viewer {
                Viewer::Visitor { .. } if cfg!(feature = "ssr") => take_flash().await.unwrap_or_default().greeting,
                _ => None,
            };
            (viewer, farewell)
        },
    );
    view! {
        <Title text="" />
        <Suspense fallback=|| ()>
            {move || Suspend::new(async move {
                let (viewer, farewell) = viewer.await;
                view! {
                    <Greeting text=farewell />
                    <section class="hero">{welcome(viewer)}</section>
                }
            })}
        </Suspense>
        <ul class="promises">
            <li>
                <h2>"Yours alone"</h2>
                <p>"Only you can see your list. Your keys to it stay on our server and never enter the browser."</p>
            </li>
            <li>
                <h2>"Quick by nature"</h2>
                <p>"A change shows at once and is saved behind the scenes. Deleted too much? One tap brings it back."</p>
            </li>
            <li>
                <h2>"Works everywhere"</h2>
                <p>"On any screen, in light and dark, from the keyboard, with a screen reader, even without scripts."</p>
            </li>
        </ul>
    }
    .into_any()
}

fn welcome(viewer: Viewer) -> impl IntoView {
    match viewer {
        Viewer::Customer(customer) => view! {
            <p class="eyebrow">"Good to see you"</p>
            <h1>"Hello, " <span dir="auto">{customer.name}</span></h1>
            <p class="lead">"Your list is where you left it."</p>
            <p class="actions"><a class="button" href=address::TODOS>"Open your to-dos"</a></p>
        }
        .into_any(),
        Viewer::Visitor { can_sign_up } => view! {
            <p class="eyebrow">"A calm to-do list"</p>
            <h1>"Everything you meant to do, in one quiet place"</h1>
            <p class="lead">
                "Errand keeps your to-dos and gets out of the way. Write it down, tick it off, get on with your day."
            </p>
            <p class="actions">
                {can_sign_up.then(|| view! {
                    <a class="button" href=address::sign_up(address::TODOS) rel="external">"Sign up"</a>
                })}
                <a
                    class=if can_sign_up { "button button--quiet" } else { "button" }
                    href=address::sign_in(address::TODOS)
                    rel="external"
                >
                    "Sign in"
                </a>
            </p>
        }
        .into_any(),
    }
}
