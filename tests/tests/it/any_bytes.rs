//! Any bytes where a directory, a record, a proof or a checkpoint belongs.
//!
//! The everyday run takes drawn inputs and the seeds of the libFuzzer targets; `fuzz/run image 600` lets coverage guide.

use crate::any_input::bytes;
use crate::support::package_file;
use scoped_tests::fuzz::{facts::facts, image::image, names::name, texts};
use std::panic::catch_unwind;

/// Drawn inputs of the everyday run, directories; they are the slow ones.
const IMAGES: u64 = 300;

/// What a fuzz target does with an input.
type Target = fn(&[u8]);

/// So many bytes that look drawn.
fn drawn(seed: u64, count: usize) -> Vec<u8> {
    let mut bytes = bytes(seed);
    bytes.truncate(count);
    bytes
}

#[test]
fn any_image_of_a_directory_is_read_verified_salvaged_and_opened_without_a_panic() {
    let wanted = std::env::var("SCOPED_FUZZ").ok().map(|text| text.parse().expect("SCOPED_FUZZ is a number"));
    for seed in 0..wanted.unwrap_or(IMAGES) {
        let input = drawn(seed, 4 + seed as usize % 200);
        catch_unwind(|| image(&input))
            .unwrap_or_else(|_| panic!("`image` of drawn({seed}, {})", input.len()));
    }
}

#[test]
fn the_seeds_of_the_smaller_fuzz_targets_hold() {
    let targets: [(&str, Target); 7] = [
        ("image", image),
        ("record", texts::record),
        ("proof", texts::proof),
        ("checkpoint", texts::checkpoint),
        ("line", texts::line),
        ("path", name),
        ("facts", facts),
    ];
    for (name, target) in targets {
        let folder = package_file("../fuzz/seeds").join(name);
        let mut files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty(), "{name} has no seed");
        for file in files {
            let sound = std::fs::read(&file).unwrap();
            target(&sound);
            // Each of them once with a bit flipped, cut, and drawn out.
            for seed in 0..if name == "image" { 4 } else { 64 } {
                let mut input = sound.clone();
                let at = drawn(seed, 8).iter().fold(0, |sum, byte| sum * 31 + usize::from(*byte))
                    % input.len().max(1);
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << (seed % 8);
                }
                target(&input);
                input.truncate(at);
                target(&input);
            }
        }
    }
}
