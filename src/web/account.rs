//! The account page: the server's side of `app::actions::account`, one file a subject: [`super::profile`],
//! [`super::digest`], [`super::sessions`], [`super::claims`].

use super::request::Request;
use super::{claims, digest, profile, sessions};
use crate::app::error::AppError;
use crate::app::model::account::Account;

/// Everything that the account page shows. Only a missing sign-in stops the whole of it.
pub(crate) async fn account() -> Result<Account, AppError> {
    let request = Request::current()?;
    let signed_in = request.require_signed_in().await?;
    let (profile, digest, sessions) = tokio::join!(
        profile::profile(&request, &signed_in),
        digest::digest(&request, &signed_in),
        sessions::sessions(&request, &signed_in),
    );
    if let Some(Err(error @ AppError::SignInRequired { .. })) = profile {
        return Err(error);
    }
    Ok(Account { profile, digest, sessions, claims: claims::claims(&signed_in) })
}
