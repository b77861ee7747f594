//! The simulator in its everyday size: see `scoped_tests::sim` for what is looked for. More: the program `scoped-sim`.

use scoped::log::storage::{Call, Trouble};
use scoped_tests::sim::systematic::{Way, every_call};
use scoped_tests::sim::{self, Swarm, Tally};

/// Runs of the everyday test. `SCOPED_SIM=1000` runs more, with other seeds each time.
const RUNS: u64 = 24;
/// Calls between two that are disturbed in the everyday test; all of them in `scoped-sim --every-call`.
const STEP: u64 = 131;

fn run(seed: u64, tally: &mut Tally) -> u64 {
    sim::run(seed, tally).unwrap_or_else(|why| panic!("seed {seed}: {why}\nagain: scoped-sim --seed {seed}"))
}

#[test]
fn nothing_that_was_acknowledged_is_lost_whatever_the_disk_and_the_clock_do() {
    let wanted = std::env::var("SCOPED_SIM").ok().map(|text| text.parse().expect("SCOPED_SIM is a number"));
    let from = if wanted.is_some() { u64::from(std::process::id()) << 32 } else { 0 };
    let mut tally = Tally::default();
    for nth in 0..wanted.unwrap_or(RUNS) {
        run(from + nth, &mut tally);
    }
    assert!(tally.crashes > 20 * RUNS && tally.power > RUNS && tally.crashes_while_opening > RUNS, "{tally}");
    assert!(tally.acknowledged > 10 * RUNS && tally.unknown > RUNS, "{tally}");
    assert!(tally.poisoned > 5 && tally.jumps > 20 && tally.false_syncs > 5, "{tally}");
    assert!(tally.lies.values().any(|told| told.found > 0), "{tally}");
    let kinds: Vec<&str> = ["Torn", "UncleanEnd", "Clean", "Created"].to_vec();
    assert!(kinds.iter().all(|kind| tally.verdicts.contains_key(*kind)), "{tally}");
}

/// A failure that cannot be had again is worth little: the digest covers every call of the storage and every answer.
#[test]
fn the_same_seed_is_the_same_run() {
    for seed in [1, 4, 7] {
        let (mut first, mut second) = (Tally::default(), Tally::default());
        let digests = (run(seed, &mut first), run(seed, &mut second));
        assert_eq!(digests.0, digests.1, "seed {seed}");
        assert_eq!(first.to_string(), second.to_string(), "seed {seed}");
        assert_ne!(digests.0, run(seed + 1, &mut Tally::default()), "another seed is another run");
    }
}

#[test]
fn a_history_that_is_disturbed_at_a_call_loses_nothing() {
    let mut tally = Tally::default();
    let table = every_call(1, STEP, &Way::all(1), &mut tally).unwrap_or_else(|why| panic!("{why}"));
    assert!(table.calls > 300, "{table}");
    assert_eq!(table.tried.len(), 8, "every way was tried: {table}");
}

/// A loss of power that was planned for a call fell on the first crash of the history, which was in the life before: the calls of later lives were hardly
/// ever disturbed so.
#[test]
fn a_planned_loss_of_power_comes_at_its_call() {
    let tried = |way: Way| {
        let mut tally = Tally::default();
        let table = every_call(1, 2 * STEP, &[way], &mut tally).unwrap_or_else(|why| panic!("{why}"));
        (table.tried.values().sum::<u64>(), tally.power)
    };
    let ((killed, none), (lost, power)) = (tried(Way::Killed), tried(Way::PowerLost(0)));
    assert!(killed > 3 && none == 0, "{killed} killed, {none} with the power");
    assert_eq!((lost, power), (killed, killed), "each call that can kill can take the power");
}

/// A test of the test: a disk that says that it has synced and has not makes every promise a lie, and the simulator has to notice.
#[test]
fn a_disk_that_never_syncs_is_noticed() {
    let swarm = Swarm {
        lives: 6,
        power: 100,
        troubles: vec![(Call::Sync, Trouble::Lost, 1_000_000)],
        ..Swarm::quiet()
    };
    let noticed =
        (0..4).filter(|seed| sim::run_in(*seed, swarm.clone(), &mut Tally::default()).is_err()).count();
    assert!(noticed >= 3, "{noticed} of 4");
}
