//! Reminders: those whose moment has come are mailed, each at most once. Which they are the API says, to the worker as an app
//! of its own registration; where they go is known since their customer signed in.

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::mail;
use crate::digest::Store;
use crate::digest::reminders::MAX_LATE;
use crate::identity::client::ConfidentialClient;
use crate::identity::downstream::{Call, DownstreamApi};
use crate::platform::clock::{Clock, Timestamp};
use crate::platform::mail::Mailer;
use crate::platform::{link, outbound};
use crate::todo::Todo;

/// The app that asks for everyone's reminders.
pub(super) struct Reminders {
    pub(super) client: ConfidentialClient,
    pub(super) todolist: DownstreamApi,
}

/// What it works with.
pub(super) struct Tools<'a> {
    pub(super) digests: &'a Store,
    pub(super) mailer: &'a Mailer,
    pub(super) public_url: &'a Url,
    pub(super) clock: &'a Clock,
}

/// A reminder as the API answers it.
#[derive(Deserialize)]
struct Due {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    todo: Todo,
}

impl Reminders {
    /// Mails the reminders whose moment has come, and says how many. What goes wrong is logged, and tried again at the next
    /// look.
    pub(super) async fn mail_due(&self, tools: &Tools<'_>, shutdown: &CancellationToken) -> u32 {
        let due = match self.due(tools).await {
            Ok(due) if due.is_empty() => return 0,
            Ok(due) => due,
            Err(reason) => {
                tracing::warn!(reason, "which reminders are due cannot be told; trying again soon");
                return 0;
            }
        };
        // Before anything is taken: while nobody takes mail, they stay due.
        if let Err(error) = tools.mailer.check().await {
            tracing::warn!(%error, "reminders are due, and wait for the mail server");
            return 0;
        }
        let mut sent = 0;
        for due in due {
            if shutdown.is_cancelled() {
                break;
            }
            match mail_one(&due, tools).await {
                Ok(is_sent) => sent += u32::from(is_sent),
                Err(error) => {
                    tracing::error!(%error, "which reminders were mailed cannot be written down; trying again soon");
                    break;
                }
            }
        }
        sent
    }

    /// Those whose moment has come, is not too long ago, and that nobody has taken yet.
    async fn due(&self, Tools { digests, clock, .. }: &Tools<'_>) -> Result<Vec<Due>, String> {
        let now = clock.timestamp();
        let from = now - MAX_LATE;
        digests.forget_reminders().await.map_err(|error| error.to_string())?;
        let taken = digests.reminders_taken(from).await.map_err(|error| error.to_string())?;
        let text = |at: Timestamp| OffsetDateTime::from(at).format(&Rfc3339).map_err(|error| error.to_string());
        // `until` is not among them.
        let until = now + time::Duration::MILLISECOND;
        let mut query = vec![("from".to_owned(), text(from)?), ("until".to_owned(), text(until)?)];
        let mut due = Vec::new();
        loop {
            let call = Call { path: &["reminders"], query: &link::pairs(&query), ..Call::default() };
            let answer = self.todolist.call_for_app(&self.client, &call).await.map_err(|error| error.to_string())?;
            let page: Vec<Due> = outbound::json("the ToDoList API", &answer.body).map_err(|error| error.to_string())?;
            let key = |due: &Due| (due.todo.id.to_string(), Timestamp::from(due.at).as_millis());
            due.extend(page.into_iter().filter(|due| !taken.contains(&key(due))));
            match link::next(&answer.headers) {
                None => return Ok(due),
                Some(next) if next == query => return Err("the API names a page as the one after itself".to_owned()),
                Some(next) => query = next,
            }
        }
    }
}

/// Takes a reminder, then mails it; whether a mail went out. From when it is taken, nothing interrupts.
async fn mail_one(Due { at, todo }: &Due, tools: &Tools<'_>) -> Result<bool, sqlx::Error> {
    let Tools { digests, mailer, public_url, .. } = tools;
    let at = Timestamp::from(*at);
    // The API calls customers as the web server does.
    let Some(address) = digests.reminder_address(&todo.owner).await? else { return Ok(false) };
    let message = mail::remind(&address, todo, public_url);
    if !digests.take_reminder(todo.id, at).await? {
        return Ok(false);
    }
    match mailer.send(&message).await {
        Ok(()) => Ok(true),
        Err(error) if error.may_be_sent() => {
            tracing::error!(%error, "a reminder may not have been sent; it is not sent again, since it may have been");
            Ok(true)
        }
        Err(error) if error.is_transient() => {
            tracing::warn!(%error, "a reminder was not sent; trying again soon");
            digests.give_reminder_back(todo.id, at).await?;
            Ok(false)
        }
        Err(error) => {
            tracing::error!(%error, "a reminder was not sent, and is given up");
            Ok(false)
        }
    }
}
