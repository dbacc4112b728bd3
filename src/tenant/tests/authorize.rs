//! The authorization endpoint.

use super::*;

#[tokio::test]
async fn a_nonce_that_cannot_be_kept_is_refused() {
    let t = TestTenant::start().await;
    for nonce in ["a\0b", "a\nb", &"x".repeat(513)] {
        let answer = t.authorize(&[("nonce", nonce)], "").await;
        assert_eq!(answer.answered()["error"], "invalid_request");
    }
}

#[tokio::test]
async fn a_state_or_login_hint_that_is_too_long_is_refused() {
    let t = TestTenant::start().await;
    for (name, longest) in [("state", 2048), ("login_hint", 254)] {
        assert!(is_sign_in_page(&t.authorize(&[(name, &"x".repeat(longest))], "").await), "{name}");
        let answered = t.authorize(&[(name, &"x".repeat(longest + 1))], "").await.answered();
        assert_eq!(answered["error"], "invalid_request", "{name}");
        assert!(answered["error_description"].contains(name), "{answered:?}");
    }
}

/// Whoever asks and never signs in costs nothing.
#[tokio::test]
async fn authorization_requests_of_strangers_are_carried_by_them_and_leave_no_rows() {
    let t = TestTenant::start().await;
    for n in 0..100 {
        let state = format!("{n}{}", "\u{1}".repeat(2000));
        let begun = t.authorize(&[("state", &state), ("login_hint", "a@example.com")], "").await;
        let path = begun.location().expect("a page").path().to_owned();
        let cookies: Vec<_> =
            begun.headers.get_all(header::SET_COOKIE).iter().map(|c| c.to_str().expect("ASCII")).collect();
        assert!(cookies.iter().all(|cookie| cookie.len() < 4096) && cookies.len() > 1, "browsers take them");
        assert!(cookies.iter().all(|cookie| !cookie.contains("example.com")), "sealed");
        let pairs: Vec<_> = cookies.iter().map(|cookie| cookie.split(';').next().expect("a pair")).collect();
        let sent = pairs.join("; ");
        assert_eq!(t.get(&path, &sent).await.status, StatusCode::OK);
        assert_eq!(t.get(&path, pairs[0]).await.status, StatusCode::BAD_REQUEST, "a part is missing");
        let cancel = path.replace("/sign-in", "/cancel");
        let cancelled = t.post(&cancel, &[(header::COOKIE, &sent)], &[]).await;
        assert_eq!(cancelled.answered()["state"], state);
    }
    let rows = ["ended_interactions", "flow_steps", "sso_sessions", "grants", "authorization_codes", "mailbox"];
    for table in rows {
        let count = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let left: i64 = sqlx::query_scalar(count).fetch_one(t.tenant.db()).await.expect("SQL");
        assert_eq!(left, 0, "{table}");
    }
}

#[tokio::test]
async fn redirect_uri_that_differs_in_case_port_or_path_is_never_redirected_to() {
    let t = TestTenant::start().await;
    for uri in [
        "http://localhost:3000/auth/Callback",
        "http://LOCALHOST:3000/auth/callback",
        "https://localhost:3000/auth/callback",
        "https://localhost/auth/callback",
        "http://127.0.0.1:3000/auth/callback",
        "http://localhost:3001/auth/Callback",
        "http://localhost:+3001/auth/callback",
        "http://localhost:70000/auth/callback",
        "http://localhost:/auth/callback",
        "http://localhost:3000@evil.example/auth/callback",
        "http://localhost.evil.example:3000/auth/callback",
        "http://localhost:3000/auth/callback/",
        "http://localhost:3000/auth/callback/../evil",
        "http://localhost:3000/auth/callback?x=1",
        "http://localhost:3000/auth/callback#x",
        "http://localhost:3000/auth",
        "http://localhost:3000/auth/callback@evil.example",
        "http://evil.example",
        "javascript:alert(1)",
        "",
    ] {
        let answer = t.authorize(&[("redirect_uri", uri)], "").await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{uri}");
        assert!(answer.location().is_none(), "{uri}");
        assert!(answer.header(header::CONTENT_TYPE).starts_with("text/html"), "{uri}");
    }
    for client in ["", "00000000-0000-0000-0000-000000000000", "<script>alert(1)</script>"] {
        let answer = t.authorize(&[("client_id", client)], "").await;
        assert_eq!((answer.status, answer.location()), (StatusCode::BAD_REQUEST, None), "{client}");
        assert!(!answer.text().contains("<script>alert"), "escaped");
    }
    let mut twice = request(&[]);
    twice.push(("redirect_uri".to_owned(), CALLBACK.to_owned()));
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(twice).finish();
    let answer = t.get(&format!("/{TENANT}/oauth2/v2.0/authorize?{query}"), "").await;
    assert_eq!((answer.status, answer.location()), (StatusCode::BAD_REQUEST, None));
}

#[tokio::test]
async fn a_faulty_authorization_request_is_told_to_the_app_with_its_state() {
    let t = TestTenant::start().await;
    let unknown_scope = format!("openid api://{API}/ToDoList.Nothing");
    let not_granted = format!("openid api://{API}/ToDoList.Admin");
    for (change, error, code) in [
        (("response_type", ""), "invalid_request", 900_144),
        (("response_type", "token"), "unsupported_response_type", 700_051),
        (("response_type", "code id_token"), "unsupported_response_type", 700_051),
        (("response_mode", "fragment"), "invalid_request", 70_007),
        // The method is there still: an app that believes itself protected.
        (("code_challenge", ""), "invalid_request", 9_002_325),
        (("code_challenge", "short"), "invalid_request", 50_147),
        (("code_challenge_method", ""), "invalid_request", 501_481),
        (("code_challenge_method", "plain"), "invalid_request", 501_481),
        (("scope", ""), "invalid_request", 900_144),
        (("scope", "openid User.Reed"), "invalid_scope", 70_011),
        (("scope", &unknown_scope), "invalid_scope", 70_011),
        (("scope", "openid api://unknown/x"), "invalid_resource", 500_011),
        (("scope", &not_granted), "consent_required", 65_001),
        (("prompt", "none login"), "invalid_request", 90_023),
        (("prompt", "dance"), "invalid_request", 90_023),
        (("prompt", "none"), "login_required", 50_058),
        (("max_age", "-1"), "invalid_request", 90_023),
        (("id_token_hint", "e30.e30.x"), "invalid_request", 50_027),
        (("request", "e30.e30."), "request_not_supported", 9_002_313),
    ] {
        let answered = t.authorize(&[change], "").await.answered();
        assert_eq!(answered["error"], error, "{change:?}");
        assert!(answered["error_description"].starts_with(&format!("AADSTS{code}: ")), "{change:?} {answered:?}");
        assert_eq!(answered["state"], "the state/&=", "{change:?}");
        assert_eq!(answered["iss"], t.tenant.issuer(), "{change:?}");
        assert!(!answered.contains_key("code"), "{change:?}");
    }
}

#[tokio::test]
async fn a_repeated_parameter_is_refused_and_an_unknown_one_ignored() {
    let t = TestTenant::start().await;
    for name in ["state", "nonce", "scope", "code_challenge", "something"] {
        let mut twice = request(&[("something", "x")]);
        twice.push((name.to_owned(), "again".to_owned()));
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(twice).finish();
        let answer = t.get(&format!("/{TENANT}/oauth2/v2.0/authorize?{query}"), "").await;
        assert_eq!(answer.answered()["error"], "invalid_request", "{name}");
    }
    let unknown = [("extra", "foobar"), ("acr_values", "1 2"), ("ui_locales", "se"), ("claims_locales", "se")];
    assert!(is_sign_in_page(&t.authorize(&unknown, "").await));
}

#[tokio::test]
async fn an_authorization_request_may_be_posted_and_is_answered_with_303() {
    let t = TestTenant::start().await;
    let fields = request(&[]);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let path = format!("/{TENANT}/oauth2/v2.0/authorize");
    let answer = t.post(&path, &[(header::ORIGIN, "https://app.example")], &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert!(is_sign_in_page(&answer));
}

#[tokio::test]
async fn form_post_answers_with_a_form_that_escapes_what_it_carries() {
    let t = TestTenant::start().await;
    let changes = [("response_mode", "form_post"), ("state", "\"><script>alert(1)</script>")];
    let begun = t.authorize(&changes, "").await;
    let finished = t.finish(&begun, ALICE).await;
    assert_eq!(finished.status, StatusCode::OK);
    let csp = finished.header(header::CONTENT_SECURITY_POLICY);
    assert!(csp.contains("form-action http://localhost:3000;") && csp.contains("script-src 'nonce-"), "{csp}");
    assert!(!finished.text().contains("<script>alert"), "{}", finished.text());
    assert!(finished.text().contains(r#"name="code""#) && finished.text().contains(r#"name="iss""#));
    let refused = t.authorize(&[("response_mode", "form_post"), ("prompt", "none")], "").await;
    assert!(refused.location().is_none() && refused.text().contains(r#"value="login_required""#), "errors as well");
}

#[tokio::test]
async fn a_session_answers_at_once_unless_the_request_wants_the_user() {
    let t = TestTenant::start().await;
    let (code, session) = t.sign_in(ALICE, &[]).await;
    let id_token = t.redeem(&code, &[]).await.json()["id_token"].as_str().expect("a token").to_owned();
    let (code, _) = t.sign_in(BOB, &[]).await;
    let bobs = t.redeem(&code, &[]).await.json()["id_token"].as_str().expect("a token").to_owned();
    t.clock.advance(Duration::seconds(10));
    let expired_hint = id_token.as_str();
    for changes in [
        &[][..],
        &[("prompt", "none")],
        &[("max_age", "10000")],
        &[("prompt", "consent")],
        &[("login_hint", "Alice@example.com"), ("prompt", "none")],
        &[("id_token_hint", expired_hint), ("prompt", "none")],
    ] {
        let answered = t.authorize(changes, &session).await.answered();
        assert!(answered.contains_key("code"), "{changes:?} {answered:?}");
    }
    for changes in [
        &[("prompt", "login")][..],
        &[("prompt", "select_account")],
        &[("prompt", "create")],
        &[("max_age", "0")],
        &[("max_age", "1")],
        &[("login_hint", "bob@example.com")],
        &[("id_token_hint", bobs.as_str())],
    ] {
        assert!(is_sign_in_page(&t.authorize(changes, &session).await), "{changes:?}");
    }
    for changes in [&[("max_age", "1")][..], &[("login_hint", "bob@example.com")], &[("id_token_hint", bobs.as_str())]]
    {
        let changes = [changes, &[("prompt", "none")]].concat();
        assert_eq!(t.authorize(&changes, &session).await.answered()["error"], "login_required", "{changes:?}");
    }
    assert_eq!(
        t.authorize(&[("prompt", "none")], "errand_tenant_session=forged").await.answered()["error"],
        "login_required"
    );
    t.clock.advance(Duration::hours(25));
    assert!(is_sign_in_page(&t.authorize(&[], &session).await), "idle for a day");
}

#[tokio::test]
async fn prompt_create_begins_with_sign_up_where_the_flow_has_one() {
    let t = TestTenant::start().await;
    let begun = t.authorize(&[("prompt", "create")], "").await;
    assert!(begun.location().expect("a redirect").path().ends_with("/sign-up"));
    let changes = [("prompt", "create"), ("client_id", OTHER_WEB), ("scope", "openid")];
    assert_eq!(t.authorize(&changes, "").await.answered()["error"], "invalid_request");
}

#[tokio::test]
async fn nobody_but_the_user_of_the_id_token_hint_is_signed_in() {
    let t = TestTenant::start().await;
    let (code, _) = t.sign_in(ALICE, &[]).await;
    let hint = t.redeem(&code, &[]).await.json()["id_token"].as_str().expect("a token").to_owned();
    let begun = t.authorize(&[("id_token_hint", &hint)], "").await;
    let answered = t.finish(&begun, BOB).await.answered();
    assert_eq!(answered["error"], "login_required");
}
