//! Logouts that the provider asks for, and the customer's own: what ends, what does not, and what a forger can do.

use axum::http::{Request, StatusCode, header};
use serde_json::{Value, json};
use time::Duration;

use super::conformance::{Suite, logout_is_refused};
use super::provider_double::{BOB, Lies};
use super::tests::{Browser, send};
use crate::platform::seal::KeyRing;
use crate::platform::{database, random};

/// Abuse case 50: one check at a time. The first token of the table is good; the others differ from it in one thing.
#[tokio::test]
async fn a_logout_token_with_one_thing_wrong_is_refused_and_the_session_kept() {
    let suite = Suite::start().await;
    let now = suite.clock.unix_seconds();
    for (header, changes, expected) in [
        (json!({"typ": "at+jwt"}), json!({}), "`typ`"),
        (json!({"kid": "unknown"}), json!({}), "key"),
        (json!({"crit": ["x"]}), json!({}), "critical"),
        (json!({}), json!({"iss": null}), "`iss`"),
        (json!({}), json!({"aud": null}), "`aud`"),
        (json!({}), json!({"exp": null}), "expires"),
        (json!({}), json!({"exp": now - 61}), "expired"),
        (json!({}), json!({"iat": null}), "`iat` is missing"),
        (json!({}), json!({"iat": now + 61}), "future"),
        (json!({}), json!({"iat": now - 661}), "too long ago"),
        (json!({}), json!({"sub": null, "sid": null}), "neither"),
        (json!({}), json!({"sid": 7}), "short text"),
        (json!({}), json!({"sub": "x".repeat(256)}), "short text"),
        (json!({}), json!({"events": []}), "`events`"),
        (json!({}), json!({"events": {}}), "does not name"),
        (json!({}), json!({"nonce": ""}), "`nonce`"),
        (json!({}), json!({"jti": null}), "`jti`"),
    ] {
        logout_is_refused(&suite, &suite.provider.logout_token(&header, changes), expected).await;
    }
    // The other tokens that the provider signs, and no token at all.
    logout_is_refused(&suite, &suite.provider.id_token("n", json!({})), "").await;
    logout_is_refused(&suite, &suite.provider.access_token(json!({})), "`aud`").await;
    logout_is_refused(&suite, "", "").await;
    logout_is_refused(&suite, "a.b.c&logout_token=a.b.c", "exactly one").await;
}

#[tokio::test]
async fn a_refused_logout_token_is_told_what_was_found_and_what_was_expected() {
    let suite = Suite::start().await;
    let now = suite.clock.unix_seconds();
    for (header, changes, found) in [
        (json!({"kid": "unknown"}), json!({}), "kid=\"unknown\"".to_owned()),
        (json!({"alg": "HS256"}), json!({}), "alg=\"HS256\"".to_owned()),
        (json!({}), json!({"exp": now - 61}), format!("`exp` is {}", now - 61)),
        (json!({}), json!({"exp": now - 61}), format!("it is {now} here")),
        (json!({}), json!({"iat": now - 661}), format!("`iat` is {}", now - 661)),
        (json!({}), json!({"iss": "https://evil.example"}), "\"https://evil.example\"".to_owned()),
        (json!({}), json!({"iss": "https://evil.example"}), suite.provider.issuer()),
    ] {
        logout_is_refused(&suite, &suite.provider.logout_token(&header, changes), &found).await;
    }
}

/// Abuse case 50, the token's second use, and its use on another web server.
#[tokio::test]
async fn a_logout_token_is_good_once() {
    let suite = Suite::start().await;
    suite.signed_in().await;
    let token = suite.provider.logout_token(&json!({}), json!({}));
    assert_eq!(suite.logout_by_back_channel(&token).await.status, StatusCode::OK);
    logout_is_refused(&suite, &token, "used before").await;
    // Remembered for as long as it would be accepted otherwise, and not longer.
    suite.clock.advance(Duration::minutes(3));
    super::sign_in::sweep(&suite.identity).await.unwrap();
    logout_is_refused(&suite, &token, "").await;
    suite.clock.advance(Duration::hours(1));
    super::sign_in::sweep(&suite.identity).await.unwrap();
    let remembered: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM logout_tokens").fetch_one(&suite.identity.db).await.unwrap();
    assert_eq!(remembered, 0);
    logout_is_refused(&suite, &token, "expired").await;
}

/// Abuse case 51.
#[tokio::test]
async fn a_logout_ends_exactly_the_sessions_that_it_names() {
    for (named, first_ends, second_ends) in [
        (json!({"sid": "first"}), true, false),
        (json!({"sid": "first", "sub": null}), true, false),
        (json!({"sid": null}), true, true),
        (json!({"sid": "first", "sub": "another"}), false, false),
        (json!({"sid": "unknown"}), false, false),
        (json!({"sid": null, "sub": "another"}), false, false),
    ] {
        let suite = Suite::start().await;
        let sign_in = async |sid: &str| {
            suite.provider.lie(Lies { claims: json!({ "sid": sid }), ..Lies::default() });
            suite.signed_in().await
        };
        let (mut first, mut second) = (sign_in("first").await, sign_in("second").await);
        suite.provider.lie(Lies {
            claims: json!({"sid": "third", "sub": "bob's", "oid": BOB, "name": "Bob"}),
            ..Lies::default()
        });
        let mut bob = Browser::default();
        suite.sign_in(&mut bob).await;
        let token = suite.provider.logout_token(&json!({}), named.clone());
        assert_eq!(suite.logout_by_back_channel(&token).await.status, StatusCode::OK);
        let expected = |ends| if ends { "nobody" } else { "Alice" };
        assert_eq!(suite.whoami(&mut first).await, expected(first_ends), "{named}");
        assert_eq!(suite.whoami(&mut second).await, expected(second_ends), "{named}");
        assert_eq!(suite.whoami(&mut bob).await, "Bob", "{named}");
        // Tokens belong to the customer, not to the session.
        assert_eq!(suite.has_tokens().await, !(first_ends && second_ends), "{named}");
    }
}

/// The provider's server is another site, and sends no Fetch Metadata that would say otherwise.
#[tokio::test]
async fn a_back_channel_logout_passes_the_protection_against_other_sites_and_sets_no_cookie() {
    let suite = Suite::start().await;
    let mut browser = suite.signed_in().await;
    let token = suite.provider.logout_token(&json!({}), json!({}));
    let request = Request::post("/auth/back-channel-logout")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8")
        .header("sec-fetch-site", "cross-site")
        .header(header::ORIGIN, "https://id.example");
    let page = send(&suite.router, &mut Browser::default(), request, format!("logout_token={token}&more=1")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.set_cookies(), [] as [std::string::String; 0]);
    assert_eq!(suite.whoami(&mut browser).await, "nobody");
}

/// An outage is not the token's fault: the same token works when it is over.
#[tokio::test]
async fn a_logout_that_could_not_be_carried_out_can_be_sent_again() {
    let suite = Suite::start().await;
    let mut browser = suite.signed_in().await;
    let token = suite.provider.logout_token(&json!({}), json!({}));
    // Also when the session could end, but the tokens could not be dropped.
    for table in ["sessions", "refresh_tokens"] {
        let away = format!("{table}_away");
        suite.rename(table, &away).await;
        let page = suite.logout_by_back_channel(&token).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{table}");
        let error: Value = serde_json::from_str(&page.body).expect("JSON");
        assert_eq!(error["error"], "temporarily_unavailable");
        suite.rename(&away, table).await;
        assert_eq!(suite.whoami(&mut browser).await, "Alice", "{table}");
    }
    assert_eq!(suite.logout_by_back_channel(&token).await.status, StatusCode::OK);
    assert_eq!(suite.whoami(&mut browser).await, "nobody");
    assert!(!suite.has_tokens().await);
}

#[tokio::test]
async fn a_sign_out_that_could_not_drop_the_tokens_keeps_the_session_for_another_try() {
    let suite = Suite::start().await;
    let mut browser = suite.signed_in().await;
    suite.rename("refresh_tokens", "away").await;
    assert_eq!(suite.post(&mut browser, "/auth/sign-out", "").await.location(), "/problem?reason=unavailable");
    suite.rename("away", "refresh_tokens").await;
    assert_eq!(suite.whoami(&mut browser).await, "Alice");
    suite.post(&mut browser, "/auth/sign-out", "").await;
    assert_eq!(suite.whoami(&mut browser).await, "nobody");
    assert!(!suite.has_tokens().await);
}

/// After an upgrade, or back to the version before.
#[tokio::test]
async fn a_session_that_is_not_understood_asks_for_sign_in_instead_of_locking_its_browser_out() {
    let suite = Suite::start().await;
    let mut browser = suite.signed_in().await;
    for data in [r#"{"customer":{"of":"another version"}}"#, r#"{"signed_in":7}"#, "nonsense"] {
        sqlx::query("UPDATE sessions SET data = $1").bind(data).execute(&suite.identity.db).await.unwrap();
        assert_eq!(suite.whoami(&mut browser).await, "nobody", "{data}");
        suite.sign_in(&mut browser).await;
        assert_eq!(suite.whoami(&mut browser).await, "Alice", "{data}");
    }
    for data in ["{}", r#"{"customer":7}"#, "nonsense"] {
        sqlx::query("UPDATE sessions SET data = $1").bind(data).execute(&suite.identity.db).await.unwrap();
        assert!(suite.has_tokens().await, "{data}");
        assert_eq!(suite.post(&mut browser, "/auth/sign-out", "").await.location(), "/", "{data}");
        assert!(!suite.has_tokens().await, "{data}");
        suite.sign_in(&mut browser).await;
    }
}

/// Abuse case 52.
#[tokio::test]
async fn a_forged_front_channel_logout_changes_nothing() {
    let suite = Suite::start().await;
    let mut browser = suite.signed_in().await;
    let issuer: String = url::form_urlencoded::byte_serialize(suite.provider.issuer().as_bytes()).collect();
    for (query, status) in [
        (String::new(), StatusCode::BAD_REQUEST),
        (format!("iss={issuer}"), StatusCode::BAD_REQUEST),
        (format!("iss={issuer}&sid="), StatusCode::BAD_REQUEST),
        (format!("iss={issuer}&sid={}", "x".repeat(256)), StatusCode::BAD_REQUEST),
        (format!("iss={issuer}&sid=session&sid=other"), StatusCode::BAD_REQUEST),
        ("iss=https%3A%2F%2Fevil.example&sid=session".to_owned(), StatusCode::BAD_REQUEST),
        ("iss=&sid=session".to_owned(), StatusCode::BAD_REQUEST),
        // Nobody has this session: no error that would tell which ones exist.
        (format!("iss={issuer}&sid=guessed"), StatusCode::OK),
        (format!("iss={issuer}&sid=%25"), StatusCode::OK),
    ] {
        // In the customer's own browser, cookies and all.
        let page = suite.get(&mut browser, &format!("/auth/front-channel-logout?{query}")).await;
        assert_eq!(page.status, status, "{query}");
        assert_eq!(suite.whoami(&mut browser).await, "Alice", "{query}");
    }
    assert!(suite.has_tokens().await);
}

/// Entra sends `sid` alone.
#[tokio::test]
async fn a_front_channel_logout_without_an_issuer_ends_the_session_it_names() {
    let suite = Suite::start().await;
    let mut browser = suite.signed_in().await;
    assert_eq!(suite.get(&mut Browser::default(), "/auth/front-channel-logout?sid=session").await.status, 200);
    assert_eq!(suite.whoami(&mut browser).await, "nobody");
}

/// Abuse case 53, the relying party's half: the address that the provider is asked to send the customer back to is the
/// registered one, whatever the request says; and nothing that comes back leads anywhere else.
#[tokio::test]
async fn sign_out_leads_back_to_the_registered_address_and_nowhere_else() {
    let suite = Suite::start().await;
    let mut browser = suite.signed_in().await;
    let form = "post_logout_redirect_uri=https%3A%2F%2Fevil.example&return_to=https%3A%2F%2Fevil.example";
    let page = suite.post(&mut browser, "/auth/sign-out?return_to=//evil.example", form).await;
    let asked = page.parameters();
    assert_eq!(asked["post_logout_redirect_uri"], "http://localhost:3000/auth/signed-out");
    assert!(!page.location().contains("evil"));
    let back = format!("/auth/signed-out?state={}&return_to=//evil.example", asked["state"]);
    assert_eq!(suite.get(&mut browser, &back).await.location(), "/");
}

#[tokio::test]
async fn the_state_of_a_sign_out_counts_in_its_own_browser_once_and_for_ten_minutes() {
    let suite = Suite::start().await;
    let mut browser = suite.signed_in().await;
    let state = suite.post(&mut browser, "/auth/sign-out", "").await.parameters()["state"].clone();
    let back = format!("/auth/signed-out?state={state}");
    // Another browser has no sign-out on its way: nothing happens.
    assert_eq!(suite.get(&mut Browser::default(), &back).await.location(), "/");
    let repeated = format!("{back}&state={state}");
    assert_eq!(suite.get(&mut browser.clone(), &repeated).await.location(), "/problem?reason=sign-out");
    suite.clock.advance(Duration::minutes(10));
    assert_eq!(suite.get(&mut browser, &back).await.location(), "/problem?reason=sign-out");
    assert_eq!(suite.get(&mut browser, &back).await.location(), "/");
}

#[tokio::test]
async fn the_id_token_is_kept_sealed_and_shown_at_sign_out_only_where_configuration_says_so() {
    let suite = Suite::start().await;
    let mut browser = suite.signed_in().await;
    assert!(!suite.post(&mut browser, "/auth/sign-out", "").await.location().contains("eyJ"));

    let suite = Suite::configured(json!({"send_id_token_hint": true})).await;
    let mut browser = suite.signed_in().await;
    let data: String = sqlx::query_scalar("SELECT data FROM sessions").fetch_one(&suite.identity.db).await.unwrap();
    assert!(data.contains("id_token") && !data.contains("eyJ"), "sealed");
    let asked = suite.post(&mut browser, "/auth/sign-out", "").await.parameters();
    let claims = super::jwt::parse(&asked["id_token_hint"]).map(|_| ());
    assert_eq!(claims, Ok(()));
    assert!(!asked.contains_key("logout_hint"));
}

/// Abuse case 51, the last session: ending sessions one by one on the account page drops the tokens with the last.
#[tokio::test]
async fn a_customer_sees_their_sessions_and_ends_one_or_all_others() {
    use tower_sessions::{Session, SessionStore as _};

    use super::return_to::ReturnTo;
    use super::session::{Ended, Ending, SignedIn, Store};

    let suite = Suite::start().await;
    let sign_in = async |agent: &str| {
        let mut browser = Browser::default();
        let page = suite.get(&mut browser, "/auth/sign-in?return_to=/todos").await;
        let back = suite.at_the_provider(&page).await;
        let request = Request::get(back).header(header::USER_AGENT, agent);
        send(&suite.router, &mut browser, request, String::new()).await;
        suite.clock.advance(Duration::minutes(1));
        browser
    };
    let mut laptop = sign_in("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0").await;
    let mut phone = sign_in("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Safari/604.1").await;
    let mut tablet = sign_in("something else").await;

    let store = std::sync::Arc::new(Store::new(&suite.identity));
    let session = |browser: &Browser| {
        let id = browser.session().expect("signed in").parse().expect("a session id");
        Session::new(Some(id), store.clone(), None)
    };
    let here = session(&laptop);
    let mut alice = SignedIn::load(&here).await.unwrap().expect("signed in");
    alice.claims.insert("auth_time".to_owned(), json!(suite.clock.unix_seconds()));
    let list = suite.identity.sessions(&alice, &here).await.unwrap();
    let browsers: Vec<_> = list.iter().map(|session| (session.browser.as_str(), session.current)).collect();
    let expected = [("An unknown browser", false), ("Safari on iPhone", false), ("Firefox on Linux", true)];
    assert_eq!(browsers, expected);
    assert!(list.iter().all(|one| one.signed_in_at == one.last_seen_at));
    // A handle opens nothing.
    let mut thief = Browser([("errand".to_owned(), list[1].handle.clone())].into());
    assert_eq!(suite.whoami(&mut thief).await, "nobody");

    let end = async |who: &SignedIn, which: Ending| {
        suite.identity.end_sessions(who, &here, &which, &ReturnTo::parse("/account")).await.unwrap()
    };
    let one = |place: usize| Ending::One(list[place].handle.clone());
    // Somebody else cannot end it, and neither can who proved too long ago who they are (ASVS 5.0 §7.5.2).
    let mut bob = alice.clone();
    bob.key = serde_json::from_value(json!("somebody else")).unwrap();
    assert_eq!(end(&bob, one(1)).await, Ended::Sessions(0));
    for auth_time in
        [json!(suite.clock.unix_seconds() - 301), json!(suite.clock.unix_seconds() + 61), json!("now"), Value::Null]
    {
        let mut stale = alice.clone();
        stale.claims.insert("auth_time".to_owned(), auth_time);
        for which in [one(1), Ending::Others] {
            let Ended::ProofRequired { url } = end(&stale, which).await else { panic!("no proof was asked for") };
            assert!(url.starts_with("/auth/sign-in?return_to=%2Faccount&challenge="), "{url}");
        }
    }
    assert_eq!(suite.whoami(&mut phone).await, "Alice");
    assert_eq!(end(&alice, one(1)).await, Ended::Sessions(1));
    assert_eq!(end(&alice, one(1)).await, Ended::Sessions(0), "once");
    assert_eq!(suite.whoami(&mut phone).await, "nobody");

    assert_eq!(end(&alice, Ending::Others).await, Ended::Sessions(1));
    assert_eq!(suite.whoami(&mut tablet).await, "nobody");
    assert_eq!(suite.whoami(&mut laptop).await, "Alice");
    assert!(suite.has_tokens().await, "one session is left");
    assert_eq!(end(&alice, one(2)).await, Ended::Sessions(1));
    assert!(!suite.has_tokens().await, "none is left");
    assert!(store.load(&laptop.session().unwrap().parse().unwrap()).await.unwrap().is_none());
}

/// Abuse case 89: a restart, with a new key in front of the old one, signs nobody out, and lets sign-ins that are on
/// their way complete.
#[tokio::test]
async fn a_restart_and_a_new_encryption_key_keep_sessions_and_sign_ins_on_their_way() {
    use super::tests::{configured, whoami};

    let suite = Suite::start().await;
    let mut browser = suite.signed_in().await;
    let mut signing_in = Browser::default();
    let page = suite.get(&mut signing_in, "/auth/sign-in?return_to=/todos").await;
    let back = suite.at_the_provider(&page).await;
    let url = suite.database_url.clone();
    let keys = [KeyRing::generate(), suite.key.clone()];
    let identity = configured(&suite.provider, &url, &suite.clock, &keys, json!({})).await;
    let router = identity.mount(axum::Router::new().route("/whoami", axum::routing::get(whoami)));
    let page = send(&router, &mut browser, Request::get("/whoami"), String::new()).await;
    assert_eq!(page.body, "Alice");
    let page = send(&router, &mut signing_in, Request::get(back), String::new()).await;
    assert_eq!(page.location(), "/todos");
    let read = super::scopes::Scopes::parse(super::tests::READ);
    suite.clock.advance(Duration::hours(2));
    identity.tokens.for_user(&Suite::alice(), &read).await.expect("the refresh token opens");
}

/// Without its key, a sign-in on its way is over, and nothing worse.
#[tokio::test]
async fn a_lost_encryption_key_ends_sign_ins_on_their_way_with_a_friendly_page() {
    use super::tests::configured;

    let suite = Suite::start().await;
    let mut browser = Browser::default();
    let page = suite.get(&mut browser, "/auth/sign-in").await;
    let back = suite.at_the_provider(&page).await;
    let folder = tempfile::tempdir().unwrap();
    let url = database::test_url(folder.path()).await;
    let keys = [random::token()];
    let identity = configured(&suite.provider, &url, &suite.clock, &keys, json!({})).await;
    let router = identity.mount(axum::Router::new());
    let page = send(&router, &mut browser, Request::get(back), String::new()).await;
    assert_eq!(page.location(), "/problem?reason=expired");
}
