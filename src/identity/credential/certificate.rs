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
use time::OffsetDateTime;
use uuid::Uuid;
use x509_cert::der::{Decode as _, ErrorKind, Tag};
use x509_cert::time::Time;

use crate::identity::config::{AssertionAlgorithm, AssertionAudience, CertificateFiles};
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
    audience: AssertionAudience,
    /// The header of assertions, encoded.
    header: String,
    /// Seconds since the epoch.
    not_before: i64,
    /// Seconds since the epoch.
    pub(super) not_after: i64,
}

/// Why certificate and key cannot be used. One variant per check. Those about files that may hold the private key name no
/// cause: it could quote them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum CertificateError {
    #[error("names a file without a PEM certificate")]
    NoCertificate,
    #[error("names a file whose certificate cannot be read")]
    Malformed(#[source] x509_cert::der::Error),
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
            Self::NoCertificate | Self::Malformed(_) => {
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
        ConfigError::refused(key, self.to_string(), remedy).because(self)
    }
}

/// Whom an assertion may be for: RFC 7523 §3 means the token endpoint, also in requests to its neighbours; FAPI and the
/// revision of RFC 7523 mean the issuer.
#[derive(Clone, Copy)]
pub(in crate::identity) struct Audiences<'a> {
    /// The token endpoint's address.
    pub(in crate::identity) token_endpoint: &'a str,
    /// The issuer.
    pub(in crate::identity) issuer: &'a str,
}

impl Certificate {
    pub(super) fn parse(
        certificate: &str,
        private_key: &str,
        files: &CertificateFiles,
    ) -> Result<Self, CertificateError> {
        let der =
            CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(|_| CertificateError::NoCertificate)?;
        let content = Content::read(&der).map_err(CertificateError::Malformed)?;
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
            audience: files.audience,
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
    pub(super) fn assertion(
        &self,
        client_id: &str,
        audiences: Audiences<'_>,
        now: i64,
    ) -> Result<SecretString, String> {
        let audience = match self.audience {
            AssertionAudience::TokenEndpoint => audiences.token_endpoint,
            AssertionAudience::Issuer => audiences.issuer,
        };
        let claims = json!({
            "aud": audience, "iss": client_id, "sub": client_id, "jti": Uuid::new_v4().to_string(),
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
struct Content {
    /// Seconds since the epoch.
    not_before: i64,
    /// Seconds since the epoch.
    not_after: i64,
    /// The `RSAPublicKey` (RFC 8017 §A.1.1) of an RSA certificate.
    public_key: Vec<u8>,
}

impl Content {
    /// Reads a certificate.
    fn read(der: &[u8]) -> Result<Self, x509_cert::der::Error> {
        let certificate = x509_cert::Certificate::from_der(der)?;
        let content = certificate.tbs_certificate();
        let seconds =
            |time: Time| i64::try_from(time.to_unix_duration().as_secs()).map_err(|_| ErrorKind::Overflow.to_error());
        let public_key = content.subject_public_key_info().subject_public_key.as_bytes();
        Ok(Self {
            not_before: seconds(content.validity().not_before)?,
            not_after: seconds(content.validity().not_after)?,
            public_key: public_key.ok_or_else(|| Tag::BitString.value_error().to_error())?.to_vec(),
        })
    }
}
