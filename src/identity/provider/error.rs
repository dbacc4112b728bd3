//! Why a provider cannot be used.

/// Why a provider's metadata or keys cannot be had. The text is for logs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// No answer.
    #[error("{0}")]
    Outbound(String),
    /// An answer that cannot be used: too large, or not the JSON that it should be.
    #[error("{0}")]
    Malformed(String),
    /// An answer that is not 200.
    #[error("{place} answered {status}")]
    Status {
        /// What was asked for.
        place: String,
        /// The HTTP status.
        status: u16,
    },
    /// The document is of another issuer than the configuration's (OpenID Connect Discovery §4.3, RFC 8414 §3.3).
    #[error(
        "the provider at {place} calls itself {found:?}, but {expected} was expected: correct `authority`, or set \
         `issuer` to what the provider uses"
    )]
    Issuer {
        /// The discovery document.
        place: String,
        /// What it says.
        found: String,
        /// What the configuration allows.
        expected: String,
    },
    /// An endpoint that we need is missing, or not an absolute https URL (plain http is for localhost in development).
    #[error("the provider's `{0}` is missing, or not an absolute https URL")]
    Endpoint(&'static str),
    /// There is no key that signatures could be checked with.
    #[error(
        "the provider publishes no signing key that can be used (RSA of 2048 bits or more, P-256, P-384 or Ed25519)"
    )]
    NoKeys,
}

impl ProviderError {
    /// How many seconds it makes sense to wait before trying again.
    pub const RETRY_AFTER_SECONDS: i64 = 5;

    /// Whether it may be over in a moment, rather than be a mistake of the configuration or of the provider.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Outbound(_) => true,
            Self::Status { status, .. } => *status >= 500 || *status == 429,
            Self::Malformed(_) | Self::Issuer { .. } | Self::Endpoint(_) | Self::NoKeys => false,
        }
    }
}
