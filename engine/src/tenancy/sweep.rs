//! Sweeping: closing what has run out, by explicit events with the time that was used.
//!
//! Memberships and entries of access control lists stop to count the moment they run out; the event closes them for history. Records past the greatest age that their
//! home keeps are tombstoned by theirs. What lies in a frozen scope stays: a freeze holds. What is due is looked for in the published
//! world, and each of it is decided again by its own command, so that nothing goes which meanwhile is not due any more.
//! Bounds: at most [`SWEEP_MAX`] commands a batch, one batch after the other.

use super::{ExpireAclEntry, ExpireMember, past_greatest_age};
use crate::command::Batch;
use crate::error::Result;
use crate::objects::Expire;
use crate::session::Session;
use scoped_projections::{Micros, PrincipalId, World};
use std::collections::BTreeSet;

/// Most commands of one batch.
const SWEEP_MAX: usize = 1_000;
/// How often a batch is made anew because the world has moved on.
const TRIES_MAX: u32 = 3;

/// What a sweep closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
            let (batch, found) =
                self.engine().read(|moment| due(moment.world, moment.now.read(), self.actor()));
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

/// The next commands of a sweep.
fn due(world: &World, now: Micros, actor: PrincipalId) -> (Batch, Swept) {
    let (tenancy, identity, objects) = (world.tenancy(), world.identity(), world.objects());
    let (mut batch, mut found) = (Batch::new(), Swept::default());
    for (scope, who) in tenancy.run_out(now).take(SWEEP_MAX) {
        if let Some(node) = tenancy.at(scope) {
            batch.push(actor, ExpireMember { scope: node.id.into(), principal: identity.id(who) });
            found.members += 1;
        }
    }
    for entry in tenancy.entries_run_out(now).take(SWEEP_MAX - batch.steps.len()) {
        batch.push(actor, ExpireAclEntry { entry: entry.id });
        found.entries += 1;
    }
    let ages = tenancy.policies().filter(|(_, declared)| declared.policy.retention.objects.max_age.is_some());
    let homes: BTreeSet<u32> = ages.flat_map(|(row, _)| tenancy.subtree(row)).collect();
    for home in homes.into_iter().filter(|row| tenancy.at(*row).is_some_and(|node| !node.frozen)) {
        // Oldest first, and of one home all have the same greatest age: the first that is not due ends it.
        for at in objects.homed(home).into_iter().flatten() {
            if batch.steps.len() >= SWEEP_MAX || !past_greatest_age(world, at, now) {
                break;
            }
            if let Some(object) = objects.at(at) {
                batch.push(actor, Expire { object: object.id });
                found.objects += 1;
            }
        }
    }
    (batch, found)
}
