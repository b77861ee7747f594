//! Any bytes as bodies of events, and the world that they add up to. What is looked for is said in `tests/src/fuzz`; the same function runs in the everyday tests.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scoped_tests::fuzz::facts::facts;

fuzz_target!(|input: &[u8]| facts(input));
