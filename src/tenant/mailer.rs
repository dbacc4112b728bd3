//! Sends the mails to customers: through a mail server where one is configured, otherwise into the mailbox.

use sqlx::AnyPool;

use super::mail::Mail;
use super::mailbox::store::Mailbox;
use crate::platform::clock::Clock;
use crate::platform::config::{ConfigError, Mode};
use crate::platform::mail::{self, MailConfig, Message};

/// Sends mail, or keeps it in the mailbox.
pub(super) struct Mailer(Transport);

enum Transport {
    /// A mail server.
    Server(mail::Mailer),
    /// The page `/mailbox`.
    Mailbox(Mailbox),
}

impl Mailer {
    /// A mailer for `[tenant.mail]`; without it, mail is kept in the mailbox.
    ///
    /// # Errors
    /// [`ConfigError`] when the mail server or the sender cannot be right. Does not connect.
    pub(super) fn new(
        config: Option<&MailConfig>,
        mode: Mode,
        db: &AnyPool,
        clock: &Clock,
    ) -> Result<Self, ConfigError> {
        if config.is_some_and(|config| config.mailbox_url.is_some()) {
            let problem = "is for the other programs: the mailbox is the tenant's own";
            let remedy = "remove [tenant.mail], or give smtp_url and from";
            return Err(ConfigError::refused("tenant.mail.mailbox_url", problem, remedy));
        }
        Ok(Self(match config {
            Some(_) => Transport::Server(mail::Mailer::new("tenant.mail", config, mode)?),
            None => Transport::Mailbox(Mailbox::new(db.clone(), clock.clone())),
        }))
    }

    /// The mailbox, where mail is kept in one.
    pub(super) fn mailbox(&self) -> Option<&Mailbox> {
        match &self.0 {
            Transport::Server(_) => None,
            Transport::Mailbox(mailbox) => Some(mailbox),
        }
    }

    /// Sends `mail`. The mail server is spoken to in the background, so an answer takes no longer for one that is slow;
    /// failures are logged, and the customer asks for a new code.
    ///
    /// # Errors
    /// When the mailbox cannot be written.
    pub(super) async fn send(&self, mail: Mail) -> Result<(), sqlx::Error> {
        let mailer = match &self.0 {
            Transport::Server(mailer) => mailer.clone(),
            Transport::Mailbox(mailbox) => return mailbox.keep(mail).await,
        };
        let message = Message { to: mail.to.to_string(), subject: mail.subject, text: mail.body, html: None };
        tokio::spawn(async move {
            if let Err(error) = mailer.send(&message).await {
                tracing::error!(%error, "a mail was not sent");
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::database;

    #[tokio::test]
    async fn without_a_mail_server_mail_is_kept_and_another_mailbox_is_refused() {
        let config = |mailbox_url: Option<&str>| MailConfig {
            smtp_url: Some("smtps://user:hunter2@mail.example.com:465".to_owned().into()),
            from: Some("Errand <no-reply@example.com>".to_owned()),
            mailbox_url: mailbox_url.map(ToOwned::to_owned),
        };
        let folder = tempfile::tempdir().unwrap();
        let migrations = sqlx::migrate!("src/tenant/migrations");
        let db = database::open("test", &database::test_url(folder.path()).await, &migrations).await.unwrap();
        let new = |config: Option<&MailConfig>| Mailer::new(config, Mode::Development, &db, &Clock::system());
        assert!(new(Some(&config(None))).is_ok_and(|mailer| mailer.mailbox().is_none()));
        assert!(new(None).is_ok_and(|mailer| mailer.mailbox().is_some()));
        let refused = new(Some(&config(Some("http://localhost:3002/mailbox")))).err().expect("refused").to_string();
        assert!(refused.contains("tenant.mail.mailbox_url"), "{refused}");
    }
}
