//! Layer 0: does a log, and the world it comes to, keep the ten invariants? Checked from outside, with a report.
//!
//! ```text
//! verify     every byte of the log                                                          traced
//! walk       every batch: decided again, folded, and what it took away asked for            identified, private, revoked, versioned, …
//! world      what the log comes to: references, entries, denies, reasons, rollbacks         registered, private, deny wins, reversible, …
//! beside     snapshots and the live world against the walk; secrets everywhere              traced, secret
//! ```
//!
//! Nothing is trusted that could be asked for once more: the walk folds from the first event on, and the commands behind the events are
//! decided again at their moment ([`redo`]). Memory is one world and one batch, whatever the log's length; time is linear.
//! Each check is a line of [`CheckName`]; violations planted for each invariant are found (`tests/tests/it/compliance/`). Nothing can be planted by events
//! alone for `access_has_reason`, `denies_hold` and `rollbacks_planned`: they look for faults of the engine itself.
//!
//! What it cannot see: a log that was rewritten by somebody who only gave commands that were allowed. A checkpoint kept elsewhere shows that.

mod access;
mod check;
mod enforcer;
mod fuzzer;
mod harness;
mod health;
mod introspect;
mod invariant;
mod options;
mod redo;
mod report;
mod rollbacks;
mod secrets;
mod verifier;
mod walk;
mod world;

pub use check::{Check, InvariantReport};
pub use enforcer::{Enforced, Enforcer};
pub use fuzzer::{FuzzOptions, FuzzReport, fuzz};
pub use harness::Harness;
pub use health::{Health, HealthCheck};
pub use introspect::RegistryReport;
pub use invariant::{CheckName, Invariant};
pub use options::Options;
pub use report::Report;
pub use secrets::Secret;
pub use verifier::{ReversalCheck, Reversals, verify_rollbacks};

use crate::engine::Engine;
use crate::error::Result;
use crate::history::History;
use check::Book;
use invariant::CheckName as N;
use scoped_log::{VerifyOptions, VerifyReport, verify};
use scoped_projections::{Digest, Micros, Sequence, World};
use secrets::Sieve;

impl Engine {
    /// Checks the ten invariants over log and world. The live world must be what replaying the log gives.
    ///
    /// # Errors
    /// When the log cannot be read at all. What is wrong with it is in the report.
    pub fn compliance(&self) -> Result<Report> {
        self.compliance_with(&Options::default())
    }

    /// The same, as thoroughly as asked for.
    ///
    /// # Errors
    /// As [`Self::compliance`].
    pub fn compliance_with(&self, options: &Options) -> Result<Report> {
        // A copy, so that the writer does not wait for its digest.
        let live = self.read(|moment| World::clone(moment.world()));
        let live = Expected {
            position: live.position(),
            state: live.state_digest(),
            what: "the live world".to_owned(),
        };
        self.inner.history.check(options, self.inner.door.now(), Some(live))
    }
}

impl History {
    /// Checks the ten invariants over a log, at a time (µs since the epoch) that the report carries.
    ///
    /// # Errors
    /// When the log cannot be read at all. What is wrong with it is in the report.
    pub fn compliance(&self, options: &Options, now: Micros) -> Result<Report> {
        self.check(options, now, None)
    }

    fn check(&self, options: &Options, now: Micros, live: Option<Expected>) -> Result<Report> {
        let (mut book, sieve) = (Book::new(options.kept), Sieve::new(&options.secrets));
        let verified = verify(
            self.snapshots().storage(),
            &VerifyOptions { threads: options.threads, findings_max: options.kept },
            &|_| {},
        )?;
        trace_integrity(&verified, &mut book);
        let to = live.as_ref().map_or_else(|| self.head(), |live| live.position.max(self.head()));
        let mut expected = self.snapshots_to_meet(&sieve, &mut book);
        expected.extend(live);
        let mut reached = |world: &World, book: &mut Book| meet(&mut expected, world, book);
        let walked = walk::walk(self, to, &sieve, &mut book, &mut reached);
        for missed in expected {
            book.hold(N::ReplayAgrees, false, || {
                format!("{} is at {}, which replaying does not reach", missed.what, missed.position)
            });
        }
        let health = Health::of(&verified, walked.as_ref(), &self.notes());
        let world = match walked {
            Ok(world) => world,
            Err(error) => {
                book.violation(N::CommandsExplainEvents, || {
                    format!("the log cannot be walked to its end: {error}")
                });
                World::default()
            }
        };
        world::registry(&world, &mut book);
        world::references(&world, &mut book);
        world::rules(&world, &mut book);
        access::denies(&world, options.samples, &mut book);
        // What needs the log itself may meet the damage that is reported already.
        let rest = world::versions(&world, self, &mut book)
            .and_then(|()| access::reasons(&world, self, options.samples, &mut book))
            .and_then(|()| rollbacks::plans(&world, self, options.plans, &mut book));
        if let Err(error) = rest {
            book.violation(N::VersionsReadable, || format!("the log cannot be read: {error}"));
        }
        let chain = self.reader().chain_at(world.position()).ok().flatten().unwrap_or(verified.head);
        let at = (world.position(), chain, world.state_digest());
        Ok(Report::new(now, at, book.close(), RegistryReport::of(&world), health))
    }

    /// Snapshots that would be loaded, as what the walk has to meet; their bytes are looked through for secrets.
    fn snapshots_to_meet(&self, sieve: &Sieve<'_>, book: &mut Book) -> Vec<Expected> {
        let mut found = Vec::new();
        for position in self.snapshots().positions() {
            let what = format!("the snapshot at {position}");
            match self.snapshots().world_and_bytes(self.reader(), position) {
                Ok((world, bytes)) => {
                    sieve.look(&bytes, || what.clone(), book);
                    found.push(Expected { position, state: world.state_digest(), what });
                }
                // It is ignored at opening as well.
                Err(why) => book.warning(N::ReplayAgrees, || format!("{what} is ignored: {why}")),
            }
        }
        found
    }
}

/// A world that the walk has to come by.
struct Expected {
    position: Sequence,
    state: Digest,
    what: String,
}

fn meet(expected: &mut Vec<Expected>, world: &World, book: &mut Book) {
    expected.retain(|it| {
        if it.position != world.position() {
            return true;
        }
        book.hold(N::ReplayAgrees, it.state == world.state_digest(), || {
            format!("{} is not what replaying the log up to {} gives", it.what, it.position)
        });
        false
    });
}

fn trace_integrity(verified: &VerifyReport, book: &mut Book) {
    book.saw(N::TraceIntegrity, verified.records);
    for finding in &verified.findings {
        book.violation(N::TraceIntegrity, || match finding.sequence {
            Some(sequence) => format!("broken at sequence {}: {finding}", sequence.get()),
            None => finding.to_string(),
        });
    }
    let details = match verified.first_bad().map(|finding| (finding.sequence, finding)) {
        None => format!("{} events in {} batches verify", verified.records, verified.batches),
        Some((Some(sequence), _)) => format!("broken at sequence {}", sequence.get()),
        Some((None, finding)) => finding.to_string(),
    };
    book.details(N::TraceIntegrity, details);
}
