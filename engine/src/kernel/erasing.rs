//! The end of keys in the write path: behind the sync of the event that says so, before anybody sees it.

use super::answers::Answers;
use super::execute::Fact;
use crate::Command;
use crate::command::Batch;
use crate::error::Error;
use crate::sealed::Sealing;
use crate::subjects;
use scoped_projections::subjects::SubjectsEvent;
use scoped_projections::{Event, SubjectId};

/// The keys at hand, and those that should have ended and have not.
pub(super) struct Erasing {
    sealing: Sealing,
    /// The store could not be written; tried again whenever there is time, when the engine closes, and when it is opened.
    waiting: Vec<SubjectId>,
}

impl Erasing {
    pub(super) fn new(sealing: Sealing) -> Self {
        Self { sealing, waiting: Vec::new() }
    }
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Who is erased by a fact.
    pub(super) fn of(fact: &Fact) -> Option<SubjectId> {
        match &fact.event {
            Event::Subjects(SubjectsEvent::SubjectErased(e)) => Some(e.subject),
            _ => None,
        }
    }

    /// The erasure of these is durable: their keys end. Whoever asked hears of it when one has not.
    pub(super) fn erase(&mut self, subjects: &[SubjectId], answers: &mut Answers) {
        for subject in subjects {
            let Err(error) = self.sealing.erase(*subject) else { continue };
            self.waiting.push(*subject);
            answers.spoil(|batch| asks_for(batch, *subject), || not_destroyed(*subject, &error));
        }
    }

    /// Tries once more what could not be done.
    pub(super) fn again(&mut self) {
        self.waiting.retain(|subject| self.sealing.erase(*subject).is_err());
    }
}

fn asks_for(batch: &Batch, subject: SubjectId) -> bool {
    let erases = |command: &Command| matches!(command, Command::Subjects(subjects::Command::Erase(e)) if e.subject == subject);
    batch.steps.iter().any(|step| erases(&step.command))
}

fn not_destroyed(subject: SubjectId, why: &Error) -> Error {
    let message =
        format!("the erasure of `{subject}` is in the log, and its key could not be destroyed: {why}");
    Error::unavailable("key_not_destroyed", message)
        .hint("nothing of it is shown any more; it is tried again, at the latest when the log is opened with its key store")
}
