//! Secrets that must not stand anywhere: values that whoever asks knows, and shapes that only secrets have.
//!
//! A value is looked for as its bytes, as JSON would write it, and in base64; one that is hashed or encrypted is not a leak. What is
//! found is named by place, never by value.

use super::check::Book;
use super::invariant::CheckName;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use std::fmt;

/// A value that must not stand anywhere. Shown nowhere, not even in a debugger's output.
#[derive(Clone)]
pub struct Secret {
    name: String,
    forms: Vec<Vec<u8>>,
}

/// Shorter values are found by chance.
const BYTES_MIN: usize = 6;

impl Secret {
    /// A value, and the name under which it is reported.
    ///
    /// # Errors
    /// When the value has fewer than six bytes: those stand in any log by chance.
    pub fn new(name: impl Into<String>, value: &[u8]) -> crate::Result<Self> {
        if value.len() < BYTES_MIN {
            let message = format!("a secret of fewer than {BYTES_MIN} bytes stands in any log by chance");
            return Err(crate::Error::invalid(message));
        }
        let mut forms = vec![value.to_vec(), base64(value)];
        let escaped = std::str::from_utf8(value).ok().and_then(|text| serde_json::to_string(text).ok());
        forms.extend(escaped.map(|text| text.trim_matches('"').as_bytes().to_vec()));
        forms.sort();
        forms.dedup();
        Ok(Self { name: name.into(), forms })
    }
    /// The name under which it is reported.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Does it stand in these bytes?
    pub(super) fn is_in(&self, bytes: &[u8]) -> bool {
        self.forms.iter().any(|form| memchr::memmem::find(bytes, form).is_some())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.name)
    }
}

/// Without its last digits, which depend on what stands behind.
fn base64(value: &[u8]) -> Vec<u8> {
    STANDARD_NO_PAD.encode(&value[..value.len() / 3 * 3]).into_bytes()
}

/// Shapes that nothing but a secret has.
const SHAPES: &[(&str, &[u8])] = &[
    ("a private key", b"-----BEGIN PRIVATE KEY-----"),
    ("a private key", b"-----BEGIN RSA PRIVATE KEY-----"),
    ("a private key", b"-----BEGIN EC PRIVATE KEY-----"),
    ("a private key", b"-----BEGIN OPENSSH PRIVATE KEY-----"),
    ("an age identity", b"AGE-SECRET-KEY-1"),
];

/// Looks for secrets.
pub(super) struct Sieve<'a> {
    secrets: &'a [Secret],
}

impl<'a> Sieve<'a> {
    pub(super) fn new(secrets: &'a [Secret]) -> Self {
        Self { secrets }
    }

    /// Some bytes, and where they stand.
    pub(super) fn look(&self, bytes: &[u8], place: impl Fn() -> String, book: &mut Book) {
        let name = CheckName::SecretHygiene;
        book.saw(name, 1);
        for secret in self.secrets {
            if secret.is_in(bytes) {
                book.violation(name, || format!("the secret `{}` stands in {}", secret.name, place()));
            }
        }
        for (what, shape) in SHAPES {
            if memchr::memmem::find(bytes, shape).is_some() {
                book.warning(name, || format!("{} looks like {what}", place()));
            }
        }
    }
}
