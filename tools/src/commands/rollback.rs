//! `scoped rollback`: things brought back to how they were, as new events.

use crate::args::cutoff;
use crate::cells::{count, position, quiet};
use crate::failure::Failure;
use crate::names::{self, Names, parse_scope};
use crate::open::{self, Acting, Opened, Tell};
use crate::output::{Cell, Column, Facts, Format, Output, Page, Table, Tone};
use crate::subject::entity_label;
use scoped::temporal::{Cutoff, Entity, Plan, Rollback, Selection, Skipped};
use scoped::{Moment, Policy, Receipt, ScopeRef, Sequence, SystemDoor};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Nothing is removed: a rollback is one more batch, and rolling it back works like any other. Without a selection everything since \
the cutoff is taken back. --event takes back one event, or a whole rollback when the event is one; --cascade takes back an event \
with everything that depends on it. Neither needs --to.

Examples:
  scoped rollback notes --to mark:v1 --dry-run
  scoped rollback notes --to head~10 --scope org:acme/ws:docs
  scoped rollback notes --to 2026-01-02T00:00:00Z --actor bo --skip-denied
  scoped rollback notes --event 41 --merge --reason 'wrong figure'
  scoped rollback notes --cascade 12 --dry-run
  scoped rollback notes --to head~10 --entity member:org:acme/bo";

/// Steps that are listed without --verbose.
const STEPS_SHOWN: usize = 20;

/// What `scoped rollback` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, group(clap::ArgGroup::new("selection")))]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Back to this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff, required_unless_present_any = ["event", "cascade"])]
    to: Option<Cutoff>,
    /// Only this scope and all below it: a path, or an id
    #[arg(long, value_name = "SCOPE", value_parser = parse_scope, group = "selection")]
    scope: Option<ScopeRef>,
    /// Only this object and its projections: an id, or path:PATH
    #[arg(long, group = "selection")]
    object: Option<String>,
    /// Only what this principal did: an id, a handle, or a name
    #[arg(long, value_name = "PRINCIPAL", group = "selection")]
    actor: Option<String>,
    /// Only this event, or the rollback that it stands for
    #[arg(long, value_name = "POSITION", value_parser = cutoff, group = "selection", conflicts_with = "to")]
    event: Option<Cutoff>,
    /// Only this event, with everything that depends on it
    #[arg(long, value_name = "POSITION", value_parser = cutoff, group = "selection", conflicts_with = "to")]
    cascade: Option<Cutoff>,
    /// Only what happened up to this event, with it
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff, group = "selection")]
    until: Option<Cutoff>,
    /// Only this entity: SORT:ID, such as principal:bo, scope:org:acme, member:org:acme/bo
    #[arg(long, group = "selection")]
    entity: Option<String>,
    /// Where others edited the same object since, take back only the fields that were changed
    #[arg(long)]
    merge: bool,
    /// Why: it stands in the trail
    #[arg(long)]
    reason: Option<String>,
    /// Show the plan, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Do what can be done, rather than all or nothing
    #[arg(long)]
    skip_denied: bool,
    #[command(flatten)]
    acting: Acting,
}

#[derive(Serialize)]
struct Answer {
    to: u64,
    planned_at: u64,
    selection: String,
    dry_run: bool,
    counts: BTreeMap<&'static str, u64>,
    steps: Vec<StepRow>,
    denied: Vec<SkippedRow>,
    conflicts: Vec<SkippedRow>,
    irreversible: Vec<SkippedRow>,
    skipped: Vec<SkippedRow>,
    problems: usize,
    receipt: Option<ReceiptRow>,
}

#[derive(Serialize)]
struct StepRow {
    command: &'static str,
    entity: String,
    subject: String,
    undoes: u64,
    refused: Option<String>,
}

#[derive(Serialize)]
struct SkippedRow {
    entity: String,
    subject: String,
    reason: String,
}

#[derive(Serialize)]
struct ReceiptRow {
    first: u64,
    last: u64,
    head: String,
    time: String,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    if args.dry_run { rehearse(args, output) } else { carry_out(args, output) }
}

/// Plans beside everybody else: a dry run takes no lock and changes no byte.
fn rehearse(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, None)?;
    let moment = scene.moment();
    let asked = asked(args, &moment, |cutoff| Opened::resolve(&opened, cutoff))?;
    let actor = args.acting.principal(&moment)?;
    let plan = opened.history().plan_rollback(actor, &asked, &SystemDoor::default())?;
    let answer = answer(&plan, &moment, &scene.names()?, true);
    output.show(&answer, || {
        let page = page(&answer, output);
        page.line(vec![Cell::new("nothing was written: this was a dry run").tone(Tone::Dim)])
    })
}

fn carry_out(args: &Args, output: &Output) -> Result<(), Failure> {
    let engine = open::write(&args.directory, output)?;
    let session = args.acting.session(&engine)?;
    let asked = engine.read(|moment| {
        asked(args, &moment, |cutoff| Ok(engine.history().resolve(cutoff, moment.world())?))
    })?;
    let plan = session.plan_with(&asked)?;
    let mut answer =
        engine.read(|moment| Ok::<_, Failure>(self::answer(&plan, &moment, &Names::of(&moment)?, false)))?;
    if output.format() == Format::Table {
        output.show(&(), || page(&answer, output))?;
    }
    let receipt = session.rollback_with(&asked).map_err(|error| {
        let refused = error.code() == "rollback_refused";
        let failure = Failure::from(error);
        if refused {
            failure.hint("nothing was changed; --skip-denied does what can be done alone")
        } else {
            failure
        }
    })?;
    engine.close()?;
    answer.receipt = receipt.as_ref().map(ReceiptRow::from);
    match output.format() {
        Format::Table => output.show(&(), || done(receipt.as_ref())),
        _ => output.show(&answer, || page(&answer, output)),
    }
}

impl From<&Receipt> for ReceiptRow {
    fn from(receipt: &Receipt) -> Self {
        Self {
            first: receipt.first.get(),
            last: receipt.last.get(),
            head: receipt.head.to_string(),
            time: scoped::temporal::format_time(receipt.time),
        }
    }
}

/// Where to, and what of it.
fn asked(
    args: &Args,
    moment: &Moment<'_>,
    resolve: impl Fn(&Cutoff) -> Result<Sequence, Failure>,
) -> Result<Rollback, Failure> {
    let selection = if let Some(scope) = &args.scope {
        Selection::Scope(scope.clone())
    } else if let Some(object) = &args.object {
        Selection::Object(names::object(moment, object)?)
    } else if let Some(actor) = &args.actor {
        Selection::Actor(Names::of(moment)?.principal(actor)?)
    } else if let Some(event) = &args.event {
        Selection::Event(resolve(event)?)
    } else if let Some(event) = &args.cascade {
        Selection::Cascade(resolve(event)?)
    } else if let Some(event) = &args.until {
        Selection::Until(resolve(event)?)
    } else if let Some(entity) = &args.entity {
        Selection::Entity(names::entity(moment, &Names::of(moment)?, entity)?)
    } else {
        Selection::All
    };
    // One event is taken back to how things were before it, whatever the cutoff says.
    let to = args.to.as_ref().map_or(Ok(Sequence::NONE), resolve)?;
    let policy = if args.skip_denied { Policy::SkipDenied } else { Policy::AllOrNothing };
    let reason = args.reason.clone();
    Ok(Rollback { to: Cutoff::At(to), selection, policy, merge: args.merge, reason })
}

fn answer(plan: &Plan, moment: &Moment<'_>, names: &Names, dry_run: bool) -> Answer {
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    for step in plan.steps.iter().filter(|step| step.refused.is_none()) {
        *counts.entry(step.command_name()).or_default() += 1;
    }
    let steps = plan.steps.iter().map(|step| StepRow {
        command: step.command_name(),
        entity: step.entity.to_string(),
        subject: entity_label(step.entity, moment, names),
        undoes: step.undoes.get(),
        refused: step.refused.clone(),
    });
    let row = |entity: Entity, reason: &str| SkippedRow {
        entity: entity.to_string(),
        subject: entity_label(entity, moment, names),
        reason: reason.to_owned(),
    };
    let rows = |list: &[Skipped]| list.iter().map(|skipped| row(skipped.entity, &skipped.reason)).collect();
    let conflicts = plan.conflicts.iter().map(|conflict| row(conflict.entity, &conflict.reason));
    Answer {
        to: plan.to.get(),
        planned_at: plan.planned_at.get(),
        selection: plan.selection.to_string(),
        dry_run,
        counts,
        steps: steps.collect(),
        denied: rows(&plan.denied),
        conflicts: conflicts.collect(),
        irreversible: rows(&plan.irreversible),
        skipped: rows(&plan.skipped),
        problems: plan.problems(),
        receipt: None,
    }
}

fn page(answer: &Answer, output: &Output) -> Page {
    let facts = Facts::new()
        .with("back to", position(Sequence::new(answer.to)))
        .with("from", position(Sequence::new(answer.planned_at)))
        .with("selection", &answer.selection)
        .with("steps", count(answer.steps.len()))
        .with(
            "problems",
            Cell::new(answer.problems).tone(if answer.problems > 0 { Tone::Bad } else { Tone::Plain }),
        );
    let mut page = Page::new().facts(facts);
    if let Some(receipt) = &answer.receipt {
        let scripts =
            Facts::new().with("first", receipt.first).with("last", receipt.last).with("head", &receipt.head);
        page = page.scripts(scripts);
    }
    if !answer.counts.is_empty() {
        let mut table = Table::new(&[Column::number("steps"), Column::text("of kind")]);
        answer.counts.iter().for_each(|(name, n)| table.push(vec![count(*n), (*name).into()]));
        page = page.title("what will be done").table(table);
    }
    if !answer.steps.is_empty() {
        let shown = if output.verbose() { answer.steps.len() } else { STEPS_SHOWN };
        page = page.title("steps").table(steps(answer, shown));
        if let Some(more) = answer.steps.len().checked_sub(shown).filter(|more| *more > 0) {
            page =
                page.line(vec![Cell::new(format!("… and {more} more; --verbose shows all")).tone(Tone::Dim)]);
        }
    }
    for (title, rows, tone) in [
        ("what is not yours to bring back", &answer.denied, Tone::Bad),
        ("what others changed too", &answer.conflicts, Tone::Bad),
        ("what is for good", &answer.irreversible, Tone::Bad),
        ("what was brought back already", &answer.skipped, Tone::Dim),
    ] {
        if !rows.is_empty() {
            let mut table = Table::new(&["what", "why"].map(Column::text));
            for row in rows {
                table.push(vec![Cell::new(&row.subject).raw(&row.entity), Cell::new(&row.reason).tone(tone)]);
            }
            page = page.title(title).table(table);
        }
    }
    page
}

fn steps(answer: &Answer, shown: usize) -> Table {
    let any = answer.steps.iter().any(|step| step.refused.is_some());
    let mut columns = vec![Column::text("command"), Column::text("what"), Column::number("undoes")];
    if any {
        columns.push(Column::text("refused"));
    }
    let mut table = Table::new(&columns);
    for step in answer.steps.iter().take(shown) {
        let mut cells = vec![
            step.command.into(),
            Cell::new(&step.subject).raw(&step.entity),
            position(Sequence::new(step.undoes)),
        ];
        if any {
            cells.push(Cell::new(step.refused.as_deref().unwrap_or_default()).tone(Tone::Bad));
        }
        table.push(cells);
    }
    table
}

fn done(receipt: Option<&Receipt>) -> Page {
    let page = Page::new().line(Vec::new()).title("done");
    let Some(receipt) = receipt else {
        return page.line(vec![
            Cell::new("nothing to do: what this principal sees is as it was then").tone(Tone::Good),
        ]);
    };
    page.facts(
        Facts::new()
            .with("first event", position(receipt.first))
            .with("last event", position(receipt.last))
            .with("head", quiet(receipt.head)),
    )
}
