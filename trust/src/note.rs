//! Signed notes: a text for people with signatures behind it.
//!
//! ```text
//! any lines of text
//! ⟨empty line⟩
//! — NAME base64(four bytes of key id ‖ signature)          one for each who signed
//! ```
//!
//! What is signed is the text with its last line feed. Signatures of unknown keys say nothing and are kept; one of a known
//! key that does not verify makes the whole note bad. Bounds come before anything is allocated.
//! Source: C2SP `signed-note`; Go's `golang.org/x/mod/sumdb/note`.

use crate::{
    base64,
    key::{KeyId, PublicKey, Signer, is_name},
};
use std::fmt;

/// Longest note that is read.
pub const NOTE_BYTES_MAX: usize = 64 << 10;
/// Most signatures of a note.
pub const SIGNATURES_MAX: usize = 100;
/// Longest signature line, base64 digits: room for signatures to come.
const SIGNATURE_DIGITS_MAX: usize = 8 << 10;

/// Why a note says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not of the form of a signed note.
    #[error("not a signed note: {0}")]
    Malformed(&'static str),
    /// A known key's signature does not verify: the text was changed, or somebody else signed.
    #[error("the signature of `{name}` ({id}) is false")]
    False {
        /// The key's name.
        name: String,
        /// The key's id.
        id: KeyId,
    },
    /// Nobody who is known signed it.
    #[error("none of the known keys signed it; it names {}", listed(.signers))]
    Unknown {
        /// Who did, by their own word.
        signers: Vec<String>,
    },
    /// It has no place for another signature.
    #[error("a note has at most {SIGNATURES_MAX} signatures, and one of each key")]
    Full,
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

/// One line of a note's end.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SignatureLine {
    name: String,
    id: KeyId,
    signature: Vec<u8>,
}

/// A text and who signed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl Note {
    /// A text that nobody has signed yet: lines, the last one ended.
    ///
    /// # Errors
    /// [`NoteError::Malformed`] for a text that no note can have.
    pub fn new(text: impl Into<String>) -> Result<Self, NoteError> {
        let text = text.into();
        check_text(&text)?;
        Ok(Self { text, signatures: Vec::new() })
    }

    /// Reads a note. Believes none of its signatures.
    ///
    /// # Errors
    /// [`NoteError::Malformed`].
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        let malformed = NoteError::Malformed;
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(malformed("it is longer than 64 KiB"));
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8"))?;
        let (text, lines) =
            whole.rsplit_once("\n\n").ok_or(malformed("no empty line before its signatures"))?;
        let text = format!("{text}\n");
        check_text(&text)?;
        let lines = lines.strip_suffix('\n').ok_or(malformed("its last line does not end"))?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() == SIGNATURES_MAX {
                return Err(malformed("it has more than 100 signatures"));
            }
            signatures
                .push(SignatureLine::parse(line).ok_or(malformed("a line behind the text is no signature"))?);
        }
        Ok(Self { text, signatures })
    }

    /// What is signed, with its last line feed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Names and ids of those who signed, by the note's own word.
    pub fn signers(&self) -> impl Iterator<Item = (&str, KeyId)> {
        self.signatures.iter().map(|line| (&*line.name, line.id))
    }

    /// Adds a signature. Signing again with the same key changes nothing.
    ///
    /// # Errors
    /// [`NoteError::Full`]; [`NoteError::False`] if a signature that says to be of this key is not.
    pub fn sign(&mut self, signer: &Signer) -> Result<(), NoteError> {
        let key = signer.public();
        match self.check(std::slice::from_ref(&key)) {
            Ok(_) => return Ok(()),
            Err(NoteError::Unknown { .. }) => {}
            Err(error) => return Err(error),
        }
        if self.signatures.len() == SIGNATURES_MAX {
            return Err(NoteError::Full);
        }
        let signature = signer.sign(self.text.as_bytes()).to_vec();
        self.signatures.push(SignatureLine { name: key.name().to_owned(), id: key.id(), signature });
        Ok(())
    }

    /// Which of these keys signed: at least one did, and none of their signatures is false.
    ///
    /// # Errors
    /// [`NoteError::False`], [`NoteError::Unknown`].
    pub fn check<'k>(&self, known: &'k [PublicKey]) -> Result<Vec<&'k PublicKey>, NoteError> {
        let mut signed: Vec<&PublicKey> = Vec::new();
        for line in &self.signatures {
            let of = |key: &&PublicKey| key.name() == line.name && key.id() == line.id;
            let Some(key) = known.iter().find(of) else { continue };
            if !key.signed(self.text.as_bytes(), &line.signature) {
                return Err(NoteError::False { name: line.name.clone(), id: line.id });
            }
            if !signed.contains(&key) {
                signed.push(key);
            }
        }
        if signed.is_empty() {
            let signers = self.signers().map(|(name, id)| format!("`{name}` ({id})")).collect();
            return Err(NoteError::Unknown { signers });
        }
        Ok(signed)
    }
}

impl SignatureLine {
    fn parse(line: &str) -> Option<Self> {
        let (name, digits) = line.strip_prefix("— ")?.split_once(' ')?;
        if !is_name(name) || digits.len() > SIGNATURE_DIGITS_MAX {
            return None;
        }
        let bytes = base64::decode(digits)?;
        let (id, signature) = bytes.split_first_chunk::<4>()?;
        let whole = !signature.is_empty();
        whole.then(|| Self { name: name.to_owned(), id: KeyId::new(*id), signature: signature.to_vec() })
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    let malformed = |why| Err(NoteError::Malformed(why));
    match text {
        _ if text.len() > NOTE_BYTES_MAX => malformed("it is longer than 64 KiB"),
        _ if !text.ends_with('\n') || text == "\n" => malformed("its text does not end with a line"),
        _ if text.chars().any(|c| c != '\n' && c.is_ascii_control()) => {
            malformed("it holds control characters")
        }
        _ => Ok(()),
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| {
            let bytes = [line.id.as_bytes().as_slice(), &line.signature].concat();
            writeln!(f, "— {} {}", line.name, base64::encode(&bytes))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The signed note of the documentation of Go's `golang.org/x/mod/sumdb/note`.
    const OTHERS: &str = "\
If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
";

    fn signer(seed: u8) -> Signer {
        Signer::from_seed(&format!("key{seed}"), &[seed; 32]).unwrap()
    }

    #[test]
    fn a_note_that_another_tool_signed_verifies_and_is_written_as_it_was() {
        let key: PublicKey =
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".parse().unwrap();
        let note = Note::parse(OTHERS.as_bytes()).unwrap();
        assert_eq!(note.check(std::slice::from_ref(&key)), Ok(vec![&key]));
        assert_eq!(note.to_string(), OTHERS);
        let signer = Signer::from_secret_text(
            "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
        );
        let mut again = Note::new(note.text()).unwrap();
        again.sign(&signer.unwrap()).unwrap();
        assert_eq!(again.to_string(), OTHERS);
    }

    #[test]
    fn several_sign_and_each_is_told_apart() {
        let mut note = Note::new("a\nb\n").unwrap();
        (1..4).for_each(|seed| note.sign(&signer(seed)).unwrap());
        note.sign(&signer(2)).unwrap();
        let note = Note::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(note.signers().count(), 3);
        let keys = [signer(3).public(), signer(9).public(), signer(1).public()];
        let signed: Vec<&str> = note.check(&keys).unwrap().into_iter().map(PublicKey::name).collect();
        assert_eq!(signed, ["key1", "key3"]);
        assert!(matches!(note.check(&keys[1..2]), Err(NoteError::Unknown { signers }) if signers.len() == 3));
    }

    #[test]
    fn a_changed_text_or_signature_is_false_even_beside_one_that_is_true() {
        let mut note = Note::new("size 7\n").unwrap();
        note.sign(&signer(1)).unwrap();
        let changed = note.to_string().replace("size 7", "size 8");
        let changed = Note::parse(changed.as_bytes()).unwrap();
        assert!(matches!(changed.check(&[signer(1).public()]), Err(NoteError::False { .. })));

        note.sign(&signer(2)).unwrap();
        let mut half = note.clone();
        half.signatures[1].signature[5] ^= 1;
        assert!(matches!(
            half.check(&[signer(1).public(), signer(2).public()]),
            Err(NoteError::False { .. })
        ));
        assert!(half.check(&[signer(1).public()]).is_ok(), "a key that is not known says nothing");
        half.signatures[1].signature.truncate(63);
        assert!(half.check(&[signer(2).public()]).is_err());
    }

    #[test]
    fn what_is_not_of_the_form_is_refused() {
        let mut sound = Note::new("a\n").unwrap();
        sound.sign(&signer(1)).unwrap();
        let sound = sound.to_string();
        let line = sound.lines().last().unwrap();
        let cases = [
            String::new(),
            "\n\n".to_owned(),
            "a\n\n".to_owned(),
            format!("a\n{line}\n"),
            sound.trim_end().to_owned(),
            sound.replace('—', "-"),
            sound.replace("— key1 ", "— key1  "),
            sound.replace("— key1 ", "— key+1 "),
            format!("{sound}\n"),
            format!("a\u{7}\n\n{line}\n"),
            format!("a\n\n{line}\r\n"),
            format!("a\n\n{}", format!("{line}\n").repeat(SIGNATURES_MAX + 1)),
            format!("{}\n\n{line}\n", "a".repeat(NOTE_BYTES_MAX)),
            format!("a\n\n— key1 {}\n", "A".repeat(4)),
        ];
        for bad in cases {
            assert!(Note::parse(bad.as_bytes()).is_err(), "{:?}", &bad[..bad.len().min(60)]);
        }
        assert!(Note::parse(&[b'a', 0xff, b'\n']).is_err());
        assert!(Note::new("no end").is_err() && Note::new("").is_err());
    }
}
