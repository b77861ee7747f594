//! What a log proves to others: keys, signed checkpoints, and proofs in the forms in which they travel.
//!
//! ```text
//! key, key_file   who signs, and where the secret lies
//! note            a text with signatures, as transparency logs have them
//! checkpoint      the head of a log as such a note
//! package         the digest of a package as such a note
//! rotation        which key follows which, as such a note
//! proof_text      proofs as JSON and as one line
//! ```
//!
//! Open first: `checkpoint.rs`. What is proven, and how, is in `scoped_log::tree`. Absent: reading logs, the network, clocks.
//! Source: C2SP `signed-note` and `tlog-checkpoint`.

mod base64;
pub mod checkpoint;
pub mod key;
pub mod key_file;
pub mod note;
pub mod package;
pub mod proof_text;
pub mod rotation;

pub use checkpoint::{Checkpoint, CheckpointError, log_id, log_name};
pub use key::{KeyError, KeyId, PublicKey, Signer};
pub use key_file::KeyFileError;
pub use note::{Note, NoteError};
