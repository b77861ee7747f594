//! What the writer's thread asks the allocator for while it commits.
//!
//! Why: what it allocates, all who write wait for; and what one thread allocates and another frees is what allocators are slowest at. Whoever asks
//! makes room for the answer, and what was allocated is freed by the thread that took it.
//! A program of its own, because an allocator is one for the whole program. The writer's thread is known by its name: it is the one that reads the clock.
#![expect(unsafe_code, reason = "an allocator that counts can be written in no other way")]

use scoped::{Data, Door, Durability, Engine, ObjectId, Options, Pending, Session, SystemDoor, objects};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Pieces of memory that the writer's thread asked for.
static ASKED: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static WRITES: Cell<bool> = const { Cell::new(false) };
}

struct Counting;

fn count() {
    if WRITES.try_with(Cell::get).unwrap_or(false) {
        ASKED.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: every call is handed on to the system's allocator as it came; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The clock, which marks the writer's thread when it looks at it.
#[derive(Default)]
struct Marking(SystemDoor);

impl Door for Marking {
    fn now(&self) -> u64 {
        if std::thread::current().name() == Some("scoped-writer") {
            WRITES.set(true);
        }
        self.0.now()
    }
    fn random(&self) -> u64 {
        self.0.random()
    }
}

/// Updates objects so often, with many on their way at a time.
fn update(session: &Session, of: &[ObjectId], times: usize) {
    let mut waiting: VecDeque<Pending> = VecDeque::new();
    for (nth, object) in of.iter().cycle().take(times).enumerate() {
        let data = Data::from_text_fields(&[("text", &format!("{nth:0>180}"))]).unwrap();
        waiting.push_back(session.submit(objects::Update::new(*object, data)).unwrap());
        if waiting.len() == 512 {
            waiting.drain(..256).for_each(|pending| drop(pending.wait().unwrap()));
        }
    }
    waiting.into_iter().for_each(|pending| drop(pending.wait().unwrap()));
}

#[test]
fn the_writers_thread_asks_for_next_to_no_memory_for_an_event() {
    const EVENTS: u64 = 50_000;
    let directory = tempfile::tempdir().unwrap();
    let options = Options::default().door(Arc::new(Marking::default())).durability(Durability::Synced);
    let engine = Engine::open_with(directory.path(), options.snapshot_after(0).types(["note"])).unwrap();
    let ada = engine.session(engine.founder()).unwrap();
    let make = |_| {
        let data = Data::from_text_fields(&[("text", "")]).unwrap();
        ada.execute(objects::Create::new("note", data)).unwrap().object()
    };
    let made: Vec<ObjectId> = (0..64).map(make).collect();
    // Buffers grow, and the thread is marked.
    update(&ada, &made, 10_000);
    let before = ASKED.load(Ordering::Relaxed);
    assert!(before > 0, "the writer's thread is known");
    update(&ada, &made, EVENTS as usize);
    let asked = ASKED.load(Ordering::Relaxed) - before;
    // What is left is for groups, segments and rows, and not for events.
    assert!(asked * 20 <= EVENTS, "{asked} for {EVENTS} events");
}
