//! Taking turns: everybody does the same work, round by round, in an order that moves on by one each round.
//!
//! Why: a neighbour who wakes up, a disk that slows down, a core that heats up then meets all of them. Who fails is not asked
//! again and is told of as missing, unless it is us or the floor: without these there is nothing to compare.

use crate::report::{Missing, Part, Rounds, Unit, Who, Work};
use anyhow::Context;

struct Entrant<T: ?Sized> {
    who: Who,
    /// `None` once it has failed.
    does: Option<Box<T>>,
    values: Vec<f64>,
}

/// Those who take turns at one kind of work.
pub struct Turns<T: ?Sized> {
    entrants: Vec<Entrant<T>>,
    missing: Vec<Missing>,
    rounds: usize,
}

impl<T: ?Sized> Turns<T> {
    /// Nobody yet.
    pub fn new() -> Self {
        Self { entrants: Vec::new(), missing: Vec::new(), rounds: 0 }
    }
    /// One more.
    pub fn enter(&mut self, who: Who, does: Box<T>) {
        self.entrants.push(Entrant { who, does: Some(does), values: Vec::new() });
    }
    /// One more, if it is there.
    pub fn enter_or_miss(&mut self, who: Who, does: anyhow::Result<Box<T>>) {
        match does {
            Ok(does) => self.enter(who, does),
            Err(error) => self.miss(&who.name, &error),
        }
    }
    /// Somebody who cannot take part.
    pub fn miss(&mut self, name: &str, why: &anyhow::Error) {
        self.missing.push(Missing { name: name.to_owned(), why: format!("{why:#}") });
    }

    /// A turn for everybody.
    ///
    /// # Errors
    /// When the floor or we fail.
    pub fn round(&mut self, turn: &mut dyn FnMut(&mut T) -> anyhow::Result<f64>) -> anyhow::Result<()> {
        let count = self.entrants.len().max(1);
        for nth in 0..self.entrants.len() {
            let entrant = &mut self.entrants[(nth + self.rounds) % count];
            let Some(does) = &mut entrant.does else { continue };
            match turn(does) {
                Ok(value) => entrant.values.push(value),
                Err(error) if entrant.who.part == Part::Peer => {
                    entrant.does = None;
                    let why = format!("{error:#}");
                    self.missing.push(Missing { name: entrant.who.name.clone(), why });
                }
                Err(error) => return Err(error).with_context(|| entrant.who.name.clone()),
            }
        }
        self.rounds += 1;
        Ok(())
    }

    /// What everybody reached. They may go on with another work afterwards.
    pub fn done(&mut self, work: (&str, String, Unit)) -> Work {
        self.done_beside(Vec::new(), work)
    }

    /// As [`Self::done`], with rounds of others that were taken elsewhere.
    pub fn done_beside(&mut self, beside: Vec<Rounds>, (name, how, unit): (&str, String, Unit)) -> Work {
        let finished = self.entrants.iter_mut().filter(|entrant| entrant.does.is_some());
        let rounds = finished.map(|entrant| (entrant.who.clone(), std::mem::take(&mut entrant.values)));
        let mut work = Work::of(name, how, unit, beside.into_iter().chain(rounds).collect());
        work.missing.clone_from(&self.missing);
        work
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Count = dyn FnMut() -> anyhow::Result<f64>;

    /// A peer whose figures end half way would be held against rounds that it did not take part in.
    #[test]
    fn who_fails_is_told_of_and_has_no_figure() {
        let mut turns = Turns::<Count>::new();
        let mut calls = 0;
        turns.enter(Who::ours(""), Box::new(|| Ok(10.0)));
        turns.enter(
            Who::peer("other", ""),
            Box::new(move || {
                calls += 1;
                anyhow::ensure!(calls < 2, "out of space");
                Ok(5.0)
            }),
        );
        for _ in 0..3 {
            turns.round(&mut |count| count()).expect("ours goes on");
        }
        let work = turns.done(("a work", String::new(), Unit::PerSecond));
        assert_eq!(work.figures.len(), 1);
        assert_eq!(work.ours().map(|figure| figure.rounds.len()), Some(3));
        assert_eq!(work.missing[0].why, "out of space");
    }
}
