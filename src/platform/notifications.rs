//! What programs on one PostgreSQL database tell each other (`LISTEN`, `NOTIFY`). On SQLite there is one program, and
//! nobody else to tell.

use std::time::Duration;

use sqlx::AnyConnection;
use sqlx::postgres::PgListener;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::database;
use super::pause::Backoff;

/// How often it is tried whether notifications arrive.
const EVERY: Duration = Duration::from_secs(15);
/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard<'a> {
    /// Somebody told this.
    Payload(&'a str),
    /// Something may have been told that was not heard.
    Gap,
}

/// Tells whoever listens to `channel`, once the transaction of `connection` is committed, and not before.
///
/// # Errors
/// When the database does not answer.
pub async fn notify(connection: &mut AnyConnection, channel: &str, payload: &str) -> Result<(), sqlx::Error> {
    if connection.backend_name() != "PostgreSQL" {
        return Ok(());
    }
    // Not as a column: what the function returns is of no type that can be read.
    sqlx::query("SELECT 1 FROM pg_notify($1, $2)").bind(channel).bind(payload).execute(connection).await?;
    Ok(())
}

/// Hears what is told on `channel` of the database at `url`, until `shutdown`. A connection that is lost is made again,
/// and `hear` is then told of the gap; so it is where notifications do not arrive at all, every few seconds.
pub async fn listen(url: &str, channel: &str, shutdown: &CancellationToken, mut hear: impl FnMut(Heard<'_>)) {
    if url.starts_with("sqlite:") {
        return;
    }
    let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));
    loop {
        let began = Instant::now();
        let reason = tokio::select! {
            () = shutdown.cancelled() => return,
            reason = hear_until_lost(url, channel, &mut hear) => reason,
        };
        tracing::warn!(reason, "notifications of the database are not heard; listening again");
        if began.elapsed() > EVERY {
            backoff.reset();
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(backoff.pause()) => {}
        }
    }
}

/// Why nothing is heard any more.
async fn hear_until_lost(url: &str, channel: &str, hear: &mut impl FnMut(Heard<'_>)) -> String {
    let begun = async {
        let mut listener = PgListener::connect(url).await?;
        listener.eager_reconnect(false);
        listener.listen(channel).await?;
        Ok::<_, sqlx::Error>(listener)
    };
    let mut listener = match timeout(PATIENCE, begun).await {
        Ok(Ok(listener)) => listener,
        Ok(Err(error)) => return database::explain(&error),
        Err(_) => return "the database does not answer".to_owned(),
    };
    hear(Heard::Gap);
    // Told to itself: a connection may be dead without a word, and a pooler that gives each transaction another connection
    // (PgBouncer) takes LISTEN and forgets it.
    let (mut next_try, mut is_heard) = (Instant::now(), true);
    loop {
        match timeout_at(next_try, listener.try_recv()).await {
            Ok(Ok(Some(notification))) if notification.payload().is_empty() => is_heard = true,
            Ok(Ok(Some(notification))) => hear(Heard::Payload(notification.payload())),
            Ok(Ok(None)) => return "the connection was lost".to_owned(),
            Ok(Err(error)) => return database::explain(&error),
            Err(_) if !is_heard => {
                return "they do not arrive; a pooler between must keep sessions (`pool_mode = session`)".to_owned();
            }
            Err(_) => {
                is_heard = false;
                next_try = Instant::now() + EVERY;
                let told = sqlx::query("SELECT 1 FROM pg_notify($1, '')").bind(channel).execute(&mut listener);
                match timeout(PATIENCE, told).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => return database::explain(&error),
                    Err(_) => return "the database does not answer".to_owned(),
                }
            }
        }
    }
}
