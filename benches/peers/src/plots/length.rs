//! Over the length of the log: one log that grows, in turns with stores that grow. Each slice is a point, so a curve that falls
//! shows work that depends on what is there already.

use super::{Axis, Curve, Plot, Size};
use crate::stores::{KINDS, Store};
use crate::works::PAYLOAD;
use crate::works::group::commit_for;
use scoped::{Durability, Engine};
use scoped_tools::bench::load::{Load, engine};
use scoped_tools::bench::machine::cores;
use scoped_tools::bench::throwaway::Throwaway;
use std::time::Duration;

/// Slices of the time that a log grows.
const SLICES: u32 = 24;
const WINDOW: usize = 1_024;
/// Changes in a group of the stores: about what the engine makes of its writers.
const GROUP: u32 = 1_024;

/// Somebody with a log that grows.
enum Growing {
    Ours(Engine),
    Stored(Box<dyn Store>),
}

impl Growing {
    /// Changes of one slice, and how many of them a second.
    fn turn(&mut self, time: Duration) -> anyhow::Result<(u64, f64)> {
        match self {
            Self::Ours(engine) => {
                let load = Load { writers: cores(), batch: 1, payload: PAYLOAD, window: WINDOW };
                let done = load.run(engine, time)?;
                Ok((done.events, done.events_per_s))
            }
            Self::Stored(store) => commit_for(&mut **store, PAYLOAD, &[GROUP], time),
        }
    }
}

pub(super) fn measure(directory: &Throwaway, size: Size) -> anyhow::Result<Plot> {
    let mut all = vec![("scoped", Growing::Ours(engine(&directory.sub("ours"), Durability::Synced)?))];
    for kind in &KINDS {
        all.push((kind.name, Growing::Stored((kind.open)(&directory.sub(kind.name))?)));
    }
    let mut curves: Vec<Curve> =
        all.iter().map(|(name, _)| Curve { name: (*name).to_owned(), points: Vec::new() }).collect();
    let slice = size.growth / SLICES;
    for _ in 0..SLICES {
        for ((_, growing), curve) in all.iter_mut().zip(&mut curves) {
            let (changes, rate) = growing.turn(slice)?;
            let before = curve.points.last().map_or(0.0, |(length, _)| *length);
            curve.points.push((before + changes as f64, rate));
        }
    }
    drop(all);
    ["ours"].into_iter().chain(KINDS.map(|kind| kind.name)).for_each(|name| directory.clear(name));
    let title =
        format!("Group commit into a log that grows, {PAYLOAD} B a change, one point a slice of time");
    Ok(Plot {
        file: "log-length.svg",
        title,
        x: Axis { name: "changes in the log", base: 10 },
        y: "changes/s",
        curves,
    })
}
