//! The account page: the profile, the daily digest, where the customer is signed in, and what the provider told.
//! What changes something answers with what was done.

use leptos::prelude::*;

use crate::app::error::AppError;
use crate::app::model::account::Account;
use crate::app::model::done::Done;

/// Everything that the account page shows. Needs `Profile.Read` for the profile.
#[server(prefix = "/actions", endpoint = "account")]
pub async fn load_account() -> Result<Account, AppError> {
    crate::web::account::account().await
}

/// Changes the profile. Needs `Profile.ReadWrite`.
#[server(prefix = "/actions", endpoint = "profile")]
pub async fn save_profile(
    /// What to call the customer.
    display_name: String,
    /// First name; empty for none.
    #[server(default)]
    given_name: String,
    /// Last name; empty for none.
    #[server(default)]
    surname: String,
    /// Country code; empty for none.
    #[server(default)]
    country: String,
) -> Result<Done, AppError> {
    crate::web::profile::save_profile(&display_name, &given_name, &surname, &country).await
}

/// Chooses whether, and when, there is a daily digest.
#[server(prefix = "/actions", endpoint = "digest")]
pub async fn save_digest(
    /// Whether there is to be one.
    #[server(default)]
    enabled: bool,
    /// The IANA name of the time zone.
    #[server(default)]
    time_zone: String,
    /// The hour of the day there, 0 to 23.
    #[server(default)]
    hour: Option<u8>,
) -> Result<Done, AppError> {
    crate::web::digest::save_digest(enabled, &time_zone, hour).await
}

/// Deletes all of the customer's to-dos, for good.
#[server(prefix = "/actions", endpoint = "data/delete")]
pub async fn delete_everything(
    /// The word that says that it is meant.
    #[server(default)]
    confirmation: String,
) -> Result<Done, AppError> {
    crate::web::data::delete_everything(&confirmation).await
}

/// Ends one of the customer's other sessions.
#[server(prefix = "/actions", endpoint = "sessions/end")]
pub async fn end_session(
    /// Which one.
    handle: String,
) -> Result<Done, AppError> {
    crate::web::sessions::end_session(&handle).await
}

/// Ends all of the customer's sessions but this one.
#[server(prefix = "/actions", endpoint = "sessions/end-others")]
pub async fn end_other_sessions() -> Result<Done, AppError> {
    crate::web::sessions::end_other_sessions().await
}
