//! `scoped objects`: live objects.

use crate::args::cutoff;
use crate::failure::Failure;
use crate::names::parse_scope;
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Format, Output, Table, Tone};
use scoped::temporal::Cutoff;
use scoped::{Moment, ObjectInfo, ScopeRef, View};
use serde::Serialize;
use serde::ser::SerializeMap;
use serde_json::Value;
use std::path::PathBuf;

const EXAMPLES: &str = "\
With --fields, an object that lacks one of them is left out, and rows are sorted by the bytes of the first. A field is a \
top-level key of the data, or one of @id, @type, @version, @owner, @scope.

Examples:
  scoped objects notes --scope org:acme --view descend
  scoped objects notes --at mark:v1 --fields path,blob --format tsv
  scoped objects notes --fields @id,path --type file";

/// Characters of an object's data that a table shows.
const DATA_CHARS: usize = 60;

/// What `scoped objects` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Projected into this scope: a path, or an id
    #[arg(long, value_name = "SCOPE", value_parser = parse_scope)]
    scope: Option<ScopeRef>,
    /// How far to look from the scope: raw, granular (local), structured, holistic or descend
    #[arg(long, default_value = "granular", requires = "scope")]
    view: View,
    /// As of this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
    /// Of this type
    #[arg(long = "type", value_name = "TYPE")]
    object_type: Option<String>,
    /// Of this owner: an id, a handle, or a name that only one has
    #[arg(long, value_name = "PRINCIPAL")]
    owner: Option<String>,
    /// Those that are out of sight, instead of the live ones
    #[arg(long, conflicts_with = "scope")]
    tombstoned: bool,
    /// Only these fields, of objects that have all of them
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    fields: Vec<String>,
}

#[derive(Serialize)]
struct Full {
    #[serde(flatten)]
    info: ObjectInfo,
    owner_name: String,
    data: Value,
}

/// The wanted fields of one object, in the order in which they were wanted.
struct Picked<'a> {
    fields: &'a [String],
    values: Vec<Value>,
}

impl Serialize for Picked<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.fields.len()))?;
        for (field, value) in self.fields.iter().zip(&self.values) {
            map.serialize_entry(field, value)?;
        }
        map.end()
    }
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    if let Some(field) = args.fields.iter().find(|field| field.is_empty() || !known(field)) {
        return Err(Failure::usage(format!("`{field}` is no field"))
            .hint("give keys of the data, or @id, @type, @version, @owner, @scope"));
    }
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, args.at.as_ref())?;
    let moment = scene.moment();
    if let (Some(scope), View::Raw | View::Structured) = (&args.scope, args.view) {
        if !args.fields.is_empty() {
            return Err(Failure::usage(format!("the view `{}` has no fields of data", args.view)));
        }
        let names = scene.names()?;
        return super::layer::show(output, &moment, &names, scope, args.view, args.object_type.as_ref());
    }
    let mut objects = if args.tombstoned {
        moment.tombstoned()
    } else {
        moment.objects(args.scope.as_ref().map(|scope| (scope, args.view)))?
    };
    if let Some(owner) = &args.owner {
        let owner = scene.names()?.principal(owner)?;
        objects.retain(|info| info.owner == owner);
    }
    if let Some(wanted) = &args.object_type {
        objects.retain(|info| info.object_type == *wanted);
    }
    if !args.fields.is_empty() {
        return picked(&args.fields, output, &moment, &objects);
    }
    let names = scene.names()?;
    let mut rows = Vec::with_capacity(objects.len());
    for info in objects {
        let data = data(&moment, &info)?;
        rows.push(Full { owner_name: names.label(info.owner), info, data });
    }
    output.show(&rows, || {
        let mut table = Table::new(&[
            Column::text("object"),
            Column::text("type"),
            Column::number("version"),
            Column::text("scope"),
            Column::text("owner"),
            Column::text("data"),
        ]);
        for row in &rows {
            let data = row.data.to_string();
            table.push(vec![
                Cell::new(row.info.object).tone(Tone::Accent),
                row.info.object_type.as_str().into(),
                row.info.version.into(),
                row.info.home.as_deref().unwrap_or_default().into(),
                row.owner_name.as_str().into(),
                Cell::new(shortened(&data)).raw(&data).tone(Tone::Dim),
            ]);
        }
        table.into()
    })
}

fn known(field: &str) -> bool {
    !field.starts_with('@') || ["@id", "@type", "@version", "@owner", "@scope"].contains(&field)
}

fn data(moment: &Moment<'_>, info: &ObjectInfo) -> Result<Value, Failure> {
    let data = moment.history().shown(scoped::Sequence::new(info.data_at))?;
    serde_json::from_slice(&data.unwrap_or_default())
        .map_err(|error| Failure::damage(format!("event #{}: stored data is no JSON: {error}", info.data_at)))
}

fn picked(
    fields: &[String],
    output: &Output,
    moment: &Moment<'_>,
    objects: &[ObjectInfo],
) -> Result<(), Failure> {
    let mut rows: Vec<(String, Picked<'_>)> = Vec::with_capacity(objects.len());
    for info in objects {
        let mut data = data(moment, info)?;
        let mut value = |field: &String| match field.as_str() {
            "@id" => Some(Value::from(info.object.to_string())),
            "@type" => Some(Value::from(info.object_type.as_str())),
            "@version" => Some(Value::from(info.version)),
            "@owner" => Some(Value::from(info.owner.to_string())),
            "@scope" => Some(info.home.as_deref().map_or(Value::Null, Value::from)),
            key => data.get_mut(key).map(|value| value.clone()),
        };
        let Some(values) = fields.iter().map(&mut value).collect::<Option<Vec<Value>>>() else { continue };
        let first = values.first().map(plain).unwrap_or_default();
        rows.push((first, Picked { fields, values }));
    }
    if rows.len() < objects.len() && output.format() == Format::Table {
        let left_out = objects.len() - rows.len();
        output.note(format!(
            "left out, since they lack one of these fields: {left_out} of {} objects",
            objects.len()
        ));
    }
    rows.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
    if output.format() == Format::Json {
        let values: Vec<&Picked<'_>> = rows.iter().map(|(_, picked)| picked).collect();
        return output.show(&values, Default::default);
    }
    output.show(&(), || {
        let columns: Vec<Column> = fields.iter().cloned().map(Column::named).collect();
        let mut table = Table::new(&columns);
        for (_, picked) in &rows {
            table.push(picked.values.iter().map(plain).map(Cell::from).collect());
        }
        table.into()
    })
}

/// A JSON value without the quotes of a text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(DATA_CHARS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
