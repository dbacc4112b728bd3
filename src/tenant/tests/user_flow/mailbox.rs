//! The mailbox, and mail that is sent.

use super::*;

#[tokio::test]
async fn the_mailbox_shows_passcodes_newest_first_and_keeps_the_last_200() {
    let at = TestTenant::contoso().await;
    at.browser().await.post("sign-up", &[("email", "first@example.com")]).await;
    at.browser().await.post("sign-up", &[("email", "second@example.com")]).await;
    let page = at.page("/mailbox").await;
    let code = at.newest_passcode("second@example.com").await;
    assert!(page.body.contains(&format!("data-passcode=\"{code}\"")), "{}", page.body);
    assert!(page.body.find("data-to=\"second@").unwrap() < page.body.find("data-to=\"first@").unwrap());
    assert!(!page.body.contains(&format!("<h2>{code}")), "no code in the subject");
    let only = at.page("/mailbox?to=first@example.com").await;
    assert!(only.body.contains("first@") && !only.body.contains("second@"));
    let english = Texts::of(Language::English);
    for n in 0..200 {
        let to = Email::parse(&format!("u{n}@example.com")).unwrap();
        at.tenant.mailer().send(mail::no_account(english, "Contoso", &to)).await.unwrap();
    }
    assert_eq!(at.mails("second@example.com").await, [] as [serde_json::Value; 0]);
    assert_eq!(at.mails("").await.len(), 200);
}

/// DNS rebinding: a page at a name that points here now is of the same origin as the mailbox.
#[tokio::test]
async fn the_mailbox_is_not_read_by_another_name_of_this_machine() {
    let at = TestTenant::contoso().await;
    at.browser().await.post("sign-up", &[("email", "alice@example.com")]).await;
    let code = at.newest_passcode("alice@example.com").await;
    for path in ["/mailbox", "/mailbox.json"] {
        for host in ["evil.example:3002", "evil.example", "localhost.evil.example:3002", "192.0.2.1:3002", ""] {
            let refused = at.get_at(host, path).await;
            assert_eq!(refused.status, StatusCode::MISDIRECTED_REQUEST, "{host} {path}");
            assert!(!refused.body.contains(&code), "{host} {path}");
        }
        for host in ["localhost:3002", "127.0.0.1:41234", "[::1]:3002", "localhost"] {
            let page = at.get_at(host, path).await;
            assert!(page.status == StatusCode::OK && page.body.contains(&code), "{host} {path}");
        }
    }
}

#[tokio::test]
async fn a_recipient_that_no_database_takes_is_refused() {
    let at = TestTenant::contoso().await;
    for path in ["/mailbox?to=%00", "/mailbox.json?to=%00", "/mailbox.json?to=a%0Ab"] {
        assert_eq!(at.page(path).await.status, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn a_tenant_with_a_mail_server_has_no_mailbox() {
    let smtp = "[tenant.mail]\nsmtp_url = \"smtp://127.0.0.1:1\"\nfrom = \"Errand <no-reply@example.com>\"";
    let at = TestTenant::contoso_with(smtp).await;
    let browser = at.browser().await;
    let answer = browser.post("sign-up", &[("email", "alice@example.com")]).await;
    let page = browser.follow(&answer, "sign-up/passcode").await;
    assert!(!page.body.contains("/mailbox"), "{}", page.body);
    assert_eq!(at.page("/mailbox").await.status, StatusCode::NOT_FOUND);
    assert_eq!(at.page("/mailbox.json").await.status, StatusCode::NOT_FOUND);
}

/// A delivery as another program on this machine makes it.
fn delivery(json: &serde_json::Value) -> Request<Body> {
    let mut request = Request::post("/mailbox")
        .header(header::HOST, "localhost:3002")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(json.to_string()))
        .unwrap();
    let peer: std::net::SocketAddr = "127.0.0.1:50000".parse().unwrap();
    request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
    request
}

#[tokio::test]
async fn another_program_on_this_machine_puts_mail_into_the_mailbox() {
    let at = TestTenant::contoso().await;
    let digest =
        serde_json::json!({ "to": "Alice@example.com", "subject": "Two to-dos <b>", "body": "<script>\n1. Milk" });
    assert_eq!(at.send(delivery(&digest)).await.status, StatusCode::NO_CONTENT);
    let mails = at.mails("alice@example.com").await;
    assert_eq!((&mails[0]["subject"], &mails[0]["body"]), (&digest["subject"], &digest["body"]));
    assert!(mails[0]["passcode"].is_null());
    let page = at.page("/mailbox").await.body;
    assert!(page.contains("Two to-dos &lt;b&gt;") && !page.contains("<script>"), "{page}");
}

#[tokio::test]
async fn a_delivery_by_a_web_page_or_from_another_machine_is_refused() {
    let at = TestTenant::contoso().await;
    let digest = serde_json::json!({ "to": "alice@example.com", "subject": "To-dos", "body": "Milk" });
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", "http://localhost:3002"),
        ("origin", "null"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-mode", "no-cors"),
        ("referer", "http://localhost:3002/mailbox"),
        ("x-forwarded-for", "192.0.2.1"),
        ("forwarded", "for=192.0.2.1"),
        ("host", "evil.example:3002"),
    ] {
        let mut request = delivery(&digest);
        request.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(at.send(request).await.status, StatusCode::FORBIDDEN, "{name}: {value}");
    }
    let mut request = delivery(&digest);
    let peer: std::net::SocketAddr = "192.0.2.1:50000".parse().unwrap();
    request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
    assert_eq!(at.send(request).await.status, StatusCode::FORBIDDEN);
    let mut request = delivery(&digest);
    request.extensions_mut().clear();
    assert_eq!(at.send(request).await.status, StatusCode::FORBIDDEN, "unknown where from");
    // What a form of another site can send without asking (CORS) is no JSON.
    let mut request = delivery(&digest);
    request.headers_mut().insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(at.send(request).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(at.mails("").await, [] as [serde_json::Value; 0]);
}

#[tokio::test]
async fn a_delivery_that_no_mail_server_would_take_is_refused() {
    let at = TestTenant::contoso().await;
    let large = "x".repeat(33 * 1024);
    for (to, subject, body, status) in [
        ("alice@example.com\r\nBcc: eve@example.com", "To-dos", "Milk", 422),
        ("alice@example.com,eve@example.com", "To-dos", "Milk", 422),
        ("<b>@example.com", "To-dos", "Milk", 422),
        ("", "To-dos", "Milk", 422),
        ("alice@example.com", "", "Milk", 422),
        ("alice@example.com", "To-dos\r\nBcc: eve@example.com", "Milk", 422),
        ("alice@example.com", "To-dos", large.as_str(), 413),
    ] {
        let answer = at.send(delivery(&serde_json::json!({ "to": to, "subject": subject, "body": body }))).await;
        assert_eq!(answer.status.as_u16(), status, "{to:?} {subject:?}");
    }
    let unknown = serde_json::json!({ "to": "alice@example.com", "subject": "x", "body": "x", "passcode": "12345678" });
    assert_eq!(at.send(delivery(&unknown)).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(at.mails("").await, [] as [serde_json::Value; 0]);

    let smtp = "[tenant.mail]\nsmtp_url = \"smtp://127.0.0.1:1\"\nfrom = \"Errand <no-reply@example.com>\"";
    let at = TestTenant::contoso_with(smtp).await;
    let digest = serde_json::json!({ "to": "alice@example.com", "subject": "To-dos", "body": "Milk" });
    assert_eq!(at.send(delivery(&digest)).await.status, StatusCode::NOT_FOUND, "no mailbox there");
}

/// A mail server that takes one mail and hands over what it was told.
async fn mail_server() -> (u16, tokio::task::JoinHandle<String>) {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let told = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        let (mut told, mut in_data) = (String::new(), false);
        writer.write_all(b"220 ready\r\n").await.unwrap();
        while let Some(line) = lines.next_line().await.unwrap() {
            told.push_str(&line);
            told.push('\n');
            let answer: &[u8] = match line.as_str() {
                "." => {
                    writer.write_all(b"250 taken\r\n").await.unwrap();
                    break;
                }
                _ if in_data => continue,
                "DATA" => {
                    in_data = true;
                    b"354 go on\r\n"
                }
                _ => b"250 fine\r\n",
            };
            writer.write_all(answer).await.unwrap();
        }
        told
    });
    (port, told)
}

#[tokio::test]
async fn a_passcode_goes_through_the_mail_server() {
    let (port, told) = mail_server().await;
    let smtp =
        format!("[tenant.mail]\nsmtp_url = \"smtp://127.0.0.1:{port}\"\nfrom = \"Errand <no-reply@example.com>\"");
    let at = TestTenant::contoso_with(&smtp).await;
    let browser = at.browser().await;
    browser.post("sign-up", &[("email", "alice@example.com")]).await;
    let told = tokio::time::timeout(std::time::Duration::from_secs(10), told).await.unwrap().unwrap();
    assert!(
        told.contains("MAIL FROM:<no-reply@example.com>") && told.contains("RCPT TO:<alice@example.com>"),
        "{told}"
    );
    let code: String =
        told.lines().map(str::trim).find(|l| l.len() == 8 && l.parse::<u32>().is_ok()).unwrap().to_owned();
    let answer = browser.post("sign-up/passcode", &[("passcode", &code)]).await;
    assert_eq!(answer.location_header(), browser.path("sign-up/details"), "{told}");
}
