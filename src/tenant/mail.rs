//! What the mails to customers say.

use super::email::Email;

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
pub(super) fn passcode(brand: &str, to: &Email, code: &str, minutes: i64) -> Mail {
    Mail {
        to: to.clone(),
        subject: format!("Your {brand} verification code"),
        body: format!(
            "Your code for {brand}:\n\n    {code}\n\n\
             It works once, for {minutes} minutes, in the browser window where you asked for it.\n\n\
             If you did not ask for it, ignore this mail: without the code, nobody gets any further. \
             Never tell the code to anybody."
        ),
        passcode: Some(code.to_owned()),
    }
}

/// Somebody signs up with an address that has an account: only its owner may learn that.
pub(super) fn already_a_customer(brand: &str, to: &Email) -> Mail {
    notice(
        brand,
        to,
        &format!(
            "Somebody, most likely you, tried to create an account at {brand} with this email address.\n\n\
             You already have one: sign in with your password. If you no longer know it, choose \
             \u{201c}Forgot password?\u{201d} on the sign-in page.\n\nIf it was not you, there is nothing to do."
        ),
    )
}

/// Somebody signs in or resets the password with an address that has no account.
pub(super) fn no_account(brand: &str, to: &Email) -> Mail {
    notice(
        brand,
        to,
        &format!(
            "Somebody, most likely you, tried to get into an account at {brand} with this email address. \
             There is none.\n\n\
             Perhaps you signed up with another address; otherwise you can create an account on the sign-in page.\n\n\
             If it was not you, there is nothing to do."
        ),
    )
}

/// Somebody signs in or resets the password of an account that an administrator has disabled.
pub(super) fn disabled(brand: &str, to: &Email) -> Mail {
    notice(
        brand,
        to,
        &format!("Your account at {brand} has been disabled, so no code was sent. Please ask {brand} for help."),
    )
}

/// The password was reset: its owner must learn of it if it was somebody else.
pub(super) fn password_changed(brand: &str, to: &Email) -> Mail {
    notice(
        brand,
        to,
        &format!(
            "The password of your account at {brand} was just reset with a code that we sent to this address, and all other \
             browsers were signed out.\n\n\
             If it was you, there is nothing to do. If it was not, somebody else reads your mail: change the password of \
             your mail account first, and then reset this one by \u{201c}Forgot password?\u{201d} on the sign-in page."
        ),
    )
}

fn notice(brand: &str, to: &Email, body: &str) -> Mail {
    Mail { to: to.clone(), subject: format!("About your account at {brand}"), body: body.to_owned(), passcode: None }
}
