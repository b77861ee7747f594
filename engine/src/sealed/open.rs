//! Reading payloads. Nothing else in the engine looks at the stored bytes of one (a lint holds that).

use super::{Absence, Content, Why, about};
use crate::error::{Error, Result};
use crate::history::{History, decode};
use scoped_log::Record;
use scoped_projections::{Sequence, SubjectId};
use scoped_vault::Known;

/// Whose data a record's payload is said to be by itself; `None` when it is not sealed.
#[expect(clippy::disallowed_methods, reason = "the subject stands there in the clear")]
pub(crate) fn stored_subject(record: &Record) -> Option<SubjectId> {
    record.payload().filter(|_| record.is_sealed()).and_then(scoped_vault::subject_of).map(SubjectId)
}

impl History {
    /// The payload of a record, as far as it can be read here: what is sealed is opened, or said to be erased or sealed.
    ///
    /// # Errors
    /// When sealed bytes do not open though the key is there: they were altered, or moved; when the key store cannot be read.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub fn content<'r>(&self, record: &'r Record) -> Result<Option<Content<'r>>> {
        let Some(stored) = record.payload() else { return Ok(None) };
        if !record.is_sealed() {
            return Ok(Some(Content::Clear(stored.into())));
        }
        let at = record.sequence();
        let subject =
            stored_subject(record).ok_or_else(|| Error::corrupt(format!("event {at}: no sealed payload")))?;
        let absent = |why| Ok(Some(Content::Absent(Absence { why, subject })));
        let sealing = self.sealing();
        let head = self.head();
        match sealing.is_erased(subject, head, || self.world_at(head)) {
            Some(true) => return absent(Why::Erased),
            None => return absent(Why::Sealed),
            Some(false) => {}
        }
        let Some(vault) = sealing.vault() else { return absent(Why::Sealed) };
        match vault.key(subject.0)? {
            Known::Erased => absent(Why::Erased),
            Known::Nothing => absent(Why::Sealed),
            Known::Key(key) => {
                let (_, event) = decode(record)?;
                let clear = key.open(about(vault.log(), subject, &event), stored);
                let clear = clear.map_err(|error| Error::from(error).at(format!("event {at}")))?;
                Ok(Some(Content::Clear(clear.into())))
            }
        }
    }

    /// What a payload says, for whoever goes on working with it.
    ///
    /// # Errors
    /// `erased` or `sealed` when it cannot be read; when the record cannot be.
    pub fn payload(&self, at: Sequence) -> Result<Option<Vec<u8>>> {
        let record = self.record(at)?;
        self.content(&record)?.map(|content| Ok(content.needed()?.into_owned())).transpose()
    }

    /// What a payload says, for people and lists: with the marker for what cannot be read.
    ///
    /// # Errors
    /// When the record cannot be read.
    pub fn shown(&self, at: Sequence) -> Result<Option<Vec<u8>>> {
        let record = self.record(at)?;
        Ok(self.content(&record)?.map(|content| content.shown().into_owned()))
    }
}
