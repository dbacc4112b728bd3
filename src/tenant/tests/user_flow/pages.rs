//! What holds of every page of the flows.

use super::*;

#[tokio::test]
async fn no_step_can_be_skipped() {
    let at = TestTenant::contoso().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let new = [("password", OTHER_PASSWORD), ("confirm_password", OTHER_PASSWORD)];
    for begun in [false, true] {
        let browser = at.browser().await;
        if begun {
            browser.post("sign-up", &[("email", "bob@example.com")]).await;
            browser.post("reset-password", &[("email", "alice@example.com")]).await;
        }
        for (page, expected) in
            [("sign-up/details", "sign-up/passcode"), ("reset-password/password", "reset-password/passcode")]
        {
            assert_eq!(browser.get(page).await.location_header(), browser.path(expected));
        }
        assert_eq!(browser.post("sign-up/details", &DETAILS).await.location_header(), browser.path("sign-up/passcode"));
        let answer = browser.post("reset-password/password", &new).await;
        assert_eq!(answer.location_header(), browser.path("reset-password/passcode"));
    }
    let browser = at.browser().await;
    for page in ["sign-in", "sign-up", "reset-password"] {
        let passcode = format!("{page}/passcode");
        assert_eq!(browser.get(&passcode).await.location_header(), browser.path(page));
        let answer = browser.post(&passcode, &[("passcode", "12345678")]).await;
        assert_eq!(answer.location_header(), browser.path(page));
    }
    assert_eq!(at.count_users().await, 1);
    assert!(at.browser().await.sign_in("alice@example.com", GOOD_PASSWORD).await.is_signed_in(), "nothing was changed");
}

#[tokio::test]
async fn another_browser_cannot_take_over() {
    let at = TestTenant::contoso().await;
    let victim = at.browser().await;
    victim.sign_up_as_far_as_details("alice@example.com").await;
    let mut thief = at.browser().await;
    thief.id.clone_from(&victim.id);
    for page in ["sign-in", "sign-up", "sign-up/details", "reset-password"] {
        let answer = thief.get(page).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(answer.body.contains("start again"), "{}", answer.body);
    }
    assert_eq!(thief.post("sign-up/details", &DETAILS).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(at.count_users().await, 0);
}

#[tokio::test]
async fn a_flood_of_passwords_is_answered_with_503_and_the_rest_works() {
    let at = TestTenant::contoso().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let browser = at.browser().await;
    browser.sign_up_as_far_as_details("bob@example.com").await;
    let flood = at.tenant.limits().hasher.flood();
    let answer = browser.sign_in("alice@example.com", GOOD_PASSWORD).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.body.contains("<h1>") && answer.headers.contains_key(header::RETRY_AFTER));
    assert_eq!(browser.post("sign-up/details", &DETAILS).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(browser.get("sign-in").await.status, StatusCode::OK);
    drop(flood);
    assert!(browser.post("sign-up/details", &DETAILS).await.is_signed_in(), "the step was not lost");
}

#[tokio::test]
async fn a_database_that_is_down_is_answered_with_503() {
    let at = TestTenant::contoso().await;
    let browser = at.browser().await;
    at.tenant.db().close().await;
    for answer in [
        browser.sign_in("alice@example.com", GOOD_PASSWORD).await,
        browser.post("sign-up", &[("email", "alice@example.com")]).await,
        browser.get("sign-up/details").await,
        browser.get("reset-password/passcode").await,
        at.page("/mailbox").await,
    ] {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.body.contains("<h1>"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_form_of_another_site_is_refused() {
    let at = TestTenant::contoso().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let browser = at.browser().await;
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "http://localhost:3000"),
        ("origin", "null"),
    ] {
        let request = Request::post(browser.path("sign-in"))
            .header(header::COOKIE, &browser.cookie)
            .header(header::HOST, "localhost:3002")
            .header(name, value)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("email=alice@example.com&password={GOOD_PASSWORD}")))
            .unwrap();
        let answer = at.send(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}: {value}");
        assert!(answer.body.contains("<h1>"), "{}", answer.body);
    }
}

#[tokio::test]
async fn what_comes_from_outside_is_shown_as_text() {
    let at = TestTenant::contoso().await;
    let evil = "\"><script>alert(1)</script>@";
    let (id, cookie) = at.new_interaction(Some(evil), true).await;
    let browser = Browser { at: &at, id, cookie };
    for page in [
        browser.get("sign-in").await,
        browser.get("sign-up").await,
        browser.sign_in(evil, "x").await,
        browser.post("reset-password", &[("email", evil)]).await,
    ] {
        assert!(page.body.contains("&lt;script&gt;") && !page.body.contains("<script"), "{}", page.body);
    }
}

#[tokio::test]
async fn a_body_that_is_no_form_is_answered_with_a_page() {
    let at = TestTenant::contoso().await;
    let browser = at.browser().await;
    for (content_type, body) in [
        ("application/json", "{}"),
        ("application/x-www-form-urlencoded", "email=%ff"),
        ("application/x-www-form-urlencoded", "email=a&email=b"),
    ] {
        let request = Request::post(browser.path("sign-up"))
            .header(header::COOKIE, &browser.cookie)
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(body))
            .unwrap();
        let answer = at.send(request).await;
        assert!(answer.status.is_client_error(), "{body}: {}", answer.status);
        assert!(answer.body.contains("<h1>"), "{body}: {}", answer.body);
    }
}

#[tokio::test]
async fn cancelling_goes_back_to_the_app() {
    let at = TestTenant::contoso().await;
    let browser = at.browser().await;
    assert!(browser.get("sign-in").await.body.contains(&browser.path("cancel")));
    let answer = browser.post("cancel", &[]).await;
    assert!(answer.location_header().starts_with("http://localhost:3000/callback?error=access_denied"));
    assert_eq!(browser.get("cancel").await.status, StatusCode::METHOD_NOT_ALLOWED, "nothing changes on GET");
}

#[tokio::test]
async fn every_page_is_hardened() {
    let at = TestTenant::contoso().await;
    let browser = at.browser().await;
    let foreign = Browser { at: &at, id: "nope".to_owned(), cookie: String::new() };
    for page in [
        browser.get("sign-in").await,
        browser.sign_in("a@example.com", "wrong").await,
        browser.post("sign-up", &[("email", "a@example.com")]).await,
        foreign.get("sign-in").await,
        at.page("/mailbox").await,
    ] {
        let header = |name: &str| page.headers.get(name).map(|v| v.to_str().unwrap()).unwrap_or_default();
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("form-action") && !policy.contains("unsafe-inline"), "{policy}");
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "same-origin");
        assert!(!page.body.contains("style=") && !page.body.contains("<script"), "{}", page.body);
    }
}

#[tokio::test]
async fn the_style_sheet_is_cached_and_found() {
    let at = TestTenant::contoso().await;
    let page = at.browser().await.get("sign-in").await;
    let href = page.body.split("stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let sheet = at.page(&href).await;
    assert_eq!(sheet.status, StatusCode::OK);
    assert!(sheet.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/css"));
    assert!(sheet.headers[header::CACHE_CONTROL].to_str().unwrap().contains("max-age"));
    // The tokens that its rules name are those of `style/tokens.css`, before them.
    for rest in sheet.body.split("var(").skip(1) {
        let token = rest.split(')').next().unwrap();
        assert!(sheet.body.contains(&format!("  {token}: ")), "no {token}");
    }
}
