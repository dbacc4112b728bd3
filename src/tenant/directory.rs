//! The directory: the user's profile at `{origin}/v1.0/me`, in the shape of Microsoft Graph, which stands there in
//! production. An API of its own, that every tenant has: apps need its scopes among their permissions like any other's.
//!
//! Where it is more generous than Graph: all attributes are told without a `$select`, while Graph keeps country and
//! address back until they are selected. Where it is stricter: `country` is an ISO 3166-1 alpha-2 code, and attributes
//! have no control characters, the bidirectional ones included.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sqlx::Row as _;

use super::config::directory_app::{CLIENT_ID, READ, READ_WRITE};
use super::display_name::is_unprintable;
use super::error::Trace;
use super::parameters::Parameters;
use super::refusal::Refusal;
use super::state::Tenant;
use super::token::access_token::{AccessToken, AccessTokenError};
use crate::platform::countries::is_country;
use crate::platform::media_type;

pub(super) fn router() -> Router<Tenant> {
    Router::new().route("/v1.0/me", get(read).patch(update))
}

/// Something that the user may change.
struct Attribute {
    /// Its name in Graph.
    property: &'static str,
    column: &'static str,
    update: &'static str,
    /// The most characters, as in Graph; of a country, those of its code.
    max: usize,
}

const ATTRIBUTES: [Attribute; 8] = [
    Attribute {
        property: "displayName",
        column: "display_name",
        update: "UPDATE users SET display_name = $1 WHERE id = $2",
        // More than sign-up takes.
        max: 256,
    },
    Attribute {
        property: "givenName",
        column: "given_name",
        update: "UPDATE users SET given_name = $1 WHERE id = $2",
        max: 64,
    },
    Attribute {
        property: "surname",
        column: "surname",
        update: "UPDATE users SET surname = $1 WHERE id = $2",
        max: 64,
    },
    Attribute {
        property: "streetAddress",
        column: "street_address",
        update: "UPDATE users SET street_address = $1 WHERE id = $2",
        max: 1024,
    },
    Attribute {
        property: "postalCode",
        column: "postal_code",
        update: "UPDATE users SET postal_code = $1 WHERE id = $2",
        max: 40,
    },
    Attribute { property: "city", column: "city", update: "UPDATE users SET city = $1 WHERE id = $2", max: 128 },
    Attribute { property: "state", column: "state", update: "UPDATE users SET state = $1 WHERE id = $2", max: 128 },
    Attribute { property: "country", column: "country", update: "UPDATE users SET country = $1 WHERE id = $2", max: 2 },
];

/// What the user cannot change here: it is proved by mail, or made from it.
const READ_ONLY: [&str; 3] = ["id", "mail", "userPrincipalName"];

impl Attribute {
    /// The value to store: `null` clears, but a user without a name is none.
    fn parse(&self, value: &Value) -> Result<Option<String>, RouteError> {
        let invalid = || RouteError::Invalid(self.property);
        let text = match value {
            Value::Null if self.property == "displayName" => return Err(invalid()),
            Value::Null => return Ok(None),
            Value::String(text) => text.trim(),
            _ => return Err(invalid()),
        };
        let fits = !text.is_empty() && text.chars().count() <= self.max && !text.chars().any(is_unprintable);
        let right = self.property != "country" || is_country(text);
        if fits && right { Ok(Some(text.to_owned())) } else { Err(invalid()) }
    }
}

/// Why the profile is neither told nor changed.
#[derive(Debug, thiserror::Error)]
enum RouteError {
    #[error("there is no bearer token in the Authorization header")]
    NoToken,
    #[error(transparent)]
    Token(#[from] AccessTokenError),
    #[error("the token lacks the scope {0}")]
    Scope(&'static str),
    #[error("the body is not a JSON object")]
    NotJson,
    #[error("there is no property {0:?}")]
    UnknownProperty(String),
    #[error("the property {0} cannot be changed")]
    ReadOnly(&'static str),
    #[error("the value for {0} is not valid")]
    Invalid(&'static str),
    #[error("the user was deleted while the request ran")]
    Gone,
    #[error("the database does not answer: {0}")]
    Database(#[from] sqlx::Error),
}

impl RouteError {
    /// Status, Graph's code, and words for the developer of the app.
    fn describe(&self) -> (StatusCode, &'static str, String) {
        let unauthorized = |message: &str| (StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message.to_owned());
        let bad = |message: String| (StatusCode::BAD_REQUEST, "Request_BadRequest", message);
        match self {
            Self::NoToken => unauthorized("Access token is empty."),
            Self::Token(refused) => match refused {
                AccessTokenError::NotOurs => unauthorized("Access token validation failure. Invalid token."),
                AccessTokenError::Audience => unauthorized("Access token validation failure. Invalid audience."),
                AccessTokenError::Expired => unauthorized("Lifetime validation failed, the token is expired."),
                AccessTokenError::Revoked { .. } | AccessTokenError::SignInInvalid(_) => {
                    unauthorized("The token was revoked, or the user may not sign in any more.")
                }
                AccessTokenError::AppOnly => (
                    StatusCode::BAD_REQUEST,
                    "BadRequest",
                    "/me request is only valid with delegated authentication flow.".to_owned(),
                ),
                AccessTokenError::Database(_) => unavailable(),
            },
            Self::Scope(_) => (
                StatusCode::FORBIDDEN,
                "Authorization_RequestDenied",
                "Insufficient privileges to complete the operation.".to_owned(),
            ),
            Self::NotJson => (
                StatusCode::BAD_REQUEST,
                "BadRequest",
                "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid \
                 JSON format."
                    .to_owned(),
            ),
            Self::UnknownProperty(name) => {
                bad(format!("Could not find a property named '{name}' on type 'microsoft.graph.user'."))
            }
            Self::ReadOnly(name) => bad(format!("Property '{name}' is read-only and cannot be set.")),
            Self::Invalid(name) => {
                bad(format!("Invalid value specified for property '{name}' of resource 'User'."))
            }
            Self::Gone => (
                StatusCode::NOT_FOUND,
                "Request_ResourceNotFound",
                "Resource does not exist or one of its queried reference-property objects are not present.".to_owned(),
            ),
            Self::Database(_) => unavailable(),
        }
    }

    /// RFC 6750 §3, with Graph's parameters.
    fn challenge(&self, tenant: &Tenant) -> Option<String> {
        let bearer = format!(
            "Bearer realm=\"\", authorization_uri=\"{}\", client_id=\"{CLIENT_ID}\"",
            tenant.url("/oauth2/v2.0/authorize")
        );
        match self {
            // Without a token there is no error to name.
            Self::NoToken => Some(bearer),
            // Continuous access evaluation: a client that has said it understands is sent for a new token.
            Self::Token(AccessTokenError::Revoked { capabilities }) if capabilities.iter().any(|one| one == "cp1") => {
                let since = tenant.clock().unix_seconds().to_string();
                let claims = json!({ "access_token": { "nbf": { "essential": true, "value": since } } }).to_string();
                let claims = STANDARD.encode(claims);
                Some(format!("{bearer}, error=\"insufficient_claims\", claims=\"{claims}\""))
            }
            Self::Token(AccessTokenError::AppOnly | AccessTokenError::Database(_)) => None,
            Self::Token(_) => Some(format!("{bearer}, error=\"invalid_token\"")),
            Self::Scope(scope) => Some(format!("{bearer}, error=\"insufficient_scope\", scope=\"{scope}\"")),
            _ => None,
        }
    }
}

impl IntoResponse for RouteError {
    fn into_response(self) -> Response {
        let (status, code, message) = self.describe();
        let reason = self.to_string();
        let render = move |tenant: &Tenant, trace: &Trace| {
            let body = json!({ "error": {
                "code": code,
                "message": message,
                "innerError": {
                    "date": trace.timestamp.replace(' ', "T").trim_end_matches('Z'),
                    "request-id": trace.id,
                    "client-request-id": trace.correlation_id,
                },
            }});
            let mut response = (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
            if let Some(challenge) = self.challenge(tenant).and_then(|text| HeaderValue::try_from(text).ok()) {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            }
            response
        };
        let refusal = Refusal::new("directory", &reason, render);
        refusal.outage(status == StatusCode::SERVICE_UNAVAILABLE).into_response()
    }
}

fn unavailable() -> (StatusCode, &'static str, String) {
    (StatusCode::SERVICE_UNAVAILABLE, "serviceNotAvailable", "The directory does not answer: try again.".to_owned())
}

async fn read(
    State(tenant): State<Tenant>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<impl IntoResponse, RouteError> {
    let token = authorize(&tenant, &headers, &[READ, READ_WRITE]).await?;
    let profile = profile(&tenant, &token.user.id).await?;
    let profile = select(&tenant, profile, &Parameters::parse(&query.unwrap_or_default()))?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(profile)))
}

async fn update(
    State(tenant): State<Tenant>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<impl IntoResponse, RouteError> {
    let token = authorize(&tenant, &headers, &[READ_WRITE]).await?;
    change(&tenant, &token.user.id, &parse(&headers, &body)?).await?;
    Ok((StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]))
}

/// The token of the request, if it has one of the scopes.
async fn authorize(tenant: &Tenant, headers: &HeaderMap, any_of: &[&'static str]) -> Result<AccessToken, RouteError> {
    let token = AccessToken::bearer(headers).ok_or(RouteError::NoToken)?;
    let token = AccessToken::verify(tenant, token, CLIENT_ID).await?;
    if any_of.iter().any(|scope| token.has(scope)) { Ok(token) } else { Err(RouteError::Scope(any_of[0])) }
}

/// All properties of the user, as Graph writes them.
async fn profile(tenant: &Tenant, user_id: &str) -> Result<Map<String, Value>, RouteError> {
    let row = sqlx::query(
        "SELECT email, display_name, given_name, surname, street_address, postal_code, city, state, country \
         FROM users WHERE id = $1",
    )
    .bind(user_id)
    .fetch_optional(tenant.db())
    .await?
    .ok_or(RouteError::Gone)?;
    let mut profile = Map::new();
    profile.insert("id".to_owned(), user_id.into());
    profile.insert("mail".to_owned(), row.try_get::<String, _>("email")?.into());
    // As in an external tenant, where nobody signs in by it.
    profile.insert("userPrincipalName".to_owned(), format!("{user_id}@{}", tenant.config().domain).into());
    for attribute in &ATTRIBUTES {
        profile.insert(attribute.property.to_owned(), row.try_get::<Option<String>, _>(attribute.column)?.into());
    }
    Ok(profile)
}

/// `$select`, and what Graph adds to every answer.
fn select(tenant: &Tenant, profile: Map<String, Value>, parameters: &Parameters) -> Result<Value, RouteError> {
    let selected = match parameters.get("$select") {
        None => profile,
        Some(names) => names
            .split(',')
            .map(|name| match profile.get(name.trim()) {
                Some(value) => Ok((name.trim().to_owned(), value.clone())),
                None => Err(RouteError::UnknownProperty(name.trim().chars().take(64).collect())),
            })
            .collect::<Result<_, _>>()?,
    };
    let mut answer = json!({ "@odata.context": format!("{}/v1.0/$metadata#users/$entity", tenant.origin()) });
    if let Value::Object(answer) = &mut answer {
        answer.extend(selected);
    }
    Ok(answer)
}

/// The changes that a body asks for; all of them are valid, or none is made.
fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Vec<(&'static Attribute, Option<String>)>, RouteError> {
    if !media_type::is(headers, "application/json") {
        return Err(RouteError::NotJson);
    }
    let wanted: Map<String, Value> = serde_json::from_slice(body).map_err(|_| RouteError::NotJson)?;
    let changes = wanted.iter().filter(|(name, _)| !name.starts_with('@')).map(|(name, value)| {
        if let Some(read_only) = READ_ONLY.iter().find(|read_only| *read_only == name) {
            return Err(RouteError::ReadOnly(read_only));
        }
        let attribute = ATTRIBUTES.iter().find(|attribute| attribute.property == name);
        let attribute = attribute.ok_or_else(|| RouteError::UnknownProperty(name.chars().take(64).collect()))?;
        Ok((attribute, attribute.parse(value)?))
    });
    changes.collect()
}

async fn change(
    tenant: &Tenant,
    user_id: &str,
    changes: &[(&'static Attribute, Option<String>)],
) -> Result<(), RouteError> {
    let mut change = tenant.db().begin().await?;
    for (attribute, value) in changes {
        let updated = sqlx::query(attribute.update).bind(value.as_deref()).bind(user_id).execute(&mut *change).await?;
        if updated.rows_affected() == 0 {
            return Err(RouteError::Gone);
        }
    }
    change.commit().await?;
    tracing::info!(user = user_id, changes = changes.len(), "a profile was changed");
    Ok(())
}
