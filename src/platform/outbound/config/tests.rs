//! A proxy between the programs and other machines.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use super::*;
use crate::platform::outbound::send;

fn parse(toml: &str) -> OutboundConfig {
    toml::from_str(toml).expect("TOML")
}

fn refused(toml: &str) -> String {
    parse(toml).client("outbound", "errand").expect_err(toml).to_string()
}

/// A proxy that tells what it is asked for, and answers `200` with `via` to everything.
fn proxy() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound").to_string();
    let (told, heard) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream: TcpStream = stream.expect("a connection");
            let (mut request, mut byte) = (Vec::new(), [0]);
            while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).expect("readable") == 1 {
                request.push(byte[0]);
            }
            let request = String::from_utf8(request).expect("text");
            let answer: &[u8] = if request.starts_with("CONNECT") {
                b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            } else {
                b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nvia"
            };
            if told.send(request).is_err() {
                return;
            }
            stream.write_all(answer).expect("writable");
        }
    });
    (address, heard)
}

#[test]
fn what_is_no_proxy_is_refused_by_name_and_without_its_password() {
    for (toml, said) in [
        ("proxy = 'proxy.example.com:3128'", "`outbound.proxy` is not the address of an HTTP proxy"),
        ("proxy = '3128'", "`outbound.proxy` is not an address"),
        ("proxy = ''", "`outbound.proxy` is empty"),
        ("proxy = 'socks5://ada:hunter2@proxy:1080'", "`outbound.proxy` is not the address of an HTTP proxy"),
        ("proxy = 'http://ada:hunter2@proxy:3128/path'", "`outbound.proxy` has more than scheme, host and port"),
        ("proxy = 'http://ada:hunter2@'", "`outbound.proxy` is not an address"),
        ("no_proxy = ['10.0.0.0/8']", "`outbound.no_proxy` has exceptions from a proxy that there is not"),
        ("proxy = 'http://proxy'\nno_proxy = ['*']", "`outbound.no_proxy` has an entry"),
        ("proxy = 'http://proxy'\nno_proxy = ['https://api.example.com']", "\"https://api.example.com\""),
        ("proxy = 'http://proxy'\nno_proxy = ['api.example.com:443']", "\"api.example.com:443\""),
        ("proxy = 'http://proxy'\nno_proxy = ['10.0.0.0/x']", "\"10.0.0.0/x\""),
        ("proxy = 'http://proxy'\nno_proxy = ['']", "\"\""),
        ("proxy = { file = '/no/such/file' }", "`outbound.proxy` names the file /no/such/file"),
    ] {
        let message = refused(toml);
        assert!(message.contains(said) && !message.contains("hunter2"), "{toml}: {message}");
    }
    assert!(toml::from_str::<OutboundConfig>("proxi = 'x'").expect_err("unknown").to_string().contains("proxi"));
    let good =
        parse("proxy = 'http://ada:hunter2@proxy:3128'\nno_proxy = ['internal', '::1', '10.0.0.0/8', 'fd00::/8']");
    let client = good.client("outbound", "errand").expect("good");
    assert_eq!(good.proxy_address().expect("there").as_str(), "http://proxy:3128/");
    assert!(!format!("{good:?} {client:?}").contains("hunter2"));
}

#[tokio::test]
async fn other_machines_are_reached_through_the_proxy_and_this_one_is_not() {
    let (address, heard) = proxy();
    let toml = format!("proxy = 'http://ada:p%40ss@{address}'\nno_proxy = ['direct.invalid']");
    let client = parse(&toml).client("outbound", "errand").expect("good");
    let (status, _, body) = send(client.get("http://idp.invalid/keys"), 10).await.expect("an answer of the proxy");
    assert_eq!((status.as_u16(), body.as_slice()), (200, b"via".as_slice()));
    let asked = heard.recv().expect("asked");
    assert!(asked.starts_with("GET http://idp.invalid/keys HTTP/1.1"), "{asked}");
    // ada:p@ss (RFC 7617 §2).
    assert!(asked.to_lowercase().contains("proxy-authorization: basic ywrhonbac3m="), "{asked}");

    // A tunnel, in which TLS is with the other end; one that is refused is no answer, and says nothing of the password.
    let error = send(client.get("https://idp.invalid/keys?code=secret"), 10).await.expect_err("no tunnel").to_string();
    assert!(heard.recv().expect("asked").starts_with("CONNECT idp.invalid:443 HTTP/1.1"));
    assert!(error.starts_with("no answer from https://idp.invalid/keys: the proxy of [outbound]"), "{error}");
    assert!(!error.contains("secret"), "{error}");
    assert!(!error.contains("p@ss") && !error.contains("p%40ss"), "{error}");

    // An exception is looked up here, where it does not exist.
    send(client.get("http://direct.invalid/"), 10).await.expect_err("not the proxy");
    let here = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = here.local_addr().expect("bound").port();
    drop(here);
    for host in ["localhost", "127.0.0.1", "127.1.2.3", "[::1]", "idp.localhost"] {
        send(client.get(format!("http://{host}:{port}/")), 10).await.expect_err("nobody listens there");
    }
    assert!(heard.try_recv().is_err(), "the proxy was asked for this machine");
}
