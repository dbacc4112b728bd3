//! `GET /.well-known/oauth-protected-resource`: the API's metadata (RFC 9728), and where refusals point to them.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;

use crate::api::Api;
use crate::api::problem::Problem;
use crate::api::texts::Texts;
use crate::identity::bearer::{AuthRejection, Protection};
use crate::platform::config::is_loopback;

/// RFC 9728 §3.
pub(super) const PATH: &str = "/.well-known/oauth-protected-resource";
/// What is protected, for people.
const NAME: &str = "ToDoList API";

/// The metadata of a protected resource (RFC 9728 §2).
#[derive(Serialize, ToSchema)]
pub(super) struct Metadata<'a> {
    /// The address of this API.
    resource: &'a str,
    /// What it is called.
    resource_name: &'a str,
    /// Who issues tokens for it.
    #[schema(value_type = Vec<String>)]
    authorization_servers: [&'a str; 1],
    /// The scopes that there are.
    scopes_supported: &'a [String],
    /// How a token is sent.
    #[schema(value_type = Vec<String>)]
    bearer_methods_supported: [&'a str; 1],
}

/// Says who issues tokens for this API, and which scopes there are (RFC 9728).
#[utoipa::path(
    get,
    path = "/.well-known/oauth-protected-resource",
    operation_id = "metadata",
    tag = "this API",
    responses(
        (status = 200, description = "The metadata.", body = Metadata),
    ),
    extensions(("x-problems" = json!(["misconfigured"]))),
)]
pub(super) async fn handle(State(api): State<Api>, headers: HeaderMap) -> Response {
    let Some(resource) = origin(&api, &headers) else {
        return Problem::bad_request(Texts::unknown_host).into_response();
    };
    let metadata = match api.0.verifier.provider().metadata().await {
        Ok(metadata) => metadata,
        Err(error) => return AuthRejection::Unavailable(error).into_response(),
    };
    let document = Metadata {
        resource: &resource,
        resource_name: NAME,
        authorization_servers: [&metadata.issuer],
        scopes_supported: &api.0.scopes,
        bearer_methods_supported: ["header"],
    };
    Json(document).into_response()
}

/// Adds to a 401 what the API is, the least scope that suffices, and where its metadata are.
pub(super) async fn describe(State(api): State<Api>, request: Request, next: Next) -> Response {
    let permissions = &api.0.permissions;
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let permission = match (request.uri().path() == "/api/profile", &permissions.profile) {
        (true, Some(profile)) => Some(profile.permission(reads)),
        (true, None) => None,
        (false, _) => Some(if reads { &permissions.read } else { &permissions.write }),
    };
    let metadata = origin(&api, request.headers()).map(|origin| format!("{origin}{PATH}"));
    let mut response = next.run(request).await;
    let scope = permission.map(crate::identity::bearer::Permission::least_scope);
    Protection { realm: NAME, scope, resource_metadata: metadata.as_deref() }.describe(&mut response);
    response
}

/// The API's address: as configured, else as the request has it. Whoever names a wrong host in a request hears of it
/// alone: these answers are not stored.
fn origin(api: &Api, headers: &HeaderMap) -> Option<String> {
    if let Some(url) = &api.0.public_url {
        return Some(url.origin().ascii_serialization());
    }
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let plain = Url::parse(&format!("http://{host}")).ok()?;
    // Anywhere but on this machine, clients come through a proxy that speaks TLS.
    let url = if is_loopback(&plain) { plain } else { Url::parse(&format!("https://{host}")).ok()? };
    Some(url.origin().ascii_serialization())
}
