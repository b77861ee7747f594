//! The one door for time and chance.
//!
//! Everything that could differ on a second run enters here, so that a test can replay it, and folds never see it: they
//! see what the log recorded.

use parking_lot::Mutex;
use scoped_log::Micros;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Gives time and chance to the engine.
pub trait Door: Send + Sync {
    /// µs since the epoch, UTC. May step back; the log never does.
    fn now(&self) -> Micros;
    /// Sixty-four bits that nobody can predict (or, in a test, that everybody can).
    fn random(&self) -> u64;
    /// Whether time passes by itself (default). Where it does not, the engine never acts because time has passed, only because it
    /// was called: the same steps in the same order on every run, for simulations.
    fn runs(&self) -> bool {
        true
    }
    /// Bytes for keys and nonces, which nobody can predict (or, in a test, everybody can).
    ///
    /// # Errors
    /// When there are none to be had.
    fn fill(&self, out: &mut [u8]) -> std::io::Result<()> {
        for chunk in out.chunks_mut(8) {
            chunk.copy_from_slice(&self.random().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// The time that is decided for: known beforehand, or read from the door when something first asks for it.
///
/// Why: most decisions meet nothing that ends, and reading the clock is a twentieth of one.
/// INVARIANT (one time): whoever holds it hears the same time, however often it is read.
#[derive(Clone, Copy)]
pub(crate) enum When<'a> {
    /// That time.
    At(Micros),
    /// The present.
    Now(&'a Present<'a>),
}

impl When<'_> {
    /// The time, µs since the epoch.
    #[inline]
    pub(crate) fn read(self) -> Micros {
        match self {
            Self::At(time) => time,
            Self::Now(present) => *present.read.get_or_init(|| present.door.now().max(present.not_before)),
        }
    }
    /// Is what ends then (exclusive; `None` for never) still in force? Without an end no clock is read.
    #[inline]
    pub(crate) fn is_before(self, end: Option<Micros>) -> bool {
        end.is_none_or(|end| end > self.read())
    }
    /// Are both the same time?
    #[inline]
    pub(crate) fn is(self, other: When<'_>) -> bool {
        match (self, other) {
            (Self::Now(one), When::Now(other)) if std::ptr::eq(one, other) => true,
            _ => self.read() == other.read(),
        }
    }
}

impl From<Micros> for When<'_> {
    fn from(time: Micros) -> Self {
        Self::At(time)
    }
}

/// A present that lasts as long as one question.
pub(crate) struct Present<'a> {
    door: &'a dyn Door,
    /// A clock that is set back brings back no rights that have ended.
    not_before: Micros,
    read: OnceLock<Micros>,
}

impl<'a> Present<'a> {
    pub(crate) fn new(door: &'a dyn Door, not_before: Micros) -> Self {
        Self { door, not_before, read: OnceLock::new() }
    }
    pub(crate) fn when(&'a self) -> When<'a> {
        When::Now(self)
    }
}

/// The machine's clock and the operating system's randomness.
#[derive(Debug, Default)]
pub struct SystemDoor {
    drawn: AtomicU64,
}

impl Door for SystemDoor {
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    fn now(&self) -> Micros {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |elapsed| {
            elapsed.as_secs().saturating_mul(1_000_000).saturating_add(u64::from(elapsed.subsec_micros()))
        })
    }
    fn random(&self) -> u64 {
        // The standard library seeds this hash from the operating system; hashing a counter draws from it.
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u64(self.drawn.fetch_add(1, Ordering::Relaxed));
        hasher.finish()
    }
    /// From the operating system, each byte of it: keys take more than the hash above could promise.
    fn fill(&self, out: &mut [u8]) -> std::io::Result<()> {
        getrandom::fill(out).map_err(std::io::Error::other)
    }
}

/// A door that a test turns by hand: time stands until it is moved, chance comes from a seed.
#[derive(Debug)]
pub struct ManualDoor {
    now: AtomicU64,
    random: Mutex<u64>,
}

impl ManualDoor {
    /// Time stands at `now`; equal seeds give equal chances.
    #[must_use]
    pub fn new(now: Micros, seed: u64) -> Self {
        Self { now: AtomicU64::new(now), random: Mutex::new(seed) }
    }
    /// Moves time to `now`, forward or back.
    pub fn set(&self, now: Micros) {
        self.now.store(now, Ordering::SeqCst);
    }
}

impl Door for ManualDoor {
    fn now(&self) -> Micros {
        self.now.load(Ordering::SeqCst)
    }
    fn random(&self) -> u64 {
        let mut state = self.random.lock();
        split_mix(&mut state)
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the next number and the next state.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Makes ids: ULIDs of the door's time, with chance drawn from the door once and stretched.
#[derive(Debug)]
pub(crate) struct Ids {
    state: u64,
}

impl Ids {
    pub(crate) fn new(door: &dyn Door) -> Self {
        Self { state: door.random() }
    }
    pub(crate) fn next(&mut self, now: Micros) -> u128 {
        let (high, low) = (split_mix(&mut self.state), split_mix(&mut self.state));
        ulid::Ulid::from_parts(now / 1_000, u128::from(high) << 64 | u128::from(low)).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A question that saw two times could find a membership in force and its deny not yet.
    #[test]
    fn a_question_hears_one_time_and_only_if_it_asks() {
        let door = ManualDoor::new(10, 1);
        let present = Present::new(&door, 5);
        assert!(present.when().is_before(None) && present.when().is(present.when()));
        assert_eq!(present.read.get(), None, "nothing that ends was met");
        door.set(20);
        assert!(present.when().is_before(Some(21)));
        door.set(30);
        assert_eq!(present.when().read(), 20, "read once");
        assert!(!present.when().is_before(Some(20)), "an end is exclusive");
        assert!(present.when().is(20.into()) && !present.when().is(30.into()));
        assert_eq!(Present::new(&door, 40).when().read(), 40, "not before the last event");
    }
}
