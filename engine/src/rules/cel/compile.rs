//! A text in CEL becomes a condition, or is refused.
//!
//! What is accepted is a part of CEL in which nothing can run away, whatever the data:
//!
//! ```text
//! text    bytes, brackets and signs are counted before the parser sees it, so that no text drives its recursion deep
//! macros  `has` only: `all`, `exists`, `map`, `filter` are loops (comprehensions), and are refused
//! calls   operators, and the functions of `FUNCTIONS`; nothing asks for a clock, chance or the outside
//! regex   literal patterns only, few, compiled here with a limit; matching is linear in the text
//! names   attributes only, each in full: so it is known what a text looks at before it is evaluated
//! ```
//!
//! Without loops and variables every node is evaluated at most once, and there are at most [`NODES_MAX`] of them.

use super::attributes::Name;
use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr};
use cel::parser::{ParseErrors, Parser};

/// Longest text, in bytes.
const TEXT_BYTES_MAX: usize = 4_096;
/// Most opening brackets in it, strings included.
const BRACKETS_MAX: usize = 32;
/// Most signs in it, strings included: with the brackets they bound how deep any parse can nest.
const SIGNS_MAX: usize = 256;
/// Most nodes of a condition.
const NODES_MAX: usize = 256;
/// How deep a condition nests.
const DEPTH_MAX: usize = 32;
/// Most regular expressions in one.
const PATTERNS_MAX: usize = 4;
/// Largest regular expression, compiled, in bytes: each evaluation compiles it anew.
const PATTERN_BYTES_MAX: usize = 16 * 1024;
/// Stack of the parser, in bytes. Two MiB were too little for the deepest texts in a build without optimisation.
const PARSER_STACK_BYTES: usize = 32 << 20;
/// Most characters of one error.
const ERROR_CHARS_MAX: usize = 300;

/// Functions that a text may call, and the number of values that they take, the one before the dot included.
const FUNCTIONS: &[(&str, usize)] = &[
    ("size", 1),
    ("contains", 2),
    ("startsWith", 2),
    ("endsWith", 2),
    ("matches", 2),
    ("int", 1),
    ("double", 1),
    ("string", 1),
];

const OPERATORS: &[&str] = &[
    "_?_:_", "_&&_", "_||_", "!_", "-_", "_-_", "_+_", "_*_", "_/_", "_%_", "_==_", "_!=_", "_>=_", "_<=_",
    "_>_", "_<_", "_[_]", "@in",
];

/// A condition that is ready for use.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) expression: IdedExpr,
    /// What it looks at, each once.
    pub(super) names: Vec<Name>,
}

impl Condition {
    /// From a text.
    ///
    /// # Errors
    /// Why it is none.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        check_text(text)?;
        let parsed = parse(text)?;
        let expression =
            parsed.map_err(|error| error.to_string().chars().take(ERROR_CHARS_MAX).collect::<String>())?;
        let mut checked = Checked::default();
        checked.walk(&expression, 0)?;
        Ok(Self { expression, names: checked.names })
    }
}

/// Parses on a thread of its own: a parser that is generated recurses many frames for each level, and whoever asks may have little stack
/// left. It also trusts itself: should it break on some text, that text is none.
fn parse(text: &str) -> Result<Result<IdedExpr, ParseErrors>, String> {
    let text = text.to_owned();
    let parser =
        move || Parser::new().max_recursion_depth(DEPTH_MAX as u16).error_recovery_limit(1).parse(&text);
    let thread = std::thread::Builder::new().name("scoped-cel".to_owned()).stack_size(PARSER_STACK_BYTES);
    let running =
        thread.spawn(parser).map_err(|error| format!("there is no thread for the parser: {error}"))?;
    running.join().map_err(|_| "the parser gave up".to_owned())
}

fn check_text(text: &str) -> Result<(), String> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(format!("it has more than {TEXT_BYTES_MAX} bytes"));
    }
    if text.bytes().filter(|byte| b"([{".contains(byte)).count() > BRACKETS_MAX {
        return Err(format!("it has more than {BRACKETS_MAX} brackets"));
    }
    let is_sign = |byte: &u8| byte.is_ascii_punctuation() && !b"_'\"".contains(byte);
    if text.bytes().filter(is_sign).count() > SIGNS_MAX {
        return Err(format!("it has more than {SIGNS_MAX} signs"));
    }
    Ok(())
}

#[derive(Default)]
struct Checked {
    nodes: usize,
    patterns: usize,
    names: Vec<Name>,
}

impl Checked {
    fn walk(&mut self, expression: &IdedExpr, depth: usize) -> Result<(), String> {
        self.nodes += 1;
        if self.nodes > NODES_MAX || depth >= DEPTH_MAX {
            return Err(format!(
                "it has more than {NODES_MAX} parts, or they nest more than {DEPTH_MAX} deep"
            ));
        }
        match &expression.expr {
            Expr::Literal(_) => Ok(()),
            Expr::Ident(name) => self.name(name, None),
            Expr::Select(select) => self.select(select, depth),
            Expr::Call(call) => self.call(call, depth),
            Expr::List(list) => list.elements.iter().try_for_each(|element| self.walk(element, depth + 1)),
            Expr::Comprehension(_) => {
                Err("loops (`all`, `exists`, `map`, `filter`) are not for conditions".into())
            }
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                Err("maps and messages cannot be written in a condition".into())
            }
        }
    }

    fn name(&mut self, root: &str, field: Option<&str>) -> Result<(), String> {
        let Some(name) = Name::of(root, field) else {
            let field = field.map(|field| format!(".{field}")).unwrap_or_default();
            return Err(format!("there is no attribute `{root:.64}{field:.64}`"));
        };
        if !self.names.contains(&name) {
            self.names.push(name);
        }
        Ok(())
    }

    fn select(&mut self, select: &SelectExpr, depth: usize) -> Result<(), String> {
        match &select.operand.expr {
            Expr::Ident(root) => self.name(root, Some(&select.field)),
            _ => self.walk(&select.operand, depth + 1),
        }
    }

    fn call(&mut self, call: &CallExpr, depth: usize) -> Result<(), String> {
        let name = call.func_name.as_str();
        let count = call.args.len() + usize::from(call.target.is_some());
        if !OPERATORS.contains(&name) && !FUNCTIONS.contains(&(name, count)) {
            return Err(format!("there is no function `{name:.64}` of {count} values"));
        }
        if name == "matches" {
            self.pattern(call.args.last())?;
        }
        let mut values = call.target.as_deref().into_iter().chain(&call.args);
        values.try_for_each(|value| self.walk(value, depth + 1))
    }

    fn pattern(&mut self, pattern: Option<&IdedExpr>) -> Result<(), String> {
        self.patterns += 1;
        if self.patterns > PATTERNS_MAX {
            return Err(format!("it has more than {PATTERNS_MAX} regular expressions"));
        }
        let Some(Expr::Literal(LiteralValue::String(pattern))) = pattern.map(|pattern| &pattern.expr) else {
            return Err("the pattern of `matches` is written out".into());
        };
        let built = regex::RegexBuilder::new(pattern.inner()).size_limit(PATTERN_BYTES_MAX).build();
        built.map(drop).map_err(|_| "the pattern of `matches` is none, or too large".to_owned())
    }
}
