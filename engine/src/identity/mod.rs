//! Identity: creating, describing, suspending and archiving principals.
//!
//! Who may: operators. The founder is one from the log's first event on; operators make operators.
//! Refusals: an id is used once; the last active operator stays one; archiving is for good.

mod commands;

pub use commands::{
    ArchivePrincipal, Command, CreatePrincipal, DescribePrincipal, Found, ReinstatePrincipal, SetOperator,
    SuspendPrincipal,
};
pub(crate) use commands::{check_word, recall};
