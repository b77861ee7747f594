//! Where the next page begins: a text that says nothing to whoever holds it, and grants nothing.
//!
//! It holds the position that all pages show, the time that its decisions are made for, and the place; and a digest that binds
//! them to the question and to who asks. Every page is authorised anew, so a forged one shows nothing that an honest question
//! about that moment would not.

use crate::error::{Error, Result};
use scoped_projections::{Micros, Sequence};

/// Bytes of a cursor: version, position, time, scope, item, digest.
const BYTES: usize = 1 + 8 + 8 + 4 + 8 + 8;
const VERSION: u8 = 1;

/// Where the next page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// All pages show the world as it was here.
    pub(crate) position: Sequence,
    /// The time that the first page was decided for.
    pub(crate) time: Micros,
    /// Row of the scope that is being read.
    pub(crate) scope: u32,
    /// The next candidate in it: the row of an object or principal, or the place of an event.
    pub(crate) item: u64,
    /// What the question was.
    digest: u64,
}

/// Of another question, another moment, or none at all: the holder learns not which.
pub(crate) fn foreign() -> Error {
    Error::refused("invalid_cursor", "the cursor does not belong to this question")
        .hint("ask for the first page again")
}

/// What a cursor is bound to.
pub(crate) fn question(parts: &[&[u8]]) -> u64 {
    let mut hasher = blake3::Hasher::new_derive_key("scoped 2026 page of a question v1");
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut first = [0; 8];
    hasher.finalize_xof().fill(&mut first);
    u64::from_le_bytes(first)
}

impl Cursor {
    /// A place in the answer to a question.
    pub(crate) fn new(position: Sequence, time: Micros, scope: u32, item: u64, question: u64) -> Self {
        Self { position, time, scope, item, digest: question }.sealed()
    }
    /// Is it a place in the answer to this question?
    pub(crate) fn check(&self, question: u64) -> Result<()> {
        let same = Self { digest: question, ..*self }.sealed();
        if same == *self { Ok(()) } else { Err(foreign()) }
    }
    fn sealed(self) -> Self {
        let digest = question(&[
            &self.digest.to_le_bytes(),
            &self.position.get().to_le_bytes(),
            &self.time.to_le_bytes(),
            &self.scope.to_le_bytes(),
            &self.item.to_le_bytes(),
        ]);
        Self { digest, ..self }
    }

    /// The text of it.
    pub(crate) fn text(&self) -> String {
        let mut bytes = Vec::with_capacity(BYTES);
        bytes.push(VERSION);
        bytes.extend(self.position.get().to_le_bytes());
        bytes.extend(self.time.to_le_bytes());
        bytes.extend(self.scope.to_le_bytes());
        bytes.extend(self.item.to_le_bytes());
        bytes.extend(self.digest.to_le_bytes());
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads a text; whether it belongs to the question is for [`Self::check`].
    pub(crate) fn parse(text: &str) -> Result<Self> {
        if text.len() != 2 * BYTES || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(foreign());
        }
        let mut bytes = [0_u8; BYTES];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| foreign())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| foreign())?;
        }
        let number = |at: usize, len: usize| {
            let mut eight = [0; 8];
            eight[..len].copy_from_slice(&bytes[at..at + len]);
            u64::from_le_bytes(eight)
        };
        if bytes[0] != VERSION {
            return Err(foreign());
        }
        Ok(Self {
            position: Sequence::new(number(1, 8)),
            time: number(9, 8),
            scope: number(17, 4) as u32,
            item: number(21, 8),
            digest: number(29, 8),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_belongs_to_one_question() {
        let asked = question(&[b"view", b"scope"]);
        let cursor = Cursor::new(Sequence::new(7), 9, 3, u64::MAX, asked);
        let text = cursor.text();
        assert_eq!(Cursor::parse(&text).unwrap(), cursor);
        assert!(cursor.check(asked).is_ok());
        assert_eq!(cursor.check(question(&[b"views", b"cope"])).unwrap_err().code(), "invalid_cursor");
    }

    #[test]
    fn no_changed_or_shortened_text_is_a_cursor_of_the_question() {
        let asked = question(&[b"q"]);
        let text = Cursor::new(Sequence::new(7), 9, 3, 5, asked).text();
        for at in 0..text.len() {
            let mut other = text.clone().into_bytes();
            other[at] = if other[at] == b'0' { b'1' } else { b'0' };
            let other = String::from_utf8(other).unwrap();
            let refused = Cursor::parse(&other).and_then(|cursor| cursor.check(asked));
            assert_eq!(refused.unwrap_err().code(), "invalid_cursor", "{at}");
            assert!(Cursor::parse(&text[..at]).is_err());
        }
        for text in ["", "x", "é", &"é".repeat(BYTES), &text.to_uppercase(), &format!("{text}00")] {
            assert!(Cursor::parse(text).is_err(), "{text}");
        }
    }
}
