//! Over the size of a batch: one caller, who waits for the sync of each batch before the next.

use super::{Axis, Plot, Size};
use crate::report::{Unit, Who};
use crate::stores::KINDS;
use crate::turns::Turns;
use crate::works::PAYLOAD;
use crate::works::group::{Bare, CommitsGroups, Ours, Stored};
use scoped::Durability;
use scoped_tools::bench::load::Load;
use scoped_tools::bench::throwaway::Throwaway;

const BATCHES: [usize; 7] = [1, 4, 16, 64, 256, 1_024, 4_096];

pub(super) fn measure(directory: &Throwaway, size: Size) -> anyhow::Result<Plot> {
    let mut works = Vec::new();
    for batch in BATCHES {
        let load = Load { writers: 1, batch, payload: PAYLOAD, window: 1 };
        let ours = Ours { directory, load, durability: Durability::SyncedEach };
        let mut turns = Turns::<dyn CommitsGroups + '_>::new();
        turns.enter(Who::floor(""), Box::new(Bare { directory, payload: PAYLOAD }));
        for kind in &KINDS {
            let stored = Stored { open: kind.open, directory, name: kind.name, payload: PAYLOAD };
            turns.enter(Who::peer(kind.name, kind.how), Box::new(stored));
        }
        let mut rates = Vec::new();
        for _ in 0..size.rounds {
            rates.push(ours.turn(size.time)?.0);
            turns.round(&mut |one| one.turn(&[batch as u32], size.time))?;
        }
        let beside = vec![(Who::ours(""), rates)];
        works.push((batch as f64, turns.done_beside(beside, ("batch", String::new(), Unit::PerSecond))));
    }
    let title = format!("One caller, a sync for each batch, {PAYLOAD} B a change");
    Ok(Plot::of(
        "batch-size.svg",
        title,
        (Axis { name: "changes in a batch", base: 10 }, "changes/s"),
        &works,
    ))
}
