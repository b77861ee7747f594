//! Any input of the command face never panics, and never leaves the world different after a refusal.
//!
//! The everyday run takes a fixed number of drawn inputs; `SCOPED_FUZZ=100000` takes more, with other chances each time. What coverage
//! guides is the libFuzzer target in `fuzz/`, whose seeds are run here as well.

use crate::support::package_file;
use scoped::Command;
use scoped_tests::fuzz::{Told, run, shape};

/// Inputs of the everyday run.
const INPUTS: u64 = 600;
/// Bytes of one input.
const BYTES: usize = 4_000;

/// Numbers that look drawn (SplitMix64), the same for the same seed.
pub(crate) fn bytes(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let words = std::iter::repeat_with(|| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    });
    words.take(BYTES / 8).flat_map(u64::to_le_bytes).collect()
}

#[test]
fn any_input_of_the_command_face_is_carried_out_whole_or_changes_nothing() {
    let wanted: Option<u64> =
        std::env::var("SCOPED_FUZZ").ok().map(|text| text.parse().expect("SCOPED_FUZZ is a number"));
    let from = if wanted.is_some() { u64::from(std::process::id()) << 32 } else { 0 };
    let mut told = Told::default();
    for nth in 0..wanted.unwrap_or(INPUTS) {
        run(&bytes(from + nth), &mut told);
    }
    let accepted: u64 = told.accepted.values().sum();
    let refused: u64 = told.refused.values().sum();
    assert!(
        accepted > refused / 20 && accepted > INPUTS,
        "nothing is shown by inputs that are all refused: {told:?}"
    );
    assert!(told.unread < accepted + refused, "most lines are read: {told:?}");
    assert!(told.refused.contains_key("denied") && told.refused.contains_key("not_found"), "{told:?}");
    assert!(told.rollbacks > 0, "{told:?}");
    let never: Vec<&str> = Command::all()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| !told.accepted.contains_key(name))
        .collect();
    assert!(never.is_empty(), "drawn inputs never had these accepted: {never:?}, only {:?}", told.accepted);
}

/// The corpus of the libFuzzer target: whatever once led somewhere goes on leading there.
#[test]
fn the_seeds_of_the_fuzz_target_hold() {
    let seeds = package_file("../fuzz/seeds/commands");
    let mut files: Vec<_> = std::fs::read_dir(seeds).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        run(&std::fs::read(&file).unwrap(), &mut Told::default());
    }
}

/// Learning the commands from the parser finds all of them, with fields that can be filled.
#[test]
fn every_command_is_learnt_from_what_its_parser_says() {
    let all = shape::all();
    assert_eq!(all.len(), Command::all().len());
    for learnt in all {
        assert!(!learnt.arguments.is_empty(), "nothing is known of `{}`", learnt.name);
        for field in learnt.arguments.fields.iter().filter(|field| field.required) {
            assert!(!field.shape.is_empty(), "nothing fits `{}` of `{}`", field.name, learnt.name);
        }
    }
    let create = all.iter().find(|learnt| learnt.name == "objects.create").unwrap();
    let fields: Vec<(&str, bool)> =
        create.arguments.fields.iter().map(|field| (&*field.name, field.required)).collect();
    for field in [("object", false), ("type", true), ("data", true), ("scope", false), ("level", false)] {
        assert!(fields.contains(&field), "{field:?} of {fields:?}");
    }
}
