//! What happens in the app when a customer signs out: its cookies are removed, and the next page says what becomes of the
//! daily digest. Signing out itself is `identity`'s, which knows nothing of digests; and afterwards there is no session to
//! keep a message in.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;

use super::flash::{self, set_cookie};
use super::state::Web;
use crate::app::address::SIGN_OUT;
use crate::app::model::flash::{Flash, Greeting};
use crate::identity::session::UserKey;
use crate::platform::sealed_cookie::SealedCookie;

/// What the cookie is for. Its value chooses one of two sentences.
const COOKIE: &str = "farewell";
const PAUSED: &str = "paused";
const GOES_ON: &str = "goes-on";
/// Minutes that a customer has at the provider.
const MINUTES: i64 = 10;

/// Around `identity`'s endpoints.
pub(super) async fn watch(State(web): State<Web>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST || request.uri().path() != SIGN_OUT {
        return next.run(request).await;
    }
    let customer = web.identity().customer_of(request.headers()).await;
    let mut response = next.run(request).await;
    if !response.status().is_redirection() {
        return response;
    }
    // Nothing of a customer stays in a browser that they signed out of.
    let mut cookies = Vec::from(flash::removals(&web));
    if let Some(customer) = customer
        && let Some(word) = becomes(&web, &customer).await
    {
        cookies.push(farewells(&web).set(&word, Some(time::Duration::minutes(MINUTES))));
    }
    for cookie in cookies {
        if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
    response
}

/// What becomes of the customer's digest; `None` where there is none, or nobody can tell.
async fn becomes(web: &Web, customer: &UserKey) -> Option<&'static str> {
    let digest = web.digests().load(customer.as_str()).await.ok()??;
    if !digest.preferences.enabled {
        return None;
    }
    Some(if web.identity().is_signed_in(customer).await.ok()? { GOES_ON } else { PAUSED })
}

fn farewells(web: &Web) -> SealedCookie<'_> {
    web.identity().sealed_cookie(COOKIE, COOKIE)
}

/// Shown once to a visitor who has just signed out.
pub(super) fn take(request: &super::request::Request) -> Flash {
    let web = &request.web;
    let word: Option<String> = farewells(web).read(&request.parts.headers);
    let greeting = match word.as_deref() {
        Some(PAUSED) => Greeting::DigestPauses,
        Some(GOES_ON) => Greeting::DigestGoesOn,
        _ => return Flash::default(),
    };
    set_cookie(&farewells(web).removal());
    Flash { greeting: Some(greeting), ..Flash::default() }
}
