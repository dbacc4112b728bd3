//! ID tokens and `UserInfo` answers that say the wrong thing.

use super::*;

/// Abuse cases 3, 10 and 11, and 12: one claim of the ID token changed at a time.
#[tokio::test]
async fn an_id_token_with_a_wrong_claim_is_refused() {
    let app = TestApp::start().await;
    let now = app.clock.unix_seconds();
    for (what, changes) in [
        ("another nonce", json!({"nonce": "other"})),
        ("no nonce", json!({"nonce": null})),
        ("another issuer", json!({"iss": "https://evil.example/v2.0"})),
        ("no issuer", json!({"iss": null})),
        ("another audience", json!({"aud": "another-app"})),
        ("no audience", json!({"aud": null})),
        ("an additional audience", json!({"aud": [WEB, "another-app"]})),
        ("another authorized party", json!({"azp": "another-app"})),
        ("no subject", json!({"sub": null})),
        ("an empty subject", json!({"sub": ""})),
        ("a subject that is too long", json!({"sub": "x".repeat(256)})),
        ("no expiry", json!({"exp": null})),
        ("no issue time", json!({"iat": null})),
        ("expired beyond the skew", json!({"exp": now - 61})),
        ("not yet valid beyond the skew", json!({"nbf": now + 61})),
        ("issued in the future beyond the skew", json!({"iat": now + 61})),
        ("another tenant", json!({"tid": BOB})),
    ] {
        let mut browser = Browser::default();
        let page = app.sign_in_as(&mut browser, changes).await;
        assert_eq!(page.location(), "/problem?reason=refused", "{what}");
        assert_eq!(app.whoami(&mut browser).await, "nobody", "{what}");
    }
    // Within the skew it is accepted: the cases above fail for the reason they name.
    let changes = json!({"exp": now - 59, "nbf": now + 59, "iat": now + 59, "azp": WEB, "aud": [WEB]});
    assert_eq!(app.sign_in_as(&mut Browser::default(), changes).await.location(), "/todos");
}

/// Abuse cases 8 and 9.
#[tokio::test]
async fn an_id_token_with_alg_none_or_hs256_under_the_public_key_is_refused() {
    let app = TestApp::start().await;
    for header in [json!({"alg": "none"}), json!({"alg": "HS256", "kid": "first"})] {
        let mut browser = Browser::default();
        let asked = app.begin(&mut browser).await;
        let good = app.provider.id_token(&asked["nonce"], json!({}));
        let claims = crate::identity::jwt::parse(&good).map(|_| good.split('.').nth(1).unwrap().to_owned()).unwrap();
        let encode = |bytes: &[u8]| base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, bytes);
        let signed = format!("{}.{claims}", encode(header.to_string().as_bytes()));
        let signature = if header["alg"] == "none" {
            String::new()
        } else {
            let jwk = SigningKey::first().jwk().to_string();
            let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, jwk.as_bytes());
            encode(aws_lc_rs::hmac::sign(&key, signed.as_bytes()).as_ref())
        };
        app.will_issue_id_token(format!("{signed}.{signature}"));
        assert_eq!(app.answer(&mut browser, &asked["state"]).await.location(), "/problem?reason=refused", "{header}");
    }
}

/// Abuse case 19: other tokens of the provider, for this client and with the right nonce, are no ID tokens.
#[tokio::test]
async fn an_access_or_logout_token_is_no_id_token() {
    let app = TestApp::at_whole_provider().await;
    for (header, claims) in [
        (json!({"typ": "at+jwt"}), json!({})),
        (json!({"typ": "logout+jwt"}), json!({})),
        (json!({}), json!({"scp": "ToDoList.Read"})),
        (json!({}), json!({"scope": "ToDoList.Read"})),
        (json!({}), json!({"events": {"http://schemas.openid.net/event/backchannel-logout": {}}})),
    ] {
        app.provider.lie(Lies { header, claims, ..Lies::default() });
        let mut browser = Browser::default();
        assert_eq!(app.sign_in(&mut browser).await.location(), "/problem?reason=refused");
        assert_eq!(app.whoami(&mut browser).await, "nobody");
    }
    app.provider.lie(Lies { header: json!({"typ": null}), ..Lies::default() });
    app.signed_in().await;
}

/// Abuse cases 15 to 18, at sign-in: what a hostile header or a strange token could try.
#[tokio::test]
async fn a_hostile_or_strange_id_token_is_refused_and_nobody_else_is_asked() {
    let app = TestApp::at_whole_provider().await;
    let twice = |token: String| {
        let parts: Vec<&str> = token.split('.').collect();
        let encode = |text: &str| base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text);
        format!("{}.{}.{}", encode(r#"{"alg":"RS256","kid":"first","kid":"second"}"#), parts[1], parts[2])
    };
    let lies = |header| Lies { header, ..Lies::default() };
    for lies in [
        lies(json!({"jku": "http://127.0.0.1:1/keys", "kid": "unknown"})),
        lies(json!({"crit": ["exp"], "exp": 1})),
        lies(json!({"zip": "DEF"})),
        lies(json!({"enc": "A128GCM"})),
        Lies { tamper: twice, ..Lies::default() },
        Lies { tamper: |token| format!("{token}.x.y"), ..Lies::default() },
        Lies { claims: json!({"padding": "x".repeat(100_000)}), ..Lies::default() },
        Lies { claims: json!({"padding": "x".repeat(1_000_000)}), ..Lies::default() },
    ] {
        app.provider.lie(lies);
        let mut browser = Browser::default();
        let page = app.sign_in(&mut browser).await;
        assert!(page.location().starts_with("/problem?reason="), "{}", page.location());
        assert_eq!(app.whoami(&mut browser).await, "nobody");
    }
    assert_eq!(app.provider.discoveries(), 1);
}

/// OpenID Connect Core §3.1.3.8: `at_hash`, where there is one, is that of the access token.
#[tokio::test]
async fn the_hash_of_the_access_token_is_checked_where_there_is_one() {
    let app = TestApp::at_whole_provider().await;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, crate::identity::testing::ACCESS_TOKEN.as_bytes());
    let right = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &hash.as_ref()[..16]);
    for (hash, accepted) in [(json!(right), true), (json!("of-another-token"), false), (json!(""), false)] {
        app.provider.lie(Lies { claims: json!({ "at_hash": hash }), ..Lies::default() });
        let mut browser = Browser::default();
        app.sign_in(&mut browser).await;
        assert_eq!(app.whoami(&mut browser).await == "Alice", accepted, "{hash}");
    }
}

/// What is not needed and cannot be read counts as absent; what is needed does not, and the signature is that of the token as
/// it came.
#[tokio::test]
async fn an_optional_claim_of_the_wrong_type_takes_nobodys_sign_in_down() {
    let app = TestApp::at_whole_provider().await;
    for claims in [
        json!({"address": "Main Street 1"}),
        json!({"updated_at": "yesterday", "email_verified": "perhaps", "picture": 1}),
        json!({"amr": "pwd", "acr": 1, "c_hash": 1, "auth_time": "soon", "tid": TENANT}),
        json!({"phone_number": {"country": 49}, "gender": [], "locale": 1, "email": ["a@example.com"]}),
    ] {
        app.provider.lie(Lies { claims: claims.clone(), ..Lies::default() });
        let mut browser = Browser::default();
        app.sign_in(&mut browser).await;
        assert_eq!(app.whoami(&mut browser).await, "Alice", "{claims}");
        let forge = |token: String| format!("{}AAAA", &token[..token.len() - 4]);
        app.provider.lie(Lies { claims: claims.clone(), tamper: forge, ..Lies::default() });
        let mut browser = Browser::default();
        app.sign_in(&mut browser).await;
        assert_eq!(app.whoami(&mut browser).await, "nobody", "{claims}");
    }
    for claims in [json!({"at_hash": 1}), json!({"azp": 1}), json!({"iat": "now"}), json!({"exp": "later"})] {
        app.provider.lie(Lies { claims: claims.clone(), ..Lies::default() });
        let mut browser = Browser::default();
        app.sign_in(&mut browser).await;
        assert_eq!(app.whoami(&mut browser).await, "nobody", "{claims}");
    }
}

/// OpenID Connect Core §3.1.3.7 (3 to 5), for providers that add an audience of their own.
#[tokio::test]
async fn further_audiences_are_accepted_where_configuration_trusts_them() {
    let app = TestApp::configured(json!({"trusted_audiences": ["project"]})).await;
    for (claims, accepted) in [
        (json!({"aud": WEB}), true),
        (json!({"aud": [WEB, "project"]}), true),
        (json!({"aud": ["project", WEB], "azp": WEB}), true),
        (json!({"aud": [WEB, "project"], "azp": "project"}), false),
        (json!({"aud": "project"}), false),
        (json!({"aud": ["project"], "azp": WEB}), false),
        (json!({"aud": [WEB, "project", "another"]}), false),
        (json!({"aud": []}), false),
    ] {
        app.provider.lie(Lies { claims: claims.clone(), ..Lies::default() });
        let mut browser = Browser::default();
        app.sign_in(&mut browser).await;
        assert_eq!(app.whoami(&mut browser).await == "Alice", accepted, "{claims}");
    }
}

/// OpenID Connect Core §5.3.2
#[tokio::test]
async fn a_signed_userinfo_answer_is_the_providers_for_this_client() {
    let app = TestApp::configured(json!({"claims_from_userinfo": true})).await;
    let issuer = app.provider.issuer();
    for (user_info, accepted) in [
        (json!({"iss": issuer, "aud": WEB, "address": "Main Street 1"}), true),
        (json!({}), true),
        (json!({"iss": "https://evil.example", "aud": WEB}), false),
        (json!({"iss": issuer, "aud": "another-app"}), false),
        (json!({"iss": issuer, "aud": WEB, "sub": "somebody-else"}), false),
    ] {
        app.provider.lie(Lies { user_info: user_info.clone(), signs_user_info: true, ..Lies::default() });
        let mut browser = Browser::default();
        app.sign_in(&mut browser).await;
        assert_eq!(app.whoami(&mut browser).await == "Alice", accepted, "{user_info}");
    }
}

/// A provider that signs with an algorithm of its own choice announces it.
#[tokio::test]
async fn an_id_token_of_an_announced_algorithm_signs_in() {
    let key = SigningKey::edwards();
    for (announced, accepted) in [(json!(["RS256"]), false), (json!(["RS256", "EdDSA"]), true)] {
        let app = TestApp::at_whole_provider().await;
        app.provider.publish(&[key]);
        app.provider.change_document(json!({ "id_token_signing_alg_values_supported": announced }));
        app.provider.lie(Lies { key, header: json!({"alg": "EdDSA"}), ..Lies::default() });
        let mut browser = Browser::default();
        app.sign_in(&mut browser).await;
        assert_eq!(app.whoami(&mut browser).await == "Alice", accepted, "{announced}");
    }
}
