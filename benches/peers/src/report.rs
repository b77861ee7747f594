//! What a run found out, as plain values.
//!
//! ```text
//! Report ─ machine, load before and after, why there is no verdict
//!   └ Work ─ what was done, how, in which unit
//!       ├ Figure ─ who, the median of the rounds, against the floor, against us
//!       └ Missing ─ who has no figure, and why
//! ```
//! Ratios are medians of the rounds' own ratios: who is slowed down by a neighbour is held against others in the same round.

use scoped_tools::bench::conditions::Conditions;
use scoped_tools::bench::report::Verdict;
use scoped_tools::bench::spread::median;
use serde::Serialize;

/// When figures were taken, to the minute, UTC.
#[must_use]
pub fn now() -> String {
    let now = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC);
    now.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Everything one run found out.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// When.
    pub taken: String,
    /// Where it ran, and how busy it was there.
    #[serde(flatten)]
    pub conditions: Conditions,
    /// A small run, to see that everything works. Its figures say little, too.
    pub quick: bool,
    /// What was measured.
    pub works: Vec<Work>,
    /// Each goal, met or missed; empty when the machine was busy or the run was a quick one.
    pub verdicts: Vec<Verdict>,
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// The more the better.
    PerSecond,
    /// The fewer the better.
    Nanoseconds,
}

/// In which part somebody appears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The same work with nothing around it.
    Floor,
    /// Scoped.
    Ours,
    /// Somebody else.
    Peer,
}

/// Who did the work, and how they were set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Who {
    /// Its name.
    pub name: String,
    /// In which part.
    pub part: Part,
    /// How it is set up, or what it does less than the others.
    pub how: String,
}

impl Who {
    /// The floor.
    pub fn floor(how: &str) -> Self {
        Self { name: "floor".to_owned(), part: Part::Floor, how: how.to_owned() }
    }
    /// The engine.
    pub fn ours(how: &str) -> Self {
        Self { name: "scoped".to_owned(), part: Part::Ours, how: how.to_owned() }
    }
    /// Somebody else.
    pub fn peer(name: &str, how: &str) -> Self {
        Self { name: name.to_owned(), part: Part::Peer, how: how.to_owned() }
    }
}

/// What somebody reached.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    /// Who, and how.
    #[serde(flatten)]
    pub who: Who,
    /// The median of the rounds.
    pub value: f64,
    /// It in that of the floor: of a rate the part that is reached, of a time how many times as long it takes.
    pub of_floor: Option<f64>,
    /// How many times as quick as this one we are; above 1 we are ahead.
    pub ours_ahead: Option<f64>,
    /// Every round.
    pub rounds: Vec<f64>,
}

/// Somebody who could not be measured.
#[derive(Debug, Clone, Serialize)]
pub struct Missing {
    /// Who.
    pub name: String,
    /// Why there is no figure.
    pub why: String,
}

/// One kind of work.
#[derive(Debug, Clone, Serialize)]
pub struct Work {
    /// What it is called.
    pub name: String,
    /// What is done, with its sizes.
    pub how: String,
    /// What the figures count.
    pub unit: Unit,
    /// In the order in which they were given.
    pub figures: Vec<Figure>,
    /// Who is missing.
    pub missing: Vec<Missing>,
}

/// What somebody reached in each round.
pub type Rounds = (Who, Vec<f64>);

impl Work {
    /// Medians and ratios of what was reached. The first of ours is the one that peers are held against.
    pub fn of(name: &str, how: String, unit: Unit, rounds: Vec<Rounds>) -> Self {
        let first = |part| rounds.iter().find(|(who, _)| who.part == part).map(|(_, values)| values.clone());
        let (floor, ours) = (first(Part::Floor), first(Part::Ours));
        let ratio =
            |these: &[f64], those: &[f64]| median(these.iter().zip(those).map(|(a, b)| a / b).collect());
        let figure = |(who, values): Rounds| Figure {
            value: median(values.clone()),
            of_floor: floor.as_ref().filter(|_| who.part != Part::Floor).map(|floor| ratio(&values, floor)),
            ours_ahead: ours.as_ref().filter(|_| who.part == Part::Peer).map(|ours| match unit {
                Unit::PerSecond => ratio(ours, &values),
                Unit::Nanoseconds => ratio(&values, ours),
            }),
            rounds: values,
            who,
        };
        let (name, figures) = (name.to_owned(), rounds.into_iter().map(figure).collect());
        Self { name, how, unit, figures, missing: Vec::new() }
    }

    /// Our own figure.
    #[must_use]
    pub fn ours(&self) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.who.part == Part::Ours)
    }

    /// How far we are ahead of the best of those peers whose names are accepted.
    #[must_use]
    pub fn ahead_of_best(&self, accept: impl Fn(&str) -> bool) -> Option<f64> {
        let peers = self.figures.iter().filter(|figure| accept(&figure.who.name));
        peers.filter_map(|figure| figure.ours_ahead).min_by(f64::total_cmp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_say_how_far_ahead_we_are_whether_more_or_less_is_better() {
        let rounds = || {
            vec![
                (Who::floor(""), vec![200.0, 100.0]),
                (Who::ours(""), vec![100.0, 50.0]),
                (Who::peer("other", ""), vec![25.0, 10.0]),
            ]
        };
        let rates = Work::of("rates", String::new(), Unit::PerSecond, rounds());
        assert_eq!(rates.figures[1].of_floor, Some(0.5));
        assert_eq!(rates.figures[1].ours_ahead, None);
        assert_eq!(rates.ahead_of_best(|_| true), Some(4.5));
        let times = Work::of("times", String::new(), Unit::Nanoseconds, rounds());
        assert_eq!(times.ahead_of_best(|_| true), Some(0.225));
        assert_eq!(times.ahead_of_best(|name| name != "other"), None);
    }
}
