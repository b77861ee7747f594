//! Any sequence of commands: no panic, nothing changed by a refusal, the same world from a replay.
//!
//! What an input means is said in `tests/src/fuzz`; the same function runs in the everyday tests on drawn bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scoped_tests::fuzz::{Told, run};

fuzz_target!(|input: &[u8]| run(input, &mut Told::default()));
