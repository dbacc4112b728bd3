//! What strangers can make the provider be asked.

use super::*;

/// Abuse case 95: whoever makes up codes leaves nothing behind, and has the provider asked within a budget.
#[tokio::test(flavor = "multi_thread")]
async fn made_up_codes_leave_no_row_and_are_asked_about_within_a_budget() {
    let app = TestApp::start().await;
    app.token.replies(|_| (StatusCode::BAD_REQUEST, json!({"error": "invalid_grant"})));
    let mut visitors = Vec::new();
    for _ in 0..300 {
        let mut visitor = Browser::default();
        let state = app.begin(&mut visitor).await["state"].clone();
        visitors.push((visitor, state));
    }
    let began = std::time::Instant::now();
    let answers = visitors.iter_mut().map(|(visitor, state)| app.answer(visitor, state));
    let pages = futures::future::join_all(answers).await;
    // Thirty-two at once, and four more a second.
    let asked = app.token.count();
    let bound = 32 + 4 * usize::try_from(began.elapsed().as_secs() + 1).unwrap();
    assert!((32..=bound).contains(&asked), "{asked}");
    let (refused, turned_away): (Vec<_>, Vec<_>) = pages.iter().partition(|page| page.status == StatusCode::SEE_OTHER);
    assert_eq!((refused.len(), turned_away.len()), (asked, 300 - asked));
    for page in turned_away {
        assert_eq!(
            (page.status, &page.headers[header::RETRY_AFTER]),
            (StatusCode::TOO_MANY_REQUESTS, &"5".parse().unwrap())
        );
        assert!(page.body.contains("Try again") && page.set_cookies().is_empty(), "the sign-in can still be finished");
    }
    let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM used_states").fetch_one(app.identity.db()).await.unwrap();
    assert_eq!(rows, 0);
    // Whoever comes behind them signs in.
    assert_eq!(app.sign_in_as(&mut Browser::default(), json!({})).await.location(), "/todos");
    // And so does one who was turned away, at the same address.
    let (visitor, state) = visitors.iter_mut().find(|(visitor, _)| !visitor.0.is_empty()).expect("one was turned away");
    app.token.replies(|_| (StatusCode::OK, json!({"token_type": "Bearer", "access_token": "a", "id_token": "x.y.z"})));
    assert_eq!(app.answer(visitor, state).await.location(), "/problem?reason=refused");
}

/// Abuse case 95: neither waits for the other.
#[tokio::test]
async fn codes_and_renewals_have_turns_of_their_own() {
    let app = TestApp::start().await;
    let mut browser = Browser::default();
    let client = app.identity.tokens().client();
    let renewals = futures::future::join_all((0..128).map(|_| client.permit())).await;
    assert_eq!(app.sign_in_as(&mut browser, json!({})).await.location(), "/todos");
    drop(renewals);
    app.clock.advance(Duration::hours(2));
    app.token.rotates(json!({}));
    let codes = futures::future::join_all((0..16).map(|_| app.identity.code_turns().anybody())).await;
    assert!(app.identity.tokens().for_user(&alice(), &Scopes::parse(READ)).await.is_ok());
    // A customer who is signed in, and goes to the provider once more, does not wait for visitors either.
    assert_eq!(app.sign_in_as(&mut browser, json!({})).await.location(), "/todos");
    drop(codes);
}
