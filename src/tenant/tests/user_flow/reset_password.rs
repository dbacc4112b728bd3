//! Choosing a new password.

use super::*;

#[tokio::test]
async fn a_customer_resets_the_password() {
    let at = TestTenant::contoso().await;
    let user = at.add_user("alice@example.com", GOOD_PASSWORD).await;
    at.clock.advance(Duration::hours(1));
    let browser = at.browser().await;
    let answer = browser.post("reset-password", &[("email", "alice@example.com")]).await;
    browser.follow(&answer, "reset-password/passcode").await;
    let code = at.newest_passcode("alice@example.com").await;
    let answer = browser.post("reset-password/passcode", &[("passcode", &code)]).await;
    browser.follow(&answer, "reset-password/password").await;

    let weak = [("password", "password1"), ("confirm_password", "password1")];
    assert_eq!(browser.post("reset-password/password", &weak).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let new = [("password", OTHER_PASSWORD), ("confirm_password", OTHER_PASSWORD)];
    assert!(browser.post("reset-password/password", &new).await.is_signed_in());

    let told = &at.mails("alice@example.com").await[0];
    assert!(told["body"].as_str().unwrap().contains("was just reset"), "the owner learns of it: {told}");
    assert!(told["passcode"].is_null());
    let changed = user::User::find(&at.tenant, &user.id).await.unwrap().unwrap().password_changed_at;
    assert_eq!(changed, user.password_changed_at + 3_600_000, "older sessions and tokens can be told apart");
    assert!(at.browser().await.sign_in("alice@example.com", OTHER_PASSWORD).await.is_signed_in());
    assert!(!at.browser().await.sign_in("alice@example.com", GOOD_PASSWORD).await.is_signed_in());
}

#[tokio::test]
async fn a_reset_code_that_was_used_is_refused() {
    let at = TestTenant::contoso().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let browser = at.browser().await;
    browser.post("reset-password", &[("email", "alice@example.com")]).await;
    let code = at.newest_passcode("alice@example.com").await;
    browser.post("reset-password/passcode", &[("passcode", &code)]).await;
    let taken = passcode::take_verified(&at.tenant, &browser.id, Purpose::ResetPassword).await.unwrap();
    assert!(taken.is_some());
    // What a second window of the same flow would do.
    let answer = browser.post("reset-password/passcode", &[("passcode", &code)]).await;
    assert_eq!(answer.location_header(), browser.path("reset-password"));
    let new = [("password", OTHER_PASSWORD), ("confirm_password", OTHER_PASSWORD)];
    let answer = browser.post("reset-password/password", &new).await;
    assert_eq!(answer.location_header(), browser.path("reset-password/passcode"));
    assert!(!at.browser().await.sign_in("alice@example.com", OTHER_PASSWORD).await.is_signed_in());
}

/// Abuse case 77.
#[tokio::test]
async fn a_reset_ends_all_other_codes_and_proved_steps_of_the_account() {
    let at = TestTenant::contoso().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    at.add_user("bob@example.com", GOOD_PASSWORD).await;
    at.clock.advance(Duration::hours(1));
    let mut proved = Vec::new();
    for email in ["Alice@Example.com", "alice@example.com", "bob@example.com"] {
        let browser = at.browser().await;
        browser.post("reset-password", &[("email", email)]).await;
        let code = at.newest_passcode(&email.to_lowercase()).await;
        let answer = browser.post("reset-password/passcode", &[("passcode", &code)]).await;
        browser.follow(&answer, "reset-password/password").await;
        proved.push(browser);
    }
    let waiting = at.browser().await;
    waiting.post("sign-in", &[("email", "alice@example.com"), ("method", "passcode")]).await;
    let code = at.newest_passcode("alice@example.com").await;

    let new = [("password", OTHER_PASSWORD), ("confirm_password", OTHER_PASSWORD)];
    assert!(proved[0].post("reset-password/password", &new).await.is_signed_in());
    let thiefs = [("password", "a thief's very own words"), ("confirm_password", "a thief's very own words")];
    let refused = proved[1].post("reset-password/password", &thiefs).await;
    assert_eq!(refused.location_header(), proved[1].path("reset-password/passcode"));
    let refused = waiting.post("sign-in/passcode", &[("passcode", &code)]).await;
    assert_eq!(refused.location_header(), waiting.path("sign-in"));
    assert!(at.browser().await.sign_in("alice@example.com", OTHER_PASSWORD).await.is_signed_in());
    assert!(proved[2].post("reset-password/password", &new).await.is_signed_in(), "nobody else's");
}

#[tokio::test]
async fn of_two_resets_side_by_side_one_counts() {
    let at = TestTenant::contoso().await;
    let alice = at.add_user("alice@example.com", GOOD_PASSWORD).await;
    at.clock.advance(Duration::seconds(1));
    let first = user::set_password(&at.tenant, alice.clone(), "one").await.unwrap();
    assert_eq!(first, Some(user::User { password_changed_at: alice.password_changed_at + 1000, ..alice.clone() }));
    at.clock.advance(Duration::seconds(1));
    assert_eq!(user::set_password(&at.tenant, alice, "the other").await.unwrap(), None);
}
