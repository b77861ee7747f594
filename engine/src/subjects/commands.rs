//! Decisions about data subjects.

use crate::authorize::Target;
use crate::command::{Decide, Needs, commands};
use crate::data::Data;
use crate::error::Error;
use crate::kernel::execute::{Facts, Result, View, need};
use scoped_projections::subjects::SubjectErased;
use scoped_projections::tenancy::Capability as C;
use scoped_projections::{ScopeId, SubjectId};

commands! {
    /// Commands about data subjects.
    domain "subjects";
    enum Command {
        /// erases a data subject, for good: its key is destroyed, and nothing that was sealed under it can be read again
        "erase" Erase {
            /// Whom.
            subject: SubjectId,
            /// Why: the number of a request, say. It stays readable, so it names nobody.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            reason: Option<String>,
        }
    }
}

impl Erase {
    /// That subject, without a word.
    #[must_use]
    pub fn new(subject: SubjectId) -> Self {
        Self { subject, reason: None }
    }
    /// The same, with a reason for the audit trail.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

impl Decide for Erase {
    fn needs(&self, _: &View<'_>) -> Needs<'_> {
        need(C::SubjectsErase, Target::Deployment)
    }
    fn decide(&self, on: &View<'_>, facts: &mut Facts<'_>) -> Result<()> {
        let subjects = on.world.subjects();
        if let Some(at) = subjects.erased(self.subject) {
            return Err(crate::sealed::erased(self.subject, Some(at)).into());
        }
        if !subjects.knows(self.subject) {
            let message = format!("nothing is the data of a subject `{}`", self.subject);
            return Err(Error::refused("not_found", message).into());
        }
        // Who cannot destroy the key must not say that it is destroyed.
        if !on.has_keys {
            return Err(crate::sealed::no_keys().into());
        }
        let said = self.reason.as_ref().map(|reason| Data::from_text_fields(&[("reason", reason)]));
        facts.push(ScopeId::NONE, SubjectErased { subject: self.subject }, said.transpose()?.as_ref());
        Ok(())
    }
}
