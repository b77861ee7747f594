//! Warm authorization checks: a random member of a tree on a random object of it. Nothing was cached for this very question.

use super::report::Check;
use super::spread::Times;
use super::world::{DEPTH, World, draw};
use scoped::Capability;
use std::hint::black_box;
use std::time::Instant;

const CHECKS: u32 = 400_000;
/// Before anything counts.
const WARM_UP: u32 = 50_000;

pub(super) fn measure(world: &World) -> anyhow::Result<Check> {
    let (mut state, mut allowed) = (1, 0u32);
    let (mut latency, mut clock) = (Times::new()?, Times::new()?);
    for nth in 0..WARM_UP + CHECKS {
        let object = (draw(&mut state) % u64::from(world.size.objects)) as u32;
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
    let (latency, clock) = (latency.spread(), clock.spread());
    Ok(Check {
        objects: world.size.objects,
        principals: world.size.principals,
        depth: DEPTH,
        latency,
        clock,
        p50_ns: latency.p50_ns.saturating_sub(clock.p50_ns),
        allowed: f64::from(allowed) / f64::from(CHECKS),
    })
}
