//! Who carries a batch through: the writer's thread, or a caller that finds nobody at work. Nobody can tell by what comes of it.

use crate::support::{digest, object, replayed, update};
use scoped::log::MemoryStorage;
use scoped::{
    Batch, Door, Durability, Engine, ErrorKind, Level, ManualDoor, Micros, Options, Promise, Sequence,
    Submitted,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// A door that remembers who asked for the time last, and panics when it is told to.
struct Watched {
    hand: ManualDoor,
    asked: Mutex<Option<ThreadId>>,
    panics: AtomicBool,
}

impl Watched {
    fn new() -> Arc<Self> {
        let (hand, asked, panics) = (ManualDoor::new(1, 1), Mutex::new(None), AtomicBool::new(false));
        Arc::new(Self { hand, asked, panics })
    }
    fn last(&self) -> Option<ThreadId> {
        *self.asked.lock().unwrap()
    }
}

impl Door for Watched {
    fn now(&self) -> Micros {
        assert!(!self.panics.load(Ordering::SeqCst), "the clock is broken");
        *self.asked.lock().unwrap() = Some(thread::current().id());
        self.hand.now()
    }
    fn random(&self) -> u64 {
        self.hand.random()
    }
}

fn engine_of(door: &Arc<Watched>) -> Engine {
    let door: Arc<dyn Door> = Arc::clone(door) as _;
    Engine::on(Arc::new(MemoryStorage::new()), Options::default().door(door).types(["limits"])).unwrap()
}

/// The published world is the fold of the log, and so is the other one, which the next commit brings to light.
fn both_worlds_are_the_log(engine: &Engine) {
    let ada = engine.session(engine.founder()).unwrap();
    for id in [9_001, 9_002] {
        assert_eq!(digest(engine), replayed(engine.history(), engine.history().head()));
        ada.execute(object(id, 1, None, Level::Read)).unwrap();
    }
}

#[test]
fn a_caller_that_finds_nobody_at_work_does_the_work_itself() {
    let door = Watched::new();
    let engine = engine_of(&door);
    let ada = engine.session(engine.founder()).unwrap();
    let own = thread::current().id();
    // The writer's thread may still be letting go of what it did last.
    let mut own_work = 0;
    for id in 1..=100 {
        ada.execute(object(id, 1, None, Level::Read)).unwrap();
        own_work += u32::from(door.last() == Some(own));
    }
    assert!(own_work > 0, "one caller alone, and another thread did all of it");
    ada.submit(object(101, 1, None, Level::Read)).unwrap().wait().unwrap();
    assert_ne!(door.last(), Some(own), "what is only handed over is the writer's business");
}

#[test]
fn what_was_handed_over_first_is_done_first_whoever_does_it() {
    let engine = crate::support::in_memory();
    thread::scope(|scope| {
        for thread in 0..4u128 {
            let ada = engine.session(engine.founder()).unwrap();
            scope.spawn(move || {
                for nth in 0..300 {
                    let id = 1 + thread * 1_000 + nth;
                    let made = ada.submit(object(id, 1, None, Level::Read)).unwrap();
                    // Refused if it came first: there would be nothing to change.
                    let changed = ada.execute(update(id, 2)).unwrap();
                    assert!(made.wait().unwrap().last < changed.first);
                }
            });
        }
    });
    assert_eq!(engine.read(|moment| moment.world().objects().len()), 1_200);
    both_worlds_are_the_log(&engine);
}

/// Nobody wakes the writer's thread for a batch that its caller carried through; but a sync that is promised has to come.
#[test]
fn what_a_caller_wrote_unsynced_is_synced_in_time_though_nothing_follows() {
    let buffered = Durability::Buffered { sync_every: Duration::from_millis(20) };
    let options = Options::default().durability(buffered).types(["limits"]);
    let engine = Engine::on(Arc::new(MemoryStorage::new()), options).unwrap();
    let ada = engine.founder();
    engine.sync().unwrap();
    let batch = || Batch::new().with(ada, object(1, 1, None, Level::Read)).keyed("once");
    assert_eq!(engine.execute(batch()).unwrap().promise, Promise::Buffered);
    thread::sleep(Duration::from_secs(2));
    let again = engine.execute(batch()).unwrap();
    assert_eq!((again.repeated, again.promise), (true, Promise::Durable));
}

#[test]
fn a_panic_on_the_callers_thread_is_the_end_of_the_writer_and_everybody_hears_of_it() {
    let door = Watched::new();
    let engine = engine_of(&door);
    let ada = engine.session(engine.founder()).unwrap();
    let receipt = ada.execute(object(1, 1, None, Level::Read)).unwrap();
    let told = engine.subscribe(scoped::EventFilter { from: Sequence::new(1), ..Default::default() });
    door.panics.store(true, Ordering::SeqCst);
    for id in 2..5 {
        let error = ada.execute(object(id, 1, None, Level::Read)).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Unavailable, "closed"));
        let error = ada.submit(object(id, 1, None, Level::Read)).unwrap().wait().unwrap_err();
        assert_eq!(error.code(), "closed");
    }
    door.panics.store(false, Ordering::SeqCst);
    assert_eq!(told.count() as u64, receipt.last.get(), "who listens hears the end");
    assert!(ada.read(scoped::ObjectId(1)).is_ok(), "readers go on");
    assert_eq!(engine.close().unwrap_err().code(), "closed");
}

#[test]
fn a_caller_sees_how_full_the_queue_is_and_gets_back_what_has_no_room() {
    let engine =
        Engine::on(Arc::new(MemoryStorage::new()), Options::default().queue(2).types(["limits"])).unwrap();
    let ada = engine.session(engine.founder()).unwrap();
    assert_eq!((engine.load().waiting, engine.load().room), (0, 2));
    let (mut taken, mut came_back) = (Vec::new(), 0u64);
    for id in 1..=2_000 {
        match ada.try_submit(object(id, 1, None, Level::Read)).unwrap() {
            Submitted::Taken(pending) => taken.push(pending),
            Submitted::Full(batch) => {
                came_back += 1;
                assert_eq!(batch.steps.len(), 1);
                taken.push(engine.submit(batch).unwrap());
            }
        }
        assert!(engine.load().waiting <= 2);
    }
    assert!(came_back > 0, "two thousand batches, room for two, and none came back");
    taken.into_iter().for_each(|pending| drop(pending.wait().unwrap()));
    assert_eq!(engine.read(|moment| moment.world().objects().len()), 2_000);
}

/// A world that somebody still reads is brought up to date later, and never meanwhile.
#[test]
fn who_reads_while_its_own_commit_is_published_goes_on_reading_what_it_saw() {
    let engine = crate::support::in_memory();
    let ada = engine.session(engine.founder()).unwrap();
    let before = engine.read(|moment| {
        ada.execute(object(1, 1, None, Level::Read)).unwrap();
        assert_eq!(engine.read(|now| now.world().objects().len()), 1, "who asks now sees it");
        moment.world().objects().len()
    });
    assert_eq!(before, 0);
    ada.execute(object(2, 1, None, Level::Read)).unwrap();
    assert_eq!(engine.read(|moment| moment.world().objects().len()), 2);
    both_worlds_are_the_log(&engine);
}
