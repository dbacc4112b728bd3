//! `/account`: the customer's profile, their daily digest, where they are signed in, and what the identity provider told
//! Errand about them.

use leptos::prelude::*;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};

use crate::app::actions::account::load_account;
use crate::app::actions::customer::take_flash;
use crate::app::components::card::{Card, missing};
use crate::app::components::data_card::DataForms;
use crate::app::components::digest_card::DigestForm;
use crate::app::components::failure::LoadFailure;
use crate::app::components::greeting::Greeting;
use crate::app::components::profile_card::ProfileForm;
use crate::app::components::sessions_card::SessionList;
use crate::app::components::skeleton::Skeleton;
use crate::app::draft::Draft;
use crate::app::erased::{Erase as _, Erased};
use crate::app::error::{AppError, Section};
use crate::app::form_submission::FormSubmission;
use crate::app::interaction::Interaction;
use crate::app::model::account::{Account, Claim};
use crate::app::model::flash::Flash;
use crate::app::model::form_draft::FormDraft;
use crate::app::page_data::page_data;
use crate::app::texts::Texts;
use crate::app::viewer::ViewerResource;

/// What the page is loaded with, in one go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Loaded {
    account: Account,
    flash: Flash,
}

async fn load() -> Result<Loaded, AppError> {
    let account = load_account().await?;
    // As on the page of the list: after what may need a sign-in, and only while a page is rendered.
    let flash = if cfg!(feature = "ssr") { take_flash().await.unwrap_or_default() } else { Flash::default() };
    Ok(Loaded { account, flash })
}

/// The cards.
#[component]
pub fn AccountPage() -> impl IntoView {
    let t = Texts::current();
    let loaded = page_data(load);
    view! {
        <Title text=t.account_title() />
        <h1>{t.account_title()}</h1>
        <Suspense fallback=|| view! { <Skeleton /> <Skeleton /> }>
            {Suspend::new(async move {
                match loaded.await {
                    Ok(loaded) => view! { <Cards loaded /> }.erased(),
                    Err(error) => view! { <LoadFailure error section=Section::Account /> }.erased(),
                }
            })}
        </Suspense>
    }
    .erased()
}

#[component]
fn Cards(loaded: Loaded) -> impl IntoView {
    let t = Texts::current();
    let Loaded { account: Account { profile, digest, sessions, claims }, flash } = loaded;
    let submission = |section| FormSubmission::new(section, &flash);
    let (profile_submission, digest_submission, sessions_submission) =
        (submission(Section::Profile), submission(Section::Digest), submission(Section::Sessions));
    let data_submission = submission(Section::Data);
    let typed = |section| {
        if Section::of_action(&flash.form.action) == section { flash.form.clone() } else { FormDraft::default() }
    };
    let (typed_profile, typed_digest) = (typed(Section::Profile), typed(Section::Digest));

    let interaction = expect_context::<Interaction>();
    interaction.set_author(&flash.author);
    let finished = flash.finished;
    let viewer = expect_context::<ViewerResource>();
    Effect::new(move |_| {
        let forms = [profile_submission, digest_submission];
        interaction.set_reader(move || Draft {
            forms: forms.into_iter().filter_map(FormSubmission::typed).collect(),
            ..Draft::default()
        });
        interaction.take_draft(viewer, move |draft| {
            let sent = draft.sent.iter().filter(|_| !finished);
            for typed in draft.forms.iter().chain(sent) {
                for form in &forms {
                    form.restore(typed);
                }
            }
            draft.without_forms()
        });
    });

    let profile = profile.map(|profile| view! {
        <Card
            id="profile"
            title=t.profile_title()
            intro=t.profile_intro()
            submission=profile_submission
        >
            {match profile {
                Ok(profile) => view! { <ProfileForm profile typed=typed_profile submission=profile_submission /> }.erased(),
                Err(error) => missing(&error, Section::Profile),
            }}
        </Card>
    });
    let digest = match digest {
        Ok(digest) => view! { <DigestForm digest typed=typed_digest submission=digest_submission /> }.erased(),
        Err(error) => missing(&error, Section::Digest),
    };
    let sessions = match sessions {
        Ok(sessions) => view! { <SessionList sessions submission=sessions_submission /> }.erased(),
        Err(error) => missing(&error, Section::Sessions),
    };
    view! {
        <Greeting text=flash.greeting.map(|greeting| greeting.text(t)) />
        <Greeting text=flash.problem(t).filter(|_| flash.form.action.is_empty()) />
        <div class="parts">
            {profile}
            <Card
                id="digest"
                title=t.digest_title()
                intro=t.digest_intro()
                submission=digest_submission
            >
                {digest}
            </Card>
            <Card
                id="sessions"
                title=t.sessions_title()
                intro=t.sessions_intro()
                submission=sessions_submission
            >
                {sessions}
            </Card>
            <Card
                id="data"
                title=t.data_title()
                intro=t.data_intro()
                submission=data_submission
            >
                <DataForms submission=data_submission />
            </Card>
            <Card
                id="claims"
                title=t.claims_title()
                intro=t.claims_intro()
            >
                <details class="fold">
                    <summary>{t.claims_show()}</summary>
                    {claim_table(claims, t)}
                </details>
            </Card>
        </div>
    }
    .erased()
}

fn claim_table(claims: Vec<Claim>, t: Texts) -> Erased {
    let row = |claim: Claim| {
        view! {
            <tr>
                <th scope="row"><code>{claim.name}</code></th>
                <td dir="auto">{claim.value}</td>
            </tr>
        }
    };
    view! {
        <table class="claims">
            <caption class="visually-hidden">{t.claims_caption()}</caption>
            <thead>
                <tr><th scope="col">{t.claims_name()}</th><th scope="col">{t.claims_value()}</th></tr>
            </thead>
            <tbody>{claims.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
    .erased()
}
