//! The public keys that an app's client assertions are verified with: an X.509 certificate (RFC 5280) or a bare public
//! key, as PEM (RFC 7468). RSA of 2048 bits or more.
//!
//! The certificate's own signature and issuer are of no interest, as in Entra: the administrator has registered this
//! very certificate.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use time::PrimitiveDateTime;
use time::macros::format_description;

/// 1.2.840.113549.1.1.1, `rsaEncryption` (RFC 8017, appendix A.1).
const RSA_ENCRYPTION: [u8; 9] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

// Tags of DER (X.690).
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

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

/// Why a PEM text is no registered key. Words for the administrator; they quote nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
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
    Damaged,
    /// An algorithm that no client assertion is accepted with.
    #[error("is not an RSA key of 2048 bits or more")]
    NotRsa,
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
        let der = STANDARD.decode(body).map_err(|_| PemError::Damaged)?;
        match label {
            "CERTIFICATE" => {
                let (key, validity) = certificate(&der).ok_or(PemError::Damaged)?;
                let thumbprint = |algorithm| URL_SAFE_NO_PAD.encode(digest(algorithm, &der));
                Ok(Self {
                    x5t: Some(thumbprint(&SHA1_FOR_LEGACY_USE_ONLY)),
                    x5t_s256: Some(thumbprint(&SHA256)),
                    validity: Some(validity),
                    ..Self::from_spki(key)?
                })
            }
            "PUBLIC KEY" => Self::from_spki(&der),
            _ => Err(PemError::Label),
        }
    }

    /// Reads a `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7).
    fn from_spki(der: &[u8]) -> Result<Self, PemError> {
        let (algorithm, key) = spki(der).ok_or(PemError::Damaged)?;
        if algorithm != RSA_ENCRYPTION {
            return Err(PemError::NotRsa);
        }
        let (modulus, exponent) = rsa(key).ok_or(PemError::Damaged)?;
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

/// The elements of a DER sequence, one after the other.
struct Elements<'d>(&'d [u8]);

/// One element.
struct Element<'d> {
    tag: u8,
    content: &'d [u8],
    /// With tag and length.
    whole: &'d [u8],
}

impl<'d> Elements<'d> {
    /// The content of the one sequence that `der` is.
    fn of_sequence(der: &'d [u8]) -> Option<Self> {
        let mut outer = Self(der);
        let content = outer.expect(SEQUENCE)?.content;
        outer.0.is_empty().then_some(Self(content))
    }

    fn next(&mut self) -> Option<Element<'d>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let length = if first < 0x80 {
            usize::from(first)
        } else {
            // More than four bytes of length is nothing that anybody registers; 0x80, the indefinite form, is not DER.
            let (bytes, after) =
                rest.split_at_checked(usize::from(first & 0x7f)).filter(|(b, _)| (1..=4).contains(&b.len()))?;
            rest = after;
            bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
        };
        let (content, after) = rest.split_at_checked(length)?;
        let whole = &self.0[..self.0.len() - after.len()];
        self.0 = after;
        Some(Element { tag, content, whole })
    }

    fn expect(&mut self, tag: u8) -> Option<Element<'d>> {
        self.next().filter(|element| element.tag == tag)
    }
}

/// The public key of a certificate, and its validity period (RFC 5280 §4.1).
fn certificate(der: &[u8]) -> Option<(&[u8], (i64, i64))> {
    let mut tbs = Elements(Elements::of_sequence(der)?.expect(SEQUENCE)?.content);
    let first = tbs.next()?;
    // The version may be left out; the serial number may not.
    let serial = if first.tag == VERSION { tbs.next()? } else { first };
    if serial.tag != INTEGER {
        return None;
    }
    let (_signature, _issuer) = (tbs.expect(SEQUENCE)?, tbs.expect(SEQUENCE)?);
    let mut validity = Elements(tbs.expect(SEQUENCE)?.content);
    let validity = (time_of(&validity.next()?)?, time_of(&validity.next()?)?);
    let _subject = tbs.expect(SEQUENCE)?;
    Some((tbs.expect(SEQUENCE)?.whole, validity))
}

/// The algorithm and the key of a `SubjectPublicKeyInfo`.
fn spki(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut spki = Elements::of_sequence(der)?;
    let algorithm = Elements(spki.expect(SEQUENCE)?.content).expect(OBJECT_IDENTIFIER)?.content;
    // The first byte counts the unused bits of the last one.
    let key = spki.expect(BIT_STRING)?.content.strip_prefix(&[0])?;
    Some((algorithm, key))
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017, appendix A.1.1), without the zero that makes a number positive.
fn rsa(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut key = Elements::of_sequence(der)?;
    let mut number =
        || key.expect(INTEGER).map(|element| element.content.strip_prefix(&[0]).unwrap_or(element.content));
    Some((number()?, number()?))
}

/// Seconds since the epoch (RFC 5280 §4.1.2.5).
fn time_of(element: &Element<'_>) -> Option<i64> {
    let text = std::str::from_utf8(element.content).ok()?;
    let text = match element.tag {
        UTC_TIME => {
            let century = if text.get(..2)?.parse::<u8>().ok()? >= 50 { "19" } else { "20" };
            format!("{century}{text}")
        }
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let format = format_description!("[year][month][day][hour][minute][second]Z");
    Some(PrimitiveDateTime::parse(&text, &format).ok()?.assume_utc().unix_timestamp())
}
