//! Signing up.

use super::sign_in::what_is_seen;
use super::*;

#[tokio::test]
async fn a_customer_signs_up_and_signs_in() {
    let at = TestTenant::contoso().await;
    let browser = at.browser().await;
    let page = browser.get("sign-in").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains(&browser.path("sign-up")), "{}", page.body);
    browser.sign_up_as_far_as_details("Alice@Example.com").await;
    let page = browser.get("sign-up/details").await;
    assert!(page.body.contains("value=\"alice@example.com\""), "{}", page.body);
    assert!(browser.post("sign-up/details", &DETAILS).await.is_signed_in());

    let email = Email::parse("alice@example.com").unwrap();
    let account = user::find_by_email(&at.tenant, &email).await.unwrap().expect("the account exists");
    assert_eq!(account.user.display_name, "Alice Liddell");
    assert_eq!(account.user.country.as_deref(), Some("NL"));
    assert_eq!(user::User::find(&at.tenant, &account.user.id).await.unwrap(), Some(account.user));

    assert_eq!(browser.get("sign-in").await.status, StatusCode::BAD_REQUEST, "the interaction has ended");
    assert!(at.browser().await.sign_in(" ALICE@example.com", GOOD_PASSWORD).await.is_signed_in());
}

#[tokio::test]
async fn an_address_with_an_apostrophe_and_blanks_around_it_signs_up() {
    let at = TestTenant::contoso().await;
    let browser = at.browser().await;
    let answer = browser.post("sign-up", &[("email", "\u{a0}O'Brien@example.com\t")]).await;
    let page = browser.follow(&answer, "sign-up/passcode").await;
    assert!(page.body.contains("No code in the message? You may have an account already: "), "{}", page.body);
    let code = at.newest_passcode("o'brien@example.com").await;
    browser.post("sign-up/passcode", &[("passcode", &code)]).await;
    let named = [("password", "Contoso2026"), ("confirm_password", "Contoso2026"), DETAILS[2], DETAILS[3]];
    let refused = browser.post("sign-up/details", &named).await;
    assert!(refused.body.contains("made from the name of this service"), "{}", refused.body);
    assert!(browser.post("sign-up/details", &DETAILS).await.is_signed_in());
    assert!(at.browser().await.sign_in("o'brien@example.com", GOOD_PASSWORD).await.is_signed_in());
}

#[tokio::test]
async fn signing_up_with_a_known_address_looks_the_same() {
    let at = TestTenant::contoso().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let known = what_is_seen(&at, "sign-up", "alice@example.com").await;
    assert_eq!(known, what_is_seen(&at, "sign-up", "bob@example.com").await);
    let mails = at.mails("alice@example.com").await;
    assert_eq!(mails.len(), 2, "the customer is told");
    assert!(mails[0]["passcode"].is_null() && mails[0]["body"].as_str().unwrap().contains("already have one"));
}

#[tokio::test]
async fn errors_are_linked_to_their_fields_and_what_was_typed_is_kept_but_passwords() {
    let at = TestTenant::contoso().await;
    let browser = at.browser().await;
    browser.sign_up_as_far_as_details("alice@example.com").await;
    let answer = browser
        .post(
            "sign-up/details",
            &[
                ("password", GOOD_PASSWORD),
                ("confirm_password", "else"),
                ("display_name", "Zoë <b>"),
                ("country", "XX"),
            ],
        )
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let html = scraper::Html::parse_document(&answer.body);
    let one = |css: &str| {
        let found: Vec<_> = html.select(&scraper::Selector::parse(css).unwrap()).collect();
        assert_eq!(found.len(), 1, "{css} in {}", answer.body);
        found[0]
    };
    assert!(one("title").inner_html().starts_with("Error: "));
    one("[role=alert] a[href='#confirm_password']");
    one("[role=alert] a[href='#country']");
    assert_eq!(one("[autofocus]").attr("id"), Some("confirm_password"), "the first wrong field");
    let confirm = one("#confirm_password");
    assert_eq!(confirm.attr("aria-invalid"), Some("true"));
    one(&format!("#{}", confirm.attr("aria-describedby").expect("described")));
    assert_eq!(one("#display_name").attr("value"), Some("Zoë <b>"));
    assert_eq!(one("#password").attr("value"), Some(""));
    assert!(!answer.body.contains(GOOD_PASSWORD));
}

#[tokio::test]
async fn an_email_with_crlf_or_html_is_refused_on_every_page() {
    let at = TestTenant::contoso().await;
    let browser = at.browser().await;
    for email in ["a@example.com\r\nBcc: b@example.com", "<b>a</b>@example.com", "a@example.com,b@example.com", ""] {
        for page in ["sign-in", "sign-up", "reset-password"] {
            let answer = browser.post(page, &[("email", email), ("method", "passcode")]).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{email:?} at {page}");
        }
    }
    assert!(at.page("/mailbox").await.body.contains("No mail yet"));
}

#[tokio::test]
async fn a_flow_without_sign_up_creates_no_accounts() {
    let at = TestTenant::contoso().await;
    let (id, cookie) = at.new_interaction(None, false).await;
    let browser = Browser { at: &at, id, cookie };
    assert!(!browser.get("sign-in").await.body.contains("Create one"));
    for answer in [
        browser.get("sign-up").await,
        browser.post("sign-up", &[("email", "alice@example.com")]).await,
        browser.get("sign-up/passcode").await,
        browser.post("sign-up/passcode", &[("passcode", "12345678")]).await,
        browser.get("sign-up/details").await,
        browser.post("sign-up/details", &DETAILS).await,
    ] {
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(answer.body.contains(&browser.path("sign-in")), "{}", answer.body);
    }
}

#[tokio::test]
async fn of_two_sign_ups_for_one_address_one_gets_the_account() {
    let at = TestTenant::contoso().await;
    let (one, other) = (at.browser().await, at.browser().await);
    one.sign_up_as_far_as_details("alice@example.com").await;
    other.sign_up_as_far_as_details("alice@example.com").await;
    let (one, other) = tokio::join!(one.post("sign-up/details", &DETAILS), other.post("sign-up/details", &DETAILS));
    let mut answers = [one.status.as_u16(), other.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [303, 409]);
    assert_eq!(at.count_users().await, 1);
}
