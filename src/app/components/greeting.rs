//! What the customer is told once, at their first page after signing in.

use leptos::prelude::*;

use crate::app::components::icons::Cross;
use crate::app::erased::Erase as _;
use crate::app::texts::Texts;

/// A notice above the page. Without scripts it goes with the next page.
#[component]
pub fn Greeting(
    /// What there is to tell, if anything.
    text: Option<String>,
) -> impl IntoView {
    let t = Texts::current();
    let text = RwSignal::new(text);
    view! {
        {move || text.get().map(|words| view! {
            <div class="banner banner--said" role="status">
                <p>{words}</p>
                <button
                    type="button"
                    class="icon-button needs-script"
                    aria-label=t.dismiss()
                    on:click=move |_| text.set(None)
                >
                    <Cross />
                </button>
            </div>
        })}
    }
    .erased()
}
