//! What can be asked about data subjects, by whoever holds the files.

use crate::error::Result;
use crate::identity::Deed;
use crate::moment::Moment;
use scoped_projections::{ObjectId, SubjectId};
use serde::Serialize;

/// What is known of a data subject. Not what is known *about* it: that is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubjectInfo {
    /// Who.
    pub subject: SubjectId,
    /// How many objects are its data, tombstoned ones included.
    pub objects: u64,
    /// Is it a principal whose description is its own?
    pub principal: bool,
    /// When, by whom and why it was erased, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased: Option<Deed>,
}

impl Moment<'_> {
    /// A data subject at this moment; `None` when nothing is its data.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn subject(&self, subject: SubjectId) -> Result<Option<SubjectInfo>> {
        let subjects = self.world.subjects();
        if !subjects.knows(subject) {
            return Ok(None);
        }
        let erased = subjects.erased(subject).map(|at| self.deed_with_reason(at)).transpose()?;
        let principal = subjects.of_principal(scoped_projections::PrincipalId(subject.0)).is_some();
        Ok(Some(SubjectInfo {
            subject,
            objects: subjects.objects(subject).count() as u64,
            principal,
            erased,
        }))
    }
    /// All data subjects at this moment, by id.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn subjects(&self) -> Result<Vec<SubjectInfo>> {
        let all = self.world.subjects().all().into_iter();
        all.filter_map(|subject| self.subject(subject).transpose()).collect()
    }
    /// Whose data an object is; `None` for one that is nobody's.
    #[must_use]
    pub fn subject_of(&self, object: ObjectId) -> Option<SubjectId> {
        self.world.subjects().of_object(object)
    }
}
