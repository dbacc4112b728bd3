//! Credentials as a provider meets them: proofs, files that change, and what is refused at start.

use std::error::Error as _;
use std::path::PathBuf;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256, RsaKeyPair,
    UnparsedPublicKey, VerificationAlgorithm,
};
use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use time::Duration;

use crate::identity::testing::WEB;
use crate::identity::testing::{World, scopes, unavailable};

const RESOURCE: &str = "api://todo/.default";
/// 1024 bits: a key that nothing may be signed with.
const WEAK: &str = "MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAOdHjfig4vnJfjYgbQgJnKick0QJNWDBgLtgVccNobgV3yucVmZX\
    Nb4MXuZQ1Q05XgxJEC9/KV4IjVpVxVMWZgWDScGJVpZUrq3KyW3aiCufH8nkN7OO1uyQifrzrzQd9Qn8Z7SKvFSknqD8VWNZHsZy\
    +2Bx61qukTyy4+M2Ls0lAgMBAAECgYEA50amsfow/5h+naHPZjo2bmYk3eRXfGoEUVwEawk2rt8wTGwJ+k07cNDuFWK/qnmzkpV9\
    mgGPXHkw4STkLjI30WRGGYxJATEOXi7GBxoAS859UiY9dxjbckBngw8xjpsUmtjpxjzsoD5Ye+zIirlIiTR8haPR9upH/VQy1d6/\
    AAECQQD/HBVIthvM7h2cuqhRwCrvquRrvsH6OvyGoobvpQ+UUCfg/8W8WbgLQ+lrbmSyF6zfHlVvUDjAK0o507wwZhFxAkEA6BYu\
    bj3tDbEA8OqPqMCa4KvE1OlUPklk7g2wjVWGvQGsLeNPp6+/bmH9S6KHJTPXFtdQ4kOHMicK3N/89DPc9QJBAPk9WboRWbXtCfdf\
    EiXUxt4jK0ntNB0i1ic/0O9/Z2oyqdOUcH7ldP9kmT/BuhWZNedC/ptjWB6/7KP0rs7mWbECQC+OZAM48zsr+upi1f8ZQGMrL1EF\
    YrrEpUbWTUgYr1xJXHOmsWrF62796z41VoX8AmXuxucmOSzArUwnJZkQi4UCQGnoWXBP5enjNi3Si3g/Dxh1VVsx7Pu7iQCNlRK4\
    yqWmXyTEPg/gfjLaTXwxuQ7BEHPCPevh3XesbhWEeTjFMfs=";

/// A private key and a certificate for it, as PEM.
struct Pair {
    key: RsaKeyPair,
    certificate: Vec<u8>,
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut element = vec![tag];
    match content.len() {
        length @ 0..=0x7f => element.push(length.try_into().unwrap()),
        length => {
            element.push(0x82);
            element.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    element.extend(content);
    element
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

impl Pair {
    /// A self-signed certificate that is valid from 2020 until the end of `year` (RFC 5280 §4.1).
    fn valid_until(year: u16) -> Self {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        // sha256WithRSAEncryption and rsaEncryption, both with NULL parameters.
        let signature_algorithm = der(0x30, &[&[6, 9, 42, 134, 72, 134, 247, 13, 1, 1, 11][..], &[5, 0]].concat());
        let key_algorithm = der(0x30, &[&[6, 9, 42, 134, 72, 134, 247, 13, 1, 1, 1][..], &[5, 0]].concat());
        let public_key = der(0x03, &[&[0], key.public_key().as_ref()].concat());
        let not_after = match year {
            ..2050 => der(0x17, format!("{:02}1231235959Z", year % 100).as_bytes()),
            _ => der(0x18, format!("{year}1231235959Z").as_bytes()),
        };
        let content = [
            der(0xa0, &der(0x02, &[2])),
            der(0x02, &[1]),
            signature_algorithm.clone(),
            der(0x30, &[]),
            der(0x30, &[der(0x17, b"200101000000Z"), not_after].concat()),
            der(0x30, &[]),
            der(0x30, &[key_algorithm, public_key].concat()),
        ];
        let content = der(0x30, &content.concat());
        let mut signature = vec![0; 256];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &content, &mut signature).unwrap();
        let signature = der(0x03, &[&[0][..], &signature].concat());
        let certificate = der(0x30, &[content, signature_algorithm, signature].concat());
        Self { key, certificate }
    }

    fn certificate_pem(&self) -> String {
        pem("CERTIFICATE", &self.certificate)
    }

    fn key_pem(&self) -> String {
        pem("PRIVATE KEY", self.key.as_der().unwrap().as_ref())
    }
}

fn write(world: &World, name: &str, text: &str) -> PathBuf {
    let file = world.folder.path().join(name);
    std::fs::write(&file, text).unwrap();
    file
}

fn certificate(world: &World, pair: &Pair) -> Value {
    let certificate = write(world, "certificate.pem", &pair.certificate_pem());
    let key = write(world, "key.pem", &pair.key_pem());
    json!({"certificate": {"certificate_file": certificate, "private_key_file": key}})
}

fn part(token: &str, position: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(position).unwrap()).unwrap()).unwrap()
}

fn verifies(token: &str, pair: &Pair, algorithm: &'static dyn VerificationAlgorithm) -> bool {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(algorithm, pair.key.public_key().as_ref()).verify(signed.as_bytes(), &signature).is_ok()
}

/// FAPI 2.0 and the revision of RFC 7523 want assertions for the issuer.
#[tokio::test]
async fn an_assertion_is_for_the_issuer_where_configuration_says_so() {
    let world = World::start().await;
    world.token.issues(json!({}));
    let mut credential = certificate(&world, &Pair::valid_until(2040));
    credential["certificate"]["audience"] = json!("issuer");
    let client = world.client(json!({"client_credentials": [credential]}));
    client.for_app(&scopes(RESOURCE)).await.unwrap();
    let assertion = world.token.last().fields["client_assertion"].clone();
    assert_eq!(part(&assertion, 1)["aud"], world.provider.issuer());
}

#[tokio::test]
async fn a_certificate_signs_an_assertion_for_the_token_endpoint_that_lives_for_minutes() {
    let world = World::start().await;
    world.token.issues(json!({}));
    let pair = Pair::valid_until(2040);
    let client = world.client(json!({"client_credentials": [certificate(&world, &pair)]}));
    client.for_app(&scopes(RESOURCE)).await.unwrap();
    client.for_app(&scopes("api://other/.default")).await.unwrap();

    let asked = world.token.all();
    assert!(asked[0].headers.get("authorization").is_none(), "only one way of authentication");
    assert!(!asked[0].fields.contains_key("client_secret"));
    assert_eq!(asked[0].fields["client_id"], WEB);
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    assert_eq!(asked[0].fields["client_assertion_type"], kind);
    let assertion = &asked[0].fields["client_assertion"];
    let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, &pair.certificate));
    assert_eq!(part(assertion, 0), json!({"alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint}));
    assert!(verifies(assertion, &pair, &RSA_PSS_2048_8192_SHA256));
    let claims = part(assertion, 1);
    assert_eq!((claims["iss"].as_str(), claims["sub"].as_str()), (Some(WEB), Some(WEB)));
    let endpoint = format!("{}/oauth2/v2.0/token", world.provider.issuer().trim_end_matches("/v2.0"));
    assert_eq!(claims["aud"], endpoint);
    let now = world.clock.unix_seconds();
    assert_eq!((claims["iat"].as_i64(), claims["nbf"].as_i64()), (Some(now), Some(now)));
    assert!((now + 60..=now + 600).contains(&claims["exp"].as_i64().unwrap()));
    let other = part(&asked[1].fields["client_assertion"], 1);
    assert_ne!(claims["jti"], other["jti"], "each is good once");
}

#[tokio::test]
async fn rs256_names_the_certificate_by_x5t_and_a_key_id_can_be_added() {
    let world = World::start().await;
    world.token.issues(json!({}));
    let pair = Pair::valid_until(2060);
    let mut credential = certificate(&world, &pair);
    credential["certificate"]["algorithm"] = "RS256".into();
    credential["certificate"]["key_id"] = "my-key".into();
    let client = world.client(json!({"client_credentials": [credential]}));
    client.for_app(&scopes(RESOURCE)).await.unwrap();
    let assertion = &world.token.last().fields["client_assertion"];
    let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &pair.certificate));
    assert_eq!(part(assertion, 0), json!({"alg": "RS256", "typ": "JWT", "x5t": thumbprint, "kid": "my-key"}));
    assert!(verifies(assertion, &pair, &RSA_PKCS1_2048_8192_SHA256));
}

#[tokio::test]
async fn a_signed_assertion_is_sent_as_it_is_and_read_again_when_the_file_changes() {
    let world = World::start().await;
    world.token.issues(json!({}));
    let file = write(&world, "assertion", "aaa.bbb.ccc\n");
    let client = world.client(json!({"client_credentials": [{"signed_assertion": {"file": file}}]}));
    client.for_app(&scopes(RESOURCE)).await.unwrap();
    assert_eq!(world.token.last().fields["client_assertion"], "aaa.bbb.ccc");
    write(&world, "assertion", "aaa.bbb.newer");
    world.clock.advance(Duration::seconds(1));
    client.for_app(&scopes("api://other/.default")).await.unwrap();
    assert_eq!(world.token.last().fields["client_assertion"], "aaa.bbb.newer");
}

#[tokio::test]
async fn a_secret_is_a_text_a_file_or_a_variable_of_the_environment() {
    let world = World::start().await;
    world.token.issues(json!({}));
    let file = write(&world, "secret", "of the file\n");
    let path = std::env::var("PATH").unwrap();
    for (secret, expected) in
        [(json!("a text"), "a text"), (json!({"file": file}), "of the file"), (json!({"env": "PATH"}), path.as_str())]
    {
        world.provider.change_document(json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]}));
        let client = world.client(json!({"client_credentials": [{"secret": secret}]}));
        client.for_app(&scopes(RESOURCE)).await.unwrap();
        assert_eq!(world.token.last().fields["client_secret"], expected);
    }
}

#[tokio::test]
async fn a_secret_goes_into_the_form_only_where_the_provider_offers_nothing_else() {
    let world = World::start().await;
    world.token.issues(json!({}));
    for (methods, in_form) in [
        (json!(null), false),
        (json!(["client_secret_post", "client_secret_basic"]), false),
        (json!(["private_key_jwt"]), false),
        (json!(["private_key_jwt", "client_secret_post"]), true),
    ] {
        world.provider.change_document(json!({"token_endpoint_auth_methods_supported": methods}));
        world.client(json!({})).for_app(&scopes(RESOURCE)).await.unwrap();
        let asked = world.token.last();
        assert_eq!(asked.fields.contains_key("client_secret"), in_form, "{methods}");
        assert_eq!(asked.headers.contains_key("authorization"), !in_form, "{methods}");
    }
}

/// The token endpoint takes this secret and no other.
fn takes(world: &World, secret: &'static str) {
    world.provider.change_document(json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]}));
    world.token.responds(move |fields| {
        if fields["client_secret"] == secret {
            let body = json!({"token_type": "Bearer", "expires_in": 3600, "access_token": "token"});
            return Json(body).into_response();
        }
        let body = json!({"error": "invalid_client", "error_codes": [7_000_215], "correlation_id": "c"});
        (StatusCode::UNAUTHORIZED, Json(body)).into_response()
    });
}

fn secrets_sent(world: &World) -> Vec<String> {
    world.token.all().iter().map(|asked| asked.fields["client_secret"].clone()).collect()
}

#[tokio::test]
async fn a_secret_that_was_rotated_is_read_again_at_once_when_the_provider_refuses_the_old_one() {
    let world = World::start().await;
    takes(&world, "new");
    let file = write(&world, "secret", "old");
    let client = world.client(json!({"client_credentials": [{"secret": {"file": file}}]}));
    write(&world, "secret", "new");
    // The clock stands: nobody looked at the file.
    client.for_app(&scopes(RESOURCE)).await.unwrap();
    assert_eq!(secrets_sent(&world), ["old", "new"]);
}

#[tokio::test]
async fn a_credential_that_did_not_change_is_not_shown_twice() {
    let world = World::start().await;
    takes(&world, "another");
    let file = write(&world, "secret", "old");
    let client = world.client(json!({"client_credentials": [{"secret": {"file": file}}]}));
    let reason = unavailable(client.for_app(&scopes(RESOURCE)).await);
    assert!(reason.contains("7000215") && !reason.contains("old"), "{reason}");
    assert_eq!(secrets_sent(&world), ["old"]);
}

#[tokio::test]
async fn the_next_credential_is_tried_and_goes_first_for_a_minute() {
    let world = World::start().await;
    takes(&world, "second");
    let client = world.client(json!({"client_credentials": [{"secret": "first"}, {"secret": "second"}]}));
    client.for_app(&scopes("api://1/.default")).await.unwrap();
    client.for_app(&scopes("api://2/.default")).await.unwrap();
    assert_eq!(secrets_sent(&world), ["first", "second", "second"]);
    world.clock.advance(Duration::seconds(61));
    takes(&world, "first");
    client.for_app(&scopes("api://3/.default")).await.unwrap();
    assert_eq!(secrets_sent(&world)[3..], ["first"]);
}

/// Every number of Entra's that means the credential leads on to the next one.
#[tokio::test]
async fn entras_numbers_for_a_bad_credential_lead_on_to_the_next_one() {
    let world = World::start().await;
    world.provider.change_document(json!({"token_endpoint_auth_methods_supported": ["client_secret_post"]}));
    for code in [700_027, 700_024, 7_000_214, 7_000_215, 7_000_222, 1_000_502, 7_000_274, 7_000_277] {
        let client = world.client(json!({"client_credentials": [{"secret": "first"}, {"secret": "second"}]}));
        world.token.responds(move |fields| {
            if fields["client_secret"] == "second" {
                let body = json!({"token_type": "Bearer", "expires_in": 3600, "access_token": "token"});
                return Json(body).into_response();
            }
            (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_request", "error_codes": [code]}))).into_response()
        });
        client.for_app(&scopes(RESOURCE)).await.unwrap_or_else(|error| panic!("{code}: {error}"));
    }
    // Another mistake is not the credential's.
    let client = world.client(json!({"client_credentials": [{"secret": "first"}, {"secret": "second"}]}));
    let asked = world.token.count();
    world.token.answers(400, json!({"error": "unauthorized_client", "error_codes": [700_016]}));
    unavailable(client.for_app(&scopes(RESOURCE)).await);
    assert_eq!(world.token.count(), asked + 1);
}

#[tokio::test]
async fn a_certificate_that_is_renewed_file_by_file_never_takes_the_app_down() {
    let world = World::start().await;
    world.token.issues(json!({}));
    let (old, new) = (Pair::valid_until(2040), Pair::valid_until(2041));
    let client = world.client(json!({"client_credentials": [certificate(&world, &old)]}));
    let sent = || world.token.last().fields["client_assertion"].clone();
    write(&world, "certificate.pem", &new.certificate_pem());
    world.clock.advance(Duration::seconds(1));
    client.for_app(&scopes("api://1/.default")).await.unwrap();
    assert!(verifies(&sent(), &old, &RSA_PSS_2048_8192_SHA256), "the key does not belong to it yet");
    write(&world, "key.pem", &new.key_pem());
    world.clock.advance(Duration::seconds(1));
    client.for_app(&scopes("api://2/.default")).await.unwrap();
    assert!(verifies(&sent(), &new, &RSA_PSS_2048_8192_SHA256));
    std::fs::remove_file(world.folder.path().join("key.pem")).unwrap();
    world.clock.advance(Duration::seconds(1));
    client.for_app(&scopes("api://3/.default")).await.unwrap();
}

#[tokio::test]
async fn a_certificate_that_expires_gives_way_and_alone_says_so() {
    let world = World::start().await;
    world.token.issues(json!({}));
    // The double's clock stands in September 2026.
    let pair = Pair::valid_until(2026);
    let alone = world.client(json!({"client_credentials": [certificate(&world, &pair)]}));
    let list = json!({"client_credentials": [certificate(&world, &pair), {"secret": "s"}]});
    let with_another = world.client(list.clone());
    world.clock.advance(Duration::days(120));
    let reason = unavailable(alone.for_app(&scopes(RESOURCE)).await);
    assert!(reason.contains("expired on 2026-12-31") && reason.contains("client_credentials[0]"), "{reason}");
    with_another.for_app(&scopes(RESOURCE)).await.unwrap();
    // At start, too.
    let refused = world.try_client(json!({"client_credentials": [certificate(&world, &pair)]})).err().unwrap();
    assert!(refused.to_string().contains("`web.identity.client_credentials[0]` is a certificate that expired"));
    world.client(list).for_app(&scopes(RESOURCE)).await.unwrap();
    // And it is never too late.
    certificate(&world, &Pair::valid_until(2040));
    world.clock.advance(Duration::seconds(1));
    alone.for_app(&scopes(RESOURCE)).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_at_start_by_the_name_of_its_key() {
    let world = World::start().await;
    let (pair, other) = (Pair::valid_until(2040), Pair::valid_until(2040));
    let weak = pem("PRIVATE KEY", &STANDARD.decode(WEAK).unwrap());
    let elliptic = pem("EC PRIVATE KEY", &[0x30, 0]);
    let no_key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let certificate_of = |certificate: &str, key: &str| {
        let name = crate::platform::random::token();
        let certificate = write(&world, &format!("{name}.pem"), certificate);
        let key = write(&world, &format!("{name}.key"), key);
        json!([{"certificate": {"certificate_file": certificate, "private_key_file": key}}])
    };
    let signed =
        |text: &str| json!([{"signed_assertion": {"file": write(&world, &format!("{} parts", text.len()), text)}}]);
    let missing = world.folder.path().join("missing");
    let truncated = pem("CERTIFICATE", &pair.certificate[..200]);
    for (credentials, expected) in [
        (json!([]), "`web.identity.client_credentials` is empty"),
        (json!([{"secret": ""}]), "`web.identity.client_credentials[0].secret` is empty"),
        (json!([{"secret": "s"}, {"secret": {"file": missing}}]), "client_credentials[1].secret` names the file"),
        (json!([{"secret": {"env": "ERRAND_NOT_SET"}}]), "environment variable ERRAND_NOT_SET"),
        (json!([{"signed_assertion": {"file": missing}}]), "[0].signed_assertion.file` names the file"),
        (signed(""), "holds no signed assertion"),
        (signed("a.b"), "holds no signed assertion"),
        (signed("a.b.c d"), "holds no signed assertion"),
        (
            json!([{"certificate": {"certificate_file": missing, "private_key_file": missing}}]),
            "certificate_file` names",
        ),
        (certificate_of("", &pair.key_pem()), "certificate_file` names a file without a PEM certificate"),
        (certificate_of(&pair.key_pem(), &pair.key_pem()), "certificate_file` names a file without a PEM certificate"),
        (
            certificate_of(&truncated, &pair.key_pem()),
            "certificate_file` names a file whose certificate cannot be read",
        ),
        (certificate_of(&pair.certificate_pem(), ""), "private_key_file` names a file without an unencrypted"),
        (certificate_of(&pair.certificate_pem(), no_key), "private_key_file` names a file without an unencrypted"),
        (certificate_of(&pair.certificate_pem(), &elliptic), "private_key_file` names a file whose private key is not"),
        (certificate_of(&pair.certificate_pem(), &weak), "private_key_file` names a file whose private key has fewer"),
        (certificate_of(&pair.certificate_pem(), &other.key_pem()), "that does not belong to the certificate"),
    ] {
        let error = world.try_client(json!({"client_credentials": credentials})).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    }
    // Where a certificate cannot be read is kept as the cause; what may be a private key's file is quoted nowhere.
    let refused = |certificate: &str, key: &str| {
        let credentials = json!({"client_credentials": certificate_of(certificate, key)});
        let error = world.try_client(credentials).err().unwrap();
        let causes = std::iter::successors(error.source(), |&cause| cause.source());
        causes.map(|cause| format!("{cause} {cause:?}\n")).collect::<Vec<_>>()
    };
    let causes = refused(&truncated, &pair.key_pem());
    assert!(causes.last().unwrap().contains("DER"), "{causes:?}");
    for causes in [refused(&pair.key_pem(), &pair.key_pem()), refused(&pair.certificate_pem(), no_key)] {
        assert_eq!(causes.len(), 1, "{causes:?}");
    }
    for client_id in [json!(null), json!(""), json!(" ")] {
        let error = world.try_client(json!({"client_id": client_id})).err().unwrap().to_string();
        assert!(error.contains("`web.identity.client_id`"), "{error}");
    }
}
