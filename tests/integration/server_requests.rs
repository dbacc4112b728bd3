//! What the web server can be made to ask for, and what it puts up with from those whom it asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use errand::platform::clock::Clock;
use reqwest::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::timeout;
use url::Url;

use crate::command_line::{FREE_PORTS, errand, refused, start_dev};
use crate::proxy::Proxy;
use crate::test_errand::TestErrand;

/// 42: whatever a browser sends as an id, requests go to the list of to-dos and nowhere else.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_argument_of_a_server_function_steers_a_request_to_another_place() {
    let proxy = Proxy::start(&[]).await;
    let more = format!("[web.downstream_apis.todolist]\nbase_url = \"http://127.0.0.1:{}\"\n", proxy.port);
    let errand = TestErrand::start_with(&more, Clock::system()).await;
    proxy.forward_to(&[Url::parse(&errand.addresses.api).unwrap().port().unwrap()]);
    let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let other = format!("127.0.0.1:{}", elsewhere.local_addr().unwrap().port());
    let mut browser = errand.sign_up("ada@example.com").await;
    let id = uuid::Uuid::new_v4().to_string();
    browser.call("todos/add", &[("id", &id), ("description", "mine")]).await;

    for hostile in [
        format!("http://{other}/"),
        format!("//{other}/"),
        format!("@{other}/"),
        format!("\\\\{other}\\"),
        "..".to_owned(),
        "../../health".to_owned(),
        "..%2f..%2fhealth".to_owned(),
        "%2e%2e/%2e%2e/health".to_owned(),
        format!("{id}/../../../health"),
        format!("{id}?owner=somebody"),
        format!("{id}#"),
        format!("{id}\r\nhost: {other}"),
        format!("{id}\0"),
        String::new(),
        ".".to_owned(),
    ] {
        for (function, arguments) in [
            ("todos/edit", vec![("id", hostile.as_str()), ("description", "gotcha")]),
            ("todos/done", vec![("id", hostile.as_str()), ("done", "true")]),
            ("todos/delete", vec![("id", hostile.as_str())]),
            ("todos/undo", vec![("change", hostile.as_str())]),
            ("todos/clear-completed", vec![("seen", hostile.as_str())]),
            ("todos/done-all", vec![("seen", hostile.as_str()), ("done", "true")]),
            ("todos/row", vec![("row", hostile.as_str())]),
            ("todos/amend", vec![("id", hostile.as_str()), ("change", r#"{"starred": true}"#)]),
            ("todos/create", vec![("id", hostile.as_str()), ("todo", r#"{"description": "gotcha"}"#)]),
            ("todos/details", vec![("id", hostile.as_str()), ("details[description]", "gotcha")]),
            ("todos/step", vec![("id", hostile.as_str()), ("what", "add"), ("text", "gotcha")]),
            ("todos/move", vec![("id", hostile.as_str())]),
            ("lists/rename", vec![("id", hostile.as_str()), ("name", "gotcha")]),
            ("lists/delete", vec![("id", hostile.as_str())]),
            // Arguments that there are not.
            (
                "todos/list",
                vec![("base_url", hostile.as_str()), ("url", &hostile), ("path", &hostile), ("host", &hostile)],
            ),
            ("todos/overview", vec![("base_url", hostile.as_str()), ("url", &hostile), ("owner", &hostile)]),
        ] {
            let answer = browser.call(function, &arguments).await;
            let refused = answer.status.is_client_error();
            let is_whole = ["todos/list", "todos/overview"].contains(&function);
            assert!(refused || is_whole, "{function} {hostile:?}: {} {}", answer.status, answer.body);
        }
    }
    assert_eq!(browser.open("/todos").await.todos(), [("mine".to_owned(), false)]);
    for passed in proxy.passed() {
        let target = passed.line.split(' ').nth(1).unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default();
        // The worker, which nobody asked, looks by itself.
        if path == "/api/todolist/reminders" && passed.line.starts_with("GET ") {
            continue;
        }
        let whole = ["/api/todolist", "/api/todolist/lists", "/api/todolist/overview"];
        let known = whole.contains(&path) || path == format!("/api/todolist/{id}");
        assert!(known && !target.contains("owner"), "{}", passed.line);
    }
    let nobody = timeout(Duration::from_millis(200), elsewhere.accept()).await;
    assert!(nobody.is_err(), "somebody called another place");
}

/// How a server that is up to no good answers.
#[derive(Clone, Copy, Debug)]
enum Malice {
    /// Sends its visitors on to another address of this machine.
    Redirect(u16),
    /// Announces a gigabyte, and sends it.
    Gigabyte,
    /// Sends without end and without having said how much.
    Endless,
    /// Sends a byte now and then.
    Trickle,
    /// Takes requests and says nothing.
    Silence,
    /// Names the address where clouds keep their machines' credentials.
    MetadataAddress,
}

/// Serves `malice` at every address; how many bytes it got rid of.
async fn serve(malice: Malice) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let sent = Arc::new(AtomicUsize::new(0));
    tokio::spawn({
        let sent = sent.clone();
        async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let sent = sent.clone();
                tokio::spawn(async move {
                    let _ = stream.read(&mut [0; 16 * 1024]).await;
                    let head = |more: &str| format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{more}\r\n");
                    let (answer, then, pause) = match malice {
                        Malice::Redirect(to) => {
                            let to = format!("location: http://127.0.0.1:{to}/\r\ncontent-length: 0\r\n");
                            (format!("HTTP/1.1 302 Found\r\n{to}\r\n"), vec![], None)
                        }
                        Malice::Gigabyte => (head("content-length: 1073741824\r\n"), vec![b' '; 64 * 1024], None),
                        Malice::Endless => (head(""), vec![b' '; 64 * 1024], None),
                        Malice::Trickle => (head(""), vec![b' '], Some(Duration::from_millis(200))),
                        Malice::Silence => (String::new(), vec![], Some(Duration::from_mins(10))),
                        Malice::MetadataAddress => {
                            let base = format!("http://127.0.0.1:{port}");
                            let document = format!(
                                r#"{{"issuer":"{base}","authorization_endpoint":"{base}/a","jwks_uri":"{base}/k","token_endpoint":"http://169.254.169.254/latest/meta-data/"}}"#
                            );
                            (head(&format!("content-length: {}\r\n", document.len())) + &document, vec![], None)
                        }
                    };
                    let _ = stream.write_all(answer.as_bytes()).await;
                    while (!then.is_empty() || pause.is_some()) && stream.write_all(&then).await.is_ok() {
                        sent.fetch_add(then.len(), Ordering::SeqCst);
                        tokio::time::sleep(pause.unwrap_or_default()).await;
                    }
                });
            }
        }
    });
    (port, sent)
}

/// 82: a provider that has been taken over costs the web server seconds and kilobytes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_malicious_provider_is_neither_followed_nor_waited_for_nor_read_to_the_end() {
    let internal = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let internal_port = internal.local_addr().unwrap().port();
    let cases = [
        Malice::Redirect(internal_port),
        Malice::Gigabyte,
        Malice::Endless,
        Malice::Trickle,
        Malice::Silence,
        Malice::MetadataAddress,
    ];
    let cases = cases.map(|malice| {
        tokio::spawn(async move {
            let (port, sent) = serve(malice).await;
            let more = format!("[web.identity]\nauthority = \"http://127.0.0.1:{port}\"\n");
            let errand = TestErrand::start_with(&more, Clock::system()).await;
            let mut browser = errand.browser();
            let answer = timeout(Duration::from_secs(40), browser.look("/auth/sign-in")).await;
            let answer = answer.unwrap_or_else(|_| panic!("{malice:?} is waited for"));
            // Who does not come to an end is down; who answers something else is not the provider that was configured.
            let reason = match malice {
                Malice::Trickle | Malice::Silence => "unavailable",
                Malice::Redirect(_) | Malice::Gigabyte | Malice::Endless | Malice::MetadataAddress => "misconfigured",
            };
            assert_eq!(answer.location_path(), format!("/sign-in-problem?reason={reason}"), "{malice:?}");
            // What the sockets' buffers hold, not what there is.
            assert!(sent.load(Ordering::SeqCst) < 64 * 1024 * 1024, "{malice:?}: {}", sent.load(Ordering::SeqCst));
            assert_eq!(browser.look("/").await.status, StatusCode::OK, "{malice:?}");
        })
    });
    for case in cases {
        case.await.unwrap();
    }
    let nobody = timeout(Duration::from_millis(100), internal.accept()).await;
    assert!(nobody.is_err(), "the redirect was followed");
}

/// 82: nor is it the configuration that names such an address.
#[test]
fn an_authority_that_is_neither_https_nor_this_machine_stops_the_web_server() {
    let folder = tempfile::tempdir().unwrap();
    for authority in ["http://169.254.169.254/latest", "http://10.0.0.1/x", "ftp://localhost/x", "file:///etc/passwd"] {
        let configuration = format!("{FREE_PORTS}[web.identity]\nauthority = \"{authority}\"\n");
        let message = refused(folder.path(), &["dev"], &configuration);
        assert!(message.contains("web.identity.authority"), "{authority}: {message}");
    }
    // And one that is, starts it.
    std::fs::write(folder.path().join("errand.toml"), FREE_PORTS).unwrap();
    drop(start_dev(errand(folder.path(), &["dev"])));
}
