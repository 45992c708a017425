//! Keyed hashes: who has a database without its key cannot search it for a number.
//!
//! Pure. What always holds: the hash is HMAC-SHA-256 (RFC 2104) of the whole message.

use sha2::{Digest, Sha256};

const BLOCK_BYTES: usize = 64;

/// HMAC-SHA-256. The key has at most 64 bytes; further ones do not count.
pub fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let padded = |with: u8| {
        let mut block = [with; BLOCK_BYTES];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}

/// A key that is made ready for many messages: half the work of [`hmac`] for short ones.
#[derive(Clone)]
pub struct Hmac {
    inner: Sha256,
    outer: Sha256,
}

impl Hmac {
    /// Makes a key of at most 64 bytes ready.
    pub fn new(key: &[u8]) -> Self {
        let padded = |with: u8| {
            let mut block = [with; BLOCK_BYTES];
            block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
            Sha256::new().chain_update(block)
        };
        Self { inner: padded(0x36), outer: padded(0x5c) }
    }

    /// HMAC-SHA-256 of a message.
    pub fn hash(&self, message: &[u8]) -> [u8; 32] {
        let inner = self.inner.clone().chain_update(message).finalize();
        self.outer.clone().chain_update(inner).finalize().into()
    }
}

impl std::fmt::Debug for Hmac {
    /// The key stays where it is.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hmac")
    }
}

#[cfg(test)]
mod tests {
    use super::{Hmac, hmac};

    /// RFC 4231, test case 2.
    #[test]
    fn the_hash_is_the_one_of_the_rfc() {
        let hex: String =
            hmac(b"Jefe", b"what do ya want for nothing?").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        for (key, message) in [(&b"Jefe"[..], &b"what do ya want for nothing?"[..]), (&[7; 64], b""), (b"", &[1; 200])]
        {
            assert_eq!(Hmac::new(key).hash(message), hmac(key, message));
        }
    }
}
