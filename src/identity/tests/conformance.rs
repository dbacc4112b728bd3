//! The `OpenID` Foundation's conformance tests for relying parties, one test per module, by its name: against a whole
//! provider ([`ProviderDouble::start_whole`]) over HTTP that lies as the module says. Modules that ask only whether the
//! relying party notices are passed by refusing.

use super::*;

fn claims(claims: Value) -> Lies {
    Lies { claims, ..Lies::default() }
}

#[tokio::test]
async fn oidcc_client_test() {
    TestApp::at_whole_provider().await.signed_in().await;
}

#[tokio::test]
async fn oidcc_client_test_invalid_iss() {
    TestApp::at_whole_provider().await.refuses(claims(json!({"iss": "https://evil.example/v2.0"}))).await;
}

#[tokio::test]
async fn oidcc_client_test_missing_sub() {
    TestApp::at_whole_provider().await.refuses(claims(json!({"sub": null}))).await;
}

#[tokio::test]
async fn oidcc_client_test_invalid_aud() {
    TestApp::at_whole_provider().await.refuses(claims(json!({"aud": "another-client"}))).await;
}

#[tokio::test]
async fn oidcc_client_test_missing_iat() {
    TestApp::at_whole_provider().await.refuses(claims(json!({"iat": null}))).await;
}

#[tokio::test]
async fn oidcc_client_test_invalid_sig_rs256() {
    // Another key under the published one's name.
    let lies = Lies { key: SigningKey::second(), header: json!({"kid": "first"}), ..Lies::default() };
    TestApp::at_whole_provider().await.refuses(lies).await;
}

/// Abuse case 20.
#[tokio::test]
async fn oidcc_client_test_userinfo_invalid_sub() {
    let app = TestApp::configured(json!({"claims_from_userinfo": true})).await;
    for sub in [json!("somebody else"), json!(null), json!(7), json!("pairwise-for-the-web ")] {
        app.refuses(Lies { user_info: json!({ "sub": sub }), ..Lies::default() }).await;
    }
    app.provider.lie(Lies::default());
    app.signed_in().await;
}

#[tokio::test]
async fn oidcc_client_test_nonce_invalid() {
    let app = TestApp::at_whole_provider().await;
    app.refuses(claims(json!({"nonce": "another sign-in's"}))).await;
    app.refuses(claims(json!({"nonce": null}))).await;
}

/// The one key that there is must be taken.
#[tokio::test]
async fn oidcc_client_test_kid_absent_single_jwks() {
    let app = TestApp::at_whole_provider().await;
    app.provider.lie(Lies { header: json!({"kid": null}), ..Lies::default() });
    app.signed_in().await;
}

#[tokio::test]
async fn oidcc_client_test_kid_absent_multiple_jwks() {
    let app = TestApp::at_whole_provider().await;
    app.provider.publish(&[SigningKey::first(), SigningKey::second()]);
    app.refuses(Lies { header: json!({"kid": null}), ..Lies::default() }).await;
}

#[tokio::test]
async fn oidcc_client_test_idtoken_sig_none() {
    let unsigned = |token: String| token.rsplit_once('.').expect("three parts").0.to_owned() + ".";
    let lies = Lies { header: json!({"alg": "none", "kid": null}), tamper: unsigned, ..Lies::default() };
    TestApp::at_whole_provider().await.refuses(lies).await;
}

#[tokio::test]
async fn oidcc_client_test_idtoken_sig_rs256() {
    let app = TestApp::at_whole_provider().await;
    app.signed_in().await;
    // Good signatures, but not by an algorithm that this provider announces (Core §3.1.3.7 (7)).
    app.refuses(Lies { header: json!({"alg": "PS256"}), ..Lies::default() }).await;
}

#[tokio::test]
async fn oidcc_client_test_scope_userinfo_claims() {
    let app = TestApp::configured(json!({"claims_from_userinfo": true})).await;
    app.provider.lie(claims(json!({"name": null})));
    let mut browser = Browser::default();
    let page = app.get(&mut browser, "/auth/sign-in?return_to=/todos").await;
    for scope in ["openid", "profile", "email"] {
        assert!(page.parameters()["scope"].split(' ').any(|asked| asked == scope), "{scope}");
    }
    let back = app.at_the_provider(&page).await;
    assert_eq!(app.get(&mut browser, &back).await.location(), "/todos");
    assert_eq!(app.provider.user_info_requests(), 1);
    assert_eq!(app.whoami(&mut browser).await, "Alice of UserInfo");
    // What is about the token comes from the token.
    let sid: String = sqlx::query_scalar("SELECT sid FROM sessions").fetch_one(app.identity.db()).await.unwrap();
    assert_eq!(sid, "session");
}

#[tokio::test]
async fn oidcc_client_test_client_secret_basic() {
    let app = TestApp::at_whole_provider().await;
    app.signed_in().await;
    let (headers, fields) = app.provider.token_requests().remove(0);
    assert!(headers[header::AUTHORIZATION].to_str().unwrap().starts_with("Basic "));
    assert!(!fields.contains_key("client_secret"));
}

#[tokio::test]
async fn oidcc_client_test_discovery_issuer_mismatch() {
    let app = TestApp::at_whole_provider().await;
    app.provider.change_document(json!({"issuer": "https://evil.example/v2.0"}));
    let page = app.get(&mut Browser::default(), "/auth/sign-in").await;
    assert_eq!(page.location(), "/problem?reason=misconfigured");
}

#[tokio::test]
async fn oidcc_client_test_signing_key_rotation() {
    let app = TestApp::at_whole_provider().await;
    app.signed_in().await;
    app.provider.publish(&[SigningKey::first(), SigningKey::second()]);
    app.provider.lie(Lies { key: SigningKey::second(), ..Lies::default() });
    app.signed_in().await;
}

/// The old key is gone when the new one signs for the first time.
#[tokio::test]
async fn oidcc_client_test_signing_key_rotation_just_before_signing() {
    let app = TestApp::at_whole_provider().await;
    app.signed_in().await;
    app.clock.advance(Duration::minutes(2));
    let mut browser = Browser::default();
    let page = app.get(&mut browser, "/auth/sign-in?return_to=/todos").await;
    app.provider.publish(&[SigningKey::second()]);
    app.provider.lie(Lies { key: SigningKey::second(), ..Lies::default() });
    let back = app.at_the_provider(&page).await;
    assert_eq!(app.get(&mut browser, &back).await.location(), "/todos");
}

#[tokio::test]
async fn oidcc_client_test_refresh_token() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
    for _ in 0..2 {
        app.clock.advance(Duration::hours(2));
        app.identity.tokens().for_user(&alice(), &Scopes::parse(READ)).await.expect("a token");
    }
    assert_eq!(app.provider.token_requests().len(), 3, "a code and two refresh tokens");
    assert_eq!(app.whoami(&mut browser).await, "Alice");
}

/// Abuse case 48: what a renewal brings is somebody else's, and the session is dropped (Core §12.2).
async fn renewal_is_refused(changes: Value) {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
    app.provider.lie(claims(changes));
    app.clock.advance(Duration::hours(2));
    let denied = app.identity.tokens().for_user(&alice(), &Scopes::parse(READ)).await.err();
    assert!(matches!(denied, Some(AcquireError::InteractionRequired { .. })), "{denied:?}");
    assert!(!app.has_tokens().await);
    assert_eq!(app.whoami(&mut browser).await, "nobody");
}

#[tokio::test]
async fn oidcc_client_test_refresh_token_invalid_issuer() {
    renewal_is_refused(json!({"iss": "https://evil.example/v2.0"})).await;
}

#[tokio::test]
async fn oidcc_client_test_refresh_token_invalid_sub() {
    renewal_is_refused(json!({"sub": "somebody else"})).await;
}

/// Signs out; the request to the provider.
async fn sign_out(app: &TestApp, browser: &mut Browser) -> Page {
    let page = app.post(browser, "/auth/sign-out", "").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(page.parameters()["post_logout_redirect_uri"], "http://localhost:3000/auth/signed-out");
    assert_eq!(app.whoami(browser).await, "nobody");
    page
}

#[tokio::test]
async fn oidcc_client_test_rp_init_logout() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
    let state = sign_out(&app, &mut browser).await.parameters()["state"].clone();
    let back = format!("/auth/signed-out?state={state}");
    assert_eq!(app.get(&mut browser, &back).await.location(), "/");
    // A second arrival is harmless.
    assert_eq!(app.get(&mut browser, &back).await.location(), "/");
}

#[tokio::test]
async fn oidcc_client_test_rp_init_logout_no_state() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
    sign_out(&app, &mut browser).await;
    assert_eq!(app.get(&mut browser, "/auth/signed-out").await.location(), "/problem?reason=sign-out");
}

#[tokio::test]
async fn oidcc_client_test_rp_init_logout_other_state() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
    sign_out(&app, &mut browser).await;
    let page = app.get(&mut browser, "/auth/signed-out?state=another").await;
    assert_eq!(page.location(), "/problem?reason=sign-out");
}

/// The customer signs out in another app; the provider tells this one.
#[tokio::test]
async fn oidcc_client_test_rp_backchannel_rpinitlogout() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
    let page = app.logout_by_back_channel(&app.provider.logout_token(&json!({}), json!({}))).await;
    assert_eq!((page.status, page.body.as_str()), (StatusCode::OK, ""));
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(app.whoami(&mut browser).await, "nobody");
    assert!(!app.has_tokens().await);
}

/// A logout token that is refused: 400 with a JSON error, and nobody is signed out.
pub(super) async fn logout_is_refused(app: &TestApp, token: &str, expected: &str) {
    let mut browser = app.signed_in().await;
    let page = app.logout_by_back_channel(token).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{expected}");
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    let error: Value = serde_json::from_str(&page.body).expect("JSON");
    assert_eq!(error["error"], "invalid_request");
    let description = error["error_description"].as_str().unwrap();
    assert!(description.contains(expected), "{description:?} does not say {expected:?}");
    assert_eq!(app.whoami(&mut browser).await, "Alice");
    assert!(app.has_tokens().await);
}

#[tokio::test]
async fn oidcc_client_test_rp_backchannel_rpinitlogout_alg_none() {
    let app = TestApp::at_whole_provider().await;
    let token = app.provider.logout_token(&json!({"alg": "none"}), json!({}));
    let unsigned = token.rsplit_once('.').expect("three parts").0.to_owned() + ".";
    logout_is_refused(&app, &unsigned, "algorithm").await;
}

#[tokio::test]
async fn oidcc_client_test_rp_backchannel_rpinitlogout_no_event() {
    let app = TestApp::at_whole_provider().await;
    let token = app.provider.logout_token(&json!({}), json!({"events": null}));
    logout_is_refused(&app, &token, "`events` is missing").await;
}

#[tokio::test]
async fn oidcc_client_test_rp_backchannel_rpinitlogout_with_nonce() {
    let app = TestApp::at_whole_provider().await;
    let token = app.provider.logout_token(&json!({}), json!({"nonce": "n"}));
    logout_is_refused(&app, &token, "`nonce`").await;
}

#[tokio::test]
async fn oidcc_client_test_rp_backchannel_rpinitlogout_wrong_alg() {
    let app = TestApp::at_whole_provider().await;
    let token = app.provider.logout_token(&json!({"alg": "PS256"}), json!({}));
    logout_is_refused(&app, &token, "algorithm").await;
}

#[tokio::test]
async fn oidcc_client_test_rp_backchannel_rpinitlogout_wrong_aud() {
    let app = TestApp::at_whole_provider().await;
    let token = app.provider.logout_token(&json!({}), json!({"aud": "another-client"}));
    logout_is_refused(&app, &token, "`aud`").await;
    let token = app.provider.logout_token(&json!({}), json!({"aud": [WEB, "another-client"]}));
    logout_is_refused(&app, &token, "`aud`").await;
}

#[tokio::test]
async fn oidcc_client_test_rp_backchannel_rpinitlogout_wrong_event() {
    let app = TestApp::at_whole_provider().await;
    let event = "http://schemas.openid.net/event/backchannel-logout";
    for events in [json!({"http://schemas.openid.net/event/other": {}}), json!({ event: true })] {
        let token = app.provider.logout_token(&json!({}), json!({ "events": events }));
        logout_is_refused(&app, &token, "does not name the logout event").await;
    }
}

#[tokio::test]
async fn oidcc_client_test_rp_backchannel_rpinitlogout_wrong_iss() {
    let app = TestApp::at_whole_provider().await;
    let token = app.provider.logout_token(&json!({}), json!({"iss": "https://evil.example/v2.0"}));
    logout_is_refused(&app, &token, "`iss`").await;
}

/// What the provider's sign-out page loads in a frame, without our cookies.
async fn frame(app: &TestApp) -> Page {
    let issuer: String = url::form_urlencoded::byte_serialize(app.provider.issuer().as_bytes()).collect();
    let path = format!("/auth/front-channel-logout?iss={issuer}&sid=session");
    app.get(&mut Browser::default(), &path).await
}

/// This app begins the sign-out in one browser window; the session of the same provider session in another is ended by
/// the frame.
#[tokio::test]
async fn oidcc_client_test_rp_frontchannel_rpinitlogout() {
    let app = TestApp::at_whole_provider().await;
    let (mut browser, mut other) = (app.signed_in().await, app.signed_in().await);
    let state = sign_out(&app, &mut browser).await.parameters()["state"].clone();
    assert_eq!(app.whoami(&mut other).await, "Alice");
    assert_eq!(frame(&app).await.status, StatusCode::OK);
    assert_eq!(app.whoami(&mut other).await, "nobody");
    assert!(!app.has_tokens().await);
    assert_eq!(app.get(&mut browser, &format!("/auth/signed-out?state={state}")).await.location(), "/");
}

#[tokio::test]
async fn oidcc_client_test_rp_frontchannel_opinitlogout() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
    let page = frame(&app).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    // The provider's pages may frame it, and nobody else's.
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert_eq!(policy, format!("default-src 'none'; frame-ancestors {}", app.provider.origin));
    assert_eq!(app.whoami(&mut browser).await, "nobody");
    assert!(!app.has_tokens().await);
}

/// Abuse case 94: what is odd in a provider's documents and answers is left out, and the rest is read.
#[tokio::test]
async fn one_strange_member_of_a_providers_documents_makes_nothing_else_unreadable() {
    let app = TestApp::at_whole_provider().await;
    app.provider.change_document(json!({
        "revocation_endpoint": 7, "userinfo_endpoint": {}, "token_endpoint_auth_methods_supported": "client_secret_basic",
        "id_token_signing_alg_values_supported": ["RS256", 7, null], "session_revocation_supported": "yes",
    }));
    let strange = [
        json!(7),
        json!(null),
        json!({}),
        json!({"kty": 7}),
        json!({"kty": "RSA", "n": 1, "e": []}),
        json!({"kty": "oct", "k": "c2VjcmV0"}),
        json!({"kty": "EC", "crv": "P-256", "x": "x", "y": "y", "kid": "first"}),
        json!({"kty": "RSA", "use": "sig", "key_ops": "verify", "kid": "first"}),
    ];
    let keys: Vec<_> = strange.into_iter().cycle().take(150).chain([SigningKey::first().jwk()]).collect();
    app.provider.publish_jwks(json!({ "keys": keys }));
    app.provider.lie(Lies { tokens: json!({"scope": [READ, 7], "refresh_in": "soon"}), ..Lies::default() });
    app.signed_in().await;
    assert!(app.identity.tokens().for_user(&alice(), &Scopes::parse(READ)).await.is_ok());
    // A scope that is no text grants nothing, rather than all.
    app.provider.lie(Lies { tokens: json!({"scope": 7}), ..Lies::default() });
    app.clock.advance(Duration::hours(2));
    assert!(app.identity.tokens().for_user(&alice(), &Scopes::parse(READ)).await.is_err());
}

#[tokio::test]
async fn an_error_of_the_token_endpoint_is_understood_whatever_comes_with_it() {
    use crate::identity::client::endpoint::TokenEndpointError;
    let read = |body: Value| TokenEndpointError::read(reqwest::StatusCode::BAD_REQUEST, body.to_string().as_bytes());
    for odd in
        [json!({"error_codes": "x"}), json!({"suberror": 7}), json!({"claims": 7}), json!({"correlation_id": {}})]
    {
        let mut body = json!({"error": "invalid_grant"});
        crate::identity::testing::merge(&mut body, odd.clone());
        assert!(matches!(read(body), TokenEndpointError::Over { .. }), "{odd}");
    }
    let consent = read(json!({"error": "invalid_grant", "error_codes": ["65001", null], "claims": {"a": 1}}));
    let TokenEndpointError::Interaction { consent, claims, codes, .. } = consent else { panic!("{consent:?}") };
    assert_eq!((consent, claims.as_deref(), codes), (true, Some(r#"{"a":1}"#), vec![65001]));
}
