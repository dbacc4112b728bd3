//! Authenticated encryption of small values at rest and in cookies: AES-256-GCM under a ring of keys. The first key
//! encrypts, all of them decrypt, so a key is rotated by putting a new one in front.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};

use super::config::{ConfigError, SecretSource};
use super::random;

/// Keys that seal and open. Does not print its keys.
#[derive(Clone)]
pub struct KeyRing(std::sync::Arc<Vec<LessSafeKey>>);

/// Why a key ring cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// No key at all.
    #[error("the list of encryption keys is empty: give at least one (32 random bytes, base64url)")]
    Empty,
    /// Not 32 bytes of base64url.
    #[error("encryption key number {0} is not 32 bytes in base64url without padding (43 characters)")]
    Malformed(usize),
}

/// The sealed text is not ours: damaged, made under a key we no longer have, or bound to another context.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value could not be opened")]
pub struct CannotOpen;

impl KeyRing {
    /// A new random key in the form that [`KeyRing::parse`] reads.
    pub fn generate() -> String {
        URL_SAFE_NO_PAD.encode(random::bytes::<32>())
    }

    /// Reads keys in base64url; the first one encrypts.
    ///
    /// # Errors
    /// When the list is empty or a key is not 32 bytes.
    pub fn parse(keys: &[SecretString]) -> Result<Self, KeyRingError> {
        if keys.is_empty() {
            return Err(KeyRingError::Empty);
        }
        let parse = |(position, key): (usize, &SecretString)| {
            let bytes = URL_SAFE_NO_PAD
                .decode(key.expose_secret().trim())
                .map_err(|_| KeyRingError::Malformed(position + 1))?;
            let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| KeyRingError::Malformed(position + 1))?;
            Ok(LessSafeKey::new(key))
        };
        Ok(Self(std::sync::Arc::new(keys.iter().enumerate().map(parse).collect::<Result<_, _>>()?)))
    }

    /// Reads the keys that stand at `key` of the configuration.
    ///
    /// # Errors
    /// [`ConfigError`] when one cannot be read, or is no key.
    pub fn read(key: &str, sources: &[SecretSource]) -> Result<Self, ConfigError> {
        let keys: Vec<SecretString> = sources.iter().map(|source| source.read(key)).collect::<Result<_, _>>()?;
        Self::parse(&keys).map_err(|error| {
            let remedy = "make one with: openssl rand -base64 32 | tr '+/' '-_' | tr -d '='";
            ConfigError::refused(key, format!("cannot be used: {error}"), remedy)
        })
    }

    /// Seals `plain` for `context` (what it is and whose: authenticated, not stored). Base64url text.
    ///
    /// # Panics
    /// For a plaintext of more than 64 GiB.
    pub fn seal(&self, context: &str, plain: &str) -> String {
        let nonce = random::bytes::<NONCE_LEN>();
        let mut sealed = plain.as_bytes().to_vec();
        // Sealing fails only for plaintexts of more than 64 GiB; nonces are 96 random bits (SP 800-38D §8.2.2).
        self.0[0]
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut sealed)
            .expect("the plaintext is shorter than 64 GiB");
        let mut out = nonce.to_vec();
        out.extend_from_slice(&sealed);
        URL_SAFE_NO_PAD.encode(out)
    }

    /// Opens what [`KeyRing::seal`] made for the same context.
    ///
    /// # Errors
    /// [`CannotOpen`], without saying why.
    pub fn open(&self, context: &str, sealed: &str) -> Result<String, CannotOpen> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| CannotOpen)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN).ok_or(CannotOpen)?;
        for key in self.0.iter() {
            let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CannotOpen)?;
            let mut buffer = sealed.to_vec();
            if let Ok(plain) = key.open_in_place(nonce, Aad::from(context), &mut buffer) {
                return String::from_utf8(plain.to_vec()).map_err(|_| CannotOpen);
            }
        }
        Err(CannotOpen)
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyRing({} keys)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(keys: &[&str]) -> KeyRing {
        KeyRing::parse(&keys.iter().map(|k| SecretString::from(*k)).collect::<Vec<_>>()).expect("valid keys")
    }

    #[test]
    fn a_sealed_value_opens_only_in_its_context_and_unaltered() {
        let ring = ring(&[&random::token()]);
        let sealed = ring.seal("refresh/alice", "secret");
        assert_eq!(ring.open("refresh/alice", &sealed).as_deref(), Ok("secret"));
        assert_eq!(ring.open("refresh/bob", &sealed), Err(CannotOpen));
        assert_eq!(ring.open("refresh/alice", &sealed[..sealed.len() - 2]), Err(CannotOpen));
        assert_eq!(ring.open("refresh/alice", ""), Err(CannotOpen));
        assert!(!sealed.contains("secret"));
    }

    #[test]
    fn a_rotated_key_still_opens() {
        let (old, new) = (random::token(), random::token());
        let sealed = ring(&[&old]).seal("c", "v");
        assert_eq!(ring(&[&new, &old]).open("c", &sealed).as_deref(), Ok("v"));
        assert_eq!(ring(&[&new]).open("c", &sealed), Err(CannotOpen));
    }

    #[test]
    fn an_empty_or_short_key_is_refused() {
        assert!(matches!(KeyRing::parse(&[]), Err(KeyRingError::Empty)));
        assert!(matches!(KeyRing::parse(&[SecretString::from("c2hvcnQ")]), Err(KeyRingError::Malformed(1))));
    }
}
