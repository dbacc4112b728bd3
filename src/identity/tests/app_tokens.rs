//! Tokens of the app itself, and tokens on behalf of a caller.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_parallel_calls_of_an_app_ask_once_and_again_five_minutes_before_expiry() {
    let world = World::start().await;
    let client = world.client(json!({}));
    world.token.issues(json!({}));
    let default = scopes("api://todo/.default");
    let calls = (0..100).map(|_| {
        let (client, scopes) = (client.clone(), default.clone());
        tokio::spawn(async move { client.for_app(&scopes).await })
    });
    assert!(join_all(calls).await.into_iter().all(|token| bearer(&token.unwrap().unwrap()) == "token-1"));
    assert_eq!(world.token.count(), 1);
    let asked = world.token.last().fields;
    assert_eq!((asked["grant_type"].as_str(), asked["scope"].as_str()), ("client_credentials", "api://todo/.default"));
    world.clock.advance(Duration::seconds(3299));
    client.for_app(&default).await.unwrap();
    assert_eq!(world.token.count(), 1);
    world.clock.advance(Duration::seconds(2));
    assert_eq!(bearer(&client.for_app(&default).await.unwrap()), "token-1", "renewed in the background");
    while bearer(&client.for_app(&default).await.unwrap()) != "token-2" {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(world.token.count(), 2);
    world.clock.advance(Duration::hours(2));
    assert_eq!(bearer(&client.for_app(&default).await.unwrap()), "token-3", "never beyond its expiry");
    client.for_app(&scopes("api://other/.default")).await.unwrap();
    assert_eq!(world.token.count(), 4, "another resource, another token");
}

#[tokio::test]
async fn an_app_that_is_refused_has_nobody_to_send_to_the_provider() {
    let world = World::start().await;
    let client = world.client(json!({}));
    for body in [json!({"error": "invalid_grant"}), json!({"error": "consent_required"}), json!({"error": "x"})] {
        world.token.answers(400, body);
        unavailable(client.for_app(&scopes("api://todo/.default")).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_parallel_calls_on_behalf_of_a_user_ask_once() {
    let world = World::start().await;
    let client = world.client(json!({}));
    world.token.issues(json!({}));
    let token = world.provider.access_token(json!({}));
    let incoming = world.incoming(&token).await;
    assert_eq!(format!("{incoming:?}"), "IncomingToken");
    let calls = (0..100).map(|_| {
        let (client, incoming) = (client.clone(), incoming.clone());
        tokio::spawn(async move { client.on_behalf_of(&incoming, &scopes("graph/User.Read")).await })
    });
    assert!(join_all(calls).await.into_iter().all(|token| bearer(&token.unwrap().unwrap()) == "token-1"));
    assert_eq!(world.token.count(), 1);
    let asked = world.token.last().fields;
    assert_eq!(asked["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    assert_eq!((asked["assertion"].as_str(), asked["requested_token_use"].as_str()), (token.as_str(), "on_behalf_of"));
}

/// Abuse case 49.
#[tokio::test]
async fn a_token_on_behalf_of_one_user_is_never_served_to_another() {
    let world = World::start().await;
    let client = world.client(json!({}));
    world.token.issues(json!({}));
    let of_alice = world.incoming(&world.provider.access_token(json!({}))).await;
    let of_bob = world.incoming(&world.provider.access_token(json!({"oid": BOB}))).await;
    let (read, write) = (scopes("graph/User.Read"), scopes("graph/User.ReadWrite"));
    let served = [
        client.on_behalf_of(&of_alice, &read).await,
        client.on_behalf_of(&of_bob, &read).await,
        client.on_behalf_of(&of_alice, &write).await,
        client.for_app(&read).await,
        client.on_behalf_of(&of_alice, &read).await,
    ];
    let served = served.map(|token| bearer(&token.unwrap()));
    assert_eq!(served, ["token-1", "token-2", "token-3", "token-4", "token-1"]);
}

/// Abuse case 65, this app's half.
#[tokio::test]
async fn nothing_is_asked_on_behalf_of_an_app_or_with_a_token_that_has_expired() {
    let world = World::start().await;
    let client = world.client(json!({}));
    world.token.issues(json!({"expires_in": 7200}));
    let read = scopes("graph/User.Read");
    let of_an_app = world.incoming(&world.provider.app_token(json!({}))).await;
    unavailable(client.on_behalf_of(&of_an_app, &read).await);
    let incoming = world.incoming(&world.provider.access_token(json!({}))).await;
    assert_eq!(world.token.count(), 0);
    client.on_behalf_of(&incoming, &read).await.unwrap();
    world.clock.advance(Duration::minutes(59));
    client.on_behalf_of(&incoming, &read).await.unwrap();
    assert_eq!(world.token.count(), 1);
    // What was acquired would live on; what it was acquired with does not.
    world.clock.advance(Duration::minutes(2));
    interaction(client.on_behalf_of(&incoming, &read).await);
    assert_eq!(world.token.count(), 1);
}

#[tokio::test]
async fn a_user_who_must_consent_to_what_comes_further_on_is_reported_to_whoever_called() {
    let world = World::start().await;
    let client = world.client(json!({}));
    let incoming = world.incoming(&world.provider.access_token(json!({}))).await;
    world.token.answers(
        400,
        json!({"error": "invalid_grant", "error_codes": [65001], "suberror": "consent_required", "claims": CHALLENGE}),
    );
    let refused = client.on_behalf_of(&incoming, &scopes("graph/User.Read")).await;
    match refused {
        Err(AcquireError::InteractionRequired { scopes: missing, claims, consent, .. }) => {
            assert_eq!(missing, scopes("graph/User.Read"));
            assert_eq!((claims.as_deref(), consent), (Some(CHALLENGE), true));
        }
        other => panic!("{other:?}"),
    }
}
