//! Errand with a provider that nobody here wrote: the npm package `oidc-provider`, which is certified by the `OpenID`
//! Foundation. `make test` installs it; `end2end/second-provider.mjs` starts it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command_line::{Running, errand};
use crate::programs::{CLIENT_SECRET, eventually, note, started};
use crate::test_browser::{Browser, Page};
use crate::test_errand::closed_port;

/// What the API is called in access tokens.
const RESOURCE: &str = "urn:errand:todolist";

/// `errand web` and `errand api`, and the provider that they trust.
struct Programs {
    _folder: TempDir,
    provider: Provider,
    _running: [Running; 2],
    web: String,
}

struct Provider {
    _node: Running,
    issuer: String,
    events: Arc<Mutex<Vec<Value>>>,
}

impl Provider {
    /// `None` where it is not installed.
    fn start(web: &str, options: &Value) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("end2end");
        if !folder.join("node_modules/oidc-provider").is_dir() {
            note("the second provider was not tried: end2end/node_modules is missing; `make test` installs it");
            return None;
        }
        let mut all = json!({"web": web, "client_id": "errand", "client_secret": CLIENT_SECRET});
        all.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        let mut command = Command::new("node");
        command.arg("second-provider.mjs").arg(all.to_string()).current_dir(folder).env_remove("NODE_OPTIONS");
        // It ends when its input does.
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut program = Running::new(command.spawn().expect("Node.js runs, since its packages are installed"));
        let mut lines = BufReader::new(program.stdout()).lines().map_while(Result::ok);
        let first: Value = serde_json::from_str(&lines.next().expect("it says where it is")).unwrap();
        let events: Arc<Mutex<Vec<Value>>> = Arc::default();
        std::thread::spawn({
            let events = events.clone();
            // Until it ends.
            move || lines.for_each(|line| events.lock().unwrap().push(event(&line)))
        });
        Some(Self { _node: program, issuer: first["issuer"].as_str().unwrap().to_owned(), events })
    }

    /// How often something happened.
    fn count(&self, event: &str) -> usize {
        self.events.lock().unwrap().iter().filter(|line| line["event"] == event).count()
    }

    /// Fails when it refused anything: what we send must be right by somebody else's reading of the standards.
    fn assert_content(&self) {
        let events = self.events.lock().unwrap();
        assert!(events.iter().all(|line| line.get("why").is_none()), "{events:?}");
    }
}

/// A line as JSON, or as something that went wrong.
fn event(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|_| json!({"why": line}))
}

impl Programs {
    fn start(options: &Value, initial_scopes: &str, more: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let [web, api] = [closed_port(), closed_port()];
        let web_url = format!("http://localhost:{web}");
        let provider = Provider::start(&web_url, options)?;
        let (issuer, key) = (&provider.issuer, errand::platform::seal::KeyRing::generate());
        let configuration = format!(
            r#"
mode = "development"
[api]
listen = "127.0.0.1:{api}"
database_url = "sqlite:api.db"
audiences = ["{RESOURCE}"]
[api.identity]
authority = "{issuer}"
[api.permissions]
read = {{ scopes = ["ToDoList.Read", "ToDoList.ReadWrite"], app_permissions = ["ToDoList.Read.All"] }}
write = {{ scopes = ["ToDoList.ReadWrite"], app_permissions = ["ToDoList.ReadWrite.All"] }}
[web]
listen = "127.0.0.1:{web}"
public_url = "{web_url}"
database_url = "sqlite:web.db"
encryption_keys = ["{key}"]
[web.downstream_apis.todolist]
base_url = "http://localhost:{api}"
scopes = {{ read = ["ToDoList.Read"], write = ["ToDoList.ReadWrite"] }}
[web.identity]
authority = "{issuer}"
client_id = "errand"
client_credentials = [{{ secret = "{CLIENT_SECRET}" }}]
initial_scopes = [{initial_scopes}]
{more}
"#
        );
        std::fs::write(folder.path().join("errand.toml"), configuration).unwrap();
        let running = ["web", "api"].map(|program| started(program, &mut errand(folder.path(), &[program])));
        Some(Self { _folder: folder, provider, _running: running, web: web_url })
    }

    fn browser(&self) -> Browser {
        Browser::new(&self.web, &self.provider.issuer)
    }

    /// A browser whose customer has signed in at the provider, and is looking at their list.
    async fn sign_in(&self, name: &str) -> Browser {
        let mut browser = self.browser();
        browser.open("/todos").await;
        self.sign_in_here(&mut browser, name).await;
        browser
    }

    /// Fills in the provider's forms, where the browser must be: who it is, and that they agree.
    async fn sign_in_here(&self, browser: &mut Browser, name: &str) {
        assert!(browser.page.url.as_str().starts_with(&self.provider.issuer), "{}", browser.page.everything());
        browser.submit("form", &[("login", name), ("password", "any")]).await;
        browser.submit("form", &[]).await;
        assert_eq!(browser.page.url.path(), "/todos", "{}", browser.page.everything());
    }
}

const BOTH_SCOPES: &str = r#""ToDoList.Read", "ToDoList.ReadWrite""#;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_customer_of_a_second_provider_signs_in_keeps_a_list_and_signs_out_of_both() {
    let Some(programs) = Programs::start(&json!({}), BOTH_SCOPES, "") else { return };
    let mut browser = programs.sign_in("ada").await;
    assert_eq!(browser.page.texts(".nav-customer__name"), ["Ada Lovelace"]);
    assert_eq!(browser.page.todos(), []);
    let page = browser.submit("form.add", &[("description", "buy milk")]).await;
    assert_eq!(page.todos(), [("buy milk".to_owned(), false)]);

    // Somebody else has another list.
    let mut bob = programs.sign_in("bob").await;
    assert_eq!(bob.open("/todos").await.todos(), []);

    // Here first; the provider asks whether there, too.
    let left = browser.send_form(".nav-customer form", &[]).await;
    assert_eq!(left.status, StatusCode::SEE_OTHER);
    assert!(left.location().as_str().starts_with(&programs.provider.issuer), "{}", left.location());
    let kept = browser.look("/todos").await;
    assert_eq!(kept.location_path(), "/auth/sign-in?return_to=%2Ftodos");
    browser.follow(left).await;
    browser.submit("form", &[]).await;
    assert_eq!(browser.page.url.as_str(), format!("{}/", programs.web));
    // What it says arrives on a pipe, so possibly after its answer.
    eventually("the end of the session and of the refresh token", async || {
        (programs.provider.count("signed out"), programs.provider.count("refresh token revoked")) == (1, 1)
    })
    .await;

    // So the next sign-in asks who it is. The list is still there.
    browser.open("/todos").await;
    programs.sign_in_here(&mut browser, "ada").await;
    assert_eq!(browser.page.todos(), [("buy milk".to_owned(), false)]);
    programs.provider.assert_content();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refresh_tokens_of_a_second_provider_replace_themselves_and_nobody_is_signed_out() {
    let Some(programs) = Programs::start(&json!({"access_token_seconds": 2}), BOTH_SCOPES, "") else { return };
    let mut browser = programs.sign_in("ada").await;
    browser.submit("form.add", &[("description", "buy milk")]).await;
    // Each renewal needs the refresh token that the last one brought; an old one would end them all.
    let deadline = std::time::Instant::now() + crate::programs::PATIENCE;
    while programs.provider.count("refresh_token") < 4 {
        assert!(std::time::Instant::now() < deadline, "tokens are renewed");
        let page = browser.look("/todos").await;
        assert_eq!(page.todos(), [("buy milk".to_owned(), false)]);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let answer = browser.call("todos/add", &[("description", "and bread")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    programs.provider.assert_content();
}

/// Visits the provider's end-session endpoint, as another app's sign-out would.
async fn sign_out_at_the_provider(programs: &Programs, browser: &mut Browser) {
    let url = format!("{}/session/end", programs.provider.issuer).parse().unwrap();
    let page: Page = browser.send(browser.request(Method::GET, url)).await;
    browser.follow(page).await;
    browser.submit("form", &[]).await;
    assert_eq!(browser.page.status, StatusCode::OK, "{}", browser.page.body);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_back_channel_logout_of_a_second_provider_ends_exactly_its_session() {
    let Some(programs) = Programs::start(&json!({"back_channel_logout": true}), BOTH_SCOPES, "") else { return };
    let mut browser = programs.sign_in("ada").await;
    browser.submit("form.add", &[("description", "buy milk")]).await;
    let mut elsewhere = programs.sign_in("ada").await;
    let mut bob = programs.sign_in("bob").await;

    sign_out_at_the_provider(&programs, &mut browser).await;
    eventually("a back-channel logout", async || programs.provider.count("back-channel logout") == 1).await;
    assert_eq!(browser.look("/todos").await.location_path(), "/auth/sign-in?return_to=%2Ftodos");
    assert_eq!(elsewhere.look("/todos").await.todos(), [("buy milk".to_owned(), false)], "another session");
    assert_eq!(bob.look("/todos").await.todos(), [], "another customer");
    programs.provider.assert_content();
}

/// This provider's tokens at sign-in are for its `UserInfo` endpoint, and only there it says what somebody is called.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn claims_that_a_second_provider_has_in_its_userinfo_only_are_fetched_there() {
    let more = "claims_from_userinfo = true\n";
    let options = json!({"claims_in_userinfo": true});
    let Some(programs) = Programs::start(&options, BOTH_SCOPES, more) else { return };
    let mut browser = programs.sign_in("ada").await;
    assert_eq!(browser.page.texts(".nav-customer__name"), ["Ada Lovelace"]);
    let page = browser.submit("form.add", &[("description", "buy milk")]).await;
    assert_eq!(page.todos(), [("buy milk".to_owned(), false)]);
    programs.provider.assert_content();
}

/// Incremental consent: the first change needs a scope that sign-in did not ask for, and this provider widens nothing at
/// a renewal (RFC 6749 §6).
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_scope_never_asked_for_is_asked_for_at_a_second_provider_and_what_was_asked_for_is_done_then() {
    let options = json!({"access_token_seconds": 2});
    let Some(programs) = Programs::start(&options, r#""ToDoList.Read""#, "") else { return };
    let mut browser = programs.sign_in("ada").await;
    assert_eq!(browser.page.todos(), []);
    browser.submit("form.add", &[("description", "buy milk")]).await;
    // Who it is, is known; what is new is what they are asked for.
    let at_the_provider = browser.page.url.as_str().starts_with(&programs.provider.issuer);
    assert!(at_the_provider && browser.page.body.contains("ToDoList.ReadWrite"), "{}", browser.page.everything());
    let page = browser.submit("form", &[]).await;
    assert_eq!(page.url.path(), "/todos", "{}", page.everything());
    assert_eq!(page.todos(), [("buy milk".to_owned(), false)]);
    assert_eq!(page.attribute("#new-todo", "value").unwrap_or_default(), "");
    // From then on, both are there, renewed and all, and nobody is asked again.
    let before = programs.provider.count("refresh_token");
    eventually("renewals", async || {
        let page = browser.look("/todos").await;
        assert_eq!(page.todos(), [("buy milk".to_owned(), false)]);
        programs.provider.count("refresh_token") >= before + 3
    })
    .await;
    let answer = browser.call("todos/add", &[("description", "and bread")]).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}

/// Some providers issue no refresh tokens until somebody switches them on.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_refresh_tokens_a_customer_is_sent_for_each_scope_once_and_not_in_a_loop() {
    let options = json!({"refresh_tokens": false});
    let Some(programs) = Programs::start(&options, r#""ToDoList.Read""#, "") else { return };
    let mut browser = programs.sign_in("ada").await;
    browser.submit("form.add", &[("description", "buy milk")]).await;
    let page = browser.submit("form", &[]).await;
    assert_eq!(page.todos(), [("buy milk".to_owned(), false)], "{}", page.everything());
    programs.provider.assert_content();
}

/// The answer is a page of the provider's, whose form a browser sends by itself (OAuth 2.0 Form Post Response Mode §2).
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_second_providers_answer_may_come_as_a_form() {
    let more = "response_mode = \"form_post\"\n";
    let Some(programs) = Programs::start(&json!({}), BOTH_SCOPES, more) else { return };
    let mut browser = programs.browser();
    browser.open("/todos").await;
    browser.submit("form", &[("login", "ada"), ("password", "any")]).await;
    let page = browser.submit("form", &[]).await;
    assert!(!page.url.as_str().contains("code="), "not in an address: {}", page.url);
    let page = browser.submit("form", &[]).await;
    assert_eq!(page.url.as_str(), format!("{}/todos", programs.web), "{}", page.everything());
    assert_eq!(page.texts(".nav-customer__name"), ["Ada Lovelace"]);
    programs.provider.assert_content();
}
