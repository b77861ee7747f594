//! Sweeping: closing what has run out, by explicit events with the time that was used.
//!
//! Memberships and entries of access control lists stop to count the moment they run out; the event closes them for history. Records past the greatest age that their
//! home keeps are tombstoned by theirs. What lies in a frozen scope stays: a freeze holds. What is due is looked for in the published
//! world, and each of it is decided again by its own command, so that nothing goes which meanwhile is not due any more.
//! Bounds: at most [`SWEEP_MAX`] commands a batch, one batch after the other.

use super::{ExpireAclEntry, ExpireMember, past_greatest_age};
use crate::command::Command;
use crate::error::Result;
use crate::moment::Moment;
use crate::objects::Expire;
use crate::session::Session;
use scoped_projections::{Micros, World};
use serde::Serialize;
use std::collections::BTreeSet;

/// Most commands of one batch.
const SWEEP_MAX: usize = 1_000;
/// How often a batch is made anew because the world has moved on.
const TRIES_MAX: u32 = 3;

/// What a sweep closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Swept {
    /// Memberships that had run out.
    pub members: u64,
    /// Entries of access control lists that had run out.
    pub entries: u64,
    /// Records past their greatest age.
    pub objects: u64,
}

impl Session {
    /// Closes memberships and entries of lists that have run out and tombstones records past their greatest age. Operators only.
    ///
    /// # Errors
    /// When this principal is no operator, or the log cannot be written.
    pub fn sweep(&self) -> Result<Swept> {
        let (mut swept, mut tries) = (Swept::default(), 0);
        loop {
            let (mut batch, mut found) = (self.begin(), Swept::default());
            self.engine().read(|moment| {
                due(moment.world, moment.now.read(), &mut |command, sort| {
                    batch.push(self.actor(), command);
                    found.count(sort);
                    batch.steps.len() < SWEEP_MAX
                });
            });
            if batch.steps.is_empty() {
                return Ok(swept);
            }
            match self.engine().execute(batch) {
                Ok(_) => {
                    swept.members += found.members;
                    swept.entries += found.entries;
                    swept.objects += found.objects;
                    tries = 0;
                }
                Err(error) if error.code() != "denied" && tries < TRIES_MAX => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

impl Moment<'_> {
    /// What a sweep would close at this moment. Cost: as much of it as there is.
    #[must_use]
    pub fn due(&self) -> Swept {
        let mut found = Swept::default();
        due(self.world, self.now.read(), &mut |_, sort| {
            found.count(sort);
            true
        });
        found
    }
}

/// What can be due.
#[derive(Clone, Copy)]
enum Sort {
    Member,
    Entry,
    Object,
}

impl Swept {
    fn count(&mut self, sort: Sort) {
        *match sort {
            Sort::Member => &mut self.members,
            Sort::Entry => &mut self.entries,
            Sort::Object => &mut self.objects,
        } += 1;
    }
}

/// Hands the commands of a sweep over, for as long as they are taken.
fn due(world: &World, now: Micros, take: &mut dyn FnMut(Command, Sort) -> bool) {
    let (tenancy, identity, objects) = (world.tenancy(), world.identity(), world.objects());
    for (scope, who) in tenancy.run_out(now) {
        if let Some(node) = tenancy.at(scope) {
            let command = ExpireMember { scope: node.id.into(), principal: identity.id(who) };
            if !take(command.into(), Sort::Member) {
                return;
            }
        }
    }
    for entry in tenancy.entries_run_out(now) {
        if !take(ExpireAclEntry { entry: entry.id }.into(), Sort::Entry) {
            return;
        }
    }
    let ages = tenancy.policies().filter(|(_, declared)| declared.policy.retention.objects.max_age.is_some());
    let homes: BTreeSet<u32> = ages.flat_map(|(row, _)| tenancy.subtree(row)).collect();
    for home in homes.into_iter().filter(|row| tenancy.at(*row).is_some_and(|node| !node.frozen)) {
        // Oldest first, and of one home all have the same greatest age: the first that is not due ends it.
        for at in objects.homed(home).into_iter().flatten() {
            if !past_greatest_age(world, at, now) {
                break;
            }
            let Some(object) = objects.at(at) else { continue };
            if !take(Expire { object: object.id }.into(), Sort::Object) {
                return;
            }
        }
    }
}
