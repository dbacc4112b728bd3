//! The built program as operators and scripts meet it: arguments, messages, exit codes, signals.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use reqwest::StatusCode;

use crate::test_browser::{Browser, Page, http};
use crate::test_errand::closed_port;

/// How long a program may take to start or to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// The program with none of this machine's settings.
pub(crate) fn errand(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_errand"));
    without_settings(&mut command).current_dir(folder).args(arguments);
    if let Some(site) = site_beside_the_program() {
        command.env("ERRAND_WEB__SITE_ROOT", site);
    }
    command
}

/// Where `cargo leptos` left a list of the browser's files beside the program: a folder with files of these names. What
/// is in target/site may be of another profile's build.
pub(crate) fn site_beside_the_program() -> Option<&'static Path> {
    static SITE: std::sync::OnceLock<Option<tempfile::TempDir>> = std::sync::OnceLock::new();
    let made = SITE.get_or_init(|| {
        let hashes =
            std::fs::read_to_string(Path::new(env!("CARGO_BIN_EXE_errand")).with_file_name("hash.txt")).ok()?;
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("pkg")).unwrap();
        for (ending, hash) in hashes.lines().filter_map(|line| line.split_once(':')) {
            std::fs::write(folder.path().join(format!("pkg/errand.{}.{ending}", hash.trim())), "").unwrap();
        }
        Some(folder)
    });
    made.as_ref().map(tempfile::TempDir::path)
}

/// Takes this machine's settings of Errand from a command, and gives it pipes.
pub(crate) fn without_settings(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ERRAND_")) {
        command.env_remove(name);
    }
    command.env_remove("RUST_LOG").env_remove("LEPTOS_WATCH");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped())
}

/// Configuration that takes free ports and the folder `data` below the working folder.
pub(crate) const FREE_PORTS: &str = "mode = \"development\"\ndata = \"data\"\n[web]\nlisten = \"127.0.0.1:0\"\n\
                                     [api]\nlisten = \"127.0.0.1:0\"\n[tenant]\nlisten = \"127.0.0.1:0\"\n";

/// Runs to the end, which must come by itself.
pub(crate) fn run(mut command: Command) -> Output {
    let child = Running(command.spawn().unwrap());
    child.wait()
}

/// A program that is killed when dropped.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn new(child: Child) -> Self {
        Self(child)
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// What it prints; can be taken once.
    pub(crate) fn stdout(&mut self) -> ChildStdout {
        self.0.stdout.take().unwrap()
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Output {
        // Read meanwhile, or a full pipe would keep it from ending.
        let (mut stdout, mut stderr) = (self.0.stdout.take(), self.0.stderr.take());
        let out = std::thread::spawn(move || read(stdout.as_mut()));
        let err = std::thread::spawn(move || read(stderr.as_mut()));
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        };
        Output { status, stdout: out.join().unwrap(), stderr: err.join().unwrap() }
    }

    /// SIGTERM, as service managers send it.
    pub(crate) fn terminate(&self) {
        let killed = Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap();
        assert!(killed.success());
    }
}

impl Running {
    /// SIGTERM, and a clean end.
    fn stop(&mut self) {
        self.terminate();
        let deadline = Instant::now() + PATIENCE;
        while self.0.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(self.0.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn read(pipe: Option<&mut impl std::io::Read>) -> Vec<u8> {
    let mut text = Vec::new();
    if let Some(pipe) = pipe {
        pipe.read_to_end(&mut text).unwrap();
    }
    text
}

/// `errand dev` in `folder`, where it has announced its addresses: web, API, tenant.
pub(crate) fn start_dev(mut command: Command) -> (Running, [String; 3], String) {
    let mut child = Running(command.spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let mut announced = String::new();
    while let Some(Ok(line)) = lines.next() {
        announced += &line;
        announced.push('\n');
        if line.contains("Ctrl-C") {
            break;
        }
    }
    let address = |name: &str| {
        let line = announced.lines().find_map(|line| line.trim_start().strip_prefix(name));
        line.map(|address| address.trim().to_owned())
    };
    let addresses = ["web", "API", "tenant"].map(|name| {
        address(name).unwrap_or_else(|| {
            let mut stderr = String::new();
            let _ = child.0.stderr.take().unwrap().read_to_string(&mut stderr);
            panic!("it did not start: {announced}{stderr}")
        })
    });
    (child, addresses, announced)
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a program that must not start: its message.
pub(crate) fn refused(folder: &Path, arguments: &[&str], configuration: &str) -> String {
    std::fs::write(folder.join("errand.toml"), configuration).unwrap();
    let output = run(errand(folder, arguments));
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {message}");
    assert!(message.contains("errand: "), "{message}");
    assert!(!message.contains("panicked"), "{message}");
    message
}

#[test]
fn every_program_explains_itself() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, tables) in [
        (&["--help"][..], &["dev", "web", "api", "tenant", "worker", "admin", "errand.toml", "Exit codes"][..]),
        (&["dev", "--help"], &["[web]", "[api]", "[tenant]", "ERRAND_DATA", "errand.toml"]),
        (&["web", "--help"], &["[web]", "[web.identity]", "[web.downstream_apis.todolist]"]),
        (&["api", "--help"], &["[api]", "[api.identity]", "[api.permissions]"]),
        (&["tenant", "--help"], &["[tenant]", "production"]),
        (&["worker", "--help"], &["[worker.mail]", "[web]", "--once", "Exit codes"]),
        (&["admin", "--help"], &["list", "export", "[admin.identity]", "ToDoList.ReadWrite.All", "Exit codes"]),
        (&["admin", "add", "--help"], &["--owner", "Example"]),
        (&["--version"], &["errand"]),
    ] {
        let output = run(errand(folder.path(), arguments));
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        let help = text(&output.stdout);
        for table in tables {
            assert!(help.contains(table), "{arguments:?} does not name {table}: {help}");
        }
    }
    let output = run(errand(folder.path(), &["no-such-program"]));
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "asking for help leaves nothing behind");
}

#[test]
fn a_key_that_does_not_exist_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (configuration, key) in [
        (format!("{FREE_PORTS}[web.identity]\nautority = \"x\"\n"), "web.identity.autority"),
        (FREE_PORTS.replace("[web]\n", "[web]\nlisten_adress = \"x\"\n"), "web.listen_adress"),
        (format!("{FREE_PORTS}[wep]\nlisten = \"x\"\n"), "`wep`"),
        (FREE_PORTS.replace("[tenant]\n", "[tenant]\nregion = \"x\"\n"), "tenant.region"),
    ] {
        let message = refused(folder.path(), &["dev"], &configuration);
        assert!(message.contains(key), "{key}: {message}");
    }
    std::fs::write(folder.path().join("errand.toml"), FREE_PORTS).unwrap();
    let mut command = errand(folder.path(), &["dev"]);
    command.env("ERRAND_WEP__LISTEN", "x");
    let output = run(command);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("ERRAND_WEP__LISTEN"), "{}", text(&output.stderr));
    let message = refused(folder.path(), &["dev", "--config", "no-such-file.toml"], FREE_PORTS);
    assert!(message.contains("no-such-file.toml") && message.contains("--config"), "{message}");
}

/// The message of a program that does not start because of its environment.
fn refused_with(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let mut command = errand(folder, arguments);
    command.envs(environment.iter().copied());
    let output = run(command);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{environment:?}: {message}");
    message
}

#[test]
fn a_variable_that_is_no_setting_is_named_and_not_ignored() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("errand.toml"), FREE_PORTS).unwrap();
    for (name, value, meant) in [
        ("ERRAND_PORT", "1", "ERRAND_WEB__LISTEN"),
        ("ERRAND_WEB_LISTEN", "127.0.0.1:0", "ERRAND_WEB__LISTEN"),
        ("ERRAND_PUBLIC_URL", "https://todo.example.com", "ERRAND_WEB__PUBLIC_URL"),
        ("ERRAND_CONFG", "x", "ERRAND_CONFIG"),
        ("ERRAND_DATABASE", "x", "ERRAND_{WEB|"),
        ("ERRAND_WEP__LISTEN", "127.0.0.1:0", "ERRAND_WEB__LISTEN"),
        ("errand_port", "1", "ERRAND_WEB__LISTEN"),
    ] {
        for program in ["dev", "web", "api"] {
            let message = refused_with(folder.path(), &[program], &[(name, value)]);
            assert!(message.contains(&format!("`{name}`")) && message.contains(meant), "{program}: {message}");
        }
    }
    // A key below a table is the program's that reads the table.
    let message = refused_with(folder.path(), &["dev"], &[("ERRAND_WEB__PUBLC_URL", "x")]);
    assert!(message.contains("`web.publc_url` is not a key") && message.contains("`public_url`"), "{message}");
}

#[test]
fn variables_of_the_scripts_of_secrets_and_of_container_platforms_are_not_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "[admin.identity]\nauthority = \"https://id.example.com\"\nclient_id = \"x\"\n\
                  client_credentials = [{ secret = { env = \"ERRAND_MY_SECRET\" } }]\n";
    std::fs::write(folder.path().join("errand.toml"), secret).unwrap();
    let environment = [
        ("ERRAND_TOOLS", "/tools"),
        ("ERRAND_DOWNLOADS", "no"),
        ("ERRAND_TEST_POSTGRES", "postgres://localhost"),
        ("ERRAND_LOG_FORMAT", "json"),
        ("ERRAND_MY_SECRET", "s3cret"),
        ("ERRAND_WEB_SERVICE_HOST", "10.0.0.1"),
        ("ERRAND_PORT", "tcp://10.0.0.1:3000"),
        ("ERRAND_PORT_3000_TCP_ADDR", "10.0.0.1"),
    ];
    // What it complains about is what is missing, so it came past its environment.
    let message = refused_with(folder.path(), &["admin", "list"], &environment);
    assert!(message.contains("admin.downstream_apis.todolist"), "{message}");
}

#[test]
fn a_near_miss_is_told_what_it_may_have_meant() {
    let folder = tempfile::tempdir().unwrap();
    for (configuration, said) in [
        (FREE_PORTS.replace("[web]\n", "[web]\nencrypton_keys = []\n"), "did you mean `encryption_keys`?"),
        (format!("{FREE_PORTS}[web.identity]\ninitial_scope = []\n"), "did you mean `initial_scopes`?"),
        (format!("{FREE_PORTS}[wbe]\nlisten = \"x\"\n"), "did you mean web?"),
        (FREE_PORTS.replace("[web]\nlisten = \"127.0.0.1:0\"", "[web]\nlisten = 3000"), "such as 127.0.0.1:3000"),
        (FREE_PORTS.replace("[api]\nlisten = \"127.0.0.1:0\"", "[api]\nlisten = \"localhost:1\""), "127.0.0.1:3001"),
    ] {
        let message = refused(folder.path(), &["dev"], &configuration);
        assert!(message.contains(said), "{said}: {message}");
    }
}

#[test]
fn without_a_mode_a_program_that_needs_https_says_that_this_is_production() {
    const WEB: &str = "[web]\nlisten = \"127.0.0.1:0\"\npublic_url = \"http://localhost:3000\"\n\
                       database_url = \"sqlite:web.db\"\nencryption_keys = []\n[web.identity]\n\
                       authority = \"http://localhost:1\"\nclient_id = \"x\"\nclient_credentials = []\n";
    let folder = tempfile::tempdir().unwrap();
    let message = refused(folder.path(), &["web"], WEB);
    assert!(message.contains("must be https") && message.contains("`mode` is not set"), "{message}");
    let message = refused(folder.path(), &["web"], &format!("mode = \"production\"\n{WEB}"));
    assert!(message.contains("must be https") && !message.contains("is not set"), "{message}");
}

#[test]
fn a_busy_port_is_named_with_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for program in ["web", "api", "tenant"] {
        let table = format!("[{program}]\nlisten = \"127.0.0.1:0\"");
        let configuration = FREE_PORTS.replace(&table, &table.replace("127.0.0.1:0", &address));
        let message = refused(folder.path(), &["dev"], &configuration);
        assert!(message.contains(&format!("{program}.listen")) && message.contains(&address), "{message}");
    }
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    // Below a file, not merely without permission: tests may run as root.
    std::fs::write(folder.path().join("file"), "").unwrap();
    let message = refused(folder.path(), &["dev"], &FREE_PORTS.replace("\"data\"", "\"file/data\""));
    assert!(message.contains("file/data") && message.contains("ERRAND_DATA"), "{message}");
}

/// 81.
#[test]
fn the_tenant_and_dev_do_not_run_in_production() {
    let folder = tempfile::tempdir().unwrap();
    let message = refused(folder.path(), &["dev"], &FREE_PORTS.replace("development", "production"));
    assert!(message.contains("production") && message.contains("errand web"), "{message}");

    let tenant = "[tenant]\nlisten = \"127.0.0.1:0\"\npublic_url = \"https://login.example.com\"\n\
                  database_url = \"sqlite:tenant.db\"\ntenant_id = \"11111111-1111-4111-8111-111111111111\"\n\
                  domain = \"x.localhost\"\ndisplay_name = \"X\"\n";
    for mode in ["mode = \"production\"\n", ""] {
        let message = refused(folder.path(), &["tenant"], &format!("{mode}{tenant}"));
        assert!(message.contains("does not run in production") && message.contains("Entra"), "{message}");
    }
    assert!(!folder.path().join("tenant.db").exists(), "it did not even make a database");
}

/// 66.
#[test]
fn the_api_does_not_start_without_permissions() {
    const API: &str = "mode = \"development\"\n[api]\nlisten = \"127.0.0.1:0\"\ndatabase_url = \"sqlite:api.db\"\n\
                       audiences = [\"x\"]\n[api.identity]\nauthority = \"http://localhost:1/x/v2.0\"\n";
    const GOOD: &str = "{ scopes = [\"ToDoList.ReadWrite\"], app_permissions = [\"ToDoList.ReadWrite.All\"] }";
    let folder = tempfile::tempdir().unwrap();
    let no_scopes = "{ scopes = [], app_permissions = [\"ToDoList.ReadWrite.All\"] }";
    let no_apps = "{ scopes = [\"ToDoList.ReadWrite\"], app_permissions = [] }";
    let unknown = "{ scopes = [\"ToDoList.Write\"], app_permissions = [\"ToDoList.ReadWrite.All\"] }";
    for (read, write, key) in [
        (no_scopes, GOOD, "api.permissions.read.scopes"),
        (GOOD, no_scopes, "api.permissions.write.scopes"),
        (GOOD, no_apps, "api.permissions.write.app_permissions"),
        (GOOD, unknown, "api.permissions.write.scopes"),
    ] {
        let configuration = format!("{API}[api.permissions]\nread = {read}\nwrite = {write}\n");
        let message = refused(folder.path(), &["api"], &configuration);
        assert!(message.contains(key), "{key}: {message}");
    }
    let message = refused(folder.path(), &["api"], &format!("{API}[api.permissions]\nread = {GOOD}\n"));
    assert!(message.contains("api.permissions.write"), "{message}");
    let message = refused(folder.path(), &["api"], API);
    assert!(message.contains("api.permissions"), "{message}");
    assert!(!folder.path().join("api.db").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn dev_starts_with_nothing_configured_stops_on_sigterm_and_keeps_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("errand.toml"), FREE_PORTS).unwrap();
    let secrets = folder.path().join("data/secrets.toml");
    let mut before = String::new();
    for round in 0..2 {
        let (program, [web, api, tenant], announced) = start_dev(errand(folder.path(), &[]));
        assert!(announced.contains(&format!("Open {web}")) && announced.contains("/mailbox"), "{announced}");
        for address in [&web, &api, &tenant] {
            let health = Page::read(http().get(format!("{address}/health")).send().await.unwrap()).await;
            assert_eq!(health.status, StatusCode::OK, "{address}");
        }
        let mut browser = Browser::new(&web, &tenant);
        assert_eq!(browser.look("/").await.status, StatusCode::OK);
        assert_eq!(secrets.metadata().unwrap().permissions().mode() & 0o777, 0o600, "round {round}");
        let now = std::fs::read_to_string(&secrets).unwrap();
        assert!(before.is_empty() || before == now, "the second start has the same secrets");
        before = now;
        program.terminate();
        let output = program.wait();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
    std::fs::write(&secrets, "nonsense").unwrap();
    let message = refused(folder.path(), &["dev"], FREE_PORTS);
    assert!(message.contains("secrets.toml") && message.contains("damaged"), "{message}");
}

/// 88, lightly: what was acknowledged is there after `kill -9`.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_acknowledged_survives_being_killed() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("errand.toml"), FREE_PORTS).unwrap();
    let (program, [web, api, tenant], _) = start_dev(errand(folder.path(), &[]));
    let mut browser = Browser::new(&web, &tenant);
    browser.sign_up("ada@example.com", "Ada Lovelace").await;
    for number in 0..5 {
        let added = browser.call("todos/add", &[("description", &number.to_string())]).await;
        assert_eq!(added.status, StatusCode::OK, "{}", added.body);
    }
    drop(program);
    let port = |address: &str| address.rsplit(':').next().unwrap().to_owned();
    let mut command = errand(folder.path(), &[]);
    for (name, address) in [("WEB", &web), ("API", &api), ("TENANT", &tenant)] {
        command.env(format!("ERRAND_{name}__LISTEN"), format!("127.0.0.1:{}", port(address)));
    }
    let (_program, ..) = start_dev(command);
    assert_eq!(browser.look("/todos").await.todos().len(), 5);
}

/// Seconds after it started, the web server finds a provider that was not there before.
async fn provider_is_found(web: &str, tenant: &str) -> Browser {
    let mut browser = Browser::new(web, tenant);
    let deadline = Instant::now() + PATIENCE;
    while browser.look("/auth/sign-in").await.location_path().starts_with("/sign-in-problem") {
        assert!(Instant::now() < deadline, "the web server does not find its provider");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    browser
}

/// The three programs, each on its own, told about each other by one errand.toml.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_programs_run_alone_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let [web, api, tenant] = [(); 3].map(|()| closed_port());
    let (tenant_id, client, resource) = (
        "11111111-1111-4111-8111-111111111111",
        "22222222-2222-4222-8222-222222222222",
        "33333333-3333-4333-8333-333333333333",
    );
    let key = errand::platform::seal::KeyRing::generate();
    std::fs::write(folder.path().join("secret"), "a client secret\n").unwrap();
    let configuration = format!(
        r#"
mode = "development"
[tenant]
listen = "127.0.0.1:{tenant}"
public_url = "http://localhost:{tenant}"
database_url = "sqlite:tenant.db"
tenant_id = "{tenant_id}"
domain = "errand.localhost"
display_name = "Errand"
[[tenant.user_flows]]
name = "everybody"
attributes = ["display_name", "country"]
[[tenant.apps]]
name = "API"
client_id = "{resource}"
scopes = [{{ value = "ToDoList.Read", display_name = "R" }}, {{ value = "ToDoList.ReadWrite", display_name = "W" }}]
optional_access_token_claims = ["idtyp"]
[[tenant.apps]]
name = "Errand"
client_id = "{client}"
redirect_uris = ["http://localhost:{web}/auth/redirect"]
secrets = [{{ file = "secret" }}]
permissions = [{{ resource = "{resource}", scopes = ["ToDoList.Read", "ToDoList.ReadWrite"] }}]
user_flow = "everybody"
[api]
listen = "127.0.0.1:{api}"
database_url = "sqlite:api.db"
audiences = ["{resource}"]
[api.identity]
authority = "http://localhost:{tenant}/{tenant_id}/v2.0"
tenant_id = "{tenant_id}"
[api.permissions]
read = {{ scopes = ["ToDoList.Read"], app_permissions = ["ToDoList.Read.All"] }}
write = {{ scopes = ["ToDoList.ReadWrite"], app_permissions = ["ToDoList.ReadWrite.All"] }}
[web]
listen = "127.0.0.1:{web}"
public_url = "http://localhost:{web}"
database_url = "sqlite:web.db"
[web.identity]
authority = "http://localhost:{tenant}/{tenant_id}/v2.0"
tenant_id = "{tenant_id}"
client_id = "{client}"
client_credentials = [{{ secret = {{ file = "secret" }} }}]
initial_scopes = ["api://{resource}/ToDoList.Read"]
[web.downstream_apis.todolist]
base_url = "http://localhost:{api}"
relative_path = "api/todolist"
scopes = {{ read = ["api://{resource}/ToDoList.Read"], write = ["api://{resource}/ToDoList.ReadWrite"] }}
"#
    );
    std::fs::write(folder.path().join("errand.toml"), configuration).unwrap();
    let start = |program: &str| {
        let mut command = errand(folder.path(), &[program]);
        // As a secret store would give it.
        command.env("ERRAND_WEB__ENCRYPTION_KEYS", format!("[\"{key}\"]"));
        let mut child = Running(command.spawn().unwrap());
        let mut line = String::new();
        BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        if line.is_empty() {
            let mut stderr = String::new();
            let _ = child.0.stderr.take().unwrap().read_to_string(&mut stderr);
            panic!("{program} did not start: {stderr}");
        }
        child
    };
    // In the worst order: nobody waits for anybody.
    let mut programs = ["web", "api", "tenant"].map(start);
    let [web, tenant] = [web, tenant].map(|port| format!("http://localhost:{port}"));
    let mut browser = provider_is_found(&web, &tenant).await;
    browser.sign_up("ada@example.com", "Ada Lovelace").await;
    let page = browser.submit("form.add", &[("description", "buy milk")]).await;
    assert_eq!(page.todos(), [("buy milk".to_owned(), false)]);

    // 86: the API goes, and comes back.
    programs[1].stop();
    assert_eq!(browser.open("/todos").await.status, StatusCode::SERVICE_UNAVAILABLE);
    programs[1] = start("api");
    assert_eq!(browser.open("/todos").await.todos().len(), 1);
    // And so does the tenant: a list needs no provider while the tokens last, signing in does.
    programs[2].stop();
    assert_eq!(browser.open("/todos").await.todos().len(), 1);
    let mut other = Browser::new(&web, &tenant);
    programs[0].stop();
    programs[0] = start("web");
    assert_eq!(other.open("/todos").await.status, StatusCode::SERVICE_UNAVAILABLE);
    programs[2] = start("tenant");
    let deadline = Instant::now() + PATIENCE;
    while other.open("/todos").await.status != StatusCode::OK {
        assert!(Instant::now() < deadline, "signing in does not recover: {}", other.page.url);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(other.sign_in_here("ada@example.com").await.todos().len(), 1);
    for program in &mut programs {
        program.stop();
    }
}
