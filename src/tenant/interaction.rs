//! An authorization request that waits for its user: made by the authorize endpoint, finished by a user flow. Bound
//! to the browser that started it by a cookie.

use axum::http::HeaderMap;
use axum::response::Response;

use super::Tenant;
use super::config::{App, UserFlow};

/// How the user flow begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The sign-in page.
    SignIn,
    /// Straight to sign-up (`prompt=create`).
    SignUp,
}

/// An authorization request whose user is not known yet.
pub struct Interaction {
    /// The handle in the pages' addresses (128 bits or more).
    pub id: String,
    /// The app that asked.
    pub app: App,
    /// The user flow that the app is associated with.
    pub flow: UserFlow,
    /// How to begin.
    pub start: Start,
    /// E-mail address to fill in, when the app sent `login_hint`.
    pub login_hint: Option<String>,
}

/// The interaction does not exist (any more), or belongs to another browser.
#[derive(Debug)]
pub struct Gone;

impl Interaction {
    /// Loads the interaction `id` when it has not ended and `headers` carry the cookie of the browser that began it.
    ///
    /// # Errors
    /// [`Gone`]: show a page that says so and how to start again (400).
    pub async fn load(_tenant: &Tenant, id: &str, headers: &HeaderMap) -> Result<Self, Gone> {
        #[cfg(test)]
        return fake::load(id, headers).ok_or(Gone);
        #[cfg(not(test))]
        Err(Gone)
    }

    /// The user has proved who they are: ends the interaction, starts the tenant's single sign-on session, issues the
    /// code and answers with the redirect (or form post) to the app.
    pub async fn complete(self, _tenant: &Tenant, _user_id: &str) -> Response {
        #[cfg(test)]
        return fake::end(&self, "code=test");
        #[cfg(not(test))]
        unreachable!()
    }

    /// The user does not want to: answers with `access_denied` to the app.
    pub async fn cancel(self, _tenant: &Tenant) -> Response {
        #[cfg(test)]
        return fake::end(&self, "error=access_denied");
        #[cfg(not(test))]
        unreachable!()
    }
}

/// Stands in for the protocol half in the tests of the user flows.
#[cfg(test)]
pub(super) mod fake {
    use std::collections::HashMap;
    use std::sync::Mutex;

    use axum::http::{StatusCode, header};
    use axum::response::IntoResponse as _;

    use super::*;

    static OPEN: Mutex<Option<HashMap<String, (App, UserFlow, Option<String>)>>> = Mutex::new(None);

    pub(in crate::tenant) fn begin(app: App, flow: UserFlow, login_hint: Option<String>) -> (String, String) {
        let id = crate::platform::random::token();
        OPEN.lock().unwrap().get_or_insert_default().insert(id.clone(), (app, flow, login_hint));
        let cookie = format!("fake={id}");
        (id, cookie)
    }

    pub(super) fn load(id: &str, headers: &HeaderMap) -> Option<Interaction> {
        let cookie = headers.get(header::COOKIE)?.to_str().ok()?;
        let (app, flow, login_hint) = OPEN.lock().unwrap().as_ref()?.get(id)?.clone();
        let interaction = Interaction { id: id.to_owned(), app, flow, start: Start::SignIn, login_hint };
        (cookie == format!("fake={id}")).then_some(interaction)
    }

    pub(super) fn end(interaction: &Interaction, answer: &str) -> Response {
        OPEN.lock().unwrap().as_mut().and_then(|open| open.remove(&interaction.id));
        let location = format!("{}?{answer}", interaction.app.redirect_uris[0]);
        (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
    }
}
