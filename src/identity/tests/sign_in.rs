//! Sign-in from the page that asks for it to the page it brings back to, as a browser and an attacker meet it.

use super::*;

#[tokio::test]
async fn a_customer_signs_in_and_is_brought_back_to_the_page_they_asked_for() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    let asked = app.begin(&mut browser).await;
    assert_eq!(asked["response_type"], "code");
    assert_eq!(asked["redirect_uri"], "http://localhost:3000/auth/redirect");
    assert_eq!(asked["code_challenge_method"], "S256");
    assert_eq!(asked["scope"], format!("openid profile email offline_access {READ}"));
    app.will_issue(&asked["nonce"], json!({}));
    let page = app.answer(&mut browser, &asked["state"]).await;
    assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/todos"));
    assert_eq!(app.whoami(&mut browser).await, "Alice");

    let Asked { headers, fields } = app.token.all()[0].clone();
    // RFC 7636 §4.6: the challenge is the digest of the verifier.
    assert_eq!(asked["code_challenge"], crate::platform::hash::sha256_base64url(&fields["code_verifier"]));
    // RFC 6749 §2.3.1: id and secret are form-encoded before they are joined.
    let expected = format!("{WEB}:s3cret%3Awith%20%25%2B%26");
    let expected = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, expected);
    assert_eq!(headers[header::AUTHORIZATION], format!("Basic {expected}"));
    assert!(!fields.contains_key("client_secret"), "only one way of authentication");
}

#[tokio::test]
async fn sign_up_goes_straight_to_the_providers_sign_up_page() {
    let app = TestApp::start().await;
    let page = app.get(&mut Browser::default(), "/auth/sign-up?return_to=/todos").await;
    assert_eq!(page.parameters()["prompt"], "create");
}

/// Abuse case 1.
#[tokio::test]
async fn missing_wrong_or_reused_state_is_an_error_page_and_no_token_call() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    let asked = app.begin(&mut browser).await;
    for query in ["code=code", "code=code&state=", "code=code&state=wrong"] {
        let page = app.get(&mut browser.clone(), &format!("/auth/redirect?{query}")).await;
        assert_eq!(page.location(), "/problem?reason=expired", "{query}");
    }
    assert_eq!(app.token.count(), 0);

    // Reused: the same answer in the same browser, with the cookies from before.
    app.will_issue(&asked["nonce"], json!({}));
    let mut first = browser.clone();
    assert_eq!(app.answer(&mut first, &asked["state"]).await.location(), "/todos");
    assert_eq!(app.answer(&mut browser, &asked["state"]).await.location(), "/problem?reason=expired");
    assert_eq!(app.token.count(), 1);
}

/// Abuse case 2.
#[tokio::test]
async fn a_state_from_another_browser_is_refused() {
    let app = TestApp::start().await;
    let mut attacker = Browser::default();
    let asked = app.begin(&mut attacker).await;
    app.will_issue(&asked["nonce"], json!({}));
    let mut victim = Browser::default();
    assert_eq!(app.answer(&mut victim, &asked["state"]).await.location(), "/problem?reason=expired");
    assert_eq!(app.whoami(&mut victim).await, "nobody");
    assert_eq!(app.token.count(), 0);
}

/// Abuse case 4.
#[tokio::test]
async fn a_wrong_iss_in_the_answer_or_none_though_announced_means_no_exchange() {
    let app = TestApp::start().await;
    app.provider.change_document(json!({"authorization_response_iss_parameter_supported": true}));
    let mut browser = Browser::default();
    let asked = app.begin(&mut browser).await;
    app.will_issue(&asked["nonce"], json!({}));
    for iss in ["", "&iss=https%3A%2F%2Fevil.example", "&iss="] {
        let path = format!("/auth/redirect?code=code&state={}{iss}", asked["state"]);
        assert_eq!(app.get(&mut browser.clone(), &path).await.location(), "/problem?reason=refused", "{iss:?}");
    }
    assert_eq!(app.token.count(), 0);
    let iss: String = url::form_urlencoded::byte_serialize(app.provider.issuer().as_bytes()).collect();
    let path = format!("/auth/redirect?code=code&state={}&iss={iss}", asked["state"]);
    assert_eq!(app.get(&mut browser, &path).await.location(), "/todos");
}

/// Abuse case 5: the code is another sign-in's; the verifier that is sent is this one's, so the provider refuses.
#[tokio::test]
async fn an_injected_code_goes_out_with_the_wrong_verifier() {
    let app = TestApp::start().await;
    let (mut attacker, mut victim) = (Browser::default(), Browser::default());
    let attackers = app.begin(&mut attacker).await;
    let victims = app.begin(&mut victim).await;
    let bound_to = attackers["code_challenge"].clone();
    app.token.replies(move |fields| {
        assert_ne!(crate::platform::hash::sha256_base64url(&fields["code_verifier"]), bound_to);
        (StatusCode::BAD_REQUEST, json!({"error": "invalid_grant"}))
    });
    assert_eq!(app.answer(&mut victim, &victims["state"]).await.location(), "/problem?reason=refused");
    assert_eq!(app.token.count(), 1);
}

/// Abuse case 6 (the relying party's half).
#[tokio::test]
async fn pkce_is_used_although_the_provider_does_not_announce_it() {
    let app = TestApp::start().await;
    app.provider.change_document(json!({"code_challenge_methods_supported": null}));
    let asked = app.begin(&mut Browser::default()).await;
    assert_eq!((asked["code_challenge_method"].as_str(), asked["code_challenge"].len()), ("S256", 43));
}

/// Abuse case 7.
#[tokio::test]
async fn a_provider_whose_document_names_another_issuer_is_refused() {
    let app = TestApp::start().await;
    app.provider.change_document(json!({"issuer": "https://evil.example/v2.0"}));
    let page = app.get(&mut Browser::default(), "/auth/sign-in").await;
    assert_eq!(page.location(), "/problem?reason=misconfigured");
}

/// Abuse case 21 (the callback's half).
#[tokio::test]
async fn repeated_parameters_in_the_answer_are_refused() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    let asked = app.begin(&mut browser).await;
    for more in ["&code=other", "&error=a&error=b", "&iss=a&iss=b"] {
        let path = format!("/auth/redirect?code=code&state={}{more}", asked["state"]);
        assert_eq!(app.get(&mut browser.clone(), &path).await.location(), "/problem?reason=refused", "{more}");
    }
    assert_eq!(app.token.count(), 0);
}

/// Abuse cases 22 and 23, end to end: whatever `return_to` was, the answer leads to a page of this site.
#[tokio::test]
async fn return_to_never_leaves_this_site_and_never_breaks_sign_in() {
    let app = TestApp::start().await;
    for return_to in ["https://evil.example", "//evil.example", "/%5Cevil.example", "%00", "%FF%FE", "%"] {
        let mut browser = Browser::default();
        let page = app.get(&mut browser, &format!("/auth/sign-in?return_to={return_to}")).await;
        let asked = page.parameters();
        app.will_issue(&asked["nonce"], json!({}));
        assert_eq!(app.answer(&mut browser, &asked["state"]).await.location(), "/", "{return_to}");
    }
}

/// Abuse case 24: nothing of the provider's text reaches the page.
#[tokio::test]
async fn an_error_of_the_provider_is_a_friendly_page_that_repeats_nothing() {
    let app = TestApp::start().await;
    for (error, reason) in [
        ("access_denied", "cancelled"),
        ("%3Cscript%3Ealert(1)%3C%2Fscript%3E", "refused"),
        ("temporarily_unavailable", "unavailable"),
    ] {
        let mut browser = Browser::default();
        let asked = app.begin(&mut browser).await;
        let description = "error_description=%3Cscript%3E";
        let path = format!("/auth/redirect?error={error}&{description}&state={}", asked["state"]);
        let page = app.get(&mut browser, &path).await;
        assert_eq!(page.location(), format!("/problem?reason={reason}"));
        assert!(!page.body.contains("script"));
        assert_eq!(browser.0.len(), 0, "the transaction is over");
    }
}

/// Abuse case 26.
#[tokio::test]
async fn ten_tabs_sign_in_at_once_and_the_number_of_pending_ones_is_capped() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    let mut tabs = Vec::new();
    for _ in 0..10 {
        tabs.push(app.begin(&mut browser).await);
        app.clock.advance(Duration::seconds(1));
    }
    assert_eq!(browser.0.len(), 10);
    for tab in &tabs {
        app.will_issue(&tab["nonce"], json!({}));
        assert_eq!(app.answer(&mut browser, &tab["state"]).await.location(), "/todos");
    }
    // The eleventh takes the place of the oldest.
    let mut browser = Browser::default();
    let oldest = app.begin(&mut browser).await;
    for _ in 0..14 {
        app.clock.advance(Duration::seconds(1));
        app.begin(&mut browser).await;
    }
    assert_eq!(browser.0.len(), 10);
    assert_eq!(app.answer(&mut browser, &oldest["state"]).await.location(), "/problem?reason=expired");
}

#[tokio::test]
async fn a_second_arrival_at_the_callback_is_harmless_when_signed_in() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    let asked = app.begin(&mut browser).await;
    app.will_issue(&asked["nonce"], json!({}));
    app.answer(&mut browser, &asked["state"]).await;
    assert_eq!(app.answer(&mut browser, &asked["state"]).await.location(), "/");
    assert_eq!(app.whoami(&mut browser).await, "Alice");
}

#[tokio::test]
async fn a_sign_in_that_took_too_long_has_run_out() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    let asked = app.begin(&mut browser).await;
    app.clock.advance(Duration::minutes(61));
    app.will_issue(&asked["nonce"], json!({}));
    assert_eq!(app.answer(&mut browser, &asked["state"]).await.location(), "/problem?reason=expired");
}

async fn asked(app: &TestApp, path: &str) -> std::collections::HashMap<String, String> {
    app.get(&mut Browser::default(), path).await.parameters()
}

#[tokio::test]
async fn sign_up_hints_and_extra_parameters_are_sent_as_configured() {
    let app = TestApp::configured(json!({
        "sign_up": {"parameters": {"screen_hint": "signup"}}, "domain_hint": "google",
        "extra_query_parameters": {"audience": "https://api", "prompt": "consent"},
    }))
    .await;
    let sign_in = asked(&app, "/auth/sign-in").await;
    let sign_up = asked(&app, "/auth/sign-up?login_hint=ada%40example.com&domain_hint=facebook").await;
    for request in [&sign_in, &sign_up] {
        assert_eq!((request["audience"].as_str(), request["prompt"].as_str()), ("https://api", "consent"));
        assert_eq!(request["response_type"], "code");
        assert!(!request.contains_key("response_mode") && !request.contains_key("claims"));
    }
    assert_eq!(sign_in["domain_hint"], "google");
    assert!(!sign_in.contains_key("screen_hint") && !sign_in.contains_key("login_hint"));
    assert_eq!(sign_up["screen_hint"], "signup");
    assert_eq!((sign_up["domain_hint"].as_str(), sign_up["login_hint"].as_str()), ("facebook", "ada@example.com"));
    // No parameter twice (RFC 6749 §3.1), and none from the link that is not meant to be there.
    let page = app.get(&mut Browser::default(), "/auth/sign-in?prompt=none&scope=x&state=y&claims=z").await;
    let url = url::Url::parse(page.location()).unwrap();
    let mut names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    names.sort();
    let before = names.len();
    names.dedup();
    assert_eq!(names.len(), before);
    assert_eq!(page.parameters()["prompt"], "consent");
    assert!(page.parameters()["state"].len() == 43 && !page.parameters().contains_key("claims"));
}

/// One endpoint that we can do without is no reason to sign nobody in.
#[tokio::test]
async fn a_malformed_optional_endpoint_takes_no_sign_in_down() {
    let app = TestApp::at_whole_provider().await;
    app.provider.change_document(json!({"end_session_endpoint": "", "revocation_endpoint": "/revoke"}));
    let mut browser = app.signed_in().await;
    assert_eq!(app.whoami(&mut browser).await, "Alice");
}

/// Abuse case 86, at sign-in: friendly pages, nobody signed in, and it recovers by itself.
#[tokio::test]
async fn a_provider_that_answers_nonsense_signs_nobody_in_and_recovers() {
    let app = TestApp::configured(json!({"claims_from_userinfo": true})).await;
    for lies in [
        Lies { tokens: json!({"access_token": null}), ..Lies::default() },
        Lies { tokens: json!({"access_token": "with\nnewline"}), ..Lies::default() },
        Lies { tokens: json!({"token_type": "mac"}), ..Lies::default() },
        Lies { tokens: json!({"id_token": null}), ..Lies::default() },
        Lies { tokens: json!({"id_token": ""}), ..Lies::default() },
        Lies { tokens: json!({"id_token": 7}), ..Lies::default() },
        Lies { user_info: json!({"big": "x".repeat(64 * 1024)}), ..Lies::default() },
        Lies { response: json!({"code": null}), ..Lies::default() },
        Lies { response: json!({"code": "another"}), ..Lies::default() },
        Lies { response: json!({"code": null, "error": "server_error"}), ..Lies::default() },
    ] {
        app.provider.lie(lies);
        let mut browser = Browser::default();
        let page = app.sign_in(&mut browser).await;
        assert!(page.location().starts_with("/problem?reason="), "{}", page.location());
        assert_eq!(app.whoami(&mut browser).await, "nobody");
    }
    // An endpoint that is missing altogether.
    app.provider.lie(Lies::default());
    app.provider.change_document(json!({"userinfo_endpoint": null}));
    app.clock.advance(Duration::days(3));
    assert_eq!(app.sign_in(&mut Browser::default()).await.location(), "/problem?reason=refused");
    app.provider
        .change_document(json!({"userinfo_endpoint": format!("{}/{TENANT}/oidc/userinfo", app.provider.origin)}));
    app.clock.advance(Duration::days(3));
    app.signed_in().await;
}

/// What the customer cannot mend, and no waiting either, has words of its own: keys that cannot be used, a secret that is not
/// the app's. Both show at the answer; that the document is another provider's shows at the start.
#[tokio::test]
async fn what_an_operator_must_mend_is_no_outage() {
    let app = TestApp::at_whole_provider().await;
    app.provider.publish(&[]);
    assert_eq!(app.sign_in(&mut Browser::default()).await.location(), "/problem?reason=misconfigured");
    let app = TestApp::configured(json!({"client_credentials": [{"secret": "another"}]})).await;
    assert_eq!(app.sign_in(&mut Browser::default()).await.location(), "/problem?reason=misconfigured");
    let app = TestApp::at_whole_provider().await;
    app.provider.answer_with(StatusCode::SERVICE_UNAVAILABLE);
    let page = app.get(&mut Browser::default(), "/auth/sign-in").await;
    assert_eq!(page.location(), "/problem?reason=unavailable");
}

/// Abuse case 25, for a provider that is not Entra: who it is, is the claim that configuration names.
#[tokio::test]
async fn another_providers_customer_is_known_by_the_configured_claim() {
    let app = TestApp::configured(json!({
        "tenant_id": null, "claim_names": {"object_id": "profile.uid", "name": "profile.nick"},
    }))
    .await;
    let key = async || {
        let keys: Vec<String> = sqlx::query_scalar("SELECT DISTINCT customer FROM sessions ORDER BY customer")
            .fetch_all(app.identity.db())
            .await
            .unwrap();
        keys
    };
    for uid in ["one", "two", "one"] {
        let claims = json!({"profile": {"uid": uid, "nick": "Nick"}, "oid": BOB});
        app.provider.lie(Lies { claims, ..Lies::default() });
        let mut browser = Browser::default();
        app.sign_in(&mut browser).await;
        let look: Value = serde_json::from_str(&app.get(&mut browser, "/auth/session").await.body).unwrap();
        assert_eq!(look["name"], "Nick");
    }
    assert_eq!(key().await, ["one", "two"].map(|uid| format!("{}|{uid}", app.provider.issuer())));
    for claims in [json!({}), json!({"profile": {"uid": ""}}), json!({"profile": {"uid": 7}})] {
        app.provider.lie(Lies { claims, ..Lies::default() });
        assert_eq!(app.sign_in(&mut Browser::default()).await.location(), "/problem?reason=refused");
    }
}

/// A provider that is down when the web server starts: it is asked again, without anybody coming.
#[tokio::test]
async fn a_provider_that_is_down_at_boot_is_asked_again_until_it_answers() {
    let clock = Clock::manual(time::OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap());
    let double = ProviderDouble::start(&clock).await;
    double.answer_with(StatusCode::SERVICE_UNAVAILABLE);
    let provider = double.provider();
    let stop = tokio_util::sync::CancellationToken::new();
    let watch = tokio::spawn({
        let (provider, stop) = (provider.clone(), stop.clone());
        async move { provider.watch_with(std::time::Duration::from_millis(20), stop).await }
    });
    let eventually = async |condition: &dyn Fn() -> bool| {
        for _ in 0..500 {
            if condition() {
                return;
            }
            clock.advance(Duration::seconds(1));
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("it never happened");
    };
    eventually(&|| double.discoveries() >= 3).await;
    double.answer_with(StatusCode::OK);
    eventually(&|| double.key_fetches() == 1).await;
    assert!(provider.metadata().await.is_ok());
    stop.cancel();
    watch.await.unwrap();
}
