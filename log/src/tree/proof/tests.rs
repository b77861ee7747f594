use super::*;
use crate::tree::{Peaks, shape};
use std::ops::Range;

fn leaf(nth: u64) -> Digest {
    Digest::new(*blake3::hash(&nth.to_le_bytes()).as_bytes())
}

/// The root by the definition of RFC 6962, without any shortcut.
fn root(leaves: Range<u64>) -> Digest {
    match leaves.end - leaves.start {
        0 => joined(&[]),
        1 => leaf(leaves.start),
        count => {
            let middle = leaves.start + (1 << (count - 1).ilog2());
            hash::node(&root(leaves.start..middle), &root(middle..leaves.end))
        }
    }
}

fn inclusion(index: u64, size: u64) -> Inclusion {
    let path = shape::inclusion(index, size).into_iter().map(root).collect();
    let position = Sequence::new(index + 1);
    Inclusion { log_id: 7, position, size, leaf: leaf(index), path, record: None }
}

fn consistency(old: u64, new: u64) -> Consistency {
    let path = shape::consistency(old, new).into_iter().map(root).collect();
    let (old_root, new_root) = (root(0..old), root(0..new));
    Consistency { log_id: 7, old_size: old, new_size: new, old_root, new_root, path }
}

#[test]
fn a_mountain_range_has_the_root_of_the_definition_at_every_size() {
    let mut peaks = Peaks::new();
    for size in 0..300 {
        assert_eq!(peaks.root(), root(0..size), "{size}");
        let again = Peaks::from_parts(size, peaks.nodes().to_vec()).unwrap();
        assert_eq!(again, peaks);
        peaks.push(leaf(size));
    }
    assert_eq!(Peaks::from_parts(3, vec![leaf(0)]), None);
}

#[test]
fn every_proof_of_inclusion_leads_to_the_root_and_no_changed_one_does() {
    for size in 1..70 {
        let due = root(0..size);
        for index in 0..size {
            let proof = inclusion(index, size);
            assert_eq!(proof.root(), Ok(due), "{index} of {size}");
            let no = |proof: &Inclusion, what: &str| {
                assert_ne!(proof.root(), Ok(due), "{what}: {index} of {size}")
            };
            for nth in 0..proof.path.len() {
                let mut bad = proof.clone();
                bad.path[nth] = leaf(1000);
                no(&bad, "another digest");
                bad.path.remove(nth);
                no(&bad, "one less");
            }
            no(&Inclusion { leaf: leaf(1000), ..proof.clone() }, "another leaf");
            let longer = [&proof.path[..], &[leaf(1000)]].concat();
            no(&Inclusion { path: longer, ..proof.clone() }, "one more");
            for other in (0..size + 2).filter(|other| *other != index) {
                no(&Inclusion { position: Sequence::new(other + 1), ..proof.clone() }, "another place");
            }
            no(&Inclusion { position: Sequence::NONE, ..proof.clone() }, "no place");
        }
    }
}

#[test]
fn every_proof_of_consistency_holds_and_no_changed_one_does() {
    for new in 0..50 {
        for old in 0..=new {
            let proof = consistency(old, new);
            assert_eq!(proof.check(), Ok(()), "{old} of {new}");
            let no =
                |proof: &Consistency, what: &str| assert!(proof.check().is_err(), "{what}: {old} of {new}");
            for nth in 0..proof.path.len() {
                let mut bad = proof.clone();
                bad.path[nth] = leaf(1000);
                no(&bad, "another digest");
                bad.path.remove(nth);
                no(&bad, "one less");
            }
            let longer = [&proof.path[..], &[leaf(1000)]].concat();
            no(&Consistency { path: longer, ..proof.clone() }, "one more");
            no(&Consistency { old_root: leaf(1000), ..proof.clone() }, "another old root");
            if old > 0 {
                no(&Consistency { new_root: leaf(1000), ..proof.clone() }, "another new root");
                no(&Consistency { old_size: new + 1, ..proof.clone() }, "old longer than new");
            }
        }
    }
}

/// The sizes of the largest log that could be: no shift or sum may run over.
#[test]
fn proofs_about_logs_of_any_size_are_refused_without_a_panic() {
    for (position, size) in [(u64::MAX, u64::MAX), (1, u64::MAX), (u64::MAX - 1, u64::MAX), (0, 0), (1, 0)] {
        for length in [0, 1, 63, 64] {
            let path = vec![leaf(1); length];
            let proof = Inclusion {
                log_id: 7,
                position: Sequence::new(position),
                size,
                leaf: leaf(0),
                path,
                record: None,
            };
            let _ = proof.root();
            let mut claim = consistency(3, 7);
            (claim.old_size, claim.new_size, claim.path) = (position, size, vec![leaf(1); length]);
            assert!(claim.check().is_err());
        }
    }
}

#[test]
fn a_proof_is_read_as_it_was_written_and_not_when_it_is_cut_or_longer() {
    let record = vec![5; 160];
    let shown = Inclusion { record: Some(record), ..inclusion(6, 9) };
    for proof in
        [Proof::Inclusion(inclusion(6, 9)), Proof::Inclusion(shown), Proof::Consistency(consistency(6, 9))]
    {
        let bytes = proof.encode();
        assert_eq!(Proof::decode(&bytes), Ok(proof));
        for len in 0..bytes.len() {
            assert!(Proof::decode(&bytes[..len]).is_err(), "cut at {len}");
        }
        assert!(Proof::decode(&[&bytes[..], &[0]].concat()).is_err());
        let newer = [&[2], &bytes[1..]].concat();
        assert_eq!(Proof::decode(&newer), Err(ProofError::Unsupported(2)));
        let third = [&[1, 3], &bytes[2..]].concat();
        assert!(matches!(Proof::decode(&third), Err(ProofError::Malformed(_))));
    }
}
