//! All of the customer's to-dos: as a file, from a file, and to be deleted.

use leptos::prelude::*;
use server_fn::ServerFn as _;

use crate::app::actions::account::DeleteEverything;
use crate::app::address::{EXPORT, IMPORT};
use crate::app::components::author_field::AuthorField;
use crate::app::erased::Erase as _;
use crate::app::form_submission::FormSubmission;
use crate::app::texts::Texts;

/// Links to files, a form that takes one, and a form that deletes everything once it is said twice.
#[component]
pub fn DataForms(
    /// What the card says.
    submission: FormSubmission,
) -> impl IntoView {
    let t = Texts::current();
    let formats = [("json", t.data_json()), ("ics", "iCalendar"), ("todo.txt", "todo.txt"), ("csv", t.data_csv())];
    let links = formats.map(|(format, name)| {
        view! {
            <li><a href=format!("{EXPORT}?format={format}") rel="external">{name}</a></li>
        }
    });
    view! {
        <p>{t.data_download()}</p>
        <ul>{links.into_iter().collect_view()}</ul>
        // A file is sent by the browser itself, with scripts, too.
        <form class="form" method="post" action=IMPORT enctype="multipart/form-data">
            <AuthorField />
            <div class="form__field">
                <label for="file">{t.data_import()}</label>
                <input class="field" id="file" name="file" type="file" accept=".json,.ics,.txt,.csv" required aria-describedby="file-hint" />
                <p class="form__hint" id="file-hint">{t.data_import_hint()}</p>
            </div>
            <p class="actions">
                <button type="submit" class="button button--quiet">{t.data_import_button()}</button>
            </p>
        </form>
        <form
            class="form"
            method="post"
            action=DeleteEverything::url()
            on:submit=move |event| {
                let form = event_target::<leptos::web_sys::HtmlFormElement>(&event);
                submission.send(&event, move |worked| if worked { form.reset() });
            }
        >
            <AuthorField />
            <div class="form__field">
                <label for="confirmation">{t.data_delete_confirm(&t.data_delete_word())}</label>
                <input class="field" id="confirmation" name="confirmation" autocomplete="off" autocapitalize="none" required />
            </div>
            <p class="actions">
                <button type="submit" class="button button--quiet">{t.data_delete()}</button>
            </p>
        </form>
    }
    .erased()
}
