//! Keys: who signs, and how a signature is told to be theirs.
//!
//! Shape: the text forms of signed notes, so that small tools of others read them:
//!
//! ```text
//! public    NAME+HHHHHHHH+base64(01 ‖ 32 bytes)
//! private   PRIVATE+KEY+NAME+HHHHHHHH+base64(01 ‖ 32 bytes)
//! HHHHHHHH  the id: the first four bytes of SHA-256(NAME ‖ 0A ‖ 01 ‖ public key), in hex
//! ```
//!
//! `01` says Ed25519; another number will be another algorithm, never a guess. This is the one module that names the
//! crate of the algorithm.
//! Source: C2SP `signed-note`; RFC 8032.

use crate::base64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};
use zeroize::Zeroizing;

/// Ed25519.
const ALGORITHM: u8 = 1;
const PRIVATE: &str = "PRIVATE+KEY+";
/// Longest name of a key, bytes.
pub const KEY_NAME_BYTES_MAX: usize = 200;
/// Bytes of a signature.
pub(crate) const SIGNATURE_BYTES: usize = 64;

/// Why a text is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Names are what verifiers know a key by.
    #[error("a key's name has 1 to {KEY_NAME_BYTES_MAX} bytes, without `+`, blanks and control characters")]
    Name,
    /// Not of the form that keys have.
    #[error("not a key: {0}")]
    Malformed(&'static str),
    /// Another algorithm than this build knows.
    #[error("a key of algorithm {0}, this build knows {ALGORITHM} (Ed25519)")]
    Unsupported(u8),
    /// The operating system gives no randomness.
    #[error("no randomness from the operating system: {0}")]
    Chance(String),
}

/// The first four bytes of a key's digest: tells keys of one name apart, and proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 4]);

impl KeyId {
    /// The id with these bytes.
    pub const fn new(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 4] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// A key that verifies.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    key: VerifyingKey,
}

impl PublicKey {
    /// What its owner calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its id.
    pub fn id(&self) -> KeyId {
        let mut hasher = Sha256::new();
        hasher.update(self.name.as_bytes());
        hasher.update([b'\n', ALGORITHM]);
        hasher.update(self.key.as_bytes());
        let digest = hasher.finalize();
        KeyId([digest[0], digest[1], digest[2], digest[3]])
    }

    /// Whether this key signed that. Strict: no second signature of a message, no key of small order.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let signature =
            signature.first_chunk::<SIGNATURE_BYTES>().filter(|_| signature.len() == SIGNATURE_BYTES);
        signature.is_some_and(|bytes| self.key.verify_strict(message, &Signature::from_bytes(bytes)).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[ALGORITHM][..], self.key.as_bytes()].concat();
        write!(f, "{}+{}+{}", self.name, self.id(), base64::encode(&key))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        if text.starts_with(PRIVATE) {
            return Err(KeyError::Malformed(
                "this is a private key; keep it where it is, and name its public one",
            ));
        }
        let (name, id, bytes) = parts(text)?;
        let key = VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak());
        let key = key.ok_or(KeyError::Malformed("these bytes are no point that signs"))?;
        let public = Self { name: name.to_owned(), key };
        if public.id().to_string() == id {
            Ok(public)
        } else {
            Err(KeyError::Malformed("name, id and key disagree"))
        }
    }
}

/// A key that signs. Its secret is wiped from memory when it is dropped, and never shown.
pub struct Signer {
    name: String,
    key: SigningKey,
}

impl Signer {
    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    /// [`KeyError::Name`], [`KeyError::Chance`].
    pub fn generate(name: &str) -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *seed).map_err(|error| KeyError::Chance(error.to_string()))?;
        Self::from_seed(name, &seed)
    }

    /// The key of a secret. Equal secrets are equal keys: for tests, and for reading keys.
    ///
    /// # Errors
    /// [`KeyError::Name`].
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, KeyError> {
        is_name(name)
            .then(|| Self { name: name.to_owned(), key: SigningKey::from_bytes(seed) })
            .ok_or(KeyError::Name)
    }

    /// Reads what [`Signer::secret_text`] wrote.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_secret_text(text: &str) -> Result<Self, KeyError> {
        let rest =
            text.strip_prefix(PRIVATE).ok_or(KeyError::Malformed("it does not begin as private keys do"))?;
        let (name, id, seed) = parts(rest)?;
        let signer = Self::from_seed(name, &seed)?;
        if signer.public().id().to_string() == id {
            Ok(signer)
        } else {
            Err(KeyError::Malformed("name, id and key disagree"))
        }
    }

    /// The secret as text, for a file that nobody else can read.
    pub fn secret_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([ALGORITHM; 33]);
        bytes[1..].copy_from_slice(Zeroizing::new(self.key.to_bytes()).as_slice());
        let encoded = Zeroizing::new(base64::encode(bytes.as_slice()));
        Zeroizing::new(format!("{PRIVATE}{}+{}+{}", self.name, self.public().id(), *encoded))
    }

    /// The key that verifies what this one signs.
    pub fn public(&self) -> PublicKey {
        PublicKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.key.sign(message).to_bytes()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.public())
    }
}

/// Whether a key may have this name.
pub(crate) fn is_name(name: &str) -> bool {
    let fine = |c: char| c != '+' && !c.is_whitespace() && !c.is_control();
    (1..=KEY_NAME_BYTES_MAX).contains(&name.len()) && name.chars().all(fine)
}

/// Name, id and key of `NAME+ID+KEY`; a key's base64 may hold a `+` itself.
fn parts(text: &str) -> Result<(&str, &str, Zeroizing<[u8; 32]>), KeyError> {
    let mut fields = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (fields.next(), fields.next(), fields.next()) else {
        return Err(KeyError::Malformed("it has not the three parts name, id and key"));
    };
    if !is_name(name) {
        return Err(KeyError::Name);
    }
    // 33 bytes are 44 digits: nothing longer is looked at.
    let bytes = (key.len() == 44).then(|| base64::decode(key)).flatten().map(Zeroizing::new);
    let bytes = bytes.ok_or(KeyError::Malformed("its last part is no base64 of 33 bytes"))?;
    match bytes.split_first() {
        Some((&ALGORITHM, rest)) => {
            let mut key = Zeroizing::new([0; 32]);
            match rest.len() {
                32 => key.copy_from_slice(rest),
                _ => return Err(KeyError::Malformed("its last part is no base64 of 33 bytes")),
            }
            Ok((name, id, key))
        }
        Some((other, _)) => Err(KeyError::Unsupported(*other)),
        None => Err(KeyError::Malformed("its last part is empty")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key pair of the documentation of Go's `golang.org/x/mod/sumdb/note`.
    #[test]
    fn keys_of_other_tools_for_signed_notes_are_read() {
        let public: PublicKey =
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".parse().unwrap();
        assert_eq!((public.name(), public.id().to_string().as_str()), ("PeterNeumann", "c74f20a3"));
        let secret = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
        let signer = Signer::from_secret_text(secret).unwrap();
        assert_eq!(signer.public(), public);
        assert_eq!(signer.secret_text().as_str(), secret);
        assert_eq!(public.to_string().parse(), Ok(public));
    }

    #[test]
    fn keys_that_are_not_what_they_say_are_refused() {
        let key = Signer::from_seed("ada", &[7; 32]).unwrap().public().to_string();
        let (_, rest) = key.split_once('+').unwrap();
        for bad in [
            key.replace("ada", "bo"),
            key.replacen(&key[4..6], "00", 1),
            key[..key.len() - 1].to_owned(),
            format!("{key}A"),
            format!("+{rest}"),
            format!("a b+{rest}"),
            "ada".to_owned(),
            String::new(),
            "x".repeat(10_000),
        ] {
            assert!(bad.parse::<PublicKey>().is_err(), "{bad}");
            assert!(Signer::from_secret_text(&bad).is_err());
        }
        assert!(matches!(Signer::generate("a+b"), Err(KeyError::Name)));
    }

    #[test]
    fn a_secret_never_appears_where_a_key_is_shown() {
        let signer = Signer::from_seed("ada", &[7; 32]).unwrap();
        let secret = signer.secret_text();
        let digits = secret.rsplit('+').next().unwrap();
        assert!(!format!("{signer:?}").contains(digits));
        assert!(!signer.public().to_string().contains(digits));
        let told = secret.parse::<PublicKey>().unwrap_err().to_string();
        assert!(told.contains("private") && !told.contains(digits), "{told}");
    }

    #[test]
    fn generated_keys_differ() {
        let make = || Signer::generate("ada").unwrap().public().to_string();
        assert_ne!(make(), make());
    }
}
