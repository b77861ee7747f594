//! Any text as one line of a commands file. What is looked for is said in `tests/src/fuzz`; the same function runs in the everyday tests.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scoped_tests::fuzz::texts::line;

fuzz_target!(|input: &[u8]| line(input));
