//! Any bytes as a proof, in each of its forms. What is looked for is said in `tests/src/fuzz`; the same function runs in the everyday tests.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scoped_tests::fuzz::texts::proof;

fuzz_target!(|input: &[u8]| proof(input));
