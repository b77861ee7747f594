//! Pages: what an answer consists of, before anybody decides how it looks.

use super::Tone;
use std::borrow::Cow;

/// One field: its text for people, and another one for scripts where they differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell {
    text: String,
    raw: Option<String>,
    tone: Tone,
}

impl Cell {
    /// A field that reads the same for everybody.
    #[must_use]
    pub fn new(text: impl ToString) -> Self {
        Self { text: text.to_string(), ..Self::default() }
    }
    /// The same in another tone.
    #[must_use]
    pub fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
    /// The same with what scripts get instead.
    #[must_use]
    pub fn raw(mut self, raw: impl ToString) -> Self {
        self.raw = Some(raw.to_string());
        self
    }
    /// What people see.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
    pub(super) fn for_scripts(&self) -> &str {
        self.raw.as_deref().unwrap_or(&self.text)
    }
    pub(super) fn get_tone(&self) -> Tone {
        self.tone
    }
}

impl<T: ToString> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub(super) name: Cow<'static, str>,
    pub(super) right: bool,
    pub(super) scripts_only: bool,
}

impl Column {
    /// Text, from the left.
    #[must_use]
    pub const fn text(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), right: false, scripts_only: false }
    }
    /// Text, under a name that is known only now.
    #[must_use]
    pub fn named(name: String) -> Self {
        Self { name: Cow::Owned(name), right: false, scripts_only: false }
    }
    /// Numbers, from the right.
    #[must_use]
    pub const fn number(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), right: true, scripts_only: false }
    }
    /// In `tsv` only: an id that people can do without.
    #[must_use]
    pub const fn hidden(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), right: false, scripts_only: true }
    }
}

/// Rows under a header.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// No rows yet.
    #[must_use]
    pub fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }
    /// Adds a row: one cell a column.
    pub fn push(&mut self, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.columns.len(), "a row has one cell a column");
        self.rows.push(cells);
    }
    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }
    /// No rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
    pub(super) fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }
}

/// Names with their values, one a line.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    rows: Vec<(Cow<'static, str>, Cell)>,
}

impl Facts {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// The same with one more.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Cell>) -> Self {
        self.push(name, value);
        self
    }
    /// Adds one.
    pub fn push(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Cell>) {
        self.rows.push((name.into(), value.into()));
    }
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, &Cell)> {
        self.rows.iter().map(|(name, value)| (&**name, value))
    }
}

#[derive(Debug, Clone)]
pub(super) enum Section {
    /// A heading, for people.
    Title(String),
    /// A sentence made of pieces, for people.
    Line(Vec<Cell>),
    /// One value alone on its line, for everybody.
    Bare(Cell),
    Facts(Facts),
    Table(Table),
    /// Facts that people have seen in another form.
    Scripts(Facts),
}

/// An answer: sections from top to bottom.
#[derive(Debug, Clone, Default)]
pub struct Page {
    sections: Vec<Section>,
}

impl Page {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
    /// The same with a heading, which scripts do not get.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.sections.push(Section::Title(title.into()));
        self
    }
    /// The same with a line, which scripts do not get.
    #[must_use]
    pub fn line(mut self, pieces: Vec<Cell>) -> Self {
        self.sections.push(Section::Line(pieces));
        self
    }
    /// The same with one value alone on its line.
    #[must_use]
    pub fn bare(mut self, value: impl Into<Cell>) -> Self {
        self.sections.push(Section::Bare(value.into()));
        self
    }
    /// The same with facts.
    #[must_use]
    pub fn facts(mut self, facts: Facts) -> Self {
        self.sections.push(Section::Facts(facts));
        self
    }
    /// The same with facts for scripts only.
    #[must_use]
    pub fn scripts(mut self, facts: Facts) -> Self {
        self.sections.push(Section::Scripts(facts));
        self
    }
    /// The same with a table.
    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.sections.push(Section::Table(table));
        self
    }
    pub(super) fn sections(&self) -> &[Section] {
        &self.sections
    }
    /// Nothing but tables without rows: whoever reads it sees nothing at all.
    pub(super) fn is_blank(&self) -> bool {
        self.sections.iter().all(|section| matches!(section, Section::Table(table) if table.is_empty()))
    }
}

impl From<Table> for Page {
    fn from(table: Table) -> Self {
        Self::new().table(table)
    }
}

impl From<Facts> for Page {
    fn from(facts: Facts) -> Self {
        Self::new().facts(facts)
    }
}
