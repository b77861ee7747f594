//! Putting a question to the compiled rules.

use super::compiled::{Entry, List};
use super::{Asked, Attribute, Rules, Truth};
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

/// Lists that are not a scope's: of everything, of the actor and its groups, of the type, of the object, of where it is done.
pub type Globals<'a> = SmallVec<[&'a List; 4]>;

impl Rules {
    /// The lists that a question meets besides those of its scopes.
    #[must_use]
    pub fn globals(&self, asked: &Asked<'_>) -> Globals<'_> {
        let mut found = Globals::new();
        let lists = &self.lists;
        found.extend(lists.get(lists.slot(&super::compiled::Place::Everywhere)));
        if asked.actor != NO_ROW {
            for row in asked.identity.selves(asked.actor) {
                found.extend(lists.get(lists.principal(row)));
            }
        }
        if let Some(object_type) = asked.object_type.value() {
            found.extend(lists.get(lists.of_type(object_type)));
        }
        if let Some((object, _)) = asked.object.value() {
            found.extend(lists.get(lists.object(object)));
        }
        match asked.environment {
            // More was said than is carried: whatever is bound to one is met, and may hold.
            Attribute::Is(words) if words.is_open() => found.extend(lists.environments()),
            Attribute::Is(words) => {
                found.extend(words.iter().filter_map(|word| lists.get(lists.environment(word))));
            }
            // Nobody said where it is: whatever is bound to one is met, and a deny holds.
            Attribute::Missing => found.extend(lists.environments()),
            Attribute::None | Attribute::Each => {}
        }
        match asked.connector {
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
        for list in self.globals(asked) {
            part.of(list).iter().for_each(&mut *see);
        }
        let mut seen: SmallVec<[u32; 16]> = SmallVec::new();
        for scope in asked.scopes {
            for row in asked.tenancy.chain(*scope) {
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
