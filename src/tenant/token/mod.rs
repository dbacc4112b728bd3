//! The token endpoint (RFC 6749 §3.2): authenticates the client, hands the request to its grant, and makes tokens of
//! Entra's shape.

pub(super) mod access_token;
pub(super) mod authorization_code;
pub(super) mod client;
mod client_assertion;
mod client_credentials;
mod on_behalf_of;
pub(super) mod refresh_token;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use self::access_token::AccessTokenError;
use self::client::{Client, ClientError};
use super::authorize::describe_scope;
use super::claims::{self, ClaimsError, ClaimsRequest};
use super::config::App;
use super::error::{Described, Trace};
use super::keys::KeyError;
use super::parameters::Parameters;
use super::scope::{OpenId, ResourceScopes, ScopeError, Scopes};
use super::sso::{self, Lapsed};
use super::user::User;
use super::{Tenant, consent, directory, error};
use crate::platform::clock::millis;
use crate::platform::random;

/// What discovery lists.
pub(super) const GRANT_TYPES: [&str; 4] =
    ["authorization_code", "refresh_token", "client_credentials", on_behalf_of::GRANT_TYPE];

/// Of an access token. Entra draws one between 60 and 90 minutes; apps go by `expires_in`.
const ACCESS_TOKEN_LIFETIME: Duration = Duration::hours(1);
/// Of an ID token.
const ID_TOKEN_LIFETIME: Duration = Duration::hours(1);
/// Of a refresh token, and of the grant behind it, which begins anew with each refresh.
const REFRESH_TOKEN_LIFETIME: Duration = Duration::days(90);

pub(super) fn router() -> Router<Tenant> {
    Router::new().route("/oauth2/v2.0/token", post(token))
}

/// Why there are no tokens.
#[derive(Debug, thiserror::Error)]
enum RouteError {
    #[error("the body is not a form")]
    NotAForm,
    #[error("the parameter {0:?} is repeated")]
    Repeated(String),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("the grant type {0:?} is not supported")]
    GrantType(String),
    #[error("the code is unknown to this client, or its grant was revoked")]
    UnknownCode,
    #[error("the code has expired")]
    ExpiredCode,
    #[error("the code was used before: its grant was revoked")]
    CodeReused,
    #[error("the redirect URI is not the one of the authorization request")]
    RedirectUri,
    #[error("the code verifier is not 43 to 128 unreserved characters")]
    VerifierSize,
    #[error("the code verifier does not match the challenge")]
    Verifier,
    #[error("there is a code verifier, but the authorization request had no challenge")]
    VerifierWithoutChallenge,
    #[error("the refresh token is unknown")]
    UnknownRefreshToken,
    #[error("the refresh token was issued to another client")]
    AnothersRefreshToken,
    #[error("the refresh token has expired")]
    ExpiredRefreshToken,
    #[error("the refresh token's grant was revoked")]
    RevokedGrant,
    #[error("the refresh token was used before: its grant was revoked")]
    RefreshTokenReplayed,
    #[error(transparent)]
    Lapsed(#[from] Lapsed),
    #[error(transparent)]
    Scope(#[from] ScopeError),
    #[error("the scope goes beyond what was authorized")]
    ScopeBeyondGrant,
    #[error("the scope names more than one resource")]
    TwoResources,
    #[error("the user has not consented to the scope {0}")]
    NoConsent(String),
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    #[error("the user has not satisfied an authentication context that the claims demand")]
    StepUp {
        /// The `claims` parameter.
        claims: String,
    },
    #[error("the scope of a client credentials grant is not one resource with /.default")]
    NotDefaultScope,
    #[error("requested_token_use is not on_behalf_of")]
    TokenUse,
    #[error("the assertion: {0}")]
    Assertion(AccessTokenError),
    #[error("the scope of the on-behalf-of grant names no resource")]
    NoResource,
    #[error("the database does not answer: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Keys(#[from] KeyError),
}

impl RouteError {
    #[expect(clippy::too_many_lines, reason = "one line for each refusal, side by side")]
    fn describe(&self) -> (StatusCode, Described) {
        let grant = |code, message: &str| Described::new("invalid_grant", code, message);
        // Tells Microsoft's libraries to forget the refresh token and to ask the user.
        let dead = |code, message: &str| Described { suberror: Some("bad_token"), ..grant(code, message) };
        let described = match self {
            Self::NotAForm => Described::not_a_form(),
            Self::Repeated(name) => Described::repeated(name),
            Self::Missing(name) => Described::missing(name),
            Self::Client(error) => return error.describe(),
            Self::GrantType(kind) => Described::new(
                "unsupported_grant_type",
                70_003,
                format!("The app requested an unsupported grant type '{kind}'."),
            ),
            Self::UnknownCode => grant(70_000, "The provided authorization code is not valid."),
            Self::ExpiredCode => grant(70_008, "The provided authorization code has expired. Send a new request."),
            Self::CodeReused => {
                grant(54_005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code.")
            }
            Self::RedirectUri => grant(
                500_112,
                "The reply address does not match the reply address provided when requesting Authorization code.",
            ),
            Self::VerifierSize => grant(501_491, "The size or alphabet of the 'code_verifier' is not valid."),
            Self::Verifier => grant(
                501_481,
                "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
            ),
            Self::VerifierWithoutChallenge => {
                grant(501_481, "There is a 'code_verifier', but the authorization request had no 'code_challenge'.")
            }
            Self::UnknownRefreshToken => dead(70_000, "The provided refresh token is not valid."),
            Self::AnothersRefreshToken => Described {
                suberror: Some("client_mismatch"),
                ..grant(70_000, "The provided refresh token was issued to another application.")
            },
            Self::ExpiredRefreshToken => dead(700_082, "The refresh token has expired due to inactivity."),
            Self::RevokedGrant | Self::Lapsed(Lapsed::PasswordChanged) => dead(
                50_173,
                "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might \
                 have changed or reset their password.",
            ),
            Self::RefreshTokenReplayed => dead(50_173, "The refresh token was used before. All tokens were revoked."),
            Self::Lapsed(Lapsed::Deleted) => dead(50_034, "The user account does not exist in the directory."),
            Self::Lapsed(Lapsed::Disabled) => dead(50_057, "The user account is disabled."),
            // As in Entra: the user (or administrator) can help, and the grant itself goes on.
            Self::Scope(error @ ScopeError::NotGranted { .. }) => {
                Described { suberror: Some("consent_required"), ..describe_scope(error, "invalid_grant") }
            }
            Self::Scope(error) => describe_scope(error, "invalid_scope"),
            Self::ScopeBeyondGrant => Described::new(
                "invalid_scope",
                70_011,
                "The provided value for the input parameter 'scope' is not valid: it goes beyond what was authorized.",
            ),
            Self::TwoResources => Described::new(
                "invalid_scope",
                28_000,
                "Provided value for the input parameter scope is not valid because it contains more than one resource.",
            ),
            Self::NoConsent(scope) => Described {
                suberror: Some("consent_required"),
                ..grant(
                    65_001,
                    &format!(
                        "The user or administrator has not consented to use the application for the scope '{scope}'. \
                         Send an interactive authorization request for this user and resource."
                    ),
                )
            },
            Self::Claims(error) => error.describe(),
            Self::StepUp { claims } => Described {
                suberror: Some("basic_action"),
                claims: Some(claims.clone()),
                ..Described::new(
                    "interaction_required",
                    50_076,
                    "The resource demands more of the user than the sign-in: send an interactive authorization request \
                     with these claims.",
                )
            },
            Self::NotDefaultScope => Described::new(
                "invalid_scope",
                1_002_012,
                "The provided value for scope is not valid. Client credential flows must have one scope value: the \
                 resource identifier (application ID URI) with /.default suffixed.",
            ),
            Self::TokenUse => {
                Described::new("invalid_request", 90_023, "'requested_token_use' must be 'on_behalf_of'.")
            }
            Self::NoResource => Described::new(
                "invalid_scope",
                70_011,
                "The provided value for the input parameter 'scope' is not valid: it must name scopes of one resource.",
            ),
            Self::Assertion(refused) => match refused {
                AccessTokenError::NotOurs => grant(50_013, "Assertion failed signature validation."),
                AccessTokenError::Audience => grant(
                    500_131,
                    "Assertion audience does not match the Client app presenting the assertion: it must be an access \
                     token for this app.",
                ),
                AccessTokenError::Expired => grant(
                    500_133,
                    "Assertion is not within its valid time range. Ensure that the access token is not expired before \
                     using it for user assertion.",
                ),
                AccessTokenError::AppOnly => grant(
                    7_000_114,
                    "The assertion is an application's own token: there is no user to act on behalf of.",
                ),
                AccessTokenError::Revoked { .. } => return Self::RevokedGrant.describe(),
                AccessTokenError::Lapsed(lapsed) => return Self::Lapsed(*lapsed).describe(),
                AccessTokenError::Database(_) => return (StatusCode::SERVICE_UNAVAILABLE, error::unavailable()),
            },
            Self::Database(_) | Self::Keys(_) => return (StatusCode::SERVICE_UNAVAILABLE, error::unavailable()),
        };
        (StatusCode::BAD_REQUEST, described)
    }
}

async fn token(State(tenant): State<Tenant>, headers: HeaderMap, body: Bytes) -> Response {
    match grant(&tenant, &headers, &body).await {
        // RFC 6749 §5.1
        Ok(tokens) => {
            ([(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], Json(tokens)).into_response()
        }
        Err(refused) => {
            let trace = Trace::new(&tenant, &headers);
            let (status, described) = refused.describe();
            if status == StatusCode::SERVICE_UNAVAILABLE {
                tracing::error!(trace = %trace.id, "token: {refused}");
            } else {
                tracing::info!(trace = %trace.id, "token: {refused}");
            }
            refusal(&described, status, &trace)
        }
    }
}

/// The answer to a request that was refused, here and at the revocation endpoint.
pub(super) fn refusal(described: &Described, status: StatusCode, trace: &Trace) -> Response {
    let mut response = described.json(status, trace);
    if status == StatusCode::UNAUTHORIZED {
        // RFC 6749 §5.2
        let challenge = HeaderValue::from_static("Basic realm=\"token\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

async fn grant(tenant: &Tenant, headers: &HeaderMap, body: &[u8]) -> Result<Value, RouteError> {
    let parameters = Parameters::parse_body(headers, body).ok_or(RouteError::NotAForm)?;
    // RFC 6749 §3.2
    if let Some(name) = parameters.repeated() {
        return Err(RouteError::Repeated(name.to_owned()));
    }
    let client = client::authenticate(tenant, headers, &parameters).await?;
    match parameters.get("grant_type").ok_or(RouteError::Missing("grant_type"))? {
        "authorization_code" => authorization_code::redeem(tenant, client, &parameters).await,
        "refresh_token" => refresh_token::redeem(tenant, client, &parameters).await,
        "client_credentials" => client_credentials::issue(tenant, client, &parameters),
        on_behalf_of::GRANT_TYPE => on_behalf_of::exchange(tenant, client, &parameters).await,
        other => Err(RouteError::GrantType(other.to_owned())),
    }
}

/// What a user lets a client do, when it has been established that they still do.
struct Grant {
    id: String,
    user: User,
    scopes: Scopes,
    sid: String,
    /// Milliseconds since the epoch.
    auth_time: i64,
    /// The authentication contexts that the user had satisfied.
    acrs: Vec<String>,
    /// The `claims` of the authorization request.
    requested: ClaimsRequest,
}

impl Grant {
    /// Reads a grant, whether revoked or not: that is for the statement to decide which used up the code or token.
    async fn load(tenant: &Tenant, client: &App, id: String) -> Result<Self, RouteError> {
        let (user_id, scope, sid, auth_time, acrs, requested): (String, String, String, i64, String, String) =
            sqlx::query_as("SELECT user_id, scope, sid, auth_time, acrs, claims FROM grants WHERE id = $1")
                .bind(&id)
                .fetch_one(&tenant.db)
                .await?;
        let user = sso::still_counts(tenant, &user_id, auth_time).await??;
        // The administrator may have taken a permission back since. What is asked for now is judged by itself.
        let scopes = Scopes::still_granted(&scope, client, &tenant.config);
        let (acrs, requested) = (claims::words(&acrs), ClaimsRequest::from_json(&requested));
        Ok(Self { id, user, scopes, sid, auth_time, acrs, requested })
    }

    /// Revokes the grant: its refresh tokens are refused from now on, and its access tokens wherever this tenant
    /// accepts any.
    async fn revoke(tenant: &Tenant, id: &str) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE grants SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL")
            .bind(tenant.clock.unix_millis())
            .bind(id)
            .execute(&tenant.db)
            .await
            .map(drop)
    }

    /// Revokes the grant because one of its secrets was used twice: somebody else has it. What APIs keep on its user's
    /// behalf goes with it.
    async fn revoke_as_leaked(tenant: &Tenant, id: &str) -> Result<(), sqlx::Error> {
        Self::revoke(tenant, id).await?;
        sqlx::query("UPDATE grants SET revoked_at = $1 WHERE on_behalf_of = $2 AND revoked_at IS NULL")
            .bind(tenant.clock.unix_millis())
            .bind(id)
            .execute(&tenant.db)
            .await?;
        tracing::warn!(grant = id, "a grant was revoked: one of its secrets was used twice");
        Ok(())
    }

    /// Makes a refresh token of this grant's family.
    async fn refresh_token<'c>(&self, db: impl sqlx::AnyExecutor<'c>, tenant: &Tenant) -> Result<String, sqlx::Error> {
        let token = random::token();
        sqlx::query("INSERT INTO refresh_tokens (token_hash, grant_id, expires_at) VALUES ($1, $2, $3)")
            .bind(random::digest(&token))
            .bind(&self.id)
            .bind(millis(tenant.clock.now() + REFRESH_TOKEN_LIFETIME))
            .execute(db)
            .await?;
        Ok(token)
    }
}

/// What an access token is for. One resource, as in Entra, though an authorization may span several.
fn resource_of(wanted: &Scopes) -> Result<Option<&ResourceScopes>, RouteError> {
    match wanted.resources.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        _ => Err(RouteError::TwoResources),
    }
}

/// What a user's access token is to carry, when it has been established that the client may have it.
struct AccessTokenFor<'g> {
    user: &'g User,
    grant_id: &'g str,
    acrs: &'g [String],
    /// `xms_cc`
    capabilities: Vec<String>,
    /// Without one, it is for userinfo.
    resource: Option<ResourceScopes>,
    /// The `OpenID` scopes, which a token for userinfo or the directory names besides.
    openid: String,
}

impl<'g> AccessTokenFor<'g> {
    /// Judges a request for an access token of this grant, before anything is used up:
    /// 1. the user has consented to the scopes, where consent is theirs to give;
    /// 2. the user has satisfied an authentication context that `claims` demands (OpenID Connect Core §5.5.1.1, in
    ///    Entra's use of it).
    async fn judge(
        tenant: &Tenant,
        client: Client<'_>,
        grant: &'g Grant,
        resource: Option<&ResourceScopes>,
        parameters: &Parameters,
    ) -> Result<Self, RouteError> {
        check_consent(tenant, &grant.user, client, resource).await?;
        let mut capabilities = demanded(tenant, parameters, &grant.acrs)?.xms_cc;
        let of_grant = grant.requested.xms_cc.iter().filter(|known| !capabilities.contains(known));
        let of_grant: Vec<_> = of_grant.cloned().collect();
        capabilities.extend(of_grant);
        Ok(Self {
            user: &grant.user,
            grant_id: &grant.id,
            acrs: &grant.acrs,
            capabilities,
            resource: resource.cloned(),
            openid: grant.scopes.for_userinfo(),
        })
    }

    /// Signs the token and begins the answer (RFC 6749 §5.1).
    fn issue(
        self,
        tenant: &Tenant,
        client: Client<'_>,
        parameters: &Parameters,
    ) -> Result<(Value, Common<'g>), RouteError> {
        let common = Common::new(tenant, self.grant_id);
        let of_directory = self.resource.as_ref().is_none_or(|resource| resource.resource == directory::CLIENT_ID);
        let openid = Some(self.openid).filter(|openid| of_directory && !openid.is_empty());
        let resource = self.resource.as_ref();
        let words = |words: [Option<String>; 2]| words.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let scp = words([openid.clone(), resource.map(|resource| resource.values.join(" "))]);
        let access_token = tenant.keys.sign(&AccessTokenClaims {
            common: &common,
            aud: resource.map_or(directory::CLIENT_ID, |resource| resource.resource),
            exp: common.iat + ACCESS_TOKEN_LIFETIME.whole_seconds(),
            sub: tenant.subject(resource.map_or(client.app.client_id, |resource| resource.resource), &self.user.id),
            oid: &self.user.id,
            azp: client.app.client_id,
            azpacr: client.proof.azpacr(),
            scp: &scp,
            name: &self.user.display_name,
            preferred_username: &self.user.email,
            acrs: self.acrs,
            xms_cc: &self.capabilities,
        })?;
        let mut answer = json!({
            "token_type": "Bearer",
            "scope": words([resource.map(ToString::to_string), openid]),
            "expires_in": ACCESS_TOKEN_LIFETIME.whole_seconds(),
            "ext_expires_in": ACCESS_TOKEN_LIFETIME.whole_seconds(),
            "access_token": access_token,
        });
        if parameters.get("client_info") == Some("1") {
            answer["client_info"] = tenant.client_info(&self.user.id).into();
        }
        Ok((answer, common))
    }
}

/// Refuses scopes that the user has still to agree to.
async fn check_consent(
    tenant: &Tenant,
    user: &User,
    client: Client<'_>,
    resource: Option<&ResourceScopes>,
) -> Result<(), RouteError> {
    let missing = consent::missing(tenant, &user.id, client.app, resource.map_or(&[], std::slice::from_ref)).await?;
    match missing.first() {
        None => Ok(()),
        Some(missing) => Err(RouteError::NoConsent(missing.full_names())),
    }
}

/// Reads the `claims` parameter, and refuses what a user with these authentication contexts does not satisfy.
fn demanded(tenant: &Tenant, parameters: &Parameters, acrs: &[String]) -> Result<ClaimsRequest, RouteError> {
    let demanded = ClaimsRequest::of(parameters, &tenant.config)?;
    if demanded.satisfied_by(acrs) {
        Ok(demanded)
    } else {
        Err(RouteError::StepUp { claims: parameters.get("claims").unwrap_or_default().to_owned() })
    }
}

/// Signs the tokens and writes the answer (RFC 6749 §5.1, Core §3.1.3.3).
fn answer(
    tenant: &Tenant,
    client: Client<'_>,
    grant: &Grant,
    access_token: AccessTokenFor<'_>,
    parameters: &Parameters,
    nonce: Option<&str>,
    refresh_token: Option<String>,
) -> Result<Value, RouteError> {
    let (mut answer, common) = access_token.issue(tenant, client, parameters)?;
    if grant.scopes.has(OpenId::OpenId) {
        let (user, client_id) = (&grant.user, client.app.client_id);
        let profile = grant.scopes.has(OpenId::Profile);
        // Core §5.5: a single claim that was asked for is given without the scope that stands for it.
        let wants = |claim: &str, scope| scope || grant.requested.id_token.iter().any(|wanted| wanted == claim);
        let id_token = tenant.keys.sign(&IdTokenClaims {
            common: &common,
            sid: &grant.sid,
            aud: client_id,
            exp: common.iat + ID_TOKEN_LIFETIME.whole_seconds(),
            sub: tenant.subject(client_id, &user.id),
            auth_time: grant.auth_time.div_euclid(1000),
            nonce,
            login_hint: tenant.login_hint(&user.id),
            oid: wants("oid", profile).then_some(&user.id),
            name: wants("name", profile).then_some(&user.display_name),
            preferred_username: wants("preferred_username", profile).then_some(&user.email),
            ctry: user.country.as_deref().filter(|_| wants("ctry", profile)),
            email: wants("email", grant.scopes.has(OpenId::Email)).then_some(&user.email),
        })?;
        answer["id_token"] = id_token.into();
    }
    if let Some(token) = refresh_token {
        answer["refresh_token"] = token.into();
    }
    Ok(answer)
}

/// Claims of every token that is about a user.
#[derive(Serialize)]
struct Common<'g> {
    iss: String,
    iat: i64,
    nbf: i64,
    tid: Uuid,
    /// Opaque to apps: the grant, by which this tenant finds out whether it was revoked.
    rh: &'g str,
    uti: String,
    ver: &'static str,
}

impl<'g> Common<'g> {
    fn new(tenant: &Tenant, grant_id: &'g str) -> Self {
        let now = tenant.clock.unix_seconds();
        Self {
            iss: tenant.issuer(),
            iat: now,
            nbf: now,
            tid: tenant.config.tenant_id,
            rh: grant_id,
            uti: token_id(),
            ver: "2.0",
        }
    }
}

/// The claim `uti`, which names a token in logs.
fn token_id() -> String {
    URL_SAFE_NO_PAD.encode(random::bytes::<16>())
}

/// Core §2, and Entra's.
#[derive(Serialize)]
struct IdTokenClaims<'g> {
    #[serde(flatten)]
    common: &'g Common<'g>,
    /// The session. Not in access tokens: every API could sign its callers out by the apps' front-channel addresses.
    sid: &'g str,
    aud: Uuid,
    exp: i64,
    sub: String,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'g str>,
    login_hint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    oid: Option<&'g String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'g String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<&'g String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ctry: Option<&'g str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'g String>,
}

/// Entra's access tokens, version 2.0.
#[derive(Serialize)]
struct AccessTokenClaims<'g> {
    #[serde(flatten)]
    common: &'g Common<'g>,
    aud: Uuid,
    exp: i64,
    sub: String,
    oid: &'g str,
    azp: Uuid,
    azpacr: &'static str,
    scp: &'g str,
    name: &'g str,
    preferred_username: &'g str,
    /// Authentication contexts that the user has satisfied.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    acrs: &'g [String],
    /// What the client can do: `cp1` for one that handles claims challenges.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    xms_cc: &'g [String],
}

/// What an `id_token_hint` says.
#[derive(Deserialize)]
pub(super) struct IdTokenHint {
    iss: String,
    /// Whom the token was for.
    pub(super) aud: Uuid,
    /// The user, at that app.
    pub(super) sub: String,
    /// The session that it was issued in.
    pub(super) sid: String,
    /// Only ID tokens have it here.
    #[serde(rename = "auth_time")]
    _auth_time: i64,
}

/// Reads an `id_token_hint`: signed by us and an ID token; it may have expired (RP-Initiated Logout §2).
pub(super) fn id_token_hint(tenant: &Tenant, token: &str) -> Option<IdTokenHint> {
    let hint: IdTokenHint = tenant.keys.verify(token, tenant.clock.unix_millis())?;
    (hint.iss == tenant.issuer()).then_some(hint)
}
