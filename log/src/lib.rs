//! An append-only, hash-chained, segmented event log that knows nothing of what an event means.
//!
//! ```text
//! caller ─▶ Payload::new                   any thread; digests what is long
//!        ─▶ Writer::stage, commit          one thread: frame, chain, sum, one write, one sync, publish
//! Reader ─▶ get, records, at_time          any thread: slices of mapped segments, no lock
//! verify ─▶ every sum of every byte        positional reads, all cores, parts joined
//! tree   ─▶ proofs over the leaves         beside the log, from tiles or from the records
//! salvage ─▶ a new log of what is good     bounded memory, the old one stays as it is
//! ```
//!
//! Open first: `writer/mod.rs` (what reaches the disk, in which order) and `recovery/plan.rs` (what a crash may leave).
//! What is stored, byte for byte: `record.rs`, `header.rs`, `footer.rs`, and `docs/log-format.md`.
//! Absent: what an event means, JSON, clocks, randomness, who may do what.

mod bytes;
mod contents;
mod digest;
mod error;
mod footer;
mod genesis;
#[cfg(test)]
mod golden;
mod hash;
mod head;
mod header;
pub mod hint;
mod index;
mod layout;
mod log;
mod map;
mod options;
mod payload;
mod read_only;
mod reader;
mod record;
mod records;
mod recovery;
mod salvage;
mod scan;
mod segment;
mod sequence;
mod short;
mod spare;
pub mod storage;
mod table;
mod tally;
pub mod tree;
mod verify;
mod writer;

/// Microseconds since the epoch, UTC.
pub type Micros = u64;

pub use digest::{Digest, DigestError};
pub use error::{ErrorKind, LogError};
pub use layout::{MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_BODY_BYTES};
pub use log::{Log, Opened};
pub use options::Options;
pub use payload::Payload;
pub use reader::{Reader, SegmentInfo};
pub use record::{NewEvent, Position, Record};
pub use records::Records;
pub use recovery::{Recovery, Verdict};
pub use salvage::{LOST_KIND, Loss, SalvageOptions, Salvaged, salvage};
pub use sequence::Sequence;
pub use storage::{Access, FileStorage, Lock, MemoryStorage, Region, Storage, StorageFile};
pub use verify::{Fault, Finding, Progress, VerifyOptions, VerifyReport, verify};
pub use writer::{Committed, Durability, Stage, Staged, Writer};
