//! The project's goals beside others, and whether a run met them.

use crate::pyscoped;
use crate::report::Work;
use scoped_tools::bench::report::Verdict;

/// Each goal that there are figures for.
#[must_use]
pub fn judge(works: &[Work]) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let work = |name: &str| works.iter().find(|work| work.name == name);
    let mut at_least = |goal, figure: Option<f64>, bound: f64| {
        verdicts.extend(figure.map(|figure| Verdict { goal, figure, bound, met: figure >= bound }));
    };
    let embedded = |name: &str| !name.starts_with(pyscoped::NAME);
    let whole = |name: &str| name == pyscoped::NAME;
    let floor = |work: &Work| work.ours().and_then(|ours| ours.of_floor);
    if let Some(group) = work("group commit") {
        at_least("group commit, part of the floor", floor(group), 0.9);
        at_least("group commit, ahead of the best store", group.ahead_of_best(embedded), 3.0);
        at_least("group commit, ahead of pyscoped", group.ahead_of_best(whole), 500.0);
    }
    for (name, goal) in [
        ("allow, inherited", "an inherited answer, ahead of the best decider"),
        ("deny, nobody there", "a denied answer, ahead of the best decider"),
        ("deny, by an entry", "an answer denied by an entry, ahead of the best decider"),
    ] {
        at_least(goal, work(name).and_then(|work| work.ahead_of_best(|_| true)), 10.0);
    }
    let mut at_most = |goal, figure: Option<f64>, bound: f64| {
        verdicts.extend(figure.map(|figure| Verdict { goal, figure, bound, met: figure <= bound }));
    };
    at_most("sync each, in bare writes and syncs", work("sync each").and_then(floor), 1.1);
    at_most("reading an object, in map look-ups, one by one", work("read, one by one").and_then(floor), 2.0);
    at_most("reading an object, in map look-ups, overlapped", work("read, overlapped").and_then(floor), 2.0);
    verdicts
}
