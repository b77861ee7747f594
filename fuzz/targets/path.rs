//! Any text as a scope path, an identity context, and every other sort of name. What is looked for is said in `tests/src/fuzz`; the same function runs in the everyday tests.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scoped_tests::fuzz::names::name;

fuzz_target!(|input: &[u8]| name(input));
