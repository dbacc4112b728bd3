//! What configuration changes of a sign-in, challenges, sessions that end, and what a lying or absent provider does to
//! them.

use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use time::Duration;

use super::conformance::Suite;
use super::provider_double::{BOB, Lies, ProviderDouble, SigningKey, TENANT, WEB};
use super::return_to::ReturnTo;
use super::scopes::Scopes;
use super::tests::{Browser, READ, send};
use crate::platform::clock::Clock;

const GRAPH: &str = "https://graph.microsoft.com/User.Read";

async fn asked(suite: &Suite, path: &str) -> std::collections::HashMap<String, String> {
    suite.get(&mut Browser::default(), path).await.parameters()
}

#[tokio::test]
async fn sign_up_hints_and_extra_parameters_are_sent_as_configured() {
    let suite = Suite::configured(json!({
        "sign_up": {"parameters": {"screen_hint": "signup"}}, "domain_hint": "google",
        "extra_query_parameters": {"audience": "https://api", "prompt": "consent"},
    }))
    .await;
    let sign_in = asked(&suite, "/auth/sign-in").await;
    let sign_up = asked(&suite, "/auth/sign-up?login_hint=ada%40example.com&domain_hint=facebook").await;
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
    let page = suite.get(&mut Browser::default(), "/auth/sign-in?prompt=none&scope=x&state=y&claims=z").await;
    let url = url::Url::parse(page.location()).unwrap();
    let mut names: Vec<_> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    names.sort();
    let before = names.len();
    names.dedup();
    assert_eq!(names.len(), before);
    assert_eq!(page.parameters()["prompt"], "consent");
    assert!(page.parameters()["state"].len() == 43 && !page.parameters().contains_key("claims"));
}

/// The authorization endpoint is asked for all resources, the token endpoint for the challenge's.
#[tokio::test]
async fn a_challenge_asks_for_its_scopes_and_claims_and_brings_the_customer_back_where_they_were() {
    let suite = Suite::configured(json!({"client_capabilities": ["cp1"]})).await;
    let mut browser = suite.signed_in().await;
    let claims = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#;
    let url = suite.identity.interaction_url(
        &Suite::alice(),
        &Scopes::parse(GRAPH),
        Some(claims),
        &ReturnTo::parse("/account?tab=2"),
    );
    let page = suite.get(&mut browser, &url).await;
    let asked = page.parameters();
    assert_eq!(asked["scope"], format!("openid profile email offline_access {READ} {GRAPH}"));
    let sent: Value = serde_json::from_str(&asked["claims"]).unwrap();
    let acrs = json!({"essential": true, "value": "c1"});
    assert_eq!(sent, json!({"access_token": {"acrs": acrs, "xms_cc": {"values": ["cp1"]}}}));

    let back = suite.at_the_provider(&page).await;
    assert_eq!(suite.get(&mut browser, &back).await.location(), "/account?tab=2");
    assert_eq!(suite.whoami(&mut browser).await, "Alice");
    let exchange = suite.provider.token_requests().pop().expect("a token request").1;
    assert_eq!(exchange["scope"], format!("openid profile email offline_access {GRAPH}"));
    // One session, not two: the new one took the place of the old.
    let sessions: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM sessions").fetch_one(&suite.identity.db).await.unwrap();
    assert_eq!(sessions, 1);
}

#[tokio::test]
async fn a_challenge_that_is_not_ours_or_has_run_out_asks_for_nothing() {
    let suite = Suite::start().await;
    let other = Suite::start().await;
    let (scopes, home, alice) = (Scopes::parse(GRAPH), ReturnTo::home(), Suite::alice());
    let mut browser = suite.signed_in().await;
    let foreign = other.identity.interaction_url(&alice, &scopes, None, &home);
    let old = suite.identity.interaction_url(&alice, &scopes, None, &home);
    let scope = async |browser: &mut Browser, url: &str| suite.get(browser, url).await.parameters()["scope"].clone();
    assert!(scope(&mut browser, &old).await.contains(GRAPH));
    suite.clock.advance(Duration::hours(12));
    let damaged = format!("{}x", suite.identity.interaction_url(&alice, &scopes, None, &home));
    let plain = format!("/auth/sign-in?challenge={GRAPH}");
    for url in [foreign, old, damaged, plain] {
        assert!(!scope(&mut browser, &url).await.contains(GRAPH), "{url}");
    }
    // Nothing to ask for: an ordinary sign-in.
    assert_eq!(suite.identity.interaction_url(&alice, &Scopes::default(), None, &home), "/auth/sign-in?return_to=%2F");
}

/// A link that one customer was given asks no other customer, and no visitor, for permissions.
#[tokio::test]
async fn a_challenge_made_for_one_customer_asks_nothing_of_another() {
    let suite = Suite::start().await;
    let mut alice = suite.signed_in().await;
    suite.provider.lie(Lies { claims: json!({"oid": BOB, "sub": "bob"}), ..Lies::default() });
    let mut bob = Browser::default();
    suite.sign_in(&mut bob).await;
    let claims = Some(r#"{"id_token":{"acrs":{"essential":true}}}"#);
    let url = suite.identity.interaction_url(&Suite::alice(), &Scopes::parse(GRAPH), claims, &ReturnTo::home());
    for (whose, browser, counts) in
        [("hers", &mut alice, true), ("another's", &mut bob, false), ("a visitor's", &mut Browser::default(), false)]
    {
        let asked = suite.get(browser, &url).await.parameters();
        assert_eq!(asked["scope"].contains(GRAPH), counts, "{whose}");
        assert_eq!(asked.contains_key("claims"), counts, "{whose}");
    }
}

/// The customer who is signed in is asked, and not whoever else has an account in this browser.
#[tokio::test]
async fn a_challenge_names_the_customer_who_is_signed_in() {
    let suite = Suite::start().await;
    suite.provider.lie(Lies { claims: json!({"login_hint": "opaque"}), ..Lies::default() });
    let mut browser = suite.signed_in().await;
    let url = suite.identity.interaction_url(&Suite::alice(), &Scopes::parse(GRAPH), None, &ReturnTo::home());
    assert_eq!(suite.get(&mut browser, &url).await.parameters()["login_hint"], "opaque");
    assert!(!suite.get(&mut Browser::default(), &url).await.parameters().contains_key("login_hint"));
    assert!(!suite.get(&mut browser, "/auth/sign-in").await.parameters().contains_key("login_hint"));
}

/// The post that the provider's page has the browser send: across sites, so only `SameSite=None` cookies come along.
async fn post_answer(suite: &Suite, browser: &mut Browser, form: &str) -> super::tests::Page {
    let session = browser.0.remove("errand");
    let request = Request::post("/auth/redirect")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ORIGIN, "https://id.example")
        .header("sec-fetch-site", "cross-site");
    let page = send(&suite.router, browser, request, form.to_owned()).await;
    if let Some(session) = session {
        browser.0.entry("errand".to_owned()).or_insert(session);
    }
    page
}

#[tokio::test]
async fn an_answer_by_form_post_signs_in_and_ends_the_session_before() {
    let suite = Suite::configured(json!({"response_mode": "form_post"})).await;
    let mut browser = Browser::default();
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let page = suite.get(&mut browser, "/auth/sign-in?return_to=/todos").await;
        assert_eq!(page.parameters()["response_mode"], "form_post");
        let cookie = &page.set_cookies()[0];
        assert!(cookie.contains("SameSite=None") && cookie.contains("Secure"), "{cookie}");
        let form = crate::platform::outbound::client().get(page.location()).send().await.unwrap().text().await.unwrap();
        let page = post_answer(&suite, &mut browser, &form).await;
        assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/todos"));
        let session = page.set_cookies().into_iter().find(|cookie| cookie.starts_with("errand=")).expect("a session");
        assert!(session.contains("SameSite=Lax"), "{session}");
        assert_eq!(suite.whoami(&mut browser).await, "Alice");
        sessions.push(browser.clone());

        // Abuse case 26: the same form again, with the cookies of before or of now.
        let again = post_answer(&suite, &mut browser, &form).await;
        assert_eq!(again.location(), "/auth/redirect");
        assert_eq!(suite.get(&mut browser, "/auth/redirect").await.location(), "/");
    }
    // Abuse case 27, although the second post came without the first session's cookie.
    assert_eq!(suite.whoami(&mut sessions[0]).await, "nobody");
    let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sessions").fetch_one(&suite.identity.db).await.unwrap();
    assert_eq!(rows, 1);
}

#[tokio::test]
async fn a_form_post_is_checked_like_any_other_answer() {
    let suite = Suite::configured(json!({"response_mode": "form_post"})).await;
    let mut browser = Browser::default();
    let state = suite.get(&mut browser, "/auth/sign-in").await.parameters()["state"].clone();
    for (form, location) in [
        (format!("code=x&state={state}&code=y"), "/problem?reason=refused"),
        (format!("code=x&state={state}&iss=https%3A%2F%2Fevil.example"), "/problem?reason=refused"),
        (format!("error=access_denied&state={state}"), "/problem?reason=cancelled"),
        (format!("state={state}"), "/problem?reason=refused"),
        ("code=x&state=wrong".to_owned(), "/auth/redirect"),
        (String::new(), "/auth/redirect"),
    ] {
        assert_eq!(post_answer(&suite, &mut browser.clone(), &form).await.location(), location, "{form}");
    }
    // Another browser (abuse case 2).
    let form = format!("code=x&state={state}");
    assert_eq!(post_answer(&suite, &mut Browser::default(), &form).await.location(), "/auth/redirect");
    assert_eq!(suite.get(&mut Browser::default(), "/auth/redirect").await.location(), "/problem?reason=expired");
    let json = Request::post("/auth/redirect").header(header::CONTENT_TYPE, "application/json");
    let page = send(&suite.router, &mut browser, json, "{}".to_owned()).await;
    assert_eq!(page.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(
        suite.provider.token_requests(),
        [] as [(hyper::HeaderMap, std::collections::HashMap<std::string::String, std::string::String>); 0]
    );
}

/// Abuse cases 31 and 32, this room's half: of all addresses below `/auth`, only those of the provider take posts of other sites,
/// and the one for form posts only where the provider was asked for them.
#[tokio::test]
async fn posts_of_other_sites_are_refused_but_for_those_of_the_provider() {
    let suite = Suite::start().await;
    let mut browser = suite.signed_in().await;
    for (path, status) in [
        ("/auth/sign-out", StatusCode::FORBIDDEN),
        ("/whoami", StatusCode::FORBIDDEN),
        ("/auth/session", StatusCode::FORBIDDEN),
        ("/auth/redirect", StatusCode::METHOD_NOT_ALLOWED),
        ("/auth/front-channel-logout", StatusCode::METHOD_NOT_ALLOWED),
        ("/auth/back-channel-logout", StatusCode::BAD_REQUEST),
    ] {
        for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("origin", "null")]
        {
            let request = Request::post(path).header("host", "localhost:3000").header(name, value);
            assert_eq!(send(&suite.router, &mut browser, request, String::new()).await.status, status, "{path} {name}");
        }
    }
    assert_eq!(suite.whoami(&mut browser).await, "Alice");
    let own = Request::post("/auth/sign-out").header("sec-fetch-site", "same-origin");
    assert_eq!(send(&suite.router, &mut browser, own, String::new()).await.status, StatusCode::SEE_OTHER);
}

/// Abuse case 19: other tokens of the provider, for this client and with the right nonce, are no ID tokens.
#[tokio::test]
async fn an_access_or_logout_token_is_no_id_token() {
    let suite = Suite::start().await;
    for (header, claims) in [
        (json!({"typ": "at+jwt"}), json!({})),
        (json!({"typ": "logout+jwt"}), json!({})),
        (json!({}), json!({"scp": "ToDoList.Read"})),
        (json!({}), json!({"scope": "ToDoList.Read"})),
        (json!({}), json!({"events": {"http://schemas.openid.net/event/backchannel-logout": {}}})),
    ] {
        suite.provider.lie(Lies { header, claims, ..Lies::default() });
        let mut browser = Browser::default();
        assert_eq!(suite.sign_in(&mut browser).await.location(), "/problem?reason=refused");
        assert_eq!(suite.whoami(&mut browser).await, "nobody");
    }
    suite.provider.lie(Lies { header: json!({"typ": null}), ..Lies::default() });
    suite.signed_in().await;
}

/// Abuse cases 15 to 18, at sign-in: what a hostile header or a strange token could try.
#[tokio::test]
async fn a_hostile_or_strange_id_token_is_refused_and_nobody_else_is_asked() {
    let suite = Suite::start().await;
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
        suite.provider.lie(lies);
        let mut browser = Browser::default();
        let page = suite.sign_in(&mut browser).await;
        assert!(page.location().starts_with("/problem?reason="), "{}", page.location());
        assert_eq!(suite.whoami(&mut browser).await, "nobody");
    }
    assert_eq!(suite.provider.discoveries(), 1);
}

/// OpenID Connect Core §3.1.3.8: `at_hash`, where there is one, is that of the access token.
#[tokio::test]
async fn the_hash_of_the_access_token_is_checked_where_there_is_one() {
    let suite = Suite::start().await;
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, super::provider_double::ACCESS_TOKEN.as_bytes());
    let right = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, &hash.as_ref()[..16]);
    for (hash, accepted) in [(json!(right), true), (json!("of-another-token"), false), (json!(""), false)] {
        suite.provider.lie(Lies { claims: json!({ "at_hash": hash }), ..Lies::default() });
        let mut browser = Browser::default();
        suite.sign_in(&mut browser).await;
        assert_eq!(suite.whoami(&mut browser).await == "Alice", accepted, "{hash}");
    }
}

/// What is not needed and cannot be read counts as absent; what is needed does not, and the signature is that of the token as
/// it came.
#[tokio::test]
async fn an_optional_claim_of_the_wrong_type_takes_nobodys_sign_in_down() {
    let suite = Suite::start().await;
    for claims in [
        json!({"address": "Main Street 1"}),
        json!({"updated_at": "yesterday", "email_verified": "perhaps", "picture": 1}),
        json!({"amr": "pwd", "acr": 1, "c_hash": 1, "auth_time": "soon", "tid": TENANT}),
        json!({"phone_number": {"country": 49}, "gender": [], "locale": 1, "email": ["a@example.com"]}),
    ] {
        suite.provider.lie(Lies { claims: claims.clone(), ..Lies::default() });
        let mut browser = Browser::default();
        suite.sign_in(&mut browser).await;
        assert_eq!(suite.whoami(&mut browser).await, "Alice", "{claims}");
        let forge = |token: String| format!("{}AAAA", &token[..token.len() - 4]);
        suite.provider.lie(Lies { claims: claims.clone(), tamper: forge, ..Lies::default() });
        let mut browser = Browser::default();
        suite.sign_in(&mut browser).await;
        assert_eq!(suite.whoami(&mut browser).await, "nobody", "{claims}");
    }
    for claims in [json!({"at_hash": 1}), json!({"azp": 1}), json!({"iat": "now"}), json!({"exp": "later"})] {
        suite.provider.lie(Lies { claims: claims.clone(), ..Lies::default() });
        let mut browser = Browser::default();
        suite.sign_in(&mut browser).await;
        assert_eq!(suite.whoami(&mut browser).await, "nobody", "{claims}");
    }
}

/// OpenID Connect Core §3.1.3.7 (3 to 5), for providers that add an audience of their own.
#[tokio::test]
async fn further_audiences_are_accepted_where_configuration_trusts_them() {
    let suite = Suite::configured(json!({"trusted_audiences": ["project"]})).await;
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
        suite.provider.lie(Lies { claims: claims.clone(), ..Lies::default() });
        let mut browser = Browser::default();
        suite.sign_in(&mut browser).await;
        assert_eq!(suite.whoami(&mut browser).await == "Alice", accepted, "{claims}");
    }
}

/// OpenID Connect Core §5.3.2
#[tokio::test]
async fn a_signed_userinfo_answer_is_the_providers_for_this_client() {
    let suite = Suite::configured(json!({"claims_from_userinfo": true})).await;
    let issuer = suite.provider.issuer();
    for (user_info, accepted) in [
        (json!({"iss": issuer, "aud": WEB, "address": "Main Street 1"}), true),
        (json!({}), true),
        (json!({"iss": "https://evil.example", "aud": WEB}), false),
        (json!({"iss": issuer, "aud": "another-app"}), false),
        (json!({"iss": issuer, "aud": WEB, "sub": "somebody-else"}), false),
    ] {
        suite.provider.lie(Lies { user_info: user_info.clone(), signs_user_info: true, ..Lies::default() });
        let mut browser = Browser::default();
        suite.sign_in(&mut browser).await;
        assert_eq!(suite.whoami(&mut browser).await == "Alice", accepted, "{user_info}");
    }
}

/// A provider that signs with an algorithm of its own choice announces it.
#[tokio::test]
async fn an_id_token_of_an_announced_algorithm_signs_in() {
    let key = SigningKey::edwards();
    for (announced, accepted) in [(json!(["RS256"]), false), (json!(["RS256", "EdDSA"]), true)] {
        let suite = Suite::start().await;
        suite.provider.publish(&[key]);
        suite.provider.change_document(json!({ "id_token_signing_alg_values_supported": announced }));
        suite.provider.lie(Lies { key, header: json!({"alg": "EdDSA"}), ..Lies::default() });
        let mut browser = Browser::default();
        suite.sign_in(&mut browser).await;
        assert_eq!(suite.whoami(&mut browser).await == "Alice", accepted, "{announced}");
    }
}

/// One endpoint that we can do without is no reason to sign nobody in.
#[tokio::test]
async fn a_malformed_optional_endpoint_takes_no_sign_in_down() {
    let suite = Suite::start().await;
    suite.provider.change_document(json!({"end_session_endpoint": "", "revocation_endpoint": "/revoke"}));
    let mut browser = suite.signed_in().await;
    assert_eq!(suite.whoami(&mut browser).await, "Alice");
}

#[tokio::test]
async fn a_session_ends_with_the_providers_grant_where_the_provider_says_when() {
    let suite = Suite::start().await;
    for seconds in [json!(86_400), json!("86400")] {
        suite.provider.lie(Lies { tokens: json!({ "refresh_token_expires_in": seconds }), ..Lies::default() });
        let mut browser = suite.signed_in().await;
        let answer = suite.get(&mut browser, "/auth/session").await;
        let answer: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(answer["seconds_left"], 86_400, "not the idle lifetime of a week");
        suite.clock.advance(Duration::hours(23));
        assert_eq!(suite.whoami(&mut browser).await, "Alice");
        suite.clock.advance(Duration::hours(1));
        assert_eq!(suite.whoami(&mut browser).await, "nobody");
    }
    super::session::Store::new(&suite.identity).sweep().await.unwrap();
    let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sessions").fetch_one(&suite.identity.db).await.unwrap();
    assert_eq!(rows, 0, "swept");
}

/// A provider whose refresh tokens live a day from their last use does not send anybody away who comes every day; and
/// when the session is over, nothing of it stays.
#[tokio::test]
async fn a_renewal_carries_the_session_on_and_what_is_over_is_removed_with_its_tokens() {
    let suite = Suite::start().await;
    suite.provider.lie(Lies { tokens: json!({"refresh_token_expires_in": 86_400}), ..Lies::default() });
    let mut browser = suite.signed_in().await;
    for _ in 0..3 {
        suite.clock.advance(Duration::hours(23));
        suite.identity.tokens.for_user(&Suite::alice(), &Scopes::parse(READ)).await.expect("a token");
        assert_eq!(suite.whoami(&mut browser).await, "Alice");
    }
    let tokens = async || {
        let count = "SELECT (SELECT COUNT(*) FROM access_tokens) + (SELECT COUNT(*) FROM refresh_tokens)";
        let rows: i64 = sqlx::query_scalar(count).fetch_one(&suite.identity.db).await.unwrap();
        rows
    };
    suite.identity.sweep_once().await.unwrap();
    assert_eq!(tokens().await, 2);
    // The session's row is removed before its tokens expire.
    sqlx::query("UPDATE sessions SET ends_at = 1").execute(&suite.identity.db).await.unwrap();
    suite.identity.sweep_once().await.unwrap();
    assert_eq!(tokens().await, 0);
}

/// Abuse case 34: what pages are told, and what a look without `slide` does to it.
#[tokio::test]
async fn pages_are_told_how_long_a_session_lasts_and_looking_extends_it_only_when_wanted() {
    let suite = Suite::start().await;
    let look = async |browser: &mut Browser, query: &str| {
        let page = suite.get(browser, &format!("/auth/session{query}")).await;
        assert_eq!((page.status, page.headers[header::CACHE_CONTROL].to_str().unwrap()), (StatusCode::OK, "no-store"));
        serde_json::from_str::<Value>(&page.body).unwrap()
    };
    assert_eq!(look(&mut Browser::default(), "").await, json!({"signed_in": false}));
    let mut browser = suite.signed_in().await;
    let week = 7 * 86_400;
    assert_eq!(look(&mut browser, "").await, json!({"signed_in": true, "name": "Alice", "seconds_left": week}));
    suite.clock.advance(Duration::days(6));
    for _ in 0..2 {
        assert_eq!(look(&mut browser, "?slide=false").await["seconds_left"], 86_400);
    }
    // Nor does another site's page extend it.
    let foreign = Request::get("/auth/session").header("sec-fetch-site", "cross-site");
    let page = send(&suite.router, &mut browser, foreign, String::new()).await;
    assert!(page.body.contains("86400"), "{}", page.body);
    assert_eq!(look(&mut browser, "").await["seconds_left"], week);
    // The absolute lifetime is not extended by anything.
    for _ in 0..4 {
        suite.clock.advance(Duration::days(5));
        look(&mut browser, "").await;
    }
    assert_eq!(look(&mut browser, "").await["seconds_left"], 4 * 86_400);
    let mut stolen = browser.clone();
    suite.post(&mut browser, "/auth/sign-out", "").await;
    assert_eq!(look(&mut stolen, "").await, json!({"signed_in": false}));
}

/// Abuse case 90: five minutes either way are refused where they must be, and end nothing that is under way.
#[tokio::test]
async fn a_clock_that_is_off_or_jumps_back_is_bounded_and_panics_nowhere() {
    let suite = Suite::start().await;
    let now = suite.clock.unix_seconds();
    for claims in [json!({"iat": now + 300, "nbf": now + 300}), json!({"iat": now - 4000, "exp": now - 300})] {
        suite.provider.lie(Lies { claims, ..Lies::default() });
        let page = suite.sign_in(&mut Browser::default()).await;
        assert_eq!(page.location(), "/problem?reason=refused");
    }
    suite.provider.lie(Lies::default());
    let mut browser = suite.signed_in().await;
    let mut signing_in = Browser::default();
    let page = suite.get(&mut signing_in, "/auth/sign-in?return_to=/todos").await;
    let challenge = suite.identity.interaction_url(&Suite::alice(), &Scopes::parse(GRAPH), None, &ReturnTo::home());
    suite.clock.advance(Duration::minutes(-5));
    assert_eq!(suite.whoami(&mut browser).await, "Alice");
    let look: Value = serde_json::from_str(&suite.get(&mut browser, "/auth/session").await.body).unwrap();
    assert!(look["seconds_left"].as_i64().unwrap() >= 7 * 86_400);
    // A sign-in from the future has not begun: again, from the start.
    let back = suite.at_the_provider(&page).await;
    assert_eq!(suite.get(&mut signing_in, &back).await.location(), "/problem?reason=expired");
    assert!(!suite.get(&mut browser, &challenge).await.parameters()["scope"].contains(GRAPH));
    suite.signed_in().await;
}

/// Abuse case 86, at sign-in: friendly pages, nobody signed in, and it recovers by itself.
#[tokio::test]
async fn a_provider_that_answers_nonsense_signs_nobody_in_and_recovers() {
    let suite = Suite::configured(json!({"claims_from_userinfo": true})).await;
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
        suite.provider.lie(lies);
        let mut browser = Browser::default();
        let page = suite.sign_in(&mut browser).await;
        assert!(page.location().starts_with("/problem?reason="), "{}", page.location());
        assert_eq!(suite.whoami(&mut browser).await, "nobody");
    }
    // An endpoint that is missing altogether.
    suite.provider.lie(Lies::default());
    suite.provider.change_document(json!({"userinfo_endpoint": null}));
    suite.clock.advance(Duration::days(3));
    assert_eq!(suite.sign_in(&mut Browser::default()).await.location(), "/problem?reason=refused");
    suite
        .provider
        .change_document(json!({"userinfo_endpoint": format!("{}/{TENANT}/oidc/userinfo", suite.provider.origin)}));
    suite.clock.advance(Duration::days(3));
    suite.signed_in().await;
}

/// Abuse case 25, for a provider that is not Entra: who it is, is the claim that configuration names.
#[tokio::test]
async fn another_providers_customer_is_known_by_the_configured_claim() {
    let suite = Suite::configured(json!({
        "tenant_id": null, "claim_names": {"object_id": "profile.uid", "name": "profile.nick"},
    }))
    .await;
    let key = async || {
        let keys: Vec<String> = sqlx::query_scalar("SELECT DISTINCT customer FROM sessions ORDER BY customer")
            .fetch_all(&suite.identity.db)
            .await
            .unwrap();
        keys
    };
    for uid in ["one", "two", "one"] {
        let claims = json!({"profile": {"uid": uid, "nick": "Nick"}, "oid": BOB});
        suite.provider.lie(Lies { claims, ..Lies::default() });
        let mut browser = Browser::default();
        suite.sign_in(&mut browser).await;
        let look: Value = serde_json::from_str(&suite.get(&mut browser, "/auth/session").await.body).unwrap();
        assert_eq!(look["name"], "Nick");
    }
    assert_eq!(key().await, ["one", "two"].map(|uid| format!("{}|{uid}", suite.provider.issuer())));
    for claims in [json!({}), json!({"profile": {"uid": ""}}), json!({"profile": {"uid": 7}})] {
        suite.provider.lie(Lies { claims, ..Lies::default() });
        assert_eq!(suite.sign_in(&mut Browser::default()).await.location(), "/problem?reason=refused");
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
