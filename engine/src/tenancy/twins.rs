//! Entries of lists that say the same thing in the same place.
//!
//! Ids are used up, so an entry that was taken off comes back under a new one: for as many as came since some moment, of those that say the
//! same there, so many that went are there already. Oldest with oldest.
//!
//! Cost: all entries once, and those that say the same once for each moment that they are compared with; a plan that goes back to one moment looks at each
//! entry twice, however many there are of it.

use scoped_projections::tenancy::{AclEntry, Applies, Effect, Subject};
use scoped_projections::{EntryId, Micros, Sequence, World};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

/// What an entry says, and where.
type Says = (u32, Effect, Subject, Box<str>, Applies, Option<Micros>);

fn says(entry: &AclEntry) -> Says {
    let capability = entry.capability.as_str().into();
    (entry.scope, entry.effect, entry.subject, capability, entry.applies, entry.expires_at)
}

/// What became of those that say the same since some moment.
#[derive(Debug, Default)]
struct Changed {
    /// The place of each that came, and of each that went.
    places: [BTreeMap<EntryId, usize>; 2],
}

/// Entries of a world, by what they say.
#[derive(Debug, Default)]
pub(crate) struct Twins {
    alike: RefCell<Option<HashMap<Says, Vec<EntryId>>>>,
    /// What was found out about one moment.
    changed: RefCell<(Sequence, HashMap<Says, Changed>)>,
}

impl Twins {
    /// Is there, of what an entry says, one for it that went the other way since `then`?
    pub(super) fn has(&self, then: &World, now: &World, entry: &AclEntry, came: bool) -> bool {
        let mut alike = self.alike.borrow_mut();
        let alike = alike.get_or_insert_with(|| {
            let mut found: HashMap<Says, Vec<EntryId>> = HashMap::new();
            for entry in now.tenancy().all_entries() {
                found.entry(says(entry)).or_default().push(entry.id);
            }
            found
        });
        let mut known = self.changed.borrow_mut();
        if known.0 != then.position() {
            *known = (then.position(), HashMap::new());
        }
        let key = says(entry);
        let changed = known.1.entry(key.clone()).or_insert_with(|| {
            let mut changed = Changed::default();
            for id in alike.get(&key).into_iter().flatten() {
                let live = |world: &World| world.tenancy().entry(*id).is_some_and(|entry| !entry.removed);
                let (was, is) = (live(then), live(now));
                if was != is {
                    let places = &mut changed.places[usize::from(is)];
                    places.insert(*id, places.len());
                }
            }
            changed
        });
        let [went, come] = &changed.places;
        let (own, others) = if came { (come, went) } else { (went, come) };
        own.get(&entry.id).is_some_and(|place| *place < others.len())
    }
}
