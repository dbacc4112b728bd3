//! Who calls, as handlers take them, and whose to-dos a caller sees.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::state::Api;
use super::store::Whose;
use crate::identity::bearer::{AuthRejection, Caller, Kind};

/// Users see their own to-dos; apps see everyone's.
pub(super) fn whose(caller: &Caller) -> Whose<'_> {
    match caller.kind {
        Kind::User => Whose::Of(&caller.key),
        Kind::App => Whose::Everyones,
    }
}

/// A caller who may read. Taken as an argument, so that no handler can forget to ask, and none reads a body first.
pub(super) struct Reader(pub(super) Caller);

/// A caller who may write.
pub(super) struct Writer(pub(super) Caller);

impl FromRequestParts<Api> for Reader {
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, AuthRejection> {
        let caller = Caller::from_request_parts(parts, api).await?;
        caller.require(&api.0.permissions.read)?;
        Ok(Self(caller))
    }
}

impl FromRequestParts<Api> for Writer {
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, AuthRejection> {
        let caller = Caller::from_request_parts(parts, api).await?;
        caller.require(&api.0.permissions.write)?;
        Ok(Self(caller))
    }
}
