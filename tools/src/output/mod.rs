//! Output: answers on standard output, everything else on standard error.
//!
//! A command makes one answer in two shapes: a value for `--format json`, and a [`Page`] for people (`table`) and for line-wise
//! scripts (`tsv`). Colours are for terminals only; progress bars too, and only for what takes longer than a second.

mod colour;
mod json;
mod page;
mod progress;
mod table;
mod tsv;

use crate::failure::{Exit, Failure};
pub use colour::{ColourChoice, Tone};
pub use page::{Cell, Column, Facts, Page, Table};
pub use progress::Bar;
use serde::Serialize;
use std::collections::BTreeSet;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// The shape of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns, for people.
    #[default]
    Table,
    /// One JSON array or object.
    Json,
    /// Lines of tab-separated fields without a header; tab, newline and backslash are written `\t`, `\n`, `\\`.
    Tsv,
}

/// Where answers go, and in which shape.
#[derive(Debug)]
pub struct Output {
    format: Format,
    verbose: bool,
    colour: bool,
    colour_aside: bool,
    bars: bool,
    width: Option<u16>,
    damaged: AtomicBool,
    /// Has something been said beside the answer?
    noted: AtomicBool,
    /// What has been said of damage: the same place is met again and again.
    told: Mutex<BTreeSet<String>>,
}

impl Output {
    /// Looks at the terminal and at `NO_COLOR` once.
    #[must_use]
    pub fn new(format: Format, colour: ColourChoice, verbose: bool) -> Self {
        let (out, aside) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        Self {
            format,
            verbose,
            colour: colour.on(out),
            colour_aside: colour.on(aside),
            bars: aside,
            width: if out { table::terminal_width() } else { None },
            damaged: AtomicBool::new(false),
            noted: AtomicBool::new(false),
            told: Mutex::default(),
        }
    }
    /// The shape that was asked for.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }
    /// More than usual?
    #[must_use]
    pub fn verbose(&self) -> bool {
        self.verbose
    }

    /// Text in bold, where colours are on.
    #[must_use]
    pub fn bold(&self, text: &str) -> String {
        colour::paint(Tone::Strong, text, self.colour)
    }

    /// Prints an answer: the value as JSON, or else the page.
    ///
    /// # Errors
    /// When standard output cannot be written; a closed pipe ends the command quietly.
    pub fn show(&self, value: &impl Serialize, page: impl FnOnce() -> Page) -> Result<(), Failure> {
        let mut blank = false;
        self.write(|out| match self.format {
            Format::Json => json::write(out, value),
            Format::Tsv => Ok(tsv::write(out, &page())?),
            Format::Table => {
                let page = page();
                blank = page.is_blank();
                Ok(table::write(out, &page, self.colour, self.width)?)
            }
        })?;
        // Silence looks the same whether a list is empty or a command does nothing.
        if blank && !self.noted.load(Ordering::Relaxed) {
            self.note("there is nothing to list");
        }
        Ok(())
    }

    /// Prints a page whatever the format, for commands whose only shape is text.
    ///
    /// # Errors
    /// As [`Self::show`].
    pub fn text(&self, page: &Page) -> Result<(), Failure> {
        self.write(|out| Ok(table::write(out, page, self.colour, self.width)?))
    }

    /// Standard output, buffered, for answers that are written as they are found.
    ///
    /// # Errors
    /// What `write` gives, and as [`Self::show`].
    pub fn write(&self, write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>) -> Result<(), Failure> {
        let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
        write(&mut out)?;
        Ok(out.flush()?)
    }

    /// Something worth knowing beside the answer.
    pub fn note(&self, note: impl AsRef<str>) {
        self.noted.store(true, Ordering::Relaxed);
        self.aside("note", Tone::Caution, note.as_ref());
    }
    /// What was done, beside the answer.
    pub fn say(&self, what: impl AsRef<str>) {
        let _ = writeln!(io::stderr().lock(), "{}", table::printable(what.as_ref()));
    }
    /// Damage that did not keep the command from answering: it is told, and the exit code will say so.
    pub fn damage(&self, what: impl AsRef<str>) {
        self.damaged.store(true, Ordering::Relaxed);
        let new = self.told.lock().is_ok_and(|mut told| told.insert(what.as_ref().to_owned()));
        if new {
            self.aside("damage", Tone::Bad, what.as_ref());
        }
    }

    fn aside(&self, word: &str, tone: Tone, text: &str) {
        let word = colour::paint(tone, &format!("{word}:"), self.colour_aside);
        // Nothing can be told when standard error is gone.
        let _ = writeln!(io::stderr().lock(), "{word} {}", table::printable(text));
    }

    /// A progress bar on standard error; silent unless that is a terminal and the work takes longer than a second.
    #[must_use]
    pub fn bar(&self, what: &'static str, unit: &'static str, total: Option<u64>) -> Bar {
        Bar::new(what, unit, total, self.bars)
    }

    /// Tells what went wrong, and gives the exit code.
    #[must_use]
    pub fn conclude(&self, result: Result<(), Failure>) -> Exit {
        let exit = match result {
            Ok(()) => Exit::Fine,
            Err(failure) => {
                if let Some(message) = failure.message() {
                    self.aside("error", Tone::Bad, message);
                    if let Some(hint) = failure.advice() {
                        self.aside("hint", Tone::Accent, hint);
                    }
                    if self.format == Format::Json {
                        let _ = writeln!(io::stderr().lock(), "{}", failure.to_json());
                    }
                }
                failure.exit()
            }
        };
        // Whatever else happened, damage is what a script has to hear of.
        if self.damaged.load(Ordering::Relaxed) { Exit::Damage } else { exit }
    }
}
