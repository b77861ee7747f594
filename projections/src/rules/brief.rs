//! What a list says about a question, where bits are enough to know.
//!
//! Why: most questions meet some ten entries, and nearly all of these are settled by the action, the sort of actor and the sort of object.
//! Looked at one by one they cost some forty instructions each. Turned over they cost as much for sixty-four as for one: each action, each
//! kind of actor and each type of object has a *column*, words with a bit for each entry, and three columns that are laid over one another
//! leave the entries that speak. Where one of these has to be asked more, nothing is said, and all are asked.
//!
//! Shape: most actions and sorts have the same column as others, so that each names one of a few, by a byte.
//! Source of the idea: O'Neil and Quass, Improved Query Performance with Variant Indexes (1997), where they are bitmap indexes.

use super::compiled::Entry;
use super::gate::Seen;
use super::{Action, Actions};
use crate::tenancy::Effect;

/// Entries of one brief: a bit of a word each.
const ENTRIES: usize = 64;
/// Bits of kinds and of types.
const SORTS: usize = 64;
/// More than there are actions: they are found by their tags.
const ACTIONS: usize = 32;

const _: () = {
    let mut nth = 0;
    while nth < Action::ALL.len() {
        assert!((Action::ALL[nth].tag() as usize) < ACTIONS, "each action has a column");
        nth += 1;
    }
};

/// Entries that may, and entries that certainly do. Of actions: those that may match, and those that govern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Column([u64; 2]);

crate::store::owns_nothing!(Column);

/// Up to 64 entries, as far as bits say them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Brief {
    /// By bit: the columns of a kind of actor and of a type of object.
    of_sorts: [[u8; 2]; SORTS],
    /// By tag: the column of an action.
    of_actions: [u8; ACTIONS],
    /// Those that deny.
    denies: u64,
    /// No two are the same: at most as many as the bytes above can name.
    columns: Box<[Column]>,
}

const _: () = assert!(2 * SORTS + ACTIONS <= 1 << u8::BITS, "a byte names every column");

impl crate::store::Footprint for Brief {
    fn heap(&self) -> usize {
        self.columns.heap()
    }
}

/// What an entry says to be turned over.
struct Line {
    /// The actions that it may match.
    matches: Actions,
    /// Those that it governs, none for a deny.
    governs: Actions,
    /// Kinds of actors and types of objects, as bits of words: those that may pass, those that certainly do.
    passes: [[u64; 2]; 2],
}

impl Line {
    fn of(entry: &Entry) -> Self {
        let governs = if entry.effect == Effect::Allow { entry.votes } else { Actions::default() };
        // What else a binding names decides whether it governs, too: then nothing is certain about any action.
        let (about, passes) = if entry.narrowed {
            (entry.actions.or(governs), [[!0, 0]; 2])
        } else {
            (entry.actions, entry.gate.words())
        };
        Self { matches: about.within(entry.votes), governs, passes }
    }
}

impl Brief {
    /// Of all entries of a list, in their order.
    pub(super) fn all(entries: &[Entry]) -> Box<[Self]> {
        entries.chunks(ENTRIES).map(Self::of).collect()
    }

    fn of(entries: &[Entry]) -> Self {
        let lines: Vec<Line> = entries.iter().map(Line::of).collect();
        let mut columns: Vec<Column> = Vec::new();
        let mut number = |says: &dyn Fn(&Line) -> [bool; 2]| {
            let column = Column(lines.iter().enumerate().fold([0; 2], |[may, sure], (nth, line)| {
                let says = says(line);
                [may | u64::from(says[0]) << nth, sure | u64::from(says[1]) << nth]
            }));
            let found = columns.iter().position(|known| *known == column);
            let found = found.unwrap_or_else(|| {
                columns.push(column);
                columns.len() - 1
            });
            found as u8
        };
        let (mut of_sorts, mut of_actions) = ([[0; 2]; SORTS], [0; ACTIONS]);
        for action in Action::ALL {
            of_actions[usize::from(action.tag())] =
                number(&|line| [line.matches.contains(*action), line.governs.contains(*action)]);
        }
        for (bit, sorts) in of_sorts.iter_mut().enumerate() {
            for (what, column) in sorts.iter_mut().enumerate() {
                *column = number(&|line| line.passes[what].map(|words| words >> bit & 1 != 0));
            }
        }
        let denies = entries.iter().enumerate();
        let denies =
            denies.fold(0, |bits, (nth, entry)| bits | u64::from(entry.effect == Effect::Deny) << nth);
        Self { of_sorts, of_actions, denies, columns: columns.into() }
    }

    /// The entries that say something, by their bits: denies that match, allows that govern, allows that match. Only the first of each
    /// counts. `None` where bits do not tell.
    #[inline]
    fn says(&self, action: Action, seen: Seen, allowed: bool) -> Option<[u64; 3]> {
        let column = |number: u8| self.columns.get(usize::from(number)).map(|column| column.0);
        let (kind, object_type) = seen.bits();
        let [matches, governs] = column(*self.of_actions.get(usize::from(action.tag()))?)?;
        let kinds = column(self.of_sorts.get(kind)?[0])?;
        let types = column(self.of_sorts.get(object_type)?[1])?;
        let may = matches & kinds[0] & types[0];
        let sure = may & kinds[1] & types[1];
        let allow = if allowed { 0 } else { sure & !self.denies };
        // Where one allow matches another is not needed: up to the first, or to none.
        let needed = if allowed { self.denies } else { self.denies | (allow ^ allow.wrapping_sub(1)) };
        (may & !sure & needed == 0).then_some([sure & self.denies, governs & needed, allow])
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
        let [deny, governed, allow] = brief.says(action, seen, allowed || said.allow.is_some())?;
        let entry = |bits: u64| entries.get(nth * ENTRIES + bits.trailing_zeros() as usize);
        let first = |bits: u64| if bits == 0 { None } else { entry(bits) };
        said.deny = said.deny.or(first(deny));
        said.governed = said.governed.or(first(governed));
        said.allow = said.allow.or(first(allow));
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

    /// A few of any sort; or more than a word has bits, and none that has to be asked more whatever the question.
    fn entries() -> impl Strategy<Value = Vec<u16>> {
        let plain = any::<u16>().prop_map(|pick| pick & 0x0bff);
        prop_oneof![prop::collection::vec(any::<u16>(), 0..12), prop::collection::vec(plain, 60..140)]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

        /// What bits say of a list is what its entries say one by one, or nothing.
        #[test]
        fn a_list_says_what_its_entries_say_one_by_one(
            picks in entries(), action in 0usize..3, kind in 0u32..4, type_of in 0u32..4, allowed: bool
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
            let briefs = Brief::all(&entries);
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
