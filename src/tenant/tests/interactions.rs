//! Authorization requests that wait for their user.

use super::*;

#[tokio::test]
async fn an_interaction_survives_a_restart_and_opens_under_no_other_address() {
    let t = TestTenant::start().await;
    let begun = t.authorize(&[], "").await;
    let other = t.authorize(&[], "").await;
    let t = t.restart().await;
    let cookie = begun.cookie(cookies::INTERACTION).expect("a cookie");
    assert_eq!(t.get(begun.location().expect("a page").path(), &cookie).await.status, StatusCode::OK);
    assert_eq!(t.get(other.location().expect("a page").path(), &cookie).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn pages_that_end_lead_back_to_their_app() {
    let t = TestTenant::start().await;
    let back = "<a href=\"http://localhost:3000/\">Back to Web</a>";
    let begun = t.authorize(&[], "").await;
    let path = begun.location().expect("a page").path().to_owned();
    let foreign = [(header::HeaderName::from_static("sec-fetch-site"), "cross-site")];
    let logout = format!("/{TENANT}/oauth2/v2.0/logout");
    let authorize = format!("/{TENANT}/oauth2/v2.0/authorize?client_id={WEB}");
    for (what, answer, status) in [
        ("another browser", t.get(&path, "").await, 400),
        ("a foreign form", t.post(&path, &foreign, &[]).await, 403),
        ("an authorize error", t.get(&authorize, "").await, 400),
        ("signed out", t.get(&format!("{logout}?client_id={WEB}"), "").await, 200),
    ] {
        assert_eq!(answer.status.as_u16(), status, "{what}");
        assert!(answer.text().contains(back), "{what}: {}", answer.text());
        assert!(!answer.text().contains("Back to Other web"), "{what}: it knows which app");
    }
    for (what, answer) in [
        ("an unknown app", t.get(&format!("/{TENANT}/oauth2/v2.0/authorize"), "").await),
        ("signed out of nothing", t.get(&logout, "").await),
    ] {
        assert!(
            answer.text().contains(back) && answer.text().contains("Back to Other web"),
            "{what}: {}",
            answer.text()
        );
    }
    let (_, session) = t.sign_in(ALICE, &[]).await;
    let asked = t.get(&format!("{logout}?client_id={WEB}"), &session).await;
    assert!(
        asked.text().contains("<a href=\"http://localhost:3000/\">Cancel, and go back to Web</a>"),
        "{}",
        asked.text()
    );

    let t = t.restart_with(|config| {
        let web = config.apps.iter_mut().find(|app| app.name == "Web").expect("registered");
        web.home_page_url = Some("http://localhost:3000/start".to_owned());
    });
    let answer = t.await.get(&path, "").await;
    assert!(answer.text().contains("<a href=\"http://localhost:3000/start\">Back to Web</a>"), "{}", answer.text());
}

/// Back, right after sign-up.
#[tokio::test]
async fn a_finished_interaction_of_a_signed_in_browser_goes_on_to_the_app() {
    let t = TestTenant::start().await;
    let begun = t.authorize(&[], "").await;
    let finished = t.finish(&begun, ALICE).await;
    let session = finished.cookie(cookies::SESSION).expect("a session");
    let base = begun.location().expect("a page").path().replace("/sign-in", "");
    let cookie = begun.cookie(cookies::INTERACTION).expect("a cookie");
    for page in ["sign-in", "sign-up", "sign-up/passcode", "sign-up/details", "consent"] {
        for cookies in [session.clone(), format!("{session}; {cookie}")] {
            let answer = t.get(&format!("{base}/{page}"), &cookies).await;
            assert_eq!(
                (answer.status, answer.header(header::LOCATION)),
                (StatusCode::SEE_OTHER, "http://localhost:3000/")
            );
        }
    }
    assert_eq!(
        t.get(&format!("{base}/sign-in"), &cookie).await.status,
        StatusCode::BAD_REQUEST,
        "not signed in (any more)"
    );
}

#[tokio::test]
async fn who_is_asked_to_sign_in_anew_does_so_and_does_not_fall_back_on_the_old_session() {
    let t = TestTenant::start().await;
    for (name, value) in [("prompt", "login"), ("max_age", "0")] {
        let (_, session) = t.sign_in(ALICE, &[]).await;
        t.clock.advance(Duration::minutes(5));
        let begun = t.authorize(&[(name, value)], &session).await;
        assert!(is_sign_in_page(&begun), "{name}");
        let path = begun.location().expect("a page").path().to_owned();
        let cookie = begun.cookie(cookies::INTERACTION).expect("a cookie");
        let both = format!("{session}; {cookie}");
        assert_eq!(t.get(&path, &both).await.status, StatusCode::OK, "{name}: Back shows the form again");
        let consent = t.get(&path.replace("sign-in", "consent"), &both).await;
        assert!(is_sign_in_page(&consent), "{name}: no way around it");
        let cancelled = t.post(&path.replace("sign-in", "cancel"), &[(header::COOKIE, &both)], &[]).await;
        assert_eq!(cancelled.answered()["error"], "access_denied", "{name}");
        let finished = t.finish(&begun, ALICE).await;
        let tokens = t.redeem(&finished.answered()["code"], &[]).await.json();
        let auth_time = t.claims(&tokens["id_token"]).await["auth_time"].as_i64();
        assert_eq!(auth_time, Some(t.clock.unix_seconds()), "{name}: fresh");
    }
}

#[tokio::test]
async fn an_interaction_belongs_to_one_browser_ends_once_and_in_an_hour() {
    let t = TestTenant::start().await;
    let begun = t.authorize(&[], "").await;
    let (id, headers) = interaction(&begun);
    assert!(Interaction::load(&t.tenant, &id, &HeaderMap::new()).await.is_err(), "without the cookie");
    let (_, others) = interaction(&t.authorize(&[], "").await);
    assert!(Interaction::load(&t.tenant, &id, &others).await.is_err(), "with another browser's cookie");

    let first = Interaction::load(&t.tenant, &id, &headers).await.expect("alive");
    let second = Interaction::load(&t.tenant, &id, &headers).await.expect("alive");
    let alice = t.user(ALICE).await;
    assert_eq!(finish::sign_in(&t.tenant, &first, &alice, Factor::Password).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(
        finish::sign_in(&t.tenant, &second, &alice, Factor::Password).await.status(),
        StatusCode::BAD_REQUEST,
        "no second code"
    );

    let (id, headers) = interaction(&t.authorize(&[], "").await);
    t.clock.advance(Duration::minutes(61));
    assert!(Interaction::load(&t.tenant, &id, &headers).await.is_err(), "after an hour");

    let (id, headers) = interaction(&t.authorize(&[], "").await);
    let interaction = Interaction::load(&t.tenant, &id, &headers).await.expect("alive");
    let cancelled = finish::cancel(&t.tenant, &interaction);
    assert_eq!(t.answer(cancelled).await.answered()["error"], "access_denied");
}

/// The password is looked up, waits to be hashed, and is right; by then it was reset.
#[tokio::test]
async fn a_sign_in_with_a_password_that_was_reset_meanwhile_is_refused() {
    let t = TestTenant::start().await;
    let (id, headers) = interaction(&t.authorize(&[], "").await);
    let interaction = Interaction::load(&t.tenant, &id, &headers).await.expect("alive");
    let proved = t.user(ALICE).await;
    t.clock.advance(Duration::seconds(1));
    sqlx::query("UPDATE users SET password_changed_at = $1 WHERE id = $2")
        .bind(t.clock.unix_millis())
        .bind(ALICE)
        .execute(t.tenant.db())
        .await
        .expect("SQL");
    t.clock.advance(Duration::seconds(1));
    let refused = t.answer(finish::sign_in(&t.tenant, &interaction, &proved, Factor::Password).await).await;
    assert_eq!(refused.answered()["error"], "login_required");
    assert_eq!(refused.cookie(cookies::SESSION), None);
    // Reset in the moment before the session is stored.
    let started = Session::start(&t.tenant, proved, Factor::Password, None).await.expect("SQL");
    assert!(started.is_err_and(|lapsed| lapsed == sso::SignInInvalid::PasswordChanged));
    let sessions: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM sso_sessions").fetch_one(t.tenant.db()).await.expect("SQL");
    assert_eq!(sessions, 0);
    t.sign_in(ALICE, &[]).await;
}

#[tokio::test]
async fn a_sign_out_wins_against_an_authorization_on_its_way() {
    let t = TestTenant::start().await;
    let (_, cookie) = t.sign_in(ALICE, &[]).await;
    let begun = t.authorize(&[("scope", "openid https://other.example/Things.Change")], &cookie).await;
    let (id, mut headers) = interaction(&begun);
    headers.append(header::COOKIE, cookie.parse().expect("ASCII"));
    let interaction = Interaction::load(&t.tenant, &id, &headers).await.expect("alive");
    let session = Session::find(&t.tenant, &headers).await.expect("SQL").expect("signed in");
    let asked = interaction.permissions(&t.tenant, &session).await.expect("permissions");
    sso::end(&t.tenant, &session.sid).await.expect("ended");
    let answered = t.answer(finish::accept(&t.tenant, interaction, &session, &asked).await).await.answered();
    assert_eq!((answered["error"].as_str(), answered.contains_key("code")), ("login_required", false));
}
