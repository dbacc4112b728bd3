//! Tokens for a claims challenge.

use super::*;

/// Abuse case 43, for renewals past the cache: a hundred calls that an API turned away with the same challenge.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_parallel_calls_with_the_same_challenge_renew_once() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 3600).await;
    world.token.rotates(json!({}));
    let calls = (0..100).map(|_| {
        let tokens = tokens.clone();
        tokio::spawn(async move { tokens.for_user_with(&alice(), &scopes(READ), &claims(CHALLENGE)).await })
    });
    let brought = join_all(calls).await;
    assert!(brought.into_iter().all(|token| bearer(&token.unwrap().unwrap()) == "token-2"));
    assert_eq!(world.token.count(), 1);
    // Whoever comes later with the same challenge was turned away with the new token.
    tokens.for_user_with(&alice(), &scopes(READ), &claims(CHALLENGE)).await.unwrap();
    assert_eq!(world.token.count(), 2);
}

#[tokio::test]
async fn a_claims_challenge_bypasses_the_cache_and_carries_what_the_app_can_handle() {
    let world = World::start().await;
    let tokens = world.tokens(json!({"client_capabilities": ["cp1"]})).await;
    world.sign_in(&tokens, &alice(), 3600).await;
    world.token.rotates(json!({}));
    let token = tokens.for_user_with(&alice(), &scopes(READ), &claims(CHALLENGE)).await.unwrap();
    assert_eq!(bearer(&token), "token-2");
    let sent: Value = serde_json::from_str(&world.token.last().fields["claims"]).unwrap();
    let expected = json!({"access_token": {"acrs": {"essential": true, "value": "c1"}, "xms_cc": {"values": ["cp1"]}}});
    assert_eq!(sent, expected);
    // From now on it is the cached one; and without a challenge only the capabilities are sent.
    assert_eq!(bearer(&tokens.for_user(&alice(), &scopes(READ)).await.unwrap()), "token-2");
    world.clock.advance(Duration::hours(2));
    tokens.for_user(&alice(), &scopes(READ)).await.unwrap();
    let sent: Value = serde_json::from_str(&world.token.last().fields["claims"]).unwrap();
    assert_eq!(sent, json!({"access_token": {"xms_cc": {"values": ["cp1"]}}}));
}

#[tokio::test]
async fn a_challenge_that_only_the_customer_can_meet_comes_back_for_the_authorization_endpoint() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 3600).await;
    world.token.answers(400, json!({"error": "interaction_required", "error_codes": [50076]}));
    let (claims_of, read) = (claims(CHALLENGE), scopes(READ));
    let refused = tokens.for_user_with(&alice(), &read, &claims_of).await;
    assert_eq!(interaction(refused), (Some(CHALLENGE.to_owned()), false));
    // The provider's own words win.
    world.token.answers(400, json!({"error": "interaction_required", "claims": r#"{"access_token":{}}"#}));
    let refused = tokens.for_user_with(&alice(), &read, &claims_of).await;
    assert_eq!(interaction(refused), (Some(r#"{"access_token":{}}"#.to_owned()), false));
    tokens.for_user(&alice(), &read).await.expect("the old token still serves where nothing more is asked");
    let asked = world.token.count();
    unavailable(tokens.for_user_with(&alice(), &read, &claims("[]")).await);
    unavailable(tokens.for_user_with(&alice(), &read, &claims("nonsense")).await);
    assert_eq!(world.token.count(), asked);
}

#[tokio::test]
async fn a_wish_for_consent_or_more_proof_never_drops_the_refresh_token() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 0).await;
    let no_consent = json!({"error": "invalid_grant", "error_codes": [65001], "suberror": "consent_required"});
    for (body, consent) in [
        (no_consent.clone(), true),
        (json!({"error": "invalid_grant", "error_codes": [65001]}), true),
        (json!({"error": "consent_required"}), true),
        // RFC 6749 §6, from providers that are not Entra.
        (json!({"error": "invalid_scope"}), true),
        (json!({"error": "interaction_required", "error_codes": [50076]}), false),
        (json!({"error": "interaction_required", "suberror": "basic_action", "claims": CHALLENGE}), false),
        (json!({"error": "invalid_grant", "suberror": "basic_action"}), false),
        (json!({"error": "invalid_grant", "suberror": "additional_action"}), false),
        (json!({"error": "invalid_grant", "suberror": "message_only"}), false),
        (json!({"error": "invalid_grant", "suberror": "user_password_expired"}), false),
        (json!({"error": "login_required"}), false),
    ] {
        world.token.answers(400, body.clone());
        let claims = body.get("claims").and_then(Value::as_str).map(str::to_owned);
        assert_eq!(interaction(tokens.for_user(&alice(), &scopes(READ)).await), (claims, consent), "{body}");
        assert_eq!(world.rows("refresh_tokens").await, 1, "{body}");
    }
    world.token.rotates(json!({}));
    tokens.for_user(&alice(), &scopes(READ)).await.expect("the grant goes on");
    // The grant itself is over.
    for body in [
        json!({"error": "bad_token"}),
        json!({"error": "invalid_grant", "suberror": "bad_token"}),
        json!({"error": "invalid_grant", "error_codes": [70008]}),
    ] {
        world.sign_in(&tokens, &alice(), 0).await;
        world.token.answers(400, body.clone());
        assert_eq!(interaction(tokens.for_user(&alice(), &scopes(WRITE)).await), (None, false), "{body}");
        assert_eq!(world.rows("refresh_tokens").await, 0, "{body}");
    }
    // Entra means a scope that cannot exist: an operator's mistake, with which no customer can help.
    world.sign_in(&tokens, &alice(), 0).await;
    world.token.answers(400, json!({"error": "invalid_scope", "error_codes": [70011]}));
    unavailable(tokens.for_user(&alice(), &scopes(READ)).await);
}

#[tokio::test]
async fn less_than_was_asked_for_is_a_matter_of_consent() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 0).await;
    world.token.rotates(json!({"scope": READ}));
    assert_eq!(interaction(tokens.for_user(&alice(), &scopes(WRITE)).await), (None, true));
    tokens.for_user(&alice(), &scopes(READ)).await.expect("what was granted serves");
    assert_eq!(world.token.count(), 1);
}
