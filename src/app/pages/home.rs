//! `/`: what Errand is, and the way in.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::app::actions::customer::take_flash;
use crate::app::address;
use crate::app::components::greeting::Greeting;
use crate::app::components::list_picture::ListPicture;
use crate::app::erased::Erase as _;
use crate::app::model::flash::Greeting as Told;
use crate::app::model::viewer::Viewer;
use crate::app::page_data::page_data;
use crate::app::texts::Texts;
use crate::app::viewer::ViewerResource;

/// What Errand is; for a customer, the way to the list.
#[component]
pub fn HomePage() -> impl IntoView {
    let t = Texts::current();
    let ViewerResource(viewer) = expect_context();
    let viewer = page_data(move || async move {
        let viewer = viewer.await.unwrap_or(Viewer::UNKNOWN);
        // What somebody who just signed out is to know. Only while a page is rendered.
        let farewell = match viewer {
            Viewer::Visitor { .. } if cfg!(feature = "ssr") => take_flash().await.unwrap_or_default().greeting,
            _ => None,
        };
        (viewer, farewell)
    });
    view! {
        <Title text="" />
        <Suspense fallback=|| ()>
            {Suspend::new(async move {
                let (viewer, farewell) = viewer.await;
                view! {
                    <Greeting text=farewell.map(|farewell: Told| farewell.text(t)) />
                    <section class="hero"><div class="hero__words">{welcome(viewer, t)}</div><ListPicture /></section>
                }
            })}
        </Suspense>
        <ul class="promises">
            <li>
                <h2>{t.promise_private_title()}</h2>
                <p>{t.promise_private()}</p>
            </li>
            <li>
                <h2>{t.promise_quick_title()}</h2>
                <p>{t.promise_quick()}</p>
            </li>
            <li>
                <h2>{t.promise_everywhere_title()}</h2>
                <p>{t.promise_everywhere()}</p>
            </li>
        </ul>
    }
    .erased()
}

fn welcome(viewer: Viewer, t: Texts) -> impl IntoView {
    match viewer {
        Viewer::Customer(customer) => view! {
            <p class="eyebrow">{t.welcome_eyebrow()}</p>
            <h1>{t.welcome_hello()} " " <span dir="auto">{customer.called(t)}</span></h1>
            <p class="lead">{t.welcome_lead()}</p>
            <p class="actions"><a class="button" href=address::TODOS>{t.welcome_open()}</a></p>
        }
        .erased(),
        Viewer::Visitor { can_sign_up } => view! {
            <p class="eyebrow">{t.hero_eyebrow()}</p>
            <h1>{t.hero_title()}</h1>
            <p class="lead">{t.hero_lead()}</p>
            <p class="actions">
                {can_sign_up.then(|| view! {
                    <a class="button" href=address::sign_up(address::TODOS) rel="external">{t.sign_up()}</a>
                })}
                <a
                    class=if can_sign_up { "button button--quiet" } else { "button" }
                    href=address::sign_in(address::TODOS)
                    rel="external"
                >
                    {t.sign_in()}
                </a>
            </p>
        }
        .erased(),
    }
}
