//! Over the payload: group commit, everybody with the groups that the engine made.

use super::{Axis, Plot, Size};
use crate::report::{Unit, Who};
use crate::stores::KINDS;
use crate::turns::Turns;
use crate::works::group::{Bare, CommitsGroups, Ours, Stored};
use scoped::Durability;
use scoped_tools::bench::load::Load;
use scoped_tools::bench::machine::cores;
use scoped_tools::bench::throwaway::Throwaway;

const PAYLOADS: [usize; 6] = [64, 200, 1_024, 4_096, 16_384, 65_536];
/// Bytes that all writers together keep in flight at most.
const IN_FLIGHT_BYTES: usize = 16 << 20;
const WINDOW: usize = 1_024;

pub(super) fn measure(directory: &Throwaway, size: Size) -> anyhow::Result<Plot> {
    let mut works = Vec::new();
    for payload in PAYLOADS {
        let window = (IN_FLIGHT_BYTES / payload / cores()).clamp(1, WINDOW);
        let load = Load { writers: cores(), batch: 1, payload, window };
        let ours = Ours { directory, load, durability: Durability::Synced };
        let mut turns = Turns::<dyn CommitsGroups + '_>::new();
        turns.enter(Who::floor(""), Box::new(Bare { directory, payload }));
        for kind in &KINDS {
            let stored = Stored { open: kind.open, directory, name: kind.name, payload };
            turns.enter(Who::peer(kind.name, kind.how), Box::new(stored));
        }
        let mut rates = Vec::new();
        for _ in 0..size.rounds {
            let (rate, groups) = ours.turn(size.time)?;
            rates.push(rate);
            turns.round(&mut |one| one.turn(&groups, size.time))?;
        }
        let beside = vec![(Who::ours(""), rates)];
        works.push((payload as f64, turns.done_beside(beside, ("payload", String::new(), Unit::PerSecond))));
    }
    let title = format!("Group commit, {} writers; everybody commits the groups that scoped made", cores());
    Ok(Plot::of("payload.svg", title, (Axis { name: "bytes a change", base: 4 }, "changes/s"), &works))
}
