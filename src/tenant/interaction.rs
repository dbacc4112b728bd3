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
    pub async fn load(_tenant: &Tenant, _id: &str, _headers: &HeaderMap) -> Result<Self, Gone> {
        Err(Gone)
    }

    /// The user has proved who they are: ends the interaction, starts the tenant's single sign-on session, issues the
    /// code and answers with the redirect (or form post) to the app.
    pub async fn complete(self, _tenant: &Tenant, _user_id: &str) -> Response {
        unreachable!()
    }

    /// The user does not want to: answers with `access_denied` to the app.
    pub async fn cancel(self, _tenant: &Tenant) -> Response {
        unreachable!()
    }
}
