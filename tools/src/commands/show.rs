//! `scoped show`: one event with everything that is stored of it.

use crate::args::cutoff;
use crate::cells::{bytes, instant_text, position, quiet};
use crate::failure::{Exit, Failure};
use crate::names::Names;
use crate::open::{self, Scene, Tell};
use crate::output::{Cell, Column, Facts, Output, Page, Table, Tone};
use crate::subject::Subjects;
use scoped::audit::Allowed;
use scoped::log::Record;
use scoped::projections::Context;
use scoped::projections::domains::kind_info;
use scoped::temporal::{Cutoff, format_time};
use scoped::{Event, ObjectId, PrincipalId, ScopeId, Sequence};
use serde_json::{Value, json};
use std::path::PathBuf;

const EXAMPLES: &str = "\
With --why the batch of the event is decided once more, at its moment: what each of its commands took, and by what rule, membership or entry that \
was granted.

Examples:
  scoped show notes 12
  scoped show notes 12 --why
  scoped show notes head
  scoped show notes mark:v1 --format json | jq .payload";

/// What `scoped show` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Which event: its position, its id, or any other cutoff
    #[arg(value_name = "POSITION", value_parser = cutoff)]
    position: Cutoff,
    /// Why it was allowed
    #[arg(long)]
    why: bool,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let record = opened.history().record(opened.resolve(&args.position)?)?;
    if args.why {
        let names = opened.scene(output, Some(&Cutoff::At(record.sequence())))?.names()?;
        let allowed = opened.history().why(record.sequence())?;
        return output.show(&allowed, || grounds(&allowed, &names));
    }
    let (context, event) = Event::decode(record.kind(), record.kind_version(), record.body())
        .map_err(|error| Failure::damage(format!("event {}: {error}", record.sequence())))?;
    // Names as they were then; an event can be shown even where damage before it hides them.
    let scene = match opened.scene(output, Some(&Cutoff::At(record.sequence()))) {
        Err(failure) if failure.exit() == Exit::Damage => {
            output.damage(failure.to_string());
            None
        }
        scene => Some(scene?),
    };
    let names = scene.as_ref().map(Scene::names).transpose()?.unwrap_or_default();
    let payload = opened.history().content(&record)?.map(|content| content.shown().into_owned());
    let payload = payload.as_deref();
    // Told by the end of its batch, which may be damaged where the event itself is not.
    let metadata = opened.history().metadata(&record).unwrap_or_else(|error| {
        output.damage(error.to_string());
        None
    });
    let mut value = value(&record, &context, &event, payload)?;
    if let (Value::Object(value), Some(metadata)) = (&mut value, metadata) {
        value.insert("metadata".to_owned(), metadata);
    }
    output.show(&value, || page(&record, &context, &event, scene.as_ref(), &names, &value, payload))
}

/// What each command of a batch took, and why it was granted.
fn grounds(allowed: &[Allowed], names: &Names) -> Page {
    if allowed.is_empty() {
        return Page::new().line(vec!["no command stands behind it: nothing was decided".into()]);
    }
    let mut table = Table::new(&[
        Column::number("event"),
        Column::text("command"),
        Column::text("of"),
        Column::text("took"),
        Column::text("to"),
        Column::text("decision"),
        Column::text("why"),
    ]);
    for step in allowed {
        let through = step.agent.map_or_else(String::new, |agent| format!(", by {}", names.label(agent)));
        let who = format!("{}{through}", names.label(step.actor));
        if step.grounds.is_empty() {
            table.push(vec![
                position(Sequence::new(step.at)),
                step.command.into(),
                who.clone().into(),
                Cell::new("nothing").tone(Tone::Dim),
                Cell::default(),
                Cell::default(),
                "whoever is active may".into(),
            ]);
        }
        for ground in &step.grounds {
            let (verdict, tone) =
                if ground.allowed { ("allowed", Tone::Good) } else { ("denied", Tone::Bad) };
            let rule = ground.granted.as_ref().map_or_else(String::new, |rule| format!("; {rule} allows"));
            table.push(vec![
                position(Sequence::new(step.at)),
                step.command.into(),
                who.clone().into(),
                Cell::new(ground.capability).tone(Tone::Accent),
                Cell::new(ground.action),
                Cell::new(verdict).tone(tone),
                format!("{}{rule}", ground.why).into(),
            ]);
        }
    }
    table.into()
}

fn value(
    record: &Record,
    context: &Context,
    event: &Event,
    payload: Option<&[u8]>,
) -> Result<Value, Failure> {
    let at = record.position();
    let info = kind_info(record.kind());
    let payload = payload.map(|bytes| {
        serde_json::from_slice(bytes)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
    });
    Ok(json!({
        "position": record.sequence().get(),
        "event": ObjectId(record.event_id()),
        "time": format_time(record.time()),
        "kind": info.map(|info| info.name),
        "kind_number": record.kind(),
        "kind_version": record.kind_version(),
        "about": info.map(|info| info.about.trim()),
        "actor": PrincipalId(record.actor()),
        "scope": Some(ScopeId(record.scope())).filter(|scope| scope.is_some()),
        "batch_left": record.batch_left(),
        "durable": record.durable().get(),
        "cause": some(context.cause),
        "undoes": some(context.undoes),
        "correlation": Some(ObjectId(context.correlation)).filter(|id| id.is_some()),
        "valid_time": context.valid_time.map(instant_text),
        "body": serde_json::to_value(event)?,
        "payload": payload,
        "segment": at.segment,
        "offset": at.offset,
        "stored_bytes": record.stored_len(),
        "leaf": record.leaf().to_string(),
        "chain": record.chain().to_string(),
    }))
}

fn some(number: u64) -> Option<u64> {
    Some(number).filter(|number| *number != 0)
}

fn page(
    record: &Record,
    context: &Context,
    event: &Event,
    scene: Option<&Scene>,
    names: &Names,
    value: &Value,
    payload: Option<&[u8]>,
) -> Page {
    let info = kind_info(record.kind());
    let (actor, scope) = (PrincipalId(record.actor()), ScopeId(record.scope()));
    let mut subjects = scene.map(|scene| Subjects::new(scene.moment(), names));
    let called = |label: String, id: String| if label == id { label } else { format!("{label} ({id})") };
    let mut facts = Facts::new()
        .with("event", Cell::new(record.sequence()).raw(record.sequence().get()).tone(Tone::Strong))
        .with("id", ObjectId(record.event_id()))
        .with(
            "kind",
            info.map_or_else(Cell::default, |info| {
                Cell::new(format!("{}: {}", info.name, info.about.trim())).raw(info.name)
            }),
        );
    if let Some(subjects) = &mut subjects {
        facts.push("subject", subjects.of(record.sequence(), event));
    }
    facts.push("time", format_time(record.time()));
    if let Some(valid) = context.valid_time {
        facts.push("happened", instant_text(valid));
    }
    facts.push("actor", Cell::new(called(names.label(actor), actor.to_string())).raw(actor));
    if scope.is_some() {
        let label = subjects.as_ref().map_or_else(|| scope.to_string(), |subjects| subjects.scope(scope));
        facts.push("scope", Cell::new(called(label, scope.to_string())).raw(scope));
    }
    let left = record.batch_left();
    let batch =
        if left == 0 { "the last of its batch".to_owned() } else { format!("{left} more in its batch") };
    facts.push("batch", Cell::new(batch).raw(left));
    if context.undoes != 0 {
        facts
            .push("undoes", Cell::new(format!("#{}", context.undoes)).raw(context.undoes).tone(Tone::Accent));
    }
    if context.cause != 0 {
        facts.push("cause", Cell::new(format!("#{}", context.cause)).raw(context.cause).tone(Tone::Accent));
    }
    if context.correlation != 0 {
        facts.push("correlation", ObjectId(context.correlation));
    }
    let at = record.position();
    facts.push(
        "stored",
        Cell::new(format!("{} bytes in segment {} at {}", record.stored_len(), at.segment, at.offset))
            .raw(record.stored_len()),
    );
    facts.push("durable then", Cell::new(record.durable()).raw(record.durable().get()));
    facts.push("leaf", quiet(record.leaf()));
    facts.push("chain", quiet(record.chain()));
    let mut page = Page::new().facts(facts);
    let body = value.get("body").and_then(Value::as_object);
    let body = body
        .into_iter()
        .flatten()
        .fold(Facts::new(), |facts, (name, value)| facts.with(name.clone(), plain(value)));
    page = page.title("body").facts(body);
    // Of those that carry it themselves it is the payload.
    let carried = matches!(event, Event::Requests(_) | Event::Audit(_)) && payload.is_some();
    if let Some(metadata) = value.get("metadata").and_then(Value::as_object).filter(|_| !carried) {
        let came =
            metadata.iter().fold(Facts::new(), |facts, (name, said)| facts.with(name.clone(), plain(said)));
        page = page.title("came from").facts(came);
    }
    if let Some(payload) = payload {
        let (size, sealed) = (bytes(record.payload_len() as u64), record.is_sealed());
        let sealed = if sealed { ", sealed" } else { "" };
        page = page.title(format!("payload, {}{sealed}", size.text()));
        let pretty = value.get("payload").map_or_else(String::new, |payload| format!("{payload:#}"));
        for line in pretty.lines() {
            page = page.line(vec![line.into()]);
        }
        page = page.scripts(Facts::new().with("payload", String::from_utf8_lossy(payload)));
    }
    page
}

/// A JSON value without the quotes of a text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}
