//! Long-running on-behalf-of against a provider that remembers what it was asked.

use secrecy::SecretString;
use serde_json::json;
use time::Duration;

use crate::identity::testing::{ALICE, BOB, TENANT};
use crate::identity::testing::{READ, World, eventually, interaction, scopes, unavailable};
use crate::identity::tokens::long_running::{LongRunning, SessionKey};
use crate::identity::tokens::{AccessToken, AcquireError, Options};
use crate::platform::seal::KeyRing;

/// The API as each replica, and each start, has it.
async fn work_as(world: &World, encryption_key: &str, client_id: &str) -> LongRunning {
    let keys = KeyRing::parse(&[SecretString::from(encryption_key)]).unwrap();
    let client = world.client(json!({"client_id": client_id}));
    LongRunning::open("api.database_url", client, world.db().await, keys, world.clock.clone()).await.unwrap()
}

const API_CLIENT: &str = "33333333-3333-4333-8333-333333333333";

async fn work(world: &World) -> LongRunning {
    work_as(world, &world.encryption_key, API_CLIENT).await
}

fn alice() -> String {
    format!("{TENANT}.{ALICE}")
}

/// Begins work for Alice; her own token runs out in an hour.
async fn begin(world: &World, work: &LongRunning) -> Result<(SessionKey, AccessToken), AcquireError> {
    let (caller, incoming) = world.called(&world.provider.access_token(json!({}))).await;
    work.initiate(&caller, &incoming, &scopes(READ)).await
}

/// The exchange brings `refresh-1`; each renewal replaces it.
fn rotates(world: &World) {
    let mut number = 0;
    world.token.responds(move |fields| {
        use axum::response::IntoResponse as _;
        let good = match number {
            0 => fields.get("requested_token_use").is_some_and(|use_| use_ == "on_behalf_of"),
            _ => fields.get("refresh_token") == Some(&format!("refresh-{number}")),
        };
        if !good {
            let error = json!({"error": "invalid_grant", "error_codes": [700_082]});
            return (axum::http::StatusCode::BAD_REQUEST, axum::Json(error)).into_response();
        }
        number += 1;
        axum::Json(json!({
            "token_type": "Bearer", "expires_in": 3600, "scope": READ, "access_token": format!("token-{number}"),
            "refresh_token": format!("refresh-{number}"),
        }))
        .into_response()
    });
}

fn token(token: &AccessToken) -> String {
    token.authorization_header().to_str().unwrap().to_owned()
}

#[tokio::test]
async fn work_goes_on_after_the_customers_token_and_the_program_have_ended() {
    let world = World::start().await;
    rotates(&world);
    let first = work(&world).await;
    let (key, begun) = begin(&world, &first).await.unwrap();
    assert_eq!(token(&begun), "Bearer token-1");
    let asked = world.token.last().fields;
    assert_eq!(
        (asked["requested_token_use"].as_str(), asked["scope"].contains("offline_access")),
        ("on_behalf_of", true)
    );
    assert_eq!(token(&first.acquire(&key, &alice(), &scopes(READ)).await.unwrap()), "Bearer token-1");
    assert_eq!(world.token.count(), 1, "from the database");
    let kept = key.expose().to_owned();
    first.finish().await;
    drop(first);

    world.clock.advance(Duration::hours(5));
    let again = work(&world).await;
    let key = SessionKey::from_kept(kept);
    assert_eq!(token(&again.acquire(&key, &alice(), &scopes(READ)).await.unwrap()), "Bearer token-2");
    let asked = world.token.last().fields;
    assert_eq!((asked["grant_type"].as_str(), asked["refresh_token"].as_str()), ("refresh_token", "refresh-1"));
    world.clock.advance(Duration::hours(5));
    assert_eq!(token(&again.acquire(&key, &alice(), &scopes(READ)).await.unwrap()), "Bearer token-3");
    assert_eq!(world.token.last().fields["refresh_token"], "refresh-2", "the successor was kept");
    let forced = Options { force_refresh: true, ..Options::default() };
    assert_eq!(token(&again.acquire_with(&key, &alice(), &scopes(READ), &forced).await.unwrap()), "Bearer token-4");
}

#[tokio::test]
async fn a_foreign_session_key_or_customer_or_client_or_encryption_key_gets_nothing() {
    let world = World::start().await;
    rotates(&world);
    let api = work(&world).await;
    let (key, _) = begin(&world, &api).await.unwrap();
    let bob = format!("{TENANT}.{BOB}");
    interaction(api.acquire(&key, &bob, &scopes(READ)).await);
    interaction(api.acquire(&SessionKey::from_kept("guessed"), &alice(), &scopes(READ)).await);
    interaction(api.acquire(&SessionKey::from_kept(""), &alice(), &scopes(READ)).await);
    let another = work_as(&world, &world.encryption_key, "44444444-4444-4444-8444-444444444444").await;
    interaction(another.acquire(&key, &alice(), &scopes(READ)).await);
    assert!(!api.stop(&key, &bob).await.unwrap(), "nor can anybody else stop it");
    assert!(!another.stop(&key, &alice()).await.unwrap());
    assert_eq!(world.token.count(), 1, "the provider was not even asked");
    assert!(api.acquire(&key, &alice(), &scopes(READ)).await.is_ok());

    // A copy of the database, with Bob's name written over Alice's.
    sqlx::query("UPDATE long_running_work SET customer = $1").bind(&bob).execute(&world.db().await).await.unwrap();
    interaction(api.acquire(&key, &bob, &scopes(READ)).await);
    assert_eq!(world.token.count(), 1);
}

#[tokio::test]
async fn tokens_are_sealed_at_rest_and_the_session_key_is_not_there() {
    let world = World::start().await;
    rotates(&world);
    let api = work(&world).await;
    let (key, _) = begin(&world, &api).await.unwrap();
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT w.id, w.sealed, t.sealed FROM long_running_work w JOIN long_running_access_tokens t ON t.id = w.id",
    )
    .fetch_all(&world.db().await)
    .await
    .unwrap();
    let (id, refresh, access) = &rows[0];
    assert_ne!(id, key.expose());
    assert!(!refresh.contains("refresh-1") && !access.contains("token-1"));
    assert!(!format!("{key:?}").contains(key.expose()));
    // Under another encryption key it is as if there were none.
    let other = work_as(&world, &KeyRing::generate(), API_CLIENT).await;
    interaction(other.acquire(&key, &alice(), &scopes(READ)).await);
}

#[tokio::test]
async fn a_grant_that_the_provider_ended_leads_to_the_customer_and_a_provider_that_is_down_does_not() {
    let world = World::start().await;
    rotates(&world);
    let api = work(&world).await;
    let (key, _) = begin(&world, &api).await.unwrap();
    world.clock.advance(Duration::hours(2));
    world.token.answers(503, json!({}));
    unavailable(api.acquire(&key, &alice(), &scopes(READ)).await);
    world.token.answers(400, json!({"error": "invalid_grant", "suberror": "consent_required"}));
    assert_eq!(interaction(api.acquire(&key, &alice(), &scopes(READ)).await), (None, true));
    assert_eq!(world.rows("long_running_work").await, 1, "the grant goes on");
    world.token.answers(400, json!({"error": "invalid_grant", "error_codes": [50173]}));
    assert_eq!(interaction(api.acquire(&key, &alice(), &scopes(READ)).await), (None, false));
    assert_eq!(world.rows("long_running_work").await, 0);
    let asked = world.token.count();
    interaction(api.acquire(&key, &alice(), &scopes(READ)).await);
    assert_eq!(world.token.count(), asked, "nobody is asked again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_replicas_that_renew_at_once_present_the_refresh_token_once() {
    let world = World::start().await;
    rotates(&world);
    world.token.takes(100);
    let replicas = [work(&world).await, work(&world).await];
    let (key, _) = begin(&world, &replicas[0]).await.unwrap();
    world.clock.advance(Duration::hours(2));
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            let (replica, key) = (replicas[number % 2].clone(), key.clone());
            tokio::spawn(async move { replica.acquire(&key, &alice(), &scopes(READ)).await.map(|got| token(&got)) })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), "Bearer token-2");
    }
    assert_eq!(world.token.count(), 2, "the exchange, and one renewal");
}

#[tokio::test]
async fn work_that_is_stopped_is_revoked_also_while_it_is_being_renewed() {
    let world = World::start().await;
    world.offer_revocation();
    rotates(&world);
    let api = work(&world).await;
    let (key, _) = begin(&world, &api).await.unwrap();
    assert!(api.stop(&key, &alice()).await.unwrap());
    eventually("a revocation", || world.revocation.count() == 1).await;
    assert_eq!(world.revocation.last().fields["token"], "refresh-1");
    interaction(api.acquire(&key, &alice(), &scopes(READ)).await);
    assert!(!api.stop(&key, &alice()).await.unwrap());
    assert_eq!((world.rows("long_running_work").await, world.rows("long_running_access_tokens").await), (0, 0));

    rotates(&world);
    let (key, _) = begin(&world, &api).await.unwrap();
    world.clock.advance(Duration::hours(2));
    world.token.takes(300);
    let renewing = {
        let (api, key) = (api.clone(), key.clone());
        tokio::spawn(async move { api.acquire(&key, &alice(), &scopes(READ)).await })
    };
    eventually("a renewal under way", || world.token.all().last().unwrap().fields["grant_type"] == "refresh_token")
        .await;
    assert!(api.stop(&key, &alice()).await.unwrap());
    interaction(renewing.await.unwrap());
    let revoked = |token: &str| world.revocation.all().iter().any(|asked| asked.fields["token"] == token);
    eventually("what came back is revoked", || revoked("refresh-2")).await;
}

#[tokio::test]
async fn work_expires_and_is_bounded_and_needs_a_user_and_a_refresh_token() {
    let world = World::start().await;
    let api = work(&world).await;
    // A provider that sends no refresh token.
    world.token.issues(json!({}));
    assert!(unavailable(begin(&world, &api).await).contains("refresh token"));
    let (daemon, its_token) = world.called(&world.provider.app_token(json!({}))).await;
    assert!(unavailable(api.initiate(&daemon, &its_token, &scopes(READ)).await).contains("no user"));
    let (caller, incoming) = world.called(&world.provider.access_token(json!({}))).await;
    world.token.issues(json!({"refresh_token": "refresh-1"}));
    for _ in 0..100 {
        api.initiate(&caller, &incoming, &scopes(READ)).await.unwrap();
    }
    assert!(unavailable(api.initiate(&caller, &incoming, &scopes(READ)).await).contains("too much work"));

    world.clock.advance(Duration::days(91));
    interaction(api.initiate(&caller, &incoming, &scopes(READ)).await);
    api.sweep().await.unwrap();
    assert_eq!((world.rows("long_running_work").await, world.rows("long_running_access_tokens").await), (0, 0));
    // Where the provider says how long the refresh token lives, no longer than that.
    world.token.issues(json!({"refresh_token": "refresh-1", "refresh_token_expires_in": 86_400, "expires_in": 7200}));
    let (key, _) = begin(&world, &api).await.unwrap();
    world.clock.advance(Duration::hours(25));
    interaction(api.acquire(&key, &alice(), &scopes(READ)).await);
}

/// RFC 6749 §6: what is named at a renewal may be all that the next refresh token is good for.
#[tokio::test]
async fn a_renewal_names_scopes_at_entra_alone() {
    for (tenant, named) in [(json!(TENANT), true), (json!(null), false)] {
        let world = World::start().await;
        rotates(&world);
        let keys = KeyRing::parse(&[SecretString::from(world.encryption_key.as_str())]).unwrap();
        let client = world.client(json!({ "client_id": API_CLIENT, "tenant_id": tenant }));
        let (db, clock) = (world.db().await, world.clock.clone());
        let api = LongRunning::open("api.database_url", client, db, keys, clock).await.unwrap();
        let (key, _) = begin(&world, &api).await.unwrap();
        world.clock.advance(Duration::hours(5));
        assert_eq!(token(&api.acquire(&key, &alice(), &scopes(READ)).await.unwrap()), "Bearer token-2");
        assert_eq!(world.token.last().fields.contains_key("scope"), named);
    }
}
