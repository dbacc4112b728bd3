//! `GET /api/profile`: the customer's own profile. `PATCH /api/profile` with any of `{displayName, givenName, surname,
//! country}`: changes what is given (RFC 7396), and answers with the whole. The directory keeps it; this API neither
//! stores nor remembers any of it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use crate::api::Api;
use crate::api::body::Json;
use crate::api::directory::{Customer, DirectoryError};
use crate::api::permissions::ProfilePermissions;
use crate::api::problem::Problem;
use crate::api::profile::{Change, Profile};
use crate::identity::bearer::{AuthRejection, Caller, IncomingToken, Permission};

/// Shows the customer's own profile.
///
/// The directory keeps it; this API neither stores nor remembers any of it.
#[utoipa::path(
    get,
    path = "/api/profile",
    operation_id = "showProfile",
    tag = "profile",
    responses(
        (status = 200, description = "The profile.", body = Profile),
    ),
    extensions(("x-problems" = json!(["interaction-required", "no-directory", "no-profile"]))),
    security(("read_profile" = [])),
)]
pub(super) async fn show(ProfileReader(customer): ProfileReader) -> Result<axum::Json<Profile>, DirectoryError> {
    customer.profile().await.map(axum::Json)
}

/// Changes what is given of the customer's own profile (RFC 7396).
#[utoipa::path(
    patch,
    path = "/api/profile",
    operation_id = "changeProfile",
    tag = "profile",
    request_body = Change,
    responses(
        (status = 200, description = "The whole profile as it is now.", body = Profile),
    ),
    extensions(("x-problems" = json!(["invalid-member", "interaction-required", "no-directory", "no-profile"]))),
    security(("write_profile" = [])),
)]
pub(super) async fn change(
    ProfileWriter(customer): ProfileWriter,
    Json(change): Json<Change>,
) -> Result<axum::Json<Profile>, ChangeError> {
    let changes = change.check()?;
    Ok(axum::Json(customer.change(changes).await?))
}

/// Why a profile was not changed.
pub(super) enum ChangeError {
    Refused(Problem),
    Directory(DirectoryError),
}

impl From<Problem> for ChangeError {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl From<DirectoryError> for ChangeError {
    fn from(error: DirectoryError) -> Self {
        Self::Directory(error)
    }
}

impl IntoResponse for ChangeError {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(problem) => problem.into_response(),
            Self::Directory(error) => error.into_response(),
        }
    }
}

/// A customer who may see their profile, and the directory that has it.
pub(super) struct ProfileReader(pub(super) Customer);

/// A customer who may change their profile, and the directory that has it.
pub(super) struct ProfileWriter(pub(super) Customer);

impl FromRequestParts<Api> for ProfileReader {
    type Rejection = NotServed;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, NotServed> {
        customer(parts, api, |permissions| &permissions.read).await.map(Self)
    }
}

impl FromRequestParts<Api> for ProfileWriter {
    type Rejection = NotServed;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, NotServed> {
        customer(parts, api, |permissions| &permissions.write).await.map(Self)
    }
}

async fn customer(
    parts: &mut Parts,
    api: &Api,
    needed: fn(&ProfilePermissions) -> &Permission,
) -> Result<Customer, NotServed> {
    let caller = Caller::from_request_parts(parts, api).await?;
    let (Some(directory), Some(permissions)) = (&api.0.directory, &api.0.permissions.profile) else {
        return Err(NotServed::NoDirectory);
    };
    caller.require(needed(permissions))?;
    let token = IncomingToken::from_request_parts(parts, api).await?;
    Ok(directory.customer(token))
}

/// Why a request about a profile is not served.
pub(super) enum NotServed {
    /// The caller may not.
    Refused(AuthRejection),
    /// There are no profiles here.
    NoDirectory,
}

impl From<AuthRejection> for NotServed {
    fn from(refusal: AuthRejection) -> Self {
        Self::Refused(refusal)
    }
}

impl IntoResponse for NotServed {
    fn into_response(self) -> Response {
        match self {
            Self::Refused(refusal) => refusal.into_response(),
            Self::NoDirectory => Problem::no_directory().into_response(),
        }
    }
}
