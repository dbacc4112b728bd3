//! Single sign-on sessions, and their cookies.

use super::*;

/// Cookies ignore ports: those of other apps on the same host come along.
#[tokio::test]
async fn another_apps_cookie_in_any_form_does_not_hinder_a_sign_in() {
    let t = TestTenant::start().await;
    for foreign in [&b"theme=gr\xc3\xbcn"[..], b"theme=gr\xfcn", b"a=\"b;c", b"%zz", b"=;;= ; x"] {
        let begun = t.authorize(&[], "").await;
        let location = begun.location().expect("the sign-in page").path().to_owned();
        let cookie = begun.cookie(cookies::INTERACTION).expect("a cookie");
        for header in [[foreign, b"; ", cookie.as_bytes()].concat(), [cookie.as_bytes(), b"; ", foreign].concat()] {
            let header = header::HeaderValue::from_bytes(&header).expect("a header");
            let request = Request::get(&location).header(header::COOKIE, header).body(Body::empty());
            assert_eq!(t.send(request.expect("a request")).await.status, StatusCode::OK, "{foreign:?}");
        }
    }
}

#[tokio::test]
async fn a_cookie_that_is_not_ours_byte_for_byte_or_is_there_twice_is_none() {
    let t = TestTenant::start().await;
    let (_, session) = t.sign_in(ALICE, &[]).await;
    let value = session.split_once('=').expect("a pair").1;
    assert!(!is_sign_in_page(&t.authorize(&[], &session).await), "the cookie is good");
    for other in [
        format!("errand%5Ftenant_session={value}"),
        format!("%65rrand_tenant_session={value}"),
        format!("Errand_Tenant_Session={value}"),
        format!("{session}; {session}"),
        format!("errand_tenant_session=other; {session}"),
    ] {
        assert!(is_sign_in_page(&t.authorize(&[], &other).await), "{other}");
    }
}

#[tokio::test]
async fn signing_in_again_replaces_the_session_cookie() {
    let t = TestTenant::start().await;
    let (_, old) = t.sign_in(ALICE, &[]).await;
    let begun = t.authorize(&[("prompt", "login")], &old).await;
    let (id, mut headers) = interaction(&begun);
    headers.append(header::COOKIE, old.parse().expect("ASCII"));
    let interaction = Interaction::load(&t.tenant, &id, &headers).await.expect("alive");
    let finished =
        t.answer(finish::sign_in(&t.tenant, &interaction, &t.user(ALICE).await, Factor::Password).await).await;
    let new = finished.cookie(cookies::SESSION).expect("a cookie");
    assert_ne!(old, new);
    assert!(is_sign_in_page(&t.authorize(&[], &old).await), "the old cookie is dead");
    assert!(t.authorize(&[], &new).await.answered().contains_key("code"));
}

#[tokio::test]
async fn a_changed_password_or_a_disabled_user_ends_sessions_and_grants() {
    let t = TestTenant::start().await;
    for statement in [
        "UPDATE users SET password_changed_at = $1 WHERE id = $2",
        "UPDATE users SET disabled = $1 WHERE id = $2",
        "DELETE FROM users WHERE $1 > 0 AND id = $2",
    ] {
        let user = if statement.contains("disabled") { BOB } else { ALICE };
        let (code, session) = t.sign_in(user, &[]).await;
        let token = t.redeem(&code, &[]).await.json()["refresh_token"].as_str().expect("a token").to_owned();
        t.clock.advance(Duration::seconds(1));
        sqlx::query(statement).bind(t.clock.unix_millis()).bind(user).execute(t.tenant.db()).await.expect("SQL");
        assert_eq!(t.refresh(&token, "").await.error().1, "invalid_grant", "{statement}");
        assert!(is_sign_in_page(&t.authorize(&[], &session).await), "{statement}");
    }
}

#[tokio::test]
async fn ending_all_sessions_of_a_user_ends_cookies_codes_and_refresh_tokens() {
    let t = TestTenant::start().await;
    let (code, session) = t.sign_in(ALICE, &[]).await;
    let token = t.redeem(&code, &[]).await.json()["refresh_token"].as_str().expect("a token").to_owned();
    let (code, _) = t.sign_in(ALICE, &[]).await;
    let (bobs, _) = t.sign_in(BOB, &[]).await;
    sso::end_sessions_of(&t.tenant, ALICE).await;
    assert_eq!(t.refresh(&token, "").await.error(), (400, "invalid_grant".to_owned(), 50_173));
    assert_eq!(t.redeem(&code, &[]).await.error().1, "invalid_grant");
    assert!(is_sign_in_page(&t.authorize(&[], &session).await));
    assert_eq!(t.redeem(&bobs, &[]).await.status, StatusCode::OK, "nobody else's");
}

#[tokio::test]
async fn a_restart_keeps_sessions_and_subjects() {
    let t = TestTenant::start().await;
    let (code, session) = t.sign_in(ALICE, &[]).await;
    let before = t.claims(&t.redeem(&code, &[]).await.json()["id_token"]).await;
    let t = t.restart().await;
    let code = t.authorize(&[("prompt", "none")], &session).await.answered()["code"].clone();
    let after = t.claims(&t.redeem(&code, &[]).await.json()["id_token"]).await;
    assert_eq!((&before["sub"], &before["sid"]), (&after["sub"], &after["sid"]));
}
