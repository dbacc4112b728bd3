//! The daily digest.

use leptos::prelude::*;
use server_fn::ServerFn as _;

use crate::app::actions::account::SaveDigest;
use crate::app::browser;
use crate::app::components::author_field::AuthorField;
use crate::app::components::profile_card::options;
use crate::app::erased::Erase as _;
use crate::app::form_submission::FormSubmission;
use crate::app::model::account::Digest;
use crate::app::model::form_draft::FormDraft;
use crate::app::texts::Texts;

/// Whether and when there is a mail with what is open.
#[component]
pub fn DigestForm(
    /// What the customer chose.
    digest: Digest,
    /// What was chosen and is not saved yet.
    typed: FormDraft,
    /// What the card says.
    submission: FormSubmission,
) -> impl IntoView {
    let t = Texts::current();
    let Digest { enabled, time_zone, hour, email, last, skipped, time_zones } = digest;
    if email.is_empty() {
        return view! { <p>{t.digest_nowhere()}</p> }.erased();
    }
    // A checkbox that is off is not sent at all.
    let enabled = if typed.is_empty() { enabled } else { typed.field("enabled").is_some() };
    let zone = typed.field("time_zone").unwrap_or(&time_zone).to_owned();
    let hour = typed.field("hour").map_or_else(|| hour.to_string(), str::to_owned);
    let hours = options((4..=11).map(|hour: u8| (hour.to_string(), format!("{hour}:00"))).collect(), &hour);
    let never_chose = zone.is_empty();
    let mut zones: Vec<(String, String)> = time_zones.into_iter().map(|name| (name.clone(), readable(&name))).collect();
    if never_chose {
        zones.insert(0, (String::new(), t.digest_choose().to_owned()));
    }
    let zones = RwSignal::new((zones, zone));
    // Most people live where their browser says.
    Effect::new(move |_| {
        if let Some(here) = browser::time_zone().filter(|_| never_chose) {
            zones.update(|(zones, zone)| {
                if !zones.iter().any(|(name, _)| *name == here) {
                    zones.insert(1, (here.clone(), readable(&here)));
                }
                *zone = here;
            });
        }
    });
    view! {
        {skipped.then(|| view! {
            <p class="part__failed">{t.digest_skipped()}</p>
        })}
        <form
            class="form"
            method="post"
            action=SaveDigest::url()
            node_ref=submission.form
            on:input=move |_| submission.changed.set_value(true)
            on:submit=move |event| submission.send(&event, |_| ())
        >
            <AuthorField />
            <label class="form__check">
                <input type="checkbox" name="enabled" value="true" checked=enabled />
                <span>{t.digest_enabled()}</span>
            </label>
            <div class="fields">
                <div class="form__field">
                    <label for="time_zone">{t.digest_zone()}</label>
                    <select class="field" id="time_zone" name="time_zone">
                        {move || zones.with(|(zones, zone)| options(zones.clone(), zone))}
                    </select>
                </div>
                <div class="form__field">
                    <label for="hour">{t.digest_hour()}</label>
                    <select class="field" id="hour" name="hour">{hours}</select>
                </div>
            </div>
            <p class="form__fact"><span>{t.digest_goes_to()}</span><span dir="auto">{email}</span></p>
            {last.map(|last| view! { <p class="part__intro">{last.text(t)}</p> })}
            <p class="actions"><button type="submit" class="button">{t.digest_save()}</button></p>
        </form>
    }
    .erased()
}

/// `America/New York`.
fn readable(name: &str) -> String {
    name.replace('_', " ")
}
