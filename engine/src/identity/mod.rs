//! Identity: creating, describing, suspending and archiving principals.
//!
//! Who may: operators. The founder is one from the log's first event on; operators make operators.
//! Refusals: an id is used once; the last active operator stays one; archiving is for good.

mod commands;
mod inverse;

pub use commands::{
    ArchivePrincipal, Command, CreatePrincipal, DescribePrincipal, Found, ReinstatePrincipal, SetOperator,
    SuspendPrincipal,
};
pub(crate) use commands::{check_word, entity, recall};

/// The last change of a relationship.
pub(crate) fn edge_changed(
    _: &scoped_projections::World,
    _: scoped_projections::EdgeId,
) -> Option<scoped_projections::Sequence> {
    None
}
