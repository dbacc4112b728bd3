//! The customer's profile.

use leptos::prelude::*;
use server_fn::ServerFn as _;

use crate::app::actions::account::SaveProfile;
use crate::app::components::author_field::AuthorField;
use crate::app::erased::{Erase as _, Erased};
use crate::app::form_submission::FormSubmission;
use crate::app::model::account::Profile;
use crate::app::model::form_draft::FormDraft;
use crate::app::texts::Texts;
use crate::app::viewer::CalledBy;

/// Shows the profile as a form.
#[component]
pub fn ProfileForm(
    /// As the directory has it.
    profile: Profile,
    /// What was typed and is not saved yet.
    typed: FormDraft,
    /// What the card says.
    submission: FormSubmission,
) -> impl IntoView {
    let t = Texts::current();
    let CalledBy(called_by) = expect_context();
    let value = |name: &str, known: &str| typed.field(name).unwrap_or(known).to_owned();
    let country = value("country", &profile.country);
    let display_name = value("display_name", &profile.display_name);
    let names = view! {
        <div class="fields">
            {field("given_name", t.profile_first_name(), "given-name", value("given_name", &profile.given_name))}
            {field("surname", t.profile_last_name(), "family-name", value("surname", &profile.surname))}
        </div>
    };
    let known = profile.countries.iter().any(|(code, _)| *code == country);
    let mut countries = profile.countries;
    countries.insert(0, (String::new(), t.profile_no_country().to_owned()));
    if !known && !country.is_empty() {
        countries.push((country.clone(), country.clone()));
    }
    let options = options(countries, &country);
    view! {
        <form
            class="form"
            method="post"
            action=SaveProfile::url()
            node_ref=submission.form
            on:input=move |_| submission.changed.set_value(true)
            on:submit=move |event| {
                let typed = crate::app::browser::typed(&event_target(&event));
                submission.send(&event, move |worked| {
                    if worked && let Some(name) = typed.field("display_name") {
                        called_by.set(Some(name.trim().to_owned()));
                    }
                });
            }
        >
            <AuthorField />
            <div class="form__field">
                <label for="display_name">{t.profile_name()}</label>
                <input
                    class="field"
                    id="display_name"
                    name="display_name"
                    type="text"
                    dir="auto"
                    autocomplete="name"
                    required=true
                    maxlength="256"
                    value=display_name
                />
            </div>
            {names}
            <div class="form__field">
                <label for="country">{t.profile_country()}</label>
                <select class="field" id="country" name="country" autocomplete="country">{options}</select>
            </div>
            {(!profile.mail.is_empty()).then(|| view! {
                <p class="form__fact"><span>{t.profile_mail()}</span><span dir="auto">{profile.mail}</span></p>
            })}
            <p class="actions"><button type="submit" class="button">{t.profile_save()}</button></p>
        </form>
    }
    .erased()
}

/// A field for a name.
fn field(name: &'static str, label: &'static str, autocomplete: &'static str, value: String) -> Erased {
    view! {
        <div class="form__field">
            <label for=name>{label}</label>
            <input
                class="field"
                id=name
                name=name
                type="text"
                dir="auto"
                autocomplete=autocomplete
                maxlength="64"
                value=value
            />
        </div>
    }
    .erased()
}

/// What can be chosen: value and text each.
pub fn options(choices: Vec<(String, String)>, chosen: &str) -> Vec<Erased> {
    let option = |(value, text): (String, String)| {
        let selected = value == chosen;
        view! { <option value=value selected=selected>{text}</option> }.erased()
    };
    choices.into_iter().map(option).collect()
}
