//! How the demo writes: numbered steps, each with what was seen and how long it took.

use crate::failure::Failure;
use crate::output::Output;
use std::io::Write;
use std::time::Duration;

/// Writes the demo's steps to standard output.
pub(super) struct Page<'a> {
    output: &'a Output,
    step: u32,
    took: Vec<(&'static str, Duration, String)>,
}

impl<'a> Page<'a> {
    pub(super) fn new(output: &'a Output) -> Self {
        Self { output, step: 0, took: Vec::new() }
    }

    /// A line of text.
    pub(super) fn line(&mut self, text: &str) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        Ok(writeln!(out, "{text}")?)
    }

    /// A line that belongs to the step above it.
    pub(super) fn detail(&mut self, text: &str) -> Result<(), Failure> {
        self.line(&format!("             {text}"))
    }

    /// A step with its headline.
    pub(super) fn step(&mut self, name: &'static str, headline: &str) -> Result<(), Failure> {
        self.step += 1;
        let name = self.output.bold(&format!("{name:<8}"));
        let number = self.step;
        self.line(&format!("\n {number}  {name}  {headline}"))
    }

    /// Remembers how long something took, for the table at the end.
    pub(super) fn took(&mut self, what: &'static str, took: Duration, rate: String) {
        self.took.push((what, took, rate));
    }

    /// The table of how fast each step was.
    pub(super) fn times(&mut self) -> Result<(), Failure> {
        let rows: Vec<String> = self
            .took
            .iter()
            .map(|(what, took, rate)| format!("{what:<28} {:>9.1} ms   {rate}", took.as_secs_f64() * 1e3))
            .collect();
        for row in rows {
            self.detail(&row)?;
        }
        Ok(())
    }
}
