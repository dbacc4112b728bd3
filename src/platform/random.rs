//! Unguessable values, from the operating system through aws-lc.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Fills an array with random bytes.
///
/// # Panics
/// When the operating system has no randomness to give: no security is possible then, and the program must not go on.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system's random generator works");
    bytes
}

/// 32 random bytes as base64url (43 characters, 256 bits): state, nonce, codes, handles, secrets.
pub fn token() -> String {
    URL_SAFE_NO_PAD.encode(bytes::<32>())
}

/// A random number of `digits` decimal digits, leading zeros kept, without bias: passcodes.
pub fn digits(digits: u32) -> String {
    let ceiling = 10_u64.pow(digits);
    let fair = u64::MAX - u64::MAX % ceiling;
    loop {
        let number = u64::from_le_bytes(bytes());
        if number < fair {
            return format!("{:0width$}", number % ceiling, width = digits as usize);
        }
    }
}
