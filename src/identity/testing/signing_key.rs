//! Key pairs of a provider, and tokens signed with them.

use std::sync::OnceLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
    RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A key pair, and the `kid` it is published under.
pub(crate) struct SigningKey {
    /// `kid`.
    pub(crate) id: &'static str,
    pair: Pair,
}

pub(crate) enum Pair {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    P384(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    pub(crate) fn rsa(id: &'static str) -> Self {
        Self { id, pair: Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).expect("a key")) }
    }

    /// The key that is published at first.
    pub(crate) fn first() -> &'static Self {
        static KEY: OnceLock<SigningKey> = OnceLock::new();
        KEY.get_or_init(|| Self::rsa("first"))
    }

    /// A key that is not published until [`ProviderDouble::publish`] says so.
    pub(crate) fn second() -> &'static Self {
        static KEY: OnceLock<SigningKey> = OnceLock::new();
        KEY.get_or_init(|| Self::rsa("second"))
    }

    /// A P-256 key, for ES256; not published at first.
    pub(crate) fn elliptic() -> &'static Self {
        static KEY: OnceLock<SigningKey> = OnceLock::new();
        KEY.get_or_init(|| {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
            Self { id: "elliptic", pair: Pair::P256(pair) }
        })
    }

    /// A P-384 key, for ES384; not published at first.
    pub(crate) fn larger_elliptic() -> &'static Self {
        static KEY: OnceLock<SigningKey> = OnceLock::new();
        KEY.get_or_init(|| {
            let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).expect("a key");
            Self { id: "larger", pair: Pair::P384(pair) }
        })
    }

    /// An Ed25519 key, for `EdDSA`; not published at first.
    pub(crate) fn edwards() -> &'static Self {
        static KEY: OnceLock<SigningKey> = OnceLock::new();
        KEY.get_or_init(|| Self { id: "edwards", pair: Pair::Ed25519(Ed25519KeyPair::generate().expect("a key")) })
    }

    /// The public key as a JSON Web Key.
    pub(crate) fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match &self.pair {
            Pair::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "use": "sig", "kid": self.id, "n": text(&public.n), "e": text(&public.e)})
            }
            Pair::P256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "use": "sig", "kid": self.id, "crv": "P-256", "x": text(x), "y": text(y)})
            }
            Pair::P384(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(48);
                json!({"kty": "EC", "use": "sig", "kid": self.id, "crv": "P-384", "x": text(x), "y": text(y)})
            }
            Pair::Ed25519(pair) => {
                json!({"kty": "OKP", "use": "sig", "kid": self.id, "crv": "Ed25519", "x": text(pair.public_key().as_ref())})
            }
        }
    }

    /// A token with exactly this header and these claims, signed by this key as the header's `alg` says (RS256 where
    /// the key cannot, so that a lie in the header stays a lie; RS512 is one too, but for [`SigningKey::sign_as`]).
    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// A token that says that it is signed with this algorithm, and is.
    pub(crate) fn sign_as(&self, algorithm: &str, claims: &Value) -> String {
        let padding: &'static dyn RsaEncoding = match algorithm {
            "RS384" => &RSA_PKCS1_SHA384,
            "RS512" => &RSA_PKCS1_SHA512,
            "PS256" => &RSA_PSS_SHA256,
            "PS384" => &RSA_PSS_SHA384,
            "PS512" => &RSA_PSS_SHA512,
            _ => &RSA_PKCS1_SHA256,
        };
        let header = json!({"alg": algorithm, "kid": self.id});
        self.sign_padded(&header.to_string(), &claims.to_string(), padding)
    }

    /// [`SigningKey::sign`] for JSON that `serde_json` would not write, such as a member named twice.
    pub(crate) fn sign_text(&self, header: &str, claims: &str) -> String {
        let padding: &'static dyn RsaEncoding =
            if header.contains("PS256") { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
        self.sign_padded(header, claims, padding)
    }

    pub(crate) fn sign_padded(&self, header: &str, claims: &str, padding: &'static dyn RsaEncoding) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, signed.as_bytes(), &mut signature).expect("a signature");
                signature
            }
            Pair::P256(pair) | Pair::P384(pair) => {
                pair.sign(&random, signed.as_bytes()).expect("a signature").as_ref().to_vec()
            }
            Pair::Ed25519(pair) => pair.sign(signed.as_bytes()).as_ref().to_vec(),
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// Signs claims with the first key under an ordinary header.
pub(crate) fn sign(claims: &Value) -> String {
    let key = SigningKey::first();
    key.sign(&json!({"typ": "JWT", "alg": "RS256", "kid": key.id}), claims)
}
