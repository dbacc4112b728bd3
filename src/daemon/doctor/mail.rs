//! The mail servers: whether they answer. Nothing is sent.

use super::Check;
use super::config::Tables;
use crate::platform::config::Mode;
use crate::platform::mail::{MailConfig, Mailer};

/// The worker's.
pub(super) async fn worker(tables: &Tables) -> Vec<Check> {
    match &tables.worker {
        Some(worker) => vec![server("worker.mail", worker.mail.as_ref(), tables.mode).await],
        None => Vec::new(),
    }
}

/// The embedded tenant's, where it has one: otherwise its mail goes into its mailbox.
pub(super) async fn tenant(tables: &Tables) -> Vec<Check> {
    match tables.tenant.as_ref().and_then(|tenant| tenant.mail.as_ref()) {
        Some(mail) if tables.mode == Mode::Development => vec![server("tenant.mail", Some(mail), tables.mode).await],
        _ => Vec::new(),
    }
}

async fn server(key: &str, config: Option<&MailConfig>, mode: Mode) -> Check {
    let mailer = match Mailer::new(key, config, mode) {
        Ok(mailer) => mailer,
        Err(error) => return Check::refused(key, &error),
    };
    match mailer.check().await {
        Ok(()) => Check::right(key, "the mail server answers"),
        Err(error) => {
            let remedy = format!(
                "check `{key}.smtp_url`: host, port, smtps:// or ?tls=required, user and password; and whether the mail server \
                 runs and lets this machine in"
            );
            Check::wrong(key, error.to_string(), remedy)
        }
    }
}
