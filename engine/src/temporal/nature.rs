//! What each kind of event is, for the audit trail (the action) and for rollback (what taking it back means).
//!
//! Every domain declares it for its own kinds in its `nature.rs`, as an exhaustive match: the compiler demands it of each new
//! kind. A rollback compares states and does not invert events (decision 0005),
//! so the declaration says what the comparison can bring back; a test walks all kinds and holds the two together.

use scoped_projections::Event;
use scoped_projections::rules::Action;
use scoped_projections::temporal::TemporalEvent as T;

/// What taking an event back means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reversal {
    /// The state is brought back as it was.
    Exact,
    /// The state is brought back in another form, as said: what was made is put away and not unmade, since history only grows.
    Differently(&'static str),
    /// Never, and why.
    Irreversible(&'static str),
    /// It changed no state, hence it is never a candidate: marks, rollbacks, keys, refusals, recorded reads.
    History,
}

impl Reversal {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Differently(_) => "differently",
            Self::Irreversible(_) => "irreversible",
            Self::History => "history",
        }
    }
    /// The reason or the form, where there is one to tell.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Differently(about) | Self::Irreversible(about) => about,
            Self::Exact | Self::History => "",
        }
    }
}

/// What a kind of event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nature {
    /// What was done, in the word that rules and the audit trail use; `None` for the engine's own bookkeeping.
    pub action: Option<Action>,
    /// What taking it back means.
    pub reversal: Reversal,
}

impl Nature {
    pub(crate) const fn reversible(action: Action) -> Self {
        Self { action: Some(action), reversal: Reversal::Exact }
    }
    pub(crate) const fn differently(action: Action, how: &'static str) -> Self {
        Self { action: Some(action), reversal: Reversal::Differently(how) }
    }
    pub(crate) const fn for_good(action: Action, why: &'static str) -> Self {
        Self { action: Some(action), reversal: Reversal::Irreversible(why) }
    }
    pub(crate) const fn history(action: Option<Action>) -> Self {
        Self { action, reversal: Reversal::History }
    }

    /// What an event is.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        macro_rules! of {
            ($($number:literal $module:ident $state:ident $event:ident [$($reads:ident),*];)+) => {
                match event { $(Event::$state(event) => crate::$module::nature(event)),+ }
            };
        }
        scoped_projections::for_each_domain!(of)
    }
}

/// An exhaustive match: a new kind says what it is, or the engine does not compile.
pub(crate) fn nature(event: &T) -> Nature {
    match event {
        T::MarkSet(_) => Nature::history(Some(Action::Mark)),
        T::RolledBack(_) => Nature::history(Some(Action::Rollback)),
    }
}
