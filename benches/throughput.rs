//! What a request costs, and what the programs weigh. Prints figures beside their aims and asserts none of them:
//! machines differ, and a ratio to a bare axum handler on the same machine says more than a number of requests.
//!
//! ```text
//! cargo bench --features ssr
//! ```
//!
//! The programs are the real ones, started as `errand dev` starts them, with a customer who signed up by the pages
//! and a token from the tenant's own endpoints: there is no door for the benchmark. Load, programs and baselines
//! share one process and its processors, so the CPU times hold the client's share too; the line "HTTP alone" says
//! how large that is.

#[path = "throughput/live.rs"]
mod live;
#[path = "throughput/long_list.rs"]
mod long_list;
#[path = "throughput/rows.rs"]
mod rows;
#[path = "throughput/writing.rs"]
mod writing;

use std::fmt;
use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use errand::dev::{Addresses, Dev};
use errand::platform::clock::{self, Clock};
use errand::platform::{database, hash, outbound, process, random, telemetry};
use errand::todo::{Description, Details, Todo};
use reqwest::header::{ACCEPT, AUTHORIZATION, COOKIE, HeaderName, LOCATION, SET_COOKIE};
use reqwest::{Method, Request, Response, StatusCode, Url};
use serde::Deserialize;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{AnyPool, Row as _};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// As the programs have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Connections that are kept busy at a time.
const CONCURRENCY: usize = 8;
/// How long each series runs before anything is counted.
const WARM_UP: Duration = Duration::from_secs(1);
/// How long one round of one series is.
const ROUND: Duration = Duration::from_secs(1);
/// Rounds of each series. The series take turns, so that what else the machine does befalls all of them.
const ROUNDS: usize = 5;
/// To-dos on the customer's list.
const TODOS: usize = 20;
/// `USER_HZ` of Linux: the unit of the times in `/proc/self/stat`, the same on every architecture we run on.
const TICKS_PER_SECOND: u32 = 100;
/// The largest browser bundle, compressed, in bytes.
const BUNDLE_AIM: usize = 200 * 1024;
/// The largest resident set of `errand dev` at rest, in kilobytes.
const MEMORY_AIM: u32 = 60 * 1024;

const EMAIL: &str = "bench@example.com";
const PASSWORD: &str = "correct horse battery staple";

fn main() {
    // A thousand listeners are connections of this process, too.
    process::prepare();
    telemetry::init();
    let folder = tempfile::tempdir().expect("there is room for a temporary folder");
    // As many workers as `errand` itself has.
    let workers = std::thread::available_parallelism().map_or(4, |cores| cores.get().max(4));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build();
    let runtime = runtime.expect("the operating system gives threads");

    println!("Errand: what a request costs");
    println!(
        "{CONCURRENCY} keep-alive HTTP/1.1 connections, {ROUNDS} rounds of {} s each in turn; client, programs and \
         baselines share this process",
        ROUND.as_secs()
    );
    name_files();
    runtime.block_on(requests(folder.path()));
    bundle();
    runtime.block_on(memory(folder.path()));
    runtime.block_on(live::fan_out(folder.path()));
}

/// The two requests that matter, each beside the least that could answer it.
async fn requests(folder: &Path) {
    let dev = Dev::start(Some(&configuration(folder, "dev")), Clock::system()).await.expect("errand dev starts");
    let addresses = dev.addresses.clone();
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(dev.serve(shutdown.clone()));

    let mut browser = Browser::default();
    sign_up(&mut browser, &addresses, EMAIL).await;
    add_todos(&browser, &addresses, TODOS).await;
    let authorization = format!("Bearer {}", access_token(&browser, &addresses, &folder.join("dev")).await);

    let api = url(&addresses.api, "/api/todolist");
    let get = |url: Url| Request::new(Method::GET, url);
    let with = |mut request: Request, name: HeaderName, value: &str| {
        request.headers_mut().insert(name, value.parse().expect("tokens and cookies are ASCII"));
        request
    };
    let list = with(get(api.clone()), AUTHORIZATION, &authorization);
    let page = with(get(url(&addresses.web, "/todos")), COOKIE, &browser.cookies());

    let todos: Vec<Todo> = serde_json::from_slice(&body_of(&list).await).expect("the API sends to-dos");
    assert_eq!(todos.len(), TODOS, "the list is complete");
    let html = String::from_utf8(body_of(&page).await).expect("the page is UTF-8");
    assert!(todos.iter().all(|todo| html.contains(todo.description.as_str())), "the page shows the list");

    let bare = Bare::serve(folder, todos[0].owner.clone(), api.clone(), authorization.clone()).await;
    let bare_list = get(url(&bare, "/list"));
    assert_eq!(body_of(&bare_list).await, body_of(&list).await, "both send the same bytes");

    let mut series = [
        Series::new("Errand", list),
        Series::new("bare axum, same query", bare_list),
        Series::new("HTTP alone", get(url(&bare, "/nothing"))),
    ];
    measure(&mut series).await;
    report(&format!("GET /api/todolist, {TODOS} to-dos"), &series, 60);

    let mut series = [
        Series::new("Errand", page),
        Series::new("bare axum, same API call", get(url(&bare, "/call"))),
        Series::new("HTTP alone", get(url(&bare, "/nothing"))),
    ];
    measure(&mut series).await;
    report(&format!("GET /todos, signed in, {TODOS} to-dos"), &series, 60);
    let slower = series[0].percentile(99).as_secs_f64() / series[1].percentile(99).as_secs_f64();
    println!("  p99: {slower:.1} times the baseline's; aim: 2 or less: {}", verdict(slower <= 2.0));
    rows::rows(&addresses, folder, &todos[0].owner).await;

    writing::writing(&api, &bare, &authorization, &todos).await;

    let db = api_database(folder).await;
    long_list::pages(&addresses, &folder.join("dev"), &db, &url(&bare, "/nothing")).await;

    shutdown.cancel();
    serving.await.expect("errand dev ends as it should");
}

/// Puts `hash.txt` beside this program, from where `cargo leptos build --release` leaves it beside the real one: pages look the
/// names of their files up in it, and are measured doing so.
fn name_files() {
    let program = std::env::current_exe().expect("a program knows where it is");
    let folder = program.parent().expect("it is in a folder");
    let built = folder.with_file_name("hash.txt");
    let copied = std::fs::copy(&built, folder.join("hash.txt"));
    copied.unwrap_or_else(|error| panic!("{}: {error}; run `cargo leptos build --release` first", built.display()));
}

/// Writes an `errand.toml` for programs on free ports with their data in `{folder}/{name}`.
fn configuration(folder: &Path, name: &str) -> PathBuf {
    let text = |path: PathBuf| toml::Value::from(path.display().to_string());
    let (data, site) = (text(folder.join(name)), text(site_root()));
    let toml = format!(
        "mode = \"development\"\ndata = {data}\n\
         [web]\nlisten = \"127.0.0.1:0\"\nsite_root = {site}\n\
         [api]\nlisten = \"127.0.0.1:0\"\n[api.rate_limits]\nper_customer = {{ requests = 1000000, seconds = 1 }}\n[tenant]\nlisten = \"127.0.0.1:0\"\n"
    );
    let file = folder.join(format!("{name}.toml"));
    std::fs::write(&file, toml).expect("the temporary folder can be written to");
    file
}

fn site_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/site")
}

fn url(origin: &str, path: &str) -> Url {
    Url::parse(origin).and_then(|origin| origin.join(path)).expect("the programs' addresses are URLs")
}

async fn body_of(request: &Request) -> Vec<u8> {
    let request = request.try_clone().expect("a GET has no body");
    let response = outbound::client().execute(request).await.expect("the program answers");
    assert_eq!(response.status(), StatusCode::OK, "{}", response.url().path());
    response.bytes().await.expect("the answer is whole").to_vec()
}

/// As much of a browser as signing up takes. Everything is on localhost and there is one sign-in at a time, so
/// cookies need neither host nor path.
struct Browser {
    http: reqwest::Client,
    cookies: Vec<(String, String)>,
}

/// Where a browser ended up.
struct Page {
    url: Url,
    text: String,
}

impl Default for Browser {
    fn default() -> Self {
        Self { http: outbound::client(), cookies: Vec::new() }
    }
}

impl Browser {
    fn cookies(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    async fn get(&mut self, url: Url) -> Page {
        let response = self.http.get(url).header(COOKIE, self.cookies()).send().await.expect("the program answers");
        self.follow(response).await
    }

    async fn post(&mut self, url: Url, fields: &[(&str, &str)]) -> Page {
        let request = self.http.post(url).header(COOKIE, self.cookies()).header("sec-fetch-site", "same-origin");
        let response = request.form(fields).send().await.expect("the program answers");
        self.follow(response).await
    }

    /// Keeps the cookies and goes where the answer points, until it is a page.
    async fn follow(&mut self, mut response: Response) -> Page {
        loop {
            self.keep_cookies(&response);
            let Some(location) = response.headers().get(LOCATION) else { break };
            let location = location.to_str().expect("addresses are ASCII");
            let url = response.url().join(location).expect("redirects lead to URLs");
            let request = self.http.get(url).header(COOKIE, self.cookies());
            response = request.send().await.expect("the program answers");
        }
        let (url, status) = (response.url().clone(), response.status());
        let text = response.text().await.expect("pages are text");
        assert!(status.is_success(), "{status} from {}", url.path());
        Page { url, text }
    }

    fn keep_cookies(&mut self, response: &Response) {
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().expect("cookies are ASCII");
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("name=value");
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() && !cookie.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }
}

/// Signs a customer up by the pages, as a browser would.
async fn sign_up(browser: &mut Browser, addresses: &Addresses, email: &str) {
    let page = browser.get(url(&addresses.web, "/auth/sign-up?return_to=%2Ftodos")).await;
    let page = browser.post(page.url, &[("email", email)]).await;
    let mailbox = browser.get(url(&addresses.tenant, &format!("/mailbox.json?to={email}"))).await;
    let mailbox: Value = serde_json::from_str(&mailbox.text).expect("the mailbox is JSON");
    let passcode = mailbox["messages"][0]["passcode"].as_str().expect("the mail with the passcode has arrived");
    let page = browser.post(page.url, &[("passcode", passcode)]).await;
    let details =
        [("password", PASSWORD), ("confirm_password", PASSWORD), ("display_name", "Bench"), ("country", "NL")];
    let page = browser.post(page.url, &details).await;
    assert_eq!(page.url.path(), "/todos", "signing up ends at the list");
}

async fn add_todos(browser: &Browser, addresses: &Addresses, count: usize) {
    for number in 1..=count {
        let request = browser
            .http
            .post(url(&addresses.web, "/actions/todos/add"))
            .header(COOKIE, browser.cookies())
            .header("sec-fetch-site", "same-origin")
            .header(ACCEPT, "application/json")
            .form(&[("description", format!("Buy milk, bread and butter, trip {number}"))]);
        let response = request.send().await.expect("the web server answers");
        assert!(response.status().is_success(), "a to-do was added: {}", response.status());
    }
}

/// What `errand dev` made up on its first run, as far as an app registration needs it.
#[derive(Deserialize)]
struct Secrets {
    tenant_id: String,
    web_client_id: String,
    api_client_id: String,
    web_client_secret: String,
}

/// An access token for the API by the authorization code flow (RFC 6749 §4.1, RFC 7636): with the web app's
/// registration, and the session that signing up has left at the tenant.
async fn access_token(browser: &Browser, addresses: &Addresses, data: &Path) -> String {
    let secrets = std::fs::read_to_string(data.join("secrets.toml")).expect("the first run has made secrets.toml");
    let secrets: Secrets = toml::from_str(&secrets).expect("secrets.toml is TOML");
    let endpoint = |name: &str| url(&addresses.tenant, &format!("/{}/oauth2/v2.0/{name}", secrets.tenant_id));
    let redirect_uri = format!("{}/auth/redirect", addresses.web);
    let scope = format!("openid api://{}/ToDoList.ReadWrite", secrets.api_client_id);
    let verifier = random::token();
    let challenge = hash::sha256_base64url(&verifier);
    let parameters: [(&str, &str); 6] = [
        ("response_type", "code"),
        ("client_id", &secrets.web_client_id),
        ("redirect_uri", &redirect_uri),
        ("scope", &scope),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let authorize = browser.http.get(endpoint("authorize")).header(COOKIE, browser.cookies()).query(&parameters);
    let response = authorize.send().await.expect("the tenant answers");
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let location = Url::parse(location).expect("the customer is signed in, so the tenant redirects to the app");
    let code = location.query_pairs().find(|(name, _)| name == "code").expect("the app is given a code").1;
    let parameters: [(&str, &str); 4] = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &redirect_uri),
        ("code_verifier", &verifier),
    ];
    let request = browser.http.post(endpoint("token")).form(&parameters);
    let request = request.basic_auth(&secrets.web_client_id, Some(&secrets.web_client_secret));
    let answer: Value = request.send().await.expect("the tenant answers").json().await.expect("the answer is JSON");
    answer["access_token"].as_str().expect("the code is exchanged for an access token").to_owned()
}

/// The baselines: what is left of each request without sign-in, tokens, permissions, layers and pages.
struct Bare {
    db: AnyPool,
    owner: String,
    http: reqwest::Client,
    api: Url,
    authorization: String,
}

impl Bare {
    /// Serves the baselines, until the process ends; returns their address. `owner` is whose to-dos they list,
    /// `api` and `authorization` how the API is asked for them.
    async fn serve(folder: &Path, owner: String, api: Url, authorization: String) -> String {
        let db = api_database(folder).await;
        let bare = Self { db, owner, http: outbound::client(), api, authorization };
        let router = Router::new()
            .route("/list", get(Self::list))
            .route("/call", get(Self::call))
            .route("/nothing", get(|| async { "" }))
            .merge(writing::router())
            .with_state(Arc::new(bare));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        // As the programs do.
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("the connection is open"));
        tokio::spawn(axum::serve(listener, router).into_future());
        format!("http://{address}")
    }

    /// The API's query, and its rows as the API sends them.
    async fn list(State(bare): State<Arc<Self>>) -> Json<Vec<Todo>> {
        let query = sqlx::query(
            "SELECT id, owner, description, done, details, completed_at, created_at, updated_at, version, position AS sort_key,
             (SELECT last_change FROM owners WHERE owner = $1) AS last_change FROM todos
             WHERE owner = $1 AND removed_at IS NULL AND (position, id) > (CAST($2 AS BIGINT), $3)
             ORDER BY position, id LIMIT CAST($4 AS BIGINT)",
        );
        let rows = query.bind(&bare.owner).bind(i64::MIN).bind("").bind(1001_i64).fetch_all(&bare.db).await;
        let rows = rows.expect("the database answers");
        Json(rows.iter().map(todo).collect())
    }

    /// The web server's call of the API, and the answer as it came.
    async fn call(State(bare): State<Arc<Self>>) -> Vec<u8> {
        let request = bare.http.get(bare.api.clone()).header(AUTHORIZATION, &bare.authorization);
        let response = request.send().await.expect("the API answers");
        assert_eq!(response.status(), StatusCode::OK, "the token is good");
        response.bytes().await.expect("the answer is whole").to_vec()
    }
}

/// The database of the API that is measured.
async fn api_database(folder: &Path) -> AnyPool {
    let file = format!("sqlite:{}", folder.join("dev/api.db").display());
    let db = database::open("api.database_url", &file, &sqlx::migrate!("src/api/migrations")).await;
    db.expect("the API's database is there")
}

/// A to-do of its row.
fn todo(row: &AnyRow) -> Todo {
    let text = |name: &str| row.get::<String, _>(name);
    Todo {
        id: text("id").parse().expect("a UUID"),
        owner: text("owner"),
        description: Description::parse(&text("description")).expect("the API has checked it"),
        done: row.get::<i64, _>("done") != 0,
        details: match row.get::<&str, _>("details") {
            "{}" => Details::default(),
            details => serde_json::from_str(details).expect("the API has written it"),
        },
        completed_at: row.get::<Option<i64>, _>("completed_at").map(clock::from_millis),
        created_at: clock::from_millis(row.get("created_at")),
        updated_at: clock::from_millis(row.get("updated_at")),
        version: row.get("version"),
    }
}

/// Requests, repeated in turn, and what that took.
struct Series {
    name: &'static str,
    requests: Vec<Request>,
    rounds: Vec<Round>,
}

/// One round of a series.
struct Round {
    latencies: Vec<Duration>,
    elapsed: Duration,
    cpu: Duration,
}

impl Series {
    fn new(name: &'static str, request: Request) -> Self {
        Self::of(name, vec![request])
    }

    fn of(name: &'static str, requests: Vec<Request>) -> Self {
        Self { name, requests, rounds: Vec::new() }
    }

    fn sum(&self, of: impl Fn(&Round) -> Duration) -> Duration {
        self.rounds.iter().map(of).sum()
    }

    fn per_second(&self) -> f64 {
        let requests: u32 = self.rounds.iter().map(Round::requests).sum();
        f64::from(requests) / self.sum(|round| round.elapsed).as_secs_f64()
    }

    fn cpu_per_request(&self) -> Duration {
        self.sum(|round| round.cpu) / self.rounds.iter().map(Round::requests).sum::<u32>().max(1)
    }

    /// The latency that so many percent of the requests kept within.
    fn percentile(&self, percent: usize) -> Duration {
        let mut all: Vec<Duration> = self.rounds.iter().flat_map(|round| round.latencies.iter().copied()).collect();
        all.sort_unstable();
        all.get((all.len() * percent / 100).min(all.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

impl Round {
    fn requests(&self) -> u32 {
        u32::try_from(self.latencies.len()).expect("a round is a second")
    }

    fn per_second(&self) -> f64 {
        f64::from(self.requests()) / self.elapsed.as_secs_f64()
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:<26}{:>12.0}{:>9.2} ms{:>9.2} ms{:>12} µs",
            self.name,
            self.per_second(),
            self.percentile(50).as_secs_f64() * 1000.0,
            self.percentile(99).as_secs_f64() * 1000.0,
            self.cpu_per_request().as_micros()
        )
    }
}

/// Runs all series in turn, first to warm up, then to be counted.
async fn measure(series: &mut [Series]) {
    let http = outbound::client();
    for one in series.iter() {
        load(&http, &one.requests, WARM_UP).await;
    }
    for number in 0..ROUNDS {
        // Nobody always comes first.
        series.rotate_left(number % 2);
        for one in series.iter_mut() {
            let round = load(&http, &one.requests, ROUND).await;
            one.rounds.push(round);
        }
        series.rotate_right(number % 2);
    }
}

/// Keeps all connections busy for a while.
async fn load(http: &reqwest::Client, requests: &[Request], time: Duration) -> Round {
    let turn = Arc::new(AtomicUsize::new(0));
    let copy = |request: &Request| request.try_clone().expect("bodies are in memory");
    let (cpu, began) = (cpu_time(), Instant::now());
    let clients = (0..CONCURRENCY).map(|_| {
        let http = http.clone();
        let (requests, turn): (Vec<_>, _) = (requests.iter().map(copy).collect(), turn.clone());
        tokio::spawn(async move {
            let mut latencies = Vec::new();
            while began.elapsed() < time {
                let request = copy(&requests[turn.fetch_add(1, Ordering::Relaxed) % requests.len()]);
                let sent = Instant::now();
                let response = http.execute(request).await.expect("the program answers");
                assert!(response.status().is_success(), "only answers that are right count: {}", response.status());
                response.bytes().await.expect("the answer is whole");
                latencies.push(sent.elapsed());
            }
            latencies
        })
    });
    let clients: Vec<_> = clients.collect();
    let mut latencies = Vec::new();
    for client in clients {
        latencies.append(&mut client.await.expect("no client has panicked"));
    }
    Round { latencies, elapsed: began.elapsed(), cpu: cpu_time().saturating_sub(cpu) }
}

/// The processor time that this process has used, user and system, of all its threads.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("this runs on Linux");
    // proc(5): fields 14 and 15; the second one, the program's name, ends with the last parenthesis.
    let (_, after_name) = stat.rsplit_once(')').expect("the second field is in parentheses");
    let fields = after_name.split_whitespace().skip(11).take(2);
    let ticks: u32 = fields.map(|ticks| ticks.parse::<u32>().expect("times are numbers")).sum();
    Duration::from_secs(1) * ticks / TICKS_PER_SECOND
}

/// Prints the series and how the first compares to the second, beside the aim in percent.
fn report(title: &str, series: &[Series; 3], aim: u32) {
    let [subject, baseline, _] = series;
    let percent = |of: f64, to: f64| 100.0 * of / to;
    let ratio = percent(subject.per_second(), baseline.per_second());
    let rounds = subject.rounds.iter().zip(&baseline.rounds);
    let rounds = rounds.map(|(subject, baseline)| percent(subject.per_second(), baseline.per_second()));
    let (least, most) = rounds.fold((f64::MAX, 0_f64), |(least, most), ratio| (least.min(ratio), most.max(ratio)));
    let cpu = percent(baseline.cpu_per_request().as_secs_f64(), subject.cpu_per_request().as_secs_f64());

    println!("\n{title}");
    println!("  {:<26}{:>12}{:>12}{:>12}{:>15}", "", "requests/s", "p50", "p99", "CPU/request");
    for one in series {
        println!("  {one}");
    }
    println!(
        "  {ratio:.0} % of the baseline's requests (rounds: {least:.0} to {most:.0} %; by CPU time {cpu:.0} %); aim: \
         {aim} % or more: {}",
        verdict(ratio >= f64::from(aim))
    );
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

/// What a browser loads once, compressed with Brotli.
fn bundle() {
    println!("\nThe browser bundle, Brotli level 11 (counts after `cargo leptos build --release` only)");
    let newest = |extension: &str| {
        let files = std::fs::read_dir(site_root().join("pkg")).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
        let files = files.filter(|file| file.extension().is_some_and(|known| known == extension));
        files.max_by_key(|file| file.metadata().and_then(|metadata| metadata.modified()).ok())
    };
    let (Some(wasm), Some(js)) = (newest("wasm"), newest("js")) else {
        println!("  not built: target/site/pkg has no .wasm and .js");
        return;
    };
    let mut sum = 0;
    for file in [wasm, js] {
        let name = file.file_name().unwrap_or_default().display().to_string();
        let output = match Command::new("brotli").args(["-q", "11", "-c"]).arg(&file).output() {
            Ok(output) if output.status.success() => output.stdout,
            Ok(output) => {
                println!("  {name}: brotli gave up: {}", String::from_utf8_lossy(&output.stderr).trim());
                return;
            }
            Err(error) => {
                println!("  not measured: the program `brotli` does not run ({error})");
                return;
            }
        };
        let original = file.metadata().map_or(0, |metadata| metadata.len());
        println!("  {name:<48}{:>8} KB of {} KB", output.len() / 1024, original / 1024);
        sum += output.len();
    }
    let aim = BUNDLE_AIM / 1024;
    println!("  together {} KB; aim: {aim} KB or less: {}", sum / 1024, verdict(sum <= BUNDLE_AIM));
}

/// The program `errand`, stopped and waited for whatever happens here.
struct Program {
    child: Child,
    /// What it says when it has started.
    said: Vec<String>,
    /// Kept open to the end: the program goes on printing.
    _stdout: std::io::BufReader<std::process::ChildStdout>,
}

impl Program {
    /// Starts `errand dev` with its data in `{folder}/{name}`.
    fn start(folder: &Path, name: &str) -> Self {
        Self::start_with(folder, name, None)
    }

    /// With a variable of the environment.
    fn start_with(folder: &Path, name: &str, variable: Option<(&str, &str)>) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_errand"))
            .arg("--config")
            .arg(configuration(folder, name))
            .envs(variable)
            .stdout(Stdio::piped())
            .spawn()
            .expect("cargo has built the program");
        let mut stdout = std::io::BufReader::new(child.stdout.take().expect("it is piped"));
        let mut said = Vec::new();
        while !said.last().is_some_and(|line: &String| line.starts_with("Ctrl-C")) {
            let mut line = String::new();
            assert!(stdout.read_line(&mut line).expect("it prints text") > 0, "it has started: {said:?}");
            said.push(line.trim().to_owned());
        }
        Self { child, said, _stdout: stdout }
    }

    /// The address in the line that has `word` in it.
    fn line(&self, word: &str) -> String {
        let line = self.said.iter().find(|line| line.contains(word)).expect("it says where it is");
        line.split_whitespace().find(|part| part.starts_with("http")).expect("an address").to_owned()
    }

    /// Where it is.
    fn addresses(&self) -> Addresses {
        let [web, api, tenant] = ["web ", "API ", "tenant "].map(|word| self.line(word));
        Addresses { web, api, tenant, mailbox: true }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        if !asked.is_ok_and(|status| status.success()) {
            // Only when there is no `kill`; it has no data worth a clean end.
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// What `errand dev` occupies when it has started and nobody asks anything.
async fn memory(folder: &Path) {
    println!("\nThe memory of `errand dev` at rest");
    let program = Program::start(folder, "rest");
    let health = url(&program.line("Open"), "/health");
    let response = outbound::client().get(health).send().await.expect("it answers");
    assert_eq!(response.status(), StatusCode::OK, "it is well");

    let pid = program.child.id();
    let mut samples = vec![resident(pid, "VmRSS")];
    let settled = |samples: &[u32]| samples.len() >= 5 && samples.windows(2).rev().take(4).all(|two| two[0] == two[1]);
    while !settled(&samples) && samples.len() < 100 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        samples.push(resident(pid, "VmRSS"));
    }
    let kilobytes = samples[samples.len() - 1];
    println!(
        "  {:.1} MB resident ({:.1} MB of it its own, the rest is the program's file){}; aim: {} MB or less: {}",
        f64::from(kilobytes) / 1024.0,
        f64::from(resident(pid, "RssAnon")) / 1024.0,
        if settled(&samples) { "" } else { ", and still changing after 20 s" },
        MEMORY_AIM / 1024,
        verdict(kilobytes <= MEMORY_AIM)
    );
}

/// A size in `/proc/{pid}/status`, in kilobytes.
fn resident(pid: u32, name: &str) -> u32 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the program runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("Linux tells");
    line.split_whitespace().find_map(|word| word.parse().ok()).expect("sizes are numbers")
}
