//! Somebody who asks, looked up once: for one question, or for many in a row.

use scoped_projections::identity::Status;
use scoped_projections::store::NO_ROW;
use scoped_projections::tenancy::Presence;
use scoped_projections::{PrincipalId, World};

/// A principal, with what every walk looks at.
pub(crate) struct Actor<'w> {
    /// Its row.
    pub(super) row: u32,
    /// The number of what sort of actor it is.
    pub(super) kind: u32,
    pub(super) operator: bool,
    /// Rows of the groups it belongs to.
    groups: &'w [u32],
    /// Where it, or a group that it belongs to, may be a member.
    presence: Presence,
}

impl<'w> Actor<'w> {
    /// The active principal with that id; `None` where it is unknown, suspended or archived.
    #[inline]
    pub(crate) fn of(world: &'w World, id: PrincipalId) -> Option<Self> {
        let identity = world.identity();
        let row = identity.row(id)?;
        let active = identity.at(row).is_some_and(|principal| principal.status == Status::Active);
        active.then(|| Self::at(world, row))
    }
    /// The principal in a row, whether or not it is active. One that is not there is a member nowhere.
    #[inline]
    pub(super) fn at(world: &'w World, row: u32) -> Self {
        let (identity, tenancy) = (world.identity(), world.tenancy());
        // Looked at last: memory brings it meanwhile.
        tenancy.roles(row).expect();
        let groups = identity.groups(row);
        let mut presence = tenancy.presence(row);
        for group in groups {
            presence.join(&tenancy.presence(*group));
            tenancy.roles(*group).expect();
        }
        let (kind, operator) = identity
            .at(row)
            .map_or((NO_ROW, false), |principal| (identity.kind_number(principal), principal.operator));
        Self { row, kind, operator, groups, presence }
    }
    /// The rows that speak for it: its own, and those of its groups.
    #[inline]
    pub(super) fn selves(&self) -> impl Iterator<Item = u32> + Clone + '_ {
        std::iter::once(self.row).chain(self.groups.iter().copied())
    }
    /// False: neither it nor a group of it is a member of that very scope. True: perhaps.
    #[inline]
    pub(super) fn may_be_in(&self, scope: u32) -> bool {
        self.presence.may_be_in(scope)
    }
}
