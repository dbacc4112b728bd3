//! Renewals at a provider that is slow, wrong, or gone.

use super::*;

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
        assert!(!reason.contains(JWT) && !reason.contains("refresh-1"), "{reason}");
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
    let response = serde_json::from_value(json!({
        "token_type": "Bearer", "expires_in": 0, "access_token": "token-1", "refresh_token": "refresh-1",
    }));
    let response = response.unwrap();
    for customer in &customers {
        tokens.remember(customer, SUBJECT, &response, &scopes(READ)).await.unwrap();
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
        let times = read(members.clone()).times(Timestamp::default());
        let expected = (Timestamp::from_seconds(renew_at), Timestamp::from_seconds(expires_at));
        assert_eq!((times.renew_at, times.expires_at), expected, "{members}");
    }
    let lifetime = |members: Value| read(members).refresh_lifetime();
    assert_eq!(lifetime(json!({"refresh_token_expires_in": "7776000"})), Some(Duration::days(90)));
    assert_eq!(lifetime(json!({"refresh_token_expires_in": 0})), None);
    let other = json!({"token_type": "DPoP", "access_token": "t"}).to_string();
    assert!(matches!(TokenResponse::read(other.as_bytes()), Err(TokenEndpointError::TokenType)));
}
