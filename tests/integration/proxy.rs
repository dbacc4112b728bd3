//! A proxy in front of one or more servers: takes turns among them, counts what passes, and tampers with some of it.
//! One request per connection, so that each one is dealt with on its own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request that passed.
#[derive(Clone, Debug)]
pub(crate) struct Passed {
    /// Method, target and version.
    pub(crate) line: String,
    pub(crate) body: String,
}

impl Passed {
    /// Whether it asks a token endpoint for a renewal.
    pub(crate) fn is_refresh(&self) -> bool {
        self.line.starts_with("POST ")
            && self.line.contains("/token ")
            && self.body.contains("grant_type=refresh_token")
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    /// It is handed on, and so is its answer.
    Pass,
    /// So it is, after a while, and its answer after another.
    Delay { before: Duration, after: Duration },
    /// It is handed on; its answer is lost in transit.
    LoseAnswer,
}

type Rule = Box<dyn Fn(&Passed) -> Fate + Send + Sync>;

/// A proxy on a free port, until it is dropped.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

struct Shared {
    servers: Mutex<Vec<u16>>,
    turn: AtomicUsize,
    passed: Mutex<Vec<Passed>>,
    rule: Mutex<Option<Rule>>,
}

impl Proxy {
    /// In front of servers on these ports of this machine.
    pub(crate) async fn start(servers: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            servers: Mutex::new(servers.to_vec()),
            turn: AtomicUsize::new(0),
            passed: Mutex::default(),
            rule: Mutex::default(),
        });
        let serving = tokio::spawn({
            let shared = shared.clone();
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let shared = shared.clone();
                    tokio::spawn(async move {
                        // Whoever hangs up in between has no use for the rest.
                        let _ = serve(&shared, stream).await;
                    });
                }
            }
        });
        Self { port, shared, serving }
    }

    /// In front of these from now on.
    pub(crate) fn forward_to(&self, servers: &[u16]) {
        *self.shared.servers.lock().unwrap() = servers.to_vec();
    }

    /// Decides about every request from now on.
    pub(crate) fn rule(&self, rule: impl Fn(&Passed) -> Fate + Send + Sync + 'static) {
        *self.shared.rule.lock().unwrap() = Some(Box::new(rule));
    }

    /// Hands everything on again.
    pub(crate) fn no_rule(&self) {
        *self.shared.rule.lock().unwrap() = None;
    }

    /// What has come by.
    pub(crate) fn passed(&self) -> Vec<Passed> {
        self.shared.passed.lock().unwrap().clone()
    }

    /// How many requests for a renewal have come by.
    pub(crate) fn refreshes(&self) -> usize {
        self.shared.passed.lock().unwrap().iter().filter(|passed| passed.is_refresh()).count()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(shared: &Shared, mut client: TcpStream) -> std::io::Result<()> {
    let Some((head, body)) = read_request(&mut client).await? else { return Ok(()) };
    let line = head.lines().next().unwrap_or_default().to_owned();
    let passed = Passed { line: line.clone(), body: String::from_utf8_lossy(&body).into_owned() };
    let fate = shared.rule.lock().unwrap().as_ref().map_or(Fate::Pass, |rule| rule(&passed));
    shared.passed.lock().unwrap().push(passed);
    if let Fate::Delay { before, .. } = fate {
        tokio::time::sleep(before).await;
    }
    let answer = ask(shared, &head, &body).await;
    match fate {
        Fate::Pass => {}
        Fate::Delay { after, .. } => tokio::time::sleep(after).await,
        Fate::LoseAnswer => return Ok(()),
    }
    client.write_all(&answer).await?;
    client.shutdown().await
}

/// Head and body of a request; `None` when there is none.
async fn read_request(client: &mut TcpStream) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut read = Vec::new();
    let mut buffer = [0; 8192];
    let head_ends = loop {
        if let Some(at) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 2;
        }
        match client.read(&mut buffer).await? {
            0 => return Ok(None),
            n => read.extend_from_slice(&buffer[..n]),
        }
    };
    let head = String::from_utf8_lossy(&read[..head_ends]).into_owned();
    let mut body = read.split_off(head_ends + 2);
    let length = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while body.len() < length {
        match client.read(&mut buffer).await? {
            0 => return Ok(None),
            n => body.extend_from_slice(&buffer[..n]),
        }
    }
    Ok(Some((head, body)))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let values = head.lines().filter_map(|line| line.split_once(':'));
    values.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
}

/// The answer of the server whose turn it is; of the next one where nobody listens.
async fn ask(shared: &Shared, head: &str, body: &[u8]) -> Vec<u8> {
    const NOBODY: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let lines = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let head: String = lines.flat_map(|line| [line, "\r\n"]).collect::<String>() + "connection: close\r\n\r\n";
    let mut servers = shared.servers.lock().unwrap().clone();
    let first = shared.turn.fetch_add(1, Ordering::SeqCst);
    let first = first.checked_rem(servers.len()).unwrap_or_default();
    servers.rotate_left(first);
    for port in servers {
        let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
        let exchange = async {
            server.write_all(head.as_bytes()).await?;
            server.write_all(body).await?;
            let mut answer = Vec::new();
            server.read_to_end(&mut answer).await?;
            std::io::Result::Ok(answer)
        };
        // A server that dies in between has answered nothing; whether it did anything is not known, so nobody else is asked.
        return exchange.await.ok().filter(|answer| !answer.is_empty()).unwrap_or_else(|| NOBODY.to_vec());
    }
    NOBODY.to_vec()
}
