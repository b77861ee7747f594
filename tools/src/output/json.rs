//! JSON: one array or object a command, indented, one line feed at the end.

use crate::failure::Failure;
use serde::Serialize;
use std::io::Write;

pub(super) fn write(out: &mut dyn Write, value: &impl Serialize) -> Result<(), Failure> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    Ok(out.write_all(b"\n")?)
}
