//! `[outbound]`: the way from here to other machines.

use secrecy::ExposeSecret as _;
use serde::Deserialize;
use url::Url;

use super::client_by;
use crate::platform::config::{ConfigError, SecretSource, Settings};

/// How providers and APIs on other machines are reached. Without any of it: directly. Variables such as `HTTPS_PROXY` are
/// not looked at, so that nobody who may set them can read along.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OutboundConfig {
    /// An HTTP proxy, such as `http://proxy.example.com:3128`, perhaps with user and password, percent-encoded. What goes
    /// to https addresses passes through it in a tunnel (RFC 9110 §9.3.6), which it cannot look into.
    pub proxy: Option<SecretSource>,
    /// What is reached without the proxy: names (and all below them), addresses, ranges such as `10.0.0.0/8`. This
    /// machine is never reached through it.
    pub no_proxy: Vec<String>,
}

/// What is never asked of a proxy.
const THIS_MACHINE: [&str; 3] = ["localhost", "127.0.0.0/8", "::1"];

impl OutboundConfig {
    /// An HTTP client as [`client_of`](super::client_of) makes it, with this way out. `key` is where the table stands.
    ///
    /// # Errors
    /// [`ConfigError::Refused`]: an address that is not a proxy's, or exceptions that are none.
    pub fn client(&self, key: &str, product: &str) -> Result<reqwest::Client, ConfigError> {
        self.check_exceptions(&format!("{key}.no_proxy"))?;
        let Some(source) = &self.proxy else { return Ok(client_by(product, None)) };
        let key = format!("{key}.proxy");
        let refuse = |problem: &str| {
            let remedy = "write it like http://proxy.example.com:3128; user and password, if it needs them, come before the \
                          host: user:password@, percent-encoded";
            ConfigError::refused(&key, problem, remedy)
        };
        let secret = source.read(&key)?;
        let url = Url::parse(secret.expose_secret().trim()).map_err(|e| refuse("is not an address").because(e))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("is not the address of an HTTP proxy"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("has more than scheme, host and port"));
        }
        let exceptions = THIS_MACHINE.into_iter().chain(self.no_proxy.iter().map(|entry| entry.trim()));
        let exceptions = exceptions.collect::<Vec<_>>().join(",");
        let proxy = reqwest::Proxy::all(url.as_str()).map_err(|_| refuse("cannot be used as a proxy"))?;
        tracing::info!(proxy = url.origin().ascii_serialization(), "what goes to other machines goes through a proxy");
        Ok(client_by(product, Some(proxy.no_proxy(reqwest::NoProxy::from_string(&exceptions)))))
    }

    /// The proxy's address, without user and password; for people.
    pub fn proxy_address(&self) -> Option<Url> {
        let secret = self.proxy.as_ref()?.read("proxy").ok()?;
        let url = Url::parse(secret.expose_secret().trim()).ok()?;
        Url::parse(&url.origin().ascii_serialization()).ok()
    }

    fn check_exceptions(&self, key: &str) -> Result<(), ConfigError> {
        let refuse = |problem: String, remedy: &str| Err(ConfigError::refused(key, problem, remedy));
        if self.proxy.is_none() && !self.no_proxy.is_empty() {
            return refuse(
                "has exceptions from a proxy that there is not".to_owned(),
                "name the proxy, or remove them",
            );
        }
        for entry in &self.no_proxy {
            let part = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
            let (host, bits) = entry.trim().split_once('/').unwrap_or((entry.trim(), "0"));
            let is_range =
                bits.parse::<u8>().is_ok() && (!entry.contains('/') || host.parse::<std::net::IpAddr>().is_ok());
            // A colon is in IPv6 addresses only: a port does not count.
            let is_host = !host.is_empty()
                && host.chars().all(part)
                && (!host.contains(':') || host.parse::<std::net::Ipv6Addr>().is_ok());
            if !is_range || !is_host {
                let remedy = "write names (internal.example.com), addresses (192.0.2.7) or ranges (10.0.0.0/8), without \
                              scheme, port and *";
                return refuse(format!("has an entry that is neither a name nor an address: {entry:?}"), remedy);
            }
        }
        Ok(())
    }
}

/// The HTTP client of a program, with the way out that `[outbound]` describes.
///
/// # Errors
/// As [`OutboundConfig::client`].
pub fn client_from(settings: &Settings) -> Result<reqwest::Client, ConfigError> {
    settings.value::<OutboundConfig>("outbound")?.unwrap_or_default().client("outbound", "errand")
}

#[cfg(test)]
mod tests;
