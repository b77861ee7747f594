//! Checkpoints: the head of a log, signed, to be kept where nobody who can write the log can write.
//!
//! ```text
//! scoped/01HX3ZQ6J5M8K9N0P1…          origin: whose log it is
//! 412377                              events
//! 3q2+7w…                             root of the tree over their leaves, base64
//! chain 9f2c41…                       chain value after the last of them, base64
//! time 1763812800000000               time of the last of them, µs since the epoch
//!
//! — NAME base64(key id ‖ signature)   whoever stands for it: the keeper of the log, and witnesses
//! ```
//!
//! Everything in it follows from the log, so all who sign the same head sign the same text, and signatures gather.
//! The form is that of transparency logs; the hash is not: roots are BLAKE3, so the origin is one of our own, and no
//! compatibility with their SHA-256 tiles is claimed.
//! Source: C2SP `tlog-checkpoint`.

use crate::{
    base64,
    key::{PublicKey, Signer},
    note::{Note, NoteError},
};
use scoped_log::{Digest, Micros, tree::TreeHead};
use std::fmt;
use ulid::Ulid;

const ORIGIN: &str = "scoped/";

/// Why a text is no checkpoint, or not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// As a note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A note, and not a checkpoint of one of our logs.
    #[error("not a checkpoint: {0}")]
    Malformed(&'static str),
}

/// A head with its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    head: TreeHead,
    note: Note,
}

impl Checkpoint {
    /// Nobody has signed it yet.
    ///
    /// # Errors
    /// None that a head can cause; the note's own.
    pub fn of(head: TreeHead) -> Result<Self, CheckpointError> {
        Ok(Self { head, note: Note::new(text(&head))? })
    }

    /// Reads a checkpoint. Believes none of its signatures.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        let head = head(note.text())?;
        Ok(Self { head, note })
    }

    /// What it says of the log.
    pub fn head(&self) -> &TreeHead {
        &self.head
    }

    /// The note that says it, with its signatures.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Adds a signature. Whoever signs stands for having checked that the log extends what they signed before.
    ///
    /// # Errors
    /// As [`Note::sign`].
    pub fn sign(&mut self, signer: &Signer) -> Result<(), CheckpointError> {
        Ok(self.note.sign(signer)?)
    }

    /// Which of these keys signed.
    ///
    /// # Errors
    /// As [`Note::check`].
    pub fn check<'k>(&self, known: &'k [PublicKey]) -> Result<Vec<&'k PublicKey>, CheckpointError> {
        Ok(self.note.check(known)?)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

/// What a log is called where its id is text.
#[must_use]
pub fn log_name(log_id: u128) -> String {
    Ulid(log_id).to_string()
}

/// The id of a log from what it is called; `None` for anything but the one spelling.
#[must_use]
pub fn log_id(name: &str) -> Option<u128> {
    let id = Ulid::from_string(name).ok()?;
    (id.to_string() == name).then_some(id.0)
}

fn text(head: &TreeHead) -> String {
    let TreeHead { log_id, size, root, chain, time } = head;
    let (root, chain) = (base64::encode(root.as_bytes()), base64::encode(chain.as_bytes()));
    format!("{ORIGIN}{}\n{size}\n{root}\nchain {chain}\ntime {time}\n", log_name(*log_id))
}

/// Lines that later builds may add behind these are signed like the others, and not looked at.
fn head(text: &str) -> Result<TreeHead, CheckpointError> {
    let malformed = CheckpointError::Malformed;
    let mut lines = text.split('\n');
    let mut line = |why| lines.next().ok_or(malformed(why));
    let origin = line("it has no origin")?.strip_prefix(ORIGIN).and_then(log_id);
    let log_id = origin.ok_or(malformed("its origin is no log of ours"))?;
    let size = number(line("it has no size")?).ok_or(malformed("its size is no number"))?;
    let root = digest(line("it has no root")?).ok_or(malformed("its root is no digest"))?;
    let chain = line("it has no chain value")?.strip_prefix("chain ").and_then(digest);
    let chain = chain.ok_or(malformed("its chain value is no digest"))?;
    let time = line("it has no time")?.strip_prefix("time ").and_then(number);
    let time: Micros = time.ok_or(malformed("its time is no number"))?;
    Ok(TreeHead { log_id, size, root, chain, time })
}

/// A decimal number in its one form.
fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten()
}

fn digest(text: &str) -> Option<Digest> {
    let bytes = (text.len() == 44).then(|| base64::decode(text)).flatten()?;
    bytes.try_into().ok().map(Digest::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head_of(size: u64) -> TreeHead {
        let log_id = 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10;
        let (root, chain) = (Digest::new([0xaa; 32]), Digest::new([0xbb; 32]));
        TreeHead { log_id, size, root, chain, time: 1_700_000_000_000_001 }
    }

    /// Golden: a checkpoint of format 1, which every later build reads and signs the same.
    #[test]
    fn the_text_of_a_checkpoint_and_its_signature_are_frozen() {
        let mut checkpoint = Checkpoint::of(head_of(412_377)).unwrap();
        checkpoint.sign(&Signer::from_seed("example.org/keeper", &[7; 32]).unwrap()).unwrap();
        let golden = include_str!("golden/checkpoint.txt");
        assert_eq!(checkpoint.to_string(), golden);
        let read = Checkpoint::parse(golden.as_bytes()).unwrap();
        assert_eq!(read, checkpoint);
        let key = Signer::from_seed("example.org/keeper", &[7; 32]).unwrap().public();
        assert_eq!(read.check(std::slice::from_ref(&key)), Ok(vec![&key]));
    }

    #[test]
    fn the_largest_and_the_empty_log_have_checkpoints() {
        for size in [0, 1, u64::MAX] {
            let checkpoint = Checkpoint::of(head_of(size)).unwrap();
            assert_eq!(head(checkpoint.note().text()), Ok(head_of(size)));
        }
    }

    #[test]
    fn lines_of_later_builds_are_kept_and_signed() {
        let mut note = Note::new(format!("{}more 1\n", text(&head_of(3)))).unwrap();
        let signer = Signer::from_seed("a", &[1; 32]).unwrap();
        note.sign(&signer).unwrap();
        let read = Checkpoint::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!((*read.head(), read.to_string()), (head_of(3), note.to_string()));
        assert!(read.check(&[signer.public()]).is_ok());
    }

    #[test]
    fn texts_that_only_look_like_checkpoints_are_refused() {
        let sound = text(&head_of(3));
        for (from, to) in [
            ("scoped/", "other/"),
            ("scoped/0", "scoped/o"),
            ("\n3\n", "\n03\n"),
            ("\n3\n", "\n+3\n"),
            ("\n3\n", "\n18446744073709551616\n"),
            ("\n3\n", "\n\n"),
            ("chain ", "chain"),
            ("chain ", ""),
            ("time ", "at "),
            ("qqqq", "qqq"),
            ("=\nchain", "\nchain"),
        ] {
            let bad = sound.replacen(from, to, 1);
            assert_ne!(bad, sound);
            assert!(head(&bad).is_err(), "{bad}");
        }
    }
}
