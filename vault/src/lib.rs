//! The vault: data keys of subjects, kept outside the log so that they can be destroyed, and the cipher that payloads are sealed with.
//!
//! ```text
//! key-encryption key ──wraps──▶ data key of a subject ──seals──▶ payloads of that subject
//! file, environment, provider    key store, outside the log        the log
//! ```
//!
//! Why: the log never forgets, and people have a right to be forgotten. Chain and digests cover ciphertext, so a destroyed key erases
//! every copy at once, and every sum still verifies.
//! Shape: one 32-byte data key a subject, drawn by chance, wrapped under the key-encryption key; payloads under XChaCha20-Poly1305, whose
//! nonces are long enough to be drawn. The cipher does not commit to its key, so a commitment stands beside the ciphertext: nobody can make one
//! that opens to two texts under two keys.
//! Units: keys are 32 bytes, nonces 24, tags and commitments 16; [`SEALED_OVERHEAD`] bytes are added to a payload.
//! Absent: events, JSON, who may do what, and when; the engine says that.
//! Source: RFC 8439; draft-irtf-cfrg-xchacha-03; Albertini et al., How to Abuse and Fix Authenticated Encryption Without Key Commitment (2022).

mod error;
mod kek;
mod sealing;
mod secret;
mod store;
mod stored;
mod vault;

pub use error::VaultError;
pub use kek::{Kek, KekEnv, KekFile, KekSource};
pub use sealing::{About, DataKey, SEALED_OVERHEAD, subject_of};
pub use store::{Guard, Held, KeyStore, WRAPPED_BYTES, Wrapped};
pub use stored::StoredKeys;
pub use vault::{Known, Rotated, Vault, rotate};

/// Where chance comes from.
pub trait Chance: Send + Sync {
    /// Fills `out` with bytes that nobody can predict (or, in a test, that everybody can).
    ///
    /// # Errors
    /// When there is none to be had; nothing is sealed then.
    fn fill(&self, out: &mut [u8]) -> std::io::Result<()>;
}
