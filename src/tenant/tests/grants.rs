//! Client credentials, on-behalf-of, consent, claims challenges and revocation.

use serde_json::json;

use super::super::scope::Scopes;
use super::super::{consent, token};
use super::single_logout::web;
use super::*;

const OBO: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const DEMAND: &str = r#"{"access_token":{"acrs":{"essential":true,"value":"c1"},"xms_cc":{"values":["cp1"]}}}"#;

impl TestTenant {
    async fn as_daemon(&self, fields: &[(&str, &str)]) -> Answer {
        let daemon = [("client_id", DAEMON), ("client_secret", "the daemon's"), ("grant_type", "client_credentials")];
        self.token(&[&daemon[..], fields].concat()).await
    }

    /// The API's request on behalf of the user of `assertion`.
    pub(super) async fn on_behalf_of(&self, assertion: &str, changes: &[(&str, &str)]) -> Answer {
        let mut all = vec![
            ("client_id", API),
            ("client_secret", "the API's"),
            ("grant_type", OBO),
            ("requested_token_use", "on_behalf_of"),
            ("assertion", assertion),
            ("scope", PROFILE),
        ];
        all.retain(|(name, _)| !changes.iter().any(|(n, _)| n == name));
        all.extend(changes);
        self.token(&all).await
    }

    /// The answer to a sign-in for these scopes.
    pub(super) async fn tokens(&self, user: &str, changes: &[(&str, &str)]) -> Value {
        let (code, _) = self.sign_in(user, changes).await;
        let answer = self.redeem(&code, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()
    }

    async fn revoke(&self, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("client_id", WEB), ("client_secret", "second")];
        all.retain(|(name, _)| !fields.iter().any(|(n, _)| n == name));
        all.extend(fields.iter().filter(|(_, value)| !value.is_empty()));
        self.post(&format!("/{TENANT}/oauth2/v2.0/revoke"), &[], &all).await
    }

    /// The user agrees to what the web app asks for.
    async fn consents(&self, user: &str, client: &str, scope: &str) {
        let app = self.tenant.config().app(client).expect("an app");
        let scopes = Scopes::parse(scope, app, self.tenant.config()).expect("scopes");
        consent::grant(&self.tenant, user, app.client_id, &scopes.resources).await.expect("stored");
    }

    /// The user satisfies an authentication context in all of their sessions.
    async fn step_up(&self, user: &str) {
        sqlx::query("UPDATE sso_sessions SET acrs = 'c1' WHERE user_id = $1")
            .bind(user)
            .execute(self.tenant.db())
            .await
            .expect("SQL");
    }
}

pub(super) fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap_or_else(|| panic!("no {name}: {tokens}"))
}

#[tokio::test]
async fn an_app_gets_a_token_with_its_roles_and_nothing_of_a_user() {
    let t = TestTenant::start().await;
    let answer = t.as_daemon(&[("scope", &format!("api://{API}/.default"))]).await;
    assert_eq!((answer.status, answer.header(header::CACHE_CONTROL)), (StatusCode::OK, "no-store"));
    let tokens = answer.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&"Bearer".into(), &3600.into()));
    assert!(tokens.get("refresh_token").is_none() && tokens.get("id_token").is_none(), "RFC 6749 §4.4.3");
    let claims = t.claims(&tokens["access_token"]).await;
    assert_eq!((&claims["aud"], &claims["iss"]), (&API.into(), &t.tenant.issuer().into()));
    assert_eq!(claims["roles"], json!(["ToDoList.Read.All"]), "the granted one of the two that exist");
    assert_eq!((&claims["azp"], &claims["azpacr"], &claims["idtyp"]), (&DAEMON.into(), &"1".into(), &"app".into()));
    assert_eq!(claims["oid"], claims["sub"]);
    assert!(text(&claims, "oid").parse::<uuid::Uuid>().is_ok() && claims["oid"] != DAEMON, "the service principal");
    for name in ["scp", "name", "preferred_username", "sid", "rh"] {
        assert!(claims.get(name).is_none(), "{name}");
    }
    let t = t.restart().await;
    let again = t.as_daemon(&[("scope", &format!("api://{API}/.default"))]).await.json();
    assert_eq!(t.claims(&again["access_token"]).await["oid"], claims["oid"]);
}

#[tokio::test]
async fn an_app_without_granted_roles_gets_a_token_without_roles() {
    let t = TestTenant::start().await;
    let tokens = t.as_daemon(&[("scope", "https://other.example/.default")]).await.json();
    let claims = t.claims(&tokens["access_token"]).await;
    assert_eq!(claims["aud"], OTHER_API);
    assert!(claims.get("roles").is_none() && claims.get("scp").is_none());
    assert!(claims.get("idtyp").is_none(), "only where the API has the optional claim");
}

#[tokio::test]
async fn a_client_credentials_scope_that_is_not_one_resource_with_default_is_refused() {
    let t = TestTenant::start().await;
    let role = format!("api://{API}/ToDoList.Read.All");
    let two = format!("api://{API}/.default https://other.example/.default");
    for (scope, error, code) in [
        ("", "invalid_request", 900_144),
        (role.as_str(), "invalid_scope", 1_002_012),
        (READ, "invalid_scope", 1_002_012),
        (&two, "invalid_scope", 1_002_012),
        (".default", "invalid_scope", 1_002_012),
        ("openid", "invalid_scope", 1_002_012),
        ("api://x\nforged/.default", "invalid_scope", 1_002_012),
        ("api://unknown/.default", "invalid_resource", 500_011),
    ] {
        assert_eq!(t.as_daemon(&[("scope", scope)]).await.error(), (400, error.to_owned(), code), "{scope}");
    }
    let anonymous = [("grant_type", "client_credentials"), ("client_id", DAEMON), ("client_secret", "")];
    assert_eq!(t.token(&anonymous).await.error(), (401, "invalid_client".to_owned(), 7_000_218));
}

#[tokio::test]
async fn an_api_calls_the_next_one_for_the_same_user() {
    let t = TestTenant::start().await;
    let assertion = t.tokens(ALICE, &[]).await;
    let before = t.claims(&assertion["access_token"]).await;
    let answer = t.on_behalf_of(text(&assertion, "access_token"), &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let tokens = answer.json();
    assert_eq!(tokens["scope"], PROFILE);
    assert!(tokens.get("refresh_token").is_none() && tokens.get("id_token").is_none());
    let claims = t.claims(&tokens["access_token"]).await;
    assert_eq!((&claims["aud"], &claims["scp"]), (&DIRECTORY.into(), &"User.Read".into()));
    assert_eq!((&claims["azp"], &claims["oid"], &claims["sid"]), (&API.into(), &ALICE.into(), &before["sid"]));
    assert_eq!(t.me(text(&tokens, "access_token")).await.json()["id"], ALICE);
}

#[tokio::test]
async fn on_behalf_of_with_a_wrong_audience_app_only_expired_or_tampered_assertion_is_refused() {
    let t = TestTenant::start().await;
    let tokens = t.tokens(ALICE, &[]).await;
    let (assertion, id_token) = (text(&tokens, "access_token"), text(&tokens, "id_token"));
    let other = t.tokens(ALICE, &[("scope", OTHER)]).await;
    let app_only = t.as_daemon(&[("scope", &format!("api://{API}/.default"))]).await.json();
    // The signature of another token; the payload of another token; no algorithm.
    let (signed, _) = assertion.rsplit_once('.').expect("a JWT");
    let other_signature = format!("{signed}.{}", text(&other, "access_token").rsplit_once('.').expect("a JWT").1);
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", assertion.split('.').nth(1).expect("a JWT"));
    for (what, assertion, code) in [
        ("for another API", text(&other, "access_token"), 500_131),
        ("an ID token", id_token, 50_013),
        ("app-only", text(&app_only, "access_token"), 7_000_114),
        ("tampered", &other_signature, 50_013),
        ("unsigned", &unsigned, 50_013),
        ("nonsense", "x.y.z", 50_013),
    ] {
        assert_eq!(t.on_behalf_of(assertion, &[]).await.error(), (400, "invalid_grant".to_owned(), code), "{what}");
    }
    // The app that the token was issued to is not its audience.
    let web = [("client_id", WEB), ("client_secret", "second")];
    assert_eq!(t.on_behalf_of(assertion, &web).await.error().2, 500_131);
    t.clock.advance(Duration::hours(1));
    assert_eq!(t.on_behalf_of(assertion, &[]).await.error(), (400, "invalid_grant".to_owned(), 500_133));
}

#[tokio::test]
async fn on_behalf_of_for_a_scope_that_was_not_granted_is_refused() {
    let t = TestTenant::start().await;
    let tokens = t.tokens(ALICE, &[]).await;
    let assertion = text(&tokens, "access_token");
    let two = format!("{PROFILE} {OTHER}");
    for (scope, error, code, suberror) in [
        ("https://graph.microsoft.com/User.ReadWrite", "invalid_grant", 65_001, "consent_required".into()),
        ("User.ReadWrite", "invalid_grant", 65_001, "consent_required".into()),
        (READ, "invalid_grant", 65_001, "consent_required".into()),
        (OTHER, "invalid_grant", 65_001, "consent_required".into()),
        ("https://graph.microsoft.com/User.Reed", "invalid_scope", 70_011, Value::Null),
        ("api://unknown/x", "invalid_resource", 500_011, Value::Null),
        (&two, "invalid_scope", 28_000, Value::Null),
        ("openid", "invalid_scope", 70_011, Value::Null),
    ] {
        let answer = t.on_behalf_of(assertion, &[("scope", scope)]).await;
        assert_eq!(answer.error(), (400, error.to_owned(), code), "{scope}");
        assert_eq!(answer.json()["suberror"], suberror, "{scope}");
    }
    for (change, code) in
        [(("requested_token_use", ""), 900_144), (("requested_token_use", "x"), 90_023), (("assertion", ""), 900_144)]
    {
        assert_eq!(t.on_behalf_of(assertion, &[change]).await.error(), (400, "invalid_request".to_owned(), code));
    }
    t.consents(ALICE, API, OTHER).await;
    let allowed = t.on_behalf_of(assertion, &[("scope", OTHER)]).await;
    assert_eq!(t.claims(&allowed.json()["access_token"]).await["scp"], "Things.Read", "with the user's consent");
}

#[tokio::test]
async fn on_behalf_of_ends_with_the_grant_of_its_user() {
    let t = TestTenant::start().await;
    let tokens = t.tokens(ALICE, &[]).await;
    let assertion = text(&tokens, "access_token");
    let obtained = t.on_behalf_of(assertion, &[]).await.json();
    assert_eq!(t.me(text(&obtained, "access_token")).await.status, StatusCode::OK);
    assert_eq!(t.revoke(&[("token", text(&tokens, "refresh_token"))]).await.status, StatusCode::OK);
    assert_eq!(t.on_behalf_of(assertion, &[]).await.error(), (400, "invalid_grant".to_owned(), 50_173));
    assert_eq!(t.me(text(&obtained, "access_token")).await.status, StatusCode::UNAUTHORIZED);

    let tokens = t.tokens(BOB, &[]).await;
    sqlx::query("UPDATE users SET disabled = 1 WHERE id = $1").bind(BOB).execute(t.tenant.db()).await.expect("SQL");
    let refused = t.on_behalf_of(text(&tokens, "access_token"), &[]).await;
    assert_eq!(refused.error(), (400, "invalid_grant".to_owned(), 50_057));
}

#[tokio::test]
async fn a_scope_without_the_users_consent_is_not_given_at_refresh() {
    let t = TestTenant::start().await;
    let scope = "https://other.example/Things.Change";
    let token = text(&t.tokens(ALICE, &[]).await, "refresh_token").to_owned();
    let refused = t.refresh(&token, scope).await;
    assert_eq!(refused.error(), (400, "invalid_grant".to_owned(), 65_001));
    assert_eq!(refused.json()["suberror"], "consent_required");
    t.consents(BOB, WEB, scope).await;
    assert_eq!(t.refresh(&token, scope).await.error().2, 65_001, "somebody else's consent");
    t.consents(ALICE, WEB, scope).await;
    t.consents(ALICE, WEB, scope).await;
    let answer = t.refresh(&token, scope).await;
    assert_eq!(answer.status, StatusCode::OK, "the refusal did not use the token up: {}", answer.text());
    assert_eq!(t.claims(&answer.json()["access_token"]).await["scp"], "Things.Change");
    sqlx::query("DELETE FROM consents").execute(t.tenant.db()).await.expect("SQL");
    let refused = t.refresh(text(&answer.json(), "refresh_token"), scope).await;
    assert_eq!(refused.error().2, 65_001, "taken back");
}

#[tokio::test]
async fn a_permission_that_was_taken_back_is_missing_at_refresh_and_breaks_nothing_else() {
    let t = TestTenant::start().await;
    let scope = format!("openid offline_access {READ} {WRITE} {PROFILE} {OTHER}");
    let tokens = t.tokens(ALICE, &[("scope", &scope)]).await;
    let t = t
        .restart_with(|config| {
            // Withdrawn from the app, and, with its API, gone altogether.
            web(config).permissions[0].scopes.retain(|scope| scope != "ToDoList.ReadWrite");
            config.apps.retain(|app| app.client_id.to_string() != OTHER_API);
            for app in &mut config.apps {
                app.permissions.retain(|grant| grant.resource.to_string() != OTHER_API);
            }
        })
        .await;
    let token = text(&tokens, "refresh_token");
    let refused = t.refresh(token, WRITE).await;
    assert_eq!(refused.error(), (400, "invalid_grant".to_owned(), 65_001));
    assert_eq!(refused.json()["suberror"], "consent_required", "apps ask their user, and keep the grant");
    assert_eq!(t.refresh(token, OTHER).await.error().1, "invalid_resource");
    let tokens = t.refresh(token, READ).await.json();
    assert_eq!(t.claims(&tokens["access_token"]).await["scp"], "ToDoList.Read");
    let tokens = t.refresh(text(&tokens, "refresh_token"), PROFILE).await.json();
    assert_eq!(t.claims(&tokens["access_token"]).await["scp"], "openid User.Read");
    let tokens = t.refresh(text(&tokens, "refresh_token"), "").await.json();
    assert_eq!(t.claims(&tokens["access_token"]).await["scp"], "ToDoList.Read", "what is left of what was granted");
}

#[tokio::test]
async fn a_claims_challenge_without_the_step_up_is_interaction_required_with_the_claims() {
    let t = TestTenant::start().await;
    let tokens = t.tokens(ALICE, &[]).await;
    let (token, assertion) = (text(&tokens, "refresh_token"), text(&tokens, "access_token"));
    assert!(t.claims(&tokens["access_token"]).await.get("acrs").is_none());
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", READ)];
    let with_claims = |claims| [&refresh[..], &[("claims", claims)]].concat();
    for answer in [t.token(&with_claims(DEMAND)).await, t.on_behalf_of(assertion, &[("claims", DEMAND)]).await] {
        assert_eq!(answer.error(), (400, "interaction_required".to_owned(), 50_076));
        assert_eq!((&answer.json()["claims"], &answer.json()["suberror"]), (&DEMAND.into(), &"basic_action".into()));
    }
    for malformed in ["[]", "{", r#"{"access_token":1}"#, r#"{"access_token":{"acrs":{"essential":"yes"}}}"#] {
        assert_eq!(t.token(&with_claims(malformed)).await.error(), (400, "invalid_request".to_owned(), 90_023));
    }
    let unknown = DEMAND.replace("c1", "c2");
    assert_eq!(t.token(&with_claims(&unknown)).await.error().1, "invalid_request", "nothing could satisfy it");
    let voluntary = DEMAND.replace("true", "false");
    let answer = t.token(&with_claims(&voluntary)).await;
    assert_eq!(answer.status, StatusCode::OK, "the refusals did not use the token up: {}", answer.text());
}

#[tokio::test]
async fn after_the_step_up_tokens_carry_the_authentication_context_and_the_clients_capabilities() {
    let t = TestTenant::start().await;
    let (_, session) = t.sign_in(ALICE, &[]).await;
    t.step_up(ALICE).await;
    let code = t.authorize(&[("claims", DEMAND)], &session).await.answered()["code"].clone();
    let tokens = t.redeem(&code, &[("claims", DEMAND)]).await.json();
    let refreshed = t.refresh(text(&tokens, "refresh_token"), READ).await.json();
    let behalf = t.on_behalf_of(text(&refreshed, "access_token"), &[("claims", DEMAND)]).await.json();
    for tokens in [&tokens, &refreshed, &behalf] {
        let claims = t.claims(&tokens["access_token"]).await;
        assert_eq!((&claims["acrs"], &claims["xms_cc"]), (&json!(["c1"]), &json!(["cp1"])));
    }
    let others = t.tokens(BOB, &[("claims", r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#)]).await;
    let claims = t.claims(&others["access_token"]).await;
    assert_eq!((claims.get("acrs"), &claims["xms_cc"]), (None, &json!(["cp1"])));
}

/// OpenID Connect Core §5.5; conformance module `oidcc-claims-essential`.
#[tokio::test]
async fn oidcc_claims_essential() {
    let t = TestTenant::start().await;
    let claims = r#"{"userinfo":{"name":{"essential":true}},"id_token":{"email":null,"sub":null}}"#;
    let tokens = t.tokens(ALICE, &[("scope", "openid"), ("claims", claims)]).await;
    let id = t.claims(&tokens["id_token"]).await;
    assert_eq!((&id["email"], id.get("name")), (&"alice@example.com".into(), None));
    let info = t.userinfo(text(&tokens, "access_token")).await.json();
    assert_eq!((&info["name"], info.get("email")), (&"Alice".into(), None));

    let claims = format!(r#"{{"id_token":{{"sub":{{"value":{}}}}}}}"#, id["sub"]);
    let begun = t.authorize(&[("claims", &claims)], "").await;
    assert_eq!(t.finish(&begun, BOB).await.answered()["error"], "login_required", "another user than was asked for");
    let hint = [("id_token_hint", text(&tokens, "id_token")), ("claims", r#"{"id_token":{"sub":{"value":"x"}}}"#)];
    assert_eq!(t.authorize(&hint, "").await.answered()["error"], "login_required");
    assert_eq!(t.authorize(&[("claims", "x")], "").await.answered()["error"], "invalid_request");
}

#[tokio::test]
async fn a_revoked_refresh_token_is_worthless_with_its_family() {
    let t = TestTenant::start().await;
    let (code, session) = t.sign_in(ALICE, &[("scope", &format!("openid offline_access {PROFILE}"))]).await;
    let first = t.redeem(&code, &[]).await.json();
    let second = t.refresh(text(&first, "refresh_token"), "").await.json();
    for token in ["never issued", "x.y.z", &random::token()] {
        assert_eq!(t.revoke(&[("token", token)]).await.status, StatusCode::OK, "RFC 7009 §2.2");
    }
    assert_eq!(t.me(text(&second, "access_token")).await.status, StatusCode::OK);
    // One that was used already is as good as any of the family.
    let fields = [("token", text(&first, "refresh_token")), ("token_type_hint", "access_token")];
    let answer = t.revoke(&fields).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, 0));
    assert_eq!(t.revoke(&fields).await.status, StatusCode::OK, "once more is no error");
    let refused = t.refresh(text(&second, "refresh_token"), "").await;
    assert_eq!(refused.error(), (400, "invalid_grant".to_owned(), 50_173));
    assert_eq!(t.me(text(&second, "access_token")).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(t.userinfo(text(&second, "access_token")).await.status, StatusCode::UNAUTHORIZED);
    assert!(t.authorize(&[], &session).await.answered().contains_key("code"), "the session at the tenant stays");
}

#[tokio::test]
async fn another_clients_token_is_not_revoked_and_nobody_revokes_without_authentication() {
    let t = TestTenant::start().await;
    let tokens = t.tokens(ALICE, &[]).await;
    let token = ("token", text(&tokens, "refresh_token"));
    let foreign = t.revoke(&[("client_id", OTHER_WEB), ("client_secret", "other"), token]).await;
    assert_eq!(foreign.error(), (400, "invalid_grant".to_owned(), 70_000), "RFC 7009 §2.1");
    assert_eq!(t.revoke(&[("client_secret", "a guess"), token]).await.error().1, "invalid_client");
    assert_eq!(t.revoke(&[("client_secret", ""), token]).await.error().1, "invalid_client");
    assert_eq!(t.revoke(&[]).await.error().1, "invalid_request");
    assert_eq!(t.revoke(&[token, token]).await.error().1, "invalid_request");
    for name in ["access_token", "id_token"] {
        let refused = t.revoke(&[("token", text(&tokens, name))]).await;
        assert_eq!(refused.error().1, "unsupported_token_type", "RFC 7009 §2.2.1: {name}");
    }
    let refreshed = t.refresh(text(&tokens, "refresh_token"), "").await;
    assert_eq!(refreshed.status, StatusCode::OK, "nothing was revoked: {}", refreshed.text());
}

#[tokio::test]
async fn discovery_announces_what_the_token_endpoint_takes() {
    let t = TestTenant::start().await;
    let document = t.get(&format!("/{TENANT}/v2.0/.well-known/openid-configuration"), "").await.json();
    assert_eq!(document["grant_types_supported"], json!(token::GRANT_TYPES));
    let methods = json!(["client_secret_post", "client_secret_basic", "private_key_jwt"]);
    assert_eq!(document["token_endpoint_auth_methods_supported"], methods);
    assert_eq!(document["token_endpoint_auth_signing_alg_values_supported"], json!(["PS256", "RS256"]));
    assert_eq!(document["revocation_endpoint"], format!("http://localhost:3002/{TENANT}/oauth2/v2.0/revoke"));
    assert_eq!(document["claims_parameter_supported"], true);
}

/// An app that signs its user out elsewhere ends the tenant's session there, too; nobody else does.
#[tokio::test]
async fn an_app_of_a_session_ends_it_by_its_name_and_no_other_app_does() {
    let t = TestTenant::start().await;
    let (code, session) = t.sign_in(ALICE, &[]).await;
    let tokens = t.redeem(&code, &[]).await.json();
    let sid = text(&t.claims(&tokens["id_token"]).await, "sid").to_owned();
    let named = [("token", sid.as_str()), ("token_type_hint", "sid")];
    let foreign = [("client_id", OTHER_WEB), ("client_secret", "other"), named[0], named[1]];
    assert_eq!(t.revoke(&foreign).await.status, StatusCode::OK);
    assert_eq!(t.revoke(&[("token", "made up"), named[1]]).await.status, StatusCode::OK);
    assert_eq!(t.authorize(&[("prompt", "none")], &session).await.answered().get("error"), None, "it goes on");
    assert_eq!(t.revoke(&[("client_secret", "a guess"), named[0], named[1]]).await.error().1, "invalid_client");
    assert_eq!(t.revoke(&named).await.status, StatusCode::OK);
    assert_eq!(t.authorize(&[("prompt", "none")], &session).await.answered()["error"], "login_required");
}
