use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::routing::get;
use serde_json::json;
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::identity::builder::{App, AppConfig};
use crate::identity::testing::{ProviderDouble, SECRET, TENANT, WEB};
use crate::platform::clock::Clock;
use crate::platform::database;
use crate::platform::seal::KeyRing;

async fn open_app(provider: &ProviderDouble, folder: &TempDir, mut config: serde_json::Value) -> App {
    let base = json!({
        "mode": "development",
        "public_url": "http://localhost:3000",
        "database_url": database::test_url(folder.path()).await,
        "encryption_keys": [KeyRing::generate()],
        "identity": {
            "authority": provider.issuer(), "tenant_id": TENANT, "client_id": WEB,
            "client_credentials": [{"secret": SECRET}],
        },
        "downstream_apis": {"things": {"base_url": "https://api.example.com", "scopes": ["api://things/Read"]}},
    });
    config.as_object_mut().unwrap().extend(base.as_object().unwrap().clone());
    serde_json::from_value::<AppConfig>(config).unwrap().open().await.unwrap()
}

/// Status, every header and the body, as one text.
async fn look(app: &Router, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).header(header::HOST, "localhost:3000").body(Body::empty()).unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 64 * 1024).await.unwrap();
    (parts.status, format!("{:?}\n{}", parts.headers, String::from_utf8_lossy(&body)))
}

#[tokio::test]
async fn an_app_of_another_name_has_its_own_addresses_cookies_and_pages() {
    let provider = ProviderDouble::start(&Clock::system()).await;
    let folder = tempfile::tempdir().unwrap();
    let config = json!({
        "cookie_prefix": "things", "path_prefix": "/account/login", "home_page": "/welcome",
        "product_name": "Things & <Co>",
    });
    let App { identity, apis } = open_app(&provider, &folder, config).await;
    assert!(apis.get("things").is_some());
    let app = identity.mount(Router::new().route("/auth/page", get(async || "the app's own")));

    let (status, sign_in) = look(&app, "/account/login/sign-in?return_to=/auth/page").await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{sign_in}");
    assert!(sign_in.contains("redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Faccount%2Flogin%2Fredirect"), "{sign_in}");
    assert!(sign_in.contains("\"set-cookie\": \"things-sign-in-"), "{sign_in}");
    // Below its own prefix is a loop, below another app's is a page.
    assert_eq!(identity.return_to("/account/login/sign-in").as_str(), "/welcome");
    assert_eq!(identity.return_to("/auth/page?a=b").as_str(), "/auth/page?a=b");
    assert_eq!(identity.return_to("//evil.example").as_str(), "/welcome");
    assert_eq!(look(&app, "/auth/page").await.0, StatusCode::OK);
    assert_eq!(look(&app, "/auth/sign-in").await.0, StatusCode::NOT_FOUND);

    let (status, refused) = look(&app, "/account/login/redirect?code=x&state=y").await;
    assert!(status == StatusCode::SEE_OTHER && refused.contains("/account/login/problem?reason=expired"), "{refused}");
    let (status, page) = look(&app, "/account/login/problem?reason=%3Cscript%3E&return_to=//evil.example").await;
    assert!(status == StatusCode::OK && page.contains("Things &amp; &lt;Co&gt;"), "{page}");
    assert!(!page.contains("<script>") && !page.contains("evil.example"), "{page}");
    assert!(page.contains("/account/login/sign-in?return_to=%2Fwelcome&amp;again=true"), "{page}");
    let (_, signed_out) = look(&app, "/account/login/signed-out").await;
    assert!(signed_out.contains("\"location\": \"/welcome\""), "{signed_out}");
    for answer in [sign_in, refused, page, signed_out] {
        assert!(!answer.to_lowercase().contains("errand"), "{answer}");
    }
}

#[tokio::test]
async fn without_a_word_about_them_addresses_are_the_usual_ones() {
    let provider = ProviderDouble::start(&Clock::system()).await;
    let folder = tempfile::tempdir().unwrap();
    let App { identity, .. } = open_app(&provider, &folder, json!({})).await;
    let app = identity.mount(Router::new());
    assert_eq!(identity.sign_in_url(&identity.return_to("/a")), "/auth/sign-in?return_to=%2Fa");
    let (status, page) = look(&app, "/auth/problem?reason=unavailable").await;
    // The status belongs to the browser that was sent here.
    assert!(status == StatusCode::OK && page.contains("not possible at the moment"), "{page}");
}

#[test]
fn a_key_that_is_missing_or_unknown_is_named_with_the_file_and_the_variable_of_that_app() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("things.toml");
    let text = "public_url = \"https://things.example.com\"\nencryption_keys = []\n[identity]\n\
                authority = \"https://id.example\"\nclient_id = \"things\"\nclient_credentials = []\n";
    std::fs::write(&file, text).unwrap();
    let said = AppConfig::read(&file, "THINGS_").unwrap_err().to_string();
    assert!(said.contains("`database_url` is missing; set it in ") && said.contains("things.toml"), "{said}");
    assert!(said.contains("THINGS_DATABASE_URL") && !said.to_lowercase().contains("errand"), "{said}");
    std::fs::write(&file, format!("database_urk = \"sqlite::memory:\"\n{text}")).unwrap();
    let said = AppConfig::read(&file, "THINGS_").unwrap_err().to_string();
    assert!(said.contains("database_ur"), "{said}");
}
