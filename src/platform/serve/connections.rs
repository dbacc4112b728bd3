//! How many connections there may be, in all and per address, and how long each may wait: the configuration, and the
//! list of those that are open.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ipnet::IpNet;
use serde::Deserialize;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::platform::config::ConfigError;
use crate::platform::process;

/// How many connections there may be at once unless the configuration or the operating system says otherwise.
const MAX: usize = 4096;
/// How many of them one address may have.
const MAX_PER_ADDRESS: usize = 256;
/// How long a connection may wait for its next request, in seconds: longer than load balancers keep one that they mean
/// to use again (60 seconds, most of them), so that it is never we who close it under a request.
const KEEP_ALIVE_SECONDS: u64 = 75;
/// Where proxies are: this machine and private networks (RFC 1918, RFC 4193, link-local).
const PROXIES: [&str; 8] = [
    "127.0.0.0/8",
    "::1/128",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
    "169.254.0.0/16",
    "fe80::/10",
];

/// `[web.connections]` and the like: what a server puts up with. All of it may be left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectionsConfig {
    /// How many connections there may be at once; when absent 4096, or a quarter of the files that the operating system
    /// lets the program open, if that is less. When they are all in use, whoever has been idle for longest makes room;
    /// when nobody is idle, the answer is 503.
    #[serde(default)]
    pub max: Option<usize>,
    /// How many of them one address (of IPv6: one /64 network) may have; 256 when absent. Does not count for `proxies`.
    #[serde(default)]
    pub max_per_address: Option<usize>,
    /// Networks of proxies and load balancers, which carry the connections of many; this machine and the private
    /// networks when absent.
    #[serde(default)]
    pub proxies: Option<Vec<String>>,
    /// How long a connection may wait for its next request, in seconds; 75 when absent. Keep it longer than the load
    /// balancer in front does: whoever closes first must be the one who sends.
    #[serde(default)]
    pub keep_alive_seconds: Option<u64>,
}

/// [`ConnectionsConfig`], checked, and the limits that nobody configures.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections in all.
    pub max: usize,
    /// Connections of one address.
    pub max_per_address: usize,
    /// Whose connections are not counted per address.
    pub proxies: Vec<IpNet>,
    /// From the end of an answer to the first byte of the next request.
    pub keep_alive: Duration,
    /// From the first byte of a request (of a new connection: from its beginning) to the end of its headers.
    pub head: Duration,
    /// How long an answer may wait for its reader to take more of it. What is taken earns time back, see `min_rate`.
    pub stall: Duration,
    /// How many bytes taken earn a second of waiting: a reader who is slower than this on the whole is hung up on.
    pub min_rate: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max: MAX.min(process::descriptors() / 4).max(1),
            max_per_address: MAX_PER_ADDRESS,
            // Constants, which the tests parse.
            proxies: PROXIES.iter().filter_map(|network| network.parse().ok()).collect(),
            keep_alive: Duration::from_secs(KEEP_ALIVE_SECONDS),
            head: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            min_rate: 1024,
        }
    }
}

impl ConnectionsConfig {
    /// Checks it. `key` is what the table is called, such as `web.connections`.
    ///
    /// # Errors
    /// [`ConfigError::Refused`] for a limit of zero and for what is no network.
    pub fn check(&self, key: &str) -> Result<Limits, ConfigError> {
        let defaults = Limits::default();
        let positive = |name: &str, value: Option<usize>, default: usize| match value {
            Some(0) => {
                let remedy = "give a positive number, or leave it out";
                Err(ConfigError::refused(&format!("{key}.{name}"), "is 0, so nobody could connect", remedy))
            }
            value => Ok(value.unwrap_or(default)),
        };
        let network = |text: &String| {
            let address = text.parse::<IpAddr>().map(IpNet::from);
            text.parse::<IpNet>().or(address).map_err(|_| {
                let problem = format!("contains {text:?}, which is no network");
                let remedy = "write networks like 10.0.0.0/8 or 2001:db8::/32, or single addresses";
                ConfigError::refused(&format!("{key}.proxies"), problem, remedy)
            })
        };
        let keep_alive = match self.keep_alive_seconds {
            None => defaults.keep_alive,
            Some(seconds @ 1..=3600) => Duration::from_secs(seconds),
            Some(seconds) => {
                return Err(ConfigError::refused(
                    &format!("{key}.keep_alive_seconds"),
                    format!("is {seconds}"),
                    "give a number from 1 to 3600: more than the load balancer in front has",
                ));
            }
        };
        Ok(Limits {
            max: positive("max", self.max, defaults.max)?,
            max_per_address: positive("max_per_address", self.max_per_address, defaults.max_per_address)?,
            proxies: match &self.proxies {
                Some(networks) => networks.iter().map(network).collect::<Result<_, _>>()?,
                None => defaults.proxies,
            },
            keep_alive,
            ..defaults
        })
    }
}

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Open since then, and not a byte came yet.
    Fresh(Instant),
    /// The first byte of a request came then; its headers are not complete.
    Head(Instant),
    /// A request is being answered.
    Busy,
    /// Waits for the next request since then.
    Idle(Instant),
}

/// One open connection, as its socket, its service and the list know it.
#[derive(Debug)]
pub(super) struct Connection {
    address: IpAddr,
    phase: Mutex<Phase>,
    /// Whether bytes of an answer wait for the peer to make room for them.
    blocked: AtomicBool,
    /// Cancelled to make room for another one.
    pub(super) evicted: CancellationToken,
}

impl Connection {
    fn new(address: IpAddr) -> Self {
        Self {
            address,
            phase: Mutex::new(Phase::Fresh(Instant::now())),
            blocked: AtomicBool::new(false),
            evicted: CancellationToken::new(),
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Phase) -> T) -> T {
        // Nothing panics while it holds the lock.
        change(&mut self.phase.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Bytes came.
    pub(super) fn received(&self) {
        self.with(|phase| {
            if matches!(phase, Phase::Fresh(_) | Phase::Idle(_)) {
                *phase = Phase::Head(Instant::now());
            }
        });
    }

    /// Bytes wait for the peer. The request may be over, its answer is not.
    pub(super) fn blocked(&self) {
        self.blocked.store(true, Ordering::Relaxed);
    }

    /// Bytes went.
    pub(super) fn sent(&self) {
        self.blocked.store(false, Ordering::Relaxed);
        self.with(|phase| {
            if matches!(phase, Phase::Idle(_)) {
                *phase = Phase::Idle(Instant::now());
            }
        });
    }

    /// The headers of a request are complete. The request is over when what is returned is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        self.with(|phase| *phase = Phase::Busy);
        Busy(self.clone())
    }

    /// Until when the next bytes must have come; `None` while a request is being answered.
    pub(super) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        if self.blocked.load(Ordering::Relaxed) {
            return None;
        }
        self.with(|phase| match *phase {
            Phase::Fresh(since) | Phase::Head(since) => Some(since + limits.head),
            Phase::Idle(since) => Some(since + limits.keep_alive),
            Phase::Busy => None,
        })
    }

    /// Whether a request has begun and is not complete.
    pub(super) fn is_amid_headers(&self) -> bool {
        self.with(|phase| matches!(phase, Phase::Head(_)))
    }

    /// Since when nothing is being answered here.
    fn waiting_since(&self) -> Option<Instant> {
        if self.blocked.load(Ordering::Relaxed) {
            return None;
        }
        self.with(|phase| match *phase {
            Phase::Fresh(since) | Phase::Head(since) | Phase::Idle(since) => Some(since),
            Phase::Busy => None,
        })
    }
}

/// A request that is being answered.
pub(super) struct Busy(Arc<Connection>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.with(|phase| *phase = Phase::Idle(Instant::now()));
    }
}

/// The connections that are open.
#[derive(Clone)]
pub(super) struct Open {
    limits: Arc<Limits>,
    list: Arc<Mutex<List>>,
}

#[derive(Default)]
struct List {
    next: u64,
    connections: HashMap<u64, Arc<Connection>>,
}

/// A connection's place in the list; it leaves when this is dropped.
pub(super) struct Place {
    open: Open,
    number: u64,
    pub(super) connection: Arc<Connection>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open.with(|list| list.connections.remove(&self.number));
    }
}

/// Why a connection is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// There are [`Limits::max`], and none is idle.
    InAll,
    /// Its address has [`Limits::max_per_address`], and none is idle.
    OfThisAddress,
}

impl Open {
    pub(super) fn new(limits: Arc<Limits>) -> Self {
        Self { limits, list: Arc::default() }
    }

    fn with<T>(&self, change: impl FnOnce(&mut List) -> T) -> T {
        change(&mut self.list.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A place for a connection from `peer`. Where there is none, the connection that has waited for longest is closed.
    pub(super) fn enter(&self, peer: IpAddr) -> Result<Place, Full> {
        let address = network(peer);
        let Limits { max, max_per_address, proxies, .. } = &*self.limits;
        let is_proxy = proxies.iter().any(|proxies| proxies.contains(&peer.to_canonical()));
        self.with(|list| {
            // Those that were told to go count no more: they are on their way, and each let one in.
            let staying = || list.connections.values().filter(|open| !open.evicted.is_cancelled());
            let of_address = || staying().filter(|open| open.address == address);
            let longest = |waiting: &mut dyn Iterator<Item = &Arc<Connection>>| {
                let waiting = waiting.filter_map(|open| Some((open.waiting_since()?, open)));
                waiting.min_by_key(|(since, _)| *since).map(|(_, open)| open.evicted.clone())
            };
            if !is_proxy && list.connections.len() >= *max_per_address && of_address().count() >= *max_per_address {
                longest(&mut of_address()).ok_or(Full::OfThisAddress)?.cancel();
            }
            if list.connections.len() >= *max && staying().count() >= *max {
                longest(&mut staying()).ok_or(Full::InAll)?.cancel();
            }
            let (number, connection) = (list.next, Arc::new(Connection::new(address)));
            list.next += 1;
            list.connections.insert(number, connection.clone());
            Ok(Place { open: self.clone(), number, connection })
        })
    }
}

/// What counts as one address: of IPv6 the /64 network, of which everybody has one at least.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(max: usize, max_per_address: usize) -> Open {
        Open::new(Arc::new(Limits { max, max_per_address, ..Limits::default() }))
    }

    fn from(address: &str) -> IpAddr {
        address.parse().expect("an address")
    }

    #[test]
    fn one_address_cannot_have_them_all_unless_it_is_a_proxy() {
        let open = open(10, 2);
        let places: Vec<_> = (0..2).map(|_| open.enter(from("203.0.113.1")).expect("room")).collect();
        let busy: Vec<_> = places.iter().map(|place| place.connection.begin()).collect();
        assert_eq!(open.enter(from("203.0.113.1")).err(), Some(Full::OfThisAddress));
        assert_eq!(
            open.enter(from("::ffff:203.0.113.1")).err(),
            Some(Full::OfThisAddress),
            "the same, written as IPv6"
        );
        let others: Vec<_> = (0..4).map(|_| open.enter(from("10.0.0.1")).expect("a proxy carries many")).collect();
        assert_eq!(others.len(), 4);
        let other = open.enter(from("203.0.113.2"));
        assert!(other.is_ok(), "another address");
        drop((busy, places));
        assert!(open.enter(from("203.0.113.1")).is_ok(), "there is room again");
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one() {
        let open = open(10, 1);
        let place = open.enter(from("2001:db8::1")).expect("room");
        let _busy = place.connection.begin();
        assert_eq!(open.enter(from("2001:db8::ffff:2")).err(), Some(Full::OfThisAddress));
        assert!(open.enter(from("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn when_all_are_in_use_whoever_waited_for_longest_makes_room_and_no_request_is_cut_off() {
        let open = open(3, 100);
        let enter = || open.enter(from("10.0.0.1"));
        let places: Vec<_> = (0..3).map(|_| enter().expect("room")).collect();
        let busy = places[0].connection.begin();
        drop(places[2].connection.begin());
        let fourth = enter().expect("somebody is idle");
        assert!(!places[0].connection.evicted.is_cancelled(), "a request is being answered");
        assert!(places[1].connection.evicted.is_cancelled(), "waited for longest");
        assert!(!places[2].connection.evicted.is_cancelled());
        let busy = (busy, places[2].connection.begin(), fourth.connection.begin());
        assert_eq!(enter().err(), Some(Full::InAll));
        drop(busy);
        assert!(enter().is_ok());
    }

    #[test]
    fn limits_that_let_nobody_in_and_networks_that_are_none_are_refused() {
        let check = |toml: &str| toml::from_str::<ConnectionsConfig>(toml).expect("TOML").check("web.connections");
        for (toml, key) in [
            ("max = 0", "`web.connections.max`"),
            ("max_per_address = 0", "`web.connections.max_per_address`"),
            ("keep_alive_seconds = 0", "`web.connections.keep_alive_seconds`"),
            ("proxies = ['10.0.0.0/33']", "`web.connections.proxies`"),
            ("proxies = ['all']", "`web.connections.proxies`"),
        ] {
            let error = check(toml).expect_err("refused").to_string();
            assert!(error.starts_with(key), "{error}");
        }
        let limits = check("proxies = ['192.0.2.7', '2001:db8::/32']\nmax = 7\nkeep_alive_seconds = 90").expect("good");
        assert_eq!((limits.proxies.len(), limits.max, limits.keep_alive.as_secs()), (2, 7, 90));
        assert!(toml::from_str::<ConnectionsConfig>("maximum = 1").is_err());
        assert_eq!(Limits::default().proxies.len(), PROXIES.len());
    }
}
