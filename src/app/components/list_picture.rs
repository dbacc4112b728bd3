//! What a list looks like, for whoever has none yet.

use leptos::prelude::*;

use crate::app::components::icons::{NoteMark, Star, Tick};
use crate::app::erased::Erase as _;
use crate::app::texts::Texts;

/// A picture of a list. It says nothing that is not said beside it.
#[component]
pub fn ListPicture() -> impl IntoView {
    let t = Texts::current();
    view! {
        <div class="picture card" aria-hidden="true">
            <p class="picture__row picture__row--done">
                <span class="picture__check"><Tick /></span>
                <span class="picture__text">{t.picture_first()}</span>
            </p>
            <p class="picture__row">
                <span class="picture__check"></span>
                <span class="picture__text">
                    {t.picture_second()} <span class="picture__facts picture__facts--today">{t.picture_second_due()}</span>
                </span>
                <span class="picture__star"><Star /></span>
            </p>
            <p class="picture__row">
                <span class="picture__check"></span>
                <span class="picture__text">
                    {t.picture_third()}
                    <span class="picture__facts">{t.picture_third_facts()} " " <NoteMark /></span>
                </span>
            </p>
            <p class="picture__row">
                <span class="picture__check"></span>
                <span class="picture__text">
                    {t.picture_fourth()} <span class="picture__facts">{t.picture_fourth_due()}</span>
                </span>
            </p>
        </div>
    }
    .erased()
}
