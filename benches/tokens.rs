//! What an access token costs: from memory, from the database, from the provider. Prints figures beside their aims and
//! asserts none of them; each stands beside a baseline of the same run, because machines differ.
//!
//! ```text
//! cargo bench --features ssr --bench tokens
//! ```
//!
//! The customers sign in by the real endpoints, at a provider of the benchmark's own, which signs whatever is asked for.

use std::collections::HashMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode, header};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use errand::identity::scopes::{Naming, Scopes};
use errand::identity::session::UserKey;
use errand::identity::{Identity, MIGRATIONS};
use errand::platform::clock::Clock;
use errand::platform::config::{Mode, Settings};
use errand::platform::seal::KeyRing;
use errand::platform::{database, outbound, telemetry};
use secrecy::SecretString;
use serde_json::{Value, json};
use sqlx::AnyPool;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tower::ServiceExt as _;
use url::Url;

/// As the programs have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Customers that are signed in.
const CUSTOMERS: usize = 1_000;
/// How often a token is had from memory, per round.
const CALLS: u32 = 20_000;
/// Rounds of each series; the best one counts, since everything else that the machine does only adds to it.
const ROUNDS: usize = 5;
/// The longest that a token from memory may take.
const MEMORY_AIM: Duration = Duration::from_micros(5);
/// The longest that a token from the database may take.
const DATABASE_AIM: Duration = Duration::from_micros(300);
/// The most that renewals may take, in times of as many bare requests.
const RENEWAL_AIM: f64 = 2.0;
/// How many requests Errand has at the token endpoint at the same time.
const AT_ONCE: usize = 128;

const CLIENT: &str = "b8b8b8b8-0000-4000-8000-000000000002";
const SCOPE: &str = "api://todo/ToDoList.Read";

fn main() {
    telemetry::init();
    let folder = tempfile::tempdir().expect("there is room for a temporary folder");
    let workers = std::thread::available_parallelism().map_or(4, |cores| cores.get().max(4));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build();
    runtime.expect("the operating system gives threads").block_on(run(folder.path()));
}

async fn run(folder: &Path) {
    println!("Errand: what an access token costs");
    let clock = Clock::manual(Clock::system().now());
    let provider = Provider::serve(clock.clone()).await;
    let web = WebServer::new(folder, &provider.origin, &clock).await;
    let customers = web.sign_in_all(&provider.origin).await;
    println!("{CUSTOMERS} customers are signed in, on SQLite");
    from_memory(&web, &customers[0]).await;
    from_database(folder, &provider.origin, &clock, &customers).await;
    from_provider(&web, &provider, &clock, &customers).await;
}

/// The tokens of one customer, again and again.
async fn from_memory(web: &WebServer, customer: &UserKey) {
    let scopes = Scopes::parse(SCOPE);
    let token = || async {
        black_box(web.identity.tokens().for_user(black_box(customer), black_box(&scopes)).await.expect("a token"));
    };
    // The least that could be done: a look into a map that many threads share, by the same key, and a copy.
    let key = (customer.clone(), scopes.resource(Naming::Entra));
    let known = Arc::new(vec![SecretString::from("a token".repeat(100))]);
    let map = std::sync::RwLock::new(HashMap::from([(key.clone(), known.clone())]));
    let cache = moka::future::Cache::builder().max_capacity(10_000).time_to_live(Duration::from_mins(5)).build();
    cache.insert(key, known).await;
    let key = || (black_box(customer).clone(), black_box(&scopes).resource(Naming::Entra));

    let (mut subject, mut bare_cache, mut bare_map) = (Duration::MAX, Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        // The cache forgets after seconds; it is warm again after the first call of a round.
        token().await;
        let began = Instant::now();
        for _ in 0..CALLS {
            token().await;
        }
        subject = subject.min(began.elapsed() / CALLS);
        let began = Instant::now();
        for _ in 0..CALLS {
            black_box(cache.get(&key()).await.map(|known| known[0].clone()));
        }
        bare_cache = bare_cache.min(began.elapsed() / CALLS);
        let began = Instant::now();
        for _ in 0..CALLS {
            black_box(map.read().expect("nobody panicked").get(&key()).map(|known| known[0].clone()));
        }
        bare_map = bare_map.min(began.elapsed() / CALLS);
    }
    println!("\nfor_user, from memory");
    report("Errand", subject, Some(MEMORY_AIM));
    report("a bare moka cache", bare_cache, None);
    report("a bare HashMap", bare_map, None);
    println!("  {:.1} times the bare cache", subject.as_secs_f64() / bare_cache.as_secs_f64());
}

/// The tokens of all customers, each for the first time in a process.
async fn from_database(folder: &Path, origin: &str, clock: &Clock, customers: &[UserKey]) {
    let scopes = Scopes::parse(SCOPE);
    let (mut subject, mut bare) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        // As after a restart: nothing is in memory.
        let web = WebServer::new(folder, origin, clock).await;
        let began = Instant::now();
        for customer in customers {
            black_box(web.identity.tokens().for_user(customer, &scopes).await.expect("a token"));
        }
        subject = subject.min(began.elapsed() / count());
        let began = Instant::now();
        for customer in customers {
            black_box(web.select_and_open(customer).await);
        }
        bare = bare.min(began.elapsed() / count());
    }
    println!("\nfor_user, from the database");
    report("Errand", subject, Some(DATABASE_AIM));
    report("a bare SELECT, and AES-GCM", bare, None);
    println!("  {:.2} times the bare query", subject.as_secs_f64() / bare.as_secs_f64());
}

/// All customers at once, hours later; and the requests that this takes at the provider, by themselves: the same form under the
/// same credentials, from a client like Errand's, whose connections are as warm, with as many turns.
async fn from_provider(web: &WebServer, provider: &Provider, clock: &Clock, customers: &[UserKey]) {
    let (mut subject, mut bare) = (Duration::MAX, Duration::MAX);
    let http = outbound::client();
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    for _ in 0..ROUNDS {
        clock.advance(time::Duration::hours(2));
        let before = provider.renewals();
        let began = Instant::now();
        let calls: Vec<_> = customers
            .iter()
            .map(|customer| {
                let (tokens, customer) = (web.identity.tokens().clone(), customer.clone());
                tokio::spawn(async move { tokens.for_user(&customer, &Scopes::parse(SCOPE)).await })
            })
            .collect();
        let mut failed = 0;
        for call in calls {
            if let Err(error) = call.await.expect("no task has panicked") {
                failed += 1;
                eprintln!("{error}");
            }
        }
        subject = subject.min(began.elapsed());
        assert_eq!((failed, provider.renewals() - before), (0, CUSTOMERS), "each got a token, by one renewal");

        let began = Instant::now();
        let refresh_token = refresh_token();
        let calls: Vec<_> = (0..CUSTOMERS)
            .map(|_| {
                let request = http.post(format!("{}/token", provider.origin)).basic_auth(CLIENT, Some("a secret"));
                let request = request.header(header::ACCEPT, "application/json");
                let request = request.form(&[("grant_type", "refresh_token"), ("refresh_token", &refresh_token)]);
                let turns = turns.clone();
                tokio::spawn(async move {
                    let _turn = turns.acquire().await;
                    request.send().await.expect("an answer").bytes().await.expect("whole")
                })
            })
            .collect();
        for call in calls {
            call.await.expect("no task has panicked");
        }
        bare = bare.min(began.elapsed());
    }
    println!("\n{CUSTOMERS} customers renew at once");
    println!("  {:<34}{:>9.0} ms, none failed", "Errand", subject.as_secs_f64() * 1000.0);
    println!("  {:<34}{:>9.0} ms", "as many bare requests", bare.as_secs_f64() * 1000.0);
    let times = subject.as_secs_f64() / bare.as_secs_f64();
    let verdict = if times <= RENEWAL_AIM { "met" } else { "MISSED" };
    println!("  {times:.1} times the bare requests; aim: {RENEWAL_AIM} or less: {verdict}");
}

fn count() -> u32 {
    u32::try_from(CUSTOMERS).expect("a small number")
}

fn report(name: &str, took: Duration, aim: Option<Duration>) {
    let micros = took.as_secs_f64() * 1e6;
    let aim = aim.map_or_else(String::new, |aim| {
        let verdict = if took <= aim { "met" } else { "MISSED" };
        format!("; aim: {} µs or less: {verdict}", aim.as_micros())
    });
    println!("  {name:<34}{micros:>9.2} µs{aim}");
}

/// As much of a web server as tokens need.
struct WebServer {
    identity: Identity,
    app: Router,
    db: AnyPool,
    keys: KeyRing,
}

impl WebServer {
    async fn new(folder: &Path, origin: &str, clock: &Clock) -> Self {
        let key = SecretString::from("A".repeat(43));
        let keys = KeyRing::parse(&[key]).expect("32 bytes");
        let url = format!("sqlite:{}", folder.join("web.db").display());
        let db = database::open("database_url", &url, &MIGRATIONS).await.expect("a database");
        let config = format!(
            "[web]\nauthority = \"{origin}\"\nclient_id = \"{CLIENT}\"\ninitial_scopes = [\"{SCOPE}\"]\n\
             client_credentials = [{{ secret = \"a secret\" }}]\n"
        );
        let config =
            Settings::from_toml(&config).and_then(|settings| settings.section("web")).expect("a configuration");
        let url = "http://localhost".parse().expect("a URL");
        let identity = Identity::builder(config, url, db.clone(), keys.clone()).key("web");
        let identity = identity.mode(Mode::Development).clock(clock.clone()).cookie_prefix("errand");
        let identity = identity.problem_page("/problem").build().expect("a configuration");
        let app = identity.mount(Router::new());
        Self { identity, app, db, keys }
    }

    async fn sign_in_all(&self, issuer: &str) -> Vec<UserKey> {
        let mut customers = Vec::new();
        for number in 0..CUSTOMERS {
            let answer = self.get("/auth/sign-in", "").await;
            let location = answer.headers()[header::LOCATION].to_str().expect("ASCII");
            let query: HashMap<_, _> = Url::parse(location).expect("a URL").query_pairs().into_owned().collect();
            let cookies: Vec<&str> = answer
                .headers()
                .get_all(header::SET_COOKIE)
                .iter()
                .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
                .collect();
            // The provider's answer: the code says whom it is for.
            let back = format!("/auth/redirect?code={number}.{}&state={}", query["nonce"], query["state"]);
            let answer = self.get(&back, &cookies.join("; ")).await;
            assert_eq!(answer.headers()[header::LOCATION], "/", "customer {number} is signed in");
            let key = json!(format!("{issuer}|{number}"));
            customers.push(serde_json::from_value(key).expect("the form of a customer's key"));
        }
        customers
    }

    async fn get(&self, path: &str, cookies: &str) -> axum::response::Response {
        let request = Request::get(path).header(header::COOKIE, cookies).body(Body::empty()).expect("a request");
        let answer = self.app.clone().oneshot(request).await.expect("infallible");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        answer
    }

    /// What a token from the database cannot do without.
    async fn select_and_open(&self, customer: &UserKey) -> String {
        let (resource, scopes, sealed): (String, String, String) = sqlx::query_as(
            "SELECT resource, scopes, sealed FROM access_tokens \
             WHERE customer = $1 AND client_id = $2 AND resource = $3 AND expires_at > $4",
        )
        .bind(customer.as_str())
        .bind(CLIENT)
        // At a provider that is not Entra, a token has no resource of its own.
        .bind("")
        .bind(0_i64)
        .fetch_one(&self.db)
        .await
        .expect("the token is there");
        let context = format!("access token\n{customer}\n{CLIENT}\n{resource}\n{scopes}");
        self.keys.open(&context, &sealed).expect("it is this key's")
    }
}

/// A provider that gives tokens to whoever asks.
struct Provider {
    origin: String,
    issued: Arc<Issued>,
}

struct Issued {
    issuer: String,
    key: EcdsaKeyPair,
    renewals: AtomicUsize,
    clock: Clock,
}

impl Provider {
    async fn serve(clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let origin = format!("http://localhost:{}", listener.local_addr().expect("it is bound").port());
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let issued = Arc::new(Issued { issuer: origin.clone(), key, renewals: AtomicUsize::new(0), clock });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(document))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .with_state(issued.clone());
        tokio::spawn(axum::serve(listener, router).into_future());
        Self { origin, issued }
    }

    fn renewals(&self) -> usize {
        self.issued.renewals.load(Ordering::SeqCst)
    }
}

async fn document(State(issued): State<Arc<Issued>>) -> Json<Value> {
    let base = &issued.issuer;
    Json(json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"),
        "jwks_uri": format!("{base}/keys"),
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
}

async fn keys(State(issued): State<Arc<Issued>>) -> Json<Value> {
    let (x, y) = issued.key.public_key().as_ref()[1..].split_at(32);
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    Json(json!({"keys": [{"kty": "EC", "use": "sig", "kid": "bench", "crv": "P-256", "x": text(x), "y": text(y)}]}))
}

/// Of the size that real ones have.
fn refresh_token() -> String {
    "r".repeat(1000)
}

async fn token(State(issued): State<Arc<Issued>>, Form(form): Form<HashMap<String, String>>) -> Json<Value> {
    // Of the size that real ones have.
    let access_token = "access.token.".repeat(100);
    let mut answer = json!({
        "token_type": "Bearer", "expires_in": 3600, "access_token": access_token, "refresh_token": refresh_token(),
    });
    if let Some((subject, nonce)) = form.get("code").and_then(|code| code.split_once('.')) {
        let now = issued.clock.unix_seconds();
        let claims = json!({
            "iss": issued.issuer, "aud": CLIENT, "sub": subject, "nonce": nonce, "iat": now, "exp": now + 3600,
        });
        let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", text(&json!({"alg": "ES256", "kid": "bench"})), text(&claims));
        let signature = issued.key.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
        answer["id_token"] = json!(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref())));
    } else if form.contains_key("refresh_token") {
        issued.renewals.fetch_add(1, Ordering::SeqCst);
    }
    Json(answer)
}
