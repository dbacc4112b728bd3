//! What every program needs and nothing more: configuration, cookies, the language that is asked for, database, serving,
//! streams of events, telemetry, time, randomness, hashes, sealing, outbound HTTP, redirects, mail, the countries of the world.
//! Knows neither identity nor to-dos.

pub mod accept_language;
pub mod clock;
pub mod config;
pub mod cookies;
#[cfg(feature = "tenant")]
pub mod countries;
pub mod database;
#[cfg(feature = "ssr")]
pub mod event_stream;
pub mod hash;
pub mod link;
#[cfg(feature = "tenant")]
pub mod mail;
pub mod media_type;
#[cfg(feature = "ssr")]
pub mod notifications;
pub mod outbound;
pub mod ownership;
pub mod pause;
pub mod process;
pub mod random;
pub mod rate_limit;
pub mod redirect;
pub mod seal;
pub mod sealed_cookie;
pub mod serve;
#[cfg(feature = "ssr")]
pub mod telemetry;
mod texts;
