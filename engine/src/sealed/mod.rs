//! Sealed payloads: the one door through which payloads are read from the log, and through which those of data subjects are sealed.
//!
//! ```text
//! write   offer (caller's thread: seals ahead) ─▶ decide and admit see plaintext ─▶ seal (what was offered, or anew) ─▶ log
//! read    record ─▶ History::content ─▶ plaintext, or why it is absent: erased, or sealed and no key at hand
//! erase   SubjectErased, durable ─▶ key destroyed, durable ─▶ published ─▶ receipt, subscribers
//! ```
//!
//! Who is bound to a subject is state ([`scoped_projections::subjects`]); keys and cipher are [`scoped_vault`]. Folds see sizes only, so worlds and
//! digests are the same with and without keys. No plaintext is kept: worlds, snapshots and indexes hold where data lies and not what it says.
//! Errors: `erased` and `sealed` where plaintext is needed; where something is shown there is a marker instead, and lists go on. Ciphertext that does not
//! open is damage, and never shown.

mod content;
mod erasing;
mod keys;
mod offer;
mod open;
mod seal;

pub(crate) use content::is_absent;
pub use content::{Absence, Content, Why};
pub(crate) use erasing::Sealing;
pub use keys::Keys;
pub(crate) use offer::Offer;
pub(crate) use open::stored_subject;
pub(crate) use seal::{Sealer, Written, erased, no_keys, subject_of};

use scoped_projections::identity::IdentityEvent;
use scoped_projections::{Event, SubjectId};
use scoped_vault::About;

/// What a payload is bound to: in the place of another it does not open.
fn about(log: u128, subject: SubjectId, event: &Event) -> About {
    let principal = |event: &IdentityEvent| event.principal().map_or(0, |principal| principal.0);
    let thing = match event {
        Event::Identity(event) => principal(event),
        event => event.object().map_or(0, |object| object.0),
    };
    About { log, subject: subject.0, kind: event.kind(), thing }
}
