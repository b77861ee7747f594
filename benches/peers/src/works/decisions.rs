//! May somebody write an object? Four kinds of answers, without rules and with them.
//!
//! Answers are compared before anything is timed. A turn is batches of 64 different questions, as many as fit into its time; a
//! figure is the median of the turns' medians. Sizes are those that all of them can bear; the engine's own, which are larger, are
//! in `scoped bench --only decisions`.

use super::Bed;
use crate::deciders::{Decides, KINDS, World};
use crate::report::{Unit, Who, Work};
use crate::turns::Turns;
use scoped_tools::bench::forest::{DEPTH, Forest, Kind, Question};
use scoped_tools::bench::spread::median;
use std::hint::black_box;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// What is asked.
const ASKED: [Kind; 4] = [Kind::Direct, Kind::Inherited, Kind::Default, Kind::Denied];
/// Questions of each kind.
const QUESTIONS: usize = 4_096;
/// Questions that are timed as one, where one takes less than a millisecond.
const BATCH: usize = 64;
/// Questions whose answers are compared first.
const COMPARED: usize = 256;

/// Somebody who decides, and where in the questions the next turn begins.
struct Asked {
    decides: Rc<dyn Decides>,
    at: usize,
    batch: usize,
}

impl Asked {
    /// Compares answers, and finds how many questions make a batch.
    fn new(decides: &Rc<dyn Decides>, kind: Kind, questions: &[Question]) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let mut compared: u32 = 0;
        for question in questions.iter().take(COMPARED) {
            let answer = decides.decide(*question)?;
            anyhow::ensure!(answer == kind.allows(), "{question:?}, {kind:?}, is answered otherwise");
            compared += 1;
            // Enough of those who take milliseconds.
            if begun.elapsed() > Duration::from_secs(1) {
                break;
            }
        }
        let one = (begun.elapsed() / compared.max(1)).max(Duration::from_nanos(1));
        let batch = (Duration::from_millis(1).as_nanos() / one.as_nanos()).clamp(1, BATCH as u128) as usize;
        Ok(Self { decides: Rc::clone(decides), at: 0, batch })
    }

    /// The median of one decision, in ns.
    fn turn(&mut self, questions: &[Question], time: Duration) -> anyhow::Result<f64> {
        let (mut times, begun) = (Vec::new(), Instant::now());
        while begun.elapsed() < time || times.is_empty() {
            if self.at + self.batch > questions.len() {
                self.at = 0;
            }
            let at = Instant::now();
            for question in &questions[self.at..self.at + self.batch] {
                black_box(self.decides.decide(black_box(*question))?);
            }
            times.push(at.elapsed().as_nanos() as f64 / self.batch as f64);
            self.at += self.batch;
        }
        Ok(median(times))
    }
}

/// Measures all of them.
///
/// # Errors
/// When the engine gives another answer than the one a question was drawn for.
pub fn measure(bed: &Bed<'_>) -> anyhow::Result<Vec<Work>> {
    let (objects, principals, grants) = bed.size.forest;
    let forest = Forest { objects, principals };
    let time = Duration::from_secs_f64(bed.size.asked_seconds);
    let mut works = Vec::new();
    for rules in [0, bed.size.rules] {
        let world = World { forest, grants, rules };
        let made: Vec<_> = KINDS.iter().map(|kind| (kind, (kind.make)(world).map(Rc::from))).collect();
        for kind in ASKED {
            let questions = forest.questions(kind, grants, QUESTIONS);
            let mut turns = Turns::<Asked>::new();
            for (decider, decides) in &made {
                let asked = match decides {
                    Ok(decides) => Asked::new(decides, kind, &questions).map(Box::new),
                    Err(error) => Err(anyhow::anyhow!("{error:#}")),
                };
                match asked {
                    // Without us there is nothing to compare.
                    Err(error) if decider.who() == Who::ours(decider.how) => return Err(error),
                    asked => turns.enter_or_miss(decider.who(), asked),
                }
            }
            for _ in 0..bed.size.rounds {
                turns.round(&mut |one| one.turn(&questions, time))?;
            }
            let name =
                if rules == 0 { kind.as_str().to_owned() } else { format!("{}, with rules", kind.as_str()) };
            let how = format!(
                "{objects} objects, {principals} principals, {grants} grants, {} denies, {rules} rules, {DEPTH} nodes deep",
                forest.denied()
            );
            works.push(turns.done((&name, how, Unit::Nanoseconds)));
        }
    }
    Ok(works)
}
