//! Opaque bytes of an event, with the digest the chain sees them by.

use crate::{digest::Digest, error::LogError, hash};
use std::sync::Arc;

/// Payload bytes with their digest, computed where this is constructed: on the caller's thread, never the writer's.
#[derive(Clone, Debug)]
pub struct Payload {
    bytes: Arc<[u8]>,
    digest: Digest,
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
        Ok(Self { bytes, digest })
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
