//! Passwords by argon2id (RFC 9106), tokens by SHA-256: a token is random, so it needs no salt.

use argon2::{Argon2, PasswordHasher, PasswordVerifier, password_hash::phc::PasswordHash};
use gridweave_core::Rng;
use sha2::{Digest, Sha256};

/// The hash of a password as a PHC string; none only where the parameters are refused.
pub fn hash(password: &str, rng: &mut dyn Rng) -> Option<String> {
    let mut salt = [0u8; 16];
    rng.fill(&mut salt);
    let hashed = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt).ok()?;
    Some(hashed.to_string())
}

/// Does the password fit the hash? Takes the same time when there is no hash, so that a sign-in
/// name's existence cannot be measured.
pub fn fits(password: &str, hash: Option<&str>) -> bool {
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let known = hash.unwrap_or(NOBODY);
    let Ok(parsed) = PasswordHash::new(known) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && hash.is_some()
}

/// A random token of 256 bits in hexadecimal.
pub fn token(rng: &mut dyn Rng) -> String {
    let mut bytes = [0u8; 32];
    rng.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is stored of a token.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridweave_core::SeededRng;

    #[test]
    fn a_password_fits_its_own_hash_only() {
        let mut rng = SeededRng::new(1);
        let hashed = hash("correct horse", &mut rng);
        assert!(fits("correct horse", hashed.as_deref()));
        assert!(!fits("wrong horse", hashed.as_deref()));
        assert!(!fits("correct horse", None));
        assert_ne!(token(&mut rng), token(&mut rng));
    }
}
