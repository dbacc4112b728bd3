//! How a test of an app signs a customer in: against the embedded tenant, which behaves as an Entra External ID tenant
//! does, in the same process. (A test would be `#[tokio::test]` rather than a program.)

use std::error::Error;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, header};
use axum::routing::get;
use errand::identity::session::UserSession;
use errand::identity::{App, AppConfig};
use errand::platform::seal::KeyRing;
use errand::tenant::embed::EmbeddedTenant;
use serde_json::json;
use tower::ServiceExt as _;
use tower_sessions::Session;

const PASSWORD: &str = "correct horse battery staple";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let tenant = EmbeddedTenant::builder()
        .redirect_uri("http://localhost:3000/auth/redirect")
        .user("alice@example.com", PASSWORD)
        .start()
        .await?;
    let folder = tempfile::tempdir()?;
    let config: AppConfig = serde_json::from_value(json!({
        "mode": "development",
        "public_url": "http://localhost:3000",
        "database_url": format!("sqlite:{}", folder.path().join("web.db").display()),
        "encryption_keys": [KeyRing::generate()],
        "identity": {
            "authority": tenant.issuer(),
            "client_id": tenant.client_id(),
            "client_credentials": [{ "secret": tenant.client_secret() }],
        },
    }))?;
    let App { identity, .. } = config.open().await?;
    let app = identity.mount(Router::new().route("/", get(whoami)));

    // To the provider, which sends the customer back with a code.
    let response = ask(&app, "/auth/sign-in", &[]).await?;
    let cookies = cookies(&response);
    let back = tenant.sign_in(location(&response)?, "alice@example.com", PASSWORD).await?;
    let response = ask(&app, &back[url::Position::BeforePath..], &cookies).await?;
    assert_eq!(location(&response)?, "/");

    let page = ask(&app, "/", &self::cookies(&response)).await?;
    let page = String::from_utf8(to_bytes(page.into_body(), 1024).await?.to_vec())?;
    assert_eq!(page, "Hello, alice@example.com");
    println!("{page}");
    Ok(())
}

async fn whoami(session: Session) -> String {
    match UserSession::load(&session).await {
        Ok(Some(signed_in)) => format!("Hello, {}", signed_in.claim("email").unwrap_or_default()),
        _ => "Hello, whoever you are".to_owned(),
    }
}

async fn ask(app: &Router, address: &str, cookies: &[String]) -> Result<Response<Body>, Box<dyn Error>> {
    let request =
        Request::get(address).header(header::HOST, "localhost:3000").header(header::COOKIE, cookies.join("; "));
    Ok(app.clone().oneshot(request.body(Body::empty())?).await?)
}

fn location(response: &Response<Body>) -> Result<&str, Box<dyn Error>> {
    Ok(response.headers().get(header::LOCATION).ok_or("there is no redirect")?.to_str()?)
}

/// What a browser would send back.
fn cookies(response: &Response<Body>) -> Vec<String> {
    let set = response.headers().get_all(header::SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
    let live = set.filter(|cookie| !cookie.contains("Max-Age=0"));
    live.filter_map(|cookie| cookie.split(';').next()).map(str::to_owned).collect()
}
