//! `/account`: the customer's profile, their daily digest, where they are signed in, and what the identity provider told
//! Errand about them.

use leptos::prelude::*;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};

use crate::app::actions::account::load_account;
use crate::app::actions::customer::take_notice;
use crate::app::components::card::{Card, missing};
use crate::app::components::digest_card::DigestForm;
use crate::app::components::failure::LoadFailure;
use crate::app::components::greeting::Greeting;
use crate::app::components::profile_card::ProfileForm;
use crate::app::components::sessions_card::SessionList;
use crate::app::components::skeleton::Skeleton;
use crate::app::draft::Draft;
use crate::app::error::{About, AppError};
use crate::app::interaction::Interaction;
use crate::app::model::account::{Account, Claim};
use crate::app::model::form::Typed;
use crate::app::model::notice::Notice;
use crate::app::saving::Saving;
use crate::app::viewer::ViewerResource;

/// What the page is loaded with, in one go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Loaded {
    account: Account,
    notice: Notice,
}

async fn load() -> Result<Loaded, AppError> {
    let account = load_account().await?;
    // As on the page of the list: after what may need a sign-in, and only while a page is rendered.
    let notice = if cfg!(feature = "ssr") { take_notice().await.unwrap_or_default() } else { Notice::default() };
    Ok(Loaded { account, notice })
}

/// The cards.
#[component]
pub fn AccountPage() -> impl IntoView {
    let loaded = Resource::new_blocking(|| (), |()| load());
    view! {
        <Title text="Account" />
        <h1>"Account"</h1>
        <Suspense fallback=|| view! { <Skeleton /> <Skeleton /> }>
            {move || Suspend::new(async move {
                match loaded.await {
                    Ok(loaded) => view! { <Cards loaded /> }.into_any(),
                    Err(error) => view! { <LoadFailure error about=About::Account /> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Cards(loaded: Loaded) -> impl IntoView {
    let Loaded { account: Account { profile, digest, sessions, claims }, notice } = loaded;
    let saving = |about| Saving::new(about, &notice);
    let (about_profile, about_digest, about_sessions) =
        (saving(About::Profile), saving(About::Digest), saving(About::Sessions));
    let typed = |about| {
        if About::of_action(&notice.form.action) == about { notice.form.clone() } else { Typed::default() }
    };
    let (typed_profile, typed_digest) = (typed(About::Profile), typed(About::Digest));

    let interaction = expect_context::<Interaction>();
    interaction.set_author(&notice.author);
    let finished = notice.finished;
    let viewer = expect_context::<ViewerResource>();
    Effect::new(move |_| {
        let forms = [about_profile, about_digest];
        interaction.set_reader(move || Draft {
            forms: forms.into_iter().filter_map(Saving::typed).collect(),
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
            title="Profile"
            intro="Kept by your identity provider. Errand asks for it when you look, and keeps no copy."
            saving=about_profile
        >
            {match profile {
                Ok(profile) => view! { <ProfileForm profile typed=typed_profile saving=about_profile /> }.into_any(),
                Err(error) => missing(&error, About::Profile),
            }}
        </Card>
    });
    let digest = match digest {
        Ok(digest) => view! { <DigestForm digest typed=typed_digest saving=about_digest /> }.into_any(),
        Err(error) => missing(&error, About::Digest),
    };
    let sessions = match sessions {
        Ok(sessions) => view! { <SessionList sessions saving=about_sessions /> }.into_any(),
        Err(error) => missing(&error, About::Sessions),
    };
    view! {
        <Greeting text=notice.greeting />
        <Greeting text=notice.error.filter(|_| notice.form.action.is_empty()) />
        <div class="parts">
            {profile}
            <Card
                id="digest"
                title="Daily digest"
                intro="A short mail with what is still open. Nothing open, no mail. It pauses when you sign out on all of \
                       your browsers, because Errand may then not look at your list, and comes again once you sign in."
                saving=about_digest
            >
                {digest}
            </Card>
            <Card
                id="sessions"
                title="Where you are signed in"
                intro="Something you do not recognise? Sign it out, and change your password: your identity provider may \
                       still know that browser."
                saving=about_sessions
            >
                {sessions}
            </Card>
            <Card
                id="claims"
                title="What your identity provider told Errand"
                intro="The claims of your ID token, as of when you signed in. The token itself never leaves the server."
            >
                {claim_table(claims)}
            </Card>
        </div>
    }
    .into_any()
}

fn claim_table(claims: Vec<Claim>) -> AnyView {
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
            <caption class="visually-hidden">"Claims of your ID token"</caption>
            <thead>
                <tr><th scope="col">"Claim"</th><th scope="col">"Value"</th></tr>
            </thead>
            <tbody>{claims.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}
