//! Pictures: throughput over the size of a batch, over writers, over the payload, and over the length of the log.
//!
//! Every point is a work of its own (`works/group.rs`), at which everybody takes turns; a curve is what one of them reached.

mod batch;
mod draw;
mod length;
mod payload;
mod writers;

use crate::args::write;
use crate::report::{Work, now};
use anyhow::Context;
use scoped_tools::bench::conditions::Conditions;
use scoped_tools::bench::throwaway::Throwaway;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How much is measured for a point.
#[derive(Debug, Clone, Copy)]
struct Size {
    /// Seconds of a turn.
    time: Duration,
    /// Turns.
    rounds: usize,
    /// How long each log grows.
    growth: Duration,
}

/// A picture before it is drawn.
#[derive(Debug, Clone, Serialize)]
pub struct Plot {
    /// The file's name.
    pub file: &'static str,
    /// What it shows.
    pub title: String,
    /// What runs to the right.
    pub x: Axis,
    /// What runs upwards.
    pub y: &'static str,
    /// One for each who was measured.
    pub curves: Vec<Curve>,
}

/// What runs to the right. Both axes are logarithmic.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Axis {
    /// What it counts.
    pub name: &'static str,
    /// Marks stand at the powers of this.
    pub base: u32,
}

/// What one of them reached.
#[derive(Debug, Clone, Serialize)]
pub struct Curve {
    /// Who.
    pub name: String,
    /// In the order of x.
    pub points: Vec<(f64, f64)>,
}

impl Plot {
    /// Curves from works at different sizes.
    fn of(file: &'static str, title: String, (x, y): (Axis, &'static str), works: &[(f64, Work)]) -> Self {
        let mut curves: Vec<Curve> = Vec::new();
        for (size, work) in works {
            for figure in &work.figures {
                let point = (*size, figure.value);
                match curves.iter_mut().find(|curve| curve.name == figure.who.name) {
                    Some(curve) => curve.points.push(point),
                    None => curves.push(Curve { name: figure.who.name.clone(), points: vec![point] }),
                }
            }
        }
        Self { file, title, x, y, curves }
    }
}

/// What was drawn.
#[derive(Debug, Clone, Serialize)]
pub struct Drawn {
    /// Where it ran, and how busy it was there.
    #[serde(flatten)]
    pub conditions: Conditions,
    /// The pictures' points.
    pub plots: Vec<Plot>,
    /// Where the pictures are.
    pub files: Vec<PathBuf>,
}

/// Measures on the disk of a directory and draws into another, one file a picture; `telling` hears what is done.
///
/// # Errors
/// When a directory cannot be written, or the engine refuses what it should not.
pub fn draw(
    directory: &Path,
    into: &Path,
    quick: bool,
    telling: &mut dyn FnMut(&str),
) -> anyhow::Result<Drawn> {
    let size = if quick {
        Size { time: Duration::from_millis(40), rounds: 1, growth: Duration::from_millis(300) }
    } else {
        Size { time: Duration::from_millis(400), rounds: 3, growth: Duration::from_secs(12) }
    };
    let directory = Throwaway::below(directory)?;
    let watched = Conditions::begin(&directory)?;
    let mut plots = Vec::new();
    for measure in [batch::measure, writers::measure, payload::measure, length::measure] {
        let plot = measure(&directory, size)?;
        telling(plot.file);
        plots.push(plot);
    }
    directory.remove()?;
    let conditions = watched.end();
    let about = about(&conditions);
    std::fs::create_dir_all(into).with_context(|| format!("making `{}`", into.display()))?;
    let mut files = Vec::new();
    for plot in &plots {
        let file = into.join(plot.file);
        write(&file, &draw::svg(plot, &about)?)?;
        files.push(file);
    }
    Ok(Drawn { conditions, plots, files })
}

/// The line below a picture: a figure without its machine is no figure.
fn about(conditions: &Conditions) -> String {
    let machine = &conditions.machine;
    let model = machine.model.as_deref().unwrap_or("unknown processor");
    let kind =
        machine.file_system.as_deref().and_then(|of| of.split(' ').next()).unwrap_or("unknown file system");
    let others = conditions.meanwhile.map_or_else(
        || "unknown use by others".to_owned(),
        |others| format!("others used {:.0} %", others * 100.0),
    );
    let date = now();
    let busy = if conditions.busy.is_some() { ", BUSY: no verdict" } else { "" };
    format!("{date}, {} × {model}, {}, {kind}, {others}{busy}", machine.cores, machine.kernel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quick_run_draws_every_picture_small_and_whole() {
        let outer = tempfile::tempdir().expect("a directory");
        let (disk, into) = (outer.path().join("disk"), outer.path().join("pictures"));
        let drawn = draw(&disk, &into, true, &mut |_| {}).expect("pictures");
        assert_eq!(drawn.files.len(), 4);
        for (plot, file) in drawn.plots.iter().zip(&drawn.files) {
            let text = std::fs::read_to_string(file).expect("a picture");
            assert!(text.len() < 60_000, "{}: {} bytes", plot.file, text.len());
            assert!(text.trim_end().ends_with("</svg>"), "{}", plot.file);
            for curve in &plot.curves {
                assert!(text.contains(&curve.name), "{} does not name {}", plot.file, curve.name);
                assert!(curve.points.len() > 1, "{}: {} is no curve", plot.file, curve.name);
            }
        }
    }
}
