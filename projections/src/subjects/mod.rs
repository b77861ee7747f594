//! Subjects: whose data what is, and who was erased.
//!
//! Words: a *data subject* is somebody whose data can be erased; its id is a pseudonym, perhaps that of a principal. An object, or a
//! principal's description, is *bound* to a subject when it comes to be, and for good: all its payloads are sealed under the subject's key,
//! which is kept outside the log. *Erasing* a subject is destroying that key.
//! Invariants: what is bound stays bound to the same subject; who was erased stays erased.
//! Absent: keys, ciphertext, plaintext. A fold needs none of them, so the world is the same with and without keys.

mod events;
mod state;

pub use events::{ObjectBound, PrincipalBound, SubjectErased, SubjectsEvent};
pub use state::Subjects;
