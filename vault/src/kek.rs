//! Key-encryption keys: what data keys are wrapped under, and where one is read from. Never the log.

use crate::error::VaultError;
use crate::sealing::{DataKey, decrypt, encrypt};
use crate::secret::Secret;
use crate::store::Wrapped;
use crate::{Chance, store::WRAPPED_BYTES};
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, Zeroizing};

/// A key that wraps data keys.
#[derive(Clone, Debug)]
pub struct Kek(Secret);

impl Kek {
    /// Takes key bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
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
    /// Reads 64 hexadecimal digits; white space around them is nothing.
    ///
    /// # Errors
    /// When it is something else. The message does not repeat it.
    pub fn from_hex(text: &str) -> Result<Self, VaultError> {
        let wrong = || VaultError::Kek("expected 64 hexadecimal digits".to_owned());
        let text = text.trim().as_bytes();
        let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
        let mut bytes = Zeroizing::new([0; 32]);
        if text.len() != 64 {
            return Err(wrong());
        }
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            let (high, low) = digit(pair[0]).zip(digit(pair[1])).ok_or_else(wrong)?;
            *byte = high << 4 | low;
        }
        Ok(Self::new(*bytes))
    }
    /// The 64 hexadecimal digits that [`Self::from_hex`] reads: for writing a new key down, once.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(64));
        for byte in self.0.bytes() {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        text
    }
    /// Says which key it is: what a wrapped key names the one it is wrapped under by.
    #[must_use]
    pub fn id(&self) -> [u8; 16] {
        self.0.commitment("scoped 2026 vault kek id v1")
    }

    pub(crate) fn wrap(
        &self,
        log: u128,
        subject: u128,
        key: &DataKey,
        chance: &dyn Chance,
    ) -> Result<Wrapped, VaultError> {
        let mut nonce = [0; 24];
        chance.fill(&mut nonce)?;
        let (wrapping, about) = (self.0.derive(WRAPPING), bound(log, subject));
        let sealed = encrypt(&wrapping, &nonce, key.bytes(), &about)?;
        let mut bytes = [0; WRAPPED_BYTES];
        bytes.copy_from_slice(&sealed);
        Ok(Wrapped { kek: self.id(), nonce, bytes })
    }

    pub(crate) fn unwrap(&self, log: u128, subject: u128, wrapped: &Wrapped) -> Result<DataKey, VaultError> {
        let wrong = || VaultError::WrongKek { subject };
        if wrapped.kek != self.id() {
            return Err(wrong());
        }
        let (wrapping, about) = (self.0.derive(WRAPPING), bound(log, subject));
        let mut clear = decrypt(&wrapping, &wrapped.nonce, &wrapped.bytes, &about).ok_or_else(wrong)?;
        let key = <[u8; 32]>::try_from(&clear[..]).map(DataKey::new).map_err(|_| wrong());
        clear.zeroize();
        key
    }
}

const WRAPPING: &str = "scoped 2026 vault wrapping v1";

/// What a wrapped key belongs to: in the place of another it does not unwrap.
fn bound(log: u128, subject: u128) -> Vec<u8> {
    [b"scoped wrapped key v1".as_slice(), &log.to_le_bytes(), &subject.to_le_bytes()].concat()
}

/// Where a key-encryption key is read from.
pub trait KekSource: Send + Sync {
    /// The key.
    ///
    /// # Errors
    /// When it cannot be had.
    fn kek(&self) -> Result<Kek, VaultError>;
}

impl KekSource for Kek {
    fn kek(&self) -> Result<Kek, VaultError> {
        Ok(self.clone())
    }
}

/// A file that holds 64 hexadecimal digits, which nobody but its owner may read.
#[derive(Clone, Debug)]
pub struct KekFile(PathBuf);

impl KekFile {
    /// That file.
    #[must_use]
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self(path.as_ref().to_owned())
    }
}

impl KekSource for KekFile {
    fn kek(&self) -> Result<Kek, VaultError> {
        let place = self.0.display();
        let wrong = |e: std::io::Error| VaultError::Kek(format!("`{place}`: {e}"));
        let about = std::fs::metadata(&self.0).map_err(wrong)?;
        #[cfg(unix)]
        if std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o077 != 0 {
            return Err(VaultError::Kek(format!("`{place}` may be read by others: `chmod 600` it")));
        }
        if about.len() > 1_024 {
            return Err(VaultError::Kek(format!("`{place}` is too long to be a key")));
        }
        Kek::from_hex(&Zeroizing::new(std::fs::read_to_string(&self.0).map_err(wrong)?))
    }
}

/// A variable of the environment that holds 64 hexadecimal digits.
#[derive(Clone, Debug)]
pub struct KekEnv(String);

impl KekEnv {
    /// That variable.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }
}

impl KekSource for KekEnv {
    fn kek(&self) -> Result<Kek, VaultError> {
        let found = std::env::var(&self.0);
        let found = found.map_err(|_| VaultError::Kek(format!("the variable `{}` is not set", self.0)))?;
        Kek::from_hex(&Zeroizing::new(found))
    }
}
