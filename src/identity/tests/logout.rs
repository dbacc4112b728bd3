//! Sign-out, and logouts that the provider reports.

use super::conformance::logout_is_refused;
use super::*;

#[tokio::test]
async fn signing_out_ends_the_session_here_drops_the_tokens_and_goes_on_to_the_provider() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.sign_in_as(&mut browser, json!({"login_hint": "opaque"})).await;
    let mut stolen = browser.clone();
    let page = app.send(&mut browser, "POST", "/auth/sign-out").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let parameters = page.parameters();
    assert_eq!(parameters["post_logout_redirect_uri"], "http://localhost:3000/auth/signed-out");
    assert_eq!(parameters["logout_hint"], "opaque");
    assert!(!page.location().contains(JWT), "no token in an address");
    assert_eq!(app.whoami(&mut stolen).await, "nobody");
    let read = Scopes::parse(READ);
    let denied = app.identity.tokens().for_user(&alice(), &read).await.err();
    assert!(matches!(denied, Some(AcquireError::InteractionRequired { .. })), "{denied:?}");
}

#[tokio::test]
async fn signing_out_works_while_the_provider_is_down() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.sign_in_as(&mut browser, json!({})).await;
    app.provider.answer_with(StatusCode::BAD_GATEWAY);
    app.clock.advance(Duration::days(3));
    assert_eq!(app.send(&mut browser, "POST", "/auth/sign-out").await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.whoami(&mut browser).await, "nobody");
}

/// A link or an image must not sign anybody out.
#[tokio::test]
async fn sign_out_by_get_is_refused() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.sign_in_as(&mut browser, json!({})).await;
    assert_eq!(app.get(&mut browser, "/auth/sign-out").await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(app.whoami(&mut browser).await, "Alice");
}

/// A name that nobody's session has costs no transaction that writes.
#[tokio::test]
async fn a_logout_of_a_made_up_session_writes_nothing() {
    let app = TestApp::start().await;
    app.sign_in_as(&mut Browser::default(), json!({})).await;
    // Whoever writes waits for this one.
    let mut writing = app.identity.db().begin().await.unwrap();
    sqlx::query("DELETE FROM used_states").execute(&mut *writing).await.unwrap();
    let began = std::time::Instant::now();
    let mut visitor = Browser(HashMap::from([("errand".to_owned(), "A".repeat(22))]));
    let page = app.get(&mut visitor, "/auth/front-channel-logout?sid=made-up").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(app.send(&mut visitor, "POST", "/auth/sign-out").await.location(), "/");
    assert!(began.elapsed() < std::time::Duration::from_secs(2), "{:?}", began.elapsed());
    writing.rollback().await.unwrap();
}

/// Abuse case 50: one check at a time. The first token of the table is good; the others differ from it in one thing.
#[tokio::test]
async fn a_logout_token_with_one_thing_wrong_is_refused_and_the_session_kept() {
    let app = TestApp::at_whole_provider().await;
    let now = app.clock.unix_seconds();
    for (header, changes, expected) in [
        (json!({"typ": "at+jwt"}), json!({}), "`typ`"),
        (json!({"kid": "unknown"}), json!({}), "key"),
        (json!({"crit": ["x"]}), json!({}), "critical"),
        (json!({}), json!({"iss": null}), "`iss`"),
        (json!({}), json!({"aud": null}), "`aud`"),
        (json!({}), json!({"exp": null}), "expires"),
        (json!({}), json!({"exp": now - 61}), "expired"),
        (json!({}), json!({"iat": null}), "`iat` is missing"),
        (json!({}), json!({"iat": now + 61}), "future"),
        (json!({}), json!({"iat": now - 661}), "too long ago"),
        (json!({}), json!({"sub": null, "sid": null}), "neither"),
        (json!({}), json!({"sid": 7}), "short text"),
        (json!({}), json!({"sub": "x".repeat(256)}), "short text"),
        (json!({}), json!({"events": []}), "`events`"),
        (json!({}), json!({"events": {}}), "does not name"),
        (json!({}), json!({"nonce": ""}), "`nonce`"),
        (json!({}), json!({"jti": null}), "`jti`"),
    ] {
        logout_is_refused(&app, &app.provider.logout_token(&header, changes), expected).await;
    }
    // The other tokens that the provider signs, and no token at all.
    logout_is_refused(&app, &app.provider.id_token("n", json!({})), "").await;
    logout_is_refused(&app, &app.provider.access_token(json!({})), "`aud`").await;
    logout_is_refused(&app, "", "").await;
    logout_is_refused(&app, "a.b.c&logout_token=a.b.c", "exactly one").await;
}

#[tokio::test]
async fn a_refused_logout_token_is_told_what_was_found_and_what_was_expected() {
    let app = TestApp::at_whole_provider().await;
    let now = app.clock.unix_seconds();
    for (header, changes, found) in [
        (json!({"kid": "unknown"}), json!({}), "kid=\"unknown\"".to_owned()),
        (json!({"alg": "HS256"}), json!({}), "alg=\"HS256\"".to_owned()),
        (json!({}), json!({"exp": now - 61}), format!("`exp` is {}", now - 61)),
        (json!({}), json!({"exp": now - 61}), format!("it is {now} here")),
        (json!({}), json!({"iat": now - 661}), format!("`iat` is {}", now - 661)),
        (json!({}), json!({"iss": "https://evil.example"}), "\"https://evil.example\"".to_owned()),
        (json!({}), json!({"iss": "https://evil.example"}), app.provider.issuer()),
    ] {
        logout_is_refused(&app, &app.provider.logout_token(&header, changes), &found).await;
    }
}

/// Some providers put an audience of their own into logout tokens, too.
#[tokio::test]
async fn a_logout_token_may_be_for_further_audiences_where_configuration_trusts_them() {
    let app = TestApp::configured(json!({"trusted_audiences": ["project"]})).await;
    for (audiences, accepted) in [
        (json!([WEB, "project"]), true),
        (json!(["project", WEB]), true),
        (json!(WEB), true),
        (json!("project"), false),
        (json!(["project"]), false),
        (json!([WEB, "project", "another"]), false),
        (json!([WEB, WEB]), false),
    ] {
        let mut browser = app.signed_in().await;
        let token = app.provider.logout_token(&json!({}), json!({ "aud": audiences }));
        let status = app.logout_by_back_channel(&token).await.status;
        assert_eq!(status, if accepted { StatusCode::OK } else { StatusCode::BAD_REQUEST }, "{audiences}");
        assert_eq!(app.whoami(&mut browser).await == "nobody", accepted, "{audiences}");
    }
    let app = TestApp::at_whole_provider().await;
    let token = app.provider.logout_token(&json!({}), json!({"aud": [WEB, "project"]}));
    assert_eq!(app.logout_by_back_channel(&token).await.status, StatusCode::BAD_REQUEST, "not unless it is trusted");
}

/// Abuse case 50, the token's second use, and its use on another web server.
#[tokio::test]
async fn a_logout_token_is_good_once() {
    let app = TestApp::at_whole_provider().await;
    app.signed_in().await;
    let token = app.provider.logout_token(&json!({}), json!({}));
    assert_eq!(app.logout_by_back_channel(&token).await.status, StatusCode::OK);
    logout_is_refused(&app, &token, "used before").await;
    // Remembered for as long as it would be accepted otherwise, and not longer.
    app.clock.advance(Duration::minutes(3));
    crate::identity::sign_in::sweep(&app.identity).await.unwrap();
    logout_is_refused(&app, &token, "").await;
    app.clock.advance(Duration::hours(1));
    crate::identity::sign_in::sweep(&app.identity).await.unwrap();
    let remembered: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM logout_tokens").fetch_one(app.identity.db()).await.unwrap();
    assert_eq!(remembered, 0);
    logout_is_refused(&app, &token, "expired").await;
}

/// Abuse case 51.
#[tokio::test]
async fn a_logout_ends_exactly_the_sessions_that_it_names() {
    for (named, first_ends, second_ends) in [
        (json!({"sid": "first"}), true, false),
        (json!({"sid": "first", "sub": null}), true, false),
        (json!({"sid": null}), true, true),
        (json!({"sid": "first", "sub": "another"}), false, false),
        (json!({"sid": "unknown"}), false, false),
        (json!({"sid": null, "sub": "another"}), false, false),
    ] {
        let app = TestApp::at_whole_provider().await;
        let sign_in = async |sid: &str| {
            app.provider.lie(Lies { claims: json!({ "sid": sid }), ..Lies::default() });
            app.signed_in().await
        };
        let (mut first, mut second) = (sign_in("first").await, sign_in("second").await);
        app.provider.lie(Lies {
            claims: json!({"sid": "third", "sub": "bob's", "oid": BOB, "name": "Bob"}),
            ..Lies::default()
        });
        let mut bob = Browser::default();
        app.sign_in(&mut bob).await;
        let token = app.provider.logout_token(&json!({}), named.clone());
        assert_eq!(app.logout_by_back_channel(&token).await.status, StatusCode::OK);
        let expected = |ends| if ends { "nobody" } else { "Alice" };
        assert_eq!(app.whoami(&mut first).await, expected(first_ends), "{named}");
        assert_eq!(app.whoami(&mut second).await, expected(second_ends), "{named}");
        assert_eq!(app.whoami(&mut bob).await, "Bob", "{named}");
        // Tokens belong to the customer, not to the session.
        assert_eq!(app.has_tokens().await, !(first_ends && second_ends), "{named}");
    }
}

/// The provider's server is another site, and sends no Fetch Metadata that would say otherwise.
#[tokio::test]
async fn a_back_channel_logout_passes_the_protection_against_other_sites_and_sets_no_cookie() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
    let token = app.provider.logout_token(&json!({}), json!({}));
    let request = Request::post("/auth/back-channel-logout")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8")
        .header("sec-fetch-site", "cross-site")
        .header(header::ORIGIN, "https://id.example");
    let page = send(&app.router, &mut Browser::default(), request, format!("logout_token={token}&more=1")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.set_cookies(), [] as [std::string::String; 0]);
    assert_eq!(app.whoami(&mut browser).await, "nobody");
}

/// An outage is not the token's fault: the same token works when it is over.
#[tokio::test]
async fn a_logout_that_could_not_be_carried_out_can_be_sent_again() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
    let token = app.provider.logout_token(&json!({}), json!({}));
    // Also when the session could end, but the tokens could not be dropped.
    for table in ["sessions", "refresh_tokens"] {
        let away = format!("{table}_away");
        app.rename(table, &away).await;
        let page = app.logout_by_back_channel(&token).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{table}");
        let error: Value = serde_json::from_str(&page.body).expect("JSON");
        assert_eq!(error["error"], "temporarily_unavailable");
        app.rename(&away, table).await;
        assert_eq!(app.whoami(&mut browser).await, "Alice", "{table}");
    }
    assert_eq!(app.logout_by_back_channel(&token).await.status, StatusCode::OK);
    assert_eq!(app.whoami(&mut browser).await, "nobody");
    assert!(!app.has_tokens().await);
}

#[tokio::test]
async fn a_sign_out_that_could_not_drop_the_tokens_keeps_the_session_for_another_try() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
    app.rename("refresh_tokens", "away").await;
    assert_eq!(app.post(&mut browser, "/auth/sign-out", "").await.location(), "/problem?reason=unavailable");
    app.rename("away", "refresh_tokens").await;
    assert_eq!(app.whoami(&mut browser).await, "Alice");
    app.post(&mut browser, "/auth/sign-out", "").await;
    assert_eq!(app.whoami(&mut browser).await, "nobody");
    assert!(!app.has_tokens().await);
}

/// Abuse case 52.
#[tokio::test]
async fn a_forged_front_channel_logout_changes_nothing() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
    let issuer: String = url::form_urlencoded::byte_serialize(app.provider.issuer().as_bytes()).collect();
    for (query, status) in [
        (String::new(), StatusCode::BAD_REQUEST),
        (format!("iss={issuer}"), StatusCode::BAD_REQUEST),
        (format!("iss={issuer}&sid="), StatusCode::BAD_REQUEST),
        (format!("iss={issuer}&sid={}", "x".repeat(256)), StatusCode::BAD_REQUEST),
        (format!("iss={issuer}&sid=session&sid=other"), StatusCode::BAD_REQUEST),
        ("iss=https%3A%2F%2Fevil.example&sid=session".to_owned(), StatusCode::BAD_REQUEST),
        ("iss=&sid=session".to_owned(), StatusCode::BAD_REQUEST),
        // Nobody has this session: no error that would tell which ones exist.
        (format!("iss={issuer}&sid=guessed"), StatusCode::OK),
        (format!("iss={issuer}&sid=%25"), StatusCode::OK),
    ] {
        // In the customer's own browser, cookies and all.
        let page = app.get(&mut browser, &format!("/auth/front-channel-logout?{query}")).await;
        assert_eq!(page.status, status, "{query}");
        assert_eq!(app.whoami(&mut browser).await, "Alice", "{query}");
    }
    assert!(app.has_tokens().await);
}

/// Entra sends `sid` alone.
#[tokio::test]
async fn a_front_channel_logout_without_an_issuer_ends_the_session_it_names() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
    assert_eq!(app.get(&mut Browser::default(), "/auth/front-channel-logout?sid=session").await.status, 200);
    assert_eq!(app.whoami(&mut browser).await, "nobody");
}

/// Abuse case 53, the relying party's half: the address that the provider is asked to send the customer back to is the
/// registered one, whatever the request says; and nothing that comes back leads anywhere else.
#[tokio::test]
async fn sign_out_leads_back_to_the_registered_address_and_nowhere_else() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
    let form = "post_logout_redirect_uri=https%3A%2F%2Fevil.example&return_to=https%3A%2F%2Fevil.example";
    let page = app.post(&mut browser, "/auth/sign-out?return_to=//evil.example", form).await;
    let asked = page.parameters();
    assert_eq!(asked["post_logout_redirect_uri"], "http://localhost:3000/auth/signed-out");
    assert!(!page.location().contains("evil"));
    let back = format!("/auth/signed-out?state={}&return_to=//evil.example", asked["state"]);
    assert_eq!(app.get(&mut browser, &back).await.location(), "/");
}

#[tokio::test]
async fn the_state_of_a_sign_out_counts_in_its_own_browser_once_and_for_ten_minutes() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
    let state = app.post(&mut browser, "/auth/sign-out", "").await.parameters()["state"].clone();
    let back = format!("/auth/signed-out?state={state}");
    // Another browser has no sign-out on its way: nothing happens.
    assert_eq!(app.get(&mut Browser::default(), &back).await.location(), "/");
    let repeated = format!("{back}&state={state}");
    assert_eq!(app.get(&mut browser.clone(), &repeated).await.location(), "/problem?reason=sign-out");
    app.clock.advance(Duration::minutes(10));
    assert_eq!(app.get(&mut browser, &back).await.location(), "/problem?reason=sign-out");
    assert_eq!(app.get(&mut browser, &back).await.location(), "/");
}

#[tokio::test]
async fn the_id_token_is_kept_sealed_and_shown_at_sign_out_only_where_configuration_says_so() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
    assert!(!app.post(&mut browser, "/auth/sign-out", "").await.location().contains(JWT));

    let app = TestApp::configured(json!({"send_id_token_hint": true})).await;
    let mut browser = app.signed_in().await;
    let data: String = sqlx::query_scalar("SELECT data FROM sessions").fetch_one(app.identity.db()).await.unwrap();
    assert!(data.contains("id_token") && !data.contains(JWT), "sealed");
    let asked = app.post(&mut browser, "/auth/sign-out", "").await.parameters();
    let claims = crate::identity::jwt::parse(&asked["id_token_hint"]).map(|_| ());
    assert_eq!(claims, Ok(()));
    assert!(!asked.contains_key("logout_hint"));
}
