//! Sharing: projecting objects into scopes, and taking projections back.
//!
//! Who may project: whoever may administer the object (its owner, or an admin through a projection at level `admin`), and
//! also writes in the scope, so that nobody pushes things into other people's scopes. Who may take back: whoever may
//! administer the object, or manages the scope's access control list.

mod commands;
mod inverse;
mod nature;

pub use commands::{Command, Project, Revoke};
pub(crate) use commands::{entity, recall};
pub(crate) use nature::nature;
