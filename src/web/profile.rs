//! The customer's profile, which the profile API keeps.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::request::Request;
use super::{downstream, language};
use crate::app::error::AppError;
use crate::app::model::account::Profile;
use crate::app::model::done::Done;
use crate::app::model::reason::Reason;
use crate::identity::downstream::{Call, DownstreamApi};
use crate::identity::session::UserSession;
use crate::platform::countries;

/// What the API of profiles is called in the log.
const PROFILE_API: &str = "the profile API";

/// The profile as the API sends it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProfileAnswer {
    display_name: Option<String>,
    given_name: Option<String>,
    surname: Option<String>,
    mail: Option<String>,
    country: Option<String>,
}

/// The customer's profile; `None` where no API for it is configured.
pub(super) async fn profile(request: &Request, signed_in: &UserSession) -> Option<Result<Profile, AppError>> {
    let api = request.web.profile()?;
    let call = Call { scopes: "read", ..Call::default() };
    Some(call_profile(api, request, signed_in, call).await.map(|answer| Profile {
        display_name: answer.display_name.unwrap_or_default(),
        given_name: answer.given_name.unwrap_or_default(),
        surname: answer.surname.unwrap_or_default(),
        mail: answer.mail.unwrap_or_default(),
        country: answer.country.unwrap_or_default(),
        countries: {
            let names = countries::names(language::spoken(&request.parts.headers)).iter();
            names.map(|(code, name)| ((*code).to_owned(), (*name).to_owned())).collect()
        },
    }))
}

async fn call_profile(
    api: &DownstreamApi,
    request: &Request,
    signed_in: &UserSession,
    call: Call<'_>,
) -> Result<ProfileAnswer, AppError> {
    let call = Call { headers: &[downstream::in_language_of(request)], ..call };
    let answer = api.call_for_user(request.web.identity().tokens(), &signed_in.key, &call).await;
    let answer = answer.map_err(|error| match downstream::failed(PROFILE_API, request, signed_in, &error) {
        // The customer has a profile, or could not have signed in.
        AppError::NotFound => AppError::Unavailable,
        error => error,
    })?;
    downstream::parse(PROFILE_API, &answer)
}

/// Changes the profile.
pub(crate) async fn save_profile(
    display_name: &str,
    given_name: &str,
    surname: &str,
    country: &str,
) -> Result<Done, AppError> {
    let request = Request::current()?;
    let signed_in = request.require_signed_in().await?;
    let Some(api) = request.web.profile() else { return Err(AppError::NotFound) };
    if display_name.trim().is_empty() {
        return Err(AppError::Invalid(Reason::Name));
    }
    let known = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let body = json!({
        "displayName": display_name.trim(),
        "givenName": known(given_name),
        "surname": known(surname),
        "country": known(country),
    });
    let call = Call { method: Some(Method::PATCH), body: Some(body.into()), scopes: "write", ..Call::default() };
    let profile = call_profile(api, &request, &signed_in, call).await?;
    // The ID token keeps the name of the sign-in; this session shows the new one.
    if let Some(name) = profile.display_name {
        request.call_by(&name).await;
    }
    Ok(Done::ProfileSaved)
}
