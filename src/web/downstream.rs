//! What a call to an API that brought nothing means for the customer.

use super::flash;
use time::Duration;

use super::request::Request;
use crate::app::error::AppError;
use crate::identity::downstream::{Answer, DownstreamError};
use crate::identity::session::SignedIn;
use crate::identity::tokens::AcquireError;
use crate::platform::clock::Timestamp;
use crate::platform::outbound;

/// For how long after a sign-in another one for the same scopes would not help: better an error than a loop.
const JUST_SIGNED_IN: Duration = Duration::seconds(10);
/// The same after a consent, whose page a customer may come back from and look around first.
const JUST_ASKED: Duration = Duration::minutes(10);

/// The error of a call to `api` (its name, for the log).
pub(super) fn failed(api: &str, request: &Request, signed_in: &SignedIn, error: &DownstreamError) -> AppError {
    match error {
        DownstreamError::Acquire(error) => not_acquired(request, signed_in, error),
        DownstreamError::Problem(problem) => match problem.status.as_u16() {
            // The API's own words (RFC 9457 `detail`), which are written for people.
            400 | 409 | 413 | 422 => AppError::Invalid(
                problem.detail.clone().unwrap_or_else(|| "This was not accepted. Change it and try again.".to_owned()),
            ),
            404 => AppError::NotFound,
            403 => {
                tracing::warn!("{api} refused the token's permissions");
                AppError::Forbidden
            }
            401 => {
                tracing::error!(%problem, "{api} does not accept new tokens either: check its audience, issuer and clients");
                AppError::Misconfigured { url: request.web.identity().sign_in_url(&request.page()) }
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

/// Reads what `api` answered.
pub(super) fn parse<T: serde::de::DeserializeOwned>(api: &str, answer: &Answer) -> Result<T, AppError> {
    outbound::json(api, &answer.body).map_err(|error| {
        tracing::error!(%error, "{api} answered something else");
        AppError::Unavailable
    })
}

fn not_acquired(request: &Request, signed_in: &SignedIn, error: &AcquireError) -> AppError {
    match error {
        AcquireError::InteractionRequired { scopes, claims, consent, reason } => {
            tracing::info!(%scopes, reason, consent, "a customer must go to the provider");
            let since = request.web.clock().timestamp() - Timestamp::from_millis(signed_in.signed_in_at);
            let window = if *consent { JUST_ASKED } else { JUST_SIGNED_IN };
            // A claims challenge is new each time; whoever comes back from one has answered it.
            let identity = request.web.identity();
            let url = identity.interaction_url(&signed_in.key, scopes, claims.as_deref(), &request.page());
            let demanded_before = signed_in.asked.cover(scopes, identity.scope_naming());
            if since < window && demanded_before && (claims.is_none() || since < JUST_SIGNED_IN) {
                tracing::warn!(
                    %scopes, reason, consent, asked = %signed_in.asked,
                    "a customer who was just asked for these scopes at the provider comes back without them, and is not sent \
                     there again: check the permissions of the app's registration, and what the provider grants"
                );
                return if *consent { AppError::NotGranted { url } } else { AppError::NoAccess { url } };
            }
            // For anything that a plain sign-in does not ask for, it would end here again, and again.
            if !consent && claims.is_none() && identity.signs_in_with(scopes) {
                return request.sign_in_required();
            }
            // A page that sends the customer there at once would never be seen again.
            if !request.is_action() && flash::has_declined(request) {
                return AppError::Declined { url };
            }
            if *consent { AppError::ConsentRequired { url } } else { AppError::SignInRequired { url } }
        }
        AcquireError::Misconfigured(cause) => {
            tracing::error!(%cause, "no access token can be had as the app is set up: an operator must mend it");
            AppError::Misconfigured { url: request.web.identity().sign_in_url(&request.page()) }
        }
        AcquireError::Unavailable(_) | AcquireError::Busy(_) => {
            tracing::error!(%error, "no access token can be had");
            AppError::Unavailable
        }
    }
}
