//! Rules, compiled: flat lists by what they are bound to.
//!
//! A binding stands in one list, that of the most telling thing it names, and whatever else it names is looked at when it is
//! met there. So a question reads a few short lists: that of everything, of the actor and its groups, of the type, of the object, and of each scope
//! on the way to the root. A scope without rules costs a look at four bytes.
//!
//! An entry holds what most decisions need (actions as bits, effect, priority); a plain one needs nothing else.

use super::brief::{self, Brief, Said};
use super::gate::{Gate, Seen};
use super::{Action, Actions, Class, Clause};
use crate::store::{Keyed, NO_ROW, Rows, Sorted, transact};
use crate::tenancy::Effect;

/// A binding of a rule, ready to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The actions that its class votes on or covers.
    pub votes: Actions,
    /// Those of them that its conditions name.
    pub actions: Actions,
    /// The higher, the earlier it is told of.
    pub priority: i32,
    /// Row of the binding.
    pub binding: u32,
    /// Row of the version.
    pub version: u32,
    /// Allow or deny.
    pub effect: Effect,
    /// What it is for.
    pub class: Class,
    /// Does the binding name anything that has to be looked at besides what it is listed under?
    pub narrowed: bool,
    /// Are there conditions besides the action?
    pub conditional: bool,
    /// These conditions, as far as bits say them.
    pub gate: Gate,
}

impl Entry {
    /// Does it match, binding and conditions? `None` where more than this entry has to be looked at.
    #[inline]
    #[must_use]
    pub fn settles(&self, action: Action, seen: Seen) -> Option<bool> {
        if self.narrowed {
            return None;
        }
        if self.actions.contains(action) { self.gate.settles(seen) } else { Some(false) }
    }
}

/// All that is bound to one thing. One cache line leads to all of it.
#[derive(Debug, Clone, Default)]
#[repr(align(64))]
pub struct List {
    /// Those that vote: highest priority first, then oldest binding.
    pub votes: Box<[Entry]>,
    /// Redactions, limits, quotas, declarations.
    pub others: Box<[Entry]>,
    /// What the votes say by bits, in their order.
    briefs: Box<[Brief]>,
    decides: Actions,
}

impl List {
    /// The actions that its votes can say anything about: a deny where it matches, an allow where it governs.
    #[inline]
    #[must_use]
    pub fn decides(&self) -> Actions {
        self.decides
    }
    /// What its votes say about an action, for that sort of actor and object; `None` where more has to be asked than bits tell.
    /// With `allowed` another list holds an allow that matches: then one of its own is not looked for.
    #[inline]
    #[must_use]
    pub fn says(&self, action: Action, seen: Seen, allowed: bool) -> Option<Said<'_>> {
        if !self.decides.contains(action) {
            return Some(Said::default());
        }
        brief::said(&self.votes, &self.briefs, action, seen, allowed)
    }
}

const _: () = assert!(size_of::<List>() == 64, "one cache line");

crate::store::owns_nothing!(Entry);
impl crate::store::Footprint for List {
    fn heap(&self) -> usize {
        self.votes.heap() + self.others.heap() + self.briefs.heap()
    }
}

/// What a list is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Scope(u32),
    Principal(u32),
    Object(u32),
    Type(Box<str>),
    Environment(Box<str>),
    Connector(Box<str>),
    Everywhere,
    /// Bound to what is not there: never met.
    Nowhere,
}

/// The lists. None is stored: they follow from rules and bindings.
#[derive(Debug, Clone, Default)]
pub(super) struct Lists {
    lists: Rows<List>,
    scopes: Rows<u32>,
    /// A bit for each scope that has a list: a walk asks all its nodes, and most have none.
    listed: Rows<u64>,
    principals: Rows<u32>,
    everywhere: Rows<u32>,
    objects: Keyed<u32, u32>,
    types: Sorted<Box<str>, u32>,
    environments: Sorted<Box<str>, u32>,
    connectors: Sorted<Box<str>, u32>,
    /// Those that are no scope's, by number: every question asks whether there is one.
    globals: Rows<u32>,
}
transact!(Lists {
    lists,
    scopes,
    listed,
    principals,
    everywhere,
    objects,
    types,
    environments,
    connectors,
    globals
});

fn in_rows<T: Copy>(rows: &mut Rows<T>, empty: T, row: u32, value: T) {
    while rows.len() <= row as usize {
        rows.push(empty);
    }
    if let Some(place) = rows.edit(row) {
        *place = value;
    }
}

impl Lists {
    /// Was nothing ever bound?
    pub(super) fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }
    #[inline]
    pub(super) fn expect(&self, slot: u32) {
        self.lists.expect(slot);
    }
    #[inline]
    pub(super) fn get(&self, slot: Option<u32>) -> Option<&List> {
        self.lists.get(slot?)
    }
    #[inline]
    pub(super) fn scope(&self, row: u32) -> Option<u32> {
        if self.listed.get(row / 64)? >> (row % 64) & 1 == 0 {
            return None;
        }
        self.scopes.get(row).copied().filter(|slot| *slot != NO_ROW)
    }
    pub(super) fn slot(&self, place: &Place) -> Option<u32> {
        match place {
            Place::Scope(row) => self.scope(*row),
            Place::Principal(row) => self.principals.get(*row).copied().filter(|slot| *slot != NO_ROW),
            Place::Object(row) => self.object(*row),
            Place::Type(word) => self.of_type(word),
            Place::Environment(word) => self.environments.get(&**word).copied(),
            Place::Connector(word) => self.connectors.get(&**word).copied(),
            Place::Everywhere => self.everywhere.get(0).copied(),
            Place::Nowhere => None,
        }
    }
    pub(super) fn object(&self, row: u32) -> Option<u32> {
        if self.objects.is_empty() { None } else { self.objects.get(&row).copied() }
    }
    pub(super) fn of_type(&self, word: &str) -> Option<u32> {
        if self.types.is_empty() { None } else { self.types.get(word).copied() }
    }
    pub(super) fn principal(&self, row: u32) -> Option<u32> {
        self.principals.get(row).copied().filter(|slot| *slot != NO_ROW)
    }
    pub(super) fn environment(&self, word: &str) -> Option<u32> {
        self.environments.get(word).copied()
    }
    /// Is anything bound to an environment?
    pub(super) fn has_environments(&self) -> bool {
        !self.environments.is_empty()
    }
    pub(super) fn environments(&self) -> impl Iterator<Item = &List> {
        self.environments.iter().filter_map(|(_, slot)| self.get(Some(*slot)))
    }
    pub(super) fn connectors(&self) -> impl Iterator<Item = &List> {
        self.connectors.iter().filter_map(|(_, slot)| self.get(Some(*slot)))
    }
    pub(super) fn connector(&self, word: &str) -> Option<u32> {
        self.connectors.get(word).copied()
    }

    /// Is anything bound to something that is no scope?
    #[inline]
    pub(super) fn has_globals(&self) -> bool {
        !self.globals.is_empty()
    }

    /// Takes a binding's entry out of the list of a place, and puts another in.
    pub(super) fn replace(&mut self, place: &Place, binding: u32, entry: Option<Entry>) {
        let slot = match self.slot(place) {
            Some(slot) => slot,
            None if entry.is_none() || *place == Place::Nowhere => return,
            None => {
                let slot = self.lists.push(List::default());
                if !matches!(place, Place::Scope(_)) {
                    self.globals.push(slot);
                }
                match place {
                    Place::Scope(row) => {
                        in_rows(&mut self.scopes, NO_ROW, *row, slot);
                        let bits = self.listed.get(row / 64).copied().unwrap_or_default();
                        in_rows(&mut self.listed, 0, row / 64, bits | 1 << (row % 64));
                    }
                    Place::Principal(row) => in_rows(&mut self.principals, NO_ROW, *row, slot),
                    Place::Object(row) => self.objects.insert(*row, slot),
                    Place::Type(word) => self.types.insert(word.clone(), slot),
                    Place::Environment(word) => self.environments.insert(word.clone(), slot),
                    Place::Connector(word) => self.connectors.insert(word.clone(), slot),
                    Place::Everywhere | Place::Nowhere => in_rows(&mut self.everywhere, NO_ROW, 0, slot),
                }
                slot
            }
        };
        let Some(list) = self.lists.edit(slot) else { return };
        for (entries, voting) in [(&mut list.votes, true), (&mut list.others, false)] {
            let mut kept = std::mem::take(entries).into_vec();
            kept.retain(|entry| entry.binding != binding);
            if let Some(entry) = entry.filter(|entry| entry.class.is_voting() == voting) {
                kept.push(entry);
                kept.sort_by_key(|entry| (std::cmp::Reverse(entry.priority), entry.binding));
            }
            *entries = kept.into();
        }
        list.briefs = Brief::all(&list.votes);
        list.decides = list.votes.iter().fold(Actions::default(), |all, entry| {
            all.or(if entry.effect == Effect::Deny { entry.actions } else { entry.votes })
        });
    }
}

/// The actions that a clause names at its top, within those that a class covers.
pub(super) fn actions(class: Class, clause: &Clause) -> Actions {
    match &clause.action {
        Some(list) => Actions::of(&list.0).within(class.covers()),
        None => class.covers(),
    }
}
