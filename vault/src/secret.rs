//! Thirty-two bytes that nobody gets to see.

use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Key bytes: wiped when they are dropped, and never shown.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Secret([u8; 32]);

impl Secret {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
    /// A key for one purpose.
    pub(crate) fn derive(&self, context: &str) -> Self {
        Self(blake3::derive_key(context, &self.0))
    }
    /// Sixteen bytes that say which key it is, and tell nothing about it.
    pub(crate) fn commitment(&self, context: &str) -> [u8; 16] {
        let derived = self.derive(context);
        let mut half = [0; 16];
        half.copy_from_slice(&derived.0[..16]);
        half
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
