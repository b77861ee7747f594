//! Identity: principals, how they are related, and who acts for whom.
//!
//! Who may: operators. The founder is one from the log's first event on; operators make operators. Whom one lets act for oneself
//! everybody says itself. Who sees whom: see `sight.rs`.
//! Refusals: an id is used once, a handle by one live principal; the last active operator stays one; archiving is for good.

mod commands;
mod inverse;
mod nature;
mod queries;
mod recall;
mod relationships;
mod sight;

pub(crate) use commands::check_word;
pub use commands::{
    AddRelationship, ArchivePrincipal, ChangeKind, Command, CreatePrincipal, DescribePrincipal, Found,
    ReinstatePrincipal, RemoveRelationship, SetHandle, SetOperator, SuspendPrincipal,
};
pub(crate) use nature::nature;
pub use queries::{
    Deed, EdgeFilter, Kinship, PrincipalChange, PrincipalFilter, PrincipalInfo, RelationshipInfo, WALK_DEPTH,
};
pub(crate) use recall::{entity, recall};
pub use relationships::{GROUP_DEPTH_MAX, GROUPS_MAX};
pub use scoped_projections::identity::{ACTS_FOR, Direction, MEMBER_OF, Status};
pub(crate) use sight::{sees, sees_id};

/// The last change of a relationship; `None` while it does not hold.
pub(crate) fn edge_changed(
    world: &scoped_projections::World,
    id: scoped_projections::EdgeId,
) -> Option<scoped_projections::Sequence> {
    world.identity().relations().get(id).filter(|edge| edge.is_live()).map(|edge| edge.added)
}
