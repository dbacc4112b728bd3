//! Passcodes: what they are good for, and for how long.

use super::*;

#[tokio::test]
async fn passcode_is_refused_after_ten_wrong_tries() {
    let at = TestTenant::contoso().await;
    let browser = at.browser().await;
    browser.post("sign-up", &[("email", "alice@example.com")]).await;
    let code = at.newest_passcode("alice@example.com").await;
    let wrong = if code == "00000000" { "00000001" } else { "00000000" };
    for _ in 0..10 {
        let answer = browser.post("sign-up/passcode", &[("passcode", wrong)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let answer = browser.post("sign-up/passcode", &[("passcode", &code)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("tried too often"), "{}", answer.body);

    let answer = browser.post("sign-up/passcode/resend", &[]).await;
    assert_eq!(answer.location_header(), browser.path("sign-up/passcode?sent=again"));
    let code = at.newest_passcode("alice@example.com").await;
    let answer = browser.post("sign-up/passcode", &[("passcode", &code)]).await;
    assert_eq!(answer.location_header(), browser.path("sign-up/details"), "a new code helps");
}

#[tokio::test]
async fn passcode_is_refused_after_ten_minutes() {
    let at = TestTenant::contoso().await;
    let browser = at.browser().await;
    browser.post("sign-up", &[("email", "alice@example.com")]).await;
    let code = at.newest_passcode("alice@example.com").await;
    at.clock.advance(Duration::minutes(10));
    let answer = browser.post("sign-up/passcode", &[("passcode", &code)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("too old"), "{}", answer.body);
}

#[tokio::test]
async fn a_proved_address_must_be_used_soon() {
    let at = TestTenant::contoso().await;
    let browser = at.browser().await;
    browser.sign_up_as_far_as_details("alice@example.com").await;
    at.clock.advance(Duration::minutes(41));
    let answer = browser.post("sign-up/details", &DETAILS).await;
    assert_eq!(answer.location_header(), browser.path("sign-up/passcode"));
    assert_eq!(at.count_users().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passcode_is_single_use_even_in_parallel() {
    let at = TestTenant::contoso().await;
    let browser = at.browser().await;
    browser.post("sign-up", &[("email", "alice@example.com")]).await;
    let code = at.newest_passcode("alice@example.com").await;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (tenant, id, code) = (at.tenant.clone(), browser.id.clone(), code.clone());
            tokio::spawn(async move { passcode::verify(&tenant, &id, Purpose::SignUp, &code).await.unwrap() })
        })
        .collect();
    let mut accepted = 0;
    for task in tasks {
        match task.await.unwrap() {
            Verdict::Accepted(_) => accepted += 1,
            verdict => assert_eq!(verdict, Verdict::Used),
        }
    }
    assert_eq!(accepted, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tries_in_parallel_are_all_counted() {
    let at = TestTenant::contoso().await;
    let browser = at.browser().await;
    browser.post("sign-up", &[("email", "alice@example.com")]).await;
    let tasks: Vec<_> = (0..30)
        .map(|_| {
            let (tenant, id) = (at.tenant.clone(), browser.id.clone());
            tokio::spawn(async move { passcode::verify(&tenant, &id, Purpose::SignUp, "x").await.unwrap() })
        })
        .collect();
    let mut wrong = 0;
    for task in tasks {
        wrong += usize::from(matches!(task.await.unwrap(), Verdict::Wrong(_)));
    }
    assert_eq!(wrong, 9, "the tenth exhausts the passcode");
}

#[tokio::test]
async fn a_passcode_is_wrong_in_another_interaction_and_for_another_purpose() {
    let at = TestTenant::contoso().await;
    at.add_user("alice@example.com", GOOD_PASSWORD).await;
    let (one, other) = (at.browser().await, at.browser().await);
    one.post("reset-password", &[("email", "alice@example.com")]).await;
    let code = at.newest_passcode("alice@example.com").await;
    other.post("reset-password", &[("email", "alice@example.com")]).await;
    let answer = other.post("reset-password/passcode", &[("passcode", &code)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "another interaction");
    one.post("sign-in", &[("email", "alice@example.com"), ("method", "passcode")]).await;
    let answer = one.post("sign-in/passcode", &[("passcode", &code)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "another purpose");
    let answer = one.post("reset-password/passcode", &[("passcode", &code)]).await;
    assert_eq!(answer.location_header(), one.path("reset-password/password"), "its own");
}

#[tokio::test]
async fn a_new_passcode_replaces_the_old_one() {
    let at = TestTenant::contoso().await;
    let browser = at.browser().await;
    browser.post("sign-up", &[("email", "alice@example.com")]).await;
    let old = at.newest_passcode("alice@example.com").await;
    browser.post("sign-up/passcode/resend", &[]).await;
    assert_ne!(old, at.newest_passcode("alice@example.com").await);
    let answer = browser.post("sign-up/passcode", &[("passcode", &old)]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn another_address_must_be_proved_anew() {
    let at = TestTenant::contoso().await;
    let browser = at.browser().await;
    browser.sign_up_as_far_as_details("alice@example.com").await;
    browser.post("sign-up", &[("email", "bob@example.com")]).await;
    let answer = browser.post("sign-up/details", &DETAILS).await;
    assert_eq!(answer.location_header(), browser.path("sign-up/passcode"));
    assert_eq!(at.count_users().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proved_address_is_used_once_and_only_when_proved() {
    let at = TestTenant::contoso().await;
    let browser = at.browser().await;
    browser.post("sign-up", &[("email", "alice@example.com")]).await;
    assert_eq!(passcode::take_verified(&at.tenant, &browser.id, Purpose::SignUp).await.unwrap(), None);
    browser.sign_up_as_far_as_details("alice@example.com").await;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (tenant, id) = (at.tenant.clone(), browser.id.clone());
            tokio::spawn(async move { passcode::take_verified(&tenant, &id, Purpose::SignUp).await.unwrap() })
        })
        .collect();
    let mut taken = 0;
    for task in tasks {
        taken += usize::from(task.await.unwrap().is_some());
    }
    assert_eq!(taken, 1);
}

#[tokio::test]
async fn mail_bombing_an_address_is_answered_with_429() {
    let at = TestTenant::contoso().await;
    let mut answers = Vec::new();
    for page in ["sign-up", "reset-password", "sign-up", "reset-password", "sign-up", "sign-up"] {
        answers.push(at.browser().await.post(page, &[("email", "alice@example.com")]).await.status.as_u16());
    }
    assert_eq!(answers, [303, 303, 303, 303, 303, 429]);
    assert_eq!(at.mails("alice@example.com").await.len(), 5);
}
