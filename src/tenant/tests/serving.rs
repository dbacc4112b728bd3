//! What concerns the tenant as a whole.

use super::*;
use crate::platform::outbound;

#[tokio::test]
async fn what_has_expired_is_removed_while_the_tenant_runs() {
    let t = TestTenant::start().await;
    t.sign_in(ALICE, &[]).await;
    t.authorize(&[], "").await;
    t.clock.advance(Duration::hours(25));
    t.authorize(&[], "").await;
    for (table, expected) in [("sso_sessions", 0), ("ended_interactions", 0)] {
        let count = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) FROM {table}"));
        let left: i64 = sqlx::query_scalar(count).fetch_one(t.tenant.db()).await.expect("SQL");
        assert_eq!(left, expected, "{table}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_in_words_to_people_and_apps() {
    let t = TestTenant::start().await;
    let below = format!("/{TENANT}/nothing");
    let token = format!("/{TENANT}/oauth2/v2.0/token");
    for (method, path, status) in [
        (Method::GET, below.as_str(), 404),
        (Method::POST, &below, 404),
        (Method::GET, &token, 405),
        (Method::DELETE, "/mailbox", 405),
        (Method::POST, "/health", 405),
        (Method::GET, "/nothing", 400),
    ] {
        for (accept, content_type) in [("text/html,*/*;q=0.8", "text/html"), ("*/*", "application/json")] {
            let request = Request::builder().method(method.clone()).uri(path).header(header::ACCEPT, accept);
            let answer = t.send(request.body(Body::empty()).expect("a request")).await;
            assert_eq!(answer.status.as_u16(), status, "{method} {path}");
            assert!(answer.header(header::CONTENT_TYPE).starts_with(content_type), "{method} {path} {accept}");
            assert!(answer.body.len() > 100, "{method} {path} {accept}");
            assert_eq!(answer.headers.contains_key(header::ALLOW), status == 405, "{method} {path}");
            if accept.starts_with("text") {
                assert!(answer.text().contains("Back to Web"), "{method} {path}");
                assert!(answer.headers.contains_key(header::CONTENT_SECURITY_POLICY), "{method} {path}");
            }
        }
    }
    for icon in ["/favicon.ico", "/favicon.svg", "/assets/tenant.svg"] {
        let answer = t.get(icon, "").await;
        assert_eq!((answer.status, answer.header(header::CONTENT_TYPE)), (StatusCode::OK, "image/svg+xml"), "{icon}");
    }
}

/// A request in authority form has no path to take the tenant's segment from.
#[tokio::test]
async fn a_request_without_a_path_is_refused() {
    let t = TestTenant::start().await;
    let request = Request::builder().method(Method::CONNECT).uri("localhost:3002").body(Body::empty());
    assert_eq!(t.send(request.expect("a request")).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn in_production_it_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("tenant.db()");
    let url = format!("sqlite:{}", database.display());
    let started = Tenant::start(configuration(&url), Mode::Production, &outbound::client(), Clock::system()).await;
    assert!(matches!(started, Err(StartError::Production)));
    assert!(!database.exists(), "nothing was made");
}

#[tokio::test]
async fn nothing_secret_is_kept_as_it_is() {
    let t = TestTenant::start().await;
    let (code, session) = t.sign_in(ALICE, &[]).await;
    let (fresh, _) = t.sign_in(ALICE, &[]).await;
    let token = t.redeem(&code, &[]).await.json()["refresh_token"].as_str().expect("a token").to_owned();
    let cookie = session.split_once('=').expect("a cookie").1;
    if !t.database_url.starts_with("sqlite:") {
        // A server's files are elsewhere; what is written is the same.
        return;
    }
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(t.tenant.db()).await.expect("a checkpoint");
    let file = std::fs::read(t.folder.path().join("test.db")).expect("the database");
    for secret in [code.as_str(), &fresh, &token, cookie] {
        assert!(!file.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
    let known = hash::sha256_base64url(&token);
    assert!(file.windows(known.len()).any(|window| window == known.as_bytes()), "the test looks in the right place");
}
