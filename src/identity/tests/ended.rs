//! Browsers whose session was ended from elsewhere, and customers who end sessions.

use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use time::Duration;
use tower_sessions::Session;

use crate::identity::return_to::ReturnTo;
use crate::identity::scopes::Scopes;
use crate::identity::session::{Ended, Ending, Store, UserSession};
use crate::identity::testing::{BOB, Browser, Lies, Page, READ, TestApp, alice, send};

const ELSEWHERE: &str = "/problem?reason=signed-out-elsewhere&return_to=%2Ftodos";

fn session(app: &TestApp, browser: &Browser) -> Session {
    let id = browser.session().expect("signed in").parse().expect("a session id");
    Session::new(Some(id), std::sync::Arc::new(Store::new(&app.identity)), None)
}

/// `browser` signs all others out.
async fn end_others(app: &TestApp, browser: &Browser) {
    let here = session(app, browser);
    let mut customer = UserSession::load(&here).await.unwrap().expect("signed in");
    customer.claims.insert("auth_time".to_owned(), json!(app.clock.unix_seconds()));
    let ended = app.identity.end_sessions(&customer, &here, &Ending::Others, &ReturnTo::home()).await.unwrap();
    assert!(matches!(ended, Ended::Sessions(1..)), "{ended:?}");
}

/// The provider knows the customer and asks nothing: a proof that is as old as `auth_time` says.
fn knows_them_since(app: &TestApp, auth_time: Value) {
    app.provider.lie(Lies { claims: json!({ "auth_time": auth_time }), ..Lies::default() });
}

async fn demanded(app: &TestApp, browser: &mut Browser) -> Page {
    let page = app.get(browser, "/auth/sign-in?return_to=/todos&again=true").await;
    let asked = page.parameters();
    assert_eq!((asked["prompt"].as_str(), asked["max_age"].as_str()), ("login", "0"));
    page
}

/// Abuse case 93.
#[tokio::test]
async fn a_browser_that_was_signed_out_from_another_one_proves_who_uses_it() {
    // Whether it opened a page first, which exchanges its cookie, or not.
    for opens_a_page in [true, false] {
        let app = TestApp::at_whole_provider().await;
        let (here, mut there) = (app.signed_in().await, app.signed_in().await);
        let signed_in_at = app.clock.unix_seconds();
        app.clock.advance(Duration::minutes(3));
        end_others(&app, &here).await;
        app.clock.advance(Duration::minutes(3));
        if opens_a_page {
            assert_eq!(app.whoami(&mut there).await, "nobody");
            assert_eq!(there.0.keys().collect::<Vec<_>>(), ["errand-ended"]);
        }
        // It says so, and on: as often as somebody looks.
        for _ in 0..2 {
            let page = app.get(&mut there, "/auth/sign-in?return_to=/todos").await;
            assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, ELSEWHERE));
            let look: Value = serde_json::from_str(&app.get(&mut there, "/auth/session").await.body).unwrap();
            assert_eq!(look, json!({"signed_in": false, "signed_out_elsewhere": true}));
        }
        let page = demanded(&app, &mut there).await;
        // A provider that does not obey, or does not say: nobody is signed in.
        for auth_time in [json!(signed_in_at), json!(app.clock.unix_seconds() - 4), json!("now"), Value::Null] {
            knows_them_since(&app, auth_time.clone());
            let mut tried = there.clone();
            let page = demanded(&app, &mut tried).await;
            let back = app.at_the_provider(&page).await;
            let page = app.get(&mut tried, &back).await;
            assert_eq!(page.location(), "/problem?reason=signed-out-elsewhere", "{auth_time}");
            assert_eq!(app.whoami(&mut tried).await, "nobody", "{auth_time}");
            assert!(app.get(&mut tried, "/auth/sign-in").await.location().starts_with("/problem"), "{auth_time}");
        }
        app.provider.lie(Lies::default());
        let back = app.at_the_provider(&page).await;
        app.clock.advance(Duration::seconds(20));
        assert_eq!(app.get(&mut there, &back).await.location(), "/todos");
        assert_eq!(app.whoami(&mut there).await, "Alice");
        assert_eq!(there.0.keys().collect::<Vec<_>>(), ["errand"], "and all is as it was");
        assert!(!app.get(&mut there, "/auth/sign-in").await.parameters().contains_key("max_age"));
    }
}

/// Abuse case 93: a session that ran out, or that its own browser ended, is made anew without a word, as ever.
#[tokio::test]
async fn a_session_that_ran_out_or_was_signed_out_here_is_not_one_that_was_ended() {
    let app = TestApp::at_whole_provider().await;
    let (here, mut ran_out) = (app.signed_in().await, app.signed_in().await);
    let mut signed_out = app.signed_in().await;
    let mut kept = signed_out.clone();
    app.post(&mut signed_out, "/auth/sign-out", "").await;
    app.clock.advance(Duration::days(8));
    let here_again = app.signed_in().await;
    end_others_or_none(&app, &here_again).await;
    for browser in [&mut ran_out, &mut signed_out, &mut kept, &mut here.clone(), &mut Browser::default()] {
        let page = app.get(browser, "/auth/sign-in?return_to=/todos").await;
        assert!(!page.parameters().contains_key("prompt"), "{}", page.location());
    }
    let rows: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM ended_sessions").fetch_one(app.identity.db()).await.unwrap();
    assert_eq!(rows, 0);
}

async fn end_others_or_none(app: &TestApp, browser: &Browser) {
    let here = session(app, browser);
    let mut customer = UserSession::load(&here).await.unwrap().expect("signed in");
    customer.claims.insert("auth_time".to_owned(), json!(app.clock.unix_seconds()));
    app.identity.end_sessions(&customer, &here, &Ending::Others, &ReturnTo::home()).await.unwrap();
}

/// Abuse case 93, by the provider, on either channel.
#[tokio::test]
async fn a_browser_that_the_provider_signed_out_proves_who_uses_it() {
    for back_channel in [true, false] {
        let app = TestApp::at_whole_provider().await;
        let mut browser = app.signed_in().await;
        if back_channel {
            let token = app.provider.logout_token(&json!({}), json!({}));
            assert_eq!(app.logout_by_back_channel(&token).await.status, StatusCode::OK);
        } else {
            let page = app.get(&mut Browser::default(), "/auth/front-channel-logout?sid=session").await;
            assert_eq!(page.status, StatusCode::OK);
        }
        assert_eq!(app.whoami(&mut browser).await, "nobody");
        let page = app.get(&mut browser, "/auth/sign-in?return_to=/todos").await;
        assert_eq!(page.location(), "/problem?reason=signed-out-by-provider&return_to=%2Ftodos");
        demanded(&app, &mut browser).await;
    }
}

/// A sign-in that was on its way when the session was ended does not get around the proof.
#[tokio::test]
async fn a_sign_in_that_began_before_the_end_does_not_get_around_the_proof() {
    for (response_mode, opens_a_page) in [("query", true), ("query", false), ("form_post", true)] {
        let app = TestApp::configured(json!({ "response_mode": response_mode })).await;
        let sign_in = async |browser: &mut Browser| {
            let page = app.get(browser, "/auth/sign-in?return_to=/todos").await;
            answer(&app, browser, &page, response_mode).await
        };
        let (mut here, mut there) = (Browser::default(), Browser::default());
        // One as a visitor, and one with the session.
        let as_visitor = app.get(&mut there, "/auth/sign-in?return_to=/todos").await;
        sign_in(&mut here).await;
        sign_in(&mut there).await;
        let with_session = app.get(&mut there, "/auth/sign-in?return_to=/todos").await;
        let signed_in_at = app.clock.unix_seconds();
        app.clock.advance(Duration::minutes(3));
        end_others(&app, &here).await;
        if opens_a_page {
            assert_eq!(app.whoami(&mut there).await, "nobody");
        }
        knows_them_since(&app, json!(signed_in_at));
        // The cookie that says what happened does not come along with a form; which session it was is in the sign-in.
        let begun = if response_mode == "query" { vec![&with_session, &as_visitor] } else { vec![&with_session] };
        for begun in begun {
            let page = answer(&app, &mut there.clone(), begun, response_mode).await;
            assert_eq!(page.location(), "/problem?reason=signed-out-elsewhere", "{response_mode} {opens_a_page}");
        }
    }
}

/// The provider's answer to the request that `page` leads to.
async fn answer(app: &TestApp, browser: &mut Browser, page: &Page, response_mode: &str) -> Page {
    if response_mode == "query" {
        let back = app.at_the_provider(page).await;
        return app.get(browser, &back).await;
    }
    let form = crate::platform::outbound::client().get(page.location()).send().await.unwrap().text().await.unwrap();
    let session = browser.0.remove("errand");
    let ended = browser.0.remove("errand-ended");
    let request = Request::post("/auth/redirect").header("content-type", "application/x-www-form-urlencoded");
    let page = send(&app.router, browser, request, form).await;
    for (name, value) in [("errand", session), ("errand-ended", ended)] {
        if let Some(value) = value {
            browser.0.entry(name.to_owned()).or_insert(value);
        }
    }
    page
}

/// What ends sessions, ASVS 5.0 §7.5.2: who has not proved lately who they are does so first, and then it is done.
#[tokio::test]
async fn ending_sessions_waits_for_a_proof_and_is_done_with_it() {
    let app = TestApp::at_whole_provider().await;
    let (mut here, mut there) = (app.signed_in().await, app.signed_in().await);
    let session_of_here = session(&app, &here);
    let customer = UserSession::load(&session_of_here).await.unwrap().unwrap();
    let page = ReturnTo::parse("/account");
    let ended = app.identity.end_sessions(&customer, &session_of_here, &Ending::Others, &page).await.unwrap();
    let Ended::ProofRequired { url } = ended else { panic!("{ended:?}") };
    assert_eq!(app.whoami(&mut there).await, "Alice", "nothing has happened yet");

    // Without the proof it does not happen, nor for somebody else who gives one, nor in another browser.
    app.provider.lie(Lies { claims: json!({"auth_time": 1}), ..Lies::default() });
    let mut tried = here.clone();
    let begun = app.get(&mut tried, &url).await;
    assert_eq!(begun.parameters()["max_age"], "0");
    let back = app.at_the_provider(&begun).await;
    assert_eq!(app.get(&mut tried, &back).await.location(), "/problem?reason=refused");
    app.provider.lie(Lies { claims: json!({"oid": BOB, "sub": "bob"}), ..Lies::default() });
    let mut bob = Browser::default();
    app.sign_in(&mut bob).await;
    for browser in [&mut bob, &mut Browser::default()] {
        let begun = app.get(browser, &url).await;
        assert!(!begun.parameters().contains_key("max_age"));
        let back = app.at_the_provider(&begun).await;
        app.get(browser, &back).await;
    }
    assert_eq!(app.whoami(&mut there).await, "Alice");

    app.provider.lie(Lies::default());
    let begun = app.get(&mut here, &url).await;
    let back = app.at_the_provider(&begun).await;
    assert_eq!(app.get(&mut here, &back).await.location(), "/account");
    assert_eq!(app.whoami(&mut there).await, "nobody");
    assert_eq!(app.whoami(&mut here).await, "Alice");
    // It is told once; and now that the proof is new, no other is asked for.
    let now = session(&app, &here);
    assert_eq!(UserSession::take_ended_others(&now).await.unwrap(), Some(1));
    let customer = UserSession::load(&now).await.unwrap().unwrap();
    let ended = app.identity.end_sessions(&customer, &now, &Ending::Others, &page).await.unwrap();
    assert_eq!(ended, Ended::Sessions(0));
}

/// Somebody who proves to be another customer ends nothing of the one who wanted it.
#[tokio::test]
async fn a_proof_of_somebody_else_ends_nothing() {
    let app = TestApp::at_whole_provider().await;
    let (mut here, mut there) = (app.signed_in().await, app.signed_in().await);
    let wants = async || {
        let here = session(&app, &here);
        let customer = UserSession::load(&here).await.unwrap().unwrap();
        app.identity.end_sessions(&customer, &here, &Ending::Others, &ReturnTo::home()).await.unwrap()
    };
    let Ended::ProofRequired { url } = wants().await else { panic!("no proof was asked for") };
    let begun = app.get(&mut here, &url).await;
    app.provider.lie(Lies { claims: json!({"oid": BOB, "sub": "bob", "name": "Bob"}), ..Lies::default() });
    let back = app.at_the_provider(&begun).await;
    app.get(&mut here, &back).await;
    assert_eq!(app.whoami(&mut here).await, "Bob");
    assert_eq!(app.whoami(&mut there).await, "Alice");
}

/// What configuration asks for besides is kept where the provider takes several prompts.
#[tokio::test]
async fn a_proof_is_demanded_beside_what_configuration_asks_for() {
    for (changes, path, prompt) in [
        (json!({"extra_query_parameters": {"prompt": "consent"}}), "/auth/sign-in?again=true", "login"),
        (
            json!({"tenant_id": null, "extra_query_parameters": {"prompt": "consent"}}),
            "/auth/sign-in?again=true",
            "login consent",
        ),
        (json!({}), "/auth/sign-up", "create"),
        (json!({"sign_up": {"parameters": {"screen_hint": "signup"}}}), "/auth/sign-up", "login"),
    ] {
        let app = TestApp::configured(changes).await;
        let (here, mut there) = (app.signed_in().await, app.signed_in().await);
        end_others(&app, &here).await;
        let asked = app.get(&mut there, path).await.parameters();
        assert_eq!((asked["prompt"].as_str(), asked["max_age"].as_str()), (prompt, "0"));
    }
}

#[tokio::test]
async fn it_is_forgotten_which_sessions_were_ended_when_no_cookie_of_theirs_is_left() {
    let app = TestApp::at_whole_provider().await;
    let (here, mut there) = (app.signed_in().await, app.signed_in().await);
    end_others(&app, &here).await;
    app.clock.advance(Duration::days(29));
    crate::identity::ended::sweep(&app.identity).await.unwrap();
    assert_eq!(app.get(&mut there.clone(), "/auth/sign-in?return_to=/todos").await.location(), ELSEWHERE);
    app.whoami(&mut there).await;
    app.clock.advance(Duration::days(2));
    crate::identity::ended::sweep(&app.identity).await.unwrap();
    let rows: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM ended_sessions").fetch_one(app.identity.db()).await.unwrap();
    assert_eq!(rows, 0);
    assert!(app.get(&mut there, "/auth/sign-in").await.location().starts_with("http"));
}

/// Nothing fails open: while nobody can tell how a session ended, nobody gets in by it, and its cookie is kept.
#[tokio::test]
async fn while_it_cannot_be_told_how_a_session_ended_nobody_signs_in_with_its_cookie() {
    let app = TestApp::at_whole_provider().await;
    let (here, mut there) = (app.signed_in().await, app.signed_in().await);
    end_others(&app, &here).await;
    app.rename("ended_sessions", "gone").await;
    assert_eq!(app.whoami(&mut there).await, "nobody");
    assert!(there.session().is_some(), "it says which session it was");
    assert_eq!(app.get(&mut there, "/auth/sign-in").await.location(), "/problem?reason=unavailable");
    app.rename("gone", "ended_sessions").await;
    assert_eq!(app.get(&mut there, "/auth/sign-in?return_to=/todos").await.location(), ELSEWHERE);
}

/// A renewal that brings somebody else's ID token ends the customer's sessions.
#[tokio::test]
async fn a_browser_whose_customer_was_dropped_at_a_renewal_proves_who_uses_it() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
    app.clock.advance(Duration::hours(2));
    app.provider.lie(Lies { claims: json!({"sub": "somebody else"}), ..Lies::default() });
    assert!(app.identity.tokens().for_user(&alice(), &Scopes::parse(READ)).await.is_err());
    let page = app.get(&mut browser, "/auth/sign-in?return_to=/todos").await;
    assert_eq!(page.location(), "/problem?reason=signed-out-by-provider&return_to=%2Ftodos");
}
