//! Sign-out in one browser.

use super::*;

/// The way in which an app ends another browser's session: RP-Initiated Logout, from server to server.
#[tokio::test]
async fn an_app_ends_another_browsers_session_by_its_id_token_without_a_browser() {
    let t = TestTenant::start().await;
    let (code, session) = t.sign_in(ALICE, &[]).await;
    let (_, other) = t.sign_in(ALICE, &[]).await;
    let tokens = t.redeem(&code, &[]).await.json();
    let hint = tokens["id_token"].as_str().expect("an ID token");
    let path = format!("/{TENANT}/oauth2/v2.0/logout");
    assert_eq!(t.post(&path, &[], &[("id_token_hint", hint)]).await.status, StatusCode::OK);
    assert!(is_sign_in_page(&t.authorize(&[], &session).await), "the session behind the ID token has ended");
    assert!(!is_sign_in_page(&t.authorize(&[], &other).await), "and no other");
}

#[tokio::test]
async fn sign_out_with_a_matching_hint_is_immediate_and_goes_only_to_a_registered_address() {
    let t = TestTenant::start().await;
    let path = format!("/{TENANT}/oauth2/v2.0/logout");
    for (uri, redirected) in [
        ("http://localhost:3000/signed-out", true),
        ("http://localhost:3000/signed-out/", false),
        ("http://evil.example/", false),
    ] {
        for by_logout_hint in [false, true] {
            let (code, session) = t.sign_in(ALICE, &[]).await;
            let tokens = t.redeem(&code, &[]).await.json();
            let login_hint = t.claims(&tokens["id_token"]).await["login_hint"].as_str().expect("text").to_owned();
            t.clock.advance(Duration::hours(2));
            let hint = if by_logout_hint {
                ("logout_hint", login_hint.as_str())
            } else {
                ("id_token_hint", tokens["id_token"].as_str().expect("a token"))
            };
            let fields = [hint, ("post_logout_redirect_uri", uri), ("state", "a b")];
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            let answer = t.get(&format!("{path}?{query}"), &session).await;
            if redirected {
                assert_eq!(answer.header(header::LOCATION), "http://localhost:3000/signed-out?state=a+b");
            } else {
                assert_eq!((answer.status, answer.location()), (StatusCode::OK, None), "{uri}");
            }
            assert!(is_sign_in_page(&t.authorize(&[], &session).await), "the session has ended");
        }
    }
}

#[tokio::test]
async fn sign_out_without_proof_asks_and_a_forged_confirmation_does_nothing() {
    let t = TestTenant::start().await;
    let path = format!("/{TENANT}/oauth2/v2.0/logout");
    let (_, session) = t.sign_in(ALICE, &[]).await;
    let (code, _) = t.sign_in(BOB, &[]).await;
    let bobs = t.redeem(&code, &[]).await.json()["id_token"].as_str().expect("a token").to_owned();
    let uri = "post_logout_redirect_uri=http://localhost:3000/signed-out";
    let mut page = String::new();
    for query in ["", "id_token_hint=x.y.z", &format!("client_id={WEB}"), &format!("id_token_hint={bobs}")] {
        let answer = t.get(&format!("{path}?{query}&{uri}"), &session).await;
        assert_eq!((answer.status, answer.location()), (StatusCode::OK, None), "{query}");
        assert!(answer.text().contains("Do you want to sign out?"), "{query}");
        assert!(answer.cookie(cookies::SESSION).is_none(), "{query}");
        if query.starts_with("client_id") {
            page = answer.text();
        }
    }
    let token = page.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token");
    let confirm = format!("{path}/confirm");
    let cookie = (header::COOKIE, session.as_str());
    let origin = |origin| (header::ORIGIN, origin);
    let cross_site = t.post(&confirm, &[cookie.clone(), origin("https://evil.example")], &[("token", token)]).await;
    assert_eq!(cross_site.status, StatusCode::FORBIDDEN);
    let guessed = t.post(&confirm, &[cookie.clone(), origin("http://localhost:3002")], &[("token", "guess")]).await;
    assert_eq!(guessed.status, StatusCode::CONFLICT);
    assert!(guessed.text().contains("nothing was done") && guessed.text().contains("Do you want to sign out?"));
    assert!(t.authorize(&[], &session).await.answered().contains_key("code"), "still signed in");

    let fields = [("token", token), ("post_logout_redirect_uri", "http://localhost:3000/signed-out")];
    let confirmed = t.post(&confirm, &[cookie, origin("http://localhost:3002")], &fields).await;
    assert_eq!(confirmed.status, StatusCode::SEE_OTHER);
    assert!(is_sign_in_page(&t.authorize(&[], &session).await));
}
