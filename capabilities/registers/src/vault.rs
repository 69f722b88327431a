//! Encryption of sensitive fields (AES-256-GCM) and their blind index (HMAC-SHA-256).

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead, KeyInit, Nonce};
use gridweave_core::{Personal, Rng};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

const NONCE_BYTES: usize = 12;

/// Holds the key that the database never sees. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    cipher: Aes256Gcm,
    index_key: [u8; 32],
}

impl Vault {
    /// A vault from 32 bytes of key material; encryption and index use keys derived from it.
    pub fn new(secret: &[u8; 32]) -> Self {
        let derive = |purpose: &[u8]| -> [u8; 32] {
            let mut hasher = Sha256::new();
            hasher.update(secret);
            hasher.update(purpose);
            hasher.finalize().into()
        };
        Self { cipher: Aes256Gcm::new(&derive(b"encrypt").into()), index_key: derive(b"index") }
    }

    /// Encrypts a value with a fresh nonce, which goes in front.
    pub fn seal(&self, value: &Personal<String>, rng: &mut dyn Rng) -> Vec<u8> {
        let mut nonce = [0u8; NONCE_BYTES];
        rng.fill(&mut nonce);
        let sealed = self.cipher.encrypt(&Nonce::<Aes256Gcm>::from(nonce), value.reveal().as_bytes());
        // AES-GCM refuses only texts of more than 64 GiB.
        let mut out = nonce.to_vec();
        out.extend(sealed.unwrap_or_default());
        out
    }

    /// Decrypts what [`Vault::seal`] made; none where the key or the bytes are not the same.
    pub fn open(&self, sealed: &[u8]) -> Option<Personal<String>> {
        let (nonce, body) = sealed.split_at_checked(NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        let clear = self.cipher.decrypt(&Nonce::<Aes256Gcm>::from(nonce), body).ok()?;
        String::from_utf8(clear).ok().map(Personal::new)
    }

    /// The blind index of a value: the same value always gives the same bytes, and only this key
    /// gives them.
    pub fn index(&self, value: &str) -> Vec<u8> {
        let Ok(mut mac) = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&self.index_key) else {
            return Vec::new();
        };
        mac.update(value.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridweave_core::SeededRng;

    #[test]
    fn only_the_same_key_opens_and_finds() {
        let mut rng = SeededRng::new(1);
        let (vault, other) = (Vault::new(&[1; 32]), Vault::new(&[2; 32]));
        let value = Personal::new("13800001234".to_owned());
        let sealed = vault.seal(&value, &mut rng);
        assert_ne!(sealed, vault.seal(&value, &mut rng), "a fresh nonce each time");
        assert!(vault.open(&sealed) == Some(value));
        assert!(other.open(&sealed).is_none());
        assert!(vault.open(&sealed[..5]).is_none());
        assert_eq!(vault.index("a"), vault.index("a"));
        assert_ne!(vault.index("a"), other.index("a"));
    }
}
