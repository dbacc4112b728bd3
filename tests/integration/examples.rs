//! The programs of `examples/`, as somebody would run them who builds an app of their own on this package.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri, header};
use axum::{Json, Router};
use errand::platform::seal::KeyRing;
use errand::tenant::embed::EmbeddedTenant;
use reqwest::StatusCode;
use serde_json::{Value, from_value, json};
use url::Url;

use crate::test_browser::{Browser, http};
use crate::test_errand::{PASSWORD, closed_port};

/// Where `cargo test` put an example.
fn program(example: &str) -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let path = here.ancestors().nth(2).unwrap().join("examples").join(example);
    assert!(path.exists(), "{} is not built: cargo build --features ssr --examples", path.display());
    path
}

fn command(example: &str, folder: &Path) -> Command {
    let mut command = Command::new(program(example));
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// A program that is stopped when dropped.
struct Running(Child);

impl Running {
    async fn start(example: &str, folder: &Path, port: u16) -> Self {
        let mut command = command(example, folder);
        let mut running = Self(command.env("LISTEN", format!("127.0.0.1:{port}")).spawn().unwrap());
        for _ in 0..500 {
            assert_eq!(running.0.try_wait().unwrap(), None, "{example} ended");
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return running;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{example} does not listen");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().and_then(|()| self.0.wait()).unwrap();
    }
}

fn write(folder: &Path, file: &str, configuration: &Value) {
    std::fs::write(folder.join(file), toml::to_string(configuration).unwrap()).unwrap();
}

#[tokio::test]
async fn a_customer_signs_up_at_the_example_app_which_calls_the_example_api_and_a_daemon_calls_it_too() {
    let (web_port, api_port) = (closed_port(), closed_port());
    let (web, api) = (format!("http://localhost:{web_port}"), format!("http://localhost:{api_port}"));
    let tenant = EmbeddedTenant::builder()
        .redirect_uri(&format!("{web}/auth/redirect"))
        .post_logout_redirect_uri(&format!("{web}/auth/signed-out"))
        .api("api://things", &["Things.Read"])
        .configure(|config| {
            let role = json!({ "value": "Things.Read.All", "display_name": "Read all things" });
            config.apps[1].app_roles.push(from_value(role).unwrap());
            config.apps[0].permissions[0].roles.push("Things.Read.All".to_owned());
        })
        .start()
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let identity = json!({
        "authority": tenant.issuer(),
        "client_id": tenant.client_id(),
        "client_credentials": [{ "secret": tenant.client_secret() }],
    });
    let things = |scope: &str| json!({ "base_url": api, "relative_path": "things", "scopes": [scope] });
    write(
        folder.path(),
        "web.toml",
        &json!({
            "mode": "development",
            "public_url": web,
            "database_url": "sqlite:web.db",
            "encryption_keys": [KeyRing::generate()],
            "identity": identity,
            "downstream_apis": { "things": things("api://things/Things.Read") },
        }),
    );
    write(
        folder.path(),
        "api.toml",
        &json!({
            "mode": "development",
            "audience": tenant.api_client_id().unwrap(),
            "identity": { "authority": tenant.issuer() },
            "read": { "scopes": ["Things.Read"], "app_permissions": ["Things.Read.All"] },
        }),
    );
    let daemon = json!({ "mode": "development", "identity": identity, "things": things("api://things/.default") });
    write(folder.path(), "daemon.toml", &daemon);
    let _api = Running::start("api", folder.path(), api_port).await;
    let _web = Running::start("web_app", folder.path(), web_port).await;

    let unasked = http().get(format!("{api}/things")).send().await.unwrap();
    assert_eq!(unasked.status(), StatusCode::UNAUTHORIZED);

    let issuer = tenant.issuer();
    let mut browser = Browser::new(&web, &issuer);
    assert!(browser.open("/").await.body.contains("Sign up"));
    // A page that needs somebody leads to the sign-in; from there, the way here is to sign up.
    assert!(browser.look("/things").await.location_path().starts_with("/auth/sign-in?return_to=%2Fthings"));
    browser.open("/auth/sign-up?return_to=%2Fthings").await;
    browser.submit("form:not(.quiet)", &[("email", "ada@example.com")]).await;
    let passcode = browser.passcode("ada@example.com").await;
    browser.submit("form:not(.quiet)", &[("passcode", &passcode)]).await;
    let details = [("password", PASSWORD), ("confirm_password", PASSWORD), ("display_name", "Ada")];
    browser.submit("form:not(.quiet)", &details).await;
    assert_eq!(browser.page.url.as_str(), format!("{web}/things"), "{}", browser.page.body);
    assert_eq!(browser.page.json()["things"], json!(["a pen", "a lamp"]));
    let mut of_app = browser.seen.iter().filter(|page| page.url.origin() == browser.web.origin());
    assert!(of_app.all(|page| !page.everything().to_lowercase().contains("errand")));

    assert!(browser.open("/").await.body.contains("Sign out"));
    browser.submit("form", &[]).await;
    assert_eq!(browser.page.url.as_str(), format!("{web}/"), "{}", browser.page.body);
    assert!(browser.page.body.contains("Sign up"));

    let mut daemon = command("daemon", folder.path());
    // The tenant answers it in this thread.
    let called = tokio::task::spawn_blocking(move || daemon.output()).await.unwrap().unwrap();
    assert!(called.status.success(), "{}", String::from_utf8_lossy(&called.stderr));
    assert_eq!(String::from_utf8(called.stdout).unwrap(), "[\"a pen\",\"a lamp\"]\n");
}

/// A provider before `tenant` that grants nothing but the sign-in, whatever is asked for.
async fn stingy(tenant: &EmbeddedTenant) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let issuer = Url::parse(&tenant.issuer()).unwrap();
    let (own, there) = (here.clone(), issuer.origin().ascii_serialization());
    let answer = move |uri: Uri, mut headers: HeaderMap, body: Bytes| async move {
        headers.remove(header::HOST);
        let method = if body.is_empty() { Method::GET } else { Method::POST };
        let answer = http().request(method, format!("{there}{}", uri.path())).headers(headers).body(body);
        let answer = answer.send().await.unwrap();
        let (status, mut document) = (answer.status(), answer.json::<Value>().await.unwrap());
        if let Some(endpoint) = document["token_endpoint"].as_str().map(|url| url.replace(&there, &own)) {
            document["token_endpoint"] = endpoint.into();
        }
        if document["scope"].is_string() {
            document["scope"] = "openid".into();
        }
        (status, Json(document))
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await.unwrap() });
    format!("{here}{}", issuer.path())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_app_sends_nobody_to_a_provider_for_ever_that_does_not_grant_what_it_needs() {
    let web_port = closed_port();
    let web = format!("http://localhost:{web_port}");
    let tenant = EmbeddedTenant::builder()
        .redirect_uri(&format!("{web}/auth/redirect"))
        .api("api://things", &["Things.Read"])
        .user("ada@example.com", PASSWORD)
        .start()
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (authority, id, secret) = (stingy(&tenant).await, tenant.client_id(), tenant.client_secret());
    write(
        folder.path(),
        "web.toml",
        &json!({
            "mode": "development",
            "public_url": web,
            "database_url": "sqlite:web.db",
            "encryption_keys": [KeyRing::generate()],
            "identity": {
                "authority": authority, "issuer": tenant.issuer(), "tenant_id": tenant.tenant_id(),
                "client_id": id, "client_credentials": [{ "secret": secret }],
            },
            "downstream_apis": { "things": { "base_url": web, "scopes": ["api://things/Things.Read"] } },
        }),
    );
    let _web = Running::start("web_app", folder.path(), web_port).await;
    let mut browser = Browser::new(&web, &tenant.issuer());
    browser.open("/auth/sign-in?return_to=%2Fthings").await;
    browser.submit("form:not(.quiet)", &[("email", "ada@example.com"), ("password", PASSWORD)]).await;
    // Through the provider once more, for the API's scope, and no further.
    assert_eq!(browser.page.url.as_str(), format!("{web}/things"), "{}", browser.page.body);
    assert_eq!(browser.page.status, StatusCode::FORBIDDEN, "{}", browser.page.body);
    let asked = browser.seen.iter().filter(|page| page.url.path().ends_with("/authorize")).count();
    assert_eq!(asked, 2);
    let again = browser.page.attribute("a[href^='/auth/sign-in']", "href").unwrap();
    assert!(again.contains("challenge=") && browser.page.attribute("a[href='/']", "href").is_some());
}

#[test]
fn the_example_of_a_test_passes() {
    let tested = command("test_against_tenant", &std::env::temp_dir()).output().unwrap();
    assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stderr));
    assert_eq!(String::from_utf8(tested.stdout).unwrap(), "Hello, alice@example.com\n");
}

#[test]
fn no_example_in_the_documentation_goes_uncompiled() {
    fn look(folder: &Path, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                look(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs" || end == "md") {
                let text = std::fs::read_to_string(&path).unwrap();
                if text.lines().any(|line| line.contains("```") && line.contains("ignore")) {
                    found.push(path.display().to_string());
                }
            }
        }
    }
    let mut found = Vec::new();
    look(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert_eq!(found, Vec::<String>::new());
}
