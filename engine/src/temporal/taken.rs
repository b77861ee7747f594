//! Which events about one entity were taken back, and by which: for the planner of rollbacks and for the trail, which must not disagree.
//!
//! A step of a rollback names one event, the first whose effect it takes back. It brings back how the entity was before that, so all that
//! was done to the entity since goes with it, up to the rollback's own batch. Steps of a merging rollback take back the one that they name.
//! What takes an event back can be taken back itself; then what it took back stands again.

use scoped_projections::Sequence;

/// What an event takes back of its entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taker {
    /// The event that it names.
    pub(crate) undoes: Sequence,
    /// The first event of its batch.
    pub(crate) batch: Sequence,
    /// Takes back the one event that it names, and no others.
    pub(crate) merged: bool,
}

/// For each event about one entity, oldest first, the last that took it back and stands. `taker` says what an event takes back, if it
/// does and counts.
pub(crate) fn taken_back<T>(
    events: &[T],
    at: impl Fn(&T) -> Sequence,
    taker: impl Fn(&T) -> Option<Taker>,
) -> Vec<Option<Sequence>> {
    let mut by = vec![None; events.len()];
    for (nth, event) in events.iter().enumerate().rev() {
        let Some(taker) = taker(event).filter(|_| by[nth].is_none()) else { continue };
        let before = |bound: Sequence| events[..nth].partition_point(|other| at(other) < bound);
        let (from, mut to) = (before(taker.undoes), before(taker.batch));
        if taker.merged {
            to = to.min(before(taker.undoes.next()));
        }
        for taken in by.iter_mut().take(to).skip(from) {
            taken.get_or_insert(at(event));
        }
    }
    by
}

#[cfg(test)]
mod tests {
    use super::{Taker, taken_back};
    use scoped_projections::Sequence;

    /// Events one after another in batches of their own; some take back the event of a place, some of those by merging.
    fn taken(takers: &[Option<(u64, bool)>]) -> Vec<u64> {
        let events: Vec<u64> = (1..=takers.len() as u64).collect();
        let taker = |at: &u64| {
            let (undoes, merged) = takers[*at as usize - 1]?;
            Some(Taker { undoes: Sequence::new(undoes), batch: Sequence::new(*at), merged })
        };
        let by = taken_back(&events, |at| Sequence::new(*at), taker);
        by.into_iter().map(|by| by.map_or(0, Sequence::get)).collect()
    }

    #[test]
    fn a_rollback_takes_back_all_since_what_it_names_and_its_own_rollback_lets_them_stand_again() {
        let (edit, back, one) = (None, |to| Some((to, false)), |to| Some((to, true)));
        assert_eq!(taken(&[edit, edit, edit, edit]), [0, 0, 0, 0]);
        assert_eq!(taken(&[edit, edit, edit, back(2)]), [0, 4, 4, 0]);
        assert_eq!(taken(&[edit, edit, edit, one(2)]), [0, 4, 0, 0], "a merge takes back the one it names");
        assert_eq!(taken(&[edit, edit, edit, back(2), back(4)]), [0, 0, 0, 5, 0]);
        assert_eq!(taken(&[edit, edit, edit, back(2), back(4), back(5)]), [0, 4, 4, 0, 6, 0]);
        assert_eq!(
            taken(&[edit, edit, back(2), back(3), back(1)]),
            [5, 5, 5, 5, 0],
            "further back than both"
        );
    }
}
