//! The authorization code: issued by the authorize endpoint, redeemed once (RFC 6749 §4.1.2, §4.1.3; RFC 7636 §4.6).

use serde_json::Value;
use subtle::ConstantTimeEq as _;
use time::Duration;
use uuid::Uuid;

use super::super::Tenant;
use super::super::authorize::AuthorizationRequest;
use super::super::parameters::Parameters;
use super::super::scope::{OpenId, Scopes};
use super::super::sso::Session;
use super::client::Client;
use super::{AccessTokenFor, Grant, REFRESH_TOKEN_LIFETIME, RouteError, answer, resource_of};
use crate::platform::clock::millis;
use crate::platform::random;

/// Of a code. RFC 6749 §4.1.2 allows ten minutes; a redirect takes no more than this.
const LIFETIME: Duration = Duration::seconds(60);

/// Issues a code for the user of `session`; none when the session has ended meanwhile.
pub(in super::super) async fn issue(
    tenant: &Tenant,
    request: &AuthorizationRequest,
    session: &Session,
) -> Result<Option<String>, sqlx::Error> {
    let (grant_id, code) = (Uuid::new_v4().to_string(), random::token());
    let now = tenant.clock.now();
    let mut change = tenant.db.begin().await?;
    // First: a sign-out at this moment either was before, or waits, and then finds the grant to revoke.
    if !session.hold(&mut *change).await? {
        change.rollback().await?;
        return Ok(None);
    }
    sqlx::query(
        "INSERT INTO grants (id, client_id, user_id, scope, sid, auth_time, expires_at, acrs, claims) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(&grant_id)
    .bind(request.client_id.to_string())
    .bind(&session.user.id)
    .bind(&request.scope)
    .bind(&session.sid)
    .bind(session.auth_time)
    .bind(millis(now + REFRESH_TOKEN_LIFETIME))
    .bind(session.acrs.join(" "))
    .bind(request.claims.to_json())
    .execute(&mut *change)
    .await?;
    sqlx::query(
        "INSERT INTO authorization_codes \
         (code_hash, grant_id, client_id, redirect_uri, code_challenge, nonce, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(random::digest(&code))
    .bind(&grant_id)
    .bind(request.client_id.to_string())
    .bind(&request.return_to.redirect_uri)
    // Empty, which no digest is, where there is none.
    .bind(request.code_challenge.as_deref().unwrap_or_default())
    .bind(&request.nonce)
    .bind(millis(now + LIFETIME))
    .execute(&mut *change)
    .await?;
    change.commit().await?;
    Ok(Some(code))
}

/// What a code is bound to.
type Bindings = (String, String, String, Option<String>, i64);

/// Redeems a code. It is used up by the attempt, whatever comes of it.
pub(super) async fn redeem(tenant: &Tenant, client: Client<'_>, parameters: &Parameters) -> Result<Value, RouteError> {
    let code = parameters.get("code").ok_or(RouteError::Missing("code"))?;
    let redirect_uri = parameters.get("redirect_uri").ok_or(RouteError::Missing("redirect_uri"))?;
    let verifier = parameters.get("code_verifier");

    let (grant_id, bound_uri, challenge, nonce, expires_at) = use_up(tenant, client, code).await?;
    if expires_at <= tenant.clock.unix_millis() {
        return Err(RouteError::ExpiredCode);
    }
    // RFC 6749 §4.1.3: "ensure that their values are identical".
    if bound_uri != redirect_uri {
        return Err(RouteError::RedirectUri);
    }
    check_verifier(&challenge, verifier)?;

    let grant = Grant::load(tenant, client.app, grant_id).await?;
    let asked = parameters.get("scope").map(|scope| Scopes::parse(scope, client.app, &tenant.config)).transpose()?;
    let resource = match &asked {
        Some(asked) if !asked.within(&grant.scopes) => return Err(RouteError::ScopeBeyondGrant),
        Some(asked) => resource_of(asked)?,
        None => grant.scopes.resources.first(),
    };
    let access_token = AccessTokenFor::judge(tenant, client, &grant, resource, parameters).await?;
    let refresh_token = if grant.scopes.has(OpenId::OfflineAccess) {
        Some(grant.refresh_token(&tenant.db, tenant).await?)
    } else {
        None
    };
    answer(tenant, client, &grant, access_token, parameters, nonce.as_deref(), refresh_token)
}

/// RFC 7636 §4.6. Where the authorization request had no challenge, a verifier says that the app sent one: somebody took
/// it out on the way (RFC 9700 §2.1.1, "PKCE downgrade attack").
fn check_verifier(challenge: &str, verifier: Option<&str>) -> Result<(), RouteError> {
    let verifier = match (challenge, verifier) {
        ("", None) => return Ok(()),
        ("", Some(_)) => return Err(RouteError::VerifierWithoutChallenge),
        (_, None) => return Err(RouteError::Missing("code_verifier")),
        (_, Some(verifier)) => verifier,
    };
    // RFC 7636 §4.1
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
        return Err(RouteError::VerifierSize);
    }
    if bool::from(random::digest(verifier).as_bytes().ct_eq(challenge.as_bytes())) {
        Ok(())
    } else {
        Err(RouteError::Verifier)
    }
}

/// Marks the code as redeemed and returns what it is bound to, in one statement: of any number of requests, one gets
/// it. Everyone else proves that the code has leaked, and the grant is revoked (RFC 6749 §4.1.2).
async fn use_up(tenant: &Tenant, client: Client<'_>, code: &str) -> Result<Bindings, RouteError> {
    let (hash, client_id) = (random::digest(code), client.app.client_id.to_string());
    // To its end: SQLite commits when the last row was read.
    let bindings: Vec<Bindings> = sqlx::query_as(
        "UPDATE authorization_codes SET redeemed_at = $1 \
         WHERE code_hash = $2 AND client_id = $3 AND redeemed_at IS NULL \
         AND EXISTS (SELECT 1 FROM grants WHERE id = grant_id AND revoked_at IS NULL) \
         RETURNING grant_id, redirect_uri, code_challenge, nonce, expires_at",
    )
    .bind(tenant.clock.unix_millis())
    .bind(&hash)
    .bind(&client_id)
    .fetch_all(&tenant.db)
    .await?;
    if let Some(bindings) = bindings.into_iter().next() {
        return Ok(bindings);
    }
    let reused: Option<(String,)> = sqlx::query_as(
        "SELECT grant_id FROM authorization_codes \
         WHERE code_hash = $1 AND client_id = $2 AND redeemed_at IS NOT NULL",
    )
    .bind(&hash)
    .bind(&client_id)
    .fetch_optional(&tenant.db)
    .await?;
    let Some((grant_id,)) = reused else { return Err(RouteError::UnknownCode) };
    Grant::revoke_as_leaked(tenant, &grant_id).await?;
    Err(RouteError::CodeReused)
}
