//! The answer of the provider by POST (OAuth 2.0 Form Post Response Mode), and posts of other sites.

use super::*;

/// The post that the provider's page has the browser send: across sites, so only `SameSite=None` cookies come along.
async fn post_answer(app: &TestApp, browser: &mut Browser, form: &str) -> crate::identity::testing::Page {
    let session = browser.0.remove("errand");
    let request = Request::post("/auth/redirect")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ORIGIN, "https://id.example")
        .header("sec-fetch-site", "cross-site");
    let page = send(&app.router, browser, request, form.to_owned()).await;
    if let Some(session) = session {
        browser.0.entry("errand".to_owned()).or_insert(session);
    }
    page
}

#[tokio::test]
async fn an_answer_by_form_post_signs_in_and_ends_the_session_before() {
    let app = TestApp::configured(json!({"response_mode": "form_post"})).await;
    let mut browser = Browser::default();
    let mut sessions = Vec::new();
    for _ in 0..2 {
        let page = app.get(&mut browser, "/auth/sign-in?return_to=/todos").await;
        assert_eq!(page.parameters()["response_mode"], "form_post");
        let cookie = &page.set_cookies()[0];
        assert!(cookie.contains("SameSite=None") && cookie.contains("Secure"), "{cookie}");
        let form = crate::platform::outbound::client().get(page.location()).send().await.unwrap().text().await.unwrap();
        let page = post_answer(&app, &mut browser, &form).await;
        assert_eq!((page.status, page.location()), (StatusCode::SEE_OTHER, "/todos"));
        let session = page.set_cookies().into_iter().find(|cookie| cookie.starts_with("errand=")).expect("a session");
        assert!(session.contains("SameSite=Lax"), "{session}");
        assert_eq!(app.whoami(&mut browser).await, "Alice");
        sessions.push(browser.clone());

        // Abuse case 26: the same form again, with the cookies of before or of now.
        let again = post_answer(&app, &mut browser, &form).await;
        assert_eq!(again.location(), "/auth/redirect");
        assert_eq!(app.get(&mut browser, "/auth/redirect").await.location(), "/");
    }
    // Abuse case 27, although the second post came without the first session's cookie.
    assert_eq!(app.whoami(&mut sessions[0]).await, "nobody");
    let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sessions").fetch_one(app.identity.db()).await.unwrap();
    assert_eq!(rows, 1);
}

#[tokio::test]
async fn a_form_post_is_checked_like_any_other_answer() {
    let app = TestApp::configured(json!({"response_mode": "form_post"})).await;
    let mut browser = Browser::default();
    let state = app.get(&mut browser, "/auth/sign-in").await.parameters()["state"].clone();
    for (form, location) in [
        (format!("code=x&state={state}&code=y"), "/problem?reason=refused"),
        (format!("code=x&state={state}&iss=https%3A%2F%2Fevil.example"), "/problem?reason=refused"),
        (format!("error=access_denied&state={state}"), "/problem?reason=cancelled"),
        (format!("state={state}"), "/problem?reason=refused"),
        ("code=x&state=wrong".to_owned(), "/auth/redirect"),
        (String::new(), "/auth/redirect"),
    ] {
        assert_eq!(post_answer(&app, &mut browser.clone(), &form).await.location(), location, "{form}");
    }
    // Another browser (abuse case 2).
    let form = format!("code=x&state={state}");
    assert_eq!(post_answer(&app, &mut Browser::default(), &form).await.location(), "/auth/redirect");
    assert_eq!(app.get(&mut Browser::default(), "/auth/redirect").await.location(), "/problem?reason=expired");
    let json = Request::post("/auth/redirect").header(header::CONTENT_TYPE, "application/json");
    let page = send(&app.router, &mut browser, json, "{}".to_owned()).await;
    assert_eq!(page.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(
        app.provider.token_requests(),
        [] as [(hyper::HeaderMap, std::collections::HashMap<std::string::String, std::string::String>); 0]
    );
}

/// Abuse cases 31 and 32, this room's half: of all addresses below `/auth`, only those of the provider take posts of other sites,
/// and the one for form posts only where the provider was asked for them.
#[tokio::test]
async fn posts_of_other_sites_are_refused_but_for_those_of_the_provider() {
    let app = TestApp::at_whole_provider().await;
    let mut browser = app.signed_in().await;
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
            assert_eq!(send(&app.router, &mut browser, request, String::new()).await.status, status, "{path} {name}");
        }
    }
    assert_eq!(app.whoami(&mut browser).await, "Alice");
    let own = Request::post("/auth/sign-out").header("sec-fetch-site", "same-origin");
    assert_eq!(send(&app.router, &mut browser, own, String::new()).await.status, StatusCode::SEE_OTHER);
}
