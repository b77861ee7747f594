//! Which allowed reads leave a record: what the scopes on the way to the target declare, the strictest of them; `sensitive` when
//! none does.
//!
//! A record is put into the writer's queue before the answer is given, and written in the next group: a crash can lose the records of the
//! last moment, as it can lose what nobody has a receipt for. A read that cannot be put there is not answered.

use crate::authorize::Target;
use crate::reading::{Operation, Sort};
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::AuditReads;
use scoped_projections::{PrincipalId, World};

/// The row of the scope that has the say about a target: of an object its home; `NO_ROW` where none has.
pub(crate) fn governing(world: &World, target: Target) -> u32 {
    match target {
        Target::Scope(row) | Target::Below(row) => row,
        Target::Object(row) => world.objects().at(row).map_or(NO_ROW, |object| object.home),
        Target::Own | Target::Deployment | Target::Nothing => NO_ROW,
    }
}

/// What holds for a target.
pub(crate) fn reads(world: &World, target: Target) -> AuditReads {
    // Most deployments declare nothing, and reads are asked about on every read.
    if !world.tenancy().has_policies() {
        return AuditReads::Sensitive;
    }
    let tenancy = world.tenancy();
    let declared =
        tenancy.chain(governing(world, target)).filter_map(|scope| tenancy.policy(scope)?.policy.audit_reads);
    declared.max().unwrap_or(AuditReads::Sensitive)
}

/// Is this read recorded unless the scope says `none`?
pub(crate) fn is_sensitive(
    operation: Operation,
    world: &World,
    actor: PrincipalId,
    target: Target,
    past: bool,
) -> bool {
    let owned = || match target {
        Target::Own => true,
        Target::Object(row) => {
            let owner = world.objects().at(row).map(|object| object.owner);
            owner.is_some() && owner == world.identity().row(actor)
        }
        _ => false,
    };
    match operation.sort() {
        Sort::Sensitive => true,
        // Whoever asks about its own access needs nothing but to be active.
        Sort::Access if target != Target::Own => true,
        Sort::Access | Sort::Plain => past && !owned(),
    }
}
