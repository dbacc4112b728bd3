//! Tokens against a provider that is slow, wrong, or gone. On SQLite, or on PostgreSQL where `ERRAND_TEST_POSTGRES` says so.

use axum::response::IntoResponse as _;
use futures::future::join_all;
use serde_json::{Value, json};
use time::Duration;

use super::cache::{Cache, Lease};
use super::{AcquireError, Options};
use crate::identity::client::endpoint::{TokenEndpointError, TokenResponse};
use crate::identity::provider_double::{BOB, SigningKey, WEB};
use crate::identity::scopes::Naming;
use crate::identity::token_endpoint_double::{
    READ, SUBJECT, WRITE, World, alice, customer, eventually, interaction, scopes, unavailable,
};
use crate::platform::clock::Clock;
use crate::platform::seal::KeyRing;
use crate::platform::serve;

const CHALLENGE: &str = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;

fn claims(challenge: &str) -> Options {
    Options { claims: Some(challenge.to_owned()), force_refresh: false }
}

fn bearer(token: &super::AccessToken) -> String {
    token.authorization_header().to_str().unwrap().trim_start_matches("Bearer ").to_owned()
}

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

/// Abuse case 43, with clocks that do not agree to the second.
#[tokio::test]
async fn a_lease_holds_for_a_replica_whose_clock_is_behind_or_ahead() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 0).await;
    let deadline = tokio::time::Instant::now() + super::PATIENCE;
    for seconds in [-20, -1, 1, 20] {
        let Ok(Lease::Taken(held)) = tokens.0.cache.lease(&alice(), deadline).await else { panic!("nobody has it") };
        let keys = KeyRing::parse(&[world.encryption_key.clone().into()]).unwrap();
        let clock = Clock::manual(world.clock.now() + Duration::seconds(seconds));
        let other = Cache::new(world.db().await, keys, clock, WEB.to_owned(), Naming::Entra);
        let lease = other.lease(&alice(), deadline).await.unwrap();
        assert!(matches!(lease, Lease::Busy), "a clock that is {seconds} s ahead");
        tokens.0.cache.release(&alice(), &held).await.unwrap();
    }
}

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

/// RFC 6749 §6, §5.1. Some providers (django-oauth-toolkit, those on Authlib) give a refresh token that replaces the one
/// before only what the renewal named.
#[tokio::test]
async fn a_renewal_elsewhere_than_at_entra_names_no_scope_and_keeps_the_whole_grant() {
    for says_scope in [true, false] {
        let world = World::start().await;
        let tokens = world.tokens(json!({"tenant_id": null})).await;
        world.begin_session(&alice()).await;
        let (all, asked) = ("openid https://a.example/todos:read https://b.example/todos:write", scopes("todos:any"));
        let mut first =
            json!({"token_type": "Bearer", "expires_in": 0, "access_token": "first", "refresh_token": "refresh-1"});
        first["scope"] = all.into();
        tokens.remember(&alice(), SUBJECT, &serde_json::from_value(first).unwrap(), &asked).await.unwrap();
        let mut granted = all.to_owned();
        let mut number = 1;
        world.token.responds(move |fields| {
            granted = fields.get("scope").unwrap_or(&granted).clone();
            number += 1;
            let mut body = json!({"token_type": "Bearer", "expires_in": 600, "access_token": format!("token-{number}"),
                "refresh_token": format!("refresh-{number}")});
            if says_scope {
                body["scope"] = granted.clone().into();
            }
            axum::Json(body).into_response()
        });
        for _ in 0..2 {
            for name in ["https://a.example/todos:read", "https://b.example/todos:write"] {
                tokens.for_user(&alice(), &scopes(name)).await.unwrap();
                assert!(!world.token.last().fields.contains_key("scope"));
            }
            world.clock.advance(Duration::hours(1));
        }
        assert_eq!(world.token.count(), 2);
        assert_eq!(interaction(tokens.for_user(&alice(), &scopes("todos:admin")).await), (None, true), "never granted");
    }
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

/// Words of providers' own: for a grant that signing in by hand repairs, and for nobody knows what.
#[tokio::test]
async fn a_refresh_token_that_is_refused_is_not_presented_again_and_again() {
    let world = World::start().await;
    let tokens = world.tokens(json!({"tenant_id": null})).await;
    for (status, error) in [(401, "token_inactive"), (400, "access_denied"), (403, "access_denied")] {
        world.sign_in(&tokens, &alice(), 0).await;
        let before = world.token.count();
        world.token.answers(status, json!({"error": error}));
        for _ in 0..3 {
            assert_eq!(interaction(tokens.for_user(&alice(), &scopes(READ)).await), (None, false), "{error}");
        }
        assert_eq!(world.token.count(), before + 1, "{error}: signing in helps, and nothing else does");
        assert_eq!(world.rows("sessions").await, 1, "{error}");
        world.end_sessions().await;
    }
    world.sign_in(&tokens, &alice(), 0).await;
    let before = world.token.count();
    world.token.answers(400, json!({"error": "quota_of_the_realm"}));
    for _ in 0..3 {
        let refused = tokens.for_user(&alice(), &scopes(READ)).await;
        assert!(matches!(refused, Err(AcquireError::Misconfigured(_))), "{refused:?}");
    }
    assert_eq!(world.token.count(), before + 1);
    // Whoever signs in has another one, which nobody has refused yet.
    world.token.issues(json!({"scope": READ}));
    let response = json!({"token_type": "Bearer", "expires_in": 0, "access_token": "x", "refresh_token": "another"});
    let response = serde_json::from_value(response).unwrap();
    tokens.remember(&alice(), SUBJECT, &response, &scopes(READ)).await.unwrap();
    tokens.for_user(&alice(), &scopes(READ)).await.expect("the new one is presented");
    // And what was refused is tried again after a while.
    world.sign_in(&tokens, &alice(), 0).await;
    unavailable(tokens.for_user(&alice(), &scopes(READ)).await);
    world.clock.advance(Duration::minutes(6));
    tokens.for_user(&alice(), &scopes(READ)).await.expect("the old one is presented again");
}

#[tokio::test]
async fn an_outage_and_an_operators_mistake_are_told_apart() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 0).await;
    for (status, body, is_outage) in [
        (500, json!({}), true),
        (429, json!({}), true),
        (400, json!({"error": "temporarily_unavailable"}), true),
        (302, json!({}), false),
        (401, json!({"error": "invalid_client"}), false),
        (400, json!({"error": "unauthorized_client"}), false),
        (400, json!({"error": "invalid_scope", "error_codes": [70011]}), false),
        (200, json!({"token_type": "mac", "access_token": "t"}), false),
        (200, json!([]), false),
    ] {
        world.token.answers(status, body.clone());
        let error = tokens.for_user(&alice(), &scopes(READ)).await.expect_err("no token");
        assert_eq!(matches!(error, AcquireError::Unavailable(_)), is_outage, "{status} {body}: {error:?}");
        assert_eq!(matches!(error, AcquireError::Misconfigured(_)), !is_outage, "{status} {body}: {error:?}");
        assert!(std::error::Error::source(&error).is_some(), "the cause is kept");
    }
    world.token.loses_answers();
    let lost = tokens.for_user(&alice(), &scopes(READ)).await;
    assert!(matches!(lost, Err(AcquireError::Unavailable(_))), "{lost:?}");
}

/// Abuse case 44.
#[tokio::test]
async fn a_refresh_answer_that_is_lost_in_transit_leads_to_a_clean_sign_in_and_no_loop() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 0).await;
    world.token.loses_answers();
    unavailable(tokens.for_user(&alice(), &scopes(READ)).await);
    assert_eq!(world.rows("refresh_tokens").await, 1, "whether it was used is not known");
    // It was: the provider takes the old one for stolen.
    world.token.answers(400, json!({"error": "invalid_grant"}));
    for _ in 0..3 {
        assert_eq!(interaction(tokens.for_user(&alice(), &scopes(READ)).await), (None, false));
    }
    assert_eq!(world.token.count(), 2, "what is over is not shown again");
    world.sign_in(&tokens, &alice(), 3600).await;
    tokens.for_user(&alice(), &scopes(READ)).await.unwrap();
}

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

/// Empty is absent, in every optional member of the token response.
#[tokio::test]
async fn an_empty_member_of_an_answer_replaces_nothing() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 0).await;
    let mut presented = None;
    for empty in [
        json!({"refresh_token": "", "id_token": "", "scope": "", "expires_in": ""}),
        json!({"refresh_token": null, "id_token": null, "scope": null, "expires_in": null}),
        json!({"scope": [], "refresh_token": "", "refresh_in": "", "refresh_token_expires_in": ""}),
    ] {
        let mut answer = json!({"token_type": "Bearer", "access_token": "access"});
        answer.as_object_mut().unwrap().extend(empty.as_object().unwrap().clone());
        world.token.answers(200, answer);
        tokens.for_user(&alice(), &scopes(READ)).await.unwrap_or_else(|error| panic!("{empty}: {error}"));
        let sent = world.token.last().fields["refresh_token"].clone();
        assert_eq!(*presented.get_or_insert(sent.clone()), sent, "the good one was kept");
        world.clock.advance(time::Duration::hours(2));
    }
}

/// An error answer: an empty claims challenge is none.
#[test]
fn empty_members_of_an_error_of_the_token_endpoint_are_absent() {
    let read = |body: &str| TokenEndpointError::read(reqwest::StatusCode::BAD_REQUEST, body.as_bytes());
    let empty = read(r#"{"error": "interaction_required", "claims": "", "suberror": ""}"#);
    assert!(matches!(empty, TokenEndpointError::Interaction { claims: None, .. }), "{empty:?}");
}

/// The crate's error holds the body of an answer that it cannot read: ours does not.
#[tokio::test]
async fn nothing_of_an_answer_that_cannot_be_read_is_in_the_error() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 0).await;
    for (status, answer) in [
        (200, json!({"token_type": "Bearer", "refresh_token": "planted"})),
        (200, json!(["planted"])),
        (200, json!({"token_type": "planted", "access_token": "planted"})),
        (400, json!({"error": ["planted"], "error_description": "planted"})),
    ] {
        world.token.answers(status, answer.clone());
        let error = tokens.for_user(&alice(), &scopes(READ)).await.expect_err("unreadable");
        assert!(!format!("{error} {error:?}").contains("planted"), "{answer}: {error:?}");
    }
}

/// Abuse case 49, for customers: see also the test of that number in `identity::tests`.
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

/// Abuse case 86.
#[tokio::test]
async fn answers_that_make_no_sense_end_no_session_and_it_recovers_by_itself() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 0).await;
    for (status, body) in [
        (500, json!({"error": "invalid_grant"})),
        (503, json!("down")),
        (429, json!({"error": "invalid_grant"})),
        (200, json!({})),
        (200, json!([])),
        (200, json!({"token_type": "mac", "access_token": "t"})),
        (200, json!({"token_type": "Bearer"})),
        (302, json!({"error": "invalid_grant"})),
        (400, json!("down")),
        (400, json!({"error": "temporarily_unavailable"})),
        (400, json!({"error": "invalid_request", "error_description": "eyJhbGciOi"})),
        (401, json!({"error": "invalid_client"})),
    ] {
        world.token.answers(status, body.clone());
        let reason = unavailable(tokens.for_user(&alice(), &scopes(READ)).await);
        assert!(!reason.contains("eyJ") && !reason.contains("refresh-1"), "{reason}");
        assert_eq!((world.rows("sessions").await, world.rows("refresh_tokens").await), (1, 1), "{status} {body}");
    }
    world.token.responds(|_| "<html>maintenance</html>".into_response());
    unavailable(tokens.for_user(&alice(), &scopes(READ)).await);
    world.token.rotates(json!({}));
    tokens.for_user(&alice(), &scopes(READ)).await.expect("it recovers by itself");
}

#[tokio::test]
async fn an_access_token_that_could_split_a_header_is_not_used() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 0).await;
    for evil in ["", "a b", "a\r\nX-Admin: 1", "\u{e9}"] {
        world.token.issues(json!({"access_token": evil}));
        unavailable(tokens.for_user(&alice(), &scopes(READ)).await);
        unavailable(tokens.client().for_app(&scopes("api://todo/.default")).await);
    }
    assert_eq!(world.rows("refresh_tokens").await, 1);
}

/// Abuse case 89.
#[tokio::test]
async fn a_restart_and_a_rotated_encryption_key_sign_nobody_out() {
    let world = World::start().await;
    let before = world.tokens(json!({})).await;
    world.sign_in(&before, &alice(), 3600).await;
    drop(before);
    let new_key = KeyRing::generate();
    let after = world.tokens_under(&[&new_key, &world.encryption_key], json!({})).await;
    after.for_user(&alice(), &scopes(READ)).await.unwrap();
    assert_eq!(world.token.count(), 0);
    world.token.rotates(json!({}));
    world.clock.advance(Duration::hours(2));
    after.for_user(&alice(), &scopes(READ)).await.unwrap();
    // What was written since is under the new key alone.
    let later = world.tokens_under(&[&new_key], json!({})).await;
    later.for_user(&alice(), &scopes(READ)).await.unwrap();
    world.clock.advance(Duration::hours(2));
    later.for_user(&alice(), &scopes(READ)).await.unwrap();
    assert_eq!(world.token.count(), 2);
}

#[tokio::test]
async fn refresh_in_renews_in_the_background_while_the_old_token_serves() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 0).await;
    world.token.rotates(json!({"refresh_in": 1800}));
    assert_eq!(bearer(&tokens.for_user(&alice(), &scopes(READ)).await.unwrap()), "token-2");
    world.clock.advance(Duration::minutes(29));
    assert_eq!(bearer(&tokens.for_user(&alice(), &scopes(READ)).await.unwrap()), "token-2");
    assert_eq!(world.token.count(), 1);
    world.clock.advance(Duration::minutes(2));
    assert_eq!(bearer(&tokens.for_user(&alice(), &scopes(READ)).await.unwrap()), "token-2", "nobody waits");
    eventually("the renewal", || world.token.count() == 2).await;
    // The successor is stored a moment after it was asked for.
    for _ in 0..100 {
        if bearer(&tokens.for_user(&alice(), &scopes(READ)).await.unwrap()) == "token-3" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the old token is still served");
}

#[tokio::test]
async fn a_provider_that_is_down_is_not_asked_at_every_call_while_the_old_token_serves() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 3600).await;
    world.token.answers(503, json!({}));
    world.clock.advance(Duration::minutes(56));
    for _ in 0..20 {
        tokens.for_user(&alice(), &scopes(READ)).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(world.token.count(), 1);
    world.clock.advance(Duration::seconds(31));
    tokens.for_user(&alice(), &scopes(READ)).await.unwrap();
    eventually("the next try", || world.token.count() == 2).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_customers_refresh_at_once() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    let customers: Vec<_> = (0..1000).map(|number| customer(&format!("customer-{number}"))).collect();
    let mut transaction = world.db().await.begin().await.unwrap();
    sqlx::query(
        "INSERT INTO sessions (id, customer, issuer, subject, browser, data, created_at, last_seen_at) \
                 VALUES ('all', 'all', '', '', '', '{}', 1, 1)",
    )
    .execute(&mut *transaction)
    .await
    .unwrap();
    transaction.commit().await.unwrap();
    for customer in &customers {
        tokens.0.cache.put_refresh_token(customer, SUBJECT, &scopes(READ), &"refresh-1".into()).await.unwrap();
        tokens.set_offline_use(customer, true).await.unwrap();
    }
    world.token.issues(json!({"refresh_token": "refresh-2"}));
    let began = std::time::Instant::now();
    let calls = customers.iter().cloned().map(|customer| {
        let tokens = tokens.clone();
        tokio::spawn(async move { tokens.for_user(&customer, &scopes(READ)).await })
    });
    for token in join_all(calls).await {
        token.unwrap().expect("a token");
    }
    println!("a thousand renewals took {:?}", began.elapsed());
    assert_eq!(world.token.count(), 1000);
    assert_eq!(world.rows("access_tokens").await, 1000);
}

#[tokio::test]
async fn the_id_of_the_request_goes_to_the_provider() {
    let world = World::start().await;
    let tokens = world.tokens(json!({})).await;
    world.sign_in(&tokens, &alice(), 0).await;
    world.token.issues(json!({}));
    let (alice, read) = (alice(), scopes(READ));
    serve::with_correlation_id("request-17".to_owned(), tokens.for_user(&alice, &read)).await.unwrap();
    assert_eq!(world.token.last().headers["client-request-id"], "request-17");
    tokens.client().for_app(&scopes("api://todo/.default")).await.ok();
    let fresh = world.token.last().headers["client-request-id"].to_str().unwrap().to_owned();
    assert!(uuid::Uuid::parse_str(&fresh).is_ok(), "{fresh}");
}

#[test]
fn times_of_an_answer_are_read_in_every_form_and_bounded() {
    let read = |members: Value| {
        let mut body = json!({"token_type": "bearer", "access_token": "t"});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        TokenResponse::read(body.to_string().as_bytes()).unwrap()
    };
    for (members, renew_at, expires_at) in [
        (json!({"expires_in": 3600}), 3300, 3600),
        (json!({"expires_in": "3600"}), 3300, 3600),
        (json!({"expires_in": 3600, "refresh_in": 1800}), 1800, 3600),
        (json!({"expires_in": 3600, "refresh_in": 99999}), 3300, 3600),
        (json!({"expires_in": 3600, "refresh_in": -1}), 3300, 3600),
        (json!({"expires_in": 60}), 30, 60),
        (json!({}), 150, 300),
        (json!({"expires_in": null}), 150, 300),
        (json!({"expires_in": "soon"}), 150, 300),
        (json!({"expires_in": -5}), 0, 0),
        (json!({"expires_in": i64::MAX}), 86100, 86400),
    ] {
        let times = read(members.clone()).times(0);
        assert_eq!((times.renew_at, times.expires_at), (renew_at * 1000, expires_at * 1000), "{members}");
    }
    assert_eq!(read(json!({"refresh_token_expires_in": "7776000"})).refresh_token_expires_in, Some(7_776_000));
    let other = json!({"token_type": "DPoP", "access_token": "t"}).to_string();
    assert!(matches!(TokenResponse::read(other.as_bytes()), Err(TokenEndpointError::TokenType)));
}
