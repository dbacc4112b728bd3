//! The public keys that an app's client assertions are verified with: an X.509 certificate (RFC 5280) or a bare public
//! key, as PEM (RFC 7468). RSA of 2048 bits or more.
//!
//! The certificate's own signature and issuer are of no interest, as in Entra: the administrator has registered this
//! very certificate.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use x509_cert::Certificate;
use x509_cert::der::asn1::UintRef;
use x509_cert::der::oid::db::rfc5912::RSA_ENCRYPTION;
use x509_cert::der::{Decode as _, ErrorKind, Reader as _, SliceReader, Tag};
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::{Time, Validity};

/// A registered public key.
pub struct PublicKey {
    /// base64url(SHA-1(certificate)): `x5t` (RFC 7515 §4.1.7). None of a bare public key.
    x5t: Option<String>,
    /// base64url(SHA-256(certificate)): `x5t#S256` (RFC 7515 §4.1.8). None of a bare public key.
    x5t_s256: Option<String>,
    /// The JWK thumbprint (RFC 7638): the `kid` by which a bare public key is named.
    kid: String,
    /// Seconds since the epoch, first and last; a bare public key has no end.
    validity: Option<(i64, i64)>,
    /// Verifies RS256 and PS256.
    pub verifier: DecodingKey,
}

/// Why a PEM text is no registered key. Words for the administrator; they quote nothing of the text, and their causes
/// no more than one wrong letter of what is public.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// No PEM block.
    #[error("is not PEM (-----BEGIN CERTIFICATE-----)")]
    NotPem,
    /// A chain would register its issuers' keys as well.
    #[error("holds more than one PEM block")]
    Several,
    /// It has no business here.
    #[error("holds a private key")]
    Private,
    /// Another label.
    #[error("is neither a CERTIFICATE nor a PUBLIC KEY")]
    Label,
    /// Not DER of the structure that the label promises.
    #[error("is damaged")]
    Damaged(#[from] Damage),
    /// An algorithm that no client assertion is accepted with.
    #[error("is not an RSA key of 2048 bits or more")]
    NotRsa,
}

/// Where the reading of a PEM block ends.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Its text (RFC 7468 §3).
    #[error("the base64 cannot be decoded: {0}")]
    Text(#[from] base64::DecodeError),
    /// What the text stands for.
    #[error("the DER cannot be read: {0}")]
    Der(#[from] x509_cert::der::Error),
}

impl PublicKey {
    /// Reads the one certificate or public key in `text`.
    ///
    /// # Errors
    /// [`PemError`].
    pub fn from_pem(text: &str) -> Result<Self, PemError> {
        let mut blocks = text.split("-----BEGIN ").skip(1);
        let block = blocks.next().ok_or(PemError::NotPem)?;
        let (label, rest) = block.split_once("-----").ok_or(PemError::NotPem)?;
        if label.contains("PRIVATE KEY") {
            return Err(PemError::Private);
        }
        if blocks.next().is_some() {
            return Err(PemError::Several);
        }
        let (body, _) = rest.split_once(&format!("-----END {label}-----")).ok_or(PemError::NotPem)?;
        let body: String = body.split_ascii_whitespace().collect();
        let der = STANDARD.decode(body).map_err(Damage::Text)?;
        match label {
            "CERTIFICATE" => {
                let certificate = Certificate::from_der(&der).map_err(Damage::Der)?;
                let content = certificate.tbs_certificate();
                let thumbprint = |algorithm| URL_SAFE_NO_PAD.encode(digest(algorithm, &der));
                Ok(Self {
                    x5t: Some(thumbprint(&SHA1_FOR_LEGACY_USE_ONLY)),
                    x5t_s256: Some(thumbprint(&SHA256)),
                    validity: Some(period(content.validity()).map_err(Damage::Der)?),
                    ..Self::from_spki(content.subject_public_key_info())?
                })
            }
            "PUBLIC KEY" => Self::from_spki(&SubjectPublicKeyInfoOwned::from_der(&der).map_err(Damage::Der)?),
            _ => Err(PemError::Label),
        }
    }

    /// Reads a `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7).
    fn from_spki(info: &SubjectPublicKeyInfoOwned) -> Result<Self, PemError> {
        if info.algorithm.oid != RSA_ENCRYPTION {
            return Err(PemError::NotRsa);
        }
        let key =
            info.subject_public_key.as_bytes().ok_or_else(|| Damage::Der(Tag::BitString.value_error().to_error()))?;
        let (modulus, exponent) = rsa(key).map_err(Damage::Der)?;
        let (modulus, exponent) = (modulus.as_bytes(), exponent.as_bytes());
        if modulus.len() < 256 {
            return Err(PemError::NotRsa);
        }
        let (n, e) = (URL_SAFE_NO_PAD.encode(modulus), URL_SAFE_NO_PAD.encode(exponent));
        // RFC 7638 §3.2: the required members, in lexicographic order.
        let jwk = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
        Ok(Self {
            x5t: None,
            x5t_s256: None,
            kid: URL_SAFE_NO_PAD.encode(digest(&SHA256, jwk.as_bytes())),
            validity: None,
            verifier: DecodingKey::from_rsa_der(key),
        })
    }

    /// Whether the header of an assertion names this key: at least one of the three names, and none of another key.
    pub fn is_named(&self, x5t: Option<&str>, x5t_s256: Option<&str>, kid: Option<&str>) -> bool {
        let mut named = false;
        for (given, ours) in [(x5t, self.x5t.as_deref()), (x5t_s256, self.x5t_s256.as_deref())] {
            match (given, ours) {
                // The bytes are compared: some libraries pad what others do not.
                (Some(given), Some(ours)) if without_padding(given) == ours => named = true,
                (Some(_), _) => return false,
                (None, _) => {}
            }
        }
        // What a client writes into `kid` beside a thumbprint is its own affair.
        named || kid.is_some_and(|kid| kid == self.kid)
    }

    /// Whether the certificate is within its validity period, both ends included (RFC 5280 §4.1.2.5).
    pub fn is_valid_at(&self, seconds: i64) -> bool {
        self.validity.is_none_or(|(from, to)| (from..=to).contains(&seconds))
    }
}

/// A thumbprint without the padding of base64; only where it has the right length, so that nothing else passes for one.
fn without_padding(thumbprint: &str) -> &str {
    if thumbprint.len().is_multiple_of(4) { thumbprint.trim_end_matches('=') } else { thumbprint }
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017, appendix A.1.1).
fn rsa(der: &[u8]) -> Result<(UintRef<'_>, UintRef<'_>), x509_cert::der::Error> {
    let mut reader = SliceReader::new(der)?;
    let numbers = reader.sequence(|numbers| {
        let modulus_and_exponent = (UintRef::decode(numbers)?, UintRef::decode(numbers)?);
        Ok::<_, x509_cert::der::Error>(modulus_and_exponent)
    })?;
    reader.finish().map(|()| numbers)
}

/// The validity period of a certificate, in seconds since the epoch.
fn period(validity: &Validity) -> Result<(i64, i64), x509_cert::der::Error> {
    let seconds =
        |time: Time| i64::try_from(time.to_unix_duration().as_secs()).map_err(|_| ErrorKind::Overflow.to_error());
    Ok((seconds(validity.not_before)?, seconds(validity.not_after)?))
}
