//! The userinfo endpoint.

use super::*;

#[tokio::test]
async fn userinfo_tells_what_the_scopes_allow_about_the_same_subject() {
    let t = TestTenant::start().await;
    let (code, _) = t.sign_in(ALICE, &[("scope", "openid email")]).await;
    let tokens = t.redeem(&code, &[]).await.json();
    let token = tokens["access_token"].as_str().expect("a token");
    let info = t.userinfo(token).await.json();
    assert_eq!(info["sub"], t.claims(&tokens["id_token"]).await["sub"]);
    assert_eq!((&info["email"], info.get("name")), (&"alice@example.com".into(), None));
    let path = format!("/{TENANT}/oidc/userinfo");
    let posted = t.post(&path, &[(header::AUTHORIZATION, &format!("Bearer {token}"))], &[]).await;
    assert_eq!(posted.json(), info);

    let unauthorized = [
        t.get(&path, "").await,
        t.get(&format!("{path}?access_token={token}"), "").await,
        t.userinfo("x.y.z").await,
        t.userinfo(tokens["id_token"].as_str().expect("a token")).await,
        {
            let (code, _) = t.sign_in(ALICE, &[]).await;
            t.userinfo(t.redeem(&code, &[]).await.json()["access_token"].as_str().expect("a token")).await
        },
        {
            t.clock.advance(Duration::hours(1));
            t.userinfo(token).await
        },
    ];
    for (position, answer) in unauthorized.iter().enumerate() {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{position}");
        assert!(answer.header(header::WWW_AUTHENTICATE).starts_with("Bearer"), "{position}");
    }
}
