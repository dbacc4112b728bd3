//! Mail to customers: over SMTP, or, on a developer's machine, into the mailbox page of the embedded tenant.

use std::net::IpAddr;
use std::time::Duration;

use lettre::address::AddressError;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;
use url::Url;
use uuid::Uuid;

use super::config::{ConfigError, Mode, is_loopback};
use super::outbound;

/// How long the mail server may take for one command.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one mail may take altogether.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long an address may be (RFC 5321 §4.5.3.1.3, less the angle brackets), in bytes.
const MAX_ADDRESS: usize = 254;
/// How long a subject may be, in bytes: one line that mail software shows.
const MAX_SUBJECT: usize = 500;
/// How much of the mailbox's answer is read, in bytes: nothing in it matters.
const MAX_ANSWER: usize = 16 * 1024;

/// Where mail goes: `smtp_url` and `from`, or `mailbox_url`. Where both are given, the mail server counts, so that
/// naming one is enough to override what `errand dev` fills in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailConfig {
    /// `smtps://user:password@host:465`, or `smtp://host:587?tls=required`. Plain `smtp://host:25` is for development,
    /// and in production for a relay on this machine.
    #[serde(default)]
    pub smtp_url: Option<SecretString>,
    /// The sender: `Errand <no-reply@example.com>`.
    #[serde(default)]
    pub from: Option<String>,
    /// `http://localhost:3002/mailbox`: the embedded tenant's mailbox. For development, on this machine.
    #[serde(default)]
    pub mailbox_url: Option<String>,
}

/// A mail to one customer.
#[derive(Clone)]
pub struct Message {
    /// The address, without a name: `alice@example.com`.
    pub to: String,
    /// One line. Without secrets: it shows on locked screens.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same in HTML, for mail software that shows it. What is not our own words must be escaped already.
    pub html: Option<String>,
}

/// Why a mail was not sent. The text may quote an address, never a subject or a text.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The recipient is not one plain address.
    #[error("the recipient is not an address like name@example.com")]
    Recipient,
    /// The subject is not one line.
    #[error("the subject has line breaks or other control characters, or is longer than {MAX_SUBJECT} bytes")]
    Subject,
    /// The mail server or the mailbox will not have this mail.
    #[error("the mail was refused: {0}")]
    Refused(String),
    /// The mail server or the mailbox says that it does not take mail right now.
    #[error("the mail server does not take mail right now: {0}")]
    Unavailable(String),
    /// The mail server or the mailbox did not answer, or not to the end: it may have taken the mail.
    #[error("the mail server did not say whether it took the mail: {0}")]
    Unanswered(String),
}

impl MailError {
    /// Whether the same mail may go through later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Unanswered(_))
    }

    /// Whether the mail may have been taken all the same: who sends it again may send it twice.
    pub fn may_be_sent(&self) -> bool {
        matches!(self, Self::Unanswered(_))
    }
}

/// Sends mail. Cheap to clone. Does not print credentials.
#[derive(Clone)]
pub struct Mailer(Route);

#[derive(Clone)]
enum Route {
    Smtp { transport: AsyncSmtpTransport<Tokio1Executor>, from: Box<Mailbox> },
    Mailbox { http: reqwest::Client, url: Url },
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Route::Smtp { .. } => "Mailer(smtp)",
            Route::Mailbox { .. } => "Mailer(mailbox)",
        })
    }
}

impl Mailer {
    /// A mailer for the table `key` (`worker.mail`). Does not connect.
    ///
    /// # Errors
    /// [`ConfigError`] when the table is missing, an address cannot be right, or the way to the mail server is not
    /// encrypted in production.
    pub fn new(key: &str, config: Option<&MailConfig>, mode: Mode) -> Result<Self, ConfigError> {
        let config = config.ok_or_else(|| {
            ConfigError::refused(key, "is missing", format!("add a [{key}] table with smtp_url and from"))
        })?;
        if let Some(smtp_url) = &config.smtp_url {
            let transport = smtp(&format!("{key}.smtp_url"), smtp_url, mode)?;
            return Ok(Self(Route::Smtp { transport, from: Box::new(sender(key, config.from.as_deref())?) }));
        }
        let mailbox_url = config.mailbox_url.as_deref().ok_or_else(|| {
            ConfigError::refused(&format!("{key}.smtp_url"), "is missing", "give the address of a mail server")
        })?;
        let url = mailbox(&format!("{key}.mailbox_url"), mailbox_url, mode)?;
        Ok(Self(Route::Mailbox { http: outbound::client(), url }))
    }

    /// Whether the mail server, or the mailbox, can be reached. Sends nothing.
    ///
    /// # Errors
    /// [`MailError::Unavailable`].
    pub async fn check(&self) -> Result<(), MailError> {
        let unavailable = |reason: String| Err(MailError::Unavailable(reason));
        match &self.0 {
            Route::Smtp { transport, .. } => match tokio::time::timeout(TIMEOUT, transport.test_connection()).await {
                Ok(Ok(true)) => Ok(()),
                Ok(Ok(false)) => unavailable("it hung up".to_owned()),
                Ok(Err(error)) => unavailable(error.to_string()),
                Err(_) => unavailable(format!("no answer within {TIMEOUT:?}")),
            },
            Route::Mailbox { http, url } => match outbound::send(http.head(url.clone()), outbound::MAX_BODY).await {
                Ok((status, ..)) if status.is_success() => Ok(()),
                Ok((status, ..)) => unavailable(format!("the mailbox answered {status}")),
                Err(error) => unavailable(error.to_string()),
            },
        }
    }

    /// Sends one mail, and returns when the mail server has taken it. What could bend the mail is refused, not
    /// repaired: a recipient that is more than one plain address (commas, angle brackets, quotes, spaces, controls),
    /// and a subject of more than one line (RFC 5322 §2.2: a CRLF would begin another header).
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn send(&self, message: &Message) -> Result<(), MailError> {
        let to = recipient(&message.to)?;
        if message.subject.len() > MAX_SUBJECT || message.subject.chars().any(char::is_control) {
            return Err(MailError::Subject);
        }
        match &self.0 {
            Route::Smtp { transport, from } => {
                let message = write(to, from, message).map_err(|error| MailError::Refused(error.to_string()))?;
                match tokio::time::timeout(TIMEOUT, transport.send(message)).await {
                    Ok(Ok(_)) => Ok(()),
                    Ok(Err(error)) if error.is_permanent() => Err(MailError::Refused(error.to_string())),
                    Ok(Err(error)) if error.is_transient() || is_before_the_first_command(&error) => {
                        Err(MailError::Unavailable(error.to_string()))
                    }
                    Ok(Err(error)) => Err(MailError::Unanswered(error.to_string())),
                    Err(_) => Err(MailError::Unanswered(format!("no answer within {TIMEOUT:?}"))),
                }
            }
            Route::Mailbox { http, url } => {
                let body = json!({ "to": message.to, "subject": message.subject, "body": message.text });
                let answer = outbound::send(http.post(url.clone()).json(&body), MAX_ANSWER).await;
                let (status, _, _) = answer.map_err(|error| MailError::Unanswered(error.to_string()))?;
                match status.as_u16() {
                    200..300 => Ok(()),
                    429 | 500.. => Err(MailError::Unavailable(format!("the mailbox answered {status}"))),
                    _ => Err(MailError::Refused(format!("the mailbox answered {status}"))),
                }
            }
        }
    }
}

fn smtp(key: &str, url: &SecretString, mode: Mode) -> Result<AsyncSmtpTransport<Tokio1Executor>, ConfigError> {
    let remedy = "write it like smtps://user:password@mail.example.com:465, special characters percent-encoded";
    let refuse = |problem: &str| ConfigError::refused(key, problem, remedy);
    let parsed =
        Url::parse(url.expose_secret()).map_err(|e| refuse("is not the address of a mail server").because(e))?;
    let encrypted = parsed.scheme() == "smtps"
        || parsed.query_pairs().any(|(name, value)| (name.as_ref(), value.as_ref()) == ("tls", "required"));
    // URLs with schemes that the standard does not know keep an IPv4 address as a name.
    let ip = parsed.host_str().and_then(|host| host.parse::<IpAddr>().ok());
    let here = is_loopback(&parsed) || ip.is_some_and(|ip| ip.is_loopback());
    // `tls=opportunistic` goes on without encryption when somebody on the way says that there is none.
    if mode == Mode::Production && !encrypted && !here {
        let remedy = "use smtps://, or smtp:// with ?tls=required";
        return Err(ConfigError::refused(key, "sends mail without encryption through the network", remedy));
    }
    let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret());
    let builder = builder.map_err(|_| refuse("is not the address of a mail server"))?;
    Ok(builder.timeout(Some(COMMAND_TIMEOUT)).build())
}

fn sender(key: &str, from: Option<&str>) -> Result<Mailbox, ConfigError> {
    let key = format!("{key}.from");
    let remedy = "write it like Errand <no-reply@example.com>";
    let from = from.ok_or_else(|| ConfigError::refused(&key, "is missing", remedy))?;
    from.parse().map_err(|e: AddressError| ConfigError::refused(&key, "is not a sender", remedy).because(e))
}

fn mailbox(key: &str, text: &str, mode: Mode) -> Result<Url, ConfigError> {
    if mode == Mode::Production {
        let remedy = "give smtp_url and from instead";
        return Err(ConfigError::refused(key, "is for development: anybody on the machine reads that mail", remedy));
    }
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && is_loopback(url));
    url.ok_or_else(|| {
        let remedy = "write it like http://localhost:3002/mailbox";
        ConfigError::refused(key, "is not an address on this machine", remedy)
    })
}

/// Whether the connection was never there, so that nothing can have been taken.
fn is_before_the_first_command(error: &lettre::transport::smtp::Error) -> bool {
    // lettre tells this kind by its text alone; a test notices when it is worded otherwise.
    error.is_tls() || error.to_string().starts_with("Connection error")
}

/// One plain address. The specials of RFC 5322 §3.2.3, spaces and controls appear in quoted forms only, of which none
/// is taken: they are what lists of recipients, header injection and HTML are made of.
fn recipient(text: &str) -> Result<Address, MailError> {
    let forbidden = |c: char| c.is_control() || c.is_whitespace() || "()<>[]:;\\,\"".contains(c);
    if text.len() > MAX_ADDRESS || text.chars().any(forbidden) {
        return Err(MailError::Recipient);
    }
    text.parse().map_err(|_| MailError::Recipient)
}

fn write(to: Address, from: &Mailbox, message: &Message) -> Result<lettre::Message, lettre::error::Error> {
    // RFC 3834 §5: no out-of-office answers, please.
    let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
    let builder = lettre::Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(message.subject.as_str())
        .message_id(Some(format!("<{}@{}>", Uuid::new_v4(), from.email.domain())))
        .raw_header(automatic);
    let plain = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(message.text.clone());
    match &message.html {
        None => builder.singlepart(plain),
        Some(html) => {
            builder.multipart(MultiPart::alternative().singlepart(plain).singlepart(SinglePart::html(html.clone())))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::post;
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpListener;

    use super::*;

    const SECURE: &str = "smtps://user:hunter2@mail.example.com:465";
    const FROM: &str = "Errand <no-reply@example.com>";

    fn config(smtp_url: Option<&str>, from: Option<&str>, mailbox_url: Option<&str>) -> MailConfig {
        MailConfig {
            smtp_url: smtp_url.map(|url| url.to_owned().into()),
            from: from.map(ToOwned::to_owned),
            mailbox_url: mailbox_url.map(ToOwned::to_owned),
        }
    }

    fn refused(config: &MailConfig, mode: Mode) -> String {
        Mailer::new("worker.mail", Some(config), mode).expect_err("refused").to_string()
    }

    fn message(to: &str, subject: &str) -> Message {
        Message { to: to.to_owned(), subject: subject.to_owned(), text: "12345678".to_owned(), html: None }
    }

    #[tokio::test]
    async fn a_mail_server_is_taken_and_nonsense_refused_without_its_secret() {
        let new = |config: &MailConfig, mode| Mailer::new("worker.mail", Some(config), mode).is_ok();
        assert!(new(&config(Some(SECURE), Some(FROM), None), Mode::Production));
        assert!(new(&config(Some("smtp://mail.example.com:587?tls=required"), Some(FROM), None), Mode::Production));
        assert!(
            new(&config(Some("smtp://127.0.0.1:25"), Some(FROM), None), Mode::Production),
            "a relay on this machine"
        );
        assert!(new(&config(Some("smtp://mail.example.com"), Some(FROM), None), Mode::Development));

        let text = refused(&config(Some("https://user:hunter2@mail.example.com"), Some(FROM), None), Mode::Development);
        assert!(text.contains("worker.mail.smtp_url") && !text.contains("hunter2"), "{text}");
        assert!(refused(&config(Some(SECURE), Some("nobody"), None), Mode::Production).contains("worker.mail.from"));
        assert!(refused(&config(Some(SECURE), None, None), Mode::Production).contains("`worker.mail.from` is missing"));
        assert!(
            refused(&config(None, Some(FROM), None), Mode::Production).contains("`worker.mail.smtp_url` is missing")
        );
        assert!(Mailer::new("worker.mail", None, Mode::Production).is_err());
    }

    #[tokio::test]
    async fn mail_goes_through_the_network_encrypted_in_production() {
        for url in ["smtp://mail.example.com", "smtp://mail.example.com:587?tls=opportunistic"] {
            let text = refused(&config(Some(url), Some(FROM), None), Mode::Production);
            assert!(text.contains("without encryption"), "{text}");
        }
    }

    #[tokio::test]
    async fn the_mailbox_is_for_development_on_this_machine() {
        let here = config(None, None, Some("http://localhost:3002/mailbox"));
        assert!(Mailer::new("worker.mail", Some(&here), Mode::Development).is_ok());
        assert!(refused(&here, Mode::Production).contains("for development"));
        for elsewhere in ["http://tenant.example/mailbox", "file:///mailbox", "mailbox"] {
            let text = refused(&config(None, None, Some(elsewhere)), Mode::Development);
            assert!(text.contains("worker.mail.mailbox_url"), "{text}");
        }
        let both = config(Some(SECURE), Some(FROM), Some("http://localhost:3002/mailbox"));
        let mailer = Mailer::new("worker.mail", Some(&both), Mode::Production).expect("a mail server is named");
        assert!(matches!(mailer.0, Route::Smtp { .. }));
        assert!(!format!("{mailer:?}").contains("hunter2"));
    }

    /// Abuse case 78.
    #[tokio::test]
    async fn an_address_or_subject_that_would_add_headers_or_recipients_is_refused() {
        // Nothing listens there: what is refused never gets that far.
        let nowhere = config(Some("smtp://127.0.0.1:1"), Some(FROM), None);
        let mailer = Mailer::new("worker.mail", Some(&nowhere), Mode::Development).expect("valid");
        for to in [
            "",
            "alice",
            "alice@example.com\r\nBcc: eve@example.com",
            "alice@example.com\nBcc:eve@example.com",
            "alice@example.com,eve@example.com",
            "Alice <alice@example.com>",
            "<script>alert(1)</script>@example.com",
            "\"alice, eve\"@example.com",
            "alice@example.com\0",
            "alice@example.com\u{2028}",
            &format!("{}@example.com", "a".repeat(250)),
        ] {
            let error = mailer.send(&message(to, "Your to-dos")).await.expect_err("refused");
            assert!(matches!(error, MailError::Recipient), "{to:?}: {error}");
        }
        for subject in ["Your to-dos\r\nBcc: eve@example.com", "Your\nto-dos", "Your\0to-dos", &"x".repeat(501)] {
            let error = mailer.send(&message("alice@example.com", subject)).await.expect_err("refused");
            assert!(matches!(error, MailError::Subject), "{subject:?}: {error}");
        }
        let error = mailer.send(&message("alice@example.com", "Your to-dos")).await.expect_err("nobody there");
        assert!(error.is_transient() && !error.to_string().contains("12345678"), "{error}");
        assert!(!error.may_be_sent(), "there was no connection: {error}");
    }

    #[test]
    fn a_mail_has_its_text_twice_and_one_recipient() {
        let from: Mailbox = FROM.parse().expect("a sender");
        let mut message = message("alice@example.com", "Was heute ansteht – 3 to-dos");
        message.html = Some("<p>3 to-dos</p>".to_owned());
        let written = write(recipient(&message.to).expect("an address"), &from, &message).expect("written");
        let recipients: Vec<_> = written.envelope().to().iter().map(ToString::to_string).collect();
        assert_eq!(recipients, ["alice@example.com"]);
        let text = String::from_utf8(written.formatted()).expect("ASCII");
        let (headers, body) = text.split_once("\r\n\r\n").expect("headers");
        assert!(
            headers.contains("To: alice@example.com") && headers.contains("Auto-Submitted: auto-generated"),
            "{headers}"
        );
        assert!(headers.contains("@example.com>") && headers.contains("Message-ID: <"), "{headers}");
        assert!(headers.contains("multipart/alternative") && headers.is_ascii(), "{headers}");
        assert!(body.contains("text/plain") && body.contains("12345678"), "{body}");
        assert!(body.contains("text/html") && body.contains("<p>3 to-dos</p>"), "{body}");
    }

    /// A mail server that answers the recipient with `answer`.
    async fn mail_server(answer: &'static str) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (reader, mut writer) = stream.into_split();
                let mut lines = BufReader::new(reader).lines();
                let _ = writer.write_all(b"220 ready\r\n").await;
                let mut in_data = false;
                while let Ok(Some(line)) = lines.next_line().await {
                    let answer = match line.split(' ').next().unwrap_or_default() {
                        "." => {
                            in_data = false;
                            "250 taken\r\n"
                        }
                        _ if in_data => continue,
                        "DATA" => {
                            in_data = true;
                            "354 go on\r\n"
                        }
                        "RCPT" => answer,
                        _ => "250 fine\r\n",
                    };
                    let _ = writer.write_all(answer.as_bytes()).await;
                }
            }
        });
        port
    }

    #[tokio::test]
    async fn what_the_mail_server_says_tells_later_from_never() {
        for (answer, expected) in
            [("250 fine\r\n", None), ("450 mailbox busy\r\n", Some(true)), ("550 no such user\r\n", Some(false))]
        {
            let url = format!("smtp://127.0.0.1:{}", mail_server(answer).await);
            let config = config(Some(&url), Some(FROM), None);
            let mailer = Mailer::new("worker.mail", Some(&config), Mode::Production).expect("valid");
            let sent = mailer.send(&message("alice@example.com", "Your to-dos")).await;
            assert_eq!(sent.err().map(|error| error.is_transient()), expected, "{answer}");
        }
    }

    #[tokio::test]
    async fn the_mailbox_gets_recipient_subject_and_text_as_json() {
        let got: Arc<Mutex<Vec<serde_json::Value>>> = Arc::default();
        let (seen, status) = (Arc::clone(&got), Arc::new(Mutex::new(StatusCode::NO_CONTENT)));
        let answer = Arc::clone(&status);
        let handler = move |axum::Json(mail): axum::Json<serde_json::Value>| {
            seen.lock().expect("no panic").push(mail);
            let status = *answer.lock().expect("no panic");
            async move { status }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://127.0.0.1:{}/mailbox", listener.local_addr().expect("an address").port());
        let stop = tokio_util::sync::CancellationToken::new();
        let router = Router::new().route("/mailbox", post(handler));
        let server = tokio::spawn(crate::platform::serve::serve(listener, router, stop.clone()));
        let mailer =
            Mailer::new("worker.mail", Some(&config(None, None, Some(&url))), Mode::Development).expect("valid");
        mailer.send(&message("alice@example.com", "Your to-dos")).await.expect("taken");
        let expected = json!({ "to": "alice@example.com", "subject": "Your to-dos", "body": "12345678" });
        assert_eq!(*got.lock().expect("no panic"), [expected]);
        for (answer, transient) in [(StatusCode::FORBIDDEN, false), (StatusCode::SERVICE_UNAVAILABLE, true)] {
            *status.lock().expect("no panic") = answer;
            let error = mailer.send(&message("alice@example.com", "Your to-dos")).await.expect_err("refused");
            assert_eq!(error.is_transient(), transient, "{answer}");
        }
        stop.cancel();
        server.await.expect("stopped");
    }
}
