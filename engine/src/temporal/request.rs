//! What is asked of a rollback.

use super::{Cutoff, Selection};
use serde::{Deserialize, Serialize};

/// What happens to a rollback when some of it cannot be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Policy {
    /// All of it, or none (default).
    #[default]
    AllOrNothing,
    /// What can be done is done.
    SkipDenied,
}

/// A rollback as it is asked for.
///
/// ```
/// use scoped::{Policy, temporal::{Rollback, Selection}};
/// let asked = Rollback::of(Selection::Cascade(scoped::Sequence::new(7))).because("wrong import").merging();
/// assert_eq!(asked.policy, Policy::AllOrNothing);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// Back to this moment. Selections that name an event lead to just before it, whatever this says.
    pub to: Cutoff,
    /// What of it.
    pub selection: Selection,
    /// What happens when some of it cannot be done.
    pub policy: Policy,
    /// Where others have edited the same object since: take back only the top-level fields that were changed, as long as nobody
    /// changed those again (a three-way merge). Without it such objects are conflicts.
    pub merge: bool,
    /// Why, for people. It stands in the trail.
    pub reason: Option<String>,
}

impl Rollback {
    /// Everything that the actor can see, back to a moment.
    #[must_use]
    pub fn to(to: Cutoff) -> Self {
        Self { to, selection: Selection::All, policy: Policy::default(), merge: false, reason: None }
    }
    /// What is selected by naming an event.
    #[must_use]
    pub fn of(selection: Selection) -> Self {
        Self { selection, ..Self::to(Cutoff::Head(0)) }
    }
    /// The same for a part.
    #[must_use]
    pub fn only(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }
    /// The same, doing what can be done.
    #[must_use]
    pub fn under(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }
    /// The same with three-way merges.
    #[must_use]
    pub fn merging(mut self) -> Self {
        self.merge = true;
        self
    }
    /// The same with a reason.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

/// What a rollback says about itself, at the head of its batch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollbackNote {
    /// Things are brought back to how they were after this sequence.
    pub to: u64,
    /// What was selected, for people.
    pub selection: String,
    /// Why, if that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Set when there are three-way merges among its steps: each step takes back the one event that it names, and no others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub merged: bool,
}

/// The payload of a rollback's head.
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
pub(crate) struct Remark {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) merged: bool,
}

impl Remark {
    /// What a head says besides its fields; nothing for a head without payload, or with one of another form.
    pub(crate) fn read(payload: Option<&[u8]>) -> Self {
        payload.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
    }
    pub(crate) fn is_empty(&self) -> bool {
        self.reason.is_none() && !self.merged
    }
}
