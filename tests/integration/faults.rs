//! What breaks, and what does not break with it.

use std::net::SocketAddr;
use std::time::Duration;

use errand::platform::clock::Clock;
use reqwest::{StatusCode, header};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use url::Url;

use crate::test_errand::{TestErrand, closed_port};

/// More than any of the servers' own limits.
const PATIENCE: Duration = Duration::from_secs(30);

fn socket(address: &str) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], Url::parse(address).unwrap().port().unwrap()))
}

/// Hands connections on to `to`, until dropped.
async fn relay(at: u16, to: SocketAddr) -> tokio::task::JoinHandle<()> {
    let listener = TcpListener::bind(("127.0.0.1", at)).await.unwrap();
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut to = TcpStream::connect(to).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut from, &mut to).await;
            });
        }
    })
}

/// 86.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_the_api_is_down_pages_say_so_and_recover_by_themselves() {
    let port = closed_port();
    let more = format!("[web.downstream_apis.todolist]\nbase_url = \"http://127.0.0.1:{port}\"\n");
    let errand = TestErrand::start_with(&more, Clock::system()).await;
    let mut browser = errand.browser();
    // Signing in does not need the API; where it leads to does.
    browser.open("/auth/sign-up?return_to=%2F").await;
    browser.submit("form:not(.quiet)", &[("email", "ada@example.com")]).await;
    let passcode = browser.passcode("ada@example.com").await;
    browser.submit("form:not(.quiet)", &[("passcode", &passcode)]).await;
    let password = crate::test_errand::PASSWORD;
    let details = [("password", password), ("confirm_password", password), ("display_name", "Ada"), ("country", "GB")];
    let page = browser.submit("form:not(.quiet)", &details).await;
    assert_eq!((page.status, page.texts(".nav-customer__name")), (StatusCode::OK, vec!["Ada".to_owned()]));

    let page = browser.open("/todos").await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.alert().contains("Nothing is lost"), "{}", page.body);
    assert!(page.texts(".nav-customer__name") == ["Ada"], "still signed in");
    for function in ["todos/list", "todos/clear-completed"] {
        let answer = browser.call(function, &[("seen", "1")]).await;
        assert_eq!(
            (answer.status, answer.json()),
            (StatusCode::SERVICE_UNAVAILABLE, "Unavailable".into()),
            "{function}"
        );
    }
    assert_eq!(browser.look("/account").await.status, StatusCode::OK, "what does not need the API works");

    let relay = relay(port, socket(&errand.addresses.api)).await;
    let page = browser.open("/todos").await;
    assert_eq!(page.todos(), []);
    // What is typed while it is down again is kept.
    let page = browser.submit("form.add", &[("description", "buy milk")]).await;
    assert_eq!(page.todos().len(), 1);
    relay.abort();
    let _ = relay.await;
}

/// 86: an API that answers with something else.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_api_that_answers_nonsense_or_hangs_up_is_a_friendly_page() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\nhalo",
        "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nlocation: http://evil.example/\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[",
        "not even HTTP",
        "",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let api = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 16 * 1024];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        let more = format!("[web.downstream_apis.todolist]\nbase_url = \"http://127.0.0.1:{port}\"\n");
        let errand = TestErrand::start_with(&more, Clock::system()).await;
        let mut browser = errand.sign_up("ada@example.com").await;
        // What refuses a token that is fresh is no outage: somebody has set something up wrongly.
        let is_refusal = answer.contains(" 401 ");
        let expected = if is_refusal { StatusCode::BAD_GATEWAY } else { StatusCode::SERVICE_UNAVAILABLE };
        assert_eq!(browser.page.status, expected, "{answer:?}");
        let alert = browser.page.alert();
        assert!(alert.contains("Nothing is lost"), "{answer:?}: {alert}");
        let added = browser.call("todos/add", &[("description", "x")]).await;
        assert_eq!(added.status, expected, "{answer:?}: {}", added.body);
        // Nor is anything taken for deleted or undone.
        let id = uuid::Uuid::new_v4().to_string();
        for (function, arguments) in [
            ("todos/delete", ("id", id.as_str())),
            ("todos/undo", ("change", "1")),
            ("todos/clear-completed", ("seen", "1")),
        ] {
            assert_eq!(browser.call(function, &[arguments]).await.status, expected, "{function} {answer:?}");
        }
        api.abort();
    }
}

/// 86.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_provider_that_is_down_at_the_start_stops_sign_in_and_nothing_else() {
    let more = format!("[web.identity]\nauthority = \"http://localhost:{}/x/v2.0\"\n", closed_port());
    let errand = TestErrand::start_with(&more, Clock::system()).await;
    let mut browser = errand.browser();
    assert_eq!(browser.look("/").await.status, StatusCode::OK);
    let answer = browser.look("/auth/sign-in?return_to=%2Ftodos").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.location_path(), "/sign-in-problem?reason=unavailable");
    let page = browser.follow(answer).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(page.texts("h1").concat().contains("right now"), "{}", page.body);
    assert_eq!(browser.look("/auth/redirect?code=x&state=y").await.location_path(), "/sign-in-problem?reason=expired");
}

/// 7, as its customers see it: a provider that is not the one in configuration is nobody's outage.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_provider_that_calls_itself_something_else_is_a_mistake_of_the_configuration() {
    let more =
        "[web.identity]\nissuer = \"https://id.example/v2.0\"\n[api.identity]\nissuer = \"https://id.example/v2.0\"\n";
    let errand = TestErrand::start_with(more, Clock::system()).await;
    let mut browser = errand.browser();
    let answer = browser.look("/auth/sign-in?return_to=%2Ftodos").await;
    assert_eq!(answer.location_path(), "/sign-in-problem?reason=misconfigured");
    let page = browser.follow(answer).await;
    assert_eq!(page.status, StatusCode::BAD_GATEWAY);
    assert!(page.body.contains("whoever runs Errand") && !page.body.contains("in a moment"), "{}", page.body);
    let again = browser.look("/sign-in-problem?reason=misconfigured").await;
    assert_eq!(again.status, StatusCode::OK, "the status was for the one answer");
}

/// Sends `request` as it is and reads what comes back until the server hangs up.
async fn raw(address: &str, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(socket(address)).await.unwrap();
    // A server that has seen enough may hang up on the rest.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let read = async {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = stream.read(&mut buffer).await {
            answer.extend_from_slice(&buffer[..n]);
        }
    };
    timeout(PATIENCE, read).await.expect("the server answers and hangs up");
    String::from_utf8_lossy(&answer).into_owned()
}

/// 83, 62.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_of_insane_size_or_shape_are_refused() {
    let errand = TestErrand::start().await;
    let huge = "x".repeat(100_000);
    let body = "x".repeat(1_000_000);
    let addresses = [&errand.addresses.web, &errand.addresses.api, &errand.addresses.tenant];
    for address in addresses {
        let header = format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {huge}\r\nconnection: close\r\n\r\n");
        let answer = raw(address, header.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{address}: {answer}");
        // As many sign-ins on their way as there may be, and then some.
        let header = header.replace(&huge, &huge[..30_000]);
        let answer = raw(address, header.as_bytes()).await;
        assert!(!answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 404"), "{address}: {answer}");
        let both = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\
                    connection: close\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: localhost\r\n\r\n";
        let answer = raw(address, both.as_bytes()).await;
        // RFC 9112 §6.3: chunked wins or the request is refused; the connection ends with it either way.
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{address}: {answer}");
    }
    let tenant_id = errand.secrets().tenant_id;
    for (address, path) in [
        (addresses[0], "/actions/todos/add".to_owned()),
        (addresses[0], "/auth/sign-out".to_owned()),
        (addresses[1], "/api/todolist".to_owned()),
        (addresses[2], format!("/{tenant_id}/oauth2/v2.0/token")),
    ] {
        let post = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = raw(address, post.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{address}{path}: {answer}");
    }
    // Of unannounced length.
    let post = format!(
        "POST /actions/todos/add HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\nconnection: close\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    let answer = raw(addresses[0], post.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

/// 83.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn clients_that_never_finish_their_headers_block_nobody_and_are_hung_up_on() {
    let errand = TestErrand::start().await;
    let mut slow = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(socket(&errand.addresses.web)).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: ").await.unwrap();
        slow.push(stream);
    }
    let browser = errand.sign_up("ada@example.com").await;
    assert_eq!(browser.page.status, StatusCode::OK, "others are served meanwhile");
    assert_eq!(browser.page.header(header::CACHE_CONTROL), "no-store");
    let ended = async {
        for stream in &mut slow {
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
        }
    };
    timeout(PATIENCE, ended).await.expect("the server hangs up on all of them");
}

/// 83: CONNECT, other odd methods, and odd targets.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn odd_methods_hosts_and_targets_are_answered_with_4xx_and_a_body_by_every_program() {
    let errand = TestErrand::start().await;
    let long = "x".repeat(3000);
    for address in [&errand.addresses.web, &errand.addresses.api, &errand.addresses.tenant] {
        for (request, expected) in [
            ("CONNECT example.com:443 HTTP/1.1\r\nhost: a", "405"),
            ("TRACE / HTTP/1.1\r\nhost: a", "4"),
            ("TRACE /api/todolist HTTP/1.1\r\nhost: a", "4"),
            ("BREW /todos HTTP/1.1\r\nhost: a", "4"),
            ("BREW /mailbox HTTP/1.1\r\nhost: a", "4"),
            ("GET / HTTP/1.1", "400"),
            ("GET / HTTP/1.1\r\nhost: a\r\nhost: b", "400"),
            ("GET /health HTTP/1.1\r\nhost: a b", "400"),
            ("GET http://a/health HTTP/1.1\r\nhost: a", "200"),
            ("GET ftp://a/health HTTP/1.1\r\nhost: a", "400"),
            ("GET a:80 HTTP/1.1\r\nhost: a", "400"),
            ("GET * HTTP/1.1\r\nhost: a", "400"),
            ("OPTIONS * HTTP/1.1\r\nhost: a", "204"),
            ("GET /%00 HTTP/1.1\r\nhost: a", "400"),
            ("HEAD /pkg/%00 HTTP/1.1\r\nhost: a", "400"),
            ("POST /actions/%00 HTTP/1.1\r\nhost: a\r\ncontent-length: 0", "400"),
            (&format!("GET /{long} HTTP/1.1\r\nhost: a"), "4"),
            (&format!("GET /{long}/{long} HTTP/1.1\r\nhost: a"), "4"),
            (&format!("GET /api/todolist/{long} HTTP/1.1\r\nhost: a"), "4"),
            ("GET /%ff%fe HTTP/1.1\r\nhost: a", "4"),
            ("GET /../../etc/passwd HTTP/1.1\r\nhost: a", "4"),
        ] {
            let answer = raw(address, format!("{request}\r\nconnection: close\r\n\r\n").as_bytes()).await;
            let status = answer.split(' ').nth(1).unwrap_or_default();
            assert!(status.starts_with(expected), "{address} {request:.100}: {answer}");
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(head.contains("x-content-type-options: nosniff"), "{address} {request:.100}: {head}");
            let without = request.starts_with("HEAD") || status == "204";
            assert_eq!(body.is_empty(), without, "{address} {request:.100}: {answer}");
        }
    }
}
