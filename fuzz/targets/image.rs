//! Any image of a log directory. What is looked for is said in `tests/src/fuzz`; the same function runs in the everyday tests.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scoped_tests::fuzz::image::image;

fuzz_target!(|input: &[u8]| image(input));
