//! The registry: nothing is made whose type is not registered.
//!
//! ```text
//! code constructs     types, functions, classes …   registered by a command, one row each         URN given once, for ever
//! what is made        principals, scopes, objects … registered by the event that makes it, no row  URN follows from its state
//! ```
//!
//! Who may: operators change it, every active principal reads it. While it is frozen nothing about code constructs changes, not even
//! by a rollback; what is made (a scope, an object) is not touched by that.
//! An object's type is a word: `limits` means the entry of kind `MODEL` in the namespace `app`, `shop/limits` that in `shop`. The newest
//! edition in use counts; one that is deprecated does its work, and the receipt carries a warning. A draft or an archived type refuses.
//! Refusals: a URN is used once (`exists`), an unregistered type (`not_registered`), a frozen registry (`frozen`), a step of the
//! lifecycle that does not exist (`transition`), a namespace that belongs to the engine (`reserved`).
//! An application declares its constructs beside the code ([`constructs!`](crate::constructs)); a [`Scan`] tells what of them, and of the
//! types that are used, has no entry in use.
//! Why by number of decisions see `docs/decisions/0011` and `0028`.

mod checks;
mod commands;
mod construct;
mod declared;
pub(crate) mod derived;
mod entry;
mod inverse;
mod listen;
mod nature;
mod queries;
mod reference;
mod scan;
mod types;

pub(crate) use checks::{admit, type_word};
pub use commands::{
    Archive, Command, DefineKind, Describe, Freeze, Register, Reinstate, Transition, Unfreeze,
};
pub(crate) use commands::{changed, entity, recall};
pub use construct::{Construct, Declaration, Declared};
pub(crate) use declared::founding;
pub(crate) use derived::{Made, is_derived};
pub use entry::{Entry, EntryChange, EntryInfo, EntryPage};
pub(crate) use inverse::invert;
pub use listen::{EntryEvent, RegistryChange, RegistryChanges};
pub(crate) use nature::nature;
pub use queries::KindInfo;
pub(crate) use queries::{Found, Trail, find, list, missing, objects_behind};
pub use reference::RegistrationRef;
pub(crate) use scan::Types;
pub use scan::{Coverage, Scan, ScanReport, Scanned};

pub use scoped_projections::registry::{Kind, Lifecycle, NAMESPACE, Query, Urn, UrnError};
