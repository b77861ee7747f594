//! A report for people; scripts take `--format json`, or the same figures one a line.

use super::conditions::Conditions;
use super::growth::Growth;
use super::report::{Measured, Report, Verdict};
use super::spread::Spread;
use crate::output::{Cell, Column, Facts, Page, Table, Tone};

pub(super) fn page(report: &Report) -> Page {
    let mut page = Page::new().title("machine").facts(conditions(&report.conditions));
    page = page.title("figures").table(figures(&report.measured));
    let times = times(&report.measured);
    if let Some(times) = times {
        page = page.title("times, in µs").table(times);
    }
    if let Some(growth) = &report.measured.growth {
        page = page.title("costs as the log grows").table(growing(growth));
    }
    if !report.verdicts.is_empty() {
        page = page.title("goals").table(verdicts(&report.verdicts));
    }
    page
}

/// The machine, and how busy it was before, meanwhile and after.
#[must_use]
pub fn conditions(conditions: &Conditions) -> Facts {
    let Conditions { machine, before, after, meanwhile, busy: _ } = conditions;
    let unknown = || "unknown".to_owned();
    let load = |load: Option<f64>| load.map_or_else(unknown, |load| format!("{load:.2}"));
    let part = |part: Option<f64>| part.map_or_else(unknown, |part| format!("{:.0} %", part * 100.0));
    Facts::new()
        .with("cores", format!("{} × {}", machine.cores, machine.model.clone().unwrap_or_else(unknown)))
        .with("kernel", &machine.kernel)
        .with("file system", machine.file_system.clone().unwrap_or_else(unknown))
        .with("idle sync, p50", format!("{:.1} µs", micros(machine.idle_sync.p50_ns)))
        .with("load before, after", format!("{}, {}", load(before.load), load(after.load)))
        .with(
            "cores used by others before, meanwhile",
            format!("{}, {}", part(before.others), part(*meanwhile)),
        )
}

/// What was measured, the figure, the floor, and the ratio of the two.
fn figures(measured: &Measured) -> Table {
    let mut table = Table::new(&[
        Column::text("measured"),
        Column::number("figure"),
        Column::number("floor"),
        Column::number("ratio"),
        Column::text("how"),
    ]);
    let mut row = |what: &str, figure: Cell, floor: Option<Cell>, ratio: Option<f64>, how: String| {
        let ratio = ratio.map_or_else(Cell::default, |ratio| {
            Cell::new(format!("{ratio:.2}")).tone(Tone::Strong).raw(ratio)
        });
        table.push(vec![what.into(), figure, floor.unwrap_or_default(), ratio, how.into()]);
    };
    if let Some(it) = &measured.commit {
        let how = format!(
            "{}, {} writers × {} in flight, batches of {}, {} B; {:.0} events a sync",
            it.durability, it.writers, it.window, it.batch, it.payload_bytes, it.group_events
        );
        row("commit", rate(it.events_per_s), Some(rate(it.floor_per_s)), Some(it.ratio), how);
    }
    if let Some(it) = &measured.latency {
        let floor = Some(ns(it.bare.p50_ns as f64));
        row(
            "own sync, p50",
            ns(it.command.p50_ns as f64),
            floor,
            Some(it.ratio),
            "against a bare write + sync".to_owned(),
        );
    }
    if let Some(it) = &measured.verify {
        let how = |threads| format!("{} records, {threads} thread(s), against bare hashing", it.records);
        row("verify", rate(it.one.per_s), Some(rate(it.one.floor_per_s)), Some(it.one.ratio), how(1));
        row(
            "verify",
            rate(it.all.per_s),
            Some(rate(it.all.floor_per_s)),
            Some(it.all.ratio),
            how(it.threads),
        );
    }
    if let Some(it) = &measured.replay {
        row(
            "replay",
            rate(it.events_per_s),
            None,
            None,
            format!("{} events, {:.0} MB/s", it.events, it.bytes_per_s / 1e6),
        );
    }
    if let Some(it) = &measured.proofs {
        let events = grouped(it.events as f64);
        let tiles = format!("{} from records, {} bytes", events, grouped(it.tiles_bytes as f64));
        row("tiles", rate(it.tiles_per_s), None, None, tiles);
        row("following a log", rate(it.follow_per_s), None, None, "leaf, chain value, tree".to_owned());
        row("a proof without tiles", ns(it.bare_s * 1e9), None, None, format!("{events} events"));
        let covered = format!("with the tiles of sealing, {} events", grouped(it.tiles_events as f64));
        row("the first proof", ns(it.first_s * 1e9), None, None, covered);
        let (figure, floor) = (it.checkpoint_us * 1e3, it.signature_us * 1e3);
        row(
            "a checkpoint",
            ns(figure),
            Some(ns(floor)),
            Some(figure / floor),
            "against its signature".to_owned(),
        );
        for peak in &it.peaks {
            let figure = Cell::new(indicatif::HumanBytes(peak.bytes)).raw(peak.bytes);
            row(
                "memory",
                figure,
                None,
                None,
                format!(
                    "{} of {events} events, {} its own, {:.1} s",
                    peak.command,
                    indicatif::HumanBytes(peak.own_bytes),
                    peak.seconds
                ),
            );
        }
    }
    if let Some(it) = &measured.check {
        let how = format!("{} objects, {} principals, {} nodes deep", it.objects, it.principals, it.depth);
        row("check, any object", ns(it.p50_ns as f64), None, None, how.clone());
        row("check, hot objects", ns(it.hot_p50_ns as f64), None, None, how);
    }
    if let Some(it) = &measured.open {
        let seconds = |s: f64| Cell::new(format!("{s:.2} s")).raw(s);
        let how = format!(
            "{} events, {} objects, a snapshot of {} MB",
            grouped(it.events as f64),
            grouped(f64::from(it.objects)),
            it.snapshot_bytes >> 20
        );
        row("opening", seconds(it.open_s), Some(seconds(it.floor_s)), Some(it.open_s / it.floor_s), how);
        let longest = format!("nothing at hand, the longest {:.2} s", it.cold_s.1);
        row("a world of the past", seconds(it.cold_s.0), None, None, longest);
        let near = "a thousand events behind one at hand".to_owned();
        row("a world of the past", ns(it.near_ms * 1e6), None, None, near);
        row("a version of one object", ns(it.object_ns), None, None, "from its own chain".to_owned());
    }
    if let Some(it) = &measured.decisions {
        for of in &it.of {
            let how = format!(
                "{} grants, {} rules, {} objects, p99 {} ns; 64 in one call {:.0} ns",
                grouped(f64::from(of.grants)),
                grouped(f64::from(of.rules)),
                grouped(f64::from(it.objects)),
                of.p99_ns,
                of.together_ns
            );
            row(of.kind.as_str(), ns(of.p50_ns), None, None, how);
        }
        for of in &it.mixed {
            let how = format!(
                "{} grants, {} rules, as many of each, p99 {} ns",
                grouped(f64::from(of.grants)),
                grouped(f64::from(of.rules)),
                of.p99_ns
            );
            let name = if of.with_reason { "all kinds, with the reason" } else { "all kinds, yes or no" };
            row(name, ns(of.p50_ns), None, None, how);
        }
    }
    if let Some(it) = &measured.read {
        for (name, of) in [("read, one by one", it.one_by_one), ("read, overlapped", it.overlapped)] {
            let how = |map| format!("{} objects, against {map}", it.objects);
            row(
                name,
                ns(of.read_ns),
                Some(ns(of.map_ns)),
                Some(of.ratio),
                how("a map with the engine's hash"),
            );
            let std = how("the standard library's map");
            row(name, ns(of.read_ns), Some(ns(of.std_map_ns)), Some(of.std_ratio), std);
        }
    }
    if let Some(it) = &measured.beside {
        let writers = [
            ("read, p99, beside own syncs", it.synced, it.synced_p99_ratio, it.synced_per_s),
            ("read, p99, beside a full load", it.flat_out, it.flat_out_p99_ratio, it.flat_out_per_s),
        ];
        for (name, of, ratio, per_s) in writers {
            let how = format!("{} objects, against nobody; {} events/s", it.objects, grouped(per_s));
            row(name, ns(of.p99_ns as f64), Some(ns(it.alone.p99_ns as f64)), Some(ratio), how);
        }
    }
    for it in &measured.import {
        let how = format!("{}, {} events in {:.2} s, {}", it.history, it.events, it.seconds, it.durability);
        row("import", rate(it.events_per_s), None, None, how.clone());
        row("replay of it", rate(it.replay_per_s), None, None, how);
    }
    table
}

fn times(measured: &Measured) -> Option<Table> {
    let columns = ["p50", "p90", "p99", "p99.9", "max"].map(Column::number);
    let mut table = Table::new(&[&[Column::text("times")], &columns[..]].concat());
    let mut rows = 0;
    let mut row = |what: &str, spread: Option<Spread>| {
        let Some(of) = spread else { return };
        let cell = |ns: u64| Cell::new(format!("{:.1}", micros(ns))).raw(ns);
        table.push(vec![
            what.into(),
            cell(of.p50_ns),
            cell(of.p90_ns),
            cell(of.p99_ns),
            cell(of.p999_ns),
            cell(of.max_ns),
        ]);
        rows += 1;
    };
    row("commit, submit to receipt", measured.commit.as_ref().map(|it| it.latency));
    row("own sync, command", measured.latency.as_ref().map(|it| it.command));
    row("own sync, bare", measured.latency.as_ref().map(|it| it.bare));
    row("a proof of inclusion, with tiles", measured.proofs.as_ref().map(|it| it.inclusion));
    let waits = |of: fn(&super::open::Open) -> Spread| measured.open.as_ref().map(of);
    row("a batch of 1 000, snapshots beside", waits(|it| it.waits));
    row("a batch of 1 000, no snapshots", waits(|it| it.quiet_waits));
    row("a proof of consistency, with tiles", measured.proofs.as_ref().map(|it| it.consistency));
    row("checking a proof of inclusion", measured.proofs.as_ref().map(|it| it.checking));
    row("check on any object, with the clock", measured.check.as_ref().map(|it| it.latency));
    row("check on hot objects, likewise", measured.check.as_ref().map(|it| it.hot));
    row("the clock alone", measured.check.as_ref().map(|it| it.clock));
    row("read while nobody writes", measured.beside.as_ref().map(|it| it.alone));
    row("read beside own syncs", measured.beside.as_ref().map(|it| it.synced));
    row("read beside a full load", measured.beside.as_ref().map(|it| it.flat_out));
    (rows > 0).then_some(table)
}

/// A row for each operation, a column for each size.
fn growing(growth: &Growth) -> Table {
    let sizes =
        growth.events.iter().map(|events| Column::named(format!("{} events", grouped(*events as f64))));
    let columns: Vec<Column> = std::iter::once(Column::text("operation"))
        .chain(sizes)
        .chain([Column::number("power"), Column::text("growth")])
        .collect();
    let mut table = Table::new(&columns);
    for cost in &growth.costs {
        let mut row = vec![Cell::new(cost.operation)];
        row.extend(cost.ns.iter().map(|of| long(*of)));
        row.push(Cell::new(format!("{:.2}", cost.power)).raw(cost.power));
        let tone = if cost.word == "grows" { Tone::Bad } else { Tone::Plain };
        row.push(Cell::new(cost.word).tone(tone));
        table.push(row);
    }
    let mut row = vec![Cell::new("memory of a world")];
    row.extend(growth.world_bytes.iter().map(|of| Cell::new(indicatif::HumanBytes(*of)).raw(*of)));
    row.extend([Cell::default(), Cell::default()]);
    table.push(row);
    table
}

/// A time of any length, in the unit that suits it.
fn long(of: f64) -> Cell {
    match of {
        _ if of >= 1e9 => Cell::new(format!("{:.2} s", of / 1e9)).raw(of),
        _ if of >= 1e6 => Cell::new(format!("{:.2} ms", of / 1e6)).raw(of),
        _ => ns(of),
    }
}

/// Goals, and whether they were met.
#[must_use]
pub fn verdicts(of: &[Verdict]) -> Table {
    let mut table = Table::new(&[
        Column::text("goal"),
        Column::number("reached"),
        Column::number("goal is"),
        Column::text("verdict"),
    ]);
    for verdict in of {
        let figure = |figure: f64| {
            let text = if figure >= 1000.0 { grouped(figure) } else { format!("{figure:.2}") };
            Cell::new(text).raw(figure)
        };
        let word =
            if verdict.met { Cell::new("met").tone(Tone::Good) } else { Cell::new("missed").tone(Tone::Bad) };
        table.push(vec![verdict.goal.into(), figure(verdict.figure), figure(verdict.bound), word]);
    }
    table
}

fn micros(ns: u64) -> f64 {
    ns as f64 / 1e3
}
/// A time in ns, in the unit that reads best.
#[must_use]
pub fn ns(ns: f64) -> Cell {
    let text = if ns >= 10_000.0 { format!("{:.1} µs", ns / 1e3) } else { format!("{ns:.0} ns") };
    Cell::new(text).raw(ns)
}
/// So many a second.
#[must_use]
pub fn rate(per_s: f64) -> Cell {
    Cell::new(format!("{}/s", grouped(per_s))).raw(per_s)
}
/// A number with its digits in threes.
#[must_use]
pub fn grouped(number: f64) -> String {
    indicatif::HumanCount(number as u64).to_string()
}
