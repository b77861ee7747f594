//! Pages of a trail that is long beside what its reader sees of it.

use crate::support::{by_hand, member, object, principal, scope_at, update};
use scoped::{Batch, Engine, Filter, Level, PrincipalId, Reading, Role, Sequence};

const FOUNDER: PrincipalId = PrincipalId(1);
/// Sees a little, here and there.
const CY: PrincipalId = PrincipalId(3);

/// `org:a` with Cy for its owner, `org:z` with thousands of events, and now and then one in `org:a`: both sides of what a page looks
/// at before it asks for everything that its reader may see.
fn world() -> Engine {
    let (engine, _) = by_hand(7);
    let mut batch = Batch::new().with(FOUNDER, principal(3));
    batch.push(FOUNDER, scope_at("org:a", 1));
    batch.push(FOUNDER, scope_at("org:z", 2));
    batch.push(FOUNDER, member("org:a", 3, Role::Owner));
    batch.push(FOUNDER, object(10, 0, Some("org:a"), Level::Write));
    batch.push(FOUNDER, object(20, 0, Some("org:z"), Level::Write));
    engine.execute(batch).unwrap();
    for round in 0..4_u64 {
        let mut batch = Batch::new();
        for n in 0..800 {
            let of_cy = n % (97 + 50 * round) == 5;
            batch.push(FOUNDER, update(if of_cy { 10 } else { 20 }, n));
        }
        engine.execute(batch).unwrap();
    }
    engine
}

/// All pages of so many entries, one after another.
fn paged(reading: &Reading, mut filter: Filter, limit: usize) -> Vec<Sequence> {
    let mut found = Vec::new();
    loop {
        let page = reading.audit(&filter, limit).unwrap();
        assert!(page.entries.len() == limit || page.next.is_none(), "a page is full, or the last");
        found.extend(page.entries.iter().map(|entry| entry.envelope.sequence));
        match page.next {
            Some(next) => filter = filter.resumed(next),
            None => return found,
        }
    }
}

#[test]
fn pages_hold_what_may_be_seen_one_by_one_for_who_sees_little_and_for_who_sees_everything() {
    let engine = world();
    for who in [FOUNDER, CY] {
        let reading = engine.session(who).unwrap().reading();
        let head = engine.history().head().get();
        let all = (1..=head).map(Sequence::new);
        let mut seen: Vec<Sequence> = all.filter(|at| reading.audit_at(*at).is_ok()).collect();
        assert!(
            if who == CY { (10..40).contains(&seen.len()) } else { seen.len() > 3_000 },
            "{}",
            seen.len()
        );
        // What was asked on the way is in the trail too, where operators see it.
        let there = || Filter { to: Sequence::new(head), ..Filter::default() };
        assert_eq!(reading.audit_count(&there()).unwrap(), seen.len() as u64);
        for limit in [7, 1_000] {
            assert_eq!(paged(&reading, there(), limit), seen);
        }
        seen.reverse();
        let newest = Filter { descending: true, ..there() };
        assert_eq!(paged(&reading, newest, 13), seen);
    }
}
