//! Where Entra is more lenient than the RFCs advise, and Microsoft's libraries rely on it: so is the tenant, unless its
//! configuration is strict.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

fn words(text: &Value) -> Vec<&str> {
    let mut words: Vec<_> = text.as_str().expect("text").split(' ').collect();
    words.sort_unstable();
    words
}

fn refresh_token(tokens: &Value) -> String {
    tokens["refresh_token"].as_str().expect("a refresh token").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn overlapping_refreshes_all_get_tokens_and_end_nothing() {
    let t = TestTenant::start().await;
    let first = refresh_token(&t.tokens(ALICE, &[]).await);
    let overlapping = futures::future::join_all((0..20).map(|_| t.refresh(&first, READ))).await;
    for answer in &overlapping {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        let next = refresh_token(&answer.json());
        assert_ne!(next, first, "an answer brings another");
        assert_eq!(t.refresh(&next, "").await.status, StatusCode::OK);
    }
    t.clock.advance(Duration::days(89));
    assert_eq!(t.refresh(&first, "").await.status, StatusCode::OK, "the old one stays good");
    t.clock.advance(Duration::days(2));
    let expired = t.refresh(&first, "").await;
    assert_eq!(expired.error(), (400, "invalid_grant".to_owned(), 700_082), "until it expires");
}

#[tokio::test]
async fn a_refresh_token_that_is_used_again_is_worth_nothing_when_its_grant_is_not() {
    let t = TestTenant::start().await;
    let first = refresh_token(&t.tokens(ALICE, &[]).await);
    let second = refresh_token(&t.refresh(&first, "").await.json());
    sqlx::query("UPDATE grants SET revoked_at = 1").execute(t.tenant.db()).await.expect("SQL");
    for token in [&first, &second] {
        assert_eq!(t.refresh(token, "").await.error(), (400, "invalid_grant".to_owned(), 50_173));
    }
}

#[tokio::test]
async fn where_reuse_revokes_overlaps_within_the_window_are_forgiven_and_later_ones_are_not() {
    let t = TestTenant::start_with(|config| {
        revoke_reused(config);
        config.refresh_token_reuse_window = 10;
    })
    .await;
    let first = refresh_token(&t.tokens(ALICE, &[]).await);
    let mut newest = String::new();
    for seconds in [0, 5, 5] {
        t.clock.advance(Duration::seconds(seconds));
        let answer = t.refresh(&first, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        newest = refresh_token(&answer.json());
    }
    t.clock.advance(Duration::seconds(1));
    assert_eq!(t.refresh(&first, "").await.error().1, "invalid_grant", "counted from its first use");
    assert_eq!(t.refresh(&newest, "").await.error().1, "invalid_grant", "its family is revoked");
}

#[tokio::test]
async fn a_dead_refresh_token_is_called_bad_and_anothers_a_mismatch() {
    let t = TestTenant::start().await;
    let mine = || async { refresh_token(&t.tokens(ALICE, &[]).await) };
    assert_eq!(t.refresh("never issued", "").await.json()["suberror"], "bad_token");

    let token = mine().await;
    let stranger = [("client_id", OTHER_WEB), ("client_secret", "other"), ("grant_type", "refresh_token")];
    let refused = t.token(&[&stranger[..], &[("refresh_token", &token)]].concat()).await;
    assert_eq!((refused.error().1.as_str(), &refused.json()["suberror"]), ("invalid_grant", &"client_mismatch".into()));

    sso::end_sessions_of(&t.tenant, ALICE).await;
    assert_eq!(t.refresh(&token, "").await.json()["suberror"], "bad_token", "revoked");

    let token = mine().await;
    t.clock.advance(Duration::days(91));
    assert_eq!(t.refresh(&token, "").await.json()["suberror"], "bad_token", "expired");

    for statement in ["UPDATE users SET password_changed_at = $1", "UPDATE users SET disabled = $1"] {
        let token = mine().await;
        t.clock.advance(Duration::seconds(1));
        sqlx::query(statement).bind(t.clock.unix_millis()).execute(t.tenant.db()).await.expect("SQL");
        assert_eq!(t.refresh(&token, "").await.json()["suberror"], "bad_token", "{statement}");
    }
}

/// Microsoft's libraries find their tokens again by the words of the answer.
#[tokio::test]
async fn scopes_are_answered_as_they_were_asked_for_in_their_registered_case() {
    let t = TestTenant::start().await;
    let (read, write) = ("ToDoList.Read", "ToDoList.ReadWrite");
    for (asked, answered, scp) in [
        (format!("api://{API}/{read}"), format!("api://{API}/{read}"), read.to_owned()),
        (format!("API://{}/todolist.READ", API.to_uppercase()), format!("api://{API}/{read}"), read.to_owned()),
        (format!("{API}/{read}"), format!("{API}/{read}"), read.to_owned()),
        (format!("{}/todolist.read", API.to_uppercase()), format!("{API}/{read}"), read.to_owned()),
        (
            format!("api://{API}/{read} {API}/{write}"),
            format!("api://{API}/{read} {API}/{write}"),
            format!("{read} {write}"),
        ),
        (
            format!("api://{API}/.default"),
            format!("api://{API}/{read} api://{API}/{write} api://{API}/.default"),
            format!("{read} {write}"),
        ),
        (format!("{API}/.Default"), format!("{API}/{read} {API}/{write} {API}/.default"), format!("{read} {write}")),
        (
            "User.Read".to_owned(),
            "User.Read openid profile email".to_owned(),
            "openid profile email User.Read".to_owned(),
        ),
        (
            "user.read".to_owned(),
            "User.Read openid profile email".to_owned(),
            "openid profile email User.Read".to_owned(),
        ),
        (PROFILE.to_owned(), format!("{PROFILE} openid profile email"), "openid profile email User.Read".to_owned()),
        (OTHER.to_owned(), OTHER.to_owned(), "Things.Read".to_owned()),
    ] {
        let everything = format!("OpenID profile EMAIL offline_access {asked}");
        let tokens = t.tokens(ALICE, &[("scope", &everything)]).await;
        assert_eq!(
            words(&tokens["scope"]),
            words(&answered.as_str().into()),
            "{asked}: without a scope at the token endpoint"
        );
        let scp = Value::from(scp);
        assert_eq!(words(&t.claims(&tokens["access_token"]).await["scp"]), words(&scp), "{asked}");
        let again = t.refresh(&refresh_token(&tokens), &everything).await;
        assert_eq!(again.status, StatusCode::OK, "{asked}: {}", again.text());
        assert_eq!(words(&again.json()["scope"]), words(&answered.as_str().into()), "{asked}: at refresh");
        assert_eq!(words(&t.claims(&again.json()["access_token"]).await["scp"]), words(&scp), "{asked}");
    }
}

#[tokio::test]
async fn who_the_user_is_is_told_to_libraries_that_ask_by_client_info() {
    let t = TestTenant::start().await;
    let account = |text: &Value| -> Value {
        let bytes = URL_SAFE_NO_PAD.decode(text.as_str().expect("client_info")).expect("base64url");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    let alice = serde_json::json!({ "uid": ALICE, "utid": TENANT });
    let begun = t.authorize(&[("client_info", "1")], "").await;
    let answered = t.finish(&begun, ALICE).await.answered();
    assert_eq!(account(&answered["client_info"].as_str().into()), alice);

    let tokens = t.redeem(&answered["code"], &[("client_info", "1")]).await.json();
    assert_eq!(account(&tokens["client_info"]), alice);
    let claims = t.claims(&tokens["id_token"]).await;
    assert_eq!((&claims["oid"], &claims["tid"]), (&alice["uid"], &alice["utid"]));
    let refreshed = [("grant_type", "refresh_token"), ("refresh_token", &refresh_token(&tokens)), ("client_info", "1")];
    assert_eq!(account(&t.token(&refreshed).await.json()["client_info"]), alice);
    let assertion = tokens["access_token"].as_str().expect("a token");
    assert_eq!(account(&t.on_behalf_of(assertion, &[("client_info", "1")]).await.json()["client_info"]), alice);

    let (code, _) = t.sign_in(ALICE, &[]).await;
    assert!(t.redeem(&code, &[]).await.json().get("client_info").is_none(), "nobody asked");
    let begun = t.authorize(&[("client_info", "0")], "").await;
    assert!(!t.finish(&begun, ALICE).await.answered().contains_key("client_info"), "nobody asked");
}

#[tokio::test]
async fn a_confidential_client_may_do_without_pkce_but_not_half() {
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let t = TestTenant::start().await;
    let (code, _) = t.sign_in(ALICE, &without).await;
    assert_eq!(t.redeem(&code, &[("code_verifier", "")]).await.status, StatusCode::OK);

    let (code, _) = t.sign_in(ALICE, &without).await;
    let downgraded = t.redeem(&code, &[]).await;
    assert_eq!(downgraded.error(), (400, "invalid_grant".to_owned(), 501_481), "RFC 9700 §2.1.1");
    let (code, _) = t.sign_in(ALICE, &[]).await;
    assert_eq!(t.redeem(&code, &[("code_verifier", "")]).await.status, StatusCode::BAD_REQUEST, "a challenge was sent");

    let t = t.restart_with(|config| config.require_pkce = true).await;
    let answered = t.authorize(&without, "").await.answered();
    assert_eq!(answered["error"], "invalid_request");
    assert!(answered["error_description"].starts_with("AADSTS9002325: "), "{answered:?}");
}

#[tokio::test]
async fn the_port_of_a_localhost_redirect_uri_is_the_apps_to_choose() {
    let t = TestTenant::start().await;
    for uri in ["http://localhost:49152/auth/callback", "http://localhost/auth/callback"] {
        let begun = t.authorize(&[("redirect_uri", uri)], "").await;
        let finished = t.finish(&begun, ALICE).await;
        let location = finished.location().expect("a redirect");
        assert!(location.as_str().starts_with(&format!("{uri}?")), "{location}");
        let code = location.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
        assert_eq!(t.redeem(&code, &[("redirect_uri", uri)]).await.status, StatusCode::OK);

        let begun = t.authorize(&[("redirect_uri", uri)], "").await;
        let finished = t.finish(&begun, ALICE).await;
        let location = finished.location().expect("a redirect");
        let code = location.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
        assert_eq!(t.redeem(&code, &[]).await.error().2, 500_112, "the code is bound to the one that was used");
    }
    let path = format!("/{TENANT}/oauth2/v2.0/logout?post_logout_redirect_uri=http://localhost:49152/signed-out");
    let signed_out = t.get(&path, "").await;
    assert_eq!(signed_out.header(header::LOCATION), "http://localhost:49152/signed-out");

    let t = t.restart_with(|config| config.compare_localhost_ports = true).await;
    let refused = t.authorize(&[("redirect_uri", "http://localhost:49152/auth/callback")], "").await;
    assert_eq!((refused.status, refused.location()), (StatusCode::BAD_REQUEST, None));
    assert!(is_sign_in_page(&t.authorize(&[], "").await));
}

#[tokio::test]
async fn userinfo_says_that_a_token_is_another_apis() {
    let t = TestTenant::start().await;
    let tokens = t.tokens(ALICE, &[]).await;
    let refused = t.userinfo(tokens["access_token"].as_str().expect("a token")).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(
        refused.json()["error_description"].as_str().expect("text").contains("another API's"),
        "{}",
        refused.text()
    );
    assert!(refused.header(header::WWW_AUTHENTICATE).contains("another API's"));
    let garbage = t.userinfo("x.y.z").await;
    assert!(!garbage.text().contains("another API's"));
}

#[tokio::test]
async fn no_api_learns_the_name_of_the_session() {
    let t = TestTenant::start().await;
    let tokens = t.tokens(ALICE, &[]).await;
    assert!(t.claims(&tokens["id_token"]).await["sid"].is_string());
    let assertion = tokens["access_token"].as_str().expect("a token");
    assert!(t.claims(&tokens["access_token"]).await.get("sid").is_none());
    let behalf = t.on_behalf_of(assertion, &[]).await.json();
    assert!(t.claims(&behalf["access_token"]).await.get("sid").is_none());
}

#[tokio::test]
async fn an_api_goes_on_on_behalf_of_its_user_by_a_refresh_token_of_its_own() {
    let t = TestTenant::start().await;
    let tokens = t.tokens(ALICE, &[]).await;
    let assertion = tokens["access_token"].as_str().expect("a token");
    assert!(t.on_behalf_of(assertion, &[]).await.json().get("refresh_token").is_none(), "only for offline_access");
    let scope = format!("openid profile offline_access {PROFILE}");
    let answer = t.on_behalf_of(assertion, &[("scope", &scope)]).await.json();
    let kept = refresh_token(&answer);
    assert_eq!(t.claims(&answer["id_token"]).await["aud"], API);
    let as_api = |token: String| {
        let fields = [
            ("client_id", API.to_owned()),
            ("client_secret", "the API's".to_owned()),
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", token),
            ("scope", PROFILE.to_owned()),
        ];
        let t = &t;
        async move { t.token(&fields.each_ref().map(|(name, value)| (*name, value.as_str()))).await }
    };
    t.clock.advance(Duration::hours(2));
    let renewed = as_api(kept.clone()).await;
    assert_eq!(renewed.status, StatusCode::OK, "{}", renewed.text());
    let claims = t.claims(&renewed.json()["access_token"]).await;
    assert_eq!((&claims["oid"], &claims["azp"]), (&ALICE.into(), &API.into()));
    assert_eq!(t.refresh(&kept, "").await.json()["suberror"], "client_mismatch", "the web app cannot use it");
    sso::end_sessions_of(&t.tenant, ALICE).await;
    assert_eq!(as_api(kept).await.error(), (400, "invalid_grant".to_owned(), 50_173), "a new password ends it");

    let (code, _) = t.sign_in(ALICE, &[]).await;
    let tokens = t.redeem(&code, &[]).await.json();
    let answer = t.on_behalf_of(tokens["access_token"].as_str().expect("a token"), &[("scope", &scope)]).await.json();
    let kept = refresh_token(&answer);
    t.redeem(&code, &[]).await;
    assert_eq!(as_api(kept).await.error().2, 50_173, "with the grant it came of, when that has leaked");
}
