//! What each command looks like, learnt by asking the parser.
//!
//! An object with one unknown field is answered by the list of the known ones. A value of the wrong kind is answered as such; one
//! of the right kind by a complaint about the unknown field that stands behind it. So a few hundred lines tell all there is to
//! know about a command: its fields, which of them it cannot do without, and which of the pool's values each takes.

use scoped::{Command, parse_line};
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Values inside of values that are looked into.
const DEPTH_MAX: usize = 5;
/// A field that no object has, behind the value under test: whoever complains of it has read the value.
const SENTINEL: &str = "?read so far";

/// What may stand in one place of a command's arguments.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// Takes any JSON at all.
    pub any: bool,
    /// JSON of the pool, and words that the parser named, that may stand there.
    pub leaves: Vec<String>,
    /// It may be a list of these.
    pub element: Option<Box<Self>>,
    /// It may be a map to these.
    pub value: Option<Box<Self>>,
    /// It may be an object with these fields.
    pub fields: Vec<Field>,
    /// It may be one of these words with what it holds.
    pub variants: Vec<(String, Self)>,
}

/// A field of an object.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// The object cannot be read without it.
    pub required: bool,
    /// What may stand there.
    pub shape: Shape,
}

impl Shape {
    /// Nothing of the pool may stand there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.any
            && self.leaves.is_empty()
            && self.element.is_none()
            && self.value.is_none()
            && self.fields.is_empty()
            && self.variants.is_empty()
    }
}

/// A command and its arguments.
#[derive(Debug, Clone)]
pub struct Learnt {
    /// `domain.verb`.
    pub name: &'static str,
    /// Its arguments: an object.
    pub arguments: Shape,
}

/// All commands of this build. Learnt once a process.
pub fn all() -> &'static [Learnt] {
    static ALL: OnceLock<Vec<Learnt>> = OnceLock::new();
    ALL.get_or_init(|| {
        let learn = |(name, _): (&'static str, _)| {
            let place = Place {
                before: format!(r#"{{"as":"{}","do":"{name}","with":"#, super::draw::id(1)),
                after: "}".into(),
            };
            Learnt { name, arguments: place.learn(0) }
        };
        Command::all().into_iter().map(learn).collect()
    })
}

/// A place in a line: all that stands before a value, and all behind it.
struct Place {
    before: String,
    after: String,
}

/// What the parser says of a value.
enum Verdict {
    Fits,
    Wrong(String),
}

impl Place {
    /// A place inside of a value here: in a list, a map or a variant.
    fn within(&self, before: &str, after: &str) -> Self {
        Self { before: format!("{}{before}", self.before), after: format!("{after}{}", self.after) }
    }
    /// The place of a field's value in an object here.
    fn field(&self, name: &str) -> Self {
        self.within(&format!("{{{name:?}:"), &format!(",{SENTINEL:?}:0}}"))
    }

    fn probe(&self, value: &str) -> Verdict {
        match parse_line(&format!("{}{value}{}", self.before, self.after)) {
            Ok(_) => Verdict::Fits,
            Err(error) if error.message.contains(SENTINEL) => Verdict::Fits,
            Err(error) => Verdict::Wrong(error.message),
        }
    }
    fn fits(&self, value: &str) -> bool {
        matches!(self.probe(value), Verdict::Fits)
    }
    fn complaint(&self, value: &str) -> String {
        match self.probe(value) {
            Verdict::Fits => String::new(),
            Verdict::Wrong(message) => message,
        }
    }

    fn learn(&self, depth: usize) -> Shape {
        let mut shape = Shape::default();
        if self.fits(r#"[1,{"?":[null,"x"]}]"#) && self.fits(r#"{"?":{"?":2}}"#) && self.fits("0.5") {
            shape.any = true;
            return shape;
        }
        let mut pool: BTreeSet<String> = super::draw::pool().iter().cloned().collect();
        let complaint = self.complaint(r#""?""#);
        let words = words(&complaint);
        pool.extend(words.iter().map(|word| format!("{word:?}")));
        shape.leaves = pool.into_iter().filter(|value| self.fits(value)).collect();
        if depth >= DEPTH_MAX {
            return shape;
        }
        if self.fits("[]") {
            let element = self.within("[", "]").learn(depth + 1);
            shape.element = Some(element).filter(|element| !element.is_empty()).map(Box::new);
        }
        let unknown = self.complaint(r#"{"?":1}"#);
        let (mut names, is_variant) = (Vec::new(), unknown.contains("unknown variant"));
        if is_variant || unknown.contains("unknown field") {
            names.extend(ticked(&unknown));
        } else if self.fits("{}") {
            let value = self.within(r#"{"k":"#, "}").learn(depth + 1);
            shape.value = Some(value).filter(|value| !value.is_empty()).map(Box::new);
        } else if let Some(tag) = self.complaint("{}").strip_prefix("missing field `") {
            // Read in two steps, by a field that says which: it is the only one that is known.
            names.extend(tag.split('`').next().map(str::to_owned));
        }
        for name in names.into_iter().filter(|name| name != "?") {
            // A variant stands alone in its object.
            let place =
                if is_variant { self.within(&format!("{{{name:?}:"), "}") } else { self.field(&name) };
            let of_field = place.learn(depth + 1);
            if is_variant && !of_field.is_empty() {
                shape.variants.push((name, of_field));
            } else if !of_field.is_empty() {
                shape.fields.push(Field { name, required: false, shape: of_field });
            }
        }
        self.require(&mut shape);
        shape
    }

    /// Finds out which fields an object cannot do without: by giving one more at a time until nothing is missing.
    fn require(&self, shape: &mut Shape) {
        let mut given: Vec<(String, String)> = Vec::new();
        for _ in 0..=shape.fields.len() {
            let object: Vec<String> = given.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
            let complaint = self.complaint(&format!("{{{}}}", object.join(",")));
            let Some(missing) =
                complaint.strip_prefix("missing field `").and_then(|rest| rest.split('`').next())
            else {
                return;
            };
            let Some(field) = shape.fields.iter_mut().find(|field| field.name == missing) else { return };
            field.required = true;
            given.push((missing.to_owned(), example(&field.shape)));
        }
    }
}

/// Something that may stand there.
fn example(shape: &Shape) -> String {
    if let Some(leaf) = shape.leaves.iter().find(|leaf| *leaf != "null") {
        return leaf.clone();
    }
    if shape.any || shape.value.is_some() {
        return "{}".to_owned();
    }
    if shape.element.is_some() {
        return "[]".to_owned();
    }
    if let Some((name, held)) = shape.variants.first() {
        return format!("{{{name:?}:{}}}", example(held));
    }
    let fields = shape.fields.iter().filter(|field| field.required);
    let fields: Vec<String> =
        fields.map(|field| format!("{:?}:{}", field.name, example(&field.shape))).collect();
    format!("{{{}}}", fields.join(","))
}

/// What stands between backticks: how the parser names fields and variants.
fn ticked(message: &str) -> Vec<String> {
    message.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The words of a closed set, as either kind of message lists them.
fn words(message: &str) -> Vec<String> {
    let mut found = ticked(message);
    if let Some((_, list)) = message.split_once(": use ") {
        found.extend(
            list.split(", ").map(|word| word.trim_matches(|c: char| c == '`' || c == '.').to_owned()),
        );
    }
    found.retain(|word| word.len() <= 64 && word != "?");
    found
}
