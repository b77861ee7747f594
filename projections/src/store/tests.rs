use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, PartialEq)]
struct Row(u128, u32);
impl Identified for Row {
    fn id(&self) -> u128 {
        self.0
    }
}

owns_nothing!(Row);

/// One of everything, and a naive copy of what it should hold.
#[derive(Default, Clone)]
struct All {
    table: Table<Row>,
    keyed: Keyed<u8, u32>,
    flat: Flat<u32>,
    sorted: Sorted<u8, u32>,
    postings: Postings,
    words: Words,
}
transact!(All { table, keyed, flat, sorted, postings, words });

#[derive(Debug, Default, Clone, PartialEq)]
struct Naive {
    table: Vec<Row>,
    map: BTreeMap<u8, u32>,
    sets: BTreeMap<u32, BTreeSet<u32>>,
    words: Vec<String>,
}

#[derive(Debug, Clone)]
enum Op {
    Put(u8, u32),
    Take(u8),
    Begin,
    Keep,
    Undo,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (0u8..8, 0u32..100).prop_map(|(k, v)| Op::Put(k, v)),
        3 => (0u8..8).prop_map(Op::Take),
        1 => Just(Op::Begin),
        1 => Just(Op::Keep),
        2 => Just(Op::Undo),
    ]
}

fn put(all: &mut All, naive: &mut Naive, k: u8, v: u32) {
    let row = all.table.insert(Row(u128::from(k), v));
    match naive.table.iter().position(|row| row.0 == u128::from(k)) {
        Some(at) => {
            assert_eq!(at, row as usize);
            all.table.edit(row).unwrap().1 = v;
            naive.table[at].1 = v;
        }
        None => naive.table.push(Row(u128::from(k), v)),
    }
    all.keyed.insert(k, v);
    all.flat.insert(u64::from(k), v);
    all.sorted.insert(k, v);
    naive.map.insert(k, v);
    all.postings.insert(u32::from(k), v);
    naive.sets.entry(u32::from(k)).or_default().insert(v);
    let word = v.to_string();
    all.words.number(&word);
    if !naive.words.contains(&word) {
        naive.words.push(word);
    }
}

fn take(all: &mut All, naive: &mut Naive, k: u8) {
    all.keyed.remove(&k);
    all.flat.remove(u64::from(k));
    all.sorted.remove(&k);
    naive.map.remove(&k);
    if let Some(set) = naive.sets.get_mut(&u32::from(k))
        && let Some(v) = set.pop_first()
    {
        all.postings.remove(u32::from(k), v);
    }
}

fn check(all: &All, naive: &Naive) {
    assert!(all.table.iter().eq(naive.table.iter()));
    for k in 0..8 {
        assert_eq!(all.keyed.get(&k), naive.map.get(&k));
        assert_eq!(all.flat.get(u64::from(k)), naive.map.get(&k));
        let expected = naive.table.iter().position(|row| row.0 == u128::from(k)).map(|at| at as u32);
        assert_eq!(all.table.find(u128::from(k)), expected, "the index agrees with the rows");
        let set: Vec<u32> = all.postings.get(u32::from(k)).into_iter().flatten().collect();
        let expected: Vec<u32> = naive.sets.get(&u32::from(k)).into_iter().flatten().copied().collect();
        assert_eq!(set, expected);
    }
    assert!(all.sorted.iter().eq(naive.map.iter()));
    for (number, word) in naive.words.iter().enumerate() {
        assert_eq!(all.words.find(word), Some(number as u32));
        assert_eq!(all.words.word(number as u32), word);
    }
    assert_eq!(all.words.word(naive.words.len() as u32), "");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// Whatever happens in a transaction, `undo` brings every container back and `keep` leaves it.
    #[test]
    fn undo_goes_back_to_begin_and_keep_stays(ops in prop::collection::vec(op(), 1..60)) {
        let (mut all, mut naive, mut saved) = (All::default(), Naive::default(), None);
        for op in ops {
            match op {
                Op::Put(k, v) => put(&mut all, &mut naive, k, v),
                Op::Take(k) => take(&mut all, &mut naive, k),
                Op::Begin => { all.begin(); saved = Some(naive.clone()); }
                Op::Keep => { all.keep(); saved = None; }
                Op::Undo => { all.undo(); if let Some(before) = saved.take() { naive = before; } }
            }
            check(&all, &naive);
        }
    }
}
