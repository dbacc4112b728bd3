//! ID tokens that come with a renewal.

use super::*;

/// Abuse case 48, and the relying-party conformance modules `oidcc-client-test-refresh-token-invalid-issuer` and
/// `-invalid-sub`.
#[tokio::test]
async fn a_renewed_id_token_with_another_iss_sub_or_aud_drops_the_session_and_the_tokens() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    let id_token = |changes: Value| world.provider.id_token("any", changes);
    for (what, id_token) in [
        ("another issuer", id_token(json!({"iss": "https://evil.example"}))),
        ("no issuer", id_token(json!({"iss": null}))),
        ("another subject", id_token(json!({"sub": "somebody-else"}))),
        ("no subject", id_token(json!({"sub": null}))),
        ("another audience", id_token(json!({"aud": "another-app"}))),
        ("an additional audience", id_token(json!({"aud": [WEB, "another-app"]}))),
        ("another authorized party", id_token(json!({"azp": "another-app"}))),
    ] {
        world.sign_in(&tokens, &alice(), 0).await;
        world.begin_session(&customer(BOB)).await;
        world.token.rotates(json!({"id_token": id_token}));
        assert_eq!(interaction(tokens.for_user(&alice(), &scopes(READ)).await), (None, false), "{what}");
        assert_eq!(world.rows("sessions").await, 1, "{what}: the session of nobody else is dropped");
        assert_eq!(world.rows("refresh_tokens").await + world.rows("access_tokens").await, 0, "{what}");
        world.end_sessions().await;
    }
    world.sign_in(&tokens, &alice(), 0).await;
    world.token.rotates(json!({"id_token": id_token(json!({"sub": SUBJECT, "azp": WEB, "nonce": null}))}));
    tokens.for_user(&alice(), &scopes(READ)).await.expect("the cases above fail for the reason they name");
}

/// Abuse case 90: what does not say whose the token is signs nobody out.
#[tokio::test]
async fn a_renewed_id_token_that_cannot_be_judged_serves_nobody_and_signs_nobody_out() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 0).await;
    let now = world.clock.unix_seconds();
    let key = SigningKey::second();
    // The provider has begun to sign with a key that it does not publish everywhere yet.
    let unknown = key.sign(&json!({"alg": "RS256", "kid": key.id}), &json!({"iss": "x"}));
    let mut forged = world.provider.id_token("any", json!({"sub": "somebody-else"}));
    forged.truncate(forged.len() - 12);
    forged.push_str("AAAAAAAAAAAA");
    for (id_token, next) in [
        (world.provider.id_token("any", json!({"exp": now - 61})), "refresh-2"),
        (world.provider.id_token("any", json!({"iat": now + 61})), "refresh-3"),
        (unknown, "refresh-4"),
        (forged, "refresh-5"),
        (world.provider.id_token("any", json!({"at_hash": "of-another-token"})), "refresh-6"),
    ] {
        let body = json!({
            "token_type": "Bearer", "expires_in": 3600, "scope": READ, "access_token": "access", "id_token": id_token,
            "refresh_token": next,
        });
        world.token.answers(200, body);
        unavailable(tokens.for_user(&alice(), &scopes(READ)).await);
        assert_eq!((world.rows("sessions").await, world.rows("refresh_tokens").await), (1, 1));
    }
    world.token.issues(json!({}));
    tokens.for_user(&alice(), &scopes(READ)).await.unwrap();
    assert_eq!(world.token.last().fields["refresh_token"], "refresh-6", "the successor was kept");
}

/// OpenID Connect Core §12.2: a renewal may bring no ID token, and one that cannot be read says no more than none.
#[tokio::test]
async fn a_renewed_id_token_that_cannot_be_read_counts_as_absent() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    let long = world.provider.id_token("any", json!({"padding": "x".repeat(16 * 1024)}));
    let jwe = "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.AA.AA.AA.AA";
    for id_token in [json!(""), json!(null), json!(1), json!("nonsense"), json!("a.b.c"), json!(jwe), json!(long)] {
        world.sign_in(&tokens, &alice(), 0).await;
        world.token.rotates(json!({"id_token": id_token}));
        tokens.for_user(&alice(), &scopes(READ)).await.unwrap_or_else(|error| panic!("{id_token}: {error}"));
        assert_eq!((world.rows("sessions").await, world.rows("refresh_tokens").await), (1, 1), "{id_token}");
        world.end_sessions().await;
    }
}
