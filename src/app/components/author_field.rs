//! Whose page a form stands on. The page may be older than the session: who is signed in when it is sent may be somebody
//! else, or nobody.

use leptos::prelude::*;

use crate::app::interaction::Interaction;

/// The hidden field that says so.
#[component]
pub fn AuthorField() -> impl IntoView {
    let author = expect_context::<Interaction>().author();
    (!author.is_empty()).then(|| view! { <input type="hidden" name="author" value=author /> })
}
