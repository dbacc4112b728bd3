//! Limits on guessing and on mail: a burst, and then a steady pace. Nobody is locked out permanently, and
//! nothing is written to disk.

use std::net::{IpAddr, Ipv6Addr};

use time::Duration;

use super::email::Email;
use super::password::Hasher;
use crate::platform::clock::Clock;
pub(super) use crate::platform::rate_limit::TooMany;
use crate::platform::rate_limit::{Limit, Limiter};

/// The most keys that are kept. Beyond that, whoever is not known yet has to wait: what would be forgotten otherwise is who
/// guessed.
const MAX_KEYS: usize = 50_000;

/// Wrong passwords for one account from one client address. SP 800-63B-4 §3.2.2 asks for an upper bound.
const PASSWORD_PAIR: Limit = Limit { burst: 10, pace: Duration::minutes(1) };
/// Wrong passwords for one account from anywhere: a botnet's guesses. Reset by mail stays open meanwhile.
const PASSWORD_ACCOUNT: Limit = Limit { burst: 100, pace: Duration::seconds(30) };
/// Wrong passwords from one client address: one password tried on many accounts. Offices share an address.
const PASSWORD_CLIENT: Limit = Limit { burst: 200, pace: Duration::seconds(2) };
/// Passcodes mailed to one address. Bounds guessing, too: ten tries each.
const MAIL_ACCOUNT: Limit = Limit { burst: 5, pace: Duration::minutes(2) };
/// Passcodes asked for by one client address.
const MAIL_CLIENT: Limit = Limit { burst: 200, pace: Duration::seconds(1) };

/// What a limit counts by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    PasswordPair(String, IpAddr),
    PasswordAccount(String),
    PasswordClient(IpAddr),
    MailAccount(String),
    MailClient(IpAddr),
}

impl Key {
    fn limit(&self) -> Limit {
        match self {
            Self::PasswordPair(..) => PASSWORD_PAIR,
            Self::PasswordAccount(_) => PASSWORD_ACCOUNT,
            Self::PasswordClient(_) => PASSWORD_CLIENT,
            Self::MailAccount(_) => MAIL_ACCOUNT,
            Self::MailClient(_) => MAIL_CLIENT,
        }
    }
}

/// The tenant's limits.
pub(super) struct Limits {
    limiter: Limiter<Key>,
    /// Bounds how many passwords are hashed at a time.
    pub(super) hasher: Hasher,
}

/// A password attempt that was counted as wrong; given back when it turns out right.
#[must_use = "give it back when the password was right"]
pub(super) struct Attempt([Key; 3]);

impl Limits {
    /// Limits that nothing has been counted against yet.
    pub(super) fn new(clock: Clock) -> Self {
        Self { limiter: Limiter::new(clock, MAX_KEYS), hasher: Hasher::new() }
    }

    /// Counts an attempt to sign in to `account` with a password. It counts before the password is looked at, so
    /// attempts in parallel cannot slip through together.
    pub(super) fn password(&self, account: &Email, client: IpAddr) -> Result<Attempt, TooMany> {
        let client = network(client);
        let account = account.as_str().to_owned();
        let keys =
            [Key::PasswordPair(account.clone(), client), Key::PasswordClient(client), Key::PasswordAccount(account)];
        self.take(&keys)?;
        Ok(Attempt(keys))
    }

    /// The password was right: the attempt does not count.
    pub(super) fn give_back(&self, attempt: &Attempt) {
        self.limiter.give_back(&attempt.0.clone().map(limited));
    }

    /// Counts a passcode to be mailed to `account`.
    pub(super) fn mail(&self, account: &Email, client: IpAddr) -> Result<(), TooMany> {
        self.take(&[Key::MailClient(network(client)), Key::MailAccount(account.as_str().to_owned())])
    }

    /// Takes one from every key, or none from any.
    fn take(&self, keys: &[Key]) -> Result<(), TooMany> {
        let keys: Vec<_> = keys.iter().cloned().map(limited).collect();
        self.limiter.take(&keys).map(drop)
    }
}

fn limited(key: Key) -> (Key, Limit) {
    let limit = key.limit();
    (key, limit)
}

/// What one customer has: an IPv4 address, or an IPv6 /64, which every host may roam in.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::rate_limit::SWEEP_AT;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));

    fn limits() -> (Limits, Clock) {
        let clock = Clock::manual(time::OffsetDateTime::UNIX_EPOCH + Duration::days(20_000));
        (Limits::new(clock.clone()), clock)
    }

    fn email(text: &str) -> Email {
        Email::parse(text).unwrap()
    }

    #[test]
    fn wrong_passwords_are_limited_and_the_limit_passes() {
        let (limits, clock) = limits();
        let alice = email("alice@example.com");
        for _ in 0..10 {
            let _ = limits.password(&alice, HOME).unwrap();
        }
        let TooMany { retry_after } = limits.password(&alice, HOME).err().expect("the eleventh is too many");
        assert_eq!(retry_after, Duration::minutes(1));
        assert!(limits.password(&alice, ELSEWHERE).is_ok(), "the account is not locked");
        assert!(limits.password(&email("bob@example.com"), HOME).is_ok(), "neither is the client");
        clock.advance(retry_after);
        assert!(limits.password(&alice, HOME).is_ok(), "no permanent lockout");
        assert!(limits.password(&alice, HOME).is_err());
    }

    #[test]
    fn right_passwords_do_not_count() {
        let (limits, _) = limits();
        let alice = email("alice@example.com");
        for _ in 0..1000 {
            let attempt = limits.password(&alice, HOME).unwrap();
            limits.give_back(&attempt);
        }
    }

    #[test]
    fn one_client_cannot_try_many_accounts() {
        let (limits, _) = limits();
        let tried = (0..1000).take_while(|n| limits.password(&email(&format!("u{n}@example.com")), HOME).is_ok());
        assert_eq!(tried.count(), 200);
    }

    #[test]
    fn many_clients_cannot_try_one_account() {
        let (limits, _) = limits();
        let alice = email("alice@example.com");
        let client = |n: u32| IpAddr::V4(std::net::Ipv4Addr::from_bits(n));
        assert_eq!((0..1000).take_while(|n| limits.password(&alice, client(*n)).is_ok()).count(), 100);
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        let at = |text: &str| network(text.parse().unwrap());
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:1"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
        assert_eq!(at("::ffff:192.0.2.1"), HOME);
    }

    #[test]
    fn mail_to_one_address_is_limited() {
        let (limits, clock) = limits();
        let alice = email("alice@example.com");
        assert_eq!((0..100).take_while(|_| limits.mail(&alice, HOME).is_ok()).count(), 5);
        clock.advance(Duration::minutes(2));
        assert!(limits.mail(&alice, HOME).is_ok());
    }

    #[test]
    fn strangers_from_everywhere_fill_a_bounded_table() {
        let (limits, clock) = limits();
        let known = Key::MailAccount("known".to_owned());
        limits.take(std::slice::from_ref(&known)).unwrap();
        let taken = (0..2 * MAX_KEYS).filter(|n| limits.take(&[Key::MailAccount(n.to_string())]).is_ok()).count();
        assert_eq!((taken, limits.limiter.len()), (MAX_KEYS - 1, MAX_KEYS));
        assert!(limits.take(&[known]).is_ok(), "who is known goes on");
        clock.advance(Duration::hours(1));
        assert!(limits.take(&[Key::MailAccount("new".to_owned())]).is_ok(), "and it passes");
    }

    #[test]
    fn recovered_keys_are_dropped() {
        let (limits, clock) = limits();
        for n in 0..SWEEP_AT {
            let _ = limits.take(&[Key::MailAccount(n.to_string())]);
        }
        clock.advance(Duration::hours(1));
        let _ = limits.take(&[Key::MailAccount("one more".to_owned())]);
        assert_eq!(limits.limiter.len(), 1);
    }
}
