//! The resource server's side: who calls (an access token, validated), and what they may do (scopes of a user, roles
//! of an app). Works for any API.
//!
//! ```
//! use axum::extract::State;
//! use axum::routing::get;
//! use axum::{Router, middleware};
//! use errand::identity::bearer::{Caller, Permission, AuthRejection, Verifier, authenticate};
//!
//! fn api(verifier: Verifier, read: Permission) -> Router {
//!     let things = Router::new().route("/things", get(list)).with_state(read);
//!     things.route_layer(middleware::from_fn_with_state(verifier, authenticate))
//! }
//!
//! async fn list(caller: Caller, State(read): State<Permission>) -> Result<&'static str, AuthRejection> {
//!     caller.require(&read)?;
//!     Ok("a pen, a lamp")
//! }
//! ```
//!
//! [`Verifier::authenticate`] makes these checks, in this order:
//!
//! 1. the token comes in exactly one `Authorization: Bearer` header, and not in the query (RFC 6750 §2);
//! 2. form and signature, as listed in [`jwt`](super::jwt);
//! 3. `typ`, where present, is that of an access token (RFC 8725 §3.11, RFC 9068 §4);
//! 4. `iss` is the provider's, exactly (RFC 7519 §4.1.1, RFC 8725 §3.8);
//! 5. `aud` names this API (RFC 7519 §4.1.3, RFC 8725 §3.9);
//! 6. `exp`, `nbf`, `iat`, with 60 seconds of skew (RFC 7519 §4.1.4 to §4.1.6);
//! 7. it is no ID token and no logout token: nothing that only these carry (`nonce`, `at_hash`, `c_hash`, `events`),
//!    and it says what the caller may do: `scp` (or `scope`, RFC 9068 §2.2.3) or `roles`, or what
//!    [`ClaimNames`](super::config::ClaimNames) says;
//! 8. where only certain client apps are served: `azp` (or what stands for it) is one of them;
//! 9. from Entra: `tid` is the tenant, `ver` the version, and `oid` and `azp` (which no ID token has) are there.
//!
//! [`Caller::require`] then compares scopes or roles with what an operation needs and, where the operation asks for
//! an authentication context, the `acrs` of a user's token.

mod caller;
mod explained;
mod permission;
mod rejection;
pub(super) mod verifier;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

pub use super::token::IncomingToken;
pub use caller::Caller;
pub use explained::{Explained, Mismatch};
pub use permission::{
    AuthenticationContext, Kind, Offered, Permission, PermissionConfig, UserPermissionConfig, check_names,
};
pub use rejection::{AuthRejection, Interaction, MissingPermission, Protection, RequestError, TokenError};
pub use verifier::Verifier;

/// A middleware that lets only valid access tokens through, and leaves the [`Caller`] and the [`IncomingToken`] for the
/// handlers.
///
/// # Errors
/// [`AuthRejection`].
pub async fn authenticate(
    State(verifier): State<Verifier>,
    mut request: Request,
    next: Next,
) -> Result<Response, AuthRejection> {
    let (caller, token) = verifier.authenticate(request.headers(), request.uri()).await?;
    request.extensions_mut().insert(caller);
    request.extensions_mut().insert(token);
    Ok(next.run(request).await)
}
