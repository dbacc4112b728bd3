//! The discovery document and the keys.

use super::*;

#[tokio::test]
async fn discovery_is_the_same_under_the_id_and_the_domain_and_nowhere_else() {
    let t = TestTenant::start().await;
    let document = t.get(&format!("/{TENANT}/v2.0/.well-known/openid-configuration"), "").await;
    assert_eq!(document.json()["issuer"], format!("http://localhost:3002/{TENANT}/v2.0"));
    assert_eq!(document.json()["authorization_response_iss_parameter_supported"], true);
    assert_eq!(document.json()["ui_locales_supported"], serde_json::json!(["en", "es"]));
    let by_domain = t.get("/Errand.Example/v2.0/.well-known/openid-configuration", "").await;
    assert_eq!(by_domain.json(), document.json());
    for path in
        ["/other.example/v2.0/.well-known/openid-configuration", "/22222222-2222-2222-2222-222222222222/x", "//"]
    {
        assert_eq!(t.get(path, "").await.error(), (400, "invalid_tenant".to_owned(), 90_002), "{path}");
    }
    assert_eq!(t.get("/health", "").await.status, StatusCode::OK);
    assert!(t.get("/", "").await.text().contains(WEB));
    assert_eq!(t.get(&format!("/{TENANT}"), "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn key_rotation_breaks_no_token_and_announces_the_next_key() {
    let t = TestTenant::start().await;
    let (code, _) = t.sign_in(ALICE, &[("scope", "openid")]).await;
    let before = t.redeem(&code, &[]).await.json();
    let published = |jwks: &Value| -> Vec<String> {
        jwks["keys"]
            .as_array()
            .expect("keys")
            .iter()
            .map(|key| key["kid"].as_str().expect("a kid").to_owned())
            .collect()
    };
    let old = published(&t.jwks().await);
    t.tenant.rotate_keys().await.expect("rotated");
    let (code, _) = t.sign_in(ALICE, &[("scope", "openid")]).await;
    let after = t.redeem(&code, &[]).await.json();
    let kid = |tokens: &Value| {
        let token = tokens["id_token"].as_str().expect("a token");
        jsonwebtoken::decode_header(token).expect("a header").kid.expect("a kid")
    };
    assert_ne!(kid(&before), kid(&after));
    assert!(old.contains(&kid(&after)), "it was published before it signed");
    t.claims(&before["id_token"]).await;
    assert_eq!(t.userinfo(before["access_token"].as_str().expect("a token")).await.status, StatusCode::OK);
    let t = t.restart().await;
    t.claims(&before["id_token"]).await;
    t.claims(&after["id_token"]).await;
    let verified = |tokens: &Value| {
        let token = tokens["id_token"].as_str().expect("a token");
        t.tenant.keys().verify::<Value>(token, t.clock.unix_millis()).is_some()
    };
    assert!(verified(&before) && verified(&after));
    t.clock.advance(Duration::hours(3));
    assert!(!published(&t.jwks().await).contains(&kid(&before)), "its tokens have expired");
    assert!(!verified(&before) && verified(&after), "neither does the tenant take it any more");
    let keys = t.jwks().await;
    assert!(!keys.to_string().contains("\"d\""), "no private half");
}
