//! Clients that prove themselves by a signed assertion.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, Header};
use secrecy::SecretString;
use serde_json::json;

use super::super::config::FederatedCredential;
use super::*;
use crate::platform::config::SecretSource;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ISSUER: &str = "https://kubernetes.example";
const SUBJECT: &str = "system:serviceaccount:errand:admin";

/// A key with its certificate.
struct Credential {
    signer: EncodingKey,
    certificate: Vec<u8>,
    public_key: Vec<u8>,
    /// The `RSAPublicKey`.
    pkcs1: Vec<u8>,
}

static REGISTERED: LazyLock<Credential> = LazyLock::new(|| Credential::new("20260101000000Z", "20271231235959Z"));
static STRANGER: LazyLock<Credential> = LazyLock::new(|| Credential::new("20260101000000Z", "20271231235959Z"));
static EXPIRED: LazyLock<Credential> = LazyLock::new(|| Credential::new("20240101000000Z", "20250101000000Z"));

/// One element of DER (X.690 §8.1).
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut element = vec![tag];
    match length {
        0..0x80 => element.push(length.try_into().expect("short")),
        0x80..0x100 => element.extend([0x81, length.try_into().expect("one byte")]),
        _ => {
            element.push(0x82);
            element.extend(u16::try_from(length).expect("two bytes").to_be_bytes());
        }
    }
    element.extend(content);
    element
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

impl Credential {
    /// A certificate by nobody in particular: the administrator registers it as it is.
    fn new(from: &str, to: &str) -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("a key");
        let pkcs8 = pair.as_der().expect("DER");
        let public_key = AsDer::<PublicKeyX509Der>::as_der(pair.public_key()).expect("DER");
        let public_key = public_key.as_ref().to_vec();
        let (name, algorithm) = (der(0x30, &[]), der(0x30, &der(0x06, &[0x2a])));
        let validity = der(0x30, &[der(0x18, from.as_bytes()), der(0x18, to.as_bytes())].concat());
        let version = der(0xa0, &der(0x02, &[2]));
        let parts = [version, der(0x02, &[1]), algorithm.clone(), name.clone(), validity, name, public_key.clone()];
        let certificate = der(0x30, &[der(0x30, &parts.concat()), algorithm, der(0x03, &[0])].concat());
        Self {
            signer: EncodingKey::from_rsa_der(&pkcs8.as_ref()[26..]),
            certificate,
            public_key,
            pkcs1: pair.public_key().as_ref().to_vec(),
        }
    }

    fn x5t_s256(&self) -> String {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.certificate);
        URL_SAFE_NO_PAD.encode(digest)
    }

    fn x5t(&self) -> String {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, &self.certificate);
        URL_SAFE_NO_PAD.encode(digest)
    }

    fn header(&self) -> Header {
        Header { x5t_s256: Some(self.x5t_s256()), ..Header::new(Algorithm::PS256) }
    }

    fn sign(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.signer).expect("signed")
    }
}

fn with_certificates(config: &mut config::Config) {
    let daemon = config.apps.iter_mut().find(|app| app.name == "Daemon").expect("registered");
    daemon.certificates = [&*EXPIRED, &*REGISTERED]
        .map(|credential| SecretSource::Value(SecretString::from(pem("CERTIFICATE", &credential.certificate))))
        .to_vec();
}

/// Each assertion authenticates once.
fn once(config: &mut config::Config) {
    with_certificates(config);
    config.client_assertion_reuse = config::ClientAssertionReuse::Refuse;
}

impl TestTenant {
    /// What the daemon says of itself, with some claims changed or (with null) left out.
    fn claim(&self, changes: Value) -> Value {
        let now = self.clock.unix_seconds();
        let mut claims = json!({
            "iss": DAEMON,
            "sub": DAEMON,
            "aud": format!("http://localhost:3002/{TENANT}/oauth2/v2.0/token"),
            "exp": now + 600,
            "nbf": now,
            "iat": now,
            "jti": random::token(),
        });
        let all = claims.as_object_mut().expect("an object");
        for (name, value) in changes.as_object().expect("an object") {
            all.insert(name.clone(), value.clone());
        }
        all.retain(|_, value| !value.is_null());
        claims
    }

    async fn with_assertion(&self, assertion: &str, changes: &[(&str, &str)]) -> Answer {
        let scope = format!("api://{API}/.default");
        let mut all = vec![
            ("grant_type", "client_credentials"),
            ("client_id", DAEMON),
            ("client_secret", ""),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion),
            ("scope", &scope),
        ];
        all.retain(|(name, _)| !changes.iter().any(|(n, _)| n == name));
        all.extend(changes);
        self.token(&all).await
    }
}

#[tokio::test]
async fn a_client_proves_itself_by_its_certificate() {
    let t = TestTenant::start_with(with_certificates).await;
    let rs256 = Header { x5t: Some(REGISTERED.x5t()), ..Header::new(Algorithm::RS256) };
    let both = Header { x5t: Some(REGISTERED.x5t()), kid: Some("whatever".to_owned()), ..REGISTERED.header() };
    for header in [&REGISTERED.header(), &rs256, &both] {
        for audience in [
            json!(format!("http://localhost:3002/{TENANT}/oauth2/v2.0/token")),
            json!("http://localhost:3002/errand.example/oauth2/v2.0/token"),
            json!([t.tenant.issuer(), "https://elsewhere.example"]),
        ] {
            let assertion = REGISTERED.sign(header, &t.claim(json!({ "aud": audience })));
            let answer = t.with_assertion(&assertion, &[]).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
            let claims = t.claims(&answer.json()["access_token"]).await;
            assert_eq!((&claims["azp"], &claims["azpacr"]), (&DAEMON.into(), &"2".into()));
        }
    }
    let assertion = REGISTERED.sign(&REGISTERED.header(), &t.claim(json!({ "nbf": null, "iat": null })));
    let without_id = t.with_assertion(&assertion, &[("client_id", "")]).await;
    assert_eq!(without_id.status, StatusCode::OK, "RFC 7521 §4.2: {}", without_id.text());
    let secret = [("client_id", DAEMON), ("client_secret", "the daemon's"), ("grant_type", "client_credentials")];
    let scope = format!("api://{API}/.default");
    let by_secret = t.token(&[&secret[..], &[("scope", &scope)]].concat()).await;
    assert_eq!(by_secret.status, StatusCode::OK, "the secret works still");
}

#[tokio::test]
async fn where_an_assertion_works_once_one_that_was_used_before_is_refused_even_after_a_restart() {
    let t = TestTenant::start_with(once).await;
    let assertion = REGISTERED.sign(&REGISTERED.header(), &t.claim(json!({})));
    assert_eq!(t.with_assertion(&assertion, &[]).await.status, StatusCode::OK);
    assert_eq!(t.with_assertion(&assertion, &[]).await.error(), (401, "invalid_client".to_owned(), 50_013));
    let t = t.restart_with(once).await;
    t.clock.advance(Duration::seconds(659));
    assert_eq!(t.with_assertion(&assertion, &[]).await.error(), (401, "invalid_client".to_owned(), 50_013));

    let assertion = REGISTERED.sign(&REGISTERED.header(), &t.claim(json!({})));
    let attempts = futures::future::join_all((0..10).map(|_| t.with_assertion(&assertion, &[]))).await;
    assert_eq!(attempts.iter().filter(|answer| answer.status == StatusCode::OK).count(), 1, "of ten in parallel");
}

#[tokio::test]
async fn where_an_assertion_works_once_it_has_an_id_and_an_hour_at_most() {
    let t = TestTenant::start_with(once).await;
    let now = t.clock.unix_seconds();
    for (changes, code) in [
        (json!({ "exp": now + 3600 + 61 }), 700_024),
        (json!({ "exp": 1e300 }), 700_024),
        (json!({ "jti": null }), 50_027),
        (json!({ "jti": "" }), 50_027),
        (json!({ "jti": "x".repeat(257) }), 50_027),
    ] {
        let assertion = REGISTERED.sign(&REGISTERED.header(), &t.claim(changes.clone()));
        let refused = t.with_assertion(&assertion, &[]).await;
        assert_eq!(refused.error(), (401, "invalid_client".to_owned(), code), "{changes}");
    }
}

#[tokio::test]
async fn a_client_assertion_may_be_used_until_it_expires_and_leaves_nothing_behind() {
    let t = TestTenant::start_with(with_certificates).await;
    let assertion = REGISTERED.sign(&REGISTERED.header(), &t.claim(json!({})));
    for _ in 0..3 {
        assert_eq!(t.with_assertion(&assertion, &[]).await.status, StatusCode::OK);
        t.clock.advance(Duration::minutes(3));
    }
    let kept: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM client_assertions").fetch_one(t.tenant.db()).await.expect("SQL");
    assert_eq!(kept, 0);
    t.clock.advance(Duration::minutes(2));
    assert_eq!(t.with_assertion(&assertion, &[]).await.error(), (401, "invalid_client".to_owned(), 700_024));
}

#[tokio::test]
async fn a_thumbprint_with_padding_names_the_same_certificate() {
    let t = TestTenant::start_with(with_certificates).await;
    let padded = |thumbprint: String| format!("{thumbprint}{}", "=".repeat((4 - thumbprint.len() % 4) % 4));
    for (x5t, x5t_s256, status) in [
        (Some(padded(REGISTERED.x5t())), None, StatusCode::OK),
        (None, Some(padded(REGISTERED.x5t_s256())), StatusCode::OK),
        (Some(padded(REGISTERED.x5t())), Some(padded(REGISTERED.x5t_s256())), StatusCode::OK),
        (None, Some(padded(STRANGER.x5t_s256())), StatusCode::UNAUTHORIZED),
        (None, Some(format!("{}==", REGISTERED.x5t_s256())), StatusCode::UNAUTHORIZED),
        (None, Some("====".to_owned()), StatusCode::UNAUTHORIZED),
    ] {
        let header = Header { x5t, x5t_s256, ..Header::new(Algorithm::RS256) };
        let answer = t.with_assertion(&REGISTERED.sign(&header, &t.claim(json!({}))), &[]).await;
        assert_eq!(answer.status, status, "{header:?}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_client_assertion_that_is_not_the_clients_own_for_this_tenant_and_now_is_refused() {
    let t = TestTenant::start_with(with_certificates).await;
    let now = t.clock.unix_seconds();
    for (changes, code) in [
        (json!({ "iss": WEB }), 700_211),
        (json!({ "iss": ISSUER }), 700_211),
        (json!({ "sub": WEB }), 700_213),
        (json!({ "aud": "https://elsewhere.example/token" }), 700_023),
        (json!({ "aud": "http://localhost:3002" }), 700_023),
        (json!({ "aud": [] }), 700_023),
        (json!({ "exp": null }), 700_024),
        (json!({ "exp": now - 60 }), 700_024),
        (json!({ "nbf": now + 61 }), 700_024),
        (json!({ "iat": now + 61 }), 700_024),
        (json!({ "aud": null }), 50_027),
        (json!({ "exp": "soon" }), 50_027),
    ] {
        let assertion = REGISTERED.sign(&REGISTERED.header(), &t.claim(changes.clone()));
        assert_eq!(
            t.with_assertion(&assertion, &[]).await.error(),
            (401, "invalid_client".to_owned(), code),
            "{changes}"
        );
    }
    let named = |x5t: Option<String>, x5t_s256: Option<String>, kid: Option<String>| Header {
        x5t,
        x5t_s256,
        kid,
        ..Header::new(Algorithm::PS256)
    };
    for (what, header, signer, code) in [
        ("another key", REGISTERED.header(), &*STRANGER, 700_027),
        ("an unknown certificate", STRANGER.header(), &*STRANGER, 700_027),
        ("an expired certificate", EXPIRED.header(), &*EXPIRED, 1_000_502),
        ("no certificate", named(None, None, None), &*REGISTERED, 700_027),
        ("two certificates", named(Some(EXPIRED.x5t()), Some(REGISTERED.x5t_s256()), None), &*REGISTERED, 700_027),
        ("the wrong kind", named(Some(REGISTERED.x5t_s256()), None, None), &*REGISTERED, 700_027),
        ("an algorithm of no use", Header { alg: Algorithm::RS512, ..REGISTERED.header() }, &*REGISTERED, 50_027),
    ] {
        let answer = t.with_assertion(&signer.sign(&header, &t.claim(json!({}))), &[]).await;
        assert_eq!(answer.error(), (401, "invalid_client".to_owned(), code), "{what}");
        assert_eq!(answer.header(header::WWW_AUTHENTICATE), "Basic realm=\"token\", charset=\"UTF-8\"", "{what}");
    }
}

#[tokio::test]
async fn a_forged_client_assertion_is_refused() {
    let t = TestTenant::start_with(with_certificates).await;
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = encode(&t.claim(json!({})));
    let x5t_s256 = REGISTERED.x5t_s256();
    let none = encode(&json!({ "alg": "none", "x5t#S256": x5t_s256 }));
    // HS256 with the certificate, which is no secret, as its key.
    let header = Header { alg: Algorithm::HS256, ..REGISTERED.header() };
    let hs256 = jsonwebtoken::encode(&header, &t.claim(json!({})), &EncodingKey::from_secret(&REGISTERED.certificate));
    let crit = encode(&json!({ "alg": "PS256", "x5t#S256": x5t_s256, "crit": ["exp"], "exp": 1 }));
    let twice = format!(r#"{{"alg":"PS256","alg":"none","x5t#S256":"{x5t_s256}"}}"#);
    let twice = URL_SAFE_NO_PAD.encode(twice);
    let honest = REGISTERED.sign(&REGISTERED.header(), &t.claim(json!({})));
    let (_, signature) = honest.rsplit_once('.').expect("a JWT");
    for (what, assertion) in [
        ("alg none", format!("{none}.{claims}.")),
        ("HS256", hs256.expect("signed")),
        ("crit", format!("{crit}.{claims}.{signature}")),
        ("a member twice", format!("{twice}.{claims}.{signature}")),
        ("other claims", format!("{}.{claims}.{signature}", honest.split('.').next().expect("a header"))),
        ("no signature", honest.rsplit_once('.').expect("a JWT").0.to_owned()),
        ("four parts", format!("{honest}.x")),
        ("too long", format!("{honest}{}", "A".repeat(16 * 1024))),
        ("nothing like it", "x".to_owned()),
    ] {
        let answer = t.with_assertion(&assertion, &[]).await;
        assert_eq!((answer.status, answer.error().1.as_str()), (StatusCode::UNAUTHORIZED, "invalid_client"), "{what}");
        assert!(!answer.text().contains(&x5t_s256), "{what}");
    }
    for changes in [
        &[("client_secret", "the daemon's")][..],
        &[("client_assertion_type", "")],
        &[("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer")],
        &[("client_assertion", "")],
    ] {
        let refused = t.with_assertion(&honest, changes).await;
        assert_eq!((refused.status, refused.error().1.as_str()), (StatusCode::BAD_REQUEST, "invalid_request"));
    }
    let other = t.with_assertion(&honest, &[("client_id", WEB)]).await;
    assert_eq!(other.error().1, "invalid_client", "an assertion for another client");
    assert_eq!(t.with_assertion(&honest, &[]).await.status, StatusCode::OK, "none of these used it up");
}

fn federated(key_file: Option<std::path::PathBuf>, jwks_uri: Option<String>) -> FederatedCredential {
    FederatedCredential {
        issuer: ISSUER.to_owned(),
        subject: SUBJECT.to_owned(),
        audience: "api://AzureADTokenExchange".to_owned(),
        key_file,
        jwks_uri,
    }
}

fn register(config: &mut config::Config, credential: FederatedCredential) {
    let daemon = config.apps.iter_mut().find(|app| app.name == "Daemon").expect("registered");
    daemon.federated_credentials.push(credential);
}

impl TestTenant {
    fn federated_claims(&self, changes: Value) -> Value {
        let mut claims = self.claim(json!({
            "iss": ISSUER,
            "sub": SUBJECT,
            "aud": ["api://AzureADTokenExchange"],
            "exp": self.clock.unix_seconds() + 86_400,
            "jti": null,
        }));
        let all = claims.as_object_mut().expect("an object");
        all.extend(changes.as_object().expect("an object").clone());
        claims
    }
}

#[tokio::test]
async fn a_federated_issuers_assertion_is_the_apps_when_issuer_subject_and_audience_are_registered() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("issuer.pem");
    std::fs::write(&file, pem("PUBLIC KEY", &REGISTERED.public_key)).expect("written");
    let t = TestTenant::start_with(|config| register(config, federated(Some(file.clone()), None))).await;
    let header = Header::new(Algorithm::RS256);
    let assertion = REGISTERED.sign(&header, &t.federated_claims(json!({})));
    for _ in 0..2 {
        let answer = t.with_assertion(&assertion, &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "a workload has one for a while: {}", answer.text());
        assert_eq!(t.claims(&answer.json()["access_token"]).await["azpacr"], "2");
    }
    assert_eq!(t.with_assertion(&assertion, &[("client_id", "")]).await.error().2, 700_016, "whose would it be?");
    for (changes, code) in [
        (json!({ "iss": "https://kubernetes.example/" }), 700_211),
        (json!({ "sub": "system:serviceaccount:errand:other" }), 700_213),
        (json!({ "aud": t.tenant.issuer() }), 700_212),
        (json!({ "exp": t.clock.unix_seconds() - 60 }), 700_024),
    ] {
        let assertion = REGISTERED.sign(&header, &t.federated_claims(changes.clone()));
        assert_eq!(
            t.with_assertion(&assertion, &[]).await.error(),
            (401, "invalid_client".to_owned(), code),
            "{changes}"
        );
    }
    let forged = STRANGER.sign(&header, &t.federated_claims(json!({})));
    assert_eq!(t.with_assertion(&forged, &[]).await.error().2, 700_027);
    let own = REGISTERED.sign(&header, &t.claim(json!({})));
    assert_eq!(t.with_assertion(&own, &[]).await.error().2, 700_027, "the issuer's key is not the app's");
    let others = t.with_assertion(&assertion, &[("client_id", WEB)]).await;
    assert_eq!(others.error().2, 700_211, "another app has no such credential");

    // The issuer has changed its key.
    std::fs::write(&file, pem("PUBLIC KEY", &STRANGER.public_key)).expect("written");
    assert_eq!(t.with_assertion(&forged, &[]).await.status, StatusCode::OK);
    std::fs::remove_file(&file).expect("removed");
    assert_eq!(t.with_assertion(&forged, &[]).await.status, StatusCode::SERVICE_UNAVAILABLE);
}

/// `RSAPublicKey` to JWK: both numbers, two to four bytes of tag and length before each.
fn jwk(credential: &Credential, kid: &str) -> Value {
    let modulus = &credential.pkcs1[9..265];
    json!({ "kty": "RSA", "use": "sig", "kid": kid, "n": URL_SAFE_NO_PAD.encode(modulus), "e": "AQAB" })
}

#[tokio::test]
async fn a_federated_issuers_published_keys_are_fetched_once_and_again_for_an_unknown_one() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    let asked = Arc::new(AtomicUsize::new(0));
    let published = Arc::new(Mutex::new(json!({ "keys": [jwk(&REGISTERED, "one"), { "kty": "EC", "crv": "P-256" }] })));
    let (counter, document) = (asked.clone(), published.clone());
    let issuer = Router::new().route(
        "/keys",
        axum::routing::get(async move || {
            counter.fetch_add(1, Ordering::SeqCst);
            axum::Json(document.lock().expect("not poisoned").clone())
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let uri = format!("http://{}/keys", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async { axum::serve(listener, issuer).await });

    let t = TestTenant::start_with(|config| register(config, federated(None, Some(uri)))).await;
    let signed = |credential: &Credential, kid: &str| {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::RS256) };
        credential.sign(&header, &t.federated_claims(json!({})))
    };
    for _ in 0..3 {
        let answer = t.with_assertion(&signed(&REGISTERED, "one"), &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    }
    for _ in 0..3 {
        assert_eq!(t.with_assertion(&signed(&STRANGER, "two"), &[]).await.error().2, 700_027);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1, "not for every unknown key");
    assert_eq!(t.with_assertion(&signed(&STRANGER, "one"), &[]).await.error().2, 700_027, "the wrong key's signature");

    *published.lock().expect("not poisoned") = json!({ "keys": [jwk(&STRANGER, "two")] });
    t.clock.advance(Duration::minutes(1));
    assert_eq!(t.with_assertion(&signed(&STRANGER, "two"), &[]).await.status, StatusCode::OK, "a new key");
    assert_eq!(t.with_assertion(&signed(&REGISTERED, "one"), &[]).await.error().2, 700_027, "it was withdrawn");
    assert_eq!(asked.load(Ordering::SeqCst), 2);

    server.abort();
    let _ = server.await;
    t.clock.advance(Duration::hours(2));
    let answer = t.with_assertion(&signed(&STRANGER, "two"), &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "the issuer is down: its last keys count. {}", answer.text());
    assert_eq!(t.with_assertion(&signed(&STRANGER, "three"), &[]).await.error().2, 700_027);
}

#[tokio::test]
async fn a_bare_public_key_is_named_by_its_thumbprint() {
    let t = TestTenant::start_with(|config| {
        let key = pem("PUBLIC KEY", &REGISTERED.public_key);
        let daemon = config.apps.iter_mut().find(|app| app.name == "Daemon").expect("registered");
        daemon.certificates = vec![SecretSource::Value(SecretString::from(key))];
    })
    .await;
    let jwk = jwk(&REGISTERED, "");
    let thumbprint = hash::sha256_base64url(&format!(r#"{{"e":"AQAB","kty":"RSA","n":{}}}"#, jwk["n"]));
    let header = Header { kid: Some(thumbprint), ..Header::new(Algorithm::PS256) };
    let answer = t.with_assertion(&REGISTERED.sign(&header, &t.claim(json!({}))), &[]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let by_certificate = REGISTERED.sign(&REGISTERED.header(), &t.claim(json!({})));
    assert_eq!(t.with_assertion(&by_certificate, &[]).await.error().2, 700_027, "none is registered");
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_stops_the_tenant() {
    let chain = [pem("CERTIFICATE", &REGISTERED.certificate), pem("CERTIFICATE", &STRANGER.certificate)].concat();
    let both = [pem("CERTIFICATE", &REGISTERED.certificate), pem("PRIVATE KEY", b"secret")].concat();
    let short = der(0x30, &[der(0x02, &[0x7f; 128]), der(0x02, &[1, 0, 1])].concat());
    let algorithm = der(0x30, &der(0x06, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1]));
    let short = der(0x30, &[algorithm, der(0x03, &[&[0][..], &short].concat())].concat());
    let curve =
        der(0x30, &[der(0x30, &der(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1])), der(0x03, &[0; 66])].concat());
    for (pem, said) in [
        ("MIIB", "is not PEM"),
        (&pem("PRIVATE KEY", b"secret"), "holds a private key"),
        (&pem("RSA PRIVATE KEY", b"secret"), "holds a private key"),
        (&both, "holds more than one PEM block"),
        (&chain, "holds more than one PEM block"),
        (&pem("CERTIFICATE REQUEST", &REGISTERED.certificate), "is neither"),
        (&pem("CERTIFICATE", &REGISTERED.public_key), "is damaged"),
        (&pem("CERTIFICATE", &REGISTERED.certificate[..300]), "is damaged"),
        (&pem("PUBLIC KEY", &short), "2048 bits"),
        (&pem("PUBLIC KEY", &curve), "2048 bits"),
    ] {
        let mut config = configuration("sqlite:unused.db");
        config.apps[0].certificates = vec![SecretSource::Value(SecretString::from(pem.to_owned()))];
        let error = config.check(Mode::Development).err().unwrap_or_else(|| panic!("accepted: {said}"));
        let refused = error.to_string();
        assert!(refused.contains("`tenant.apps.0.certificates`") && refused.contains(said), "{refused}");
        // Where the reading ends is kept.
        let cause = std::error::Error::source(&error).and_then(|cause| cause.source()).map(ToString::to_string);
        assert_eq!(cause.is_some_and(|cause| cause.contains("DER")), said == "is damaged", "{refused}");
    }
    for (credential, said) in [
        (federated(None, None), "either a key_file or a jwks_uri"),
        (federated(Some("/does/not/exist".into()), None), "cannot be read"),
        (federated(None, Some("keys.json".to_owned())), "absolute"),
        (
            FederatedCredential { subject: String::new(), ..federated(None, Some("https://x.example".to_owned())) },
            "empty",
        ),
        (
            FederatedCredential { issuer: API.to_owned(), ..federated(None, Some("https://x.example".to_owned())) },
            "itself",
        ),
    ] {
        let mut config = configuration("sqlite:unused.db");
        config.apps[0].federated_credentials = vec![credential];
        let refused = config.check(Mode::Development).err().unwrap_or_else(|| panic!("accepted: {said}")).to_string();
        assert!(refused.contains(said), "{refused}");
    }
}
