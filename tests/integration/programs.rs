//! The programs as processes of their own, told about each other by one errand.toml: for what a process must be killed
//! for, or run twice.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use errand::platform::seal::KeyRing;
use serde_json::Value;
use sqlx::AnyPool;
use tempfile::TempDir;

use crate::command_line::{Running, errand};
use crate::test_browser::Browser;
use crate::test_errand::closed_port;

/// How long to wait for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// The directory id of the tenant.
pub(crate) const TENANT_ID: &str = "11111111-1111-4111-8111-111111111111";
/// The web app's client id.
pub(crate) const CLIENT: &str = "22222222-2222-4222-8222-222222222222";
/// The API's client id.
pub(crate) const API: &str = "33333333-3333-4333-8333-333333333333";
/// The web app's secret.
pub(crate) const CLIENT_SECRET: &str = "a client secret of the tests";

/// Where everything is, and the key that the web server seals with.
pub(crate) struct Programs {
    pub(crate) folder: TempDir,
    /// Ports where the programs listen.
    pub(crate) web: u16,
    pub(crate) api: u16,
    pub(crate) tenant: u16,
    /// Ports where they are reached, which differ where a proxy stands in front.
    pub(crate) public_web: u16,
    pub(crate) public_tenant: u16,
    /// The web server's database.
    pub(crate) web_database: String,
    pub(crate) key: String,
}

impl Programs {
    /// Nothing runs yet.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [web, api, tenant] = [(); 3].map(|()| closed_port());
        let web_database = format!("sqlite:{}", folder.path().join("web.db").display());
        let key = KeyRing::generate();
        Self { folder, web, api, tenant, public_web: web, public_tenant: tenant, web_database, key }
    }

    /// How browsers reach the web server.
    pub(crate) fn web_url(&self) -> String {
        format!("http://localhost:{}", self.public_web)
    }

    /// A browser that has been nowhere yet.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(&self.web_url(), &format!("http://localhost:{}", self.public_tenant))
    }

    /// What `errand.toml` says, with the embedded tenant as the provider.
    pub(crate) fn write_configuration(&self) {
        let Self { web, api, tenant, public_web, public_tenant, web_database, key, .. } = self;
        let folder = self.folder.path().display();
        let configuration = format!(
            r#"
mode = "development"
[tenant]
listen = "127.0.0.1:{tenant}"
public_url = "http://localhost:{public_tenant}"
database_url = "sqlite:{folder}/tenant.db"
tenant_id = "{TENANT_ID}"
domain = "errand.localhost"
display_name = "Errand"
# The strictest provider: whatever is used twice is lost.
refresh_token_reuse = "revoke"
[[tenant.user_flows]]
name = "everybody"
attributes = ["display_name", "country"]
[[tenant.apps]]
name = "API"
client_id = "{API}"
scopes = [{{ value = "ToDoList.Read", display_name = "R" }}, {{ value = "ToDoList.ReadWrite", display_name = "W" }}]
optional_access_token_claims = ["idtyp"]
[[tenant.apps]]
name = "Errand"
client_id = "{CLIENT}"
redirect_uris = ["http://localhost:{public_web}/auth/redirect"]
post_logout_redirect_uris = ["http://localhost:{public_web}/auth/signed-out"]
secrets = ["{CLIENT_SECRET}"]
permissions = [{{ resource = "{API}", scopes = ["ToDoList.Read", "ToDoList.ReadWrite"] }}]
user_flow = "everybody"
[api]
listen = "127.0.0.1:{api}"
database_url = "sqlite:{folder}/api.db"
audiences = ["{API}"]
[api.identity]
authority = "http://localhost:{public_tenant}/{TENANT_ID}/v2.0"
tenant_id = "{TENANT_ID}"
[api.permissions]
read = {{ scopes = ["ToDoList.Read"], app_permissions = ["ToDoList.Read.All"] }}
write = {{ scopes = ["ToDoList.ReadWrite"], app_permissions = ["ToDoList.ReadWrite.All"] }}
[web]
listen = "127.0.0.1:{web}"
public_url = "http://localhost:{public_web}"
database_url = "{web_database}"
encryption_keys = ["{key}"]
[web.identity]
authority = "http://localhost:{public_tenant}/{TENANT_ID}/v2.0"
tenant_id = "{TENANT_ID}"
client_id = "{CLIENT}"
client_credentials = [{{ secret = "{CLIENT_SECRET}" }}]
initial_scopes = ["api://{API}/ToDoList.Read"]
[web.downstream_apis.todolist]
base_url = "http://localhost:{api}"
scopes = {{ read = ["api://{API}/ToDoList.Read"], write = ["api://{API}/ToDoList.ReadWrite"] }}
"#
        );
        std::fs::write(self.folder.path().join("errand.toml"), configuration).unwrap();
    }

    /// Starts one of them; returns when it says that it is there.
    pub(crate) fn start(&self, program: &str) -> Running {
        self.start_with(program, &[])
    }

    /// As [`Programs::start`], with variables that override the configuration.
    pub(crate) fn start_with(&self, program: &str, environment: &[(&str, &str)]) -> Running {
        started(program, &mut {
            let mut command = errand(self.folder.path(), &[program]);
            command.envs(environment.iter().copied());
            command
        })
    }

    /// The web server's database, from outside.
    pub(crate) async fn open_web_database(&self) -> AnyPool {
        open(&self.web_database).await
    }
}

/// Runs `command` and waits for the first line that it prints.
pub(crate) fn started(program: &str, command: &mut std::process::Command) -> Running {
    // Into a file: a pipe that nobody empties would stop it.
    let log = tempfile::tempfile().unwrap();
    command.stderr(Stdio::from(log.try_clone().unwrap()));
    let mut child = Running::new(command.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(child.stdout()).read_line(&mut line).unwrap();
    if line.is_empty() {
        let mut log = log;
        let mut text = String::new();
        std::io::Seek::rewind(&mut log).unwrap();
        log.read_to_string(&mut text).unwrap();
        panic!("{program} did not start: {text}");
    }
    child
}

/// Opens a database that a program has made.
pub(crate) async fn open(url: &str) -> AnyPool {
    sqlx::any::install_default_drivers();
    let options = sqlx::any::AnyPoolOptions::new().max_connections(1);
    options.connect(url).await.unwrap_or_else(|error| panic!("{url}: {error}"))
}

/// A database of this test's own on the PostgreSQL server that `ERRAND_TEST_POSTGRES` names; `None` where there is none.
pub(crate) async fn new_postgres_database() -> Option<String> {
    let server = std::env::var("ERRAND_TEST_POSTGRES").ok()?;
    let db = open(&format!("{server}/postgres")).await;
    let name = format!("errand_test_{}", uuid::Uuid::new_v4().simple());
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&db).await.unwrap();
    Some(format!("{server}/{name}"))
}

/// Says something about a test that passes, past the capture of its output.
pub(crate) fn note(text: &str) {
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{text}\n").as_bytes());
}

/// Lets an hour pass for the web server's database, as far as tokens are concerned: every access token has run out, and
/// nobody has just signed in.
pub(crate) async fn let_access_tokens_run_out(db: &AnyPool) {
    sqlx::query("UPDATE access_tokens SET renew_at = 1, expires_at = 1").execute(db).await.unwrap();
    let sessions: Vec<(String, String)> = sqlx::query_as("SELECT id, data FROM sessions").fetch_all(db).await.unwrap();
    for (id, data) in sessions {
        let mut data = serde_json::from_str(&data).unwrap();
        assert!(set_back(&mut data), "a session says when it began: {data}");
        let update = sqlx::query("UPDATE sessions SET data = $1 WHERE id = $2").bind(data.to_string()).bind(id);
        update.execute(db).await.unwrap();
    }
}

/// Sets `signed_in_at` back by an hour, wherever it stands.
fn set_back(data: &mut Value) -> bool {
    let Value::Object(members) = data else { return false };
    if let Some(at) = members.get_mut("signed_in_at") {
        *at = (at.as_i64().unwrap() - 3_600_000).into();
        return true;
    }
    members.values_mut().any(set_back)
}

/// Makes every lease on a refresh token one that ran out, as if the minute that a lease holds had passed.
pub(crate) async fn expire_leases(db: &AnyPool) {
    sqlx::query("UPDATE refresh_tokens SET lease_until = 1 WHERE lease IS NOT NULL").execute(db).await.unwrap();
}

/// Waits until `done` says so.
pub(crate) async fn eventually(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done().await {
        assert!(Instant::now() < deadline, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
