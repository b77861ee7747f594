//! What can be wrong with keys and with what is sealed. No message ever holds key or plaintext.

use std::io;

/// Why a key or a sealed payload cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The key store, or the source of chance, failed.
    #[error("the key store cannot be used: {0}")]
    Store(#[from] io::Error),
    /// The key-encryption key cannot be had.
    #[error("the key-encryption key cannot be read: {0}")]
    Kek(String),
    /// A key in the store is wrapped under another key-encryption key.
    #[error("the key of subject {subject:032x} is wrapped under another key-encryption key")]
    WrongKek {
        /// Whose key.
        subject: u128,
    },
    /// The key store belongs to another log.
    #[error("the key store belongs to the log {found:032x}, and this is {expected:032x}")]
    WrongLog {
        /// The log that is open.
        expected: u128,
        /// The one that the store was made for.
        found: u128,
    },
    /// Somebody else writes to the key store.
    #[error("the key store is in use: {0}")]
    InUse(String),
    /// A payload was sealed under another key than the store holds for its subject.
    #[error("the payload was sealed under another key than the store holds for subject {subject:032x}")]
    WrongKey {
        /// Whose key.
        subject: u128,
    },
    /// A sealed payload does not open where it stands: it was altered, or moved here from elsewhere.
    #[error("the sealed payload does not open: it was altered, or moved here from elsewhere")]
    Tampered,
    /// There is a key for the subject already, or there was one.
    #[error("the store holds another key for subject {subject:032x} already")]
    Exists {
        /// Whose key.
        subject: u128,
    },
}
