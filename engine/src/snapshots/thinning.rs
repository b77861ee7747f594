//! Which snapshots to let go of.
//!
//! The newest two open the engine. The others are steps on the way to the past: a world of the past is folded from the one below it,
//! so they should lie far apart.

use scoped_projections::Sequence;

/// Snapshots that are kept.
const KEPT: usize = 6;
/// Of these, the newest that are kept whatever lies between them.
const NEWEST: usize = 2;

/// Those of these that are too many. `positions` fall.
pub(super) fn surplus(positions: &[Sequence]) -> Vec<Sequence> {
    let (mut kept, mut surplus) = (positions.to_vec(), Vec::new());
    while kept.len() > KEPT {
        // Without it, so many events lie between its neighbours; the log begins at 0.
        let without = |at: usize| {
            let below = kept.get(at + 1).copied().unwrap_or_default();
            kept[at - 1].get() - below.get()
        };
        let Some(least) = (NEWEST..kept.len()).min_by_key(|at| without(*at)) else { break };
        surplus.push(kept.remove(least));
    }
    surplus
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept_after(snapshots: u64) -> Vec<u64> {
        let mut there: Vec<Sequence> = Vec::new();
        for nth in 1..=snapshots {
            there.insert(0, Sequence::new(nth * 500_000));
            let gone = surplus(&there);
            there.retain(|at| !gone.contains(at));
        }
        there.iter().map(|at| at.get()).collect()
    }

    #[test]
    fn the_newest_two_stay_and_the_others_lie_apart() {
        for snapshots in 0..200 {
            let kept = kept_after(snapshots);
            assert_eq!(kept.len() as u64, snapshots.min(KEPT as u64));
            assert!(
                kept.iter().take(2).copied().eq((0..snapshots.min(2)).map(|nth| (snapshots - nth) * 500_000))
            );
            let ends = kept.iter().copied().chain([0]);
            let widest =
                ends.clone().zip(ends.skip(1)).map(|(above, below)| above - below).max().unwrap_or(0);
            let even = snapshots * 500_000 / (KEPT as u64 - 1);
            assert!(widest <= 500_000.max(even * 5 / 2), "{snapshots}: {kept:?}");
        }
    }
}
