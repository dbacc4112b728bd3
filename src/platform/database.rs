//! One SQL text for two engines: SQLite (embedded, the default) and PostgreSQL, chosen by the URL.
//!
//! Portable SQL: TEXT keys, BIGINT milliseconds since the epoch, BIGINT 0/1 for booleans, `$1` parameters,
//! `ON CONFLICT`, `RETURNING`. Read-then-write is one statement, never a transaction that upgrades its lock.

use std::path::Path;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use sqlx::migrate::Migrator;
use sqlx::{AnyPool, ConnectOptions as _, Executor as _};

/// Why a database cannot be opened. Names no password: only the engine, and for SQLite the file.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// Neither `sqlite:` nor `postgres:`.
    #[error("`{key}` must start with sqlite: or postgres:")]
    UnknownEngine {
        /// The configuration key that holds the URL.
        key: String,
    },
    /// The folder or file cannot be used, or the server does not answer.
    #[error("the database of `{key}` ({place}) cannot be opened: {reason}")]
    Unusable {
        /// The configuration key that holds the URL.
        key: String,
        /// The engine, or the SQLite file.
        place: String,
        /// The engine's words.
        reason: String,
    },
    /// The schema could not be brought up to date.
    #[error("the schema of `{key}` ({place}) cannot be brought up to date: {reason}")]
    Migration {
        /// The configuration key that holds the URL.
        key: String,
        /// The engine, or the SQLite file.
        place: String,
        /// The migrator's words.
        reason: String,
    },
}

/// Opens (and for SQLite creates) the database at `url` and brings its schema up to date.
/// `key` names the URL's configuration key in errors.
///
/// SQLite runs in WAL mode with `synchronous=FULL`: what was acknowledged survives a power cut.
///
/// # Errors
/// [`DatabaseError`].
pub async fn open(key: &str, url: &str, migrations: &Migrator) -> Result<AnyPool, DatabaseError> {
    install_default_drivers();
    let sqlite = url.starts_with("sqlite:");
    if !sqlite && !url.starts_with("postgres:") && !url.starts_with("postgresql:") {
        return Err(DatabaseError::UnknownEngine { key: key.to_owned() });
    }
    let file = url.trim_start_matches("sqlite:").trim_start_matches("//").split('?').next().unwrap_or_default();
    let place = if sqlite { file.to_owned() } else { "PostgreSQL".to_owned() };
    let unusable = |reason: String| DatabaseError::Unusable { key: key.to_owned(), place: place.clone(), reason };

    let mut url = url.to_owned();
    if sqlite {
        if let Some(folder) = Path::new(file).parent().filter(|f| !f.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|e| unusable(e.to_string()))?;
        }
        if !url.contains("mode=") {
            url.push_str(if url.contains('?') { "&mode=rwc" } else { "?mode=rwc" });
        }
    }
    let options: AnyConnectOptions = url.parse().map_err(|e: sqlx::Error| unusable(e.to_string()))?;
    // Statement logs would put names of customers' rows beside request ids; the programs log what matters themselves.
    let options = options.disable_statement_logging();
    let pool = AnyPoolOptions::new()
        .max_connections(if sqlite { 4 } else { 16 })
        .acquire_timeout(Duration::from_secs(5))
        // sqlx has tested a connection when it came back, and a file does not hang up on one that waits; asking again
        // is a round trip to the connection's thread, as much as a small query.
        .test_before_acquire(!sqlite)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                if sqlite {
                    for pragma in [
                        "PRAGMA busy_timeout = 5000",
                        "PRAGMA journal_mode = WAL",
                        "PRAGMA synchronous = FULL",
                        "PRAGMA foreign_keys = ON",
                    ] {
                        connection.execute(pragma).await?;
                    }
                }
                Ok(())
            })
        })
        .connect_with(options)
        .await
        .map_err(|e| unusable(e.to_string()))?;
    migrations.run(&pool).await.map_err(|e| DatabaseError::Migration {
        key: key.to_owned(),
        place: place.clone(),
        reason: e.to_string(),
    })?;
    Ok(pool)
}

/// Adds the tables of another room to a database that [`open`] opened for its owner, or brings them up to date. What
/// was done is counted in a table of `room`'s own, so that the two know nothing of each other's versions.
///
/// # Errors
/// [`DatabaseError::Migration`].
pub async fn migrate_beside(
    key: &str,
    pool: &AnyPool,
    room: &'static str,
    migrations: &Migrator,
) -> Result<(), DatabaseError> {
    let mut migrations = Migrator::with_migrations(migrations.iter().cloned().collect());
    migrations.dangerous_set_table_name(format!("_sqlx_migrations_{room}"));
    migrations.run(pool).await.map_err(|e| DatabaseError::Migration {
        key: key.to_owned(),
        place: format!("the tables of {room}"),
        reason: e.to_string(),
    })
}

/// What there is at a database's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// A database that answers.
    Answers,
    /// A SQLite file that its program has not created yet, in a folder that it can be created in.
    NotCreated,
}

/// Looks whether the database at `url` answers; creates and changes nothing.
///
/// # Errors
/// [`DatabaseError`]; never [`DatabaseError::Migration`].
pub async fn reach(key: &str, url: &str) -> Result<Reached, DatabaseError> {
    install_default_drivers();
    let sqlite = url.starts_with("sqlite:");
    if !sqlite && !url.starts_with("postgres:") && !url.starts_with("postgresql:") {
        return Err(DatabaseError::UnknownEngine { key: key.to_owned() });
    }
    let file = url.trim_start_matches("sqlite:").trim_start_matches("//").split('?').next().unwrap_or_default();
    let place = if sqlite { file.to_owned() } else { "PostgreSQL".to_owned() };
    let unusable = |reason: String| DatabaseError::Unusable { key: key.to_owned(), place: place.clone(), reason };
    if sqlite && !Path::new(file).exists() && !file.contains(":memory:") {
        // Where there is no folder yet, the program makes it.
        let mut folders = Path::new(file).ancestors().skip(1);
        let existing = folders.find(|folder| folder.as_os_str().is_empty() || folder.exists());
        return match existing.filter(|folder| !folder.as_os_str().is_empty()).map(std::fs::metadata) {
            Some(Err(error)) => Err(unusable(error.to_string())),
            Some(Ok(folder)) if !folder.is_dir() => Err(unusable("its folder is a file".to_owned())),
            Some(Ok(_)) | None => Ok(Reached::NotCreated),
        };
    }
    let options: AnyConnectOptions = url.parse().map_err(|e: sqlx::Error| unusable(e.to_string()))?;
    let pool = AnyPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(5));
    let pool = pool.connect_with(options.disable_statement_logging()).await.map_err(|e| unusable(e.to_string()))?;
    // SQLite reads nothing of a file until it must.
    let question = if sqlite { "SELECT count(*) FROM sqlite_master" } else { "SELECT 1" };
    let answer = pool.execute(question).await.map_err(|e| unusable(e.to_string()));
    pool.close().await;
    answer.map(|_| Reached::Answers)
}

/// A database of a test's own: a file in `folder` or, where `ERRAND_TEST_POSTGRES` (`postgres://user@host:port`) says
/// so, a new one on that PostgreSQL server.
#[cfg(test)]
pub(crate) async fn test_url(folder: &Path) -> String {
    let Ok(server) = std::env::var("ERRAND_TEST_POSTGRES") else {
        return format!("sqlite:{}", folder.join("test.db").display());
    };
    install_default_drivers();
    let name = format!("errand_test_{}", uuid::Uuid::new_v4().simple());
    let pool = AnyPool::connect(&format!("{server}/postgres")).await.expect("PostgreSQL answers");
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&pool).await.expect("a database");
    format!("{server}/{name}")
}
