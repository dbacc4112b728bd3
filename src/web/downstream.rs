//! What a call to an API that brought nothing means for the customer.

use axum::http::{HeaderName, HeaderValue, header};

use super::request::Request;
use super::{flash, language};
use crate::app::error::AppError;
use crate::app::model::reason::Reason;
use crate::identity::downstream::{ApiProblem, ApiResponse, DownstreamError};
use crate::identity::session::UserSession;
use crate::identity::tokens::AcquireError;
use crate::identity::{NextStep, Purpose};
use crate::language::Language;
use crate::platform::outbound;

/// The header of a call that asks an API for its words in the language of the page.
pub(super) fn in_language_of(request: &Request) -> (HeaderName, HeaderValue) {
    let language = language::spoken(&request.parts.headers);
    (header::ACCEPT_LANGUAGE, HeaderValue::from_static(language.tag()))
}

/// The language of an API's words; English where it does not say.
pub(super) fn language_of(problem: &ApiProblem) -> Language {
    problem.language.as_deref().and_then(Language::of_tag).unwrap_or_default()
}

/// The error of a call to `api` (its name, for the log).
pub(super) fn failed(api: &str, request: &Request, signed_in: &UserSession, error: &DownstreamError) -> AppError {
    match error {
        DownstreamError::Acquire(error) => not_acquired(request, signed_in, error),
        DownstreamError::Problem(problem) => match problem.status.as_u16() {
            // With the API's own words (RFC 9457 `detail`), which are written for people.
            400 | 409 | 413 | 422 => {
                let (kind, detail) = (kind_of(problem), problem.detail.clone());
                AppError::Invalid(Reason::Api { kind, detail, language: language_of(problem) })
            }
            // Of what is not shown with what it has become.
            412 => AppError::Invalid(Reason::Stale),
            404 | 410 => AppError::NotFound,
            403 => {
                tracing::warn!("{api} refused the token's permissions");
                AppError::Forbidden
            }
            401 => {
                tracing::error!(%problem, "{api} does not accept new tokens either: check its audience, issuer and clients");
                AppError::Misconfigured { url: request.web.identity().sign_in_url(&request.page()) }
            }
            429 => {
                tracing::warn!(%problem, "{api} was asked too often for a customer");
                AppError::Unavailable
            }
            _ => {
                tracing::error!(%problem, "{api} answered unexpectedly");
                AppError::Unavailable
            }
        },
        DownstreamError::Outbound(_) | DownstreamError::Call(_) => {
            tracing::error!(%error, "{api} cannot be reached");
            AppError::Unavailable
        }
    }
}

/// The name of the kind of problem: the last part of its `type` (RFC 9457 §3.1.1); empty where that says nothing.
fn kind_of(problem: &ApiProblem) -> String {
    problem.kind.rsplit_once("#problem-").map(|(_, name)| name.to_owned()).unwrap_or_default()
}

/// Reads what `api` answered.
pub(super) fn parse<T: serde::de::DeserializeOwned>(api: &str, answer: &ApiResponse) -> Result<T, AppError> {
    outbound::json(api, &answer.body).map_err(|error| {
        tracing::error!(%error, "{api} answered something else");
        AppError::Unavailable
    })
}

fn not_acquired(request: &Request, signed_in: &UserSession, error: &AcquireError) -> AppError {
    let identity = request.web.identity();
    match identity.next_step(signed_in, error, &request.page()) {
        NextStep::Redirect { url, purpose: Purpose::SignIn } => AppError::SignInRequired { url },
        // A page that sends the customer there at once would never be seen again.
        NextStep::Redirect { url, .. } if !request.is_action() && flash::has_declined(request) => {
            AppError::Declined { url }
        }
        NextStep::Redirect { url, purpose: Purpose::Consent } => AppError::ConsentRequired { url },
        NextStep::Redirect { url, purpose: Purpose::Proof } => AppError::SignInRequired { url },
        NextStep::NotGranted { url, purpose: Purpose::Consent } => AppError::NotGranted { url },
        NextStep::NotGranted { url, .. } => AppError::NoAccess { url },
        NextStep::Misconfigured => AppError::Misconfigured { url: identity.sign_in_url(&request.page()) },
        NextStep::Unavailable => AppError::Unavailable,
    }
}
