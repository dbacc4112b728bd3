//! The tokens of a customer who signed in with a browser, on one web server or two.

use super::*;

#[tokio::test]
async fn a_token_in_the_cache_costs_no_call_and_more_scopes_serve_fewer() {
    let app = TestApp::start().await;
    app.sign_in_as(&mut Browser::default(), json!({})).await;
    app.token.rotates(json!({}));
    let asked = app.token.count();
    let (alice, read, write) = (alice(), Scopes::parse(READ), Scopes::parse(&format!("{READ} {WRITE}")));
    app.identity.tokens().for_user(&alice, &read).await.unwrap();
    assert_eq!(app.token.count(), asked, "the sign-in brought a token for reading");
    app.identity.tokens().for_user(&alice, &write).await.unwrap();
    assert_eq!(app.token.count(), asked + 1);
    assert!(app.token.last().fields["scope"].contains(WRITE));
    app.identity.tokens().for_user(&alice, &Scopes::parse(WRITE)).await.unwrap();
    assert_eq!(app.token.count(), asked + 1, "a token with more scopes serves");
}

/// Abuse cases 36 and 43: across tasks, and across two web servers on one database.
#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_parallel_calls_on_two_replicas_refresh_once() {
    let app = TestApp::start().await;
    app.sign_in_as(&mut Browser::default(), json!({})).await;
    let other = app.replica(&[&app.encryption_key]).await;
    app.clock.advance(Duration::hours(2));
    app.token.rotates(json!({}));
    let asked = app.token.count();
    let calls = (0..100).map(|number| {
        let identity = if number % 2 == 0 { app.identity.clone() } else { other.clone() };
        tokio::spawn(async move { identity.tokens().for_user(&alice(), &Scopes::parse(READ)).await })
    });
    for call in futures::future::join_all(calls).await {
        let header = call.unwrap().expect("a token").authorization_header();
        assert_eq!(header.to_str().unwrap(), "Bearer token-2");
    }
    assert_eq!(app.token.count(), asked + 1);
}

#[tokio::test]
async fn a_provider_that_is_down_or_slow_ends_no_session_and_the_old_token_serves_while_it_lives() {
    let app = TestApp::start().await;
    app.sign_in_as(&mut Browser::default(), json!({})).await;
    app.token.replies(|_| (StatusCode::BAD_GATEWAY, json!({})));
    let (alice, read) = (alice(), Scopes::parse(READ));
    // Due for renewal, not yet expired.
    app.clock.advance(Duration::minutes(56));
    assert!(app.identity.tokens().for_user(&alice, &read).await.is_ok());
    app.clock.advance(Duration::minutes(10));
    let denied = app.identity.tokens().for_user(&alice, &read).await.err();
    assert!(matches!(denied, Some(AcquireError::Unavailable(_))), "{denied:?}");
    app.token.rotates(json!({}));
    assert!(app.identity.tokens().for_user(&alice, &read).await.is_ok(), "it recovers by itself");
}

#[tokio::test]
async fn a_refresh_token_that_is_over_asks_for_sign_in_cleanly() {
    let app = TestApp::start().await;
    app.sign_in_as(&mut Browser::default(), json!({})).await;
    app.clock.advance(Duration::hours(2));
    app.token.replies(|_| (StatusCode::BAD_REQUEST, json!({"error": "invalid_grant", "error_codes": [70008]})));
    let (alice, read) = (alice(), Scopes::parse(READ));
    for _ in 0..2 {
        let denied = app.identity.tokens().for_user(&alice, &read).await.err();
        assert!(matches!(denied, Some(AcquireError::InteractionRequired { .. })), "{denied:?}");
    }
    assert_eq!(app.token.count(), 2, "asked once; what is over is not asked again");
    app.sign_in_as(&mut Browser::default(), json!({})).await;
    assert!(app.identity.tokens().for_user(&alice, &read).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_during_a_renewal_stays_signed_out() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.sign_in_as(&mut browser, json!({})).await;
    app.clock.advance(Duration::hours(2));
    // The provider answers only after the customer has signed out.
    let db = app.identity.db().clone();
    app.token.replies(move |_| {
        let db = db.clone();
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                for table in ["DELETE FROM refresh_tokens", "DELETE FROM access_tokens"] {
                    sqlx::query(table).execute(&db).await.unwrap();
                }
            });
        });
        let body = json!({"token_type": "Bearer", "expires_in": 3600, "access_token": "late", "refresh_token": "late"});
        (StatusCode::OK, body)
    });
    let denied = app.identity.tokens().for_user(&alice(), &Scopes::parse(READ)).await.err();
    assert!(matches!(denied, Some(AcquireError::InteractionRequired { .. })), "{denied:?}");
    let rows: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM access_tokens").fetch_one(app.identity.db()).await.unwrap();
    assert_eq!(rows, 0);
}

/// Abuse case 49: neither another customer's token, nor one for other scopes.
#[tokio::test]
async fn a_token_is_never_served_to_another_customer_or_for_other_scopes() {
    let app = TestApp::start().await;
    app.sign_in_as(&mut Browser::default(), json!({})).await;
    let bob: UserKey = serde_json::from_value(json!(format!("{TENANT}.{BOB}"))).unwrap();
    assert!(app.identity.tokens().for_user(&bob, &Scopes::parse(READ)).await.is_err());
    // A row moved to another customer does not open.
    for table in ["UPDATE access_tokens SET customer = $1", "UPDATE refresh_tokens SET customer = $1"] {
        sqlx::query(table).bind(bob.as_str()).execute(app.identity.db()).await.unwrap();
    }
    assert!(app.identity.tokens().for_user(&bob, &Scopes::parse(READ)).await.is_err());
    assert_eq!(app.token.count(), 1);
}

/// Abuse case 25.
#[tokio::test]
async fn the_same_email_with_another_subject_is_another_customer() {
    let app = TestApp::start().await;
    app.sign_in_as(&mut Browser::default(), json!({})).await;
    app.sign_in_as(&mut Browser::default(), json!({"oid": BOB, "sub": "another"})).await;
    let customers: i64 =
        sqlx::query_scalar("SELECT COUNT(DISTINCT customer) FROM sessions").fetch_one(app.identity.db()).await.unwrap();
    assert_eq!(customers, 2);
}

/// Abuse case 39, the database's part.
#[tokio::test]
async fn no_token_is_readable_in_the_database() {
    let app = TestApp::start().await;
    app.sign_in_as(&mut Browser::default(), json!({})).await;
    app.identity.db().close().await;
    if !app.database_url.starts_with("sqlite:") {
        // A server's files are elsewhere; what is written is the same.
        return;
    }
    let mut scanned = 0;
    for file in std::fs::read_dir(app.folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        scanned += bytes.len();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("refresh-1") && !text.contains(JWT), "a token lies in the database");
    }
    assert!(scanned > 10_000);
}

/// A renewal that lost against a sign-in elsewhere uses what that one brought.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_on_another_device_during_a_renewal_signs_nobody_out() {
    let app = TestApp::start().await;
    app.sign_in_as(&mut Browser::default(), json!({})).await;
    app.clock.advance(Duration::hours(2));
    let identity = app.identity.clone();
    app.token.replies(move |_| {
        let elsewhere = serde_json::from_value(json!({
            "token_type": "Bearer", "expires_in": 3600, "scope": READ, "access_token": "elsewhere",
            "refresh_token": "refresh-of-the-other-device",
        }))
        .unwrap();
        tokio::task::block_in_place(|| {
            let alice = alice();
            let remember =
                identity.tokens().remember(&alice, "pairwise-for-the-web", &elsewhere, identity.initial_scopes());
            tokio::runtime::Handle::current().block_on(remember).unwrap();
        });
        (StatusCode::BAD_REQUEST, json!({"error": "invalid_grant"}))
    });
    let token = app.identity.tokens().for_user(&alice(), &Scopes::parse(READ)).await.expect("a token");
    assert_eq!(token.authorization_header().to_str().unwrap(), "Bearer elsewhere");
    assert_eq!(app.token.count(), 2, "the sign-in and one renewal");
}

/// Abuse case 90, the leases' part.
#[tokio::test]
async fn a_lease_from_before_the_clock_was_set_back_blocks_nobody() {
    let app = TestApp::start().await;
    app.sign_in_as(&mut Browser::default(), json!({})).await;
    app.clock.advance(Duration::hours(2));
    sqlx::query("UPDATE refresh_tokens SET lease = 'gone', lease_until = $1")
        .bind(app.clock.unix_millis() + 3_600_000)
        .execute(app.identity.db())
        .await
        .unwrap();
    app.token.rotates(json!({}));
    assert!(app.identity.tokens().for_user(&alice(), &Scopes::parse(READ)).await.is_ok());
}

#[tokio::test]
async fn tokens_sealed_under_a_key_that_is_gone_ask_for_sign_in_at_once() {
    let app = TestApp::start().await;
    app.sign_in_as(&mut Browser::default(), json!({})).await;
    let key = KeyRing::generate();
    let other = app.replica(&[&key]).await;
    let denied = other.tokens().for_user(&alice(), &Scopes::parse(READ)).await.err();
    assert!(matches!(denied, Some(AcquireError::InteractionRequired { .. })), "{denied:?}");
    assert_eq!(app.token.count(), 1, "nothing was presented to the provider");
}
