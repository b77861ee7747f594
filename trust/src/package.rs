//! Who vouches for a package: its digest in a signed note.
//!
//! ```text
//! scoped/package
//! 3f0c…             the digest that its manifest gives, 64 hex digits
//!
//! — example.org/keeper 8f2a…
//! ```
//!
//! What a signature says: whoever holds the key made this package, or checked it. Not that what it tells of its origin is true, nor that
//! what was hidden from its maker is in it. The digest has to be compared with the package by whoever reads it.

use crate::key::{PublicKey, Signer};
use crate::note::{Note, NoteError};
use scoped_log::Digest;

const TITLE: &str = "scoped/package";

fn text(digest: &Digest) -> String {
    format!("{TITLE}\n{digest}\n")
}

/// A note about the package of that digest, signed.
///
/// # Errors
/// None that a key can cause; the note's own.
pub fn signed(digest: &Digest, signer: &Signer) -> Result<Note, NoteError> {
    let mut note = Note::new(text(digest))?;
    note.sign(signer)?;
    Ok(note)
}

/// Which of these keys signed the package of that digest.
///
/// # Errors
/// [`NoteError::Malformed`] when it is about something else; as [`Note::check`].
pub fn check<'k>(
    note: &Note,
    digest: &Digest,
    known: &'k [PublicKey],
) -> Result<Vec<&'k PublicKey>, NoteError> {
    if note.text() != text(digest) {
        return Err(NoteError::Malformed("it speaks of another package, or of none"));
    }
    note.check(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_about_a_package_holds_for_its_digest_and_its_key_alone() {
        let (digest, other) = (Digest::new([3; 32]), Digest::new([4; 32]));
        let signer = |seed: u8| Signer::from_seed("ada", &[seed; 32]).unwrap();
        let (ada, bo) = (signer(1), signer(2));
        let note = signed(&digest, &ada).unwrap();
        let note = Note::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(check(&note, &digest, &[bo.public(), ada.public()]), Ok(vec![&ada.public()]));
        assert!(matches!(check(&note, &other, &[ada.public()]), Err(NoteError::Malformed(_))));
        assert!(matches!(check(&note, &digest, &[bo.public()]), Err(NoteError::Unknown { .. })));
        // A checkpoint, or any other note with the digest in it, is none.
        let mut party = Note::new(note.text().replace("package", "party")).unwrap();
        party.sign(&ada).unwrap();
        assert!(check(&party, &digest, &[ada.public()]).is_err());
    }
}
