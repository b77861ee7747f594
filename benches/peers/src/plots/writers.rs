//! Over writers: how syncs are shared. Stores take one writer at a time, so they are not part of this.

use super::{Axis, Plot, Size};
use crate::report::{Part, Unit, Who, Work};
use crate::works::PAYLOAD;
use crate::works::group::{Bare, CommitsGroups, Ours};
use scoped::Durability;
use scoped_tools::bench::load::Load;
use scoped_tools::bench::throwaway::Throwaway;

const WRITERS: [usize; 6] = [1, 2, 4, 8, 16, 32];
/// Batches that a writer keeps in flight.
const WINDOWS: [usize; 3] = [1, 32, 1_024];

pub(super) fn measure(directory: &Throwaway, size: Size) -> anyhow::Result<Plot> {
    let mut works = Vec::new();
    for writers in WRITERS {
        let mut rounds: Vec<(Who, Vec<f64>)> = Vec::new();
        let mut reached = |who: Who, rate: f64| match rounds.iter_mut().find(|(known, _)| *known == who) {
            Some((_, rates)) => rates.push(rate),
            None => rounds.push((who, vec![rate])),
        };
        for _ in 0..size.rounds {
            for window in WINDOWS {
                let load = Load { writers, batch: 1, payload: PAYLOAD, window };
                let (rate, groups) =
                    Ours { directory, load, durability: Durability::Synced }.turn(size.time)?;
                let name =
                    if window == 1 { "each waits".to_owned() } else { format!("{window} in flight each") };
                reached(Who { name: format!("scoped, {name}"), part: Part::Ours, how: String::new() }, rate);
                if Some(&window) == WINDOWS.last() {
                    let mut bare = Bare { directory, payload: PAYLOAD };
                    reached(Who::floor(""), bare.turn(&groups, size.time)?);
                }
            }
        }
        works.push((writers as f64, Work::of("writers", String::new(), Unit::PerSecond, rounds)));
    }
    let title = format!(
        "Writers sharing syncs, {PAYLOAD} B a change; the floor writes the groups of 1 024 in flight"
    );
    Ok(Plot::of("writers.svg", title, (Axis { name: "writing threads", base: 2 }, "changes/s"), &works))
}
