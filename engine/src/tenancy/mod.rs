//! Tenancy: scopes, their members, their access control lists, their policies.
//!
//! Who may: see each command; nobody grants what they do not hold.
//!
//! ```text
//!              add, widen, write     narrow, revoke    freeze   delete   reopen
//! active              yes                 yes            yes      yes      –
//! frozen         scope_frozen             yes          release    yes      –
//! deleted        scope_deleted       nothing is left      –        –      yes
//! ```
//!
//! - A root never loses its last owner: who is active and owner without end, or stands behind a group that is. A flat scope may move below another parent, a path never.
//! - Deleting a scope ends its memberships and projections, each with an event of its own behind that of the scope; what ended so is
//!   kept aside, and reopening brings it back. A deleted path does not spring back by a write to it (`scope_tombstoned`); registered
//!   again it is a new scope under a new id.
//! - Whether facts fit a frozen scope, a quota, a hold is decided over the proposed facts ([`admit`]), so that no command can
//!   forget it, and a rollback is counted like everything else. Freezing a scope says nothing about the scopes below it.
//! - Behind an inheritance cut owners above may still manage the list of members, and if no owner is left there, appoint one. See decision 0017.

mod acl;
mod admit;
mod checks;
mod commands;
mod deletion;
mod frozen;
mod infos;
mod inverse;
mod members;
mod nature;
mod nearest;
mod owners;
mod policies;
mod provision;
mod quota;
mod recall;
mod scope_ref;
mod scopes;
mod sweep;
mod twins;
mod way_back;

pub(crate) use admit::admit;
pub(crate) use checks::{archived, last_moment, live_node, scope_row};
pub use commands::{
    AclRule, AddAclEntry, AddMember, AdoptScope, ChangeMember, Children, Command, CreateScope, DeleteScope,
    DescribeScope, ExpireAclEntry, ExpireMember, FreezeScope, Grantee, MemberChange, MoveScope,
    ProvisionScope, Records, ReleaseScope, RemoveAclEntry, RemoveMember, RenameScope, ReopenScope, SetAcl,
    SetMembers, SetPolicy, UpdateMembers,
};
pub use infos::{AclInfo, Holding, MemberInfo, ResolvedKey, ScopeDetail, ScopePolicy};
pub(crate) use members::{revives, run_out};
pub(crate) use nature::nature;
pub(crate) use nearest::nearest;
pub(crate) use owners::{Without, orphaned_root};
pub(crate) use policies::past_greatest_age;
pub(crate) use provision::{provision, write_needs};
pub(crate) use recall::{entity, recall};
pub use scope_ref::ScopeRef;
pub use sweep::Swept;
pub(crate) use twins::Twins;
pub(crate) use way_back::{at_stake, check_way_back};

/// The last change of a scope's policy.
pub(crate) fn policy_changed(
    world: &scoped_projections::World,
    scope: scoped_projections::ScopeId,
) -> Option<scoped_projections::Sequence> {
    let tenancy = world.tenancy();
    tenancy.policy(tenancy.row(scope)?).map(|declared| declared.since)
}
