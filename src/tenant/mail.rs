//! What the mails to customers say, in the language of the page that they come of.

use super::email::Email;
use super::texts::Texts;

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

/// The mail that carries a passcode.
pub(super) fn passcode(t: Texts, brand: &str, to: &Email, code: &str, minutes: i64) -> Mail {
    Mail {
        to: to.clone(),
        subject: t.passcode_subject(&brand),
        body: format!(
            "{}\n\n    {code}\n\n{}\n\n{}",
            t.passcode_mail_code(&brand),
            t.passcode_mail_use(&minutes),
            t.passcode_mail_warning()
        ),
        passcode: Some(code.to_owned()),
    }
}

/// Somebody signs up with an address that has an account: only its owner may learn that.
pub(super) fn already_a_customer(t: Texts, brand: &str, to: &Email) -> Mail {
    let sign_in = t.existing_mail_sign_in(&t.forgot_password());
    notice(t, brand, to, &[&t.existing_mail(&brand), &sign_in, t.not_you_nothing_to_do()])
}

/// Somebody signs in or resets the password with an address that has no account.
pub(super) fn no_account(t: Texts, brand: &str, to: &Email) -> Mail {
    notice(t, brand, to, &[&t.no_account_mail(&brand), t.no_account_mail_sign_up(), t.not_you_nothing_to_do()])
}

/// Somebody signs in or resets the password of an account that an administrator has disabled.
pub(super) fn disabled(t: Texts, brand: &str, to: &Email) -> Mail {
    notice(t, brand, to, &[&t.disabled_mail(&brand)])
}

/// The password was reset: its owner must learn of it if it was somebody else.
pub(super) fn password_changed(t: Texts, brand: &str, to: &Email) -> Mail {
    notice(t, brand, to, &[&t.changed_mail(&brand), &t.changed_mail_not_you(&t.forgot_password())])
}

fn notice(t: Texts, brand: &str, to: &Email, paragraphs: &[&str]) -> Mail {
    Mail { to: to.clone(), subject: t.notice_subject(&brand), body: paragraphs.join("\n\n"), passcode: None }
}
