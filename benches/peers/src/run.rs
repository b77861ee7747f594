//! A run: the machine, the works that were asked for one after the other, the goals.

use crate::goals::judge;
use crate::pyscoped::Python;
use crate::report::{Report, now};
use crate::works::{Bed, Kind, Size};
use clap::ValueEnum;
use scoped_tools::bench::conditions::Conditions;
use scoped_tools::bench::import;
use scoped_tools::bench::throwaway::Throwaway;
use std::path::PathBuf;

/// What is to be measured.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Where: the figures are those of its disk. Gets a directory of our own, which is removed
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
    /// A run of a minute that shows that everything works; its figures say little
    #[arg(long)]
    pub quick: bool,
    /// Measure only this; can be a list
    #[arg(long, value_enum, value_delimiter = ',')]
    pub only: Vec<Kind>,
    /// A Python that has pyscoped 0.1.0 (default: an environment of its own, with the package from the index)
    #[arg(long, value_name = "FILE")]
    pub python: Option<PathBuf>,
    /// Without pyscoped
    #[arg(long, conflicts_with = "python")]
    pub no_python: bool,
    /// The git history for `import` (default: the one that the project keeps, when it is here or above)
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
}

/// Measures what is asked for; `telling` hears what comes next.
///
/// # Errors
/// When the directory cannot be written, or the engine does not do what it should.
pub fn measure(args: &Args, telling: &mut dyn FnMut(&str)) -> anyhow::Result<Report> {
    let directory = Throwaway::below(&args.directory)?;
    telling("the machine");
    let (taken, watched) = (now(), Conditions::begin(&directory)?);
    let wanted =
        Kind::value_variants().iter().filter(|kind| args.only.is_empty() || args.only.contains(kind));
    let wanted: Vec<Kind> = wanted.copied().collect();
    let python = if args.no_python {
        Err("left out with --no-python".to_owned())
    } else if wanted == [Kind::Decisions] {
        Err("it decides by ownership alone".to_owned())
    } else {
        Python::find(args.python.as_deref(), &directory).map_err(|error| format!("{error:#}"))
    };
    let history = args.history.clone().or_else(import::kept);
    let size = if args.quick { Size::QUICK } else { Size::FULL };
    let bed = Bed { directory: &directory, size, python, history: history.as_deref() };
    let mut works = Vec::new();
    for kind in wanted {
        telling(kind.to_possible_value().as_ref().map_or("", |value| value.get_name()));
        works.extend(bed.measure(kind)?);
    }
    drop(bed);
    directory.remove()?;
    let conditions = watched.end();
    let verdicts = if conditions.busy.is_none() && !args.quick { judge(&works) } else { Vec::new() };
    Ok(Report { taken, conditions, quick: args.quick, works, verdicts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Part;

    /// The command as it is given, small, without what has to be fetched: each work is done by all who can do it.
    #[test]
    fn a_quick_run_has_a_figure_of_everybody_for_every_work() {
        let outer = tempfile::tempdir().expect("a directory");
        let history = Some(PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/data/git-history/ripgrep.history.gz"
        )));
        let directory = outer.path().to_owned();
        let args = Args { directory, quick: true, only: Vec::new(), python: None, no_python: true, history };
        let report = measure(&args, &mut |_| {}).expect("a report");
        let names: Vec<&str> = report.works.iter().map(|work| work.name.as_str()).collect();
        assert_eq!(
            names[..6],
            ["group commit", "sync each", "read, one by one", "read, overlapped", "import", "open"]
        );
        assert_eq!(names.len(), 6 + 8, "four kinds of answers, without rules and with them");
        for work in &report.works {
            let peers = work.figures.iter().filter(|figure| figure.who.part == Part::Peer).count();
            let wanted = match () {
                () if work.name.ends_with("with rules") => 2,
                () if work.how.contains("grants") => 4,
                () => 3,
            };
            assert_eq!(peers, wanted, "{}: {:?}", work.name, work.missing);
            for figure in &work.figures {
                assert!(figure.value.is_finite() && figure.value > 0.0, "{}: {figure:?}", work.name);
            }
        }
        assert!(report.verdicts.is_empty(), "a quick run gives no verdict");
        assert_eq!(
            std::fs::read_dir(outer.path()).expect("still there").count(),
            0,
            "nothing is left behind"
        );
    }
}
