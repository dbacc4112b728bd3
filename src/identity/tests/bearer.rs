//! The checks of access tokens, and what callers are told.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::identity::bearer::verifier::token;
use crate::identity::bearer::*;
use crate::identity::jwt::JwtError;
use crate::identity::jwt::TimeError;
use crate::identity::provider::Provider;
use crate::identity::scopes::Scopes;
use crate::identity::testing::{ALICE, API, BOB, ProviderDouble, SigningKey, TENANT, WEB, sign};
use crate::identity::token::AcquireError;
use crate::platform::clock::Clock;
use crate::platform::config::ConfigError;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn offered(names: &[String]) -> Offered<'_> {
    Offered { key: "api.scopes", names }
}

fn permission(scopes: &[&str], app_permissions: &[&str]) -> Result<Permission, ConfigError> {
    let (scopes, app_permissions) = (names(scopes), names(app_permissions));
    let config = PermissionConfig { scopes, app_permissions: Some(app_permissions), authentication_context: None };
    let (scopes, roles) = (names(&["T.Read", "T.ReadWrite"]), names(&["T.All"]));
    Permission::new("api.permissions.write", &config, offered(&scopes), offered(&roles))
}

async fn start() -> (ProviderDouble, Verifier) {
    let clock = Clock::manual(OffsetDateTime::from_unix_timestamp(1_800_000_000).expect("a date"));
    let double = ProviderDouble::start(&clock).await;
    let verifier = Verifier::new(double.provider(), names(&[API]), None, clock).expect("valid");
    (double, verifier)
}

async fn refusal(verifier: &Verifier, token: &str) -> TokenError {
    match verifier.caller(token).await {
        Err(AuthRejection::Token(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_user_is_known_by_tenant_and_object_id_and_an_app_by_its_own() {
    let (double, verifier) = start().await;
    let alice = verifier.caller(&double.access_token(json!({}))).await.expect("valid");
    assert_eq!(alice.key, format!("{TENANT}.{ALICE}"));
    assert_eq!((alice.kind, alice.client_id.as_deref()), (Kind::User, Some(WEB)));
    let daemon = verifier.caller(&double.app_token(json!({}))).await.expect("valid");
    assert_eq!((daemon.kind, daemon.key), (Kind::App, format!("{TENANT}.{BOB}")));
}

#[tokio::test]
async fn another_providers_user_is_known_by_issuer_and_subject() {
    let (double, _) = start().await;
    let mut config = double.config();
    config.tenant_id = None;
    let mode = crate::platform::config::Mode::Development;
    let http = crate::platform::outbound::client();
    let provider = Provider::new(&config, mode, http, double.clock.clone()).expect("valid");
    let verifier = Verifier::new(provider, names(&["todo"]), None, double.clock.clone()).expect("valid");
    let token = |changes: Value| {
        let mut claims = json!({"iss": double.issuer(), "aud": ["x", "todo"], "sub": "me", "scope": "a b"});
        claims["exp"] = json!(double.clock.unix_seconds() + 60);
        for (name, value) in changes.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        sign(&claims)
    };
    let caller = verifier.caller(&token(json!({}))).await.expect("valid");
    assert_eq!(caller.key, format!("{}|me", double.issuer()));
    assert_eq!(caller.scopes, ["a", "b"]);
    for subject in [json!(null), json!(""), json!(7), json!("x".repeat(256))] {
        assert_eq!(refusal(&verifier, &token(json!({"sub": subject}))).await, TokenError::Subject);
    }
}

#[tokio::test]
async fn every_claim_that_is_wrong_or_missing_is_refused() {
    let (double, verifier) = start().await;
    let now = double.clock.unix_seconds();
    for (changes, expected) in [
        (json!({"iss": null}), TokenError::Issuer),
        (json!({"iss": "https://evil.example"}), TokenError::Issuer),
        (json!({"iss": double.issuer() + "/"}), TokenError::Issuer),
        (json!({"iss": [double.issuer()]}), TokenError::Issuer),
        (json!({"aud": null}), TokenError::Audience),
        (json!({"aud": WEB}), TokenError::Audience),
        (json!({"aud": []}), TokenError::Audience),
        (json!({"aud": [API, 7]}), TokenError::Audience),
        (json!({"aud": format!("api://{API}")}), TokenError::Audience),
        (json!({"aud": API.to_uppercase()}), TokenError::Audience),
        (json!({"exp": null}), TokenError::Time(TimeError::NoExpiry)),
        (json!({"exp": now - 60}), TokenError::Time(TimeError::Expired)),
        (json!({"nbf": now + 61}), TokenError::Time(TimeError::NotYetValid)),
        (json!({"iat": now + 61}), TokenError::Time(TimeError::IssuedInTheFuture)),
        (json!({"exp": "tomorrow"}), TokenError::Time(TimeError::NotANumber)),
        (json!({"tid": null}), TokenError::Tenant),
        (json!({"tid": BOB}), TokenError::Tenant),
        (json!({"ver": "1.0"}), TokenError::Version),
        (json!({"ver": null}), TokenError::Version),
        (json!({"oid": null}), TokenError::Subject),
        (json!({"oid": "alice"}), TokenError::Subject),
        (json!({"scp": null}), TokenError::NoPermissions),
        (json!({"scp": " "}), TokenError::NoPermissions),
        (json!({"scp": null, "roles": []}), TokenError::NoPermissions),
        (json!({"scp": 7}), TokenError::MalformedPermissions),
        (json!({"roles": [7]}), TokenError::MalformedPermissions),
        (json!({"idtyp": "device"}), TokenError::CallerKind),
        (json!({"idtyp": 1}), TokenError::CallerKind),
        (json!({"nonce": "n"}), TokenError::AnotherKind),
        (json!({"events": {}}), TokenError::AnotherKind),
        (json!({"azp": null}), TokenError::AnotherKind),
    ] {
        assert_eq!(refusal(&verifier, &double.access_token(changes.clone())).await, expected, "{changes}");
    }
}

#[tokio::test]
async fn an_id_token_or_a_logout_token_is_no_access_token() {
    let (double, verifier) = start().await;
    assert_eq!(refusal(&verifier, &double.id_token("n", json!({}))).await, TokenError::Audience);
    // One registration for app and API, and a user with app roles: the audience alone would not tell.
    for changes in [json!({"aud": API, "roles": ["T.All"]}), json!({"aud": API, "scp": "T.Read", "nonce": null})] {
        assert_eq!(refusal(&verifier, &double.id_token("n", changes)).await, TokenError::AnotherKind);
    }
    let claims = double.access_claims(json!({}));
    for (typ, accepted) in [("JWT", true), ("jwt", true), ("at+jwt", true), ("application/at+jwt", true)]
        .into_iter()
        .chain([("logout+jwt", false), ("id_token+jwt", false), ("", false)])
    {
        let token = SigningKey::first().sign(&json!({"alg": "RS256", "kid": "first", "typ": typ}), &claims);
        assert_eq!(verifier.caller(&token).await.is_ok(), accepted, "{typ:?}");
    }
}

#[tokio::test]
async fn a_token_that_expires_while_in_use_is_refused_after_the_skew() {
    let (double, verifier) = start().await;
    let token = double.access_token(json!({}));
    double.clock.advance(Duration::seconds(3600 + 59));
    assert!(verifier.caller(&token).await.is_ok());
    double.clock.advance(Duration::seconds(1));
    assert_eq!(refusal(&verifier, &token).await, TokenError::Time(TimeError::Expired));
}

#[tokio::test]
async fn idtyp_decides_between_user_and_app_and_without_it_the_scopes() {
    let (double, verifier) = start().await;
    let write = permission(&["T.ReadWrite"], &["T.All"]).expect("valid");
    for (changes, kind, allowed) in [
        (json!({"scp": "T.ReadWrite"}), Kind::User, true),
        (json!({"scp": "T.ReadWrite", "idtyp": "user"}), Kind::User, true),
        (json!({"scp": "T.ReadWrite", "roles": ["T.All"]}), Kind::User, true),
        (json!({"scp": null, "roles": ["T.All"]}), Kind::App, true),
        (json!({"scp": null, "roles": ["T.All"], "idtyp": "app"}), Kind::App, true),
        (json!({"scp": "T.Read", "roles": ["T.All"]}), Kind::User, false),
        (json!({"scp": "T.ReadWrite", "idtyp": "app"}), Kind::App, false),
        (json!({"scp": null, "roles": ["T.All"], "idtyp": "user"}), Kind::User, false),
        (json!({"scp": "T.All"}), Kind::User, false),
        (json!({"scp": null, "roles": ["T.ReadWrite"]}), Kind::App, false),
    ] {
        let caller = verifier.caller(&double.access_token(changes.clone())).await.expect("a valid token");
        assert_eq!((caller.kind, caller.require(&write).is_ok()), (kind, allowed), "{changes}");
    }
}

#[tokio::test]
async fn an_authentication_context_is_asked_of_users_and_named_in_the_challenge() {
    let (double, verifier) = start().await;
    let config = PermissionConfig {
        scopes: names(&["T.ReadWrite"]),
        app_permissions: Some(names(&["T.All"])),
        authentication_context: Some("c1".to_owned()),
    };
    let (scopes, roles) = (names(&["T.ReadWrite"]), names(&["T.All"]));
    let new =
        |config: &PermissionConfig| Permission::new("api.permissions.write", config, offered(&scopes), offered(&roles));
    let write = new(&config).expect("valid");
    for (changes, status) in [
        (json!({"scp": "T.ReadWrite", "acrs": ["c1"]}), 200),
        (json!({"scp": "T.ReadWrite", "acrs": ["p1", "c1"]}), 200),
        (json!({"scp": "T.ReadWrite"}), 401),
        (json!({"scp": "T.ReadWrite", "acrs": []}), 401),
        (json!({"scp": "T.ReadWrite", "acrs": ["c11", "C1", "c"]}), 401),
        (json!({"scp": "T.ReadWrite", "acrs": "c1"}), 401),
        (json!({"scp": "T.ReadWrite", "acr": "c1", "acrs": [{"c1": true}]}), 401),
        // Without the scope, another proof would not help.
        (json!({"scp": "T.Read"}), 403),
        (json!({"scp": null, "roles": ["T.All"], "idtyp": "app"}), 200),
        (json!({"scp": null, "roles": ["T.Other"], "idtyp": "app", "acrs": ["c1"]}), 403),
    ] {
        let caller = verifier.caller(&double.access_token(changes.clone())).await.expect("a valid token");
        let found = caller.require(&write).map_or_else(|refusal| refusal.status().as_u16(), |()| 200);
        assert_eq!(found, status, "{changes}");
    }
    let caller = verifier.caller(&double.access_token(json!({"scp": "T.ReadWrite"}))).await.expect("valid");
    let response = caller.require(&write).expect_err("refused").into_response();
    let challenge = response.headers()[header::WWW_AUTHENTICATE].to_str().expect("text");
    let claims = challenge.strip_prefix(r#"Bearer error="insufficient_claims", claims=""#).expect("a claims challenge");
    let claims = STANDARD.decode(claims.strip_suffix('"').expect("quoted")).expect("base64");
    assert_eq!(claims, br#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#);
    for id in ["", "c 1", "c\"1", "c1\n", &"c".repeat(121)] {
        let config = PermissionConfig { authentication_context: Some(id.to_owned()), ..config.clone() };
        let message = new(&config).expect_err("refused").to_string();
        assert!(message.contains("`api.permissions.write.authentication_context`"), "{message}");
    }
}

#[test]
fn a_user_who_must_act_is_told_what_is_missing_in_a_challenge() {
    let challenge = |claims: Option<&str>, consent| {
        let scopes = Scopes::parse("https://graph.microsoft.com/User.Read");
        let claims = claims.map(str::to_owned);
        let error = AcquireError::InteractionRequired { scopes, claims, consent, reason: "a test" };
        let refusal = AuthRejection::Interaction(Interaction::of(&error).expect("somebody can help"));
        assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
        refusal.challenge().expect("a challenge")
    };
    let scopes = r#"scopes="https://graph.microsoft.com/User.Read""#;
    for (claims, consent, expected) in [
        (None, true, format!(r#"Bearer error="interaction_required", {scopes}, proposedAction="consent""#)),
        (None, false, r#"Bearer error="interaction_required", proposedAction="consent""#.to_owned()),
        (Some(r#"{"a":1}"#), false, r#"Bearer error="insufficient_claims", claims="eyJhIjoxfQ==""#.to_owned()),
        (
            Some(r#"{"a":1}"#),
            true,
            format!(r#"Bearer error="insufficient_claims", claims="eyJhIjoxfQ==", {scopes}, proposedAction="consent""#),
        ),
    ] {
        assert_eq!(challenge(claims, consent), expected);
    }
    assert_eq!(Interaction::of(&AcquireError::unavailable("down")), None);
}

#[tokio::test]
async fn without_app_permissions_no_app_is_let_in_and_users_are() {
    let (double, verifier) = start().await;
    let config = PermissionConfig { scopes: names(&["T.Read"]), app_permissions: None, authentication_context: None };
    let (scopes, roles) = (names(&["T.Read"]), names(&["T.All"]));
    let read = Permission::new("api.permissions.read", &config, offered(&scopes), offered(&roles)).expect("valid");
    let app = json!({"scp": null, "roles": ["T.All"], "idtyp": "app"});
    let app = verifier.caller(&double.access_token(app)).await.expect("a valid token");
    assert_eq!(app.require(&read).expect_err("refused").status(), StatusCode::FORBIDDEN);
    let user = verifier.caller(&double.access_token(json!({"scp": "T.Read"}))).await.expect("a valid token");
    assert_eq!(user.require(&read), Ok(()));
    // A list that is there and empty is a mistake, and says how to mean it.
    let config = PermissionConfig { app_permissions: Some(Vec::new()), ..config };
    let refused = Permission::new("api.permissions.read", &config, offered(&scopes), offered(&roles));
    let refused = refused.expect_err("refused").to_string();
    assert!(refused.contains("is empty") && refused.contains("leave the key out"), "{refused}");
}

#[tokio::test]
async fn what_is_for_users_alone_refuses_every_app() {
    let (double, verifier) = start().await;
    let config = UserPermissionConfig { scopes: names(&["T.Read"]), authentication_context: None };
    let scopes = names(&["T.Read"]);
    let read = Permission::for_users("api.permissions.read_profile", &config, offered(&scopes)).expect("valid");
    let app = json!({"scp": "T.Read", "roles": ["T.Read", "T.All"], "idtyp": "app"});
    let app = verifier.caller(&double.access_token(app)).await.expect("a valid token");
    let refusal = app.require(&read).expect_err("refused");
    assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
    assert!(refusal.to_string().contains("signed-in users"), "{refusal}");
    let user = verifier.caller(&double.access_token(json!({"scp": "T.Read"}))).await.expect("a valid token");
    assert_eq!(user.require(&read), Ok(()));
}

#[tokio::test]
async fn a_prefix_of_a_scope_is_not_that_scope() {
    let (double, verifier) = start().await;
    let read = permission(&["T.Read"], &["T.All"]).expect("valid");
    for (scopes, allowed) in [
        ("T.Read", true),
        ("openid  T.Read", true),
        ("T.ReadX", false),
        ("T.Rea", false),
        ("XT.Read", false),
        ("t.read", false),
        ("T.Read,T.ReadWrite", false),
        ("api://x/T.Read", false),
        ("T.Read\tx", false),
    ] {
        let caller = verifier.caller(&double.access_token(json!({"scp": scopes}))).await.expect("a valid token");
        assert_eq!(caller.require(&read).is_ok(), allowed, "{scopes}");
    }
}

#[tokio::test]
async fn without_the_providers_keys_nobody_is_let_in() {
    let (double, verifier) = start().await;
    double.answer_with(StatusCode::SERVICE_UNAVAILABLE);
    let refusal = verifier.caller(&double.access_token(json!({}))).await.expect_err("fails closed");
    assert!(matches!(refusal, AuthRejection::Unavailable(_)));
    let response = refusal.into_response();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[header::RETRY_AFTER], "5");
    assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));
}

#[test]
fn a_token_comes_in_one_header_and_in_no_other_way() {
    let find = |query: &str, values: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().expect("a header value"));
        }
        token(&headers, &format!("/api/todolist{query}").parse().expect("a URI")).map(str::to_owned)
    };
    for value in ["Bearer a.b.c", "bearer a.b.c", "BEARER   a.b.c "] {
        assert_eq!(find("?limit=1", &[value]).as_deref(), Ok("a.b.c"));
    }
    for (query, values, expected) in [
        ("", &[][..], AuthRejection::NoToken),
        ("", &["Basic YTpi"], AuthRejection::NoToken),
        ("", &["Bearera.b.c"], AuthRejection::NoToken),
        ("?access_token=a.b.c", &[], RequestError::InQuery.into()),
        ("?%61ccess_token=a.b.c", &[], RequestError::InQuery.into()),
        ("?access_token=a.b.c", &["Bearer a.b.c"], RequestError::InQuery.into()),
        ("", &["Bearer a.b.c", "Bearer a.b.c"], RequestError::SeveralHeaders.into()),
        ("", &["Bearer a.b.c", "Basic YTpi"], RequestError::SeveralHeaders.into()),
        ("", &["Bearer"], RequestError::Malformed.into()),
        ("", &["Bearer  "], RequestError::Malformed.into()),
        ("", &["Bearer a b"], RequestError::Malformed.into()),
        ("", &["Bearer \"a\""], RequestError::Malformed.into()),
        ("", &["Bearer a.b.c, Bearer d.e.f"], RequestError::Malformed.into()),
    ] {
        assert_eq!(find(query, values), Err(expected), "{query} {values:?}");
    }
}

#[test]
fn challenges_are_those_of_rfc_6750() {
    let write = permission(&["T.ReadWrite", "T.Read"], &["T.All"]).expect("valid");
    let missing = |kind| AuthRejection::Permission(MissingPermission { kind, permission: write.clone() });
    let expired = AuthRejection::Token(TimeError::Expired.into());
    let too_long = AuthRejection::Token(TokenError::Signature(JwtError::TooLong.into()));
    for (refusal, status, challenge) in [
        (AuthRejection::NoToken, 401, "Bearer"),
        (expired, 401, r#"Bearer error="invalid_token", error_description="the token has expired""#),
        (too_long, 401, {
            r#"Bearer error="invalid_token", error_description="the token is longer than 16384 bytes""#
        }),
        (missing(Kind::User), 403, r#"Bearer error="insufficient_scope", scope="T.ReadWrite""#),
        (missing(Kind::App), 403, r#"Bearer error="insufficient_scope""#),
        (RequestError::SeveralHeaders.into(), 400, {
            r#"Bearer error="invalid_request", error_description="send exactly one Authorization header""#
        }),
    ] {
        let response = refusal.clone().into_response();
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], challenge);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(AuthRejection::of(&response), Some(&refusal));
    }
}

#[tokio::test]
async fn where_certain_client_apps_are_served_no_other_ones_token_is_let_in() {
    let (double, verifier) = start().await;
    let only = |clients: &[&str]| {
        verifier.clone().with_allowed_clients(&names(clients)).map_err(|error| error.at("api.allowed_clients"))
    };
    let web = WEB.to_uppercase();
    let serves = only(&["00000000-0000-4000-8000-000000000009", &web]).expect("valid");
    let user = serves.caller(&double.access_token(json!({}))).await.expect("the web app is on the list");
    assert_eq!(user.client_id.as_deref(), Some(WEB));
    // `appid` of a token of version 1.
    let version_1 = double.access_token(json!({"azp": null, "appid": WEB}));
    assert!(serves.caller(&version_1).await.is_ok());
    for changes in [json!({"azp": BOB}), json!({"azp": format!("{WEB} ")}), json!({"azp": BOB, "appid": WEB})] {
        let token = double.access_token(changes.clone());
        assert_eq!(serves.caller(&token).await, Err(AuthRejection::Client), "{changes}");
    }
    let daemon = double.app_token(json!({"azp": BOB}));
    assert_eq!(serves.caller(&daemon).await, Err(AuthRejection::Client), "apps as themselves as well");
    let response = AuthRejection::Client.into_response();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    for list in [&[][..], &[""], &[WEB, " "]] {
        let error = only(list).err().expect("refused").to_string();
        assert!(error.starts_with("`api.allowed_clients`"), "{error}");
    }
}

#[test]
fn a_401_says_what_is_protected_by_which_scope_and_where_that_can_be_read() {
    let protection = Protection { realm: "Things", scope: Some("T.Read"), resource_metadata: Some("https://a/m") };
    let more = r#"realm="Things", scope="T.Read", resource_metadata="https://a/m""#;
    for (refusal, expected) in [
        (AuthRejection::NoToken, format!("Bearer {more}")),
        (AuthRejection::Token(TokenError::Issuer), {
            format!(r#"Bearer error="invalid_token", error_description="the token is from another issuer", {more}"#)
        }),
    ] {
        let mut response = refusal.into_response();
        protection.describe(&mut response);
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], expected);
    }
    let mut response = StatusCode::NOT_FOUND.into_response();
    protection.describe(&mut response);
    assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));
}

#[test]
fn empty_or_unknown_permissions_and_no_audience_are_refused() {
    for (scopes, roles, key) in [
        (&[][..], &["T.All"][..], "`api.permissions.write.scopes`"),
        (&["T.Read"], &[], "`api.permissions.write.app_permissions`"),
        (&["T.Raed"], &["T.All"], "`api.permissions.write.scopes`"),
        (&["T.Read"], &["T.All", ""], "`api.permissions.write.app_permissions`"),
        (&["T.Read T.ReadWrite"], &["T.All"], "`api.permissions.write.scopes`"),
    ] {
        let error = permission(scopes, roles).expect_err("refused").to_string();
        assert!(error.starts_with(key), "{error}");
    }
    for list in [&[][..], &[""], &["a b"], &["a\"b"], &["a\\b"], &["ä"]] {
        assert!(check_names("api.scopes", &names(list)).is_err(), "{list:?}");
    }
    assert!(check_names("api.scopes", &names(&["ToDoList.Read", "todo:read"])).is_ok());
}

#[tokio::test]
async fn the_log_names_the_member_what_was_found_and_what_was_expected_and_the_caller_learns_neither() {
    let (double, verifier) = start().await;
    let verifier = verifier.with_allowed_clients(&names(&[WEB])).expect("valid");
    let now = double.clock.unix_seconds();
    for (changes, found, expected) in [
        (json!({"iss": "https://evil.example"}), "`iss` is \"https://evil.example\"", double.issuer()),
        (json!({"iss": null}), "`iss` is missing", double.issuer()),
        (json!({"aud": ["a", "b"]}), "`aud` is [\"a\",\"b\"]", API.to_owned()),
        (json!({"aud": "a\nb\u{1b}[31m"}), "`aud` is \"a\\nb", API.to_owned()),
        (json!({"aud": "x".repeat(2000)}), "`aud` is \"xxx", API.to_owned()),
        (json!({"exp": now - 100}), &format!("`exp` is {}", now - 100), format!("later than {}", now - 60)),
        (json!({"nbf": now + 100}), &format!("`nbf` is {}", now + 100), format!("at most {}", now + 60)),
        (json!({"iat": now + 100}), &format!("`iat` is {}", now + 100), format!("it is {now} here")),
        (json!({"exp": "soon"}), "`exp` is \"soon\"", "seconds".to_owned()),
        (json!({"tid": BOB}), &format!("`tid` is \"{BOB}\""), TENANT.to_string()),
        (json!({"ver": "1.0"}), "`ver` is \"1.0\"", "expected: 2.0".to_owned()),
        (json!({"oid": "alice"}), "`oid` is another text", "a GUID".to_owned()),
        (json!({"scp": null}), "`scp` is missing, `scope` is missing, `roles` is", "at least one".to_owned()),
        (json!({"scp": 7}), "`scp` is 7", "texts".to_owned()),
        (json!({"idtyp": "device"}), "`idtyp` is \"device\"", "app or user".to_owned()),
        (json!({"nonce": "n-0S6"}), "`nonce` is there", "none".to_owned()),
        (json!({"azp": null}), "`azp` is missing", "the client app".to_owned()),
        (json!({"azp": BOB}), &format!("`azp` is \"{BOB}\""), WEB.to_owned()),
    ] {
        let refused = verifier.examine(&double.access_token(changes.clone())).await.expect_err("refused");
        let (logged, answer) = (refused.to_string(), refused.refusal.to_string());
        assert!(
            logged.starts_with(&answer) && logged.contains(found) && logged.contains(&expected),
            "{changes}: {logged}"
        );
        assert!(logged.len() < 500 && !logged.contains(char::is_control) && !logged.contains("n-0S6"), "{logged}");
        let headers = format!("{:?}", refused.refusal.into_response().headers());
        assert!(!answer.contains(found) && !headers.contains(found), "{answer} {headers}");
    }
    let claims = double.access_claims(json!({}));
    for (header, found, expected) in [
        (json!({"alg": "HS256", "kid": "first"}), "alg=\"HS256\" kid=\"first\"", "RS256, PS256, ES256"),
        (json!({"alg": "RS256", "kid": "gone"}), "kid=\"gone\"", "the id of a key"),
        (json!({"alg": "RS256", "kid": "first", "typ": "logout+jwt"}), "`typ` is \"logout+jwt\"", "at+jwt"),
    ] {
        let token = SigningKey::first().sign(&header, &claims);
        let logged = verifier.examine(&token).await.expect_err("refused").to_string();
        assert!(logged.contains(found) && logged.contains(expected) && !logged.contains(&token), "{header}: {logged}");
    }
}

#[tokio::test]
async fn a_provider_that_is_not_the_configured_one_is_no_outage_and_lets_nobody_in() {
    for document in [json!({"issuer": "https://evil.example/v2.0"}), json!({"jwks_uri": "keys"})] {
        let (double, verifier) = start().await;
        double.change_document(document.clone());
        let refusal = verifier.caller(&double.access_token(json!({}))).await.expect_err("fails closed");
        assert!(matches!(refusal, AuthRejection::Misconfigured(_)), "{document}: {refusal:?}");
        let response = refusal.into_response();
        assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
        for promise in [header::RETRY_AFTER, header::WWW_AUTHENTICATE] {
            assert!(!response.headers().contains_key(promise));
        }
    }
}
