//! Refresh tokens whose session is over.

use super::*;

#[tokio::test]
async fn signing_out_revokes_the_refresh_token_where_the_provider_offers_it() {
    let world = World::start().await;
    world.offer_revocation();
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 3600).await;
    tokens.forget(&alice()).await.unwrap();
    assert_eq!(world.rows("refresh_tokens").await, 1, "there is another session");
    world.end_sessions().await;
    tokens.forget(&alice()).await.unwrap();
    assert_eq!(world.rows("refresh_tokens").await + world.rows("access_tokens").await, 0);
    eventually("the revocation", || world.revocation.count() == 1).await;
    let asked = world.revocation.last();
    assert_eq!(
        (asked.fields["token"].as_str(), asked.fields["token_type_hint"].as_str()),
        ("refresh-1", "refresh_token")
    );
    assert!(asked.headers["authorization"].to_str().unwrap().starts_with("Basic "));
}

#[tokio::test]
async fn a_provider_that_is_down_or_refuses_to_revoke_delays_and_fails_no_sign_out() {
    let world = World::start().await;
    world.offer_revocation();
    let tokens = world.tokens(json!({})).await;
    for fail in [true, false] {
        world.sign_in(&tokens, &alice(), 3600).await;
        world.end_sessions().await;
        if fail {
            world.revocation.answers(400, json!({"error": "unsupported_token_type"}));
        } else {
            world.provider.fall_silent();
            world.clock.advance(Duration::days(3));
        }
        let began = std::time::Instant::now();
        tokens.forget(&alice()).await.unwrap();
        assert!(began.elapsed() < std::time::Duration::from_secs(2));
        assert_eq!(world.rows("refresh_tokens").await, 0);
    }
}

/// Abuse case 35, for tokens: what a renewal brought after the sign-out is nobody's, and revoked.
#[tokio::test]
async fn a_successor_that_comes_after_the_sign_out_is_revoked() {
    let world = World::start().await;
    world.offer_revocation();
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 0).await;
    world.token.rotates(json!({}));
    world.token.takes(500);
    let renewal = tokio::spawn({
        let tokens = tokens.clone();
        async move { tokens.for_user(&alice(), &scopes(READ)).await }
    });
    eventually("the renewal", || world.token.count() == 1).await;
    world.end_sessions().await;
    tokens.forget(&alice()).await.unwrap();
    interaction(renewal.await.unwrap());
    assert_eq!(world.rows("refresh_tokens").await + world.rows("access_tokens").await, 0);
    eventually("both revocations", || world.revocation.count() == 2).await;
    let mut revoked: Vec<_> = world.revocation.all().into_iter().map(|asked| asked.fields["token"].clone()).collect();
    revoked.sort_unstable();
    assert_eq!(revoked, ["refresh-1", "refresh-2"]);
}

#[tokio::test]
async fn tokens_outlive_a_session_that_ran_out_only_for_customers_who_want_work_done_meanwhile() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    let bob = customer(BOB);
    world.sign_in(&tokens, &alice(), 0).await;
    world.sign_in(&tokens, &bob, 0).await;
    tokens.set_offline_use(&alice(), true).await.unwrap();
    tokens.set_offline_use(&alice(), true).await.unwrap();
    world.clock.advance(Duration::days(8));
    world.end_sessions().await;
    tokens.sweep().await.unwrap();
    world.token.rotates(json!({}));
    interaction(tokens.for_user(&bob, &scopes(READ)).await);
    assert_eq!(bearer(&tokens.for_user(&alice(), &scopes(READ)).await.unwrap()), "token-2");
    assert_eq!(world.rows("access_tokens").await, 1, "and what was acquired is kept");
    // Signing out (on another device, say) drops them in any case; the wish counts again after the next sign-in.
    tokens.forget(&alice()).await.unwrap();
    assert_eq!(world.rows("refresh_tokens").await + world.rows("access_tokens").await, 0);
    interaction(tokens.for_user(&alice(), &scopes(READ)).await);
    world.sign_in(&tokens, &alice(), 0).await;
    world.end_sessions().await;
    tokens.sweep().await.unwrap();
    assert_eq!(world.rows("refresh_tokens").await, 1);
    tokens.set_offline_use(&alice(), false).await.unwrap();
    tokens.sweep().await.unwrap();
    assert_eq!(world.rows("refresh_tokens").await, 0);
}
