//! A certificate as a client credential: `private_key_jwt` (RFC 7523 §2.2 and §3, OpenID Connect Core §9).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::SecretString;
use serde_json::json;
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};
use uuid::Uuid;

use crate::identity::config::{AssertionAlgorithm, CertificateFiles};
use crate::platform::config::ConfigError;

/// Seconds that an assertion is good for: enough for a slow answer and clocks that are not quite the same.
const LIFETIME: i64 = 300;
/// How far two clocks may be apart, in seconds.
const SKEW: i64 = 60;
/// The fewest bits of an RSA key (RFC 7518 §3.3).
const MIN_BITS: usize = 2048;

/// A certificate with its private key.
pub(super) struct Certificate {
    key: RsaKeyPair,
    algorithm: AssertionAlgorithm,
    /// The header of assertions, encoded.
    header: String,
    /// Seconds since the epoch.
    not_before: i64,
    /// Seconds since the epoch.
    pub(super) not_after: i64,
}

/// Why certificate and key cannot be used. One variant per check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CertificateError {
    #[error("names a file without a PEM certificate")]
    NoCertificate,
    #[error("names a file whose certificate cannot be read")]
    Malformed,
    #[error("names a file without an unencrypted PEM private key")]
    NoPrivateKey,
    #[error("names a file whose private key is not an RSA key that can be used")]
    NotRsa,
    #[error("names a file whose private key has fewer than {MIN_BITS} bits")]
    Weak,
    #[error("names a private key that does not belong to the certificate")]
    Mismatch,
}

impl CertificateError {
    pub(super) fn into_config_error(self, certificate: &str, private_key: &str) -> ConfigError {
        let (key, remedy) = match self {
            Self::NoCertificate | Self::Malformed => {
                (certificate, "let it begin with -----BEGIN CERTIFICATE-----, the app's own certificate first")
            }
            Self::NoPrivateKey => {
                (private_key, "let it hold -----BEGIN PRIVATE KEY----- (decrypt it with `openssl pkey`)")
            }
            Self::NotRsa | Self::Weak => {
                (private_key, "make an RSA key of 2048 bits or more, and a certificate for it")
            }
            Self::Mismatch => (private_key, "give the key that the certificate was made for"),
        };
        ConfigError::refused(key, self.to_string(), remedy)
    }
}

impl Certificate {
    pub(super) fn parse(
        certificate: &str,
        private_key: &str,
        files: &CertificateFiles,
    ) -> Result<Self, CertificateError> {
        let der =
            CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(|_| CertificateError::NoCertificate)?;
        let content = Content::read(&der).ok_or(CertificateError::Malformed)?;
        let key = match PrivateKeyDer::from_pem_slice(private_key.as_bytes()) {
            Ok(PrivateKeyDer::Pkcs8(key)) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            Ok(PrivateKeyDer::Pkcs1(key)) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            Ok(_) => return Err(CertificateError::NotRsa),
            Err(_) => return Err(CertificateError::NoPrivateKey),
        };
        // aws-lc refuses short keys by itself, in these words.
        let key = key.map_err(|error| match error.to_string().as_str() {
            "TooSmall" => CertificateError::Weak,
            _ => CertificateError::NotRsa,
        })?;
        if key.public_modulus_len() * 8 < MIN_BITS {
            return Err(CertificateError::Weak);
        }
        if key.public_key().as_ref() != content.public_key {
            return Err(CertificateError::Mismatch);
        }
        let (algorithm, thumbprint, of) = match files.algorithm {
            AssertionAlgorithm::Ps256 => ("PS256", "x5t#S256", digest(&SHA256, &der)),
            AssertionAlgorithm::Rs256 => ("RS256", "x5t", digest(&SHA1_FOR_LEGACY_USE_ONLY, &der)),
        };
        let mut header = json!({ "alg": algorithm, "typ": "JWT" });
        header[thumbprint] = URL_SAFE_NO_PAD.encode(of).into();
        if let Some(key_id) = &files.key_id {
            header["kid"] = key_id.as_str().into();
        }
        Ok(Self {
            key,
            algorithm: files.algorithm,
            header: URL_SAFE_NO_PAD.encode(header.to_string()),
            not_before: content.not_before,
            not_after: content.not_after,
        })
    }

    /// Whether the certificate is valid at `now`, in seconds since the epoch.
    pub(super) fn check_times(&self, now: i64) -> Result<(), String> {
        let date =
            |at: i64| OffsetDateTime::from_unix_timestamp(at).map(|at| at.date().to_string()).unwrap_or_default();
        if now > self.not_after {
            return Err(format!("is a certificate that expired on {}", date(self.not_after)));
        }
        if now < self.not_before - SKEW {
            return Err(format!("is a certificate that is not valid before {}", date(self.not_before)));
        }
        Ok(())
    }

    /// A client assertion for one request (RFC 7523 §3).
    pub(super) fn assertion(&self, client_id: &str, token_endpoint: &str, now: i64) -> Result<SecretString, String> {
        let claims = json!({
            "aud": token_endpoint, "iss": client_id, "sub": client_id, "jti": Uuid::new_v4().to_string(),
            "iat": now, "nbf": now, "exp": now + LIFETIME,
        });
        let signed = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims.to_string()));
        let padding: &'static dyn RsaEncoding = match self.algorithm {
            AssertionAlgorithm::Ps256 => &RSA_PSS_SHA256,
            AssertionAlgorithm::Rs256 => &RSA_PKCS1_SHA256,
        };
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(padding, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| "has a private key that cannot sign".to_owned())?;
        Ok(SecretString::from(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

/// What matters of a certificate (RFC 5280 §4.1). Whether anybody should trust it is for the provider, which has it
/// registered.
#[derive(Debug, PartialEq, Eq)]
struct Content<'a> {
    not_before: i64,
    not_after: i64,
    /// The `RSAPublicKey` (RFC 8017 §A.1.1) of an RSA certificate.
    public_key: &'a [u8],
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const SEQUENCE: u8 = 0x30;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[0]`, constructed: the certificate's version.
const VERSION: u8 = 0xa0;

impl<'a> Content<'a> {
    /// Reads a certificate; `None` when it is not one.
    fn read(der: &'a [u8]) -> Option<Self> {
        let mut certificate = Der(Der(der).take(SEQUENCE)?);
        let mut content = Der(certificate.take(SEQUENCE)?);
        if content.next_is(VERSION) {
            content.take(VERSION)?;
        }
        content.take(INTEGER)?; // serial number
        content.take(SEQUENCE)?; // signature algorithm
        content.take(SEQUENCE)?; // issuer
        let mut validity = Der(content.take(SEQUENCE)?);
        content.take(SEQUENCE)?; // subject
        let mut public_key = Der(content.take(SEQUENCE)?);
        public_key.take(SEQUENCE)?; // algorithm
        Some(Self {
            not_before: validity.take_time()?,
            not_after: validity.take_time()?,
            // The first octet counts the unused bits of the last one: none.
            public_key: public_key.take(BIT_STRING)?.strip_prefix(&[0])?,
        })
    }
}

/// DER that is read from the front (X.690 §8.1).
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn next_is(&self, tag: u8) -> bool {
        self.0.first() == Some(&tag)
    }

    /// The content of the next element, if it has this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let rest = self.0.strip_prefix(&[tag])?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < 0x80 {
            (usize::from(first), rest)
        } else {
            // Up to four octets: no certificate is longer.
            let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            if !(1..=4).contains(&octets.len()) {
                return None;
            }
            (octets.iter().fold(0_usize, |length, &octet| (length << 8) | usize::from(octet)), rest)
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(content)
    }

    /// A time in seconds since the epoch (RFC 5280 §4.1.2.5): always with seconds, always UTC.
    fn take_time(&mut self) -> Option<i64> {
        let (text, year_digits) =
            if self.next_is(UTC_TIME) { (self.take(UTC_TIME)?, 2) } else { (self.take(GENERALIZED_TIME)?, 4) };
        let digits = text.strip_suffix(b"Z")?;
        if digits.len() != year_digits + 10 || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number = |from: usize, count: usize| {
            digits[from..from + count].iter().fold(0_u16, |number, digit| number * 10 + u16::from(digit - b'0'))
        };
        let year = match (number(0, year_digits), year_digits) {
            (year, 4) => year,
            (year, _) if year >= 50 => 1900 + year,
            (year, _) => 2000 + year,
        };
        let part = |position: usize| u8::try_from(number(year_digits + 2 * position, 2)).ok();
        let date = Date::from_calendar_date(year.into(), Month::try_from(part(0)?).ok()?, part(1)?).ok()?;
        let time = Time::from_hms(part(2)?, part(3)?, part(4)?).ok()?;
        Some(PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp())
    }
}
