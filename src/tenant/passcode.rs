//! One-time passcodes by mail: proof that whoever sits at the browser reads the mail of an address.
//!
//! A passcode has eight digits, lives ten minutes, allows ten tries, works once (two requests at the same moment
//! included), and only in the interaction and for the purpose that it was sent for. A new one replaces the old one, and
//! a new password ends all of its account's (`user::set_password`).

use time::Duration;

use super::email::Email;
use super::mail::{self, Mail};
use super::rate_limit::TooMany;
use super::state::Tenant;
use super::texts::Texts;
use super::user;
use crate::platform::database::Returning as _;
use crate::platform::{hash, random};

/// How many digits a passcode has.
pub(super) const DIGITS: usize = 8;
/// How many wrong tries are allowed.
const TRIES: i64 = 10;
/// How long it can be entered.
const LIFETIME: Duration = Duration::minutes(10);
/// How long the steps after it may take.
const REST_OF_FLOW: Duration = Duration::minutes(30);

/// What a passcode is for: entered anywhere else, it is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Signing in without the password.
    SignIn,
    /// Creating an account.
    SignUp,
    /// Choosing a new password.
    ResetPassword,
    /// Proving more, after signing in with the password.
    StepUp,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignUp => "sign_up",
            Self::ResetPassword => "reset_password",
            Self::StepUp => "step_up",
        }
    }
}

/// Why no passcode was sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// To this address, or from this client.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The database cannot answer.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Where a flow stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A passcode for this address is expected.
    Waiting(Email),
    /// The address was proved.
    Verified(Email),
}

/// The result of entering a passcode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Right, and used up now. One request gets this answer.
    Accepted(Email),
    /// Wrong; with the number of tries that are left.
    Wrong(i64),
    /// Tried too often; a new one is needed.
    Exhausted,
    /// Too late; a new one is needed.
    Expired,
    /// It was entered before.
    Used,
    /// None was asked for.
    NotSent,
}

/// How far a flow has come.
#[derive(sqlx::FromRow)]
struct Progress {
    email: String,
    verified_at: Option<i64>,
}

/// The row after a passcode was tried.
#[derive(sqlx::FromRow)]
struct Tried {
    email: String,
    tries: i64,
    verified_at: Option<i64>,
}

fn digest(interaction: &str, purpose: Purpose, code: &str) -> String {
    hash::sha256_base64url(&format!("{interaction}\n{}\n{code}", purpose.as_str()))
}

/// Mails a passcode to `email`, or word that there is (or is no) account: for the browser the three are the same, in
/// what is answered and in the work that is done. The mail is in the language of `t`.
pub(super) async fn send(
    tenant: &Tenant,
    interaction: &str,
    purpose: Purpose,
    email: &Email,
    client: std::net::IpAddr,
    t: Texts,
) -> Result<(), SendError> {
    tenant.limits().mail(email, client)?;
    let account = user::find_by_email(tenant, email).await?;
    let code = random::digits(u32::try_from(DIGITS).unwrap_or(8));
    let brand = &tenant.config().display_name;
    let mail: Mail = match (purpose, &account) {
        (Purpose::SignUp, Some(_)) => mail::already_a_customer(t, brand, email),
        (Purpose::SignIn | Purpose::ResetPassword | Purpose::StepUp, None) => mail::no_account(t, brand, email),
        (_, Some(account)) if account.user.disabled => mail::disabled(t, brand, email),
        _ => mail::passcode(t, brand, email, &code, LIFETIME.whole_minutes()),
    };
    let now = tenant.clock().unix_millis();
    // Steps that nobody came back to go with the next passcode.
    sqlx::query("DELETE FROM flow_steps WHERE expires_at < $1")
        .bind(now - millis(REST_OF_FLOW))
        .execute(tenant.db())
        .await?;
    // Where the mail carries no code, nobody knows the code that is stored, and every guess is wrong.
    sqlx::query(
        "INSERT INTO flow_steps
             (interaction_id, purpose, email, passcode_digest, tries, sent_at, expires_at, verified_at)
         VALUES ($1, $2, $3, $4, 0, $5, $6, NULL)
         ON CONFLICT (interaction_id, purpose) DO UPDATE SET
             email = excluded.email, passcode_digest = excluded.passcode_digest, tries = 0,
             sent_at = excluded.sent_at, expires_at = excluded.expires_at, verified_at = NULL",
    )
    .bind(interaction)
    .bind(purpose.as_str())
    .bind(email.as_str())
    .bind(digest(interaction, purpose, &code))
    .bind(now)
    .bind(now + millis(LIFETIME))
    .execute(tenant.db())
    .await?;
    tenant.mailer().send(mail).await?;
    Ok(())
}

/// Where the flow `purpose` of `interaction` stands; `None` when it has not begun, or began too long ago.
pub(super) async fn step(tenant: &Tenant, interaction: &str, purpose: Purpose) -> Result<Option<Step>, sqlx::Error> {
    let row: Option<Progress> = sqlx::query_as(
        "SELECT email, verified_at FROM flow_steps WHERE interaction_id = $1 AND purpose = $2 AND expires_at > $3",
    )
    .bind(interaction)
    .bind(purpose.as_str())
    .bind(tenant.clock().unix_millis() - millis(REST_OF_FLOW))
    .fetch_optional(tenant.db())
    .await?;
    let Some(row) = row else { return Ok(None) };
    // It was written from an `Email`.
    let Ok(email) = Email::parse(&row.email) else { return Ok(None) };
    Ok(Some(if row.verified_at.is_some() { Step::Verified(email) } else { Step::Waiting(email) }))
}

/// Tries a passcode. Counting the try, comparing and using up are one statement.
pub(super) async fn verify(
    tenant: &Tenant,
    interaction: &str,
    purpose: Purpose,
    code: &str,
) -> Result<Verdict, sqlx::Error> {
    let now = tenant.clock().unix_millis();
    // Comparing digests gives a timing attack nothing to hold on to: it cannot choose them.
    let tried: Option<Tried> = sqlx::query_as(
        "UPDATE flow_steps SET tries = tries + 1,
             verified_at = CASE WHEN passcode_digest = $1 THEN $2 ELSE verified_at END
         WHERE interaction_id = $3 AND purpose = $4 AND verified_at IS NULL AND tries < $5 AND expires_at > $6
         RETURNING email, tries, verified_at",
    )
    .bind(digest(interaction, purpose, code))
    .bind(now)
    .bind(interaction)
    .bind(purpose.as_str())
    .bind(TRIES)
    .bind(now)
    .one_written(tenant.db())
    .await?;
    if let Some(row) = tried {
        if row.verified_at.is_some() {
            return Ok(Email::parse(&row.email).map_or(Verdict::NotSent, Verdict::Accepted));
        }
        let left = TRIES - row.tries;
        return Ok(if left > 0 { Verdict::Wrong(left) } else { Verdict::Exhausted });
    }
    let row: Option<Tried> =
        sqlx::query_as("SELECT email, tries, verified_at FROM flow_steps WHERE interaction_id = $1 AND purpose = $2")
            .bind(interaction)
            .bind(purpose.as_str())
            .fetch_optional(tenant.db())
            .await?;
    let Some(row) = row else { return Ok(Verdict::NotSent) };
    Ok(if row.verified_at.is_some() {
        Verdict::Used
    } else if row.tries >= TRIES {
        Verdict::Exhausted
    } else {
        Verdict::Expired
    })
}

/// Ends the flow: the address that was proved, for one request only. `None` when the passcode was not entered, the
/// flow took too long, or another request was first.
pub(super) async fn take_verified(
    tenant: &Tenant,
    interaction: &str,
    purpose: Purpose,
) -> Result<Option<Email>, sqlx::Error> {
    let taken: Option<String> = sqlx::query_scalar(
        "DELETE FROM flow_steps
         WHERE interaction_id = $1 AND purpose = $2 AND verified_at IS NOT NULL AND expires_at > $3
         RETURNING email",
    )
    .bind(interaction)
    .bind(purpose.as_str())
    .bind(tenant.clock().unix_millis() - millis(REST_OF_FLOW))
    .one_written(tenant.db())
    .await?;
    Ok(taken.and_then(|email| Email::parse(&email).ok()))
}

fn millis(duration: Duration) -> i64 {
    duration.whole_seconds() * 1000
}
