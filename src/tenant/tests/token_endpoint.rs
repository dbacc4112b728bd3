//! The token endpoint: codes, refresh tokens, client authentication by secret.

use super::*;

#[tokio::test]
async fn a_sign_in_gives_tokens_of_entras_shape() {
    let t = TestTenant::start().await;
    let begun = t.authorize(&[], "").await;
    let finished = t.finish(&begun, ALICE).await;
    let answered = finished.answered();
    assert_eq!(answered["state"], "the state/&=");
    assert_eq!(answered["iss"], t.tenant.issuer(), "RFC 9207");
    let set_cookie = finished.headers.get_all(header::SET_COOKIE).iter().filter_map(|v| v.to_str().ok());
    let set_cookie: Vec<_> = set_cookie.filter(|c| c.starts_with("errand_tenant_session")).collect();
    assert!(set_cookie[0].contains("HttpOnly") && set_cookie[0].contains("SameSite=Lax"), "{set_cookie:?}");

    let answer = t.redeem(&answered["code"], &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!((answer.header(header::CACHE_CONTROL), answer.header(header::PRAGMA)), ("no-store", "no-cache"));
    let tokens = answer.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&"Bearer".into(), &3600.into()));
    assert_eq!(tokens["scope"], format!("{READ} {WRITE}"));
    let (id, access) = (t.claims(&tokens["id_token"]).await, t.claims(&tokens["access_token"]).await);
    let now = t.clock.unix_seconds();
    for claims in [&id, &access] {
        assert_eq!(claims["iss"], t.tenant.issuer());
        assert_eq!((&claims["tid"], &claims["ver"]), (&TENANT.into(), &"2.0".into()));
        assert_eq!((&claims["iat"], &claims["exp"]), (&now.into(), &(now + 3600).into()));
        assert_eq!((&claims["oid"], &claims["name"]), (&ALICE.into(), &"Alice".into()));
    }
    assert_eq!((&id["aud"], &id["nonce"], &id["auth_time"]), (&WEB.into(), &"the nonce".into(), &now.into()));
    assert_eq!((&id["email"], &id["ctry"]), (&"alice@example.com".into(), &"CH".into()));
    assert_eq!((&access["aud"], &access["azp"], &access["azpacr"]), (&API.into(), &WEB.into(), &"1".into()));
    assert_eq!(access["scp"], "ToDoList.Read ToDoList.ReadWrite");
    assert_ne!(id["sub"], access["sub"], "subjects are pairwise");
    assert!(access.get("nonce").is_none());
}

#[tokio::test]
async fn code_reuse_in_series_revokes_its_tokens() {
    let t = TestTenant::start().await;
    let (code, _) = t.sign_in(ALICE, &[("scope", "openid offline_access")]).await;
    let tokens = t.redeem(&code, &[]).await.json();
    let access_token = tokens["access_token"].as_str().expect("a token");
    assert_eq!(t.userinfo(access_token).await.status, StatusCode::OK);
    t.clock.advance(Duration::seconds(90));
    assert_eq!(t.redeem(&code, &[]).await.error(), (400, "invalid_grant".to_owned(), 54_005));
    let refreshed = t.refresh(tokens["refresh_token"].as_str().expect("a token"), "").await;
    assert_eq!(refreshed.error(), (400, "invalid_grant".to_owned(), 50_173));
    assert_eq!(t.userinfo(access_token).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn code_reuse_in_parallel_gives_one_success_and_revokes_its_tokens() {
    let t = TestTenant::start().await;
    let (code, _) = t.sign_in(ALICE, &[]).await;
    let attempts = futures::future::join_all((0..50).map(|_| t.redeem(&code, &[]))).await;
    let (won, lost): (Vec<_>, Vec<_>) = attempts.into_iter().partition(|answer| answer.status == StatusCode::OK);
    assert_eq!((won.len(), lost.len()), (1, 49));
    assert!(lost.iter().all(|answer| answer.error().1 == "invalid_grant"));
    let refresh_token = won[0].json()["refresh_token"].as_str().expect("a token").to_owned();
    assert_eq!(t.refresh(&refresh_token, "").await.error().1, "invalid_grant");
}

#[tokio::test]
async fn a_code_is_bound_to_client_redirect_uri_verifier_and_a_minute() {
    let t = TestTenant::start().await;
    let wrong = "w".repeat(43);
    let long = "v".repeat(129);
    for (changes, code) in [
        (&[("client_id", OTHER_WEB), ("client_secret", "other")][..], 70_000),
        (&[("redirect_uri", "http://localhost:3000/other")], 500_112),
        (&[("code_verifier", &wrong)], 501_481),
        (&[("code_verifier", "short")], 501_491),
        (&[("code_verifier", &long)], 501_491),
        (&[("code", "unknown")], 70_000),
    ] {
        let (issued, _) = t.sign_in(ALICE, &[]).await;
        assert_eq!(t.redeem(&issued, changes).await.error(), (400, "invalid_grant".to_owned(), code), "{changes:?}");
    }
    let (code, _) = t.sign_in(ALICE, &[]).await;
    assert_eq!(t.redeem(&code, &[("code_verifier", &wrong)]).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(t.redeem(&code, &[]).await.error().1, "invalid_grant", "one guess at the verifier");

    let (code, _) = t.sign_in(ALICE, &[]).await;
    assert_eq!(t.redeem(&code, &[("code_verifier", "")]).await.error().1, "invalid_request");
    let (code, _) = t.sign_in(ALICE, &[]).await;
    t.clock.advance(Duration::seconds(61));
    assert_eq!(t.redeem(&code, &[]).await.error(), (400, "invalid_grant".to_owned(), 70_008));
}

#[tokio::test]
async fn a_client_authenticates_in_exactly_one_way() {
    let t = TestTenant::start().await;
    let path = format!("/{TENANT}/oauth2/v2.0/token");
    // RFC 6749 §2.3.1: form-urlencoded inside.
    let basic = format!("Basic {}", STANDARD.encode(format!("{WEB}:s3cret%3Awith+%25%2B%26")));
    let grant = [("grant_type", "refresh_token"), ("refresh_token", "unknown")];
    let authenticated = (400, "invalid_grant".to_owned(), 70_000);
    assert_eq!(t.post(&path, &[(header::AUTHORIZATION, &basic)], &grant).await.error(), authenticated);
    let second = [&grant[..], &[("client_secret", "second")]].concat();
    assert_eq!(t.token(&second).await.error(), authenticated, "every secret is valid");

    let both = [&grant[..], &[("client_id", WEB), ("client_secret", "second")]].concat();
    let refused = t.post(&path, &[(header::AUTHORIZATION, &basic)], &both).await;
    assert_eq!(refused.error(), (400, "invalid_request".to_owned(), 90_023));

    for (changes, code) in [
        ([("client_id", WEB), ("client_secret", "wrong")], 7_000_215),
        ([("client_id", WEB), ("client_secret", "other")], 7_000_215),
        ([("client_id", WEB), ("client_secret", "")], 7_000_218),
        ([("client_id", API), ("client_secret", "x")], 7_000_215),
        ([("client_id", "unknown"), ("client_secret", "x")], 700_016),
    ] {
        let refused = t.token(&[&grant[..], &changes].concat()).await;
        assert_eq!(refused.error(), (401, "invalid_client".to_owned(), code), "{changes:?}");
        assert!(refused.header(header::WWW_AUTHENTICATE).starts_with("Basic"), "RFC 6749 §5.2");
        assert_eq!(refused.header(header::CACHE_CONTROL), "no-store");
    }
    let bearer = t.post(&path, &[(header::AUTHORIZATION, "Bearer x")], &grant).await;
    assert_eq!(bearer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(t.token(&[("grant_type", "password")]).await.error().1, "unsupported_grant_type");
    assert_eq!(t.token(&[("grant_type", "")]).await.error().1, "invalid_request");
    let json = Request::post(&path).header(header::CONTENT_TYPE, "application/json").body(Body::from("{}"));
    assert_eq!(t.send(json.expect("a request")).await.error().1, "invalid_request");
    let get = Request::builder().method(Method::GET).uri(&path).body(Body::empty()).expect("a request");
    assert_eq!(t.send(get).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn an_error_has_entras_shape_and_names_no_secret() {
    let t = TestTenant::start().await;
    let answer = t.token(&[("grant_type", "refresh_token"), ("client_secret", "a wrong one")]).await;
    let json = answer.json();
    let description = json["error_description"].as_str().expect("text");
    assert!(description.starts_with("AADSTS7000215: ") && description.contains("Trace ID: "), "{description}");
    assert_eq!(json["timestamp"], "2026-09-21 14:13:20Z");
    for id in ["trace_id", "correlation_id"] {
        assert!(json[id].as_str().is_some_and(|id| id.parse::<uuid::Uuid>().is_ok()), "{id}");
    }
    assert!(!answer.text().contains("a wrong one"));
}

#[tokio::test]
async fn a_token_request_is_for_one_resource_and_may_narrow_but_not_widen() {
    let t = TestTenant::start().await;
    let all = format!("openid offline_access {READ} {WRITE} {OTHER}");
    let both = format!("{READ} {OTHER}");
    for (authorized, asked, expected) in [
        (all.as_str(), READ, Ok((API, "ToDoList.Read"))),
        (&all, OTHER, Ok((OTHER_API, "Things.Read"))),
        (&all, "", Ok((API, "ToDoList.Read ToDoList.ReadWrite"))),
        (&all, "openid", Ok(("00000003-0000-0000-c000-000000000000", "openid"))),
        (&all, both.as_str(), Err(28_000)),
        (READ, WRITE, Err(70_011)),
        ("openid", READ, Err(70_011)),
    ] {
        let (code, _) = t.sign_in(ALICE, &[("scope", authorized)]).await;
        let answer = t.redeem(&code, &[("scope", asked)]).await;
        match expected {
            Ok((audience, scp)) => {
                let claims = t.claims(&answer.json()["access_token"]).await;
                assert_eq!((&claims["aud"], &claims["scp"]), (&audience.into(), &scp.into()), "{asked}");
            }
            Err(code) => assert_eq!(answer.error(), (400, "invalid_scope".to_owned(), code), "{asked}"),
        }
    }
    let (code, _) = t.sign_in(ALICE, &[("scope", READ)]).await;
    let tokens = t.redeem(&code, &[]).await.json();
    assert!(tokens.get("id_token").is_none() && tokens.get("refresh_token").is_none(), "neither was asked for");
}

#[tokio::test]
async fn refreshing_rotates_and_reaches_other_granted_resources_only() {
    let t = TestTenant::start().await;
    let (code, _) = t.sign_in(ALICE, &[]).await;
    let first = t.redeem(&code, &[]).await.json();
    let before = t.claims(&first["id_token"]).await;
    let token = first["refresh_token"].as_str().expect("a token");
    t.clock.advance(Duration::hours(2));
    for (scope, error) in [
        (format!("api://{API}/ToDoList.Admin"), "invalid_grant"),
        (format!("api://{API}/ToDoList.Nothing"), "invalid_scope"),
        (format!("{READ} {OTHER}"), "invalid_scope"),
        ("api://unknown/x".to_owned(), "invalid_resource"),
    ] {
        assert_eq!(t.refresh(token, &scope).await.error().1, error, "{scope}");
    }
    let answer = t.refresh(token, OTHER).await;
    assert_eq!(answer.status, StatusCode::OK, "a refused scope did not use the token up: {}", answer.text());
    let second = answer.json();
    assert_eq!(t.claims(&second["access_token"]).await["aud"], OTHER_API);
    let after = t.claims(&second["id_token"]).await;
    for claim in ["iss", "sub", "aud", "auth_time", "sid"] {
        assert_eq!(before[claim], after[claim], "{claim}");
    }
    assert!(after.get("nonce").is_none(), "Core §12.2");
    let new = second["refresh_token"].as_str().expect("a token");
    assert_ne!(token, new);
    t.clock.advance(Duration::days(89));
    let third = t.refresh(new, "").await.json();
    t.clock.advance(Duration::days(91));
    let expired = t.refresh(third["refresh_token"].as_str().expect("a token"), "").await;
    assert_eq!(expired.error(), (400, "invalid_grant".to_owned(), 700_082));
}

#[tokio::test]
async fn a_replayed_refresh_token_revokes_its_family_and_a_restart_does_not_forgive_it() {
    let t = TestTenant::start_with(revoke_reused).await;
    let (code, _) = t.sign_in(ALICE, &[]).await;
    let first = t.redeem(&code, &[]).await.json()["refresh_token"].as_str().expect("a token").to_owned();
    let second = t.refresh(&first, "").await.json()["refresh_token"].as_str().expect("a token").to_owned();
    let foreign = [("client_id", OTHER_WEB), ("client_secret", "other")];
    let stolen = [&foreign[..], &[("grant_type", "refresh_token"), ("refresh_token", &second)]].concat();
    assert_eq!(t.token(&stolen).await.error(), (400, "invalid_grant".to_owned(), 70_000), "bound to its client");
    let t = t.restart_with(revoke_reused).await;
    assert_eq!(t.refresh(&first, "").await.error().1, "invalid_grant", "replayed");
    assert_eq!(t.refresh(&second, "").await.error().1, "invalid_grant", "its family is revoked");
    let t = t.restart_with(revoke_reused).await;
    assert_eq!(t.refresh(&second, "").await.error().1, "invalid_grant", "still");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refresh_token_used_in_parallel_succeeds_once_where_reuse_revokes() {
    let t = TestTenant::start_with(revoke_reused).await;
    let (code, _) = t.sign_in(ALICE, &[]).await;
    let token = t.redeem(&code, &[]).await.json()["refresh_token"].as_str().expect("a token").to_owned();
    let attempts = futures::future::join_all((0..20).map(|_| t.refresh(&token, ""))).await;
    let statuses: Vec<_> = attempts.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 400)), "{statuses:?}");
}
