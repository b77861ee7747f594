//! What the journal has to tell becomes events, in the writer's hands: attempts that were refused, and reads that are recorded.

use super::journal::{Line, fact};
use super::writer::Committer;
use crate::sealed::Sealer;
use scoped_projections::Micros;
use scoped_projections::store::Transact;

impl Committer {
    pub(super) fn trace(&mut self, line: Line) {
        if self.poisoned.is_none() {
            self.trace_at(line, 0, self.now);
        }
    }

    /// The same of a batch that is part of that operation of its caller; 0 for none.
    pub(super) fn trace_at(&mut self, line: Line, correlation: u128, now: Micros) {
        self.write_folded(false);
        if let Some(line) = self.journal.note(line, now) {
            self.write_attempt(&line, correlation, (1, now, now));
        }
    }

    pub(super) fn write_folded(&mut self, all: bool) {
        if self.poisoned.is_some() {
            return;
        }
        for (line, count, first, last) in self.journal.due(self.now, all) {
            self.write_attempt(&line, 0, (count, first, last));
        }
    }

    fn write_attempt(&mut self, line: &Line, correlation: u128, counted: (u32, Micros, Micros)) {
        for _ in 0..2 {
            let (now, start) = (self.now, self.facts.len());
            // No key is drawn: whoever is a data subject by itself has had one since it was made.
            let mut sealer = Sealer::new(self.history.sealing().vault());
            let world = self.worlds.own();
            world.begin();
            let fact = fact(world, (&mut self.ids, &mut sealer), now, line, correlation, counted);
            self.facts.push(fact);
            // A full disk keeps traces out as it keeps commands out; the refusal itself stands.
            if !matches!(self.stage(start), Ok(None)) {
                return;
            }
        }
    }
}
