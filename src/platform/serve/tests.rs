//! Real sockets, small limits.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

/// More than any limit of these tests.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server with these limits.
struct Server {
    at: SocketAddr,
    stop: CancellationToken,
    served: tokio::task::JoinHandle<()>,
}

impl Server {
    async fn start(limits: Limits) -> Self {
        let listener = listen("test.listen", SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a port");
        let at = listener.local_addr().expect("an address");
        let large = axum::routing::get(async || vec![b'x'; 64 * 1024 * 1024]);
        let late = axum::routing::get(async || {
            tokio::time::sleep(Duration::from_millis(500)).await;
            "late"
        });
        // Has given the body away long before it answers.
        let unread = async || {
            tokio::time::sleep(Duration::from_millis(200)).await;
            StatusCode::UNAUTHORIZED
        };
        let router = Router::new()
            .route("/", axum::routing::get(async || "here").post(async |body: String| body))
            .route("/large", large)
            .route("/late", late)
            .route("/unread", axum::routing::post(unread))
            .route("/panic", axum::routing::get(async || -> &'static str { panic!("for the test") }));
        let router = with_standard_layers(router, "test", 1024);
        let stop = CancellationToken::new();
        let served = tokio::spawn(serve_within(listener, router, limits, stop.clone()));
        Self { at, stop, served }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.at).await.expect("a connection")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// All that comes until the server hangs up.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = async {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = stream.read(&mut buffer).await {
            bytes.extend_from_slice(&buffer[..n]);
        }
    };
    tokio::time::timeout(PATIENCE, read).await.expect("the server hangs up");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One answer that ends with `end`.
async fn answer(stream: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    let read = async {
        let mut buffer = [0; 4096];
        while !text.ends_with(end) {
            match stream.read(&mut buffer).await {
                Ok(n @ 1..) => text.push_str(&String::from_utf8_lossy(&buffer[..n])),
                ended => panic!("the server hung up ({ended:?}) after {text:?}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, read).await.expect("an answer");
    text
}

async fn send(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.expect("sent");
}

const GET: &str = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

#[tokio::test]
async fn a_connection_that_waits_for_its_next_request_is_not_under_the_limit_for_headers() {
    let limits =
        Limits { head: Duration::from_millis(200), keep_alive: Duration::from_millis(1500), ..Limits::default() };
    let server = Server::start(limits).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        send(&mut stream, GET).await;
        answer(&mut stream, "here").await;
        tokio::time::sleep(Duration::from_millis(600)).await;
    }
    send(&mut stream, "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\n\r\nkept").await;
    answer(&mut stream, "kept").await;
    let idle = Instant::now();
    assert_eq!(rest(&mut stream).await, "", "closed without a word");
    assert!(idle.elapsed() >= Duration::from_secs(1), "after its own limit, not that of headers");
}

#[tokio::test]
async fn headers_that_do_not_arrive_in_time_end_the_connection_from_their_first_byte_on() {
    let limits = Limits { head: Duration::from_millis(300), ..Limits::default() };
    let server = Server::start(limits).await;
    let mut silent = server.connect().await;
    assert_eq!(rest(&mut silent).await, "");
    let mut slow = server.connect().await;
    send(&mut slow, "GET / HTTP/1.1\r\nx: ").await;
    assert!(rest(&mut slow).await.starts_with("HTTP/1.1 408 "));
    // The second request of a connection has no more time than the first.
    let mut later = server.connect().await;
    send(&mut later, GET).await;
    answer(&mut later, "here").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    send(&mut later, "GET / HTTP/1.1\r\n").await;
    assert!(rest(&mut later).await.starts_with("HTTP/1.1 408 "));
    // Bytes that trickle in buy no time.
    let mut trickle = server.connect().await;
    let started = Instant::now();
    let _ = trickle.write_all(b"GET / HTTP/1.1\r\nx: ").await;
    while started.elapsed() < PATIENCE && trickle.write_all(b"x").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_given_up_and_a_byte_now_and_then_does_not_count() {
    let limits = Limits { stall: Duration::from_millis(700), min_rate: 1024 * 1024, ..Limits::default() };
    let server = Server::start(limits).await;
    for bytes_each_time in [0, 1] {
        let mut stream = server.connect().await;
        send(&mut stream, "GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
        let started = Instant::now();
        let mut buffer = vec![0; bytes_each_time];
        // Reset, once the server has given up: seen by whoever looks at the socket.
        while stream.take_error().expect("can be asked").is_none() {
            assert!(started.elapsed() < PATIENCE, "a reader of {bytes_each_time} bytes is held for ever");
            if bytes_each_time > 0 && stream.read(&mut buffer).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn a_slow_reader_who_goes_on_reading_gets_all_of_it() {
    let limits = Limits { stall: Duration::from_millis(500), min_rate: 1024 * 1024, ..Limits::default() };
    let server = Server::start(limits).await;
    let mut stream = server.connect().await;
    send(&mut stream, "GET /large HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
    let mut buffer = vec![0; 1024 * 1024];
    let (mut total, started) = (0, Instant::now());
    loop {
        match stream.read(&mut buffer).await.expect("the connection holds") {
            0 => break,
            n => total += n,
        }
        // About 25 MB a second: the whole takes several times as long as a stall may.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(total > 64 * 1024 * 1024, "{total}");
    assert!(started.elapsed() > Duration::from_secs(1));
}

#[tokio::test]
async fn when_all_connections_are_in_use_idle_ones_make_room_and_then_the_answer_is_503() {
    let server = Server::start(Limits { max: 2, ..Limits::default() }).await;
    let mut idle = server.connect().await;
    send(&mut idle, GET).await;
    answer(&mut idle, "here").await;
    let mut busy = Vec::new();
    for _ in 0..2 {
        let mut stream = server.connect().await;
        send(&mut stream, "GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
        stream.read_exact(&mut [0; 8]).await.expect("it is being answered");
        busy.push(stream);
    }
    assert_eq!(rest(&mut idle).await, "", "closed between two requests");
    let refused = rest(&mut server.connect().await).await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    assert!(refused.contains("retry-after: 5\r\n") && refused.ends_with("in a moment."), "{refused}");
    drop(busy);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut stream = server.connect().await;
        let _ = stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
        if rest(&mut stream).await.ends_with("here") {
            break;
        }
        assert!(Instant::now() < deadline, "there is room again");
    }
}

#[tokio::test]
async fn one_address_does_not_take_the_place_of_others() {
    let limits = Limits { max_per_address: 2, proxies: Vec::new(), ..Limits::default() };
    let server = Server::start(limits).await;
    let mut busy = Vec::new();
    for _ in 0..2 {
        let mut stream = server.connect().await;
        send(&mut stream, "GET /large HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
        stream.read_exact(&mut [0; 8]).await.expect("it is being answered");
        busy.push(stream);
    }
    assert!(rest(&mut server.connect().await).await.starts_with("HTTP/1.1 503 "));
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from(([127, 0, 0, 2], 0))).expect("another address of this machine");
    let mut other = socket.connect(server.at).await.expect("a connection");
    send(&mut other, GET).await;
    answer(&mut other, "here").await;
}

#[tokio::test]
async fn at_shutdown_requests_in_flight_are_answered_and_idle_connections_closed() {
    let mut server = Server::start(Limits::default()).await;
    let mut idle = server.connect().await;
    send(&mut idle, GET).await;
    answer(&mut idle, "here").await;
    let mut late = server.connect().await;
    send(&mut late, "GET /late HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    server.stop.cancel();
    assert_eq!(rest(&mut idle).await, "");
    assert!(rest(&mut late).await.ends_with("late"));
    tokio::time::timeout(PATIENCE, &mut server.served).await.expect("it ends").expect("without a panic");
    assert!(TcpStream::connect(server.at).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn odd_requests_get_a_4xx_with_a_body_and_the_headers_of_every_answer() {
    let server = Server::start(Limits::default()).await;
    for (request, status) in [
        ("CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443", "405"),
        ("CONNECT / HTTP/1.1\r\nhost: a", "405"),
        ("TRACE / HTTP/1.1\r\nhost: a", "405"),
        ("BREW / HTTP/1.1\r\nhost: a", "405"),
        ("BREW /nothing HTTP/1.1\r\nhost: a", "404"),
        ("GET / HTTP/1.1", "400"),
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: a", "400"),
        ("GET / HTTP/1.1\r\nhost: a\r\nHost: b", "400"),
        ("GET / HTTP/1.1\r\nhost: a@b", "400"),
        ("GET / HTTP/1.1\r\nhost:", "400"),
        ("GET http://a/ HTTP/1.1", "400"),
        ("GET http://a/ HTTP/1.1\r\nhost: b", "200"),
        ("GET HTTP://a HTTP/1.1\r\nhost: b", "200"),
        ("GET ftp://a/ HTTP/1.1\r\nhost: a", "400"),
        ("GET example.com:80 HTTP/1.1\r\nhost: a", "400"),
        ("GET * HTTP/1.1\r\nhost: a", "400"),
        ("OPTIONS * HTTP/1.1\r\nhost: a", "204"),
        ("GET /%00 HTTP/1.1\r\nhost: a", "400"),
        ("GET /\u{e4} HTTP/1.1\r\nhost: a", "4"),
        ("GET / HTTP/1.0", "200"),
        ("GET / HTTP/1.0\r\nhost: a\r\nhost: b", "400"),
        ("GET /panic HTTP/1.1\r\nhost: a", "500"),
        ("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 99999", "413"),
    ] {
        let mut stream = server.connect().await;
        send(&mut stream, &format!("{request}\r\nconnection: close\r\n\r\n")).await;
        let answer = rest(&mut stream).await;
        let line = answer.lines().next().unwrap_or_default();
        assert!(line.split(' ').nth(1).is_some_and(|code| code.starts_with(status)), "{request:?}: {line}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        if head.contains("content-length: 0") && request.contains('\u{e4}') {
            continue; // hyper's own, which no router sees
        }
        assert!(head.contains("x-content-type-options: nosniff"), "{request:?}: {head}");
        assert!(head.contains("content-security-policy: "), "{request:?}: {head}");
        assert!(head.contains("x-request-id: "), "{request:?}: {head}");
        assert_eq!(body.is_empty(), status == "204", "{request:?}: {answer}");
        assert_eq!(head.contains("allow: "), status == "405" || status == "204", "{request:?}: {head}");
    }
}

#[tokio::test]
async fn whoever_sends_what_nobody_reads_is_heard_out_and_reads_the_answer() {
    let server = Server::start(Limits::default()).await;
    // More than lies in the buffers between the two.
    let body = "x".repeat(16 * 1024 * 1024);
    let (length, chunk) = (body.len(), format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()));
    for (what, path, framing, body, status) in [
        ("too much, announced", "/", format!("content-length: {length}"), &body, "413"),
        ("too much, not announced", "/", "transfer-encoding: chunked".to_owned(), &chunk, "413"),
        ("before anybody asked for the body", "/unread", "transfer-encoding: chunked".to_owned(), &chunk, "401"),
        ("to an address that takes none", "/late", "transfer-encoding: chunked".to_owned(), &chunk, "405"),
    ] {
        let mut stream = server.connect().await;
        let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{framing}\r\n\r\n");
        send(&mut stream, &(head + body)).await;
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{what}: {answer}");
    }
}

/// RFC 9110 §10.1.1
#[tokio::test]
async fn whoever_asks_first_whether_to_send_is_not_told_to_when_nobody_will_read() {
    let server = Server::start(Limits::default()).await;
    for (path, length, status) in [("/", 2000, "413"), ("/unread", 4, "401"), ("/nothing", 4, "404")] {
        let mut stream = server.connect().await;
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: a\r\nexpect: 100-Continue\r\ncontent-length: {length}\r\n\r\n");
        send(&mut stream, &head).await;
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
    }
    let mut stream = server.connect().await;
    send(&mut stream, "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n").await;
    assert!(answer(&mut stream, "\r\n\r\n").await.starts_with("HTTP/1.1 100 "));
    send(&mut stream, "kept").await;
    assert!(answer(&mut stream, "kept").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn an_error_without_words_gets_a_page_where_pages_are_read() {
    let server = Server::start(Limits::default()).await;
    for (accept, language, expected) in [
        ("text/html,*/*", "en", "<!DOCTYPE html><html lang=\"en\">"),
        ("text/html,*/*", "es-MX", "<!DOCTYPE html><html lang=\"es\">"),
        ("*/*", "de", "This address does not take that method.\n"),
        ("*/*", "de, es;q=0.1", "Esta dirección no admite ese método.\n"),
    ] {
        let mut stream = server.connect().await;
        let asked = format!("accept: {accept}\r\naccept-language: {language}");
        send(&mut stream, &format!("PUT / HTTP/1.1\r\nhost: a\r\n{asked}\r\nconnection: close\r\n\r\n")).await;
        let answer = rest(&mut stream).await;
        let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
        assert!(head.starts_with("HTTP/1.1 405 ") && body.starts_with(expected), "{answer}");
        assert!(head.contains("\r\nvary: accept, accept-language"), "{answer}");
    }
    for (language, expected) in [("en", "it has been noted"), ("es", "ha quedado anotado")] {
        let mut stream = server.connect().await;
        let head = format!("GET /panic HTTP/1.1\r\nhost: a\r\naccept: text/html\r\naccept-language: {language}\r\n");
        send(&mut stream, &format!("{head}connection: close\r\n\r\n")).await;
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 500 ") && answer.contains(expected), "{answer}");
    }
}

#[tokio::test]
async fn a_strangers_request_id_is_kept_only_if_it_is_harmless() {
    let router = Router::new().route("/", axum::routing::get(async || correlation_id()));
    let router = with_standard_layers(router, "test", 1024);
    for (sent, kept) in [
        (&["0196a7c2-7b1e-7c3a-9d53-1f2e3d4c5b6a"][..], true),
        (&["lb.1_2-3"], true),
        (&["a b"], false),
        (&["a\"b"], false),
        (&["level=ERROR"], false),
        (&["\u{1b}[31mred"], false),
        (&["${jndi:ldap://x}"], false),
        (&["a", "b"], false),
        (&["", "b"], false),
    ] {
        let mut request = Request::get("/");
        for id in sent {
            // What no header can hold, nobody can send.
            let Ok(id) = HeaderValue::from_bytes(id.as_bytes()) else { continue };
            request = request.header("x-request-id", id);
        }
        let response =
            router.clone().oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
        let id = response.headers()["x-request-id"].to_str().expect("text").to_owned();
        let body = axum::body::to_bytes(response.into_body(), 1024).await.expect("a body");
        assert_eq!(body, id.as_bytes(), "{sent:?}: calls to others carry the same");
        assert_eq!(id == sent[0], kept, "{sent:?}: {id}");
        assert!(is_harmless(&id), "{sent:?}: {id}");
    }
    let long = "x".repeat(65);
    let request = Request::get("/").header("x-request-id", &long).body(Body::empty()).expect("a request");
    let response = router.oneshot(request).await.expect("an answer");
    assert_ne!(response.headers()["x-request-id"], long.as_str());
}
