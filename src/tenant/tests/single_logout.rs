//! What apps are told when a session ends, and what else ends with it: OpenID Connect Back-Channel Logout 1.0 and
//! Front-Channel Logout 1.0, on the provider's side.

use std::sync::{Arc, Mutex};

use axum::extract::Form;
use axum::routing::post;
use jsonwebtoken::decode_header;
use tokio::net::TcpListener;

use super::*;
use crate::platform::serve;

pub(super) const SIGNED_OUT: &str = "http://localhost:3000/signed-out";

/// An app's server that takes logout tokens.
#[derive(Clone, Default)]
pub(super) struct AppServer {
    tokens: Arc<Mutex<Vec<String>>>,
    /// How it answers, one status after the other, and then 200.
    answers: Arc<Mutex<Vec<StatusCode>>>,
    /// How long it thinks about each.
    slow: std::time::Duration,
}

#[derive(serde::Deserialize)]
struct Posted {
    logout_token: String,
}

impl AppServer {
    /// Starts it; returns its address as well.
    pub(super) async fn start(self) -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://127.0.0.1:{}/back-channel-logout", listener.local_addr().expect("bound").port());
        let server = self.clone();
        let take = move |Form(posted): Form<Posted>| {
            let server = server.clone();
            async move {
                server.tokens.lock().expect("no panic").push(posted.logout_token);
                tokio::time::sleep(server.slow).await;
                let mut answers = server.answers.lock().expect("no panic");
                if answers.is_empty() { StatusCode::OK } else { answers.remove(0) }
            }
        };
        let router = Router::new().route("/back-channel-logout", post(take));
        tokio::spawn(serve::serve(listener, router, tokio_util::sync::CancellationToken::new()));
        (self, address)
    }

    pub(super) fn taken(&self) -> Vec<String> {
        self.tokens.lock().expect("no panic").clone()
    }

    /// The tokens once there are `count` of them.
    pub(super) async fn tokens(&self, count: usize) -> Vec<String> {
        for _ in 0..1000 {
            let tokens = self.taken();
            if tokens.len() >= count {
                return tokens;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{} tokens instead of {count}", self.taken().len());
    }

    /// No more than these come, as far as a moment can tell.
    pub(super) async fn no_more_than(&self, count: usize) {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        assert_eq!(self.taken().len(), count);
    }
}

pub(super) fn web(config: &mut config::Config) -> &mut config::App {
    config.apps.iter_mut().find(|app| app.client_id.to_string() == WEB).expect("the app")
}

pub(super) fn other_web(config: &mut config::Config) -> &mut config::App {
    let app = config.apps.iter_mut().find(|app| app.client_id.to_string() == OTHER_WEB).expect("the app");
    app.post_logout_redirect_uris = vec!["http://localhost:4000/signed-out".to_owned()];
    app
}

/// A tenant whose app "Web" has a server, and that server.
pub(super) async fn with_server(server: AppServer) -> (TestTenant, AppServer) {
    let (server, address) = server.start().await;
    (TestTenant::start_with(|config| web(config).back_channel_logout_uri = Some(address)).await, server)
}

impl TestTenant {
    /// A sign-out as an app asks for it, with the cookie of the browser.
    pub(super) async fn sign_out(&self, fields: &[(&str, &str)], session: &str) -> Answer {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.get(&format!("/{TENANT}/oauth2/v2.0/logout?{query}"), session).await
    }

    /// Signs in in a browser where somebody is signed in.
    async fn sign_in_over(&self, session: &str, user: &str) -> Answer {
        let (id, mut headers) = interaction(&self.authorize(&[("prompt", "login")], session).await);
        headers.append(header::COOKIE, session.parse().expect("ASCII"));
        let interaction = Interaction::load(&self.tenant, &id, &headers).await.expect("alive");
        self.answer(finish::sign_in(&self.tenant, &interaction, &self.user(user).await, Factor::Password).await).await
    }

    /// Another app's code in the session.
    async fn other_code(&self, session: &str) -> String {
        let changes = [("client_id", OTHER_WEB), ("scope", "openid")];
        self.authorize(&changes, session).await.answered()["code"].clone()
    }
}

pub(super) fn text(json: &Value) -> &str {
    json.as_str().expect("text")
}

/// Abuse case 50, from the other side: what relying parties check.
#[tokio::test]
async fn a_logout_token_has_all_that_apps_check_and_nothing_of_an_id_token() {
    let (t, server) = with_server(AppServer::default()).await;
    let mut seen = Vec::new();
    for round in 1..=2 {
        let (code, session) = t.sign_in(ALICE, &[]).await;
        let tokens = t.redeem(&code, &[]).await.json();
        let id = t.claims(&tokens["id_token"]).await;
        t.sign_out(&[("id_token_hint", text(&tokens["id_token"]))], &session).await;
        let token = server.tokens(round).await.pop().expect("a token");
        let header = decode_header(&token).expect("a header");
        assert_eq!((header.typ.as_deref(), header.alg), (Some("logout+jwt"), Algorithm::RS256));
        let claims = t.claims(&Value::from(token.clone())).await;
        for claim in ["iss", "aud", "sub", "sid"] {
            assert_eq!(claims[claim], id[claim], "{claim}");
        }
        let now = t.clock.unix_seconds();
        assert_eq!((&claims["iat"], &claims["exp"]), (&now.into(), &(now + 120).into()));
        let event = serde_json::json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
        assert_eq!(claims["events"], event);
        let names: Vec<_> = claims.as_object().expect("claims").keys().cloned().collect();
        assert_eq!(names, ["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"], "no nonce, no auth_time");
        assert!(!seen.contains(&claims["jti"]), "each has its own");
        seen.push(claims["jti"].clone());

        // It opens nothing here.
        let (_, session) = t.sign_in(ALICE, &[]).await;
        assert!(t.sign_out(&[("id_token_hint", &token)], &session).await.text().contains("Do you want to sign out?"));
        assert_eq!(t.authorize(&[("id_token_hint", &token)], &session).await.answered()["error"], "invalid_request");
        assert_eq!(t.userinfo(&token).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn every_app_of_the_session_is_told_once_and_no_other() {
    let (mine, mine_at) = AppServer::default().start().await;
    let (other, other_at) = AppServer::default().start().await;
    let t = TestTenant::start_with(|config| {
        web(config).back_channel_logout_uri = Some(mine_at);
        other_web(config).back_channel_logout_uri = Some(other_at);
    })
    .await;
    let (code, session) = t.sign_in(ALICE, &[]).await;
    let tokens = t.redeem(&code, &[]).await.json();
    t.authorize(&[], &session).await.answered();
    let hint = ("id_token_hint", text(&tokens["id_token"]));
    t.sign_out(&[hint], &session).await;
    mine.tokens(1).await;
    other.no_more_than(0).await;
    // Once more, with the ID token alone: the session ended before.
    t.sign_out(&[hint], "").await;
    mine.no_more_than(1).await;

    let (code, session) = t.sign_in(ALICE, &[]).await;
    let tokens = t.redeem(&code, &[]).await.json();
    t.other_code(&session).await;
    let (_, elsewhere) = t.sign_in(ALICE, &[]).await;
    t.sign_out(&[("id_token_hint", text(&tokens["id_token"]))], &session).await;
    let (to_mine, to_other) = (mine.tokens(2).await.pop(), other.tokens(1).await.pop());
    let (to_mine, to_other) = (t.claims(&to_mine.into()).await, t.claims(&to_other.into()).await);
    assert_eq!(to_mine["sid"], to_other["sid"]);
    assert_eq!((&to_mine["aud"], &to_other["aud"]), (&WEB.into(), &OTHER_WEB.into()));
    assert_ne!(to_mine["sub"], to_other["sub"], "each knows the user by another name");
    assert!(t.authorize(&[], &elsewhere).await.answered().contains_key("code"), "another browser stays signed in");
    mine.no_more_than(2).await;
}

/// Abuse case 51 needs it: the apps are told whichever way the session ends.
#[tokio::test]
async fn apps_are_told_after_a_confirmation_a_password_reset_and_another_users_sign_in() {
    let (t, server) = with_server(AppServer::default()).await;
    let (_, session) = t.sign_in(ALICE, &[]).await;
    let page = t.sign_out(&[], &session).await.text();
    server.no_more_than(0).await;
    let token = page.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token");
    let confirm = format!("/{TENANT}/oauth2/v2.0/logout/confirm");
    let headers = [(header::COOKIE, session.as_str()), (header::ORIGIN, "http://localhost:3002")];
    t.post(&confirm, &headers, &[("token", token)]).await;
    server.tokens(1).await;

    t.sign_in(ALICE, &[]).await;
    t.sign_in(ALICE, &[]).await;
    t.sign_in(BOB, &[]).await;
    sso::end_sessions_of(&t.tenant, ALICE).await;
    server.tokens(3).await;
    server.no_more_than(3).await;

    let (_, session) = t.sign_in(ALICE, &[]).await;
    let again = t.sign_in_over(&session, ALICE).await.cookie(cookies::SESSION).expect("a cookie");
    server.no_more_than(3).await;
    t.sign_in_over(&again, BOB).await;
    server.tokens(4).await;
}

/// The cookie changes with every sign-in; a page from before is no attack.
#[tokio::test]
async fn a_confirmation_from_before_another_sign_in_is_asked_for_again() {
    let t = TestTenant::start().await;
    let (_, old) = t.sign_in(ALICE, &[]).await;
    let token = |page: &Answer| {
        let page = html(page);
        select(&page, "input[name=token]")[0].attr("value").expect("a token").to_owned()
    };
    let redirect = ("post_logout_redirect_uri", SIGNED_OUT);
    let stale = token(&t.sign_out(&[redirect], &old).await);
    let new = t.sign_in_over(&old, ALICE).await.cookie(cookies::SESSION).expect("a cookie");
    let confirm = format!("/{TENANT}/oauth2/v2.0/logout/confirm");
    let headers = [(header::COOKIE, new.as_str()), (header::ORIGIN, "http://localhost:3002")];
    let again = t.post(&confirm, &headers, &[("token", &stale), redirect]).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.text().contains("nothing was done"), "{}", again.text());
    assert!(t.authorize(&[], &new).await.answered().contains_key("code"), "still signed in");
    let answer = t.post(&confirm, &headers, &[("token", &token(&again)), redirect]).await;
    assert_eq!(answer.header(header::LOCATION), SIGNED_OUT, "the fresh token counts");
}

#[tokio::test]
async fn an_app_that_hangs_or_is_down_neither_delays_nor_fails_the_sign_out() {
    let slow = AppServer { slow: std::time::Duration::from_mins(1), ..AppServer::default() };
    let (slow, slow_at) = slow.start().await;
    let t = TestTenant::start_with(|config| {
        web(config).back_channel_logout_uri = Some(slow_at);
        // Nothing listens there.
        other_web(config).back_channel_logout_uri = Some("http://127.0.0.1:1/".to_owned());
    })
    .await;
    let (code, session) = t.sign_in(ALICE, &[]).await;
    let tokens = t.redeem(&code, &[]).await.json();
    t.other_code(&session).await;
    let fields = [("id_token_hint", text(&tokens["id_token"])), ("post_logout_redirect_uri", SIGNED_OUT)];
    let signed_out = tokio::time::timeout(std::time::Duration::from_secs(3), t.sign_out(&fields, &session)).await;
    assert_eq!(signed_out.expect("at once").header(header::LOCATION), SIGNED_OUT);
    assert!(is_sign_in_page(&t.authorize(&[], &session).await), "the session has ended");
    slow.tokens(1).await;
}

#[tokio::test]
async fn an_app_in_trouble_is_asked_again_with_another_token_and_one_that_refuses_is_not() {
    for (answers, expected) in [
        (vec![StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS], 3),
        (vec![StatusCode::BAD_REQUEST], 1),
        (vec![StatusCode::FOUND], 1),
        (vec![StatusCode::NO_CONTENT], 1),
    ] {
        let server = AppServer { answers: Arc::new(Mutex::new(answers.clone())), ..AppServer::default() };
        let (t, server) = with_server(server).await;
        let (code, session) = t.sign_in(ALICE, &[]).await;
        let tokens = t.redeem(&code, &[]).await.json();
        t.sign_out(&[("id_token_hint", text(&tokens["id_token"]))], &session).await;
        let taken = server.tokens(expected).await;
        if expected == 1 {
            tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
            server.no_more_than(1).await;
        }
        let mut jtis = Vec::new();
        for token in taken {
            jtis.push(text(&t.claims(&token.into()).await["jti"]).to_owned());
        }
        jtis.sort();
        jtis.dedup();
        assert_eq!(jtis.len(), expected, "{answers:?}: of a lost answer's jti, there is no second use");
    }
}

/// Back-Channel Logout §2.7.
#[tokio::test]
async fn what_a_session_has_given_out_ends_with_it_but_for_offline_access() {
    let t = TestTenant::start().await;
    let (code, session) = t.sign_in(ALICE, &[("scope", "openid offline_access")]).await;
    let offline = t.redeem(&code, &[]).await.json();
    let online = t.authorize(&[("scope", "openid")], &session).await.answered()["code"].clone();
    let online = t.redeem(&online, &[]).await.json();
    let on_its_way = t.authorize(&[], &session).await.answered()["code"].clone();
    let (elsewhere, _) = t.sign_in(ALICE, &[("scope", "openid")]).await;
    assert_eq!(t.userinfo(text(&online["access_token"])).await.status, StatusCode::OK);

    t.sign_out(&[("id_token_hint", text(&offline["id_token"]))], &session).await;
    assert_eq!(t.userinfo(text(&online["access_token"])).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(t.redeem(&on_its_way, &[]).await.error().1, "invalid_grant", "it would sign the user in again");
    assert_eq!(t.refresh(text(&offline["refresh_token"]), "").await.status, StatusCode::OK, "for work while away");
    assert_eq!(t.redeem(&elsewhere, &[]).await.status, StatusCode::OK, "another session's");
}

fn html(answer: &Answer) -> scraper::Html {
    scraper::Html::parse_document(&answer.text())
}

fn select<'h>(html: &'h scraper::Html, css: &str) -> Vec<scraper::ElementRef<'h>> {
    html.select(&scraper::Selector::parse(css).expect("a selector")).collect()
}

#[tokio::test]
async fn the_signed_out_page_loads_each_apps_address_in_a_frame_and_goes_on() {
    let t = TestTenant::start_with(|config| {
        web(config).front_channel_logout_uri = Some("http://localhost:3000/auth/front-channel-logout".to_owned());
        other_web(config).front_channel_logout_uri = Some("https://other.example/a;b,c?x=1".to_owned());
    })
    .await;
    let (code, session) = t.sign_in(ALICE, &[]).await;
    let tokens = t.redeem(&code, &[]).await.json();
    t.other_code(&session).await;
    let sid = text(&t.claims(&tokens["id_token"]).await["sid"]).to_owned();
    let hint = ("id_token_hint", text(&tokens["id_token"]));
    let answer = t.sign_out(&[hint, ("post_logout_redirect_uri", SIGNED_OUT), ("state", "a\"b")], &session).await;
    assert_eq!((answer.status, answer.location()), (StatusCode::OK, None), "{}", answer.text());
    assert_eq!(answer.cookie(cookies::SESSION).as_deref(), Some("errand_tenant_session="));

    let html = html(&answer);
    let frames = select(&html, "iframe[title][sandbox]");
    let addresses: Vec<_> = frames.iter().map(|frame| frame.attr("src").expect("an address")).collect();
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("iss", t.tenant.issuer().as_str()), ("sid", &sid)])
        .finish();
    let expected = [
        format!("http://localhost:3000/auth/front-channel-logout?{query}"),
        format!("https://other.example/a;b,c?x=1&{query}"),
    ];
    assert_eq!(addresses, expected);
    let next = format!("{SIGNED_OUT}?state=a%22b");
    let refresh = select(&html, "head meta[http-equiv=refresh]");
    assert_eq!(refresh[0].attr("content"), Some(format!("3;url={next}").as_str()));
    assert_eq!(select(&html, "main a.button")[0].attr("href"), Some(next.as_str()), "without waiting");
    assert_eq!(select(&html, "script"), [] as [scraper::ElementRef<'_>; 0]);
    let policy = answer.header(header::CONTENT_SECURITY_POLICY);
    let frame_src = policy.split("; ").find(|directive| directive.starts_with("frame-src ")).expect("frames");
    assert_eq!(frame_src, "frame-src http://localhost:3000/auth/front-channel-logout https://other.example/a%3Bb%2Cc");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");

    // Nobody is signed in any more: no app to tell.
    let again = t.sign_out(&[hint, ("post_logout_redirect_uri", SIGNED_OUT)], "").await;
    assert_eq!(again.header(header::LOCATION), SIGNED_OUT);
}

#[tokio::test]
async fn the_signed_out_page_is_in_the_language_that_the_app_asks_for() {
    for registered in [false, true] {
        let t = TestTenant::start_with(|config| {
            web(config).front_channel_logout_uri = Some("http://localhost:3000/auth/front-channel-logout".to_owned());
        })
        .await;
        let (code, session) = t.sign_in(ALICE, &[]).await;
        let tokens = t.redeem(&code, &[]).await.json();
        let uri = if registered { SIGNED_OUT } else { "" };
        let hint = ("id_token_hint", text(&tokens["id_token"]));
        let answer = t.sign_out(&[hint, ("post_logout_redirect_uri", uri), ("ui_locales", "es")], &session).await;
        is_spanish(&answer);
        assert_eq!(select(&html(&answer), "iframe")[0].attr("title"), Some("Cerrando sesión en Web"));
    }
}

#[tokio::test]
async fn only_the_apps_of_the_session_are_loaded_and_without_any_the_redirect_is_immediate() {
    let t = TestTenant::start_with(|config| {
        other_web(config).front_channel_logout_uri = Some("https://other.example/out".to_owned());
    })
    .await;
    let (code, session) = t.sign_in(ALICE, &[]).await;
    let tokens = t.redeem(&code, &[]).await.json();
    let fields = [("id_token_hint", text(&tokens["id_token"])), ("post_logout_redirect_uri", SIGNED_OUT)];
    assert_eq!(t.sign_out(&fields, &session).await.header(header::LOCATION), SIGNED_OUT);
}

/// Abuse cases 52 and 53.
#[tokio::test]
async fn a_forged_sign_out_tells_no_app_and_an_unregistered_address_is_not_gone_to() {
    let (server, address) = AppServer::default().start().await;
    let t = TestTenant::start_with(|config| {
        web(config).back_channel_logout_uri = Some(address);
        web(config).front_channel_logout_uri = Some("http://localhost:3000/auth/front-channel-logout".to_owned());
    })
    .await;
    let (code, session) = t.sign_in(ALICE, &[]).await;
    let tokens = t.redeem(&code, &[]).await.json();
    let (bobs, _) = t.sign_in(BOB, &[]).await;
    let bobs = text(&t.redeem(&bobs, &[]).await.json()["id_token"]).to_owned();
    for forged in [&[][..], &[("id_token_hint", bobs.as_str())], &[("logout_hint", "alice@example.com")]] {
        let answer = t.sign_out(forged, &session).await;
        assert!(answer.text().contains("Do you want to sign out?"), "{forged:?}");
        assert!(select(&html(&answer), "iframe").is_empty(), "{forged:?}");
    }
    server.no_more_than(0).await;
    assert!(t.authorize(&[], &session).await.answered().contains_key("code"), "still signed in");

    let hint = ("id_token_hint", text(&tokens["id_token"]));
    let answer = t.sign_out(&[hint, ("post_logout_redirect_uri", "https://evil.example/")], &session).await;
    let page = html(&answer);
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(select(&page, "iframe").len(), 1, "the session ends all the same");
    assert!(select(&page, "meta[http-equiv=refresh]").is_empty() && !answer.text().contains("evil.example"));
    server.tokens(1).await;
}
