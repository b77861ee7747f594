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
//! decided again at their moment ([`redo`]). Memory is one world and one batch, and two worlds more while rollbacks are planned, whatever the
//! bytes of the log; time is linear.
//! Each check is a line of [`CheckName`]; violations planted for each of them are found: written to a log past the engine
//! (`tests/tests/it/compliance/`), or, where replaying a log cannot come to one, in a world that was tampered with or by a decision
//! function that errs (`tampered.rs`). A test holds that no check is without.
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
mod requests;
mod rollbacks;
mod secrets;
#[cfg(test)]
mod tampered;
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

use crate::authorize::{Decision, Request, authorize};
use crate::engine::Engine;
use crate::error::Result;
use crate::history::History;
use check::Book;
use invariant::CheckName as N;
use scoped_log::{VerifyOptions, VerifyReport, verify};
use scoped_projections::{Digest, Micros, PrincipalId, Sequence, World};
use secrets::Sieve;
use std::sync::Arc;

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
        let mut last = None;
        let mut reached = |world: &World, book: &mut Book| meet(&mut expected, world, &mut last, book);
        let walked = walk::walk(self, to, &sieve, &mut book, &mut reached);
        for missed in expected {
            book.hold(N::ReplayAgrees, false, || {
                format!("{} is at {}, which replaying does not reach", missed.what, missed.position)
            });
        }
        let health = Health::of(&verified, to, walked.as_ref(), &self.notes());
        let world = match walked {
            Ok(world) => world,
            Err(error) => {
                book.violation(N::CommandsExplainEvents, || {
                    format!("the log cannot be walked to its end: {error}")
                });
                World::default()
            }
        };
        // Rollbacks are planned over this very world: one replay less, and one world less in memory.
        let world = Arc::new(world);
        if world.position() == self.head() {
            self.remembered().keep(Arc::clone(&world));
        }
        self.check_world(&world, authorize, options, &mut book);
        let chain = self.reader().chain_at(world.position()).ok().flatten().unwrap_or(verified.head);
        // That of the end is mostly known: the live world was met there.
        let state = last.filter(|(at, _)| *at == world.position()).map(|(_, state)| state);
        let at = (world.position(), chain, state.unwrap_or_else(|| world.state_digest()));
        Ok(Report::new(now, at, book.close(), RegistryReport::of(&world), health))
    }

    /// Holds a world against the log that it is said to come from, and against whoever decides over it. What replaying gives and
    /// the one authorization function are sound together, so violations of some of these checks can only be planted here: in a world
    /// that the log does not come to, or by somebody else who decides.
    fn check_world(&self, world: &World, decide: Decide, options: &Options, book: &mut Book) {
        world::registry(world, book);
        world::references(world, book);
        world::rules(world, book);
        access::denies(world, decide, options.samples, book);
        // What needs the log itself may meet the damage that is reported already.
        let rest = world::versions(world, self, book)
            .and_then(|()| access::reasons(world, decide, self, options.samples, book))
            .and_then(|()| rollbacks::plans(world, self, options.plans, book));
        if let Err(error) = rest {
            book.violation(N::VersionsReadable, || format!("the log cannot be read: {error}"));
        }
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

/// Who decides: the authorization function, or what a test puts in its place.
type Decide = fn(&World, PrincipalId, Request<'_>, Micros) -> Decision;

/// A world that the walk has to come by.
struct Expected {
    position: Sequence,
    state: Digest,
    what: String,
}

/// Holds a world of the walk against those that were expected there. Its digest is made once, and kept as the last one.
fn meet(expected: &mut Vec<Expected>, world: &World, last: &mut Option<(Sequence, Digest)>, book: &mut Book) {
    expected.retain(|it| {
        if it.position != world.position() {
            return true;
        }
        let known = last.filter(|(at, _)| *at == world.position());
        let (_, state) = *last.insert(known.unwrap_or_else(|| (world.position(), world.state_digest())));
        book.hold(N::ReplayAgrees, it.state == state, || {
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
