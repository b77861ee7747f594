//! May this principal write this object? The engine, Cedar and Casbin on the same forest and the same questions.
//!
//! Each is given the world in the form that its documentation recommends for roles on a tree. Cedar: one policy, and groups as
//! parents of entities (what it was made for), and for comparison one linked policy a grant. Casbin: its RBAC model with two role
//! managers, one for principals and one for resources. All of them answer the same, which is checked first.
//! Units: ns of one decision, the median of batches. Sizes are small because Cedar and Casbin grow with them; the engine's own sizes
//! are in `scoped bench`.

mod casbin;
mod cedar;
mod ours;

use scoped_tools::bench::forest::{Forest, Kind, Question};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long each decider is asked.
const TIME: Duration = Duration::from_secs(2);

/// Somebody who decides.
trait Decider {
    fn name(&self) -> String;
    fn decide(&self, question: Question) -> bool;
}

fn main() -> anyhow::Result<()> {
    let grants: u32 = std::env::args().nth(1).map_or(Ok(1_000), |text| text.parse())?;
    let forest = Forest { objects: 40_000, principals: 1_000 };
    println!("{} objects, {} principals, {grants} grants", forest.objects, forest.principals);
    let deciders: [Box<dyn Decider>; 4] = [
        Box::new(ours::Ours::new(forest, grants)?),
        Box::new(cedar::Groups::new(forest, grants)?),
        Box::new(cedar::Links::new(forest, grants)?),
        Box::new(casbin::Roles::new(forest, grants)?),
    ];
    for kind in [Kind::Direct, Kind::Inherited, Kind::Default] {
        let questions = forest.questions(kind, grants, 4_096);
        for decider in &deciders {
            for question in questions.iter().take(64) {
                anyhow::ensure!(
                    decider.decide(*question) == kind.allows(),
                    "{} answers {question:?} of {kind:?} otherwise",
                    decider.name()
                );
            }
            println!(
                "{:<22} {:<34} {:>12.0} ns",
                kind.as_str(),
                decider.name(),
                median(&**decider, &questions)
            );
        }
    }
    Ok(())
}

/// The median of one decision, in batches as large as fit into a millisecond.
fn median(decider: &dyn Decider, questions: &[Question]) -> f64 {
    let begun = Instant::now();
    black_box(decider.decide(questions[0]));
    let one = begun.elapsed().max(Duration::from_nanos(1));
    let batch = (Duration::from_millis(1).as_nanos() / one.as_nanos()).clamp(1, 64) as usize;
    let (mut times, begun) = (Vec::new(), Instant::now());
    'time: loop {
        for part in questions.chunks_exact(batch) {
            let at = Instant::now();
            for question in part {
                black_box(decider.decide(black_box(*question)));
            }
            times.push(at.elapsed().as_nanos() as f64 / batch as f64);
            if begun.elapsed() > TIME {
                break 'time;
            }
        }
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
