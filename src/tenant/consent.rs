//! What users have agreed to themselves, where the administrator leaves it to them (`permissions[].consent = "user"`).
//! Kept permanently: there is no page to withdraw it. A scope that was added since is asked for by itself (incremental
//! consent).

use uuid::Uuid;

use super::config::{App, Consent};
use super::scope::ResourceScopes;
use super::state::Tenant;

/// The short names of the scopes of `resource` that the user lets the client use, by their own consent.
pub(super) async fn granted(
    tenant: &Tenant,
    user_id: &str,
    client_id: Uuid,
    resource: Uuid,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT scope FROM consents WHERE user_id = $1 AND client_id = $2 AND resource = $3 ORDER BY scope",
    )
    .bind(user_id)
    .bind(client_id.to_string())
    .bind(resource.to_string())
    .fetch_all(tenant.db())
    .await
}

/// Remembers that the user lets the client use these scopes. Once more is no error.
pub(super) async fn grant(
    tenant: &Tenant,
    user_id: &str,
    client_id: Uuid,
    scopes: &[ResourceScopes],
) -> Result<(), sqlx::Error> {
    let mut change = tenant.db().begin().await?;
    let all = scopes.iter().flat_map(|of| of.values.iter().map(|value| (of.resource, value.as_str())));
    for (resource, value) in all.collect::<Vec<_>>() {
        sqlx::query(
            "INSERT INTO consents (user_id, client_id, resource, scope, granted_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (user_id, client_id, resource, scope) DO NOTHING",
        )
        .bind(user_id)
        .bind(client_id.to_string())
        .bind(resource.to_string())
        .bind(value)
        .bind(tenant.clock().unix_millis())
        .execute(&mut *change)
        .await?;
    }
    change.commit().await
}

/// Those of `scopes` that the user has still to agree to before `client` may use them; empty when there are none.
pub(super) async fn missing(
    tenant: &Tenant,
    user_id: &str,
    client: &App,
    scopes: &[ResourceScopes],
) -> Result<Vec<ResourceScopes>, sqlx::Error> {
    let mut missing = Vec::new();
    for wanted in scopes {
        let by_user = |value: &&String| client.consent_for(wanted.resource, value) != Some(Consent::Admin);
        let mut values: Vec<_> = wanted.values.iter().filter(by_user).cloned().collect();
        if !values.is_empty() {
            let granted = granted(tenant, user_id, client.client_id, wanted.resource).await?;
            values.retain(|value| !granted.contains(value));
        }
        if !values.is_empty() {
            missing.push(ResourceScopes { values, ..wanted.clone() });
        }
    }
    Ok(missing)
}
