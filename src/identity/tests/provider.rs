//! The provider against its double: rotation, floods of unknown keys, outages, forgeries.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::identity::jwt::JwtError;
use crate::identity::provider::{Provider, ProviderError, SignatureError};
use crate::identity::testing::{ProviderDouble, SigningKey, TENANT, sign};
use crate::platform::clock::Clock;

fn clock() -> Clock {
    Clock::manual(OffsetDateTime::from_unix_timestamp(1_800_000_000).expect("a date"))
}

async fn start() -> (ProviderDouble, Provider, Clock) {
    let clock = clock();
    let double = ProviderDouble::start(&clock).await;
    let provider = double.provider();
    (double, provider, clock)
}

/// Waits for what a background task will do soon.
async fn eventually(condition: impl Fn() -> bool) {
    for _ in 0..200 {
        if condition() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("it never happened");
}

#[tokio::test]
async fn tokens_of_every_allowed_algorithm_verify() {
    let (double, provider, _) = start().await;
    double.publish(&[SigningKey::first(), SigningKey::elliptic()]);
    for (key, algorithm) in
        [(SigningKey::first(), "RS256"), (SigningKey::first(), "PS256"), (SigningKey::elliptic(), "ES256")]
    {
        let token = key.sign(&json!({"alg": algorithm, "kid": key.id}), &json!({"sub": "me"}));
        let claims = provider.verify_signature(&token).await.expect(algorithm);
        assert_eq!(Value::Object(claims), json!({"sub": "me"}));
    }
    assert_eq!((double.discoveries(), double.key_fetches()), (1, 1));
}

#[tokio::test]
async fn further_algorithms_are_accepted_where_the_provider_announces_them() {
    let (double, silent, _) = start().await;
    let keys = [SigningKey::first(), SigningKey::elliptic(), SigningKey::larger_elliptic(), SigningKey::edwards()];
    double.publish(&keys);
    let further = [
        (SigningKey::first(), "RS384"),
        (SigningKey::first(), "RS512"),
        (SigningKey::first(), "PS384"),
        (SigningKey::first(), "PS512"),
        (SigningKey::larger_elliptic(), "ES384"),
        (SigningKey::edwards(), "EdDSA"),
    ];
    let claims = json!({"sub": "me"});
    for (key, algorithm) in further {
        let refused = silent.verify_signature(&key.sign_as(algorithm, &claims)).await;
        assert_eq!(refused, Err(SignatureError::Token(JwtError::AlgorithmNotAllowed)), "{algorithm}");
    }
    let names: Vec<&str> = further.iter().map(|(_, name)| *name).collect();
    double.change_document(json!({"id_token_signing_alg_values_supported": names}));
    let announced = double.provider();
    for (key, algorithm) in further {
        assert!(announced.verify_signature(&key.sign_as(algorithm, &claims)).await.is_ok(), "{algorithm}");
        // A signature with another hash of the same key.
        let lie = key.sign_as(if key.id == "first" { "RS256" } else { algorithm }, &claims);
        let (_, rest) = lie.split_once('.').expect("three parts");
        let header = URL_SAFE_NO_PAD.encode(json!({"alg": algorithm, "kid": key.id, "x": 1}).to_string());
        assert!(announced.verify_signature(&format!("{header}.{rest}")).await.is_err(), "{algorithm}");
    }
    // ES256 with the key of ES384, and the other way round.
    for (key, algorithm) in [(SigningKey::larger_elliptic(), "ES256"), (SigningKey::elliptic(), "ES384")] {
        let refused = announced.verify_signature(&key.sign_as(algorithm, &claims)).await;
        assert_eq!(refused, Err(SignatureError::Token(JwtError::KeyMismatch)), "{algorithm}");
    }
}

/// Firebase's moduli begin with a zero octet, which RFC 7518 §6.3.1.1 forbids.
#[tokio::test]
async fn a_modulus_with_leading_zeros_is_the_same_modulus() {
    let (double, provider, _) = start().await;
    let mut jwk = SigningKey::first().jwk();
    for name in ["n", "e"] {
        let bytes = URL_SAFE_NO_PAD.decode(jwk[name].as_str().expect("text")).expect("base64url");
        jwk[name] = json!(URL_SAFE_NO_PAD.encode([&[0, 0], bytes.as_slice()].concat()));
    }
    double.publish_jwks(json!({"keys": [jwk]}));
    assert!(provider.verify_signature(&sign(&json!({}))).await.is_ok());
}

/// While keys are rotated, some providers publish two under one id: each is tried, up to four.
#[tokio::test]
async fn of_several_keys_with_one_id_the_right_one_is_found() {
    let (double, provider, _) = start().await;
    let named = |key: &SigningKey| {
        let mut jwk = key.jwk();
        jwk["kid"] = json!("same");
        jwk
    };
    let (first, second) = (named(SigningKey::first()), named(SigningKey::second()));
    double.publish_jwks(json!({"keys": [second, first, named(SigningKey::elliptic())]}));
    for (key, algorithm) in
        [(SigningKey::first(), "RS256"), (SigningKey::second(), "RS256"), (SigningKey::elliptic(), "ES256")]
    {
        let token = key.sign(&json!({"alg": algorithm, "kid": "same"}), &json!({}));
        assert!(provider.verify_signature(&token).await.is_ok(), "{}", key.id);
    }
    double.publish_jwks(json!({"keys": [second, second, second, second, first]}));
    let token = SigningKey::first().sign(&json!({"alg": "RS256", "kid": "same"}), &json!({}));
    let refused = double.provider().verify_signature(&token).await;
    assert_eq!(refused, Err(SignatureError::Token(JwtError::Signature)), "the fifth is not tried");
}

#[tokio::test]
async fn a_token_signed_with_hs256_and_the_public_key_is_refused() {
    let (_double, provider, _) = start().await;
    let jwk = SigningKey::first().jwk();
    let modulus = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().expect("text")).expect("base64url");
    for secret in [modulus, jwk["n"].to_string().into_bytes(), jwk.to_string().into_bytes()] {
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(json!({"alg": "HS256", "kid": "first"}).to_string()),
            URL_SAFE_NO_PAD.encode(json!({"sub": "me"}).to_string())
        );
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &secret);
        let tag = aws_lc_rs::hmac::sign(&key, signed.as_bytes());
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag));
        assert_eq!(provider.verify_signature(&token).await, Err(SignatureError::Token(JwtError::AlgorithmNotAllowed)));
    }
}

#[tokio::test]
async fn forged_tokens_are_refused_without_asking_anybody() {
    let (double, provider, _) = start().await;
    double.publish(&[SigningKey::first(), SigningKey::elliptic()]);
    let sign = |header: Value| SigningKey::first().sign(&header, &json!({"sub": "me"}));
    let good = sign(json!({"alg": "RS256", "kid": "first"}));
    let unsigned = good.rsplit_once('.').expect("three parts").0.to_owned() + ".";
    let twice = SigningKey::first().sign_text(r#"{"alg":"RS256","kid":"first"}"#, r#"{"sub":"me","sub":"you"}"#);
    let refused = |error| Err::<(), _>(SignatureError::Token(error));
    for (name, token, expected) in [
        ("none", sign(json!({"alg": "none", "kid": "first"})), refused(JwtError::AlgorithmNotAllowed)),
        ("RS512", sign(json!({"alg": "RS512", "kid": "first"})), refused(JwtError::AlgorithmNotAllowed)),
        ("an EC key's id", sign(json!({"alg": "RS256", "kid": "elliptic"})), refused(JwtError::KeyMismatch)),
        ("an RSA key's id", sign(json!({"alg": "ES256", "kid": "first"})), refused(JwtError::KeyMismatch)),
        ("PS256 for RS256", good.replacen("eyJhbGciOiJSUzI1NiI", "eyJhbGciOiJQUzI1NiI", 1), {
            refused(JwtError::Signature)
        }),
        ("no signature", unsigned, refused(JwtError::Signature)),
        ("crit", sign(json!({"alg": "RS256", "kid": "first", "crit": ["exp"]})), refused(JwtError::Critical)),
        ("twice", twice, refused(JwtError::DuplicateMember)),
        ("kid as number", sign(json!({"alg": "RS256", "kid": 1})), refused(JwtError::HeaderType)),
    ] {
        assert_eq!(provider.verify_signature(&token).await.map(drop), expected, "{name}");
    }
    assert!(provider.verify_signature(&good).await.is_ok());
    // The wrong signatures share one further fetch.
    assert_eq!(double.key_fetches(), 2);
}

#[tokio::test]
async fn keys_that_a_token_brings_along_are_ignored_and_nothing_is_fetched_from_its_urls() {
    let (double, provider, clock) = start().await;
    let attacker = ProviderDouble::start(&clock).await;
    attacker.publish(&[SigningKey::second()]);
    let url = format!("{}/{TENANT}/discovery/v2.0/keys", attacker.origin);
    for kid in ["first", "second"] {
        let header = json!({
            "alg": "RS256", "kid": kid, "jku": url, "x5u": url, "jwk": SigningKey::second().jwk(), "x5c": ["AA=="],
        });
        assert!(provider.verify_signature(&SigningKey::second().sign(&header, &json!({}))).await.is_err());
    }
    assert_eq!((attacker.key_fetches(), attacker.discoveries()), (0, 0));
    // Ignored also means that they do no harm to a good token.
    let header = json!({"alg": "RS256", "kid": "first", "jku": url});
    assert!(provider.verify_signature(&SigningKey::first().sign(&header, &json!({}))).await.is_ok());
    assert_eq!(double.key_fetches(), 2);
}

/// Abuse cases 13 and 14.
#[tokio::test]
async fn ten_thousand_random_kids_cause_one_fetch_per_cooldown() {
    let (double, provider, clock) = start().await;
    assert!(provider.verify_signature(&sign(&json!({}))).await.is_ok());
    assert_eq!(double.key_fetches(), 1);
    for round in 1..=2 {
        let mut tasks = tokio::task::JoinSet::new();
        for i in 0..10_000 {
            let provider = provider.clone();
            let header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"RS256","kid":"random {round} {i}"}}"#));
            tasks.spawn(async move { provider.verify_signature(&format!("{header}.e30.AAAA")).await });
        }
        while let Some(result) = tasks.join_next().await {
            assert_eq!(result.expect("no panic"), Err(SignatureError::UnknownKey));
        }
        assert_eq!(double.key_fetches(), 1 + round);
        assert!(provider.verify_signature(&sign(&json!({}))).await.is_ok());
        clock.advance(Duration::seconds(60));
    }
}

#[tokio::test]
async fn a_rotated_key_is_found_at_once_under_a_new_id_and_under_the_old_one() {
    let (double, provider, clock) = start().await;
    assert!(provider.verify_signature(&sign(&json!({}))).await.is_ok());
    double.publish(&[SigningKey::second()]);
    let token = SigningKey::second().sign(&json!({"alg": "RS256", "kid": "second"}), &json!({}));
    assert!(provider.verify_signature(&token).await.is_ok());
    assert_eq!(provider.verify_signature(&sign(&json!({}))).await, Err(SignatureError::UnknownKey), "withdrawn");

    clock.advance(Duration::seconds(60));
    let mut reused = SigningKey::first().jwk();
    reused["kid"] = json!("second");
    double.publish_jwks(json!({"keys": [reused]}));
    let token = SigningKey::first().sign(&json!({"alg": "RS256", "kid": "second"}), &json!({}));
    assert!(provider.verify_signature(&token).await.is_ok());
    assert_eq!(double.key_fetches(), 3);
}

#[tokio::test]
async fn a_token_without_kid_needs_a_provider_with_one_key() {
    let (double, provider, _) = start().await;
    let token = SigningKey::first().sign(&json!({"alg": "RS256"}), &json!({}));
    assert!(provider.verify_signature(&token).await.is_ok());
    double.publish(&[SigningKey::first(), SigningKey::second()]);
    assert_eq!(double.provider().verify_signature(&token).await, Err(SignatureError::AmbiguousKey));
}

#[tokio::test]
async fn a_wrong_issuer_in_the_discovery_document_is_refused() {
    let (double, provider, _) = start().await;
    for issuer in ["https://evil.example".to_owned(), double.issuer() + "/", double.issuer().to_uppercase()] {
        double.change_document(json!({"issuer": issuer}));
        let error = double.provider().metadata().await.expect_err("refused");
        assert!(matches!(&error, ProviderError::Issuer { found, .. } if *found == issuer), "{error}");
    }
    double.change_document(json!({"issuer": double.issuer()}));
    let metadata = provider.metadata().await.expect("correct");
    assert_eq!((metadata.issuer.as_str(), metadata.tenant), (double.issuer().as_str(), Some(TENANT)));
    assert_eq!(metadata.end_session_endpoint.as_ref().map(url::Url::path).map(|p| p.ends_with("logout")), Some(true));
}

#[tokio::test]
async fn a_provider_that_is_down_is_asked_once_per_cooldown_and_recovers_by_itself() {
    let (double, provider, clock) = start().await;
    double.answer_with(StatusCode::BAD_GATEWAY);
    let ask_often = || async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let provider = provider.clone();
            tasks.spawn(async move { provider.metadata().await });
        }
        tasks.join_all().await
    };
    for result in ask_often().await {
        assert!(matches!(result, Err(ProviderError::Status { status: 502, .. })), "{result:?}");
    }
    assert_eq!(double.discoveries(), 1);
    double.answer_with(StatusCode::OK);
    assert!(provider.metadata().await.is_err(), "still cooling down");
    clock.advance(Duration::seconds(1));
    assert!(ask_often().await.iter().all(Result::is_ok));
    assert_eq!(double.discoveries(), 2);
}

#[tokio::test]
async fn known_keys_and_metadata_outlive_an_outage_of_the_provider() {
    let (double, provider, clock) = start().await;
    assert!(provider.verify_signature(&sign(&json!({}))).await.is_ok());
    double.answer_with(StatusCode::INTERNAL_SERVER_ERROR);
    for hours in [25, 48, 24 * 30] {
        clock.advance(Duration::hours(hours));
        assert!(provider.verify_signature(&sign(&json!({}))).await.is_ok());
        assert!(provider.metadata().await.is_ok());
    }
    // Whether a key that we do not know exists cannot be said now: not the token's fault.
    let unknown = SigningKey::second().sign(&json!({"alg": "RS256", "kid": "second"}), &json!({}));
    let result = provider.verify_signature(&unknown).await;
    assert!(matches!(result, Err(SignatureError::Provider(_))), "{result:?}");
}

#[tokio::test]
async fn a_day_old_document_is_renewed_in_the_background() {
    let (double, provider, clock) = start().await;
    assert!(provider.verify_signature(&sign(&json!({}))).await.is_ok());
    clock.advance(Duration::hours(23));
    assert!(provider.verify_signature(&sign(&json!({}))).await.is_ok());
    assert_eq!(double.key_fetches(), 1);
    clock.advance(Duration::hours(1));
    assert!(provider.verify_signature(&sign(&json!({}))).await.is_ok());
    eventually(|| double.key_fetches() == 2).await;
}

#[tokio::test]
async fn a_provider_without_usable_keys_is_an_error_and_keeps_the_old_ones() {
    let (double, provider, clock) = start().await;
    assert!(provider.verify_signature(&sign(&json!({}))).await.is_ok());
    double.publish_jwks(json!({"keys": [{"kty": "oct", "k": "AAAA"}]}));
    assert_eq!(
        double.provider().verify_signature(&sign(&json!({}))).await,
        Err(SignatureError::Provider(ProviderError::NoKeys))
    );
    clock.advance(Duration::hours(72));
    assert!(provider.verify_signature(&sign(&json!({}))).await.is_ok());
}

#[tokio::test]
async fn a_token_with_a_known_key_does_not_wait_for_one_with_an_unknown_key() {
    let (double, provider, _) = start().await;
    let known = sign(&json!({}));
    assert!(provider.verify_signature(&known).await.is_ok());
    double.fall_silent();
    let unknown = SigningKey::second().sign(&json!({"alg": "RS256", "kid": "second"}), &json!({}));
    let waiting = tokio::spawn({
        let provider = provider.clone();
        async move { provider.verify_signature(&unknown).await }
    });
    eventually(|| double.key_fetches() == 2).await;
    let quick = tokio::time::timeout(std::time::Duration::from_secs(2), provider.verify_signature(&known)).await;
    assert!(quick.expect("at once").is_ok());
    assert!(!waiting.is_finished());
    waiting.abort();
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_undo_the_fetch_that_its_token_caused() {
    let (double, provider, _) = start().await;
    assert!(provider.verify_signature(&sign(&json!({}))).await.is_ok());
    double.publish(&[SigningKey::second()]);
    let token = SigningKey::second().sign(&json!({"alg": "RS256", "kid": "second"}), &json!({}));
    {
        let hung_up = std::pin::pin!(provider.verify_signature(&token));
        assert!(futures::poll!(hung_up).is_pending(), "it asks the provider");
    }
    assert!(provider.verify_signature(&token).await.is_ok());
    assert_eq!(double.key_fetches(), 2);
}
