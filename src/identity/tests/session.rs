//! Sessions: their id, their end, their list, and keys that are replaced.

use axum::body::Body;
use tower::ServiceExt as _;

use super::*;
use crate::identity::MIGRATIONS;
use crate::platform::database;

/// Abuse case 27.
#[tokio::test]
async fn the_session_id_changes_at_sign_in_and_the_old_one_is_dead() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.sign_in_as(&mut browser, json!({})).await;
    let mut before = browser.clone();
    app.sign_in_as(&mut browser, json!({"name": "Alice again"})).await;
    assert_ne!(browser.session(), before.session());
    assert_eq!(app.whoami(&mut browser).await, "Alice again");
    assert_eq!(app.whoami(&mut before).await, "nobody");
}

/// Abuse case 34.
#[tokio::test]
async fn idle_and_absolute_timeouts_end_a_session() {
    let app = TestApp::start().await;
    let mut idle = Browser::default();
    app.sign_in_as(&mut idle, json!({})).await;
    let mut busy = idle.clone();
    app.clock.advance(Duration::days(7) + Duration::seconds(1));
    assert_eq!(app.whoami(&mut idle).await, "nobody");

    app.sign_in_as(&mut busy, json!({})).await;
    for _ in 0..29 {
        app.clock.advance(Duration::days(1));
        assert_eq!(app.whoami(&mut busy).await, "Alice");
    }
    app.clock.advance(Duration::days(1));
    assert_eq!(app.whoami(&mut busy).await, "nobody", "30 days after sign-in, however busy");
}

/// Abuse case 35.
#[tokio::test]
async fn a_request_in_flight_does_not_bring_back_a_session_that_was_signed_out() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.sign_in_as(&mut browser, json!({})).await;
    let mut in_flight = browser.clone();
    let (reached, go) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
    let slow = {
        let (reached, go) = (reached.clone(), go.clone());
        move |Extension(session): Extension<Session>| async move {
            assert!(UserSession::load(&session).await.unwrap().is_some());
            reached.notify_one();
            go.notified().await;
            session.insert("late", true).await.unwrap();
        }
    };
    let router = app.identity.mount(Router::new().route("/slow", get(slow)));
    let request = Request::get("/slow").header(header::COOKIE, in_flight.header()).body(Body::empty()).unwrap();
    let slow = tokio::spawn(router.oneshot(request));
    reached.notified().await;
    app.send(&mut browser, "POST", "/auth/sign-out").await;
    go.notify_one();
    slow.await.unwrap().unwrap();
    assert_eq!(app.whoami(&mut in_flight).await, "nobody");
}

/// What is shared is not older than the question.
#[tokio::test]
async fn many_who_look_at_one_session_see_its_end_at_once() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.sign_in_as(&mut browser, json!({})).await;
    let headers = HeaderMap::from_iter([(header::COOKIE, browser.header().parse().unwrap())]);
    let probes: Vec<_> = (0..20).map(|_| app.identity.session_probe(&headers).unwrap()).collect();
    let seen = async || {
        let all = futures::future::join_all(probes.iter().map(SessionProbe::status)).await;
        all.into_iter().filter(|status| status.as_ref().unwrap().is_some()).count()
    };
    assert_eq!((seen().await, app.identity.looks().count()), (20, 1));
    app.send(&mut browser, "POST", "/auth/sign-out").await;
    assert_eq!(seen().await, 0);
    drop(probes);
    assert_eq!(app.identity.looks().count(), 0, "nothing is kept of who looks no more");
}

/// Abuse case 84, as far as sign-in goes.
#[tokio::test]
async fn visitors_leave_no_rows() {
    let app = TestApp::start().await;
    for _ in 0..20 {
        let mut browser = Browser::default();
        app.begin(&mut browser).await;
        app.whoami(&mut browser).await;
    }
    for table in ["SELECT COUNT(*) FROM sessions", "SELECT COUNT(*) FROM used_states"] {
        let rows: i64 = sqlx::query_scalar(table).fetch_one(app.identity.db()).await.unwrap();
        assert_eq!(rows, 0);
    }
}

/// What an update finds in the database: times are numbers of milliseconds since the epoch, in columns and in what a session
/// holds.
#[tokio::test]
async fn sessions_and_tokens_of_before_are_read() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.sign_in_as(&mut browser, json!({})).await;
    let data = r#"{"customer":{"key":"KEY","name":"Alice of before","claims":{"iss":"i","sub":"s"},
        "signed_in_at":1789999990000,"browser":"Firefox on Linux","ends_at":1790003600000,"asked":["openid"]}}"#;
    for statement in [
        format!("UPDATE sessions SET data = '{}'", data.replace("KEY", alice().as_str())),
        "UPDATE sessions SET created_at = 1789999990000, last_seen_at = 1789999995000, ends_at = 1790003600000"
            .to_owned(),
        "UPDATE access_tokens SET renew_at = 1790003300000, expires_at = 1790003600000".to_owned(),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(app.identity.db()).await.unwrap();
    }
    let id = browser.session().expect("signed in").parse().expect("a session id");
    let session = Session::new(Some(id), Arc::new(crate::identity::session::Store::new(&app.identity)), None);
    let signed_in = UserSession::load(&session).await.unwrap().expect("the session of before");
    assert_eq!(signed_in.name.as_deref(), Some("Alice of before"));
    assert_eq!(signed_in.signed_in_at, Timestamp::from_millis(1_789_999_990_000));
    assert_eq!(signed_in.ends_at, Some(Timestamp::from_millis(1_790_003_600_000)));
    let written = serde_json::to_value(&signed_in).unwrap();
    assert_eq!(
        (&written["signed_in_at"], &written["ends_at"]),
        (&json!(1_789_999_990_000_u64), &json!(1_790_003_600_000_u64))
    );
    let list = app.identity.sessions(&signed_in, &session).await.unwrap();
    let times: Vec<_> = list.iter().map(|one| (one.signed_in_at.as_millis(), one.last_seen_at.as_millis())).collect();
    assert_eq!(times, [(1_789_999_990_000, 1_789_999_995_000)]);
    let status: Value = serde_json::from_str(&app.get(&mut browser, "/auth/session?slide=false").await.body).unwrap();
    assert_eq!(status["seconds_left"], 3600);
    app.identity.tokens().for_user(&alice(), &Scopes::parse(READ)).await.expect("the token of before");
    assert_eq!(app.token.count(), 1, "the sign-in");
}

/// A request of a customer that changes nothing writes nothing: no row, no cookie.
#[tokio::test]
async fn reading_a_session_neither_writes_nor_sends_the_cookie_again() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    app.sign_in_as(&mut browser, json!({})).await;
    assert_eq!(app.get(&mut browser, "/whoami").await.set_cookies(), Vec::<String>::new());
}

#[tokio::test]
async fn a_session_ends_with_the_providers_grant_where_the_provider_says_when() {
    let app = TestApp::at_whole_provider().await;
    for seconds in [json!(86_400), json!("86400")] {
        app.provider.lie(Lies { tokens: json!({ "refresh_token_expires_in": seconds }), ..Lies::default() });
        let mut browser = app.signed_in().await;
        let answer = app.get(&mut browser, "/auth/session").await;
        let answer: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(answer["seconds_left"], 86_400, "not the idle lifetime of a week");
        app.clock.advance(Duration::hours(23));
        assert_eq!(app.whoami(&mut browser).await, "Alice");
        app.clock.advance(Duration::hours(1));
        assert_eq!(app.whoami(&mut browser).await, "nobody");
    }
    crate::identity::session::Store::new(&app.identity).sweep().await.unwrap();
    let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sessions").fetch_one(app.identity.db()).await.unwrap();
    assert_eq!(rows, 0, "swept");
}

/// A provider whose refresh tokens live a day from their last use does not send anybody away who comes every day; and
/// when the session is over, nothing of it stays.
#[tokio::test]
async fn a_renewal_carries_the_session_on_and_what_is_over_is_removed_with_its_tokens() {
    let app = TestApp::at_whole_provider().await;
    app.provider.lie(Lies { tokens: json!({"refresh_token_expires_in": 86_400}), ..Lies::default() });
    let mut browser = app.signed_in().await;
    for _ in 0..3 {
        app.clock.advance(Duration::hours(23));
        app.identity.tokens().for_user(&alice(), &Scopes::parse(READ)).await.expect("a token");
        assert_eq!(app.whoami(&mut browser).await, "Alice");
    }
    let tokens = async || {
        let count = "SELECT (SELECT COUNT(*) FROM access_tokens) + (SELECT COUNT(*) FROM refresh_tokens)";
        let rows: i64 = sqlx::query_scalar(count).fetch_one(app.identity.db()).await.unwrap();
        rows
    };
    app.identity.sweep_once().await.unwrap();
    assert_eq!(tokens().await, 2);
    // The session's row is removed before its tokens expire.
    sqlx::query("UPDATE sessions SET ends_at = 1").execute(app.identity.db()).await.unwrap();
    app.identity.sweep_once().await.unwrap();
    assert_eq!(tokens().await, 0);
}

/// Abuse case 34: what pages are told, and what a look without `slide` does to it.
#[tokio::test]
async fn pages_are_told_how_long_a_session_lasts_and_looking_extends_it_only_when_wanted() {
    let app = TestApp::at_whole_provider().await;
    let look = async |browser: &mut Browser, query: &str| {
        let page = app.get(browser, &format!("/auth/session{query}")).await;
        assert_eq!((page.status, page.headers[header::CACHE_CONTROL].to_str().unwrap()), (StatusCode::OK, "no-store"));
        serde_json::from_str::<Value>(&page.body).unwrap()
    };
    assert_eq!(look(&mut Browser::default(), "").await, json!({"signed_in": false}));
    let mut browser = app.signed_in().await;
    let week = 7 * 86_400;
    assert_eq!(look(&mut browser, "").await, json!({"signed_in": true, "name": "Alice", "seconds_left": week}));
    app.clock.advance(Duration::days(6));
    for _ in 0..2 {
        assert_eq!(look(&mut browser, "?slide=false").await["seconds_left"], 86_400);
    }
    // Nor does another site's page extend it.
    let foreign = Request::get("/auth/session").header("sec-fetch-site", "cross-site");
    let page = send(&app.router, &mut browser, foreign, String::new()).await;
    assert!(page.body.contains("86400"), "{}", page.body);
    assert_eq!(look(&mut browser, "").await["seconds_left"], week);
    // The absolute lifetime is not extended by anything.
    for _ in 0..4 {
        app.clock.advance(Duration::days(5));
        look(&mut browser, "").await;
    }
    assert_eq!(look(&mut browser, "").await["seconds_left"], 4 * 86_400);
    let mut stolen = browser.clone();
    app.post(&mut browser, "/auth/sign-out", "").await;
    assert_eq!(look(&mut stolen, "").await, json!({"signed_in": false}));
}

/// Abuse case 90: five minutes either way are refused where they must be, and end nothing that is under way.
#[tokio::test]
async fn a_clock_that_is_off_or_jumps_back_is_bounded_and_panics_nowhere() {
    let app = TestApp::at_whole_provider().await;
    let now = app.clock.unix_seconds();
    for claims in [json!({"iat": now + 300, "nbf": now + 300}), json!({"iat": now - 4000, "exp": now - 300})] {
        app.provider.lie(Lies { claims, ..Lies::default() });
        let page = app.sign_in(&mut Browser::default()).await;
        assert_eq!(page.location(), "/problem?reason=refused");
    }
    app.provider.lie(Lies::default());
    let mut browser = app.signed_in().await;
    let mut signing_in = Browser::default();
    let page = app.get(&mut signing_in, "/auth/sign-in?return_to=/todos").await;
    let challenge = app.identity.interaction_url(&alice(), &Scopes::parse(GRAPH), None, &ReturnTo::home());
    app.clock.advance(Duration::minutes(-5));
    assert_eq!(app.whoami(&mut browser).await, "Alice");
    let look: Value = serde_json::from_str(&app.get(&mut browser, "/auth/session").await.body).unwrap();
    assert!(look["seconds_left"].as_i64().unwrap() >= 7 * 86_400);
    // A sign-in from the future has not begun: again, from the start.
    let back = app.at_the_provider(&page).await;
    assert_eq!(app.get(&mut signing_in, &back).await.location(), "/problem?reason=expired");
    assert!(!app.get(&mut browser, &challenge).await.parameters()["scope"].contains(GRAPH));
    app.signed_in().await;
}

/// After an upgrade, or back to the version before.
#[tokio::test]
async fn a_session_that_is_not_understood_asks_for_sign_in_instead_of_locking_its_browser_out() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
    for data in [r#"{"customer":{"of":"another version"}}"#, r#"{"signed_in":7}"#, "nonsense"] {
        sqlx::query("UPDATE sessions SET data = $1").bind(data).execute(app.identity.db()).await.unwrap();
        assert_eq!(app.whoami(&mut browser).await, "nobody", "{data}");
        app.sign_in(&mut browser).await;
        assert_eq!(app.whoami(&mut browser).await, "Alice", "{data}");
    }
    for data in ["{}", r#"{"customer":7}"#, "nonsense"] {
        sqlx::query("UPDATE sessions SET data = $1").bind(data).execute(app.identity.db()).await.unwrap();
        assert!(app.has_tokens().await, "{data}");
        assert_eq!(app.post(&mut browser, "/auth/sign-out", "").await.location(), "/", "{data}");
        assert!(!app.has_tokens().await, "{data}");
        app.sign_in(&mut browser).await;
    }
}

/// Abuse case 51, the last session: ending sessions one by one on the account page drops the tokens with the last.
#[tokio::test]
async fn a_customer_sees_their_sessions_and_ends_one_or_all_others() {
    use tower_sessions::{Session, SessionStore as _};

    use crate::identity::return_to::ReturnTo;
    use crate::identity::session::{Ended, Ending, Store, UserSession};

    let app = TestApp::at_whole_provider().await;
    let sign_in = async |agent: &str| {
        let mut browser = Browser::default();
        let page = app.get(&mut browser, "/auth/sign-in?return_to=/todos").await;
        let back = app.at_the_provider(&page).await;
        let request = Request::get(back).header(header::USER_AGENT, agent);
        send(&app.router, &mut browser, request, String::new()).await;
        app.clock.advance(Duration::minutes(1));
        browser
    };
    let mut laptop = sign_in("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0").await;
    let mut phone = sign_in("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Safari/604.1").await;
    let mut tablet = sign_in("something else").await;

    let store = std::sync::Arc::new(Store::new(&app.identity));
    let session = |browser: &Browser| {
        let id = browser.session().expect("signed in").parse().expect("a session id");
        Session::new(Some(id), store.clone(), None)
    };
    let here = session(&laptop);
    let mut alice = UserSession::load(&here).await.unwrap().expect("signed in");
    alice.claims.insert("auth_time".to_owned(), json!(app.clock.unix_seconds()));
    let list = app.identity.sessions(&alice, &here).await.unwrap();
    let browsers: Vec<_> = list.iter().map(|session| (session.browser.as_str(), session.current)).collect();
    let expected = [("An unknown browser", false), ("Safari on iPhone", false), ("Firefox on Linux", true)];
    assert_eq!(browsers, expected);
    assert!(list.iter().all(|one| one.signed_in_at == one.last_seen_at));
    // A handle opens nothing.
    let mut thief = Browser([("errand".to_owned(), list[1].handle.clone())].into());
    assert_eq!(app.whoami(&mut thief).await, "nobody");

    let end = async |who: &UserSession, which: Ending| {
        app.identity.end_sessions(who, &here, &which, &ReturnTo::parse("/account")).await.unwrap()
    };
    let one = |place: usize| Ending::One(list[place].handle.clone());
    // Somebody else cannot end it, and neither can who proved too long ago who they are (ASVS 5.0 §7.5.2).
    let mut bob = alice.clone();
    bob.key = serde_json::from_value(json!("somebody else")).unwrap();
    assert_eq!(end(&bob, one(1)).await, Ended::Sessions(0));
    for auth_time in
        [json!(app.clock.unix_seconds() - 301), json!(app.clock.unix_seconds() + 61), json!("now"), Value::Null]
    {
        let mut stale = alice.clone();
        stale.claims.insert("auth_time".to_owned(), auth_time);
        for which in [one(1), Ending::Others] {
            let Ended::ProofRequired { url } = end(&stale, which).await else { panic!("no proof was asked for") };
            assert!(url.starts_with("/auth/sign-in?return_to=%2Faccount&challenge="), "{url}");
        }
    }
    assert_eq!(app.whoami(&mut phone).await, "Alice");
    assert_eq!(end(&alice, one(1)).await, Ended::Sessions(1));
    assert_eq!(end(&alice, one(1)).await, Ended::Sessions(0), "once");
    assert_eq!(app.whoami(&mut phone).await, "nobody");

    assert_eq!(end(&alice, Ending::Others).await, Ended::Sessions(1));
    assert_eq!(app.whoami(&mut tablet).await, "nobody");
    assert_eq!(app.whoami(&mut laptop).await, "Alice");
    assert!(app.has_tokens().await, "one session is left");
    assert_eq!(end(&alice, one(2)).await, Ended::Sessions(1));
    assert!(!app.has_tokens().await, "none is left");
    assert!(store.load(&laptop.session().unwrap().parse().unwrap()).await.unwrap().is_none());
}

/// Abuse case 89: a restart, with a new key in front of the old one, signs nobody out, and lets sign-ins that are on
/// their way complete.
#[tokio::test]
async fn a_restart_and_a_new_encryption_key_keep_sessions_and_sign_ins_on_their_way() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
    let mut signing_in = Browser::default();
    let page = app.get(&mut signing_in, "/auth/sign-in?return_to=/todos").await;
    let back = app.at_the_provider(&page).await;
    let identity = app.replica(&[&KeyRing::generate(), &app.encryption_key]).await;
    let router = identity.mount(axum::Router::new().route("/whoami", axum::routing::get(whoami)));
    let page = send(&router, &mut browser, Request::get("/whoami"), String::new()).await;
    assert_eq!(page.body, "Alice");
    let page = send(&router, &mut signing_in, Request::get(back), String::new()).await;
    assert_eq!(page.location(), "/todos");
    let read = crate::identity::scopes::Scopes::parse(crate::identity::testing::READ);
    app.clock.advance(Duration::hours(2));
    identity.tokens().for_user(&alice(), &read).await.expect("the refresh token opens");
}

/// Without its key, a sign-in on its way is over, and nothing worse.
#[tokio::test]
async fn a_lost_encryption_key_ends_sign_ins_on_their_way_with_a_friendly_page() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = Browser::default();
    let page = app.get(&mut browser, "/auth/sign-in").await;
    let back = app.at_the_provider(&page).await;
    let identity = app.replica(&[&random::token()]).await;
    let router = identity.mount(axum::Router::new());
    let page = send(&router, &mut browser, Request::get(back), String::new()).await;
    assert_eq!(page.location(), "/problem?reason=expired");
}

/// A state that was used up stays used up when the tables are brought up to date.
#[tokio::test]
async fn states_that_were_used_before_the_table_had_its_name_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let url = database::test_url(folder.path()).await;
    let before = MIGRATIONS.iter().filter(|migration| migration.version < 4).cloned().collect();
    let before = database::counted_by("identity", &sqlx::migrate::Migrator::with_migrations(before));
    let db = database::open("web.database_url", &url, &before).await.unwrap();
    sqlx::query("INSERT INTO answered_states (state, expires_at) VALUES ('used', 1)").execute(&db).await.unwrap();
    db.close().await;
    let db = database::open("web.database_url", &url, &MIGRATIONS).await.unwrap();
    let states: Vec<String> = sqlx::query_scalar("SELECT state FROM used_states").fetch_all(&db).await.unwrap();
    assert_eq!(states, ["used"]);
}
