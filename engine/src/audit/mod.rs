//! Audit: refused attempts leave a trace. There is no command: nobody can write, or unwrite, the trail.

use crate::command::commands;

commands! {
    /// No commands.
    domain "audit";
    enum Command {}
}
