//! Mail.
/// Sends mail.
pub struct Mailer;
