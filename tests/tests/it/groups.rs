//! The closure of groups that the fold keeps, against walking all edges anew after every step.

use crate::support::{by_hand, digest, principal};
use proptest::prelude::*;
use scoped::identity::{self, AddRelationship, MEMBER_OF, RemoveRelationship};
use scoped::{Batch, EdgeId, Engine, PrincipalId};
use std::collections::{BTreeMap, BTreeSet};

const PRINCIPALS: u128 = 9;

/// What is so, told plainly.
#[derive(Default)]
struct Naive {
    edges: BTreeMap<u128, (u128, u128)>,
    inactive: BTreeSet<u128>,
}

impl Naive {
    /// Over edges whose parents are active, until nothing new comes.
    fn groups(&self, of: u128) -> Vec<u128> {
        let mut found = BTreeSet::new();
        loop {
            let before = found.len();
            for (parent, child) in self.edges.values() {
                if (*child == of || found.contains(child)) && !self.inactive.contains(parent) {
                    found.insert(*parent);
                }
            }
            if found.len() == before {
                return found.into_iter().collect();
            }
        }
    }
    fn leads(&self, from: u128, to: u128) -> bool {
        from == to || self.edges.values().any(|(parent, child)| *child == from && self.leads(*parent, to))
    }
}

fn one(engine: &Engine, naive: &mut Naive, [what, a, b]: [u8; 3]) {
    let (a, b) = (u128::from(a) % PRINCIPALS + 2, u128::from(b) % PRINCIPALS + 2);
    let ada = engine.session(PrincipalId(1)).unwrap();
    match what % 8 {
        0..=3 => {
            let edge = EdgeId(a * 100 + b);
            let add = AddRelationship {
                edge: Some(edge),
                ..AddRelationship::member(PrincipalId(a), PrincipalId(b))
            };
            let taken = naive.edges.contains_key(&edge.0);
            let expected = !taken && !naive.leads(a, b);
            assert_eq!(ada.execute(add).is_ok(), expected, "{b} into {a}");
            if expected {
                naive.edges.insert(edge.0, (a, b));
            }
        }
        4 => {
            let Some(edge) = naive.edges.keys().nth((a * b) as usize % naive.edges.len().max(1)).copied()
            else {
                return;
            };
            ada.execute(RemoveRelationship { edge: EdgeId(edge), reason: None }).unwrap();
            naive.edges.remove(&edge);
        }
        5 => drop(ada.execute(AddRelationship::labelled(PrincipalId(a), PrincipalId(b), "knows"))),
        6 if naive.inactive.insert(a) => {
            drop(ada.execute(identity::SuspendPrincipal { principal: PrincipalId(a) }).unwrap())
        }
        _ if naive.inactive.remove(&a) => {
            drop(ada.execute(identity::ReinstatePrincipal { principal: PrincipalId(a) }).unwrap())
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Adding, removing, suspending and reinstating in any order: a slice of the closure is what a walk would find.
    #[test]
    fn the_closure_of_groups_is_what_walking_all_edges_finds(steps in prop::collection::vec(any::<[u8; 3]>(), 1..60)) {
        let (engine, _) = by_hand(4);
        let mut batch = Batch::new();
        for id in 2..PRINCIPALS + 2 {
            batch.push(PrincipalId(1), principal(id));
        }
        engine.execute(batch).unwrap();
        let mut naive = Naive::default();
        for step in steps {
            one(&engine, &mut naive, step);
            for id in 2..PRINCIPALS + 2 {
                let found: Vec<u128> =
                    engine.read(|moment| moment.groups(PrincipalId(id))).into_iter().map(|group| group.0).collect();
                assert_eq!(found, naive.groups(id), "groups of {id}");
            }
        }
        // From a snapshot, too.
        digest(&engine);
        let world = engine.read(|moment| moment.world().clone());
        let chain = scoped::Digest::new([7; 32]);
        let bytes = scoped::projections::snapshot::encode(&world, 1, &chain);
        let back = scoped::projections::snapshot::Snapshot::parse(&bytes).unwrap().world().unwrap();
        for id in 2..PRINCIPALS + 2 {
            let row = world.identity().row(PrincipalId(id)).unwrap();
            assert_eq!(back.identity().groups(row), world.identity().groups(row));
        }
    }
}

/// A refused batch must leave the closure as it was: rows that were made anew inside of it go back with everything else.
#[test]
fn a_refused_batch_leaves_the_groups_as_they_were() {
    let (engine, _) = by_hand(4);
    engine
        .execute(Batch::new().with(PrincipalId(1), principal(2)).with(PrincipalId(1), principal(3)))
        .unwrap();
    let before = engine.read(|moment| moment.world().state_digest());
    let batch = Batch::new()
        .with(PrincipalId(1), AddRelationship::labelled(PrincipalId(2), PrincipalId(3), MEMBER_OF))
        .with(PrincipalId(1), AddRelationship::labelled(PrincipalId(2), PrincipalId(3), MEMBER_OF));
    assert_eq!(engine.execute(batch).unwrap_err().code(), "exists");
    assert_eq!(engine.read(|moment| moment.world().state_digest()), before);
    let batch = Batch::new()
        .with(PrincipalId(1), AddRelationship::member(PrincipalId(2), PrincipalId(3)))
        .with(PrincipalId(1), principal(3));
    assert_eq!(engine.execute(batch).unwrap_err().code(), "exists");
    assert_eq!(engine.read(|moment| moment.groups(PrincipalId(3))), []);
}
