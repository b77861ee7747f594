//! What somebody gave, as it may stand in a message.

use std::fmt::Write as _;

/// Most characters of it that a message repeats.
const SHOWN_CHARS_MAX: usize = 64;

/// The beginning of a text that was refused. A message ends up in terminals and in lines of logs: what is long is cut, and what these
/// would obey (line feeds, escapes) is written out.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars().take(SHOWN_CHARS_MAX) {
        // Writing into a string cannot fail.
        let _ = if c.is_control() { write!(shown, "{}", c.escape_debug()) } else { write!(shown, "{c}") };
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_message_repeats_is_short_and_cannot_act() {
        assert_eq!(shown("scope \"ä\" 'b'"), "scope \"ä\" 'b'");
        assert_eq!(shown("a\nb\u{1b}[2J\u{0}\u{85}"), r"a\nb\u{1b}[2J\0\u{85}");
        assert_eq!(shown(&"\u{7f}".repeat(1 << 20)), r"\u{7f}".repeat(SHOWN_CHARS_MAX));
    }
}
