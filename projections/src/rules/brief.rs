//! What a list says about a question, where bits are enough to know.
//!
//! Why: most questions meet some ten entries, and nearly all of these are settled by the action, the sort of actor and the sort of object.
//! Side by side, in 56 bytes each, they are gone through in a tenth of the time that it takes to ask each with all that it may look at.
//! Where one of them has to be asked more, nothing is said, and all are asked.

use super::compiled::Entry;
use super::gate::Seen;
use super::{Action, Actions};
use crate::tenancy::Effect;

/// An entry, as far as bits say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Brief {
    /// The actions that it governs, none for a deny.
    governs: Actions,
    /// The actions that it may match.
    matches: Actions,
    /// Kinds of actors and types of objects, as bits of words: those that may pass, those that certainly do.
    passes: [[u64; 2]; 2],
    effect: Effect,
}

crate::store::owns_nothing!(Brief);

impl Brief {
    pub(super) fn of(entry: &Entry) -> Self {
        let governs = if entry.effect == Effect::Allow { entry.votes } else { Actions::default() };
        // What else a binding names decides whether it governs, too: then nothing is certain about any action.
        let (about, passes) = if entry.narrowed {
            (entry.actions.or(governs), [[!0, 0]; 2])
        } else {
            (entry.actions, entry.gate.words())
        };
        let matches = about.within(entry.votes);
        Self { governs, matches, passes, effect: entry.effect }
    }
}

/// What a list says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Said<'a> {
    /// The deny that matches, of those the most important.
    pub deny: Option<&'a Entry>,
    /// An allow that governs, whether or not it matches.
    pub governed: Option<&'a Entry>,
    /// The allow that matches.
    pub allow: Option<&'a Entry>,
}

/// What the entries say about an action; `None` where bits do not tell. With `allowed` some other list holds an allow that matches.
#[inline]
pub(super) fn said<'a>(
    entries: &'a [Entry],
    briefs: &[Brief],
    action: Action,
    seen: Seen,
    allowed: bool,
) -> Option<Said<'a>> {
    let mut said = Said::default();
    for (nth, brief) in briefs.iter().enumerate() {
        let governs = brief.governs.contains(action);
        let speaks = brief.matches.contains(action);
        // Where one allow matches another is not needed.
        let idle = brief.effect == Effect::Allow && (allowed || said.allow.is_some());
        if !(governs | speaks) || idle {
            continue;
        }
        let [may, sure] = seen.among(brief.passes);
        if speaks && may != sure {
            return None;
        }
        match brief.effect {
            Effect::Deny if sure => said.deny = said.deny.or_else(|| entries.get(nth)),
            Effect::Deny => {}
            Effect::Allow => {
                said.governed = said.governed.or_else(|| entries.get(nth));
                if speaks && sure {
                    said.allow = entries.get(nth);
                }
            }
        }
    }
    Some(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::gate::Gate;
    use crate::rules::{Class, Clause, Many};
    use crate::store::Words;
    use proptest::prelude::*;

    const ACTIONS: [Action; 3] = [Action::Read, Action::Update, Action::Delete];

    fn entry(pick: u16, kinds: &Words, types: &Words) -> Entry {
        let set = |bits: u16| {
            let held = ACTIONS.iter().enumerate().filter(|(nth, _)| bits >> nth & 1 != 0);
            Actions::of(&held.map(|(_, action)| *action).collect::<Vec<_>>())
        };
        let votes = set(pick);
        let listed = |word: &str| Some(Many(vec![word.to_owned()]));
        let when = Clause {
            principal_kind: if pick & 64 == 0 { None } else { listed("robot") },
            object_type: if pick & 128 == 0 { None } else { listed("note") },
            role: (pick & 0x700 == 0x700).then_some(crate::tenancy::Role::Admin),
            ..Clause::default()
        };
        Entry {
            votes,
            actions: set(pick >> 3).within(votes),
            priority: 0,
            binding: 0,
            version: u32::from(pick),
            effect: if pick & 0x800 == 0 { Effect::Allow } else { Effect::Deny },
            class: Class::Access,
            narrowed: pick & 0xf000 == 0xf000,
            conditional: true,
            gate: Gate::of(Some(&when), kinds, types),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

        /// What bits say of a list is what its entries say one by one, or nothing.
        #[test]
        fn a_list_says_what_its_entries_say_one_by_one(
            picks in prop::collection::vec(any::<u16>(), 0..12), action in 0usize..3, kind in 0u32..4, type_of in 0u32..4, allowed: bool
        ) {
            let (mut kinds, mut types) = (Words::default(), Words::default());
            for word in ["person", "robot"] {
                kinds.number(word);
            }
            for word in ["note", "secret"] {
                types.number(word);
            }
            let (action, seen) = (ACTIONS[action], Seen::new(kind, Some(type_of)));
            let entries: Vec<Entry> = picks.iter().map(|pick| entry(*pick, &kinds, &types)).collect();
            let briefs: Vec<Brief> = entries.iter().map(Brief::of).collect();
            let mut naive = Some(Said::default());
            for entry in &entries {
                let Some(said) = &mut naive else { break };
                match entry.effect {
                    Effect::Deny if !entry.actions.contains(action) => {}
                    Effect::Allow if allowed || said.allow.is_some() || !entry.votes.contains(action) => {}
                    effect => match (effect, entry.settles(action, seen)) {
                        (_, None) => naive = None,
                        (Effect::Deny, Some(true)) => said.deny = said.deny.or(Some(entry)),
                        (Effect::Deny, Some(false)) => {}
                        (Effect::Allow, Some(holds)) => {
                            said.governed = said.governed.or(Some(entry));
                            said.allow = said.allow.or(holds.then_some(entry));
                        }
                    },
                }
            }
            let found = said(&entries, &briefs, action, seen, allowed);
            prop_assert_eq!(found.is_some(), naive.is_some());
            if let (Some(found), Some(naive)) = (found, naive) {
                let row = |entry: Option<&Entry>| entry.map(|entry| entry.version);
                prop_assert_eq!(
                    [found.deny, found.governed, found.allow].map(row),
                    [naive.deny, naive.governed, naive.allow].map(row)
                );
            }
        }
    }
}
