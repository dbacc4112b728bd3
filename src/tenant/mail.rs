//! Mail to customers: through a mail server where one is configured, otherwise into the page `/mailbox`.

use super::user::Email;
use super::{Tenant, mailbox};
use crate::platform::config::{ConfigError, Mode};
use crate::platform::mail::{self, MailConfig, Message};

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
pub struct Mailer(Option<mail::Mailer>);

impl Mailer {
    /// A mailer for `[tenant.mail]`; without it, mail is kept in the mailbox.
    ///
    /// # Errors
    /// [`ConfigError`] when the mail server or the sender cannot be right. Does not connect.
    pub fn new(config: Option<&MailConfig>, mode: Mode) -> Result<Self, ConfigError> {
        if config.is_some_and(|config| config.mailbox_url.is_some()) {
            let problem = "is for the other programs: the mailbox is the tenant's own";
            let remedy = "remove [tenant.mail], or give smtp_url and from";
            return Err(ConfigError::refused("tenant.mail.mailbox_url", problem, remedy));
        }
        Ok(Self(config.map(|config| mail::Mailer::new("tenant.mail", Some(config), mode)).transpose()?))
    }

    /// Whether mail is kept for the page `/mailbox`.
    pub(super) fn keeps_mail(&self) -> bool {
        self.0.is_none()
    }

    /// Sends `mail`. The mail server is spoken to in the background, so an answer takes no longer for one that is slow;
    /// failures are logged, and the customer asks for a new code.
    ///
    /// # Errors
    /// When the mailbox cannot be written.
    pub(super) async fn send(&self, tenant: &Tenant, mail: Mail) -> Result<(), sqlx::Error> {
        let Some(mailer) = self.0.clone() else { return mailbox::keep(tenant, mail).await };
        let message = Message { to: mail.to.to_string(), subject: mail.subject, text: mail.body, html: None };
        tokio::spawn(async move {
            if let Err(error) = mailer.send(&message).await {
                tracing::error!(%error, "a mail was not sent");
            }
        });
        Ok(())
    }
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

/// The password was reset: its owner must learn of it if it was somebody else.
pub(super) fn password_changed(tenant: &Tenant, to: &Email) -> Mail {
    let name = &tenant.config.display_name;
    notice(
        tenant,
        to,
        &format!(
            "The password of your account at {name} was just reset with a code that we sent to this address, and all other \
             browsers were signed out.\n\n\
             If it was you, there is nothing to do. If it was not, somebody else reads your mail: change the password of \
             your mail account first, and then reset this one by \u{201c}Forgot password?\u{201d} on the sign-in page."
        ),
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

    #[tokio::test]
    async fn without_a_mail_server_mail_is_kept_and_another_mailbox_is_refused() {
        let config = |mailbox_url: Option<&str>| MailConfig {
            smtp_url: Some("smtps://user:hunter2@mail.example.com:465".to_owned().into()),
            from: Some("Errand <no-reply@example.com>".to_owned()),
            mailbox_url: mailbox_url.map(ToOwned::to_owned),
        };
        let new = |config: Option<&MailConfig>| Mailer::new(config, Mode::Development);
        assert!(new(Some(&config(None))).is_ok_and(|mailer| !mailer.keeps_mail()));
        assert!(new(None).is_ok_and(|mailer| mailer.keeps_mail()));
        let refused = new(Some(&config(Some("http://localhost:3002/mailbox")))).err().expect("refused").to_string();
        assert!(refused.contains("tenant.mail.mailbox_url"), "{refused}");
    }
}
