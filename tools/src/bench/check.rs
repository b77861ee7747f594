//! Authorization checks: a random member of a tree on a random object of it.
//!
//! Twice: over all objects, most of which no cache holds, and over a hot set that the caches do hold. The answer itself is
//! never remembered, every check is decided anew.

use super::drawn::draw;
use super::report::Check;
use super::spread::{Spread, Times};
use super::world::{DEPTH, World};
use scoped::Capability;
use std::hint::black_box;
use std::time::Instant;

const CHECKS: u32 = 400_000;
/// Before anything counts.
const WARM_UP: u32 = 50_000;

/// Objects that are asked about again and again.
const HOT: u32 = 1_000;

pub(super) fn measure(world: &World) -> anyhow::Result<Check> {
    let (latency, clock, allowed) = checks(world, world.size.objects)?;
    let (hot, _, _) = checks(world, HOT.min(world.size.objects))?;
    Ok(Check {
        objects: world.size.objects,
        principals: world.size.principals,
        depth: DEPTH,
        latency,
        hot,
        clock,
        p50_ns: latency.p50_ns.saturating_sub(clock.p50_ns),
        hot_p50_ns: hot.p50_ns.saturating_sub(clock.p50_ns),
        allowed,
    })
}

/// Checks on random ones of the first so many objects: their times, those of the clock, and how many were allowed, of all.
fn checks(world: &World, objects: u32) -> anyhow::Result<(Spread, Spread, f64)> {
    let (mut state, mut allowed) = (1, 0u32);
    let (mut latency, mut clock) = (Times::new()?, Times::new()?);
    for nth in 0..WARM_UP + CHECKS {
        let object = (draw(&mut state) % u64::from(objects)) as u32;
        let actor = World::principal(world.neighbour(object, draw(&mut state)));
        let object = World::object(object);
        let begun = Instant::now();
        let yes = world
            .engine
            .read(|moment| moment.can(actor, Capability::Write, moment.object_target(object)).allowed);
        let time = begun.elapsed();
        let begun = Instant::now();
        let empty = begun.elapsed();
        if nth >= WARM_UP {
            allowed += u32::from(black_box(yes));
            latency.record(time);
            clock.record(empty);
        }
    }
    Ok((latency.spread(), clock.spread(), f64::from(allowed) / f64::from(CHECKS)))
}
