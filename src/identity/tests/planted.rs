//! Errors end up in logs by `{:?}`, too, and by those of other apps: neither text of any of them holds a token or a secret.

use secrecy::SecretString;

use super::*;
use crate::identity::bearer::Verifier;
use crate::identity::id_token::{self, Expected, Of};
use crate::identity::testing::API;

const PLANTED: &str = "pLaNtEd-0123456789abcdef";

/// Every text of an error, its causes included.
fn texts(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(|error| format!("{error} {error:?} {error:#?}\n")).collect::<Vec<_>>().concat()
}

fn holds_none(what: &str, error: &(dyn std::error::Error + 'static), planted: &[&str]) {
    let texts = texts(error);
    for planted in planted.iter().filter(|planted| !planted.is_empty()) {
        assert!(!texts.contains(planted), "{what}: {texts}");
    }
}

#[tokio::test]
async fn no_error_about_a_token_holds_it() {
    let clock = Clock::system();
    let double = ProviderDouble::start(&clock).await;
    let verifier = Verifier::new(double.provider(), vec![API.to_owned()], None, clock.clone()).unwrap();
    let access_token = openidconnect::AccessToken::new(PLANTED.to_owned());
    let nonce = openidconnect::Nonce::new(PLANTED.to_owned());
    for changes in [
        json!({"iss": "https://evil.example"}),
        json!({"aud": "another"}),
        json!({"exp": 1}),
        json!({"nonce": "another", "at_hash": "another"}),
        json!({"sub": 7, "oid": 7}),
        json!({"scp": 7}),
        json!({"idtyp": "device"}),
        json!({"tid": BOB}),
        json!({"ver": "1.0"}),
        json!({"azp": 1}),
    ] {
        for token in [double.access_token(changes.clone()), double.id_token("another", changes.clone())] {
            let (signed, signature) = token.rsplit_once('.').unwrap();
            let (header, payload) = signed.split_once('.').unwrap();
            let forged = format!("{signed}.{PLANTED}");
            for token in [token.as_str(), &forged, &format!("{token}.{PLANTED}.x"), &format!("{header}.{PLANTED}.x")] {
                let planted = [PLANTED, header, payload, signature];
                if let Err(error) = verifier.examine(token).await {
                    holds_none("an access token", &error, &planted);
                    holds_none("what its caller is told", &error.refusal, &planted);
                }
                if let Err(error) = double.provider().verify_signature(token).await {
                    holds_none("a signature", &error, &planted);
                }
                let expected = Expected {
                    client_id: WEB,
                    trusted_audiences: &[],
                    of: Of::SignIn(&nonce),
                    access_token: &access_token,
                    now: clock.unix_seconds(),
                };
                let refused = id_token::verify(&double.provider(), token, &expected).await;
                holds_none("an ID token", &refused.err().expect("refused"), &planted);
            }
        }
    }
}

#[tokio::test]
async fn no_error_of_the_token_endpoint_holds_what_was_sent_or_answered() {
    let world = World::start().await;
    let secret = json!({"client_credentials": [{"secret": PLANTED}]});
    let tokens = world.tokens(secret).await;
    for (status, body) in [
        (200, format!("{{\"access_token\": \"{PLANTED}\"")),
        (200, PLANTED.to_owned()),
        (200, json!({"access_token": PLANTED, "token_type": "mac", "refresh_token": PLANTED}).to_string()),
        (200, json!({"access_token": format!("{PLANTED}\n"), "token_type": "Bearer"}).to_string()),
        (200, json!({"access_token": [PLANTED], "token_type": "Bearer", "id_token": PLANTED}).to_string()),
        (200, json!({"access_token": PLANTED, "expires_in": PLANTED, "token_type": 7}).to_string()),
        (400, json!({"error": "invalid_grant", "error_description": PLANTED}).to_string()),
        (400, json!({"error": "invalid_request", "error_description": PLANTED}).to_string()),
        (401, json!({"error": "invalid_client", "error_description": PLANTED}).to_string()),
        (400, format!("<html>{PLANTED}")),
        (500, PLANTED.to_owned()),
    ] {
        let customer = customer(&format!("{status}-{}", body.len()));
        world.sign_in(&tokens, &customer, 0).await;
        let status = StatusCode::from_u16(status).unwrap();
        let read = TokenEndpointError::read(status, body.as_bytes());
        holds_none("an answer", &read, &[PLANTED]);
        if let Ok(response) = serde_json::from_str::<TokenResponse>(&body) {
            assert!(!format!("{response:?}").contains(PLANTED), "{response:?}");
        }
        let answered = body.clone();
        world.token.responds(move |_| (status, answered.clone()).into_response());
        let error = tokens.for_user(&customer, &scopes(READ)).await.expect_err(&body);
        holds_none(&body, &error, &[PLANTED, "refresh-1", "token-of-the-sign-in"]);
    }
}

#[tokio::test]
async fn no_error_about_a_secret_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, format!("-----BEGIN PRIVATE KEY-----\n{PLANTED}\n-----END PRIVATE KEY-----\n")).unwrap();
    holds_none("a key ring", &KeyRing::parse(&[SecretString::from(PLANTED)]).err().unwrap(), &[PLANTED]);
    let world = World::start().await;
    let certificate = json!({"certificate": {"certificate_file": file, "private_key_file": file}});
    let refused = world.try_client(json!({ "client_credentials": [certificate] })).err().expect("no certificate");
    holds_none("a credential", &refused, &[PLANTED]);
    let sealed = KeyRing::parse(&[SecretString::from(KeyRing::generate())]).unwrap().seal("context", PLANTED);
    let other = KeyRing::parse(&[SecretString::from(KeyRing::generate())]).unwrap();
    holds_none("a seal", &other.open("context", &sealed).err().unwrap(), &[PLANTED]);
}
