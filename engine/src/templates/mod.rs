//! Templates: blueprints, of which something can be made.
//!
//! Who may: a template of a scope is made with `scope.templates.manage` there, and read and instantiated by whoever reads that scope;
//! one without scope is made by operators and is everybody's to read. It is changed by whoever may make one there, and by its owner as
//! long as that one still reads the scope. Instantiating is a command, so that it leaves its trace (with the overrides as its
//! payload), and creates nothing else. Refusals: changes of an archived template, and instances of it.
//! What is decided here and not by the specification: see decision 0013.

mod commands;
mod info;
mod inverse;
mod merge;
mod nature;
mod queries;

pub use commands::{Archive, Command, Create, Instantiate, Reopen, Update};
pub(crate) use commands::{entity, recall, seeing};
pub use info::{Instance, TemplateFilter, TemplateInfo, TemplateVersionInfo};
pub(crate) use inverse::{changed, invert, place};
pub use merge::merge;
pub(crate) use nature::nature;
