//! The OpenID Foundation's conformance modules for providers, each as a test of its name: the requests that the module
//! makes, and what it checks of the answers. Ours are the profiles for `response_type=code`, sign-out started by the app,
//! and sign-out told by the back channel.

use super::single_logout::{AppServer, SIGNED_OUT, other_web, text, web, with_server};
use super::*;

/// Redirect URIs, pages and tokens apart, what most modules check first.
async fn sign_in_and_redeem(t: &TestTenant, changes: &[(&str, &str)]) -> (Value, Value, String) {
    let (code, session) = t.sign_in(ALICE, changes).await;
    let tokens = t.redeem(&code, &[]).await.json();
    let id = t.claims(&tokens["id_token"]).await;
    (tokens, id, session)
}

#[tokio::test]
async fn oidcc_server() {
    let t = TestTenant::start().await;
    let finished = t.finish(&t.authorize(&[], "").await, ALICE).await;
    let answered = finished.answered();
    assert_eq!((answered["state"].as_str(), answered["iss"].as_str()), ("the state/&=", t.tenant.issuer().as_str()));
    assert!(answered["code"].len() >= 22, "128 bits or more");
    let answer = t.redeem(&answered["code"], &[]).await;
    assert_eq!((answer.status, answer.header(header::CACHE_CONTROL)), (StatusCode::OK, "no-store"));
    assert!(answer.header(header::CONTENT_TYPE).starts_with("application/json"));
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert!(tokens["expires_in"].is_u64() && tokens["access_token"].is_string());
    let id = t.claims(&tokens["id_token"]).await;
    let discovered = t.get(&format!("/{TENANT}/v2.0/.well-known/openid-configuration"), "").await.json();
    assert_eq!(id["iss"], discovered["issuer"]);
    assert_eq!((&id["aud"], &id["nonce"]), (&WEB.into(), &"the nonce".into()));
    let (now, number) = (t.clock.unix_seconds(), |claim: &str| id[claim].as_i64().expect("a number"));
    assert!(number("iat") <= now && number("exp") > now && number("auth_time") <= now);
    let sub = text(&id["sub"]);
    assert!(!sub.is_empty() && sub.len() <= 255 && sub.is_ascii(), "Core §2");
}

#[tokio::test]
async fn oidcc_response_type_missing() {
    let t = TestTenant::start().await;
    let answered = t.authorize(&[("response_type", "")], "").await.answered();
    assert_eq!(answered["error"], "invalid_request");
    assert_eq!(answered["state"], "the state/&=");
    assert!(!answered.contains_key("code"));
}

#[tokio::test]
async fn oidcc_idtoken_signature() {
    let t = TestTenant::start().await;
    let (tokens, _, _) = sign_in_and_redeem(&t, &[]).await;
    let token = text(&tokens["id_token"]);
    let head = jsonwebtoken::decode_header(token).expect("a header");
    assert_eq!(head.alg, Algorithm::RS256);
    let keys = t.jwks().await;
    let ours =
        keys["keys"].as_array().expect("keys").iter().filter(|key| key["kid"] == head.kid.as_deref().unwrap_or(""));
    let ours: Vec<_> = ours.collect();
    assert_eq!(ours.len(), 1, "exactly one key of that name");
    assert_eq!((&ours[0]["kty"], &ours[0]["use"], &ours[0]["alg"]), (&"RSA".into(), &"sig".into(), &"RS256".into()));
}

#[tokio::test]
async fn oidcc_userinfo_get() {
    let t = TestTenant::start().await;
    let (tokens, id, _) = sign_in_and_redeem(&t, &[("scope", "openid profile email")]).await;
    let answer = t.userinfo(text(&tokens["access_token"])).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.header(header::CONTENT_TYPE).starts_with("application/json"));
    let info = answer.json();
    assert_eq!(info["sub"], id["sub"]);
    assert_eq!((&info["name"], &info["email"]), (&"Alice".into(), &"alice@example.com".into()));
}

#[tokio::test]
async fn oidcc_userinfo_post_header() {
    let t = TestTenant::start().await;
    let (tokens, id, _) = sign_in_and_redeem(&t, &[("scope", "openid")]).await;
    let bearer = format!("Bearer {}", text(&tokens["access_token"]));
    let answer = t.post(&format!("/{TENANT}/oidc/userinfo"), &[(header::AUTHORIZATION, &bearer)], &[]).await;
    assert_eq!((answer.status, &answer.json()["sub"]), (StatusCode::OK, &id["sub"]));
}

#[tokio::test]
async fn oidcc_prompt_login() {
    let t = TestTenant::start().await;
    let (_, first, session) = sign_in_and_redeem(&t, &[]).await;
    t.clock.advance(Duration::seconds(2));
    let begun = t.authorize(&[("prompt", "login")], &session).await;
    assert!(is_sign_in_page(&begun), "the user is asked although they are signed in");
    let code = t.finish(&begun, ALICE).await.answered()["code"].clone();
    let second = t.claims(&t.redeem(&code, &[]).await.json()["id_token"]).await;
    assert_eq!(first["sub"], second["sub"]);
    assert!(second["auth_time"].as_i64() > first["auth_time"].as_i64());
}

#[tokio::test]
async fn oidcc_prompt_none_not_logged_in() {
    let t = TestTenant::start().await;
    let answered = t.authorize(&[("prompt", "none")], "").await.answered();
    assert_eq!((answered["error"].as_str(), answered["state"].as_str()), ("login_required", "the state/&="));
    assert!(!answered.contains_key("code"));
}

#[tokio::test]
async fn oidcc_prompt_none_logged_in() {
    let t = TestTenant::start().await;
    let (_, first, session) = sign_in_and_redeem(&t, &[]).await;
    t.clock.advance(Duration::seconds(2));
    let code = t.authorize(&[("prompt", "none")], &session).await.answered()["code"].clone();
    let second = t.claims(&t.redeem(&code, &[]).await.json()["id_token"]).await;
    assert_eq!((&first["sub"], &first["auth_time"]), (&second["sub"], &second["auth_time"]));
}

#[tokio::test]
async fn oidcc_max_age_1() {
    let t = TestTenant::start().await;
    let (_, first, session) = sign_in_and_redeem(&t, &[]).await;
    t.clock.advance(Duration::seconds(2));
    let begun = t.authorize(&[("max_age", "1")], &session).await;
    assert!(is_sign_in_page(&begun));
    let code = t.finish(&begun, ALICE).await.answered()["code"].clone();
    let second = t.claims(&t.redeem(&code, &[]).await.json()["id_token"]).await;
    assert_eq!(first["sub"], second["sub"]);
    assert!(second["auth_time"].as_i64() > first["auth_time"].as_i64(), "auth_time is there, and is new");
}

#[tokio::test]
async fn oidcc_max_age_10000() {
    let t = TestTenant::start().await;
    let (_, first, session) = sign_in_and_redeem(&t, &[]).await;
    t.clock.advance(Duration::seconds(2));
    let code = t.authorize(&[("max_age", "10000")], &session).await.answered()["code"].clone();
    let second = t.claims(&t.redeem(&code, &[]).await.json()["id_token"]).await;
    assert_eq!((&first["sub"], &first["auth_time"]), (&second["sub"], &second["auth_time"]));
}

/// The request goes through to an ID token with these parameters added.
async fn succeeds_with(parameters: &[(&str, &str)]) -> (TestTenant, Value) {
    let t = TestTenant::start().await;
    let (_, id, _) = sign_in_and_redeem(&t, parameters).await;
    assert_eq!(id["nonce"], "the nonce");
    (t, id)
}

#[tokio::test]
async fn oidcc_ensure_request_with_unknown_parameter_succeeds() {
    succeeds_with(&[("extra", "foobar")]).await;
}

#[tokio::test]
async fn oidcc_ensure_request_with_acr_values_succeeds() {
    let (_, id) = succeeds_with(&[("acr_values", "urn:mace:incommon:iap:silver 1")]).await;
    assert!(id.get("acr").is_none(), "voluntary, and not claimed either");
}

#[tokio::test]
async fn oidcc_ui_locales() {
    succeeds_with(&[("ui_locales", "se")]).await;
}

#[tokio::test]
async fn oidcc_claims_locales() {
    succeeds_with(&[("claims_locales", "se")]).await;
}

#[tokio::test]
async fn oidcc_claims_essential() {
    let claims = r#"{"id_token":{"name":{"essential":true}},"userinfo":{"name":{"essential":true}}}"#;
    let t = TestTenant::start().await;
    let (tokens, id, _) = sign_in_and_redeem(&t, &[("scope", "openid"), ("claims", claims)]).await;
    assert_eq!(id["name"], "Alice", "asked for by name, without the scope profile");
    assert!(id.get("email").is_none(), "and nothing else");
    assert_eq!(t.userinfo(text(&tokens["access_token"])).await.json()["name"], "Alice");
}

#[tokio::test]
async fn oidcc_id_token_hint() {
    let t = TestTenant::start().await;
    let (tokens, first, session) = sign_in_and_redeem(&t, &[]).await;
    let hint = [("id_token_hint", text(&tokens["id_token"])), ("prompt", "none")];
    let code = t.authorize(&hint, &session).await.answered()["code"].clone();
    let second = t.claims(&t.redeem(&code, &[]).await.json()["id_token"]).await;
    assert_eq!(first["sub"], second["sub"]);
}

#[tokio::test]
async fn oidcc_login_hint() {
    let t = TestTenant::start().await;
    let begun = t.authorize(&[("login_hint", "alice@example.com")], "").await;
    let (id, headers) = interaction(&begun);
    let path = begun.location().expect("a page").path().to_owned();
    let cookie = headers[header::COOKIE].to_str().expect("ASCII");
    assert!(t.get(&path, cookie).await.text().contains("value=\"alice@example.com\""), "it is filled in: {id}");
    assert!(t.finish(&begun, ALICE).await.answered().contains_key("code"));
}

#[tokio::test]
async fn oidcc_codereuse() {
    let t = TestTenant::start().await;
    let (code, _) = t.sign_in(ALICE, &[("scope", "openid")]).await;
    assert_eq!(t.redeem(&code, &[]).await.status, StatusCode::OK);
    let (status, error, _) = t.redeem(&code, &[]).await.error();
    assert_eq!((status, error.as_str()), (400, "invalid_grant"));
}

#[tokio::test]
async fn oidcc_codereuse_30seconds() {
    let t = TestTenant::start().await;
    let (code, _) = t.sign_in(ALICE, &[("scope", "openid")]).await;
    let tokens = t.redeem(&code, &[]).await.json();
    t.clock.advance(Duration::seconds(30));
    let (status, error, _) = t.redeem(&code, &[]).await.error();
    assert_eq!((status, error.as_str()), (400, "invalid_grant"));
    let revoked = t.userinfo(text(&tokens["access_token"])).await;
    assert_eq!(revoked.status, StatusCode::UNAUTHORIZED, "RFC 6749 §4.1.2: and its access token is revoked");
}

#[tokio::test]
async fn oidcc_ensure_registered_redirect_uri() {
    let t = TestTenant::start().await;
    let answer = t.authorize(&[("redirect_uri", "http://localhost:3000/auth/callback/unregistered")], "").await;
    assert_eq!((answer.status, answer.location()), (StatusCode::BAD_REQUEST, None));
    assert!(answer.text().contains("does not match the redirect URIs"), "the user is told: {}", answer.text());
}

#[tokio::test]
async fn oidcc_ensure_post_request_succeeds() {
    let t = TestTenant::start().await;
    let fields = request(&[]);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let begun = t.post(&format!("/{TENANT}/oauth2/v2.0/authorize"), &[], &fields).await;
    let code = t.finish(&begun, ALICE).await.answered()["code"].clone();
    assert_eq!(t.redeem(&code, &[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn oidcc_server_client_secret_post() {
    let t = TestTenant::start().await;
    let (code, _) = t.sign_in(ALICE, &[]).await;
    let body = [("client_id", WEB), ("client_secret", "s3cret:with %+&")];
    assert_eq!(t.redeem(&code, &body).await.status, StatusCode::OK);
    let (code, _) = t.sign_in(ALICE, &[]).await;
    let wrong = [("client_id", WEB), ("client_secret", "another")];
    let (status, error, _) = t.redeem(&code, &wrong).await.error();
    assert_eq!((status, error.as_str()), (401, "invalid_client"));
}

#[tokio::test]
async fn oidcc_refresh_token() {
    let t = TestTenant::start().await;
    let (first, before, _) = sign_in_and_redeem(&t, &[]).await;
    t.clock.advance(Duration::seconds(2));
    let second = t.refresh(text(&first["refresh_token"]), "").await.json();
    assert_ne!(first["access_token"], second["access_token"]);
    assert_ne!(first["refresh_token"], second["refresh_token"], "it replaces itself");
    let after = t.claims(&second["id_token"]).await;
    for claim in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(before[claim], after[claim], "Core §12.2: {claim}");
    }
    assert!(after["iat"].as_i64() > before["iat"].as_i64());
    let (code, session) = t.sign_in(ALICE, &[("client_id", OTHER_WEB), ("scope", "openid offline_access")]).await;
    let theirs = [("client_id", OTHER_WEB), ("client_secret", "other")];
    let others = t.redeem(&code, &theirs).await.json();
    let (status, error, _) = t.refresh(text(&others["refresh_token"]), "").await.error();
    assert_eq!((status, error.as_str()), (400, "invalid_grant"), "of another client; {session}");
}

#[tokio::test]
async fn oidcc_server_rotate_keys() {
    let t = TestTenant::start().await;
    let kids = |jwks: &Value| -> Vec<String> {
        jwks["keys"].as_array().expect("keys").iter().map(|key| text(&key["kid"]).to_owned()).collect()
    };
    let before = kids(&t.jwks().await);
    let (old, _, _) = sign_in_and_redeem(&t, &[]).await;
    t.tenant.rotate_keys().await.expect("rotated");
    let after = kids(&t.jwks().await);
    assert!(after.iter().any(|kid| !before.contains(kid)), "a new key is published");
    let (new, _, _) = sign_in_and_redeem(&t, &[]).await;
    t.claims(&old["id_token"]).await;
    let kid = |token: &Value| jsonwebtoken::decode_header(text(token)).expect("a header").kid;
    assert_ne!(kid(&old["id_token"]), kid(&new["id_token"]));
}

async fn discovery() -> Value {
    let t = TestTenant::start().await;
    t.get(&format!("/{TENANT}/v2.0/.well-known/openid-configuration"), "").await.json()
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_discovery_endpoint_verification() {
    let endpoint = discovery().await["end_session_endpoint"].clone();
    assert_eq!(endpoint, format!("http://localhost:3002/{TENANT}/oauth2/v2.0/logout"));
}

#[tokio::test]
async fn oidcc_rp_initiated_logout() {
    let t = TestTenant::start().await;
    let (tokens, _, session) = sign_in_and_redeem(&t, &[]).await;
    let hint = ("id_token_hint", text(&tokens["id_token"]));
    let answer = t.sign_out(&[hint, ("post_logout_redirect_uri", SIGNED_OUT), ("state", "the state")], &session).await;
    assert_eq!(answer.header(header::LOCATION), format!("{SIGNED_OUT}?state=the+state"));
    let none = t.authorize(&[("prompt", "none")], &session).await.answered();
    assert_eq!(none["error"], "login_required", "the session has ended");
}

/// Sign-out that must end with a page of the tenant's own: what it asks, and whether the session is over by then.
async fn ends_on_a_page(fields: &[(&str, &str)], asks: bool) {
    let t = TestTenant::start().await;
    let (tokens, _, session) = sign_in_and_redeem(&t, &[]).await;
    let fields: Vec<_> =
        fields.iter().map(|(n, v)| (*n, if *v == "HINT" { text(&tokens["id_token"]) } else { *v })).collect();
    let answer = t.sign_out(&fields, &session).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::OK, None));
    assert_eq!(answer.text().contains("Do you want to sign out?"), asks, "{}", answer.text());
    let none = t.authorize(&[("prompt", "none")], &session).await.answered();
    assert_eq!(none.contains_key("code"), asks, "only a proved request signs out at once");
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_id_token_hint() {
    ends_on_a_page(&[("id_token_hint", "1234"), ("post_logout_redirect_uri", SIGNED_OUT)], true).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_modified_id_token_hint() {
    let t = TestTenant::start().await;
    let (tokens, _, session) = sign_in_and_redeem(&t, &[]).await;
    let token = text(&tokens["id_token"]);
    let (head, payload) = (token.split('.').next().expect("a head"), r#"{"sub":"somebody else"}"#);
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(payload);
    let modified = format!("{head}.{payload}.{}", token.rsplit('.').next().expect("a signature"));
    let answer = t.sign_out(&[("id_token_hint", &modified), ("post_logout_redirect_uri", SIGNED_OUT)], &session).await;
    assert_eq!(answer.location(), None, "RP-Initiated Logout §4: no redirect");
    assert!(answer.text().contains("Do you want to sign out?") && !answer.text().contains(SIGNED_OUT));
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_bad_post_logout_redirect_uri() {
    let bad = format!("{SIGNED_OUT}/unregistered");
    ends_on_a_page(&[("id_token_hint", "HINT"), ("post_logout_redirect_uri", &bad)], false).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_query_added_to_post_logout_redirect_uri() {
    let added = format!("{SIGNED_OUT}?extra=1");
    ends_on_a_page(&[("id_token_hint", "HINT"), ("post_logout_redirect_uri", &added)], false).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_id_token_hint() {
    ends_on_a_page(&[("post_logout_redirect_uri", SIGNED_OUT), ("state", "the state")], true).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_params() {
    ends_on_a_page(&[], true).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_only_state() {
    ends_on_a_page(&[("state", "the state")], true).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_post_logout_redirect_uri() {
    ends_on_a_page(&[("id_token_hint", "HINT"), ("state", "the state")], false).await;
}

#[tokio::test]
async fn oidcc_rp_initiated_logout_no_state() {
    let t = TestTenant::start().await;
    let (tokens, _, session) = sign_in_and_redeem(&t, &[]).await;
    let fields = [("id_token_hint", text(&tokens["id_token"])), ("post_logout_redirect_uri", SIGNED_OUT)];
    assert_eq!(t.sign_out(&fields, &session).await.header(header::LOCATION), SIGNED_OUT, "and none is made up");
}

#[tokio::test]
async fn oidcc_backchannel_discovery_endpoint_verification() {
    let discovery = discovery().await;
    assert_eq!(discovery["backchannel_logout_supported"], true);
    assert_eq!(discovery["backchannel_logout_session_supported"], true);
}

#[tokio::test]
async fn oidcc_backchannel_rp_initiated_logout() {
    let (t, server) = with_server(AppServer::default()).await;
    let (tokens, id, session) = sign_in_and_redeem(&t, &[]).await;
    let fields = [("id_token_hint", text(&tokens["id_token"])), ("post_logout_redirect_uri", SIGNED_OUT)];
    assert_eq!(t.sign_out(&fields, &session).await.header(header::LOCATION), SIGNED_OUT);
    let token = server.tokens(1).await.remove(0);
    let claims = t.claims(&token.into()).await;
    for claim in ["iss", "aud", "sub", "sid"] {
        assert_eq!(claims[claim], id[claim], "{claim}");
    }
    assert!(claims["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object());
    assert!(claims["jti"].is_string() && claims.get("nonce").is_none());
}

#[tokio::test]
async fn oidcc_frontchannel_discovery_endpoint_verification() {
    let discovery = discovery().await;
    assert_eq!(discovery["frontchannel_logout_supported"], true);
    assert_eq!(discovery["frontchannel_logout_session_supported"], true);
}

#[tokio::test]
async fn oidcc_frontchannel_rp_initiated_logout() {
    let t = TestTenant::start_with(|config| {
        web(config).front_channel_logout_uri = Some("http://localhost:3000/auth/front-channel-logout".to_owned());
        other_web(config).front_channel_logout_uri = Some("https://other.example/out".to_owned());
    })
    .await;
    let (tokens, id, session) = sign_in_and_redeem(&t, &[]).await;
    let hint = ("id_token_hint", text(&tokens["id_token"]));
    let page = t.sign_out(&[hint, ("post_logout_redirect_uri", SIGNED_OUT)], &session).await.text();
    let issuer: String = url::form_urlencoded::byte_serialize(t.tenant.issuer().as_bytes()).collect();
    let address = format!("http://localhost:3000/auth/front-channel-logout?iss={issuer}&amp;sid={}", text(&id["sid"]));
    assert!(page.contains(&address), "{page}");
    assert!(page.contains(&format!("url={SIGNED_OUT}\"")) && !page.contains("other.example"), "{page}");
    let none = t.authorize(&[("prompt", "none")], &session).await.answered();
    assert_eq!(none["error"], "login_required", "the session has ended");
}
