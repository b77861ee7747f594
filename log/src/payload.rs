//! Opaque bytes of an event, with the digest the chain sees them by.

use crate::{digest::Digest, error::LogError, hash};
use std::sync::Arc;

/// Payload bytes with their digest, computed where this is constructed: on the caller's thread, never the writer's.
#[derive(Clone, Debug)]
pub struct Payload {
    bytes: Arc<[u8]>,
    digest: Digest,
    sealed: bool,
}

impl Payload {
    /// Longest payload a record takes: 16 MiB.
    pub const MAX_BYTES: usize = 16 << 20;

    /// Takes the bytes and digests them (0.3 µs for 200 B, 6 GB/s for long ones).
    ///
    /// # Errors
    /// [`LogError::TooLarge`] above [`Payload::MAX_BYTES`].
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Result<Self, LogError> {
        let bytes = bytes.into();
        if bytes.len() > Self::MAX_BYTES {
            return Err(LogError::too_large("payload", bytes.len() as u64, Self::MAX_BYTES as u64));
        }
        let digest = hash::payload(&bytes);
        Ok(Self { bytes, digest, sealed: false })
    }

    /// The same for bytes that are ciphertext: the record says so, and chain and digests cover the ciphertext, so that a key can be
    /// destroyed and every sum still verifies.
    ///
    /// # Errors
    /// As [`Payload::new`].
    pub fn sealed(bytes: impl Into<Arc<[u8]>>) -> Result<Self, LogError> {
        Ok(Self { sealed: true, ..Self::new(bytes)? })
    }

    /// Are the bytes ciphertext?
    pub fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// The bytes as they will be stored.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// `H_payload` of the bytes.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }
}
