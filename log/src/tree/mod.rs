//! The tree over the leaves: small proofs that an event is in the log, and that a longer log begins with a shorter one.
//!
//! Why beside the chain: the chain shows that nothing changed to somebody who walks all of it. The tree shows it to
//! somebody who holds nothing but a root that was signed once, in a few dozen digests.
//!
//! Shape: the one of RFC 6962 (the largest power of two on the left) over `leaf(1) … leaf(size)`, which are in the log
//! already; inner nodes are `H_node(left ‖ right)`. Kept as a mountain range, the roots of the complete subtrees, at
//! most 64 of them.
//!
//! ```text
//! shape      which complete subtrees a proof is made of               arithmetic only
//! peaks      a mountain range that grows leaf by leaf                  pure
//! proof      inclusion and consistency: verifying, bytes               pure, no log needed
//! tile       256 nodes of one height, as a file under `tree/`          a hint, like every sidecar
//! forest     nodes of a log: from tiles where they fit, else from records
//! runs       roots of 256 leaves, made as the log grows             what the writer has at hand
//! grow       tiles that are added to when a segment is sealed          what the writer does beside its work
//! follower   a head that is known, and whether a log extends it        what checkpoints and watchers stand on
//! ```
//!
//! Units: positions count from 1, as everywhere; `size` is the number of events; heights count from the leaves, 0.
//! INVARIANT (tiles are hints): nothing that is signed or reported rests on a tile that was not checked against a root
//! known otherwise. A wrong tile costs time, or a proof that fits no checkpoint; never a proof that should not fit.
//! Source: RFC 6962 and RFC 9162, section 2.1; Crosby and Wallach (2009); the tiles of C2SP `tlog-tiles`.

mod follower;
mod forest;
mod grow;
mod leaves;
mod peaks;
mod proof;
mod runs;
mod shape;
mod tile;
mod tiles;

pub use self::{
    follower::{Departed, Follower, TreeHead},
    forest::{Forest, Narrowed},
    peaks::Peaks,
    proof::{Consistency, Inclusion, PROOF_BYTES_MAX, Proof, ProofError, stored_leaf},
    tiles::{TilesReport, write_tiles},
};
pub(crate) use self::{
    grow::Grower,
    runs::{Roots, Runs},
};
