//! Colours: few, by meaning, and only where somebody sees them.

use std::env;

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColourChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always, also into a pipe.
    Always,
    /// Never.
    Never,
}

impl ColourChoice {
    pub(super) fn on(self, terminal: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        }
    }
}

/// What a piece of text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    /// Nothing special.
    #[default]
    Plain,
    /// What the eye may pass over.
    Dim,
    /// What the eye should find.
    Strong,
    /// A name or a key.
    Accent,
    /// Allowed, whole, added.
    Good,
    /// Worth a look.
    Caution,
    /// Denied, damaged, removed.
    Bad,
}

impl Tone {
    /// Select Graphic Rendition parameters (ECMA-48), empty for none.
    fn parameters(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Dim => "2",
            Self::Strong => "1",
            Self::Accent => "36",
            Self::Good => "32",
            Self::Caution => "33",
            Self::Bad => "1;31",
        }
    }
}

pub(super) fn paint(tone: Tone, text: &str, colour: bool) -> String {
    let parameters = tone.parameters();
    if !colour || parameters.is_empty() || text.is_empty() {
        return text.to_owned();
    }
    format!("\x1b[{parameters}m{text}\x1b[0m")
}
