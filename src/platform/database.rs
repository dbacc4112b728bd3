//! One SQL text for two engines: SQLite (embedded, the default) and PostgreSQL, chosen by the URL.
//!
//! Portable SQL: TEXT keys, BIGINT milliseconds since the epoch, BIGINT 0/1 for booleans, `$1` parameters,
//! `ON CONFLICT`, `RETURNING`. Read-then-write is one statement, never a transaction that upgrades its lock.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::any::{AnyArguments, AnyConnectOptions, AnyPoolOptions, AnyRow, install_default_drivers};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::query::{Query, QueryAs, QueryScalar};
use sqlx::{Any, AnyConnection, AnyExecutor, AnyPool, ConnectOptions as _, Connection as _, Executor as _, FromRow};
use tokio::time::{Instant, timeout_at};

use super::ownership::{Ownership, OwnershipError, Sharing};

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
    /// Another program's.
    #[error(transparent)]
    Ownership(#[from] OwnershipError),
}

/// What an engine says is wrong with a database, beyond the statement at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Its pages contradict one another.
    #[error("it is damaged: stop the programs that use it, and restore it from a backup")]
    Damaged,
    /// It is some other file.
    #[error("it is no SQLite database (or its beginning is overwritten): move the file away, or name another one")]
    NotADatabase,
    /// It, its folder or its disk is write-protected.
    #[error("it is read-only: make the file and its folder writable for this user, and the URL without mode=ro")]
    ReadOnly,
    /// There is no room.
    #[error("the disk is full (or a quota or a limit on the size of files is reached): make room")]
    Full,
    /// Another program has had it locked for longer than anybody waits.
    #[error(
        "it is locked: another program has been writing to it for more than five seconds; find out which, and stop it"
    )]
    Locked,
    /// The operating system lets nobody at it.
    #[error("it cannot be opened: see to it that the file and its folder exist and belong to this user")]
    Forbidden,
}

impl Trouble {
    /// What `error` says about the database as a whole.
    pub fn of(error: &sqlx::Error) -> Option<Self> {
        let sqlx::Error::Database(error) = error else { return None };
        let code = error.code()?;
        if let Some(error) = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>() {
            // https://www.postgresql.org/docs/current/errcodes-appendix.html
            return match error.code() {
                "53100" => Some(Self::Full),
                "25006" => Some(Self::ReadOnly),
                "XX001" | "XX002" => Some(Self::Damaged),
                _ => None,
            };
        }
        // SQLite's primary result code is the lowest byte (https://www.sqlite.org/rescode.html).
        match code.parse::<u32>().ok()? & 0xff {
            5 | 6 => Some(Self::Locked),
            3 | 14 | 23 => Some(Self::Forbidden),
            8 => Some(Self::ReadOnly),
            11 => Some(Self::Damaged),
            13 => Some(Self::Full),
            26 => Some(Self::NotADatabase),
            _ => None,
        }
    }
}

/// What went wrong, in our words where the engine's are those of its authors.
pub fn explain(error: &sqlx::Error) -> String {
    match (Trouble::of(error), error) {
        (Some(trouble), sqlx::Error::Database(engine)) => format!("{trouble} ({})", engine.message()),
        (_, sqlx::Error::PoolTimedOut) => {
            "no connection to it was to be had within five seconds: it is overloaded, or cannot be opened (see above)"
                .to_owned()
        }
        _ => error.to_string(),
    }
}

/// Statements that write and return rows (`RETURNING`).
///
/// SQLite commits when the last row was read: `fetch_one` and `fetch_optional` stop before, and what they returned may
/// be acknowledged without having been written. These read to the end, whatever the statement returns.
pub trait Returning<'q, Row>: Sized {
    /// All rows that were written.
    fn all_written<'c>(self, db: impl AnyExecutor<'c>) -> impl Future<Output = Result<Vec<Row>, sqlx::Error>> + Send;

    /// The row that was written, of a statement that writes at most one.
    fn one_written<'c>(
        self,
        db: impl AnyExecutor<'c>,
    ) -> impl Future<Output = Result<Option<Row>, sqlx::Error>> + Send {
        let rows = self.all_written(db);
        async { Ok(rows.await?.into_iter().next()) }
    }
}

impl<'q> Returning<'q, AnyRow> for Query<'q, Any, AnyArguments> {
    async fn all_written<'c>(self, db: impl AnyExecutor<'c>) -> Result<Vec<AnyRow>, sqlx::Error> {
        self.fetch_all(db).await
    }
}

impl<'q, Row> Returning<'q, Row> for QueryAs<'q, Any, Row, AnyArguments>
where
    Row: Send + Unpin + for<'r> FromRow<'r, AnyRow>,
{
    async fn all_written<'c>(self, db: impl AnyExecutor<'c>) -> Result<Vec<Row>, sqlx::Error> {
        self.fetch_all(db).await
    }
}

impl<'q, Value> Returning<'q, Value> for QueryScalar<'q, Any, Value, AnyArguments>
where
    Value: Send + Unpin,
    (Value,): for<'r> FromRow<'r, AnyRow>,
{
    async fn all_written<'c>(self, db: impl AnyExecutor<'c>) -> Result<Vec<Value>, sqlx::Error> {
        self.fetch_all(db).await
    }
}

/// A database's address, understood.
struct Address {
    options: AnyConnectOptions,
    sqlite: bool,
    /// The file, where there is one.
    file: Option<PathBuf>,
    /// The key of the configuration that it stands at.
    key: String,
    /// The engine, or the SQLite file.
    place: String,
}

impl Address {
    /// Reads `url`. `create` says whether a SQLite file that is missing is made, where the URL does not say so.
    fn parse(key: &str, url: &str, create: bool) -> Result<Self, DatabaseError> {
        install_default_drivers();
        let sqlite = url.starts_with("sqlite:");
        if !sqlite && !url.starts_with("postgres:") && !url.starts_with("postgresql:") {
            return Err(DatabaseError::UnknownEngine { key: key.to_owned() });
        }
        let file = file_of(url);
        let place = match (&file, sqlite) {
            (Some(file), _) => file.display().to_string(),
            (None, true) => "SQLite in memory".to_owned(),
            (None, false) => "PostgreSQL".to_owned(),
        };
        let mut url = Cow::Borrowed(url);
        if create && sqlite && !url.contains("mode=") {
            let separator = if url.contains('?') { '&' } else { '?' };
            url = Cow::Owned(format!("{url}{separator}mode=rwc"));
        }
        let options: Result<AnyConnectOptions, sqlx::Error> = url.parse();
        match options {
            // Statement logs would put names of customers' rows beside request ids; the programs log what matters
            // themselves.
            Ok(options) => {
                let options = options.disable_statement_logging();
                Ok(Self { options, sqlite, file, key: key.to_owned(), place })
            }
            Err(error) => Err(DatabaseError::Unusable { key: key.to_owned(), place, reason: error.to_string() }),
        }
    }

    fn unusable(&self, reason: String) -> DatabaseError {
        DatabaseError::Unusable { key: self.key.clone(), place: self.place.clone(), reason }
    }
}

/// Where the file of a SQLite URL is; `None` for other engines and for databases in memory.
pub fn file_of(url: &str) -> Option<PathBuf> {
    let is_memory = url.contains(":memory:") || url.contains("mode=memory");
    if !url.starts_with("sqlite:") || is_memory {
        return None;
    }
    let options: sqlx::sqlite::SqliteConnectOptions = url.parse().ok()?;
    Some(options.get_filename().to_owned())
}

/// Takes the SQLite file of `url` for this process. `None` where there is no file: servers know whom they serve.
///
/// # Errors
/// [`DatabaseError::Ownership`] when it is another program's, [`DatabaseError::Unusable`].
pub fn own(key: &str, url: &str, sharing: Sharing) -> Result<Option<Ownership>, DatabaseError> {
    let Some(file) = file_of(url) else { return Ok(None) };
    make_folder(&file).map_err(|e| DatabaseError::Unusable {
        key: key.to_owned(),
        place: file.display().to_string(),
        reason: e.to_string(),
    })?;
    Ok(Some(Ownership::of_database(key, &file, sharing)?))
}

/// The folder of a file, `.` where its path has none.
fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn make_folder(file: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder_of(file))
}

/// Makes a file readable for this user only, if it is there and is not so yet.
///
/// # Errors
/// When it belongs to somebody else, who must do it.
pub fn keep_private(file: &Path) -> std::io::Result<()> {
    match std::fs::metadata(file) {
        Ok(metadata) if metadata.is_file() && metadata.permissions().mode() & 0o077 != 0 => {
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Says in the log when others on this machine can look into a folder with data. It may be one that is open for a
/// reason, so it stays as it is.
pub fn warn_of_open_folder(folder: &Path) {
    let mode = std::fs::metadata(folder).map_or(0, |metadata| metadata.permissions().mode() & 0o777);
    if mode & 0o077 != 0 {
        // Several databases may be in one folder.
        static TOLD: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
        let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        if !TOLD.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.clone()) {
            return;
        }
        let folder = folder.display();
        tracing::warn!(
            "others on this machine can look into the data folder {folder} (mode {mode:o}): chmod 700 {folder}"
        );
    }
}

/// Creates the file of a SQLite database, or takes it away from others: its companions (`-wal`, `-shm`, `-journal`) get
/// the permissions that it has, but not those that are there already.
fn prepare_file(file: &Path, url: &str) -> std::io::Result<()> {
    make_folder(file)?;
    warn_of_open_folder(folder_of(file));
    if !url.contains("mode=ro") && !url.contains("mode=rw&") && !url.ends_with("mode=rw") {
        match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
            Ok(_) | Err(_) => {}
        }
    }
    for end in ["", "-wal", "-shm", "-journal"] {
        let mut path = file.as_os_str().to_owned();
        path.push(end);
        if let Err(error) = keep_private(Path::new(&path)) {
            tracing::warn!(%error, "others can read {}: chmod 600 it", Path::new(&path).display());
        }
    }
    Ok(())
}

/// What each connection to a SQLite file is told first.
async fn set_up(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    for pragma in [
        "PRAGMA busy_timeout = 5000",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
    ] {
        connection.execute(pragma).await?;
    }
    Ok(())
}

/// How long a database may take to be there.
const PATIENCE: Duration = Duration::from_secs(5);
/// How large a SQLite file may be, in bytes, to be read through at start: this takes less than a second.
const MAX_CHECKED: u64 = 64 * 1024 * 1024;

/// Looks whether a database can be used at all, on one connection: a pool keeps trying, and in the end says only that it
/// waited in vain.
async fn try_out(options: &AnyConnectOptions, file: Option<&Path>) -> Result<(), String> {
    let attempt = async || -> Result<(), sqlx::Error> {
        let mut connection = AnyConnection::connect_with(options).await?;
        let Some(file) = file else { return connection.close().await };
        set_up(&mut connection).await?;
        // Also reads the file's beginning, which opening it does not.
        if std::fs::metadata(file).is_ok_and(|metadata| metadata.len() <= MAX_CHECKED) {
            let verdict: String = sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(&mut connection).await?;
            if verdict != "ok" {
                return Err(sqlx::Error::Protocol(format!("{} ({verdict})", Trouble::Damaged)));
            }
        }
        // Needs what a change needs, and is taken back. (BEGIN IMMEDIATE alone succeeds on a file that is read-only.)
        connection.execute("BEGIN IMMEDIATE").await?;
        let changed = connection.execute("PRAGMA user_version = 0").await;
        connection.execute("ROLLBACK").await?;
        changed?;
        connection.close().await
    };
    let deadline = Instant::now() + PATIENCE;
    loop {
        match timeout_at(deadline + PATIENCE, attempt()).await {
            Ok(Ok(())) => return Ok(()),
            // Several programs that create the same file at once: SQLite does not wait for the change to WAL.
            Ok(Err(error)) if Trouble::of(&error) == Some(Trouble::Locked) && Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Ok(Err(sqlx::Error::Protocol(words))) if file.is_some() => return Err(words),
            Ok(Err(error)) => return Err(explain(&error)),
            Err(_) => return Err(format!("it does not answer within {} seconds", PATIENCE.as_secs())),
        }
    }
}

/// Opens (and for SQLite creates) the database at `url` and brings its schema up to date.
/// `key` names the URL's configuration key in errors.
///
/// SQLite runs in WAL mode with `synchronous=FULL`: what was acknowledged survives a power cut. Its files are readable
/// for this user only.
///
/// # Errors
/// [`DatabaseError`].
pub async fn open(key: &str, url: &str, migrations: &Migrator) -> Result<AnyPool, DatabaseError> {
    let address = Address::parse(key, url, true)?;
    let unusable = |reason: String| address.unusable(reason);
    let Address { options, sqlite, file, key, place } = &address;
    let sqlite = *sqlite;
    if let Some(file) = file {
        prepare_file(file, url)
            .map_err(|e| unusable(format!("{} cannot be written: {e}", folder_of(file).display())))?;
    }
    if file.is_some() || !sqlite {
        try_out(options, file.as_deref()).await.map_err(unusable)?;
    }
    let complaints =
        Arc::new(Complaints { what: format!("the database of `{key}` ({place})"), told: Mutex::new(None) });
    let pool = AnyPoolOptions::new()
        .max_connections(if sqlite { 4 } else { 16 })
        .acquire_timeout(PATIENCE)
        // sqlx has tested a connection when it came back, and a file does not hang up on one that waits; asking again
        // is a round trip to the connection's thread, as much as a small query.
        .test_before_acquire(!sqlite)
        .after_connect(move |connection, _| {
            let complaints = complaints.clone();
            Box::pin(async move {
                if !sqlite {
                    return Ok(());
                }
                // The pool tries again until whoever asked for a connection gives up, and keeps the reason to itself.
                set_up(connection).await.inspect_err(|error| complaints.tell(error))
            })
        })
        .connect_with(options.clone())
        .await
        .map_err(|e| unusable(explain(&e)))?;
    migrate(&pool, migrations).await.map_err(|reason| DatabaseError::Migration {
        key: key.clone(),
        place: place.clone(),
        reason,
    })?;
    Ok(pool)
}

/// Whether the engine makes one transaction at a time, however many connections there are: SQLite.
pub fn has_one_writer(pool: &AnyPool) -> bool {
    pool.connect_options().database_url.scheme() == "sqlite"
}

/// What the log hears about a database that connections cannot be made to: once a minute.
struct Complaints {
    what: String,
    told: Mutex<Option<Instant>>,
}

impl Complaints {
    fn tell(&self, error: &sqlx::Error) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() >= Duration::from_mins(1)) {
            *told = Some(Instant::now());
            tracing::error!("{} cannot be used: {}", self.what, explain(error));
        }
    }
}

async fn migrate(pool: &AnyPool, migrations: &Migrator) -> Result<(), String> {
    adopt(pool, migrations).await.map_err(|error| explain(&error))?;
    migrations.run(pool).await.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => explain(&error),
        MigrateError::VersionMissing(version) => format!(
            "a newer version of this program has used it (its schema has version {version}, which this one does not know): run that one, or \
             restore a copy from before"
        ),
        error => error.to_string(),
    })
}

/// The table in which sqlx counts migrations unless it is told another one.
const DEFAULT_COUNT: &str = "_sqlx_migrations";

/// Migrations that are counted in a table of their own were counted in sqlx's default table by earlier versions: what
/// stands there is taken over, when it is theirs alone. Somebody else's migrations stay where they are.
async fn adopt(pool: &AnyPool, migrations: &Migrator) -> Result<(), sqlx::Error> {
    if migrations.table_name == DEFAULT_COUNT || exists(pool, &migrations.table_name).await? {
        return Ok(());
    }
    if !exists(pool, DEFAULT_COUNT).await? {
        return Ok(());
    }
    let counted = sqlx::query_as::<_, (i64, Vec<u8>)>("SELECT version, checksum FROM _sqlx_migrations");
    let counted = counted.fetch_all(pool).await?;
    let is_ours = |(version, checksum): &(i64, Vec<u8>)| {
        migrations.iter().any(|ours| ours.version == *version && *ours.checksum == checksum[..])
    };
    if counted.is_empty() || !counted.iter().all(is_ours) {
        return Ok(());
    }
    let rename = format!("ALTER TABLE {DEFAULT_COUNT} RENAME TO {}", migrations.table_name);
    match sqlx::query(sqlx::AssertSqlSafe(rename)).execute(pool).await {
        // Another program that started at the same moment was first.
        Err(_) if exists(pool, &migrations.table_name).await? => Ok(()),
        renamed => renamed.map(|_| ()),
    }
}

async fn exists(pool: &AnyPool, table: &str) -> Result<bool, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let count = if connection.backend_name() == "SQLite" {
        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $1"
    } else {
        "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename::text = $1"
    };
    let count: i64 = sqlx::query_scalar(count).bind(table).fetch_one(&mut *connection).await?;
    Ok(count > 0)
}

/// `migrations`, counted in a table of `room`'s own, so that those of other rooms, or of an app around it, can live in the
/// same database.
pub fn counted_by(room: &str, migrations: &Migrator) -> Migrator {
    let mut counted = Migrator::with_migrations(migrations.iter().cloned().collect());
    counted.dangerous_set_table_name(format!("{DEFAULT_COUNT}_{room}"));
    counted
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
    migrate(pool, &counted_by(room, migrations)).await.map_err(|reason| DatabaseError::Migration {
        key: key.to_owned(),
        place: format!("the tables of {room}"),
        reason,
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
    let address = Address::parse(key, url, false)?;
    let unusable = |reason: String| address.unusable(reason);
    let Address { options, sqlite, file, .. } = &address;
    if let Some(file) = file.as_ref().filter(|file| !file.exists()) {
        // Where there is no folder yet, the program makes it.
        let mut folders = file.ancestors().skip(1);
        let existing = folders.find(|folder| folder.as_os_str().is_empty() || folder.exists());
        return match existing.filter(|folder| !folder.as_os_str().is_empty()).map(std::fs::metadata) {
            Some(Err(error)) => Err(unusable(error.to_string())),
            Some(Ok(folder)) if !folder.is_dir() => Err(unusable("its folder is a file".to_owned())),
            Some(Ok(_)) | None => Ok(Reached::NotCreated),
        };
    }
    let pool = AnyPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(5));
    let pool = pool.connect_with(options.clone()).await.map_err(|e| unusable(explain(&e)))?;
    // SQLite reads nothing of a file until it must.
    let question = if *sqlite { "SELECT count(*) FROM sqlite_master" } else { "SELECT 1" };
    let answer = pool.execute(question).await.map_err(|e| unusable(explain(&e)));
    pool.close().await;
    answer.map(|_| Reached::Answers)
}

/// A database of a test's own: a file in `folder` or, where `ERRAND_TEST_POSTGRES` (`postgres://user@host:port`) says
/// so, a new one on that PostgreSQL server, gone once the test is.
#[cfg(test)]
pub(crate) async fn test_url(folder: &Path) -> String {
    let Ok(server) = std::env::var("ERRAND_TEST_POSTGRES") else {
        return format!("sqlite:{}", folder.join("test.db").display());
    };
    install_default_drivers();
    let name = format!("errand_test_{}", uuid::Uuid::new_v4().simple());
    let mut connection = AnyConnection::connect(&format!("{server}/postgres")).await.expect("PostgreSQL answers");
    for unused in left_by_tests::take() {
        let drop = format!("DROP DATABASE {unused} WITH (FORCE)");
        sqlx::query(sqlx::AssertSqlSafe(drop)).execute(&mut connection).await.expect("its test is over");
    }
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut connection)
        .await
        .expect("a database");
    left_by_tests::when_this_one_is_over(name.clone());
    format!("{server}/{name}")
}

#[cfg(test)]
mod left_by_tests {
    //! The databases of tests that are over. A new one has some 8 MB: hundreds at once fill a small disk.

    use std::cell::RefCell;
    use std::sync::{Mutex, PoisonError};

    static LEFT: Mutex<Vec<String>> = Mutex::new(Vec::new());

    thread_local! {
        static OF_THIS_TEST: RefCell<Databases> = const { RefCell::new(Databases(Vec::new())) };
    }

    /// Those of one test, which has a thread of its own.
    struct Databases(Vec<String>);

    impl Drop for Databases {
        fn drop(&mut self) {
            LEFT.lock().unwrap_or_else(PoisonError::into_inner).append(&mut self.0);
        }
    }

    pub(super) fn when_this_one_is_over(name: String) {
        OF_THIS_TEST.with_borrow_mut(|databases| databases.0.push(name));
    }

    /// Some at a time: whoever removes one waits until the server has written what it remembers of all others.
    pub(super) fn take() -> Vec<String> {
        let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
        if left.len() < 16 { Vec::new() } else { std::mem::take(&mut left) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "api.database_url";

    fn migrations() -> Migrator {
        Migrator::with_migrations(Vec::new())
    }

    async fn refusal(url: &str) -> String {
        open(KEY, url, &migrations()).await.expect_err("refused").to_string()
    }

    fn mode(file: &Path) -> u32 {
        std::fs::metadata(file).expect("it is there").permissions().mode() & 0o777
    }

    /// A database of several pages.
    async fn filled(url: &str) {
        let pool = open(KEY, url, &migrations()).await.expect("opens");
        pool.execute("CREATE TABLE t (v TEXT NOT NULL)").await.expect("created");
        for _ in 0..50 {
            sqlx::query("INSERT INTO t (v) VALUES ($1)").bind("x".repeat(2000)).execute(&pool).await.expect("inserted");
        }
        pool.execute("CREATE INDEX i ON t (v)").await.expect("indexed");
        pool.close().await;
    }

    #[tokio::test]
    async fn what_a_statement_says_that_it_wrote_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let pool = open(KEY, &test_url(folder.path()).await, &migrations()).await.expect("opens");
        pool.execute("CREATE TABLE t (v TEXT NOT NULL)").await.expect("created");
        for v in ["a", "b", "c"] {
            let insert = sqlx::query("INSERT INTO t (v) VALUES ($1) RETURNING v").bind(v);
            assert!(insert.one_written(&pool).await.expect("inserted").is_some());
        }
        // More rows than it hands out: all of them are gone on other connections, too.
        let mut before = pool.acquire().await.expect("a connection");
        let deleted = sqlx::query_scalar("DELETE FROM t WHERE v < 'c' RETURNING v");
        let deleted: Option<String> = deleted.one_written(&mut *before).await.expect("deleted");
        assert!(deleted.is_some());
        let left: Vec<String> = sqlx::query_scalar("SELECT v FROM t").fetch_all(&pool).await.expect("read");
        assert_eq!(left, ["c".to_owned()]);
        let none = sqlx::query_as::<_, (String,)>("UPDATE t SET v = 'd' WHERE v = 'a' RETURNING v");
        assert_eq!(none.all_written(&pool).await.expect("updated"), []);
    }

    #[tokio::test]
    async fn what_is_wrong_with_a_file_is_said_at_start_with_its_name_and_what_to_do() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("a b.db");
        let url = format!("sqlite:{}", file.display());

        std::fs::write(&file, "this is a letter, not a database. ".repeat(100)).expect("written");
        let said = refusal(&url).await;
        assert!(said.contains("no SQLite database") && said.contains("a b.db") && said.contains(KEY), "{said}");

        std::fs::remove_file(&file).expect("removed");
        filled(&url).await;
        let whole = std::fs::read(&file).expect("read");
        let mut bytes = whole.clone();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 8192].fill(0x5a);
        std::fs::write(&file, &bytes).expect("written");
        let said = refusal(&url).await;
        assert!(said.contains("damaged") && said.contains("backup") && said.contains("a b.db"), "{said}");
        std::fs::write(&file, &whole[..whole.len() / 2]).expect("written");
        let said = refusal(&url).await;
        assert!(said.contains("damaged"), "cut off: {said}");

        std::fs::write(&file, &whole).expect("written");
        let said = refusal(&format!("{url}?mode=ro")).await;
        assert!(said.contains("read-only"), "{said}");

        let pool = open(KEY, &url, &migrations()).await.expect("whole again");
        let mut other = pool.acquire().await.expect("a connection");
        other.execute("BEGIN IMMEDIATE").await.expect("locked");
        let said = refusal(&url).await;
        assert!(said.contains("is locked"), "{said}");
        other.execute("ROLLBACK").await.expect("unlocked");
        assert!(open(KEY, &url, &migrations()).await.is_ok());

        let said = refusal(&format!("sqlite:{}/x/y.db", file.display())).await;
        assert!(said.contains("cannot be written"), "a folder that is a file: {said}");
        let said = refusal("postgres://localhost:1/x").await;
        assert!(!said.contains("pool timed out") && said.contains("PostgreSQL"), "{said}");
    }

    #[tokio::test]
    async fn a_pool_that_meets_a_broken_file_at_run_time_says_so_in_words() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("t.db");
        let url = format!("sqlite:{}", file.display());
        filled(&url).await;
        let pool = open(KEY, &url, &migrations()).await.expect("opens");
        let length = std::fs::metadata(&file).expect("there").len();
        let broken = vec![0x5a; usize::try_from(length).expect("small")];
        std::fs::write(&file, broken).expect("written");
        let error = pool.execute("SELECT * FROM t").await.expect_err("broken");
        let said = explain(&error);
        // What is wrong was said in the log, when the connection was made.
        assert!(["damaged", "no SQLite database", "see above"].iter().any(|words| said.contains(words)), "{said}");
        pool.close().await;
    }

    #[tokio::test]
    async fn files_are_readable_for_this_user_only_also_those_that_were_there_before() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("open to others");
        let file = folder.path().join("new/t.db");
        let url = format!("sqlite:{}", file.display());
        filled(&url).await;
        assert_eq!((mode(&file), mode(file.parent().expect("a folder"))), (0o600, 0o700));
        // As an older version left them.
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("open to others");
        let pool = open(KEY, &url, &migrations()).await.expect("opens");
        pool.execute("INSERT INTO t (v) VALUES ('x')").await.expect("written");
        for end in ["", "-wal", "-shm"] {
            let file = PathBuf::from(format!("{}{end}", file.display()));
            assert_eq!(mode(&file), 0o600, "{}", file.display());
        }
    }

    fn one(version: i64, sql: &'static str) -> Migrator {
        let kind = sqlx::migrate::MigrationType::Simple;
        let sql = sqlx::SqlStr::from_static(sql);
        Migrator::with_migrations(vec![sqlx::migrate::Migration::new(version, "a table".into(), kind, sql, false)])
    }

    #[tokio::test]
    async fn migrations_of_a_room_and_of_the_app_around_it_share_a_database_and_earlier_counts_are_taken_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = test_url(folder.path()).await;
        let before = one(1, "CREATE TABLE of_room (v TEXT NOT NULL)");
        let (room, app) = (counted_by("room", &before), one(1, "CREATE TABLE of_app (v TEXT NOT NULL)"));
        // As an earlier version left it: counted where sqlx counts by itself.
        let pool = open(KEY, &url, &before).await.expect("opens");
        pool.execute("INSERT INTO of_room (v) VALUES ('kept')").await.expect("inserted");
        pool.close().await;
        let pool = open(KEY, &url, &room).await.expect("the table is not made once more");
        let kept: String = sqlx::query_scalar("SELECT v FROM of_room").fetch_one(&pool).await.expect("kept");
        assert_eq!(kept, "kept");
        assert!(!exists(&pool, DEFAULT_COUNT).await.expect("answers"));
        // The default table is the app's to use, with versions of its own, before the room's and after.
        app.run(&pool).await.expect("the app's own");
        pool.close().await;
        open(KEY, &url, &room).await.expect("once more").close().await;

        let folder = tempfile::tempdir().expect("a folder");
        let pool = open(KEY, &test_url(folder.path()).await, &app).await.expect("opens");
        migrate(&pool, &room).await.expect("beside the app's");
        app.run(&pool).await.expect("the app's own are still counted where they were");
        pool.execute("SELECT v FROM of_room").await.expect("made");
    }

    #[test]
    fn trouble_is_told_from_a_statement_that_failed() {
        assert_eq!(Trouble::of(&sqlx::Error::RowNotFound), None);
        assert!(explain(&sqlx::Error::PoolTimedOut).contains("no connection"));
        assert_eq!(file_of("sqlite::memory:"), None);
        assert_eq!(file_of("postgres://localhost/x"), None);
        assert_eq!(file_of("sqlite:///a%20b.db?mode=rwc"), Some(PathBuf::from("/a b.db")));
    }
}
