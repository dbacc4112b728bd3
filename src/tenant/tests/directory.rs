//! `/v1.0/me`.

use serde_json::json;

use super::grants::text;
use super::*;

impl TestTenant {
    pub(super) async fn me(&self, token: &str) -> Answer {
        self.directory(Method::GET, "", Some(token), "").await
    }

    async fn patch(&self, token: &str, body: &str) -> Answer {
        self.directory(Method::PATCH, "", Some(token), body).await
    }

    async fn directory(&self, method: Method, query: &str, token: Option<&str>, body: &str) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/v1.0/me{query}"))
            .header(header::HOST, "localhost:3002")
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    async fn directory_token(&self, scope: &str) -> String {
        text(&self.tokens(ALICE, &[("scope", &format!("openid offline_access {scope}"))]).await, "access_token")
            .to_owned()
    }
}

#[tokio::test]
async fn a_bare_scope_is_the_directorys_and_its_token_opens_userinfo_as_well() {
    let t = TestTenant::start().await;
    let tokens = t.tokens(ALICE, &[("scope", "openid profile offline_access User.Read")]).await;
    let claims = t.claims(&tokens["access_token"]).await;
    assert_eq!((&claims["aud"], &claims["scp"]), (&DIRECTORY.into(), &"openid profile User.Read".into()));
    assert_eq!(tokens["scope"], "User.Read openid profile");
    assert_eq!(t.userinfo(text(&tokens, "access_token")).await.json()["name"], "Alice");
    let refreshed = t.refresh(text(&tokens, "refresh_token"), "User.ReadWrite").await.json();
    assert_eq!(t.claims(&refreshed["access_token"]).await["scp"], "openid profile User.ReadWrite");
}

#[tokio::test]
async fn the_profile_has_graphs_shape() {
    let t = TestTenant::start().await;
    let token = t.directory_token("User.Read").await;
    let answer = t.me(&token).await;
    assert_eq!((answer.status, answer.header(header::CACHE_CONTROL)), (StatusCode::OK, "no-store"));
    assert_eq!(
        answer.json(),
        json!({
            "@odata.context": "http://localhost:3002/v1.0/$metadata#users/$entity",
            "id": ALICE,
            "displayName": "Alice",
            "givenName": null,
            "surname": null,
            "mail": "alice@example.com",
            "userPrincipalName": format!("{ALICE}@errand.example"),
            "streetAddress": null,
            "postalCode": null,
            "city": null,
            "state": null,
            "country": "CH",
        })
    );
    let selected = t.directory(Method::GET, "?$select=id,%20country", Some(&token), "").await.json();
    let context = "http://localhost:3002/v1.0/$metadata#users/$entity";
    assert_eq!(selected, json!({ "@odata.context": context, "id": ALICE, "country": "CH" }));
    let unknown = t.directory(Method::GET, "?$select=password_hash", Some(&token), "").await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_changed_profile_is_kept_and_seen_in_the_next_tokens() {
    let t = TestTenant::start().await;
    let tokens = t.tokens(ALICE, &[("scope", "openid profile offline_access User.ReadWrite")]).await;
    let token = text(&tokens, "access_token");
    let body =
        json!({ "displayName": " Alice Ackermann ", "givenName": "Alice", "city": "Zürich 王", "country": "LI" });
    let answer = t.patch(token, &body.to_string()).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::NO_CONTENT, 0));
    let profile = t.me(token).await.json();
    assert_eq!((&profile["displayName"], &profile["city"]), (&"Alice Ackermann".into(), &"Zürich 王".into()));
    let refreshed = t.refresh(text(&tokens, "refresh_token"), "").await.json();
    let id = t.claims(&refreshed["id_token"]).await;
    assert_eq!((&id["name"], &id["ctry"]), (&"Alice Ackermann".into(), &"LI".into()));

    let longest = json!({ "displayName": "ö".repeat(256) }).to_string();
    assert_eq!(t.patch(token, &longest).await.status, StatusCode::NO_CONTENT, "as long as in Graph");
    assert_eq!(t.patch(token, r#"{"city":null}"#).await.status, StatusCode::NO_CONTENT);
    assert_eq!(t.patch(token, "{}").await.status, StatusCode::NO_CONTENT);
    let profile = t.me(token).await.json();
    assert_eq!((&profile["city"], &profile["givenName"]), (&Value::Null, &"Alice".into()));
    let bob = t.tokens(BOB, &[("scope", "User.Read")]).await;
    assert_eq!(t.me(text(&bob, "access_token")).await.json()["givenName"], Value::Null, "nobody else's");
}

#[tokio::test]
async fn a_change_that_makes_no_sense_is_refused_as_a_whole() {
    let t = TestTenant::start().await;
    let token = t.directory_token("User.ReadWrite").await;
    let long = json!({ "city": "x".repeat(129) }).to_string();
    let long_name = json!({ "city": "Basel", "displayName": "x".repeat(257) }).to_string();
    for body in [
        "",
        "[]",
        "{",
        r#"{"city":"Basel","displayName":""}"#,
        r#"{"city":"Basel","displayName":null}"#,
        r#"{"city":"Basel","displayName":"a\u202eb"}"#,
        r#"{"city":"Basel","givenName":"a\r\nb"}"#,
        r#"{"city":"Basel","givenName":"a\u0000b"}"#,
        r#"{"city":"Basel","surname":7}"#,
        r#"{"city":"Basel","country":"Switzerland"}"#,
        r#"{"city":"Basel","country":"XX"}"#,
        r#"{"city":"Basel","mail":"eve@example.com"}"#,
        r#"{"city":"Basel","id":"x"}"#,
        r#"{"city":"Basel","userPrincipalName":"x"}"#,
        r#"{"city":"Basel","disabled":0}"#,
        r#"{"city":"Basel","password_hash":"x"}"#,
        &long,
        &long_name,
    ] {
        let answer = t.patch(&token, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        let error = answer.json()["error"].clone();
        assert!(error["code"].is_string() && error["message"].is_string(), "{error}");
        for id in ["request-id", "client-request-id"] {
            assert!(text(&error["innerError"], id).parse::<uuid::Uuid>().is_ok(), "{error}");
        }
    }
    assert_eq!(t.me(&token).await.json()["city"], Value::Null);
    let form = Request::patch("/v1.0/me").header(header::AUTHORIZATION, format!("Bearer {token}"));
    let form = form.header(header::CONTENT_TYPE, "text/plain").body(Body::from(r#"{"city":"Basel"}"#));
    assert_eq!(t.send(form.expect("a request")).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn without_a_token_for_the_directory_and_its_scope_nothing_is_told() {
    let t = TestTenant::start().await;
    let tokens = t.tokens(ALICE, &[]).await;
    let expired = t.directory_token("User.Read").await;
    t.clock.advance(Duration::hours(1));
    let good = t.directory_token("User.Read").await;
    for (what, answer) in [
        ("none", t.directory(Method::GET, "", None, "").await),
        ("in the query", t.directory(Method::GET, &format!("?access_token={good}"), None, "").await),
        ("nonsense", t.me("x.y.z").await),
        ("an ID token", t.me(text(&tokens, "id_token")).await),
        ("for another API", t.me(text(&tokens, "access_token")).await),
        ("expired", t.me(&expired).await),
    ] {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{what}");
        assert_eq!(answer.json()["error"]["code"], "InvalidAuthenticationToken", "{what}");
        let challenge = answer.header(header::WWW_AUTHENTICATE);
        assert!(challenge.starts_with("Bearer realm=\"\", authorization_uri=\"http://localhost:3002/"), "{challenge}");
        assert!(!answer.text().contains("alice"), "{what}");
    }
    let only_openid = text(&t.tokens(ALICE, &[("scope", "openid profile")]).await, "access_token").to_owned();
    for answer in [t.patch(&good, r#"{"city":"Basel"}"#).await, t.me(&only_openid).await] {
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(answer.json()["error"]["code"], "Authorization_RequestDenied");
        assert!(answer.header(header::WWW_AUTHENTICATE).contains("error=\"insufficient_scope\""));
    }
    let fields = [
        ("client_id", DAEMON),
        ("client_secret", "the daemon's"),
        ("grant_type", "client_credentials"),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    let app_only = t.token(&fields).await.json();
    assert_eq!(t.me(text(&app_only, "access_token")).await.status, StatusCode::BAD_REQUEST, "there is no me");
}

/// Continuous access evaluation: the client asks for a new token with these claims, and is told to sign its user in.
#[tokio::test]
async fn the_token_of_a_revoked_grant_gets_a_claims_challenge_if_the_client_understands_it() {
    let t = TestTenant::start().await;
    for capable in [true, false] {
        let claims = if capable { r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"# } else { "" };
        let changes = [("scope", "openid offline_access User.Read"), ("claims", claims)];
        let tokens = t.tokens(ALICE, &changes[..if capable { 2 } else { 1 }]).await;
        sso::end_sessions_of(&t.tenant, ALICE).await;
        let answer = t.me(text(&tokens, "access_token")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        let challenge = answer.header(header::WWW_AUTHENTICATE).to_owned();
        if !capable {
            assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
            continue;
        }
        assert!(challenge.contains("error=\"insufficient_claims\""), "{challenge}");
        let claims = challenge.split("claims=\"").nth(2).or_else(|| challenge.split(" claims=\"").nth(1));
        let claims = claims.and_then(|rest| rest.split('"').next()).expect("claims");
        let claims = String::from_utf8(STANDARD.decode(claims).expect("base64")).expect("UTF-8");
        assert!(claims.contains(r#""nbf""#), "{claims}");
        let refresh = [("grant_type", "refresh_token"), ("refresh_token", text(&tokens, "refresh_token"))];
        let refused = t.token(&[&refresh[..], &[("claims", claims.as_str())]].concat()).await;
        assert_eq!(refused.error(), (400, "invalid_grant".to_owned(), 50_173));
    }
}
