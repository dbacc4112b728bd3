//! Mail: over SMTP where it is configured, otherwise into the page `/mailbox`.

use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, SinglePart};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::ExposeSecret as _;

use super::user::Email;
use super::{Tenant, config, mailbox};
use crate::platform::config::ConfigError;

/// How long the mail server may take for one command.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// How long it may take altogether.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A mail to one customer. Plain text; does not print its passcode.
pub(super) struct Mail {
    /// To whom.
    pub(super) to: Email,
    /// One line without secrets: it shows on locked screens.
    pub(super) subject: String,
    /// The text.
    pub(super) body: String,
    /// The passcode that the text contains, for the mailbox page.
    pub(super) passcode: Option<String>,
}

/// Sends mail, or keeps it in the mailbox.
pub struct Mailer(Route);

enum Route {
    Smtp { transport: AsyncSmtpTransport<Tokio1Executor>, from: Box<Mailbox> },
    Mailbox,
}

impl Mailer {
    /// A mailer for `[tenant.mail]`; without it, mail is kept in the mailbox.
    ///
    /// # Errors
    /// [`ConfigError`] when the URL or the sender cannot be right. Does not connect.
    pub fn new(config: Option<&config::Mail>) -> Result<Self, ConfigError> {
        let Some(config) = config else { return Ok(Self(Route::Mailbox)) };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(config.smtp_url.expose_secret())
            .map_err(|_| {
                ConfigError::refused(
                    "tenant.mail.smtp_url",
                    "is not the address of a mail server",
                    "write it like smtps://user:password@mail.example.com:465, special characters percent-encoded",
                )
            })?
            .timeout(Some(COMMAND_TIMEOUT))
            .build();
        let from = config.from.parse().map_err(|_| {
            ConfigError::refused("tenant.mail.from", "is not a sender", "write it like Errand <no-reply@example.com>")
        })?;
        Ok(Self(Route::Smtp { transport, from: Box::new(from) }))
    }

    /// Whether mail is kept for the page `/mailbox`.
    pub(super) fn keeps_mail(&self) -> bool {
        matches!(self.0, Route::Mailbox)
    }

    /// Sends `mail`. SMTP happens in the background, so an answer takes no longer for a mail server that is slow;
    /// failures are logged, and the customer asks for a new code.
    ///
    /// # Errors
    /// When the mailbox cannot be written.
    pub(super) async fn send(&self, tenant: &Tenant, mail: Mail) -> Result<(), sqlx::Error> {
        let (transport, from) = match &self.0 {
            Route::Mailbox => return mailbox::keep(tenant, mail).await,
            Route::Smtp { transport, from } => (transport.clone(), (**from).clone()),
        };
        tokio::spawn(async move {
            let message = match message(mail, from) {
                Ok(message) => message,
                Err(error) => return tracing::error!(%error, "a mail cannot be written"),
            };
            match tokio::time::timeout(TIMEOUT, transport.send(message)).await {
                Ok(Ok(_)) => {}
                // The mail server's words may quote the recipient, never the text.
                Ok(Err(error)) => tracing::error!(%error, "a mail was not sent"),
                Err(_) => tracing::error!("a mail was not sent: the mail server took more than {TIMEOUT:?}"),
            }
        });
        Ok(())
    }
}

fn message(mail: Mail, from: Mailbox) -> Result<Message, lettre::error::Error> {
    // The address was parsed by the same parser: `Email::parse`.
    let to = mail.to.as_str().parse().map_err(|_| lettre::error::Error::MissingTo)?;
    Message::builder()
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(mail.subject)
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(mail.body))
}

/// The mail that carries a passcode.
pub(super) fn passcode(tenant: &Tenant, to: &Email, code: &str, minutes: i64) -> Mail {
    let name = &tenant.config.display_name;
    Mail {
        to: to.clone(),
        subject: format!("Your {name} verification code"),
        body: format!(
            "Your code for {name}:\n\n    {code}\n\n\
             It works once, for {minutes} minutes, in the browser window where you asked for it.\n\n\
             If you did not ask for it, ignore this mail: without the code, nobody gets any further. \
             Never tell the code to anybody."
        ),
        passcode: Some(code.to_owned()),
    }
}

/// Somebody signs up with an address that has an account: only its owner may learn that.
pub(super) fn already_a_customer(tenant: &Tenant, to: &Email) -> Mail {
    let name = &tenant.config.display_name;
    notice(
        tenant,
        to,
        &format!(
            "Somebody, most likely you, tried to create an account at {name} with this email address.\n\n\
             You already have one: sign in with your password. If you no longer know it, choose \
             \u{201c}Forgot password?\u{201d} on the sign-in page.\n\nIf it was not you, there is nothing to do."
        ),
    )
}

/// Somebody signs in or resets the password with an address that has no account.
pub(super) fn no_account(tenant: &Tenant, to: &Email) -> Mail {
    let name = &tenant.config.display_name;
    notice(
        tenant,
        to,
        &format!(
            "Somebody, most likely you, tried to get into an account at {name} with this email address. \
             There is none.\n\n\
             Perhaps you signed up with another address; otherwise you can create an account on the sign-in page.\n\n\
             If it was not you, there is nothing to do."
        ),
    )
}

/// Somebody signs in or resets the password of an account that an administrator has disabled.
pub(super) fn disabled(tenant: &Tenant, to: &Email) -> Mail {
    let name = &tenant.config.display_name;
    notice(
        tenant,
        to,
        &format!("Your account at {name} has been disabled, so no code was sent. Please ask {name} for help."),
    )
}

fn notice(tenant: &Tenant, to: &Email, body: &str) -> Mail {
    Mail {
        to: to.clone(),
        subject: format!("About your account at {}", tenant.config.display_name),
        body: body.to_owned(),
        passcode: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(smtp_url: &str, from: &str) -> config::Mail {
        config::Mail { smtp_url: smtp_url.to_owned().into(), from: from.to_owned() }
    }

    #[tokio::test]
    async fn a_mail_server_is_taken_and_nonsense_refused_without_its_secret() {
        let good = "smtps://user:hunter2@mail.example.com:465";
        assert!(Mailer::new(Some(&config(good, "Errand <no-reply@example.com>"))).is_ok_and(|m| !m.keeps_mail()));
        assert!(Mailer::new(None).is_ok_and(|m| m.keeps_mail()));
        let refused = |url: &str, from: &str| Mailer::new(Some(&config(url, from))).err().expect("refused").to_string();
        let text = refused("https://user:hunter2@mail.example.com", "Errand <no-reply@example.com>");
        assert!(text.contains("tenant.mail.smtp_url") && !text.contains("hunter2"), "{text}");
        assert!(refused(good, "nobody").contains("tenant.mail.from"));
    }

    #[test]
    fn a_mail_has_the_code_in_its_text_and_not_in_its_headers() {
        let mail = Mail {
            to: Email::parse("alice@example.com").unwrap(),
            subject: "Your code\r\nBcc: eve@example.com".to_owned(),
            body: "12345678".to_owned(),
            passcode: Some("12345678".to_owned()),
        };
        let text = message(mail, "Errand <no-reply@example.com>".parse().unwrap()).unwrap().formatted();
        let text = String::from_utf8(text).unwrap();
        let (headers, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(body.contains("12345678") && !headers.contains("12345678"), "{text}");
        assert!(!headers.lines().any(|line| line.starts_with("Bcc")), "{headers}");
        assert!(headers.contains("To: alice@example.com"), "{headers}");
    }
}
