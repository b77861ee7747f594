//! Rotation: a note in which an old key names the one that comes after it, signed by both.
//!
//! Why both: the old key's signature says that its owner means it; the new key's says that whoever holds it agreed.

use crate::{
    key::{PublicKey, Signer},
    note::{Note, NoteError},
};

const TITLE: &str = "scoped/key-rotation";

/// The statement that `new` follows `old`.
///
/// # Errors
/// None that keys can cause; the note's own.
pub fn statement(old: &Signer, new: &Signer) -> Result<Note, NoteError> {
    let mut note = Note::new(format!("{TITLE}\nold {}\nnew {}\n", old.public(), new.public()))?;
    note.sign(old)?;
    note.sign(new)?;
    Ok(note)
}

/// The key that follows `old` by this statement.
///
/// # Errors
/// [`NoteError`]: it is no such statement, speaks of another key, or one of both signatures is missing or false.
pub fn successor(note: &Note, old: &PublicKey) -> Result<PublicKey, NoteError> {
    let malformed = NoteError::Malformed;
    let mut lines = note.text().split('\n');
    let (title, from, to) = (lines.next(), lines.next(), lines.next());
    if title != Some(TITLE) || (lines.next(), lines.next()) != (Some(""), None) {
        return Err(malformed("it speaks of no rotation"));
    }
    let key =
        |line: Option<&str>, word| line.and_then(|line| line.strip_prefix(word)?.parse::<PublicKey>().ok());
    let named = key(from, "old ").ok_or(malformed("it names no old key"))?;
    let new = key(to, "new ").ok_or(malformed("it names no new key"))?;
    if named != *old {
        return Err(malformed("it speaks of another key"));
    }
    note.check(std::slice::from_ref(old))?;
    note.check(std::slice::from_ref(&new))?;
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(seed: u8) -> Signer {
        Signer::from_seed("ada", &[seed; 32]).unwrap()
    }

    #[test]
    fn a_new_key_is_followed_only_if_both_signed_for_it() {
        let (old, new) = (signer(1), signer(2));
        let note = statement(&old, &new).unwrap();
        let note = Note::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(successor(&note, &old.public()), Ok(new.public()));
        assert!(successor(&note, &new.public()).is_err());

        for only in [&old, &new] {
            let mut half = Note::new(note.text()).unwrap();
            half.sign(only).unwrap();
            assert!(successor(&half, &old.public()).is_err());
        }
        let mut other = Note::new(note.text().replace("rotation", "party")).unwrap();
        other.sign(&old).unwrap();
        other.sign(&new).unwrap();
        assert!(successor(&other, &old.public()).is_err());
    }
}
