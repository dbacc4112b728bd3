//! What a page does that has no access token for its customer.

use super::*;
use crate::identity::{NextStep, Purpose};

#[tokio::test]
async fn a_customer_is_sent_to_the_provider_once_and_not_again_for_what_it_did_not_grant() {
    let app = TestApp::configured(json!({"initial_scopes": [READ]})).await;
    let page = app.identity.return_to("/todos");
    let after = |asked: &str, seconds: i64| {
        let at = app.clock.unix_millis() - seconds * 1000;
        let value = json!({
            "key": alice(), "name": null, "claims": {}, "signed_in_at": at, "browser": "", "ends_at": null, "asked": Scopes::parse(asked),
        });
        serde_json::from_value::<UserSession>(value).unwrap()
    };
    let required = |scopes: &str, claims: Option<&str>, consent| AcquireError::InteractionRequired {
        scopes: Scopes::parse(scopes),
        claims: claims.map(str::to_owned),
        consent,
        reason: "a test",
    };
    for (signed_in, error, purpose, goes) in [
        // The sign-in is over.
        (after(READ, 3600), required(READ, None, false), Purpose::SignIn, true),
        (after(READ, 11), required(READ, None, false), Purpose::SignIn, true),
        (after(READ, 1), required(READ, None, false), Purpose::Proof, false),
        // Never asked for.
        (after(READ, 1), required(WRITE, None, false), Purpose::Proof, true),
        (after(READ, 1), required(WRITE, None, true), Purpose::Consent, true),
        // Asked for, and not granted.
        (after(WRITE, 1), required(WRITE, None, true), Purpose::Consent, false),
        (after(&WRITE.to_uppercase(), 1), required(WRITE, None, true), Purpose::Consent, false),
        (after(&format!("{READ} {WRITE}"), 599), required(WRITE, None, true), Purpose::Consent, false),
        (after(WRITE, 601), required(WRITE, None, true), Purpose::Consent, true),
        (after(WRITE, -30), required(WRITE, None, true), Purpose::Consent, false),
        // Another proof each time.
        (after(READ, 1), required(READ, Some(CHALLENGE), false), Purpose::Proof, false),
        (after(READ, 30), required(READ, Some(CHALLENGE), false), Purpose::Proof, true),
    ] {
        let step = app.identity.next_step(&signed_in, &error, &page);
        let (found, found_url, found_goes) = match step {
            NextStep::Redirect { url, purpose } => (purpose, url, true),
            NextStep::NotGranted { url, purpose } => (purpose, url, false),
            other => panic!("{other:?}"),
        };
        assert_eq!((found, found_goes), (purpose, goes), "asked {} for {error:?}", signed_in.asked);
        assert!(found_url.starts_with("/auth/sign-in?return_to=%2Ftodos"), "{found_url}");
        assert_eq!(found_url.contains("challenge="), purpose != Purpose::SignIn, "{found_url}");
    }
    let others = [
        (AcquireError::unavailable("down"), NextStep::Unavailable),
        (AcquireError::Busy("many"), NextStep::Unavailable),
        (AcquireError::misconfigured("refused"), NextStep::Misconfigured),
    ];
    for (error, expected) in others {
        assert_eq!(app.identity.next_step(&after(READ, 3600), &error, &page), expected);
    }
}
