//! `/account`: what the identity provider told Errand about the customer.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::app::actions::customer::{Claim, claims};
use crate::app::components::failure::LoadFailure;
use crate::app::components::skeleton::Skeleton;

/// The claims of the ID token, as a table.
#[component]
pub fn AccountPage() -> impl IntoView {
    let claims = Resource::new_blocking(|| (), |()| claims());
    view! {
        <Title text="Account" />
        <h1>"Account"</h1>
        <Suspense fallback=|| view! { <Skeleton /> }>
            {move || Suspend::new(async move {
                match claims.await {
                    Ok(claims) => view! { <ClaimTable claims /> }.into_any(),
                    Err(error) => view! { <LoadFailure error /> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn ClaimTable(claims: Vec<Claim>) -> impl IntoView {
    view! {
        <p class="lead">
            "This is what your identity provider told Errand about you (the ID token’s claims). \
             The token itself never leaves the server."
        </p>
        <div class="card">
            <table class="claims">
                <caption class="visually-hidden">"Claims of your ID token"</caption>
                <thead>
                    <tr><th scope="col">"Claim"</th><th scope="col">"Value"</th></tr>
                </thead>
                <tbody>
                    {claims
                        .into_iter()
                        .map(|claim| view! {
                            <tr>
                                <th scope="row"><code>{claim.name}</code></th>
                                <td dir="auto">{claim.value}</td>
                            </tr>
                        })
                        .collect_view()}
                </tbody>
            </table>
        </div>
    }
}
