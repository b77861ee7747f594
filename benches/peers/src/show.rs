//! A report for people.

use crate::report::{Figure, Report, Unit, Work};
use scoped_tools::bench::show::{conditions, ns, rate, verdicts};
use scoped_tools::output::{Cell, Column, Page, Table, Tone};

/// The whole report: the machine, a table a work, the goals.
#[must_use]
pub fn page(report: &Report) -> Page {
    let facts = conditions(&report.conditions).with("taken", report.taken.as_str());
    let mut page = Page::new().title("machine").facts(facts);
    for work in &report.works {
        page = page.title(format!("{}: {}", work.name, work.how)).table(table(work));
    }
    if !report.verdicts.is_empty() {
        page = page.title("goals").table(verdicts(&report.verdicts));
    }
    page
}

fn table(work: &Work) -> Table {
    let mut table = Table::new(&[
        Column::text("who"),
        Column::number("figure"),
        Column::number("of the floor"),
        Column::number("scoped is ahead"),
        Column::text("how"),
    ]);
    for figure in &work.figures {
        table.push(row(work.unit, figure));
    }
    for missing in &work.missing {
        let none = Cell::default;
        table.push(vec![
            missing.name.as_str().into(),
            "no figure".into(),
            none(),
            none(),
            missing.why.as_str().into(),
        ]);
    }
    table
}

fn row(unit: Unit, figure: &Figure) -> Vec<Cell> {
    let value = match unit {
        Unit::PerSecond => rate(figure.value),
        Unit::Nanoseconds => ns(figure.value),
    };
    let ratio = |of: Option<f64>, suffix: &str| {
        of.map_or_else(Cell::default, |ratio| {
            let digits = if ratio >= 100.0 {
                0
            } else if ratio >= 10.0 {
                1
            } else {
                2
            };
            Cell::new(format!("{ratio:.digits$}{suffix}")).tone(Tone::Strong).raw(ratio)
        })
    };
    vec![
        figure.who.name.as_str().into(),
        value,
        ratio(figure.of_floor, ""),
        ratio(figure.ours_ahead, " ×"),
        figure.who.how.as_str().into(),
    ]
}
