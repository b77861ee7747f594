//! Putting a question to the compiled rules.

use super::compiled::{Entry, List, Place};
use super::{Asked, Attribute, Rules, Truth, Words};
use crate::identity::Identity;
use crate::store::NO_ROW;
use smallvec::SmallVec;

/// Which part of a list is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Rules that vote.
    Votes,
    /// Redactions, limits, quotas.
    Others,
}

impl Part {
    fn of(self, list: &List) -> &[Entry] {
        match self {
            Self::Votes => &list.votes,
            Self::Others => &list.others,
        }
    }
}

/// What lists that are not a scope's are found by.
#[derive(Clone, Copy)]
pub struct About<'a> {
    /// Who belongs to whom.
    pub identity: &'a Identity,
    /// Row of the actor, [`NO_ROW`] for none.
    pub actor: u32,
    /// The type, where it is known.
    pub object_type: Option<&'a str>,
    /// Row of the object, where one is named.
    pub object: Option<u32>,
    /// The connector.
    pub connector: Attribute<&'a str>,
}

/// Lists that are not a scope's: of everything, of the actor and its groups, of the type, of the object, of where it is done.
pub type Globals<'a> = SmallVec<[&'a List; 4]>;

impl Rules {
    /// The lists that a question meets besides those of its scopes. Where it is done is asked for only if anything is bound to that.
    #[must_use]
    pub fn globals<'a>(
        &'a self,
        about: &About<'_>,
        environment: impl FnOnce() -> Attribute<Words<'a>>,
    ) -> Globals<'a> {
        let mut found = Globals::new();
        if !self.has_globals() {
            return found;
        }
        let lists = &self.lists;
        let mut add = |slot| found.extend(lists.get(slot));
        add(lists.slot(&Place::Everywhere));
        if about.actor != NO_ROW {
            about.identity.selves(about.actor).for_each(|row| add(lists.principal(row)));
        }
        add(about.object_type.and_then(|object_type| lists.of_type(object_type)));
        add(about.object.and_then(|object| lists.object(object)));
        if lists.has_environments() {
            match environment() {
                // More was said than is carried: whatever is bound to one is met, and may hold.
                Attribute::Is(words) if words.is_open() => found.extend(lists.environments()),
                Attribute::Is(words) => {
                    found.extend(words.iter().filter_map(|word| lists.get(lists.environment(word))));
                }
                // Nobody said where it is: whatever is bound to one is met, and a deny holds.
                Attribute::Missing => found.extend(lists.environments()),
                Attribute::None | Attribute::Each => {}
            }
        }
        match about.connector {
            Attribute::Is(connector) => found.extend(lists.get(lists.connector(connector))),
            Attribute::Missing => found.extend(lists.connectors()),
            Attribute::None | Attribute::Each => {}
        }
        found
    }

    /// Shows every entry that is bound to something the question is about, each once.
    pub fn each(&self, asked: &Asked<'_>, part: Part, see: &mut dyn FnMut(&Entry)) {
        if self.is_silent() {
            return;
        }
        let about = About {
            identity: asked.identity,
            actor: asked.actor,
            object_type: asked.object_type.value(),
            object: asked.object.value().map(|(row, _)| row),
            connector: asked.connector,
        };
        for list in self.globals(&about, || asked.environment) {
            part.of(list).iter().for_each(&mut *see);
        }
        let mut seen: SmallVec<[u32; 16]> = SmallVec::new();
        for scope in asked.chains() {
            for row in asked.tenancy.chain(scope) {
                if seen.contains(&row) {
                    break;
                }
                seen.push(row);
                if let Some(list) = self.lists.get(self.lists.scope(row)) {
                    part.of(list).iter().for_each(&mut *see);
                }
            }
        }
    }

    /// Does whatever else the binding names hold, besides what it is listed under? What names an object or a type is about each thing in a
    /// list, and not about the list, whatever else it names.
    #[must_use]
    pub fn bound(&self, entry: &Entry, asked: &Asked<'_>) -> Truth {
        if !entry.narrowed {
            return Truth::Yes;
        }
        let Some(binding) = self.binding_at(entry.binding) else { return Truth::No };
        let to = &*binding.targets;
        let mut truth = Truth::Yes;
        if to.principal.is_some() {
            truth = truth.and(asked.is_self(binding.principal).into());
        }
        let mut each = false;
        if let Some(wanted) = &to.object_type {
            each |= asked.object_type == Attribute::Each;
            truth = truth.and(asked.object_type.test(|is| is == wanted));
        }
        if to.object.is_some() {
            each |= asked.object == Attribute::Each;
            truth = truth.and(asked.object.test(|(row, _)| row == binding.object));
        }
        if let Some(wanted) = &to.environment {
            truth = truth.and(asked.environment.says(|is| is == wanted));
        }
        if let Some(wanted) = &to.connector {
            truth = truth.and(asked.connector.test(|is| is == wanted));
        }
        if each && truth != Truth::No { Truth::Each } else { truth }
    }

    /// Do its conditions hold, the action among them?
    #[must_use]
    pub fn when(&self, entry: &Entry, asked: &Asked<'_>) -> Truth {
        if !entry.actions.contains(asked.action) {
            return Truth::No;
        }
        if !entry.conditional {
            return Truth::Yes;
        }
        let version = self.version(entry.version);
        let when = version.and_then(|version| Some((version.when.as_ref()?, version.tests)));
        when.map_or(Truth::Yes, |(when, tests)| asked.holds_by(when, tests))
    }
}
