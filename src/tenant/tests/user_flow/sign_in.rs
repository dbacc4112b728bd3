//! Signing in, with the password or a passcode.

use super::*;

#[tokio::test]
async fn a_customer_signs_in_with_a_passcode() {
    let at = TestTenant::contoso().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let browser = at.browser().await;
    let answer = browser.post("sign-in", &[("email", "alice@example.com"), ("method", "passcode")]).await;
    browser.follow(&answer, "sign-in/passcode").await;
    let code = at.newest_passcode("alice@example.com").await;
    let spaced = format!(" {} {} ", &code[..4], &code[4..]);
    assert!(browser.post("sign-in/passcode", &[("passcode", &spaced)]).await.is_signed_in());
}

/// What the browser sees of a flow that begins with `email`, with what may differ taken out.
pub(super) async fn what_is_seen(at: &TestTenant, page: &str, email: &str) -> Vec<(StatusCode, String, String)> {
    let browser = at.browser().await;
    let begin = [("email", email), ("method", "passcode")];
    let mut seen = vec![browser.post(page, &begin).await, browser.get(&format!("{page}/passcode")).await];
    for code in ["", "abc", "00000000", "00000001"] {
        seen.push(browser.post(&format!("{page}/passcode"), &[("passcode", code)]).await);
    }
    seen.push(browser.post(&format!("{page}/passcode/resend"), &[]).await);
    seen.push(browser.get(&format!("{page}/passcode?sent=again")).await);
    let neutral = |text: &str| text.replace(&browser.id, "ID").replace(email, "EMAIL");
    seen.iter().map(|page| (page.status, neutral(page.location_header()), neutral(&page.body))).collect()
}

#[tokio::test]
async fn getting_in_with_an_unknown_address_looks_the_same() {
    let at = TestTenant::contoso().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let barred = at.add_user("carol@example.com", GOOD_PASSWORD).await;
    disable(&at, &barred.id).await;
    for page in ["reset-password", "sign-in"] {
        let known = what_is_seen(&at, page, "alice@example.com").await;
        assert_eq!(known, what_is_seen(&at, page, "bob@example.com").await);
        assert_eq!(known, what_is_seen(&at, page, "carol@example.com").await);
    }
    for stranger in ["bob@example.com", "carol@example.com"] {
        assert!(at.mails(stranger).await.iter().all(|mail| mail["passcode"].is_null()));
    }
}

#[tokio::test]
async fn a_wrong_address_and_a_wrong_password_look_the_same() {
    let at = TestTenant::contoso().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let mut seen = Vec::new();
    for email in ["alice@example.com", "bob@example.com"] {
        let browser = at.browser().await;
        let page = browser.sign_in(email, OTHER_PASSWORD).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        seen.push(page.body.replace(&browser.id, "ID").replace(email, "EMAIL"));
    }
    assert_eq!(seen[0], seen[1]);
    assert!(seen[0].contains("EMAIL") && !seen[0].contains(OTHER_PASSWORD), "{}", seen[0]);
}

#[tokio::test]
async fn guessing_passwords_is_answered_with_429_and_no_lockout() {
    let at = TestTenant::contoso().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let browser = at.browser().await;
    for _ in 0..10 {
        assert_eq!(browser.sign_in("alice@example.com", "wrong").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let answer = browser.sign_in("alice@example.com", GOOD_PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.body.contains("Too many attempts"), "{}", answer.body);
    let seconds: i64 = answer.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    at.clock.advance(Duration::seconds(seconds));
    assert!(browser.sign_in("alice@example.com", GOOD_PASSWORD).await.is_signed_in());
}

#[tokio::test]
async fn right_passwords_do_not_use_up_the_limit() {
    let at = TestTenant::contoso().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    for _ in 0..12 {
        assert!(at.browser().await.sign_in("alice@example.com", GOOD_PASSWORD).await.is_signed_in());
    }
}

pub(super) async fn disable(at: &TestTenant, id: &str) {
    sqlx::query("UPDATE users SET disabled = 1 WHERE id = $1").bind(id).execute(at.tenant.db()).await.unwrap();
}

#[tokio::test]
async fn a_disabled_account_is_told_so_only_with_its_password() {
    let at = TestTenant::contoso().await;
    let user = at.add_user("alice@example.com", GOOD_PASSWORD).await;
    disable(&at, &user.id).await;
    let answer = at.browser().await.sign_in("alice@example.com", GOOD_PASSWORD).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    let answer = at.browser().await.sign_in("alice@example.com", OTHER_PASSWORD).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!answer.body.contains("disabled"), "{}", answer.body);
}
