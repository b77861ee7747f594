//! Any bytes as a checkpoint, a note or a key. What is looked for is said in `tests/src/fuzz`; the same function runs in the everyday tests.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scoped_tests::fuzz::texts::checkpoint;

fuzz_target!(|input: &[u8]| checkpoint(input));
