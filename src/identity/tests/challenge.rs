//! An interaction that an API or the provider demanded: its scopes, its claims, and whose it is.

use super::*;

/// The authorization endpoint is asked for all resources, the token endpoint for the challenge's.
#[tokio::test]
async fn a_challenge_asks_for_its_scopes_and_claims_and_brings_the_customer_back_where_they_were() {
    let app = TestApp::configured(json!({"client_capabilities": ["cp1"]})).await;
    let mut browser = app.signed_in().await;
    let claims = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
    let url =
        app.identity.interaction_url(&alice(), &Scopes::parse(GRAPH), Some(claims), &ReturnTo::parse("/account?tab=2"));
    let page = app.get(&mut browser, &url).await;
    let asked = page.parameters();
    assert_eq!(asked["scope"], format!("openid profile email offline_access {READ} {GRAPH}"));
    let sent: Value = serde_json::from_str(&asked["claims"]).unwrap();
    let acrs = json!({"essential": true, "value": "c1"});
    assert_eq!(sent, json!({"access_token": {"acrs": acrs, "xms_cc": {"values": ["cp1"]}}}));

    let back = app.at_the_provider(&page).await;
    assert_eq!(app.get(&mut browser, &back).await.location(), "/account?tab=2");
    assert_eq!(app.whoami(&mut browser).await, "Alice");
    let exchange = app.provider.token_requests().pop().expect("a token request").1;
    assert_eq!(exchange["scope"], format!("openid profile email offline_access {GRAPH}"));
    // One session, not two: the new one took the place of the old.
    let sessions: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sessions").fetch_one(app.identity.db()).await.unwrap();
    assert_eq!(sessions, 1);
}

#[tokio::test]
async fn a_challenge_that_is_not_ours_or_has_run_out_asks_for_nothing() {
    let app = TestApp::at_whole_provider().await;
    let other = TestApp::at_whole_provider().await;
    let (scopes, home, alice) = (Scopes::parse(GRAPH), ReturnTo::home(), alice());
    let mut browser = app.signed_in().await;
    let foreign = other.identity.interaction_url(&alice, &scopes, None, &home);
    let old = app.identity.interaction_url(&alice, &scopes, None, &home);
    let scope = async |browser: &mut Browser, url: &str| app.get(browser, url).await.parameters()["scope"].clone();
    assert!(scope(&mut browser, &old).await.contains(GRAPH));
    app.clock.advance(Duration::hours(12));
    let damaged = format!("{}x", app.identity.interaction_url(&alice, &scopes, None, &home));
    let plain = format!("/auth/sign-in?challenge={GRAPH}");
    for url in [foreign, old, damaged, plain] {
        assert!(!scope(&mut browser, &url).await.contains(GRAPH), "{url}");
    }
    // Nothing to ask for: an ordinary sign-in.
    assert_eq!(app.identity.interaction_url(&alice, &Scopes::default(), None, &home), "/auth/sign-in?return_to=%2F");
}

/// A link that one customer was given asks no other customer, and no visitor, for permissions.
#[tokio::test]
async fn a_challenge_made_for_one_customer_asks_nothing_of_another() {
    let app = TestApp::at_whole_provider().await;
    let mut her_browser = app.signed_in().await;
    app.provider.lie(Lies { claims: json!({"oid": BOB, "sub": "bob"}), ..Lies::default() });
    let mut bob = Browser::default();
    app.sign_in(&mut bob).await;
    let claims = Some(r#"{"id_token":{"acrs":{"essential":true}}}"#);
    let url = app.identity.interaction_url(&alice(), &Scopes::parse(GRAPH), claims, &ReturnTo::home());
    for (whose, browser, counts) in [
        ("hers", &mut her_browser, true),
        ("another's", &mut bob, false),
        ("a visitor's", &mut Browser::default(), false),
    ] {
        let asked = app.get(browser, &url).await.parameters();
        assert_eq!(asked["scope"].contains(GRAPH), counts, "{whose}");
        assert_eq!(asked.contains_key("claims"), counts, "{whose}");
    }
}

/// The customer who is signed in is asked, and not whoever else has an account in this browser.
#[tokio::test]
async fn a_challenge_names_the_customer_who_is_signed_in() {
    let app = TestApp::at_whole_provider().await;
    app.provider.lie(Lies { claims: json!({"login_hint": "opaque"}), ..Lies::default() });
    let mut browser = app.signed_in().await;
    let url = app.identity.interaction_url(&alice(), &Scopes::parse(GRAPH), None, &ReturnTo::home());
    assert_eq!(app.get(&mut browser, &url).await.parameters()["login_hint"], "opaque");
    assert!(!app.get(&mut Browser::default(), &url).await.parameters().contains_key("login_hint"));
    assert!(!app.get(&mut browser, "/auth/sign-in").await.parameters().contains_key("login_hint"));
}

/// At a provider that is not Entra, a sign-in's grant takes the place of the one before.
#[tokio::test]
async fn a_later_consent_does_not_lose_the_earlier_ones_at_a_provider_that_is_not_entra() {
    let (write, export) = ("https://things.example/write", "https://things.example/export");
    for (tenant, keeps) in [(json!(null), true), (json!(TENANT), false)] {
        let app = TestApp::configured(json!({ "tenant_id": tenant })).await;
        let mut browser = app.signed_in().await;
        let customer: String =
            sqlx::query_scalar("SELECT customer FROM sessions").fetch_one(app.identity.db()).await.unwrap();
        let customer: UserKey = serde_json::from_value(json!(customer)).unwrap();
        let mut last = String::new();
        for scope in [write, export] {
            let url = app.identity.interaction_url(&customer, &Scopes::parse(scope), None, &ReturnTo::home());
            let page = app.get(&mut browser, &url).await;
            last = page.parameters()["scope"].clone();
            let back = app.at_the_provider(&page).await;
            assert_eq!(app.get(&mut browser, &back).await.location(), "/");
        }
        let asked: Vec<&str> = last.split(' ').collect();
        assert!(asked.contains(&READ) && asked.contains(&export), "{asked:?}");
        assert_eq!(asked.contains(&write), keeps, "{asked:?}");
        // RFC 6749 §4.1.3
        let exchanges = app.provider.token_requests();
        assert!(exchanges.iter().all(|(_, fields)| fields.contains_key("scope") != keeps), "Entra alone is told");
    }
}

/// What was granted so far may be much; what is asked for now matters more.
#[tokio::test]
async fn scopes_granted_so_far_that_do_not_fit_are_left_out_of_a_sign_in() {
    let app = TestApp::configured(json!({"tenant_id": null})).await;
    let mut browser = app.signed_in().await;
    let many: Vec<String> = (0..200).map(|number| format!("https://things.example/permission/{number}")).collect();
    sqlx::query("UPDATE refresh_tokens SET scopes = $1").bind(many.join(" ")).execute(app.identity.db()).await.unwrap();
    let customer: String =
        sqlx::query_scalar("SELECT customer FROM sessions").fetch_one(app.identity.db()).await.unwrap();
    let customer: UserKey = serde_json::from_value(json!(customer)).unwrap();
    let url = app.identity.interaction_url(&customer, &Scopes::parse(GRAPH), None, &ReturnTo::home());
    let page = app.get(&mut browser, &url).await;
    assert_eq!(page.parameters()["scope"], format!("openid profile email offline_access {READ} {GRAPH}"));
}
