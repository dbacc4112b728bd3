//! Which token of the cache serves whom, and for what.

use super::*;

/// Otherwise the one that was turned away would be preferred for as long as it lives longer.
#[tokio::test]
async fn what_a_challenge_brought_takes_the_place_of_other_tokens_of_its_resource() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 0).await;
    let both = scopes(&format!("{READ} {WRITE}"));
    world.token.issues(json!({"access_token": "turned-away", "scope": both.to_string(), "expires_in": 5400}));
    tokens.for_user(&alice(), &both).await.unwrap();
    world.token.issues(json!({"access_token": "new", "scope": READ, "expires_in": 3600}));
    tokens.for_user_with(&alice(), &scopes(READ), &claims(CHALLENGE)).await.unwrap();
    assert_eq!(bearer(&tokens.for_user(&alice(), &scopes(READ)).await.unwrap()), "new");
}

/// RFC 6749 §5.1: the provider may say more than was asked for.
#[tokio::test]
async fn a_granted_scope_of_another_resource_does_not_hide_the_token() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 0).await;
    world.token.issues(json!({"scope": "openid todos:read https://id.example/userinfo.email"}));
    for _ in 0..2 {
        tokens.for_user(&alice(), &scopes("todos:read")).await.unwrap();
    }
    assert_eq!(world.token.count(), 1, "the second one is the cache's");
}

#[tokio::test]
async fn entra_may_write_a_scope_in_another_case_than_it_was_asked_for() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 0).await;
    world.token.rotates(json!({"scope": READ.to_uppercase()}));
    for _ in 0..2 {
        tokens.for_user(&alice(), &scopes(READ)).await.unwrap();
    }
    assert_eq!(world.token.count(), 1, "the second one is the cache's");
    // An answer about all permissions may name each of them.
    let default = scopes("api://todo/.default");
    for _ in 0..2 {
        tokens.for_user(&alice(), &default).await.unwrap();
    }
    assert_eq!(world.token.count(), 2);
}

/// Abuse case 49, for customers: see also the test of that number in `tokens.rs`.
#[tokio::test]
async fn a_customer_of_another_issuer_with_the_same_subject_is_served_nothing() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    let of = |issuer: &str| serde_json::from_value(json!(format!("{issuer}|{SUBJECT}"))).unwrap();
    world.sign_in(&tokens, &of("https://one.example"), 3600).await;
    tokens.for_user(&of("https://one.example"), &scopes(READ)).await.unwrap();
    interaction(tokens.for_user(&of("https://two.example"), &scopes(READ)).await);
    assert_eq!(world.token.count(), 0);
}

/// Abuse case 49, for scopes and clients.
#[tokio::test]
async fn a_token_for_some_scopes_or_of_another_client_is_not_served_for_others() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 3600).await;
    world.token.answers(503, json!({}));
    for others in [WRITE, "api://todo/ToDoList.ReadX", "api://other/ToDoList.Read", "ToDoList.Read"] {
        assert!(tokens.for_user(&alice(), &scopes(others)).await.is_err(), "{others}");
    }
    let other_client = world.tokens(json!({"client_id": "another-app"})).await;
    interaction(other_client.for_user(&alice(), &scopes(READ)).await);
}
