//! Users: the customers' accounts in the tenant's directory.

use sqlx::Row as _;
use sqlx::any::AnyRow;
use uuid::Uuid;

use super::Tenant;

/// How long an e-mail address may be (RFC 5321 §4.5.3.1.3, less the angle brackets).
const MAX_EMAIL: usize = 254;
/// How long a display name may be, in characters.
pub(super) const MAX_DISPLAY_NAME: usize = 64;

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

const COLUMNS_BY_ID: &str =
    "SELECT id, email, display_name, country, password_changed_at, disabled, password_hash FROM users WHERE id = $1";
const COLUMNS_BY_EMAIL: &str =
    "SELECT id, email, display_name, country, password_changed_at, disabled, password_hash FROM users WHERE email = $1";

impl User {
    /// The user with the object id `id`.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub(super) async fn find(tenant: &Tenant, id: &str) -> Result<Option<Self>, sqlx::Error> {
        sqlx::query(COLUMNS_BY_ID).bind(id).fetch_optional(&tenant.db).await?.as_ref().map(Self::from_row).transpose()
    }

    fn from_row(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            email: row.try_get("email")?,
            display_name: row.try_get("display_name")?,
            country: row.try_get("country")?,
            password_changed_at: row.try_get("password_changed_at")?,
            disabled: row.try_get::<i64, _>("disabled")? != 0,
        })
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
    let row = sqlx::query(COLUMNS_BY_EMAIL).bind(email.as_str()).fetch_optional(&tenant.db).await?;
    row.map(|row| Ok(Account { user: User::from_row(&row)?, password_hash: row.try_get("password_hash")? })).transpose()
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
    let now = tenant.clock.unix_millis();
    let user = User {
        id: Uuid::new_v4().to_string(),
        email: new.email.0,
        display_name: new.display_name.0,
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
    .execute(&tenant.db)
    .await?;
    if created.rows_affected() == 0 { Err(CreateError::Taken) } else { Ok(user) }
}

/// Replaces the password of `user`, who is returned as they are then, and ends all flows that go by a passcode to their
/// address: whoever else reads it must not undo the change with what they proved before. `None` when the password was
/// changed since `user` was read: of two resets side by side, one counts.
pub(super) async fn set_password(tenant: &Tenant, user: User, hash: &str) -> Result<Option<User>, sqlx::Error> {
    let now = tenant.clock.unix_millis();
    let mut change = tenant.db.begin().await?;
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

/// Blanks of any kind (`White_Space`), and characters without width.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// An e-mail address that can be written into a mail header and compared: lower case, ASCII.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Email(String);

/// Why text is not an e-mail address that we accept. The words are for the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EmailError {
    /// Nothing was typed.
    #[error("Enter your email address.")]
    Empty,
    /// Longer than a mail server would take.
    #[error("This email address is too long: use one of at most 254 characters.")]
    TooLong,
    /// Look-alike letters would let two accounts look the same, and few mail servers take them.
    #[error("This email address has letters with accents or from another alphabet: use one of plain letters.")]
    NotAscii,
    /// Control characters, spaces, double quotes, commas, brackets: what header injection and HTML are made of.
    #[error("An email address has no spaces, double quotes, commas or brackets: check what you typed.")]
    ForbiddenCharacter,
    /// None or several `@`.
    #[error("Enter an email address like name@example.com.")]
    NotOneAt,
    /// Anything else that mail software does not take.
    #[error("Enter an email address like name@example.com.")]
    Malformed,
}

impl Email {
    /// Parses what was typed; upper case is forgiven, and so are blanks around it, visible or not, that came along when it
    /// was copied.
    pub(super) fn parse(typed: &str) -> Result<Self, EmailError> {
        let text = typed.trim_matches(is_blank).to_lowercase();
        if text.is_empty() {
            return Err(EmailError::Empty);
        }
        if text.len() > MAX_EMAIL {
            return Err(EmailError::TooLong);
        }
        if !text.is_ascii() {
            return Err(EmailError::NotAscii);
        }
        // The specials of RFC 5322 §3.2.3, spaces and controls (CR and LF among them) may appear in quoted forms
        // only; we take none of those.
        if text.chars().any(|c| c.is_ascii_control() || " ()<>[]:;\\,\"".contains(c)) {
            return Err(EmailError::ForbiddenCharacter);
        }
        if text.matches('@').count() != 1 {
            return Err(EmailError::NotOneAt);
        }
        text.parse::<lettre::Address>().map_err(|_| EmailError::Malformed)?;
        Ok(Self(text))
    }

    /// The address.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub(super) fn local_part(&self) -> &str {
        self.0.split('@').next().unwrap_or_default()
    }
}

impl std::fmt::Display for Email {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Line breaks and other controls; and U+202A–202E and U+2066–2069, which reorder what follows (Unicode UAX #9): an
/// attribute must not spoil the text after it.
pub(super) fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A name to show: 1 to 64 characters on one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DisplayName(String);

/// Why text is not a display name. The words are for the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum DisplayNameError {
    /// Nothing was typed.
    #[error("Enter the name that you want to be shown.")]
    Empty,
    /// More than [`MAX_DISPLAY_NAME`] characters.
    #[error("This name is too long: use at most 64 characters.")]
    TooLong,
    /// Line breaks, controls, or characters that turn the text around them.
    #[error("This name has characters that cannot be shown: type it anew.")]
    Unprintable,
}

impl DisplayName {
    /// Parses what was typed; spaces around it are dropped.
    pub(super) fn parse(typed: &str) -> Result<Self, DisplayNameError> {
        let name = typed.trim();
        match name.chars().count() {
            0 => Err(DisplayNameError::Empty),
            n if n > MAX_DISPLAY_NAME => Err(DisplayNameError::TooLong),
            _ if name.chars().any(is_unprintable) => Err(DisplayNameError::Unprintable),
            _ => Ok(Self(name.to_owned())),
        }
    }

    /// The name of a user who was not asked for one.
    pub(super) fn from_email(email: &Email) -> Self {
        Self(email.local_part().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_is_trimmed_and_lowercased() {
        for (typed, parsed) in [
            ("alice@example.com", "alice@example.com"),
            ("  Alice@Example.COM ", "alice@example.com"),
            ("first.last+tag@sub.example.co.uk", "first.last+tag@sub.example.co.uk"),
            ("o_o-o@example.com", "o_o-o@example.com"),
            ("O'Brien@example.com", "o'brien@example.com"),
            ("a&b`c@example.com", "a&b`c@example.com"),
            ("\u{a0}alice@example.com\t", "alice@example.com"),
            ("\u{feff}alice@example.com\u{200b}\u{2003}\r\n", "alice@example.com"),
        ] {
            assert_eq!(Email::parse(typed).map(|e| e.0).as_deref(), Ok(parsed), "{typed}");
        }
    }

    #[test]
    fn an_email_with_crlf_or_html_is_refused() {
        for (typed, error) in [
            ("", EmailError::Empty),
            ("   ", EmailError::Empty),
            ("alice@example.com\r\nBcc: eve@example.com", EmailError::ForbiddenCharacter),
            ("ali\u{a0}ce@example.com", EmailError::NotAscii),
            ("ali\tce@example.com", EmailError::ForbiddenCharacter),
            ("alice\0@example.com", EmailError::ForbiddenCharacter),
            ("<script>alert(1)</script>@example.com", EmailError::ForbiddenCharacter),
            ("Alice <alice@example.com>", EmailError::ForbiddenCharacter),
            ("\"alice\"@example.com", EmailError::ForbiddenCharacter),
            ("alice@example.com,eve@example.com", EmailError::ForbiddenCharacter),
            ("alice smith@example.com", EmailError::ForbiddenCharacter),
            ("alice@[127.0.0.1]", EmailError::ForbiddenCharacter),
            ("alice@example.com@evil.example", EmailError::NotOneAt),
            ("alice", EmailError::NotOneAt),
            ("alice@", EmailError::Malformed),
            ("@example.com", EmailError::Malformed),
            ("alice@exa..mple.com", EmailError::Malformed),
            ("al\u{456}ce@example.com", EmailError::NotAscii),
        ] {
            assert_eq!(Email::parse(typed), Err(error), "{typed:?}");
        }
        let long = format!("{}@example.com", "a".repeat(250));
        assert_eq!(Email::parse(&long), Err(EmailError::TooLong));
    }

    #[test]
    fn a_display_name_is_one_line_that_stays_in_its_place() {
        assert_eq!(DisplayName::parse("  Zoë 王 ").map(|n| n.0).as_deref(), Ok("Zoë 王"));
        assert!(DisplayName::parse(&"ö".repeat(64)).is_ok());
        assert_eq!(DisplayName::parse(" "), Err(DisplayNameError::Empty));
        assert_eq!(DisplayName::parse(&"a".repeat(65)), Err(DisplayNameError::TooLong));
        assert_eq!(DisplayName::parse("a\r\nb"), Err(DisplayNameError::Unprintable));
        assert_eq!(DisplayName::parse("a\u{202e}b"), Err(DisplayNameError::Unprintable));
    }
}
