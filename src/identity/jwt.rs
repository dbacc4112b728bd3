//! Signed JSON Web Tokens: what must be true of any token before a single claim of it is believed.
//!
//! [`parse`] and [`Unverified::verify`] together make these checks:
//!
//! 1. the token is at most [`MAX_TOKEN`] bytes, before anything of it is decoded;
//! 2. it is a JWS in compact form: three parts, unpadded base64url (RFC 7515 §3.1); an encrypted token (five parts, or
//!    an `enc` header) and a compressed one (`zip`) are refused;
//! 3. header and payload are JSON objects in which no name occurs twice, at any depth (RFC 7515 §4, RFC 7519 §4);
//! 4. `alg` is one of [`Algorithm`]: neither `none` nor anything symmetric (RFC 8725 §3.1, §3.2);
//! 5. there is no `crit`: we understand no extension, so we may not ignore one that is critical (RFC 7515 §4.1.11);
//! 6. `jku`, `jwk`, `x5u` and `x5c` are not looked at: keys come from the provider's metadata only (RFC 8725 §3.10);
//! 7. the key's type, and its `alg` if it has one, fit the header's `alg` (RFC 8725 §3.1);
//! 8. the signature is the key's over exactly the bytes that were received (RFC 7515 §5.2).
//!
//! [`check_times`] checks `exp`, `nbf` and `iat`. Issuer, audience and what kind of token it is are for the caller,
//! who knows what they expect (RFC 8725 §3.8, §3.9, §3.11, §3.12).

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::log::loggable;
use crate::platform::outbound;

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN: usize = 16 * 1024;
/// How far two clocks may be apart, in seconds.
pub const SKEW: i64 = 60;
/// Numbers of seconds beyond this are not dates (RFC 8259 §6: integers are exact up to 2^53).
const MAX_DATE: f64 = 9_007_199_254_740_992.0;

/// The claims of a token whose signature was verified.
pub type Claims = Map<String, Value>;

/// Why a token is not a JWT of the provider's. One variant per check; none quotes the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// Longer than [`MAX_TOKEN`].
    #[error("the token is longer than {MAX_TOKEN} bytes")]
    TooLong,
    /// Not three parts (RFC 7515 §3.1).
    #[error("the token is not a JWS in compact form")]
    NotCompactJws,
    /// Five parts, or `enc` in the header: a JWE.
    #[error("the token is encrypted")]
    Encrypted,
    /// A `zip` header.
    #[error("the token is compressed")]
    Compressed,
    /// A part is not unpadded base64url (RFC 7515 §2).
    #[error("a part of the token is not base64url")]
    NotBase64,
    /// Header or payload is not a JSON object.
    #[error("the token's header or payload is not a JSON object")]
    NotJson,
    /// A name occurs twice in one object (RFC 7515 §4).
    #[error("the token's header or payload names a member twice")]
    DuplicateMember,
    /// `alg` is missing or not in the allow-list (RFC 8725 §3.1, §3.2).
    #[error("the token's algorithm is not allowed")]
    AlgorithmNotAllowed,
    /// `crit` is present (RFC 7515 §4.1.11).
    #[error("the token has a critical extension that is not understood")]
    Critical,
    /// `kid` or `typ` is not a string.
    #[error("a header parameter of the token is of the wrong type")]
    HeaderType,
    /// The key that the token names is for another algorithm (RFC 8725 §3.1).
    #[error("the token's algorithm does not fit its key")]
    KeyMismatch,
    /// The signature is not the key's (RFC 7515 §5.2).
    #[error("the token's signature is wrong")]
    Signature,
}

/// The signature algorithms that are accepted (RFC 7518 §3.1, RFC 8037 §3.1): this list is the only one, and the guide
/// names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// `EdDSA` on Ed25519.
    EdDsa,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];

    /// The algorithm of that name, if it is allowed. Names are case-sensitive (RFC 7515 §4.1.1).
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// As `alg` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// Whether any provider may use it, also for access tokens, whose algorithms no metadata names. The others must be
    /// announced.
    pub fn needs_no_announcement(self) -> bool {
        matches!(self, Self::Rs256 | Self::Ps256 | Self::Es256)
    }

    /// The hash that belongs to the algorithm (OpenID Connect Core §3.1.3.6; for Ed25519, RFC 8032 §5.1), of `bytes`.
    pub fn hash(self, bytes: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Rs256 | Self::Ps256 | Self::Es256 => &digest::SHA256,
            Self::Rs384 | Self::Ps384 | Self::Es384 => &digest::SHA384,
            Self::Rs512 | Self::Ps512 | Self::EdDsa => &digest::SHA512,
        };
        digest::digest(algorithm, bytes).as_ref().to_vec()
    }

    fn of_library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::Rs384 => jsonwebtoken::Algorithm::RS384,
            Self::Rs512 => jsonwebtoken::Algorithm::RS512,
            Self::Ps256 => jsonwebtoken::Algorithm::PS256,
            Self::Ps384 => jsonwebtoken::Algorithm::PS384,
            Self::Ps512 => jsonwebtoken::Algorithm::PS512,
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::Es384 => jsonwebtoken::Algorithm::ES384,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}

/// What matters of a token's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which algorithm the token claims to be signed with.
    pub algorithm: Algorithm,
    /// Which key.
    pub key_id: Option<String>,
    /// `typ`: what kind of token it claims to be (RFC 8725 §3.11).
    pub typ: Option<String>,
}

/// A token that is well-formed; nothing in it can be believed yet.
#[derive(Debug)]
pub struct Unverified<'a> {
    /// Its header.
    pub header: Header,
    /// What the signature is over: header and payload as they came.
    pub signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

/// A token whose signature is the provider's. Its claims are still to be checked.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Its header.
    pub header: Header,
    /// Its payload.
    pub claims: Claims,
}

/// Checks 1 to 6 of the [module](self).
///
/// # Errors
/// [`JwtError`] naming the check that failed.
pub fn parse(token: &str) -> Result<Unverified<'_>, JwtError> {
    if token.len() > MAX_TOKEN {
        return Err(JwtError::TooLong);
    }
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(signature)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(JwtError::NotCompactJws);
    };
    match parts.count() {
        0 => {}
        2 => return Err(JwtError::Encrypted),
        _ => return Err(JwtError::NotCompactJws),
    }
    let signed = &token[..header.len() + 1 + payload.len()];
    let header = check_header(&object(header)?)?;
    Ok(Unverified { header, signed, payload, signature })
}

fn check_header(header: &Map<String, Value>) -> Result<Header, JwtError> {
    if header.contains_key("enc") {
        return Err(JwtError::Encrypted);
    }
    if header.contains_key("zip") {
        return Err(JwtError::Compressed);
    }
    if header.contains_key("crit") {
        return Err(JwtError::Critical);
    }
    let algorithm = header.get("alg").and_then(Value::as_str).and_then(Algorithm::parse);
    let text = |name: &str| match header.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(JwtError::HeaderType),
    };
    Ok(Header { algorithm: algorithm.ok_or(JwtError::AlgorithmNotAllowed)?, key_id: text("kid")?, typ: text("typ")? })
}

impl Unverified<'_> {
    /// Checks 7, 8 and (for the payload) 3 of the [module](self).
    ///
    /// # Errors
    /// [`JwtError`] naming the check that failed.
    pub fn verify(&self, key: &Key) -> Result<Verified, JwtError> {
        if !key.fits(self.header.algorithm) {
            return Err(JwtError::KeyMismatch);
        }
        if key.has_signed(self.header.algorithm, self.signed.as_bytes(), self.signature) {
            Ok(Verified { header: self.header.clone(), claims: claims(self.payload)? })
        } else {
            Err(JwtError::Signature)
        }
    }
}

/// A provider's public key for signatures.
#[derive(Clone)]
pub struct Key {
    /// `kid`.
    pub id: Option<String>,
    pub(super) kind: KeyKind,
    /// `alg`: when present, the only one the key is for (RFC 7517 §4.4).
    pub(super) only: Option<Algorithm>,
    public: DecodingKey,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

/// A JSON Web Key as it is published (RFC 7517 §4, RFC 7518 §6); members that we do not use are ignored.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(rename = "use")]
    used_for: Option<String>,
    key_ops: Option<Vec<String>>,
    kid: Option<String>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Key {
    /// The key in a JSON Web Key, if it is one for verifying signatures that we accept: RSA of 2048 to 8192 bits, P-256,
    /// P-384 or Ed25519, not marked for encryption (RFC 7517 §4.2, §4.3).
    pub fn from_jwk(jwk: &Value) -> Option<Self> {
        let jwk = Jwk::deserialize(jwk).ok()?;
        if jwk.used_for.is_some_and(|used_for| used_for != "sig")
            || jwk.key_ops.is_some_and(|ops| !ops.iter().any(|op| op == "verify"))
        {
            return None;
        }
        let only = match jwk.alg {
            None => None,
            Some(name) => Some(Algorithm::parse(&name)?),
        };
        let (kind, public) = match jwk.kty.as_str() {
            "RSA" => {
                // RFC 7518 §6.3.1: as few octets as the number needs; some providers put zero octets in front of it.
                let modulus = without_leading_zeros(URL_SAFE_NO_PAD.decode(jwk.n?).ok()?);
                let exponent = without_leading_zeros(URL_SAFE_NO_PAD.decode(jwk.e?).ok()?);
                if !(256..=1024).contains(&modulus.len()) || exponent.is_empty() {
                    return None;
                }
                (KeyKind::Rsa, DecodingKey::from_rsa_raw_components(&modulus, &exponent))
            }
            "EC" => {
                let (kind, size) = match jwk.crv?.as_str() {
                    "P-256" => (KeyKind::P256, 32),
                    "P-384" => (KeyKind::P384, 48),
                    _ => return None,
                };
                let (x, y) = (jwk.x?, jwk.y?);
                // So many bytes each, leading zeros kept (RFC 7518 §6.2.1.2).
                if [&x, &y].iter().any(|text| !is_of_size(text, size)) {
                    return None;
                }
                (kind, DecodingKey::from_ec_components(&x, &y).ok()?)
            }
            // RFC 8037 §2
            "OKP" if jwk.crv.as_deref() == Some("Ed25519") => {
                let x = jwk.x.filter(|x| is_of_size(x, 32))?;
                (KeyKind::Ed25519, DecodingKey::from_ed_components(&x).ok()?)
            }
            _ => return None,
        };
        Some(Self { id: jwk.kid, kind, only, public })
    }

    /// Whether the key may have made signatures of that algorithm (RFC 8725 §3.1).
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        let kind = match algorithm {
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512 => KeyKind::Rsa,
            Algorithm::Es256 => KeyKind::P256,
            Algorithm::Es384 => KeyKind::P384,
            Algorithm::EdDsa => KeyKind::Ed25519,
        };
        self.kind == kind && self.only.is_none_or(|only| only == algorithm)
    }

    /// Checks 7 and 8 of the [module](self): whether `signature`, as base64url, is this key's over `message`.
    pub(super) fn has_signed(&self, algorithm: Algorithm, message: &[u8], signature: &str) -> bool {
        self.fits(algorithm)
            && jsonwebtoken::crypto::verify(signature, message, &self.public, algorithm.of_library())
                .is_ok_and(|is_right| is_right)
    }
}

fn without_leading_zeros(mut number: Vec<u8>) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.drain(..zeros);
    number
}

fn is_of_size(text: &str, size: usize) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == size)
}

/// Why a token's times are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// No `exp` (RFC 7519 §4.1.4; OpenID Connect Core §2 and RFC 9068 §2.2 require it).
    #[error("the token does not say when it expires")]
    NoExpiry,
    /// `exp` has passed (RFC 7519 §4.1.4).
    #[error("the token has expired")]
    Expired,
    /// `nbf` is in the future (RFC 7519 §4.1.5).
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` is in the future (RFC 7519 §4.1.6).
    #[error("the token was issued in the future")]
    IssuedInTheFuture,
    /// A time is not a number (RFC 7519 §2, `NumericDate`).
    #[error("a time in the token is not a number")]
    NotANumber,
}

/// Checks `exp` (required), `nbf` and `iat` (where present) against `now`, in seconds since the epoch, allowing `skew`
/// seconds between the clocks.
///
/// # Errors
/// [`TimeError`] naming the check that failed.
pub fn check_times(claims: &Claims, now: i64, skew: i64) -> Result<(), TimeError> {
    let expires = seconds(claims, "exp")?.ok_or(TimeError::NoExpiry)?;
    if now >= expires.saturating_add(skew) {
        return Err(TimeError::Expired);
    }
    if seconds(claims, "nbf")?.is_some_and(|nbf| nbf > now.saturating_add(skew)) {
        return Err(TimeError::NotYetValid);
    }
    if seconds(claims, "iat")?.is_some_and(|iat| iat > now.saturating_add(skew)) {
        return Err(TimeError::IssuedInTheFuture);
    }
    Ok(())
}

/// A claim that holds a time, in whole seconds since the epoch.
///
/// # Errors
/// [`TimeError::NotANumber`] when it is there and is no number, or one that no calendar knows.
pub fn seconds(claims: &Claims, name: &str) -> Result<Option<i64>, TimeError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    if let Some(seconds) = value.as_i64() {
        return Ok(Some(seconds));
    }
    match value.as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "the guard keeps it within 53 bits")]
        Some(seconds) if seconds.abs() <= MAX_DATE => Ok(Some(seconds.floor() as i64)),
        _ => Err(TimeError::NotANumber),
    }
}

/// A claim that is a string.
pub fn text<'a>(claims: &'a Claims, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// `aud`: one string, or an array of them (RFC 7519 §4.1.3). `None` when it is missing, empty or of another type.
pub fn audiences(claims: &Claims) -> Option<Vec<&str>> {
    match claims.get("aud")? {
        Value::String(one) => Some(vec![one]),
        Value::Array(many) if !many.is_empty() => many.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// Whether a token is for `own` (RFC 7519 §4.1.3), and for nobody else but those who are `trusted`.
pub(super) fn is_audience(claims: &Claims, own: &str, trusted: &[String]) -> bool {
    audiences(claims).is_some_and(|audiences| {
        let known = |audience: &str| audience == own || trusted.iter().any(|trusted| trusted == audience);
        audiences.contains(&own)
            && audiences.iter().all(|audience| known(audience))
            && audiences.iter().filter(|audience| **audience == own).count() == 1
    })
}

/// What a token's header says about itself, for the log: none of it is a secret, and none of it is believed.
pub(super) fn shown_header(token: &str) -> String {
    let header = token.split('.').next().filter(|header| header.len() <= MAX_TOKEN);
    let header = header.and_then(|header| object(header).ok()).unwrap_or_default();
    let shown = ["alg", "kid", "typ", "enc", "zip", "crit"]
        .iter()
        .filter_map(|name| Some(format!("{name}={}", loggable(&header.get(*name)?.to_string()))));
    shown.collect::<Vec<_>>().join(" ")
}

/// A claim as it was found, for the log.
pub(super) fn shown(claims: &Claims, name: &str) -> String {
    shown_value(claims.get(name))
}

/// The same, where the claim was looked up already.
pub(super) fn shown_value(claim: Option<&Value>) -> String {
    claim.map_or_else(|| "missing".to_owned(), |value| loggable(&value.to_string()))
}

/// The times of a token beside our own, for the log: the usual reason for a refusal is a clock.
pub(super) fn shown_times(claims: &Claims, now: i64) -> String {
    let times = ["exp", "nbf", "iat"].map(|name| format!("`{name}` is {}", shown(claims, name))).join(", ");
    format!("{times}; it is {now} here, and {SKEW} s are tolerated")
}

/// Claims that decide whose a token is, and for whom.
const DECISIVE: [&str; 11] = ["iss", "sub", "aud", "azp", "nonce", "tid", "oid", "sid", "jti", "client_id", "appid"];

/// The claims of a payload. Half of a surrogate pair (half an emoji in a name) is read as U+FFFD, which locks nobody out; in a
/// claim that decides something it is refused, because two texts that differ would be equal.
fn claims(part: &str) -> Result<Claims, JwtError> {
    let payload = URL_SAFE_NO_PAD.decode(part).map_err(|_| JwtError::NotBase64)?;
    let mended = outbound::without_lone_surrogates(&payload);
    let claims = strict_object(&mended)?;
    let is_lossy = |value: &Value| value.to_string().contains('\u{fffd}');
    let decisive = || DECISIVE.iter().filter_map(|name| claims.get(*name));
    if matches!(mended, Cow::Owned(_)) && decisive().any(is_lossy) {
        return Err(JwtError::NotJson);
    }
    Ok(claims)
}

/// Decodes one part of a token as a JSON object without duplicate members.
fn object(part: &str) -> Result<Map<String, Value>, JwtError> {
    strict_object(&URL_SAFE_NO_PAD.decode(part).map_err(|_| JwtError::NotBase64)?)
}

/// Reads a JSON object without duplicate members.
///
/// # Errors
/// [`JwtError::DuplicateMember`], [`JwtError::NotJson`].
pub(super) fn strict_object(bytes: &[u8]) -> Result<Map<String, Value>, JwtError> {
    let duplicate = Cell::new(false);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = Strict(&duplicate).deserialize(&mut json).and_then(|value| json.end().map(|()| value));
    match value {
        Ok(Value::Object(members)) => Ok(members),
        Err(_) if duplicate.get() => Err(JwtError::DuplicateMember),
        Ok(_) | Err(_) => Err(JwtError::NotJson),
    }
}

/// Reads a JSON value, refusing objects in which a name occurs twice. `serde_json` alone would keep the last one, and
/// another reader of the same token the first. The flag tells that refusal from others.
#[derive(Clone, Copy)]
struct Strict<'a>(&'a Cell<bool>);

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self)?;
            if object.insert(name, value).is_some() {
                self.0.set(true);
                return Err(A::Error::custom("a name occurs twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(header: &str, payload: &str) -> String {
        format!(
            "{}.{}.{}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(payload),
            URL_SAFE_NO_PAD.encode("s")
        )
    }

    #[test]
    fn only_a_bounded_signed_uncompressed_token_of_an_allowed_algorithm_is_looked_at() {
        let megabyte = format!("{}.e30.e30", "A".repeat(1024 * 1024));
        let cases: [(&str, &str, JwtError); 17] = [
            ("a megabyte", &megabyte, JwtError::TooLong),
            ("nothing", "", JwtError::NotCompactJws),
            ("two parts", "e30.e30", JwtError::NotCompactJws),
            ("four parts", "e30.e30.e30.e30", JwtError::NotCompactJws),
            ("five parts: JWE", "e30.e30.e30.e30.e30", JwtError::Encrypted),
            ("padding", "e30=.e30.e30", JwtError::NotBase64),
            ("not an object", &token("[]", "{}"), JwtError::NotJson),
            ("text after it", &token(r#"{"alg":"RS256"} x"#, "{}"), JwtError::NotJson),
            ("not UTF-8", "_w.e30.e30", JwtError::NotJson),
            ("no alg", &token("{}", "{}"), JwtError::AlgorithmNotAllowed),
            ("none", &token(r#"{"alg":"none"}"#, "{}"), JwtError::AlgorithmNotAllowed),
            ("None", &token(r#"{"alg":"nOnE"}"#, "{}"), JwtError::AlgorithmNotAllowed),
            ("HS256", &token(r#"{"alg":"HS256"}"#, "{}"), JwtError::AlgorithmNotAllowed),
            ("crit", &token(r#"{"alg":"RS256","crit":[]}"#, "{}"), JwtError::Critical),
            ("zip", &token(r#"{"alg":"RS256","zip":"DEF"}"#, "{}"), JwtError::Compressed),
            ("enc", &token(r#"{"alg":"RS256","enc":"A128GCM"}"#, "{}"), JwtError::Encrypted),
            ("alg twice", &token(r#"{"alg":"RS256","alg":"none"}"#, "{}"), JwtError::DuplicateMember),
        ];
        for (name, token, expected) in cases {
            assert_eq!(parse(token).expect_err(name), expected, "{name}");
        }
    }

    #[test]
    fn a_member_named_twice_is_found_at_any_depth_and_in_any_spelling() {
        for payload in [r#"{"a":1,"a":1}"#, r#"{"a":{"b":[{"c":1,"c":2}]}}"#, r#"{"a":1,"\u0061":2}"#] {
            assert_eq!(object(&URL_SAFE_NO_PAD.encode(payload)), Err(JwtError::DuplicateMember), "{payload}");
        }
        let same_name_in_two_objects = r#"{"a":{"a":1},"b":{"a":-1.5}}"#;
        let read = object(&URL_SAFE_NO_PAD.encode(same_name_in_two_objects)).expect("valid");
        assert_eq!(Value::Object(read), json!({"a": {"a": 1}, "b": {"a": -1.5}}));
        let deep = "[".repeat(5000);
        assert_eq!(object(&URL_SAFE_NO_PAD.encode(deep)), Err(JwtError::NotJson));
    }

    #[test]
    fn times_beyond_sixty_seconds_of_skew_are_refused() {
        let now = 1_000_000;
        let cases = [
            (json!({"exp": now + 1}), Ok(())),
            (json!({"exp": now - 59}), Ok(())),
            (json!({"exp": now - 60}), Err(TimeError::Expired)),
            (json!({"exp": 0}), Err(TimeError::Expired)),
            (json!({"exp": i64::MIN}), Err(TimeError::Expired)),
            (json!({"exp": i64::MAX}), Ok(())),
            (json!({"exp": 1_000_000.5}), Ok(())),
            (json!({"exp": 1e300}), Err(TimeError::NotANumber)),
            (json!({}), Err(TimeError::NoExpiry)),
            (json!({"exp": "1000001"}), Err(TimeError::NotANumber)),
            (json!({"exp": null}), Err(TimeError::NotANumber)),
            (json!({"exp": now + 1, "nbf": now + 60}), Ok(())),
            (json!({"exp": now + 1, "nbf": now + 61}), Err(TimeError::NotYetValid)),
            (json!({"exp": now + 1, "iat": now + 60}), Ok(())),
            (json!({"exp": now + 1, "iat": now + 61}), Err(TimeError::IssuedInTheFuture)),
            (json!({"exp": now + 1, "iat": true}), Err(TimeError::NotANumber)),
        ];
        for (claims, expected) in cases {
            let Value::Object(claims) = claims else { unreachable!("a table of objects") };
            assert_eq!(check_times(&claims, now, SKEW), expected, "{claims:?}");
        }
    }

    #[test]
    fn keys_for_encryption_weak_keys_and_foreign_curves_are_not_used() {
        let n = URL_SAFE_NO_PAD.encode([0xc3; 256]);
        let weak = URL_SAFE_NO_PAD.encode([0xc3; 128]);
        assert!(Key::from_jwk(&json!({"kty": "RSA", "n": n, "e": "AQAB"})).is_some());
        assert!(Key::from_jwk(&json!({"kty": "RSA", "n": n, "e": "AQAB", "use": "sig", "x5c": ["?"]})).is_some());
        for jwk in [
            json!({"kty": "RSA", "n": n, "e": "AQAB", "use": "enc"}),
            json!({"kty": "RSA", "n": n, "e": "AQAB", "key_ops": ["encrypt"]}),
            json!({"kty": "RSA", "n": n, "e": "AQAB", "alg": "RSA-OAEP"}),
            json!({"kty": "RSA", "n": weak, "e": "AQAB"}),
            json!({"kty": "RSA", "n": n}),
            json!({"kty": "oct", "k": "c2VjcmV0"}),
            json!({"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}),
            json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}),
            json!({"kty": 1}),
            json!(null),
        ] {
            assert!(Key::from_jwk(&jwk).is_none(), "{jwk}");
        }
    }

    #[test]
    fn half_an_emoji_locks_nobody_out_and_makes_nobody_somebody_else() {
        let read = |payload: &str| claims(&URL_SAFE_NO_PAD.encode(payload));
        let name = |payload: &str| read(payload).map(|claims| text(&claims, "name").map(str::to_owned));
        assert_eq!(name(r#"{"sub":"ada","name":"Ada \ud83d"}"#), Ok(Some("Ada \u{fffd}".to_owned())));
        assert_eq!(name(r#"{"sub":"ada","name":"Ada \ud83d\ude00"}"#), Ok(Some("Ada \u{1f600}".to_owned())));
        for decisive in [
            r#"{"sub":"ada\ud83d"}"#,
            r#"{"sub":"ada","iss":"\udc00"}"#,
            r#"{"sub":"ada","aud":["x","\ud83d"]}"#,
            r#"{"sub":"ada","oid":"\ud83d"}"#,
            r#"{"sub":"ada","sid":"\ud83d"}"#,
        ] {
            assert_eq!(read(decisive), Err(JwtError::NotJson), "{decisive}");
        }
        // Names that become equal are one name.
        assert_eq!(read(r#"{"a\ud83d":1,"a\ud83e":2}"#), Err(JwtError::DuplicateMember));
        assert_eq!(read(r#"{"sub":"ada","sub":"\ud83d"}"#), Err(JwtError::DuplicateMember));
    }
}
