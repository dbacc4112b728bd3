//! The harness of the tests of sign-in and tokens: a provider that lies, apps before it, a browser. On SQLite, or on
//! PostgreSQL where `ERRAND_TEST_POSTGRES` says so.

mod app;
mod browser;
mod provider;
mod signing_key;
mod token_endpoint;
mod world;

use serde_json::json;
use uuid::{Uuid, uuid};

pub(crate) use self::app::{TestApp, whoami};
pub(crate) use self::browser::{Browser, Page, send};
pub(crate) use self::provider::{Fields, Lies, ProviderDouble, merge};
pub(crate) use self::signing_key::{SigningKey, sign};
pub(crate) use self::token_endpoint::{Asked, Endpoint};
pub(crate) use self::world::World;
use crate::identity::scopes::Scopes;
use crate::identity::session::UserKey;
use crate::identity::tokens::AcquireError;

/// The tenant id of every double.
pub(crate) const TENANT: Uuid = uuid!("7ad3a2c4-5f0e-4a86-9d8e-0a1b2c3d4e5f");

/// What every JSON Web Token has in its midst (RFC 7519 §3: a dot, and `{"…` in base64url). Sealed values have no dots; letters
/// alone would be found in them by chance.
pub(crate) const JWT: &str = ".eyJ";

/// The API's client id: the audience of access tokens.
pub(crate) const API: &str = "a9a9a9a9-0000-4000-8000-000000000001";

/// The web app's client id: `azp` of access tokens, `aud` of ID tokens.
pub(crate) const WEB: &str = "b8b8b8b8-0000-4000-8000-000000000002";

/// The object id of the user whom tokens are about unless a test says otherwise.
pub(crate) const ALICE: &str = "c7c7c7c7-0000-4000-8000-000000000003";

/// Another user's object id.
pub(crate) const BOB: &str = "c7c7c7c7-0000-4000-8000-000000000004";

/// The client secret of [`WEB`]: with characters that forms and HTTP Basic treat each in their own way.
pub(crate) const SECRET: &str = "s3cret:with %+&";

/// What the `UserInfo` endpoint accepts.
pub(crate) const ACCESS_TOKEN: &str = "the-access-token-of-alice";

pub(crate) const READ: &str = "api://todo/ToDoList.Read";

pub(crate) const WRITE: &str = "api://todo/ToDoList.ReadWrite";

/// `sub` of every sign-in.
pub(crate) const SUBJECT: &str = "pairwise-for-the-web";

pub(crate) fn customer(object_id: &str) -> UserKey {
    serde_json::from_value(json!(format!("{TENANT}.{object_id}"))).unwrap()
}

pub(crate) fn alice() -> UserKey {
    customer(ALICE)
}

pub(crate) fn scopes(names: &str) -> Scopes {
    Scopes::parse(names)
}

/// Whether the customer must act: the claims, and whether it is about consent.
pub(crate) fn interaction<T>(result: Result<T, AcquireError>) -> (Option<String>, bool) {
    match result {
        Err(AcquireError::InteractionRequired { claims, consent, .. }) => (claims, consent),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("a token"),
    }
}

/// Whether nothing can be done at the moment.
pub(crate) fn unavailable<T>(result: Result<T, AcquireError>) -> String {
    match result {
        Err(AcquireError::Unavailable(cause) | AcquireError::Misconfigured(cause)) => cause.to_string(),
        Err(AcquireError::Busy(reason)) => reason.to_owned(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("a token"),
    }
}

/// Waits until something that happens in the background has happened.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..500 {
        if condition() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{what} did not happen");
}
