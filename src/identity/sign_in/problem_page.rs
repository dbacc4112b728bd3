//! `GET /auth/problem`: the page about a sign-in that did not work, for apps that have none of their own.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};

use super::answer::set_cookie;
use super::parameters::Parameters;
use super::problem::Problem;
use crate::identity::state::Identity;

pub(super) async fn page(State(identity): State<Identity>, query: Parameters, headers: HeaderMap) -> Response {
    let reason = query.first("reason").unwrap_or_default();
    let problem = Problem::ALL.into_iter().find(|problem| problem.as_str() == reason);
    let (title, words) = problem.map_or(("That did not work", "Try again."), words);
    let return_to = query.first("return_to").map_or_else(|| identity.home(), |text| identity.return_to(text));
    let again = format!("{}&again=true", identity.sign_in_url(&return_to));
    let page = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title}</title></head><body><main><h1>{title}</h1><p>{words}</p>\
         <p><a href=\"{}\">Sign in</a></p><p><a href=\"{}\">Back to {}</a></p></main></body></html>",
        escaped(&again),
        escaped(identity.home().as_str()),
        escaped(&identity.site().product_name),
    );
    let status = identity.problem_status(&headers, reason);
    let mut response = (status.unwrap_or(StatusCode::OK), Html(page)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    let policy = header::HeaderValue::from_static("default-src 'none'; base-uri 'none'; frame-ancestors 'none'");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    if status.is_some() {
        set_cookie(headers, &identity.problem_removal());
    }
    response
}

fn words(problem: Problem) -> (&'static str, &'static str) {
    match problem {
        Problem::Cancelled => ("You are not signed in", "You left the sign-in before it was done."),
        Problem::Expired => {
            ("You are not signed in", "That sign-in took too long, or was used already. Sign in again.")
        }
        Problem::Refused => ("You could not be signed in", "The sign-in was refused. Try again."),
        Problem::Unavailable => {
            ("Sign-in is not possible at the moment", "It is not your fault. Try again in a few minutes.")
        }
        Problem::Misconfigured => (
            "Sign-in is not possible",
            "This site and its sign-in service do not understand each other: whoever runs this site must mend that.",
        ),
        Problem::SignOut => {
            ("You are signed out here", "Whether you are signed out everywhere could not be confirmed.")
        }
        Problem::SignedOutElsewhere => ("You were signed out", "You signed this browser out from another one."),
        Problem::SignedOutByProvider => ("You were signed out", "You were signed out where your account is kept."),
        Problem::NoSignUp => {
            ("You cannot sign up here", "Accounts are made by whoever runs this site. If you have one, sign in.")
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
