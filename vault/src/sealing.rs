//! Sealed payloads: what they look like, and how they are made and opened.
//!
//! ```text
//!  0 u8   format, 1
//!  1 u128 subject
//! 17 [16] commitment to the data key
//! 33 [24] nonce
//! 57      ciphertext, then a tag of 16 bytes
//! ```
//!
//! Subject and commitment are in the clear: whoever holds the log can tell which payloads belong together, and nothing of what they say.
//! What a payload is about is bound to it ([`About`]): in the place of another it does not open.

use crate::Chance;
use crate::error::VaultError;
use crate::secret::Secret;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use std::sync::Arc;
use zeroize::Zeroizing;

const FORMAT: u8 = 1;
const AT_COMMITMENT: usize = 17;
const AT_NONCE: usize = 33;
const AT_TEXT: usize = 57;
const TAG: usize = 16;

/// Bytes that sealing adds to a payload.
pub const SEALED_OVERHEAD: usize = AT_TEXT + TAG;

/// What a payload belongs to, and opens nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// The log.
    pub log: u128,
    /// Whose data it is.
    pub subject: u128,
    /// The kind of its event.
    pub kind: u16,
    /// The thing that the event is about: an object.
    pub thing: u128,
}

impl About {
    fn bytes(self) -> Vec<u8> {
        let Self { log, subject, kind, thing } = self;
        [
            b"scoped sealed payload v1".as_slice(),
            &log.to_le_bytes(),
            &subject.to_le_bytes(),
            &kind.to_le_bytes(),
            &thing.to_le_bytes(),
        ]
        .concat()
    }
}

/// The key of one subject. Cheap to clone; wiped when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct DataKey(Arc<Secret>);

impl DataKey {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(Arc::new(Secret::new(bytes)))
    }
    /// Draws one.
    ///
    /// # Errors
    /// When there is no chance to be had.
    pub fn draw(chance: &dyn Chance) -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0; 32]);
        chance.fill(&mut *bytes)?;
        Ok(Self::new(*bytes))
    }
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        self.0.bytes()
    }
    /// Says which key it is, and nothing about it.
    #[must_use]
    pub fn commitment(&self) -> [u8; 16] {
        self.0.commitment("scoped 2026 vault data key commitment v1")
    }
    /// A digest that nobody without the key can check a guess against.
    #[must_use]
    pub fn digest(&self, bytes: &[u8]) -> [u8; 32] {
        let key = self.0.derive("scoped 2026 vault keyed digest v1");
        *blake3::keyed_hash(key.bytes(), bytes).as_bytes()
    }

    /// Seals a payload.
    ///
    /// # Errors
    /// When there is no chance to be had.
    pub fn seal(&self, about: About, clear: &[u8], chance: &dyn Chance) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; 24];
        chance.fill(&mut nonce)?;
        let text = encrypt(&self.0.derive(PAYLOADS), &nonce, clear, &about.bytes())?;
        let mut out = Vec::with_capacity(AT_TEXT + text.len());
        out.push(FORMAT);
        out.extend_from_slice(&about.subject.to_le_bytes());
        out.extend_from_slice(&self.commitment());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&text);
        Ok(out)
    }

    /// Opens a sealed payload.
    ///
    /// # Errors
    /// [`VaultError::WrongKey`] when it was sealed under another key; [`VaultError::Tampered`] when it was altered, or stands where it
    /// does not belong.
    pub fn open(&self, about: About, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let subject = about.subject;
        if subject_of(sealed) != Some(subject) {
            return Err(VaultError::Tampered);
        }
        if sealed.get(AT_COMMITMENT..AT_NONCE) != Some(&self.commitment()[..]) {
            return Err(VaultError::WrongKey { subject });
        }
        let nonce = sealed.get(AT_NONCE..AT_TEXT).and_then(|nonce| <[u8; 24]>::try_from(nonce).ok());
        let (nonce, text) = nonce.zip(sealed.get(AT_TEXT..)).ok_or(VaultError::Tampered)?;
        decrypt(&self.0.derive(PAYLOADS), &nonce, text, &about.bytes()).ok_or(VaultError::Tampered)
    }
}

const PAYLOADS: &str = "scoped 2026 vault payloads v1";

/// Whose data a sealed payload is; `None` when the bytes are no sealed payload.
#[must_use]
pub fn subject_of(sealed: &[u8]) -> Option<u128> {
    let subject = sealed.get(1..AT_COMMITMENT)?.try_into().ok()?;
    (sealed.first() == Some(&FORMAT) && sealed.len() >= SEALED_OVERHEAD).then(|| u128::from_le_bytes(subject))
}

pub(crate) fn encrypt(
    key: &Secret,
    nonce: &[u8; 24],
    clear: &[u8],
    about: &[u8],
) -> Result<Vec<u8>, VaultError> {
    let cipher = XChaCha20Poly1305::new(key.bytes().into());
    // Fails only for texts of more than 256 GiB.
    cipher
        .encrypt(&XNonce::from(*nonce), Payload { msg: clear, aad: about })
        .map_err(|_| VaultError::Tampered)
}

pub(crate) fn decrypt(key: &Secret, nonce: &[u8; 24], text: &[u8], about: &[u8]) -> Option<Vec<u8>> {
    let cipher = XChaCha20Poly1305::new(key.bytes().into());
    cipher.decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: about }).ok()
}
