//! Whose turn it is at the token endpoint with the code of a sign-in.
//!
//! Anybody may begin a sign-in and come back with a code that they made up: each costs an authenticated request, and the
//! provider may be slow. So codes have turns of their own, apart from those of renewals, and few: the newest is served
//! first and the oldest gives way, because a customer behind thousands of made-up codes should not wait for them. A code that
//! turned out to be none is charged to a budget; one that signed somebody in costs nothing.
//!
//! One address can have a part of the turns only. That says something for addresses of the internet; behind a proxy, or on
//! this machine, everybody comes from the same. A customer who is signed in (a step-up, a permission) waits behind nobody
//! but themselves.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use tokio::time::{Instant, sleep};

use crate::identity::user_key::UserKey;

/// How many codes are exchanged at the same time, and how many wait.
const AT_ONCE: usize = 16;
const WAITING: usize = 32;
/// How many of one address or customer may be under way.
const OF_ONE: usize = 6;
/// How long one waits at most, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(4);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How many codes that are none may be asked about at once, and how many more per second; and of one address or customer.
const BUDGET: Budget = Budget { burst: 32.0, per_second: 4.0 };
const BUDGET_OF_ONE: Budget = Budget { burst: 10.0, per_second: 0.5 };
/// Of how many addresses and customers is known what they have used up.
const KNOWN: usize = 10_000;
/// Seconds between two lines in the log about those who were turned away.
const QUIET: Duration = Duration::from_secs(10);

/// The address that a request came from.
pub(super) struct Peer(Option<IpAddr>);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        std::future::ready(Ok(Self(parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.ip())))).await
    }
}

/// Who a code counts for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum RateLimitKey {
    /// Of a customer who is signed in.
    Customer(UserKey),
    /// Of somebody at an address of the internet; of IPv6, the part that one line has.
    Address(IpAddr),
    /// Of somebody whose address says nothing.
    Anybody,
}

impl RateLimitKey {
    pub(super) fn of(customer: Option<UserKey>, Peer(peer): &Peer) -> Self {
        match (customer, peer) {
            (Some(customer), _) => Self::Customer(customer),
            (None, Some(address)) => internet_address(*address).map_or(Self::Anybody, Self::Address),
            (None, None) => Self::Anybody,
        }
    }

    fn is_visitor(&self) -> bool {
        !matches!(self, Self::Customer(_))
    }
}

fn internet_address(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            // 100.64.0.0/10 is shared by many (RFC 6598).
            let shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 0x40;
            let local = v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified() || shared;
            (!local).then_some(IpAddr::V4(v4))
        }
        IpAddr::V6(v6) => {
            let local = v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified();
            let line = std::net::Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX));
            (!local).then_some(IpAddr::V6(line))
        }
    }
}

/// Why a code has no turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoTurn {
    #[error("so many others are signing in that this one has to wait")]
    Busy,
    #[error("one address or customer signs in too often")]
    TooOften,
}

/// The turns. Cheap to clone.
#[derive(Clone, Default)]
pub(in crate::identity) struct CodeTurns(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    serving: usize,
    /// Tickets, the newest last.
    waiting: Vec<u64>,
    next: u64,
    budget: Option<Left>,
    ones: HashMap<RateLimitKey, One>,
    told_at: Option<Instant>,
}

/// What one address or customer has under way, and has left.
#[derive(Default)]
struct One {
    under_way: usize,
    budget: Option<Left>,
}

#[derive(Clone, Copy)]
struct Budget {
    burst: f64,
    per_second: f64,
}

/// What is left of a budget, at a time.
#[derive(Clone, Copy)]
struct Left {
    amount: f64,
    at: Instant,
}

impl Budget {
    fn left(self, left: Option<Left>, now: Instant) -> Left {
        let amount = left.map_or(self.burst, |left| {
            let more = now.saturating_duration_since(left.at).as_secs_f64() * self.per_second;
            (left.amount + more).min(self.burst)
        });
        Left { amount, at: now }
    }
}

impl CodeTurns {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn.
    pub(super) async fn take(&self, key: RateLimitKey) -> Result<CodeTurn, NoTurn> {
        let (mut place, ticket) = {
            let mut state = self.state();
            state.forget_the_idle();
            if key != RateLimitKey::Anybody {
                let now = Instant::now();
                let one = state.ones.entry(key.clone()).or_default();
                if one.under_way >= OF_ONE || BUDGET_OF_ONE.left(one.budget, now).amount < 1.0 {
                    state.tell(NoTurn::TooOften);
                    return Err(NoTurn::TooOften);
                }
                one.under_way += 1;
            }
            state.next += 1;
            let ticket = state.next;
            if key.is_visitor() {
                state.waiting.push(ticket);
                if state.waiting.len() > WAITING {
                    // The task that waits with this ticket notices when it looks.
                    state.waiting.remove(0);
                }
            }
            (CodeTurn { turns: self.clone(), is_served: false, ticket, key }, ticket)
        };
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now = Instant::now();
            {
                let mut state = self.state();
                if !place.key.is_visitor() || state.serve(ticket, now) {
                    state.charge(&place.key, now);
                    place.is_served = true;
                    return Ok(place);
                }
                if now >= deadline || !state.waiting.contains(&ticket) {
                    state.tell(NoTurn::Busy);
                    return Err(NoTurn::Busy);
                }
            }
            sleep(LOOK_AGAIN).await;
        }
    }
}

#[cfg(test)]
impl CodeTurns {
    /// A turn of a visitor.
    pub(in crate::identity) async fn anybody(&self) -> CodeTurn {
        self.take(RateLimitKey::Anybody).await.expect("a turn")
    }
}

impl State {
    /// Whether the visitor with this ticket is next, there is a turn, and something left of the budget.
    fn serve(&mut self, ticket: u64, now: Instant) -> bool {
        let served = self.waiting.last() == Some(&ticket)
            && self.serving < AT_ONCE
            && BUDGET.left(self.budget, now).amount >= 1.0;
        if served {
            self.waiting.pop();
            self.serving += 1;
        }
        served
    }

    fn charge(&mut self, key: &RateLimitKey, now: Instant) {
        let charged = |budget: Budget, left: Option<Left>| {
            let left = budget.left(left, now);
            Some(Left { amount: left.amount - 1.0, ..left })
        };
        if key.is_visitor() {
            self.budget = charged(BUDGET, self.budget);
        }
        if let Some(one) = self.ones.get_mut(key) {
            one.budget = charged(BUDGET_OF_ONE, one.budget);
        }
    }

    fn give_back(&mut self, key: &RateLimitKey) {
        let more = |left: Option<Left>| left.map(|left| Left { amount: left.amount + 1.0, ..left });
        if key.is_visitor() {
            self.budget = more(self.budget);
        }
        if let Some(one) = self.ones.get_mut(key) {
            one.budget = more(one.budget);
        }
    }

    fn forget_the_idle(&mut self) {
        if self.ones.len() >= KNOWN {
            let now = Instant::now();
            let used = |one: &One| BUDGET_OF_ONE.left(one.budget, now).amount < BUDGET_OF_ONE.burst;
            self.ones.retain(|_, one| one.under_way > 0 || used(one));
        }
    }

    /// Says so in the log: not once for each, which would let strangers fill it.
    fn tell(&mut self, why: NoTurn) {
        let now = Instant::now();
        if self.told_at.is_none_or(|at| now.saturating_duration_since(at) >= QUIET) {
            self.told_at = Some(now);
            tracing::warn!("sign-ins are turned away: {why}");
        }
    }
}

/// A turn, until it is dropped.
pub(in crate::identity) struct CodeTurn {
    turns: CodeTurns,
    key: RateLimitKey,
    ticket: u64,
    is_served: bool,
}

impl CodeTurn {
    /// The code was one.
    pub(super) fn was_good(&self) {
        self.turns.state().give_back(&self.key);
    }
}

impl Drop for CodeTurn {
    fn drop(&mut self) {
        let mut state = self.turns.state();
        if self.key.is_visitor() {
            if self.is_served {
                state.serving -= 1;
            } else {
                state.waiting.retain(|ticket| *ticket != self.ticket);
            }
        }
        if let Some(one) = state.ones.get_mut(&self.key) {
            one.under_way -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor() -> RateLimitKey {
        RateLimitKey::Anybody
    }

    fn at(address: &str) -> RateLimitKey {
        RateLimitKey::of(None, &Peer(Some(address.parse().expect("an address"))))
    }

    #[tokio::test]
    async fn codes_that_are_none_use_up_a_budget_and_good_ones_do_not() {
        let turns = CodeTurns::default();
        for _ in 0..200 {
            turns.take(visitor()).await.expect("a turn").was_good();
        }
        let began = Instant::now();
        for _ in 0..32 {
            turns.take(visitor()).await.expect("a turn");
        }
        assert!(began.elapsed() < Duration::from_secs(1));
        // From then on, four a second.
        for _ in 0..8 {
            turns.take(visitor()).await.expect("a turn");
        }
        assert!(began.elapsed() > Duration::from_millis(1700), "{:?}", began.elapsed());
    }

    /// Abuse case 95: of thousands, few are served, few wait, and the last to come does not wait for those before.
    #[tokio::test]
    async fn whoever_comes_behind_thousands_is_served_first() {
        let turns = CodeTurns::default();
        let slow = Duration::from_millis(600);
        let junk: Vec<_> = (0..4000)
            .map(|_| {
                let turns = turns.clone();
                tokio::spawn(async move {
                    let turn = turns.take(visitor()).await;
                    if turn.is_ok() {
                        sleep(slow).await;
                    }
                    turn.is_ok()
                })
            })
            .collect();
        sleep(Duration::from_millis(100)).await;
        let began = Instant::now();
        turns.take(visitor()).await.expect("a turn").was_good();
        assert!(began.elapsed() < PATIENCE / 2, "{:?}", began.elapsed());
        let mut served = 0;
        for one in junk {
            served += usize::from(one.await.unwrap());
        }
        assert!((AT_ONCE..=AT_ONCE + WAITING).contains(&served), "{served}");
    }

    #[tokio::test]
    async fn an_address_and_a_customer_have_a_part_of_the_turns_and_take_nobody_elses() {
        let turns = CodeTurns::default();
        let customer = RateLimitKey::Customer(UserKey::stored("ada"));
        for key in [at("192.0.2.7"), customer.clone()] {
            let mut held = Vec::new();
            for _ in 0..OF_ONE {
                held.push(turns.take(key.clone()).await.expect("a turn"));
            }
            assert_eq!(turns.take(key.clone()).await.err(), Some(NoTurn::TooOften));
            turns.take(at("192.0.2.8")).await.expect("a turn").was_good();
            turns.take(RateLimitKey::Customer(UserKey::stored("bob"))).await.expect("a turn").was_good();
            drop(held);
        }
        // Ten wrong ones, and then one every two seconds.
        for _ in 0..4 {
            drop(turns.take(at("192.0.2.7")).await.expect("a turn"));
        }
        assert_eq!(turns.take(at("192.0.2.7")).await.err(), Some(NoTurn::TooOften));
        sleep(Duration::from_secs(2)).await;
        drop(turns.take(at("192.0.2.7")).await.expect("a turn"));
        // A customer waits behind no visitor.
        let mut visitors = Vec::new();
        for _ in 0..AT_ONCE {
            visitors.push(turns.take(visitor()).await.expect("a turn"));
        }
        assert_eq!(turns.take(visitor()).await.err(), Some(NoTurn::Busy));
        let began = Instant::now();
        drop(turns.take(RateLimitKey::Customer(UserKey::stored("bob"))).await.expect("a turn"));
        assert!(began.elapsed() < Duration::from_secs(1));
        drop(visitors);
        drop(turns.take(visitor()).await.expect("a turn"));
    }

    #[test]
    fn an_address_says_something_only_where_it_is_one_of_the_internet() {
        for address in
            ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "fd00::1", "::ffff:10.0.0.1"]
        {
            assert_eq!(at(address), RateLimitKey::Anybody, "{address}");
        }
        assert_eq!(at("::ffff:192.0.2.7"), at("192.0.2.7"));
        assert_ne!(at("192.0.2.7"), at("192.0.2.8"));
        // Whoever has one address of IPv6 has as many as they like of their line.
        assert_eq!(at("2001:db8:1:2::3"), at("2001:db8:1:2:ffff::4"));
        assert_ne!(at("2001:db8:1:2::3"), at("2001:db8:1:3::3"));
    }
}
