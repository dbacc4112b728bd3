//! Users: the customers' accounts in the tenant's directory.

use uuid::Uuid;

use super::display_name::DisplayName;
use super::email::Email;
use super::state::Tenant;

/// A user, as the tokens describe them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    /// The object id (`oid`), a GUID.
    pub(super) id: String,
    /// The e-mail address, lower case. May change hands: never a key.
    pub(super) email: String,
    /// `name`.
    pub(super) display_name: String,
    /// ISO 3166-1 alpha-2, when the user flow asked for it.
    pub(super) country: Option<String>,
    /// Milliseconds since the epoch; sessions and tokens from before it are not to be trusted.
    pub(super) password_changed_at: i64,
    /// Whether the administrator has barred the account.
    pub(super) disabled: bool,
}

const BY_ID: &str =
    "SELECT id, email, display_name, country, password_changed_at, disabled, password_hash FROM users WHERE id = $1";
const BY_EMAIL: &str =
    "SELECT id, email, display_name, country, password_changed_at, disabled, password_hash FROM users WHERE email = $1";

impl User {
    /// The user with the object id `id`.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub(super) async fn find(tenant: &Tenant, id: &str) -> Result<Option<Self>, sqlx::Error> {
        let row: Option<Row> = sqlx::query_as(BY_ID).bind(id).fetch_optional(tenant.db()).await?;
        Ok(row.map(|row| Account::from(row).user))
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    email: String,
    display_name: String,
    country: Option<String>,
    password_changed_at: i64,
    disabled: i64,
    password_hash: Option<String>,
}

impl From<Row> for Account {
    fn from(row: Row) -> Self {
        let user = User {
            id: row.id,
            email: row.email,
            display_name: row.display_name,
            country: row.country,
            password_changed_at: row.password_changed_at,
            disabled: row.disabled != 0,
        };
        Self { user, password_hash: row.password_hash }
    }
}

/// A user together with what proves who they are; goes no further than the sign-in page.
pub(super) struct Account {
    /// The user.
    pub(super) user: User,
    /// Argon2id as a PHC string.
    pub(super) password_hash: Option<String>,
}

/// The account that `email` signs in to.
pub(super) async fn find_by_email(tenant: &Tenant, email: &Email) -> Result<Option<Account>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(BY_EMAIL).bind(email.as_str()).fetch_optional(tenant.db()).await?;
    Ok(row.map(Account::from))
}

/// What sign-up has gathered.
pub(super) struct NewUser {
    /// Proved by a passcode.
    pub(super) email: Email,
    /// Argon2id as a PHC string.
    pub(super) password_hash: String,
    /// `name`.
    pub(super) display_name: DisplayName,
    /// ISO 3166-1 alpha-2.
    pub(super) country: Option<String>,
}

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub(super) enum CreateError {
    /// Somebody else (or another tab) made one for the address first.
    #[error("the address has an account already")]
    Taken,
    /// The database cannot answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Creates an account. One statement: of two attempts for one address, one fails.
pub(super) async fn create(tenant: &Tenant, new: NewUser) -> Result<User, CreateError> {
    let now = tenant.clock().unix_millis();
    let user = User {
        id: Uuid::new_v4().to_string(),
        email: new.email.to_string(),
        display_name: new.display_name.to_string(),
        country: new.country,
        password_changed_at: now,
        disabled: false,
    };
    let created = sqlx::query(
        "INSERT INTO users (id, email, password_hash, display_name, country, created_at, password_changed_at, disabled)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT (email) DO NOTHING",
    )
    .bind(&user.id)
    .bind(&user.email)
    .bind(&new.password_hash)
    .bind(&user.display_name)
    .bind(user.country.as_deref())
    .bind(now)
    .bind(now)
    .execute(tenant.db())
    .await?;
    if created.rows_affected() == 0 { Err(CreateError::Taken) } else { Ok(user) }
}

/// Replaces the password of `user`, who is returned as they are then, and ends all flows that go by a passcode to their
/// address: whoever else reads it must not undo the change with what they proved before. `None` when the password was
/// changed since `user` was read: of two resets side by side, one counts.
pub(super) async fn set_password(tenant: &Tenant, user: User, hash: &str) -> Result<Option<User>, sqlx::Error> {
    let now = tenant.clock().unix_millis();
    let mut change = tenant.db().begin().await?;
    let set = sqlx::query(
        "UPDATE users SET password_hash = $1, password_changed_at = $2 WHERE id = $3 AND password_changed_at = $4",
    )
    .bind(hash)
    .bind(now)
    .bind(&user.id)
    .bind(user.password_changed_at)
    .execute(&mut *change)
    .await?;
    if set.rows_affected() == 0 {
        change.rollback().await?;
        return Ok(None);
    }
    // Both columns were written from an `Email`.
    sqlx::query("DELETE FROM flow_steps WHERE email = $1").bind(&user.email).execute(&mut *change).await?;
    change.commit().await?;
    Ok(Some(User { password_changed_at: now, ..user }))
}
