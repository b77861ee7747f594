//! Tables for people: aligned columns without lines, control characters made visible so that data cannot steer a terminal.

use super::page::{Column, Page, Section, Table};
use super::{Cell, Tone, colour};
use comfy_table::{Attribute, CellAlignment, Color, ContentArrangement, presets};
use std::borrow::Cow;
use std::io::{self, Write};

/// Rows that are laid out together: later ones of a long list may get other widths, and none has to wait for all.
const ROWS_MAX: usize = 4096;
/// On anything narrower, wrapping cells would make columns of single letters.
const COLUMNS_MIN: u16 = 60;
/// Blanks between two columns.
const GAP: u16 = 2;

pub(super) fn write(out: &mut dyn Write, page: &Page, colour: bool, width: Option<u16>) -> io::Result<()> {
    for (at, section) in page.sections().iter().enumerate() {
        match section {
            Section::Title(title) => {
                if at > 0
                    && !matches!(page.sections().get(at - 1), Some(Section::Line(pieces)) if pieces.is_empty())
                {
                    writeln!(out)?;
                }
                writeln!(out, "{}", colour::paint(Tone::Strong, &printable(title), colour))?;
            }
            Section::Line(pieces) => {
                for piece in pieces {
                    out.write_all(
                        colour::paint(piece.get_tone(), &printable(piece.text()), colour).as_bytes(),
                    )?;
                }
                writeln!(out)?;
            }
            Section::Bare(value) => {
                writeln!(out, "{}", colour::paint(value.get_tone(), &printable(value.text()), colour))?;
            }
            Section::Facts(facts) => {
                let names = facts.rows().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
                for (name, value) in facts.rows() {
                    let name = colour::paint(Tone::Dim, &format!("{name:<names$}"), colour);
                    let value = colour::paint(value.get_tone(), &printable(value.text()), colour);
                    writeln!(out, "{}", format!("{name}  {value}").trim_end())?;
                }
            }
            Section::Scripts(_) => {}
            // A heading with nothing below it looks as if something were missing.
            Section::Table(table)
                if table.is_empty()
                    && at.checked_sub(1).is_some_and(|above| {
                        matches!(page.sections().get(above), Some(Section::Title(_)))
                    }) =>
            {
                writeln!(out, "{}", colour::paint(Tone::Dim, "none", colour))?;
            }
            Section::Table(table) => rows(out, table, colour, width)?,
        }
    }
    Ok(())
}

fn rows(out: &mut dyn Write, table: &Table, colour: bool, width: Option<u16>) -> io::Result<()> {
    for (at, chunk) in table.rows().chunks(ROWS_MAX).enumerate() {
        let mut laid = comfy_table::Table::new();
        laid.load_style(presets::NOTHING);
        laid.set_content_arrangement(ContentArrangement::Disabled);
        if let Some(width) = width {
            laid.set_content_arrangement(ContentArrangement::Dynamic);
            laid.set_width(width);
        }
        if colour {
            laid.enforce_styling();
        } else {
            laid.force_no_tty();
        }
        let shown: Vec<(usize, &Column)> =
            table.columns().iter().enumerate().filter(|(_, column)| !column.scripts_only).collect();
        if at == 0 {
            laid.set_header(shown.iter().map(|(_, column)| styled(&column.name, Tone::Dim, column.right)));
        }
        for cells in chunk {
            let cell = |(at, column): &(usize, &Column)| {
                cells
                    .get(*at)
                    .map_or_else(|| styled("", Tone::Plain, false), |cell| place(cell, column.right))
            };
            laid.add_row(shown.iter().map(cell));
        }
        for column in laid.column_iter_mut() {
            column.set_padding((0, GAP));
        }
        for line in laid.lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    Ok(())
}

fn place(cell: &Cell, right: bool) -> comfy_table::Cell {
    styled(&printable(cell.text()), cell.get_tone(), right)
}

fn styled(text: &str, tone: Tone, right: bool) -> comfy_table::Cell {
    let cell = comfy_table::Cell::new(text);
    let cell = if right { cell.set_alignment(CellAlignment::Right) } else { cell };
    match tone {
        Tone::Plain => cell,
        Tone::Dim => cell.add_attribute(Attribute::Dim),
        Tone::Strong => cell.add_attribute(Attribute::Bold),
        Tone::Accent => cell.fg(Color::DarkCyan),
        Tone::Good => cell.fg(Color::DarkGreen),
        Tone::Caution => cell.fg(Color::DarkYellow),
        Tone::Bad => cell.fg(Color::DarkRed).add_attribute(Attribute::Bold),
    }
}

/// Columns of the terminal, if there is one that says, and has enough of them to lay anything out.
pub(super) fn terminal_width() -> Option<u16> {
    comfy_table::Table::new().width().filter(|columns| *columns >= COLUMNS_MIN)
}

/// Text in which no character does anything but appear.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(char::is_control) {
        return Cow::Borrowed(text);
    }
    let visible = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(visible).collect())
}

#[cfg(test)]
mod tests {
    use super::super::{Cell, Column, Page, Table, Tone};
    use super::write;

    fn page() -> Page {
        let mut table = Table::new(&[Column::number("n"), Column::hidden("id"), Column::text("name")]);
        table.push(vec![Cell::new(7), Cell::new("x"), Cell::new("ada").tone(Tone::Good)]);
        table.push(vec![Cell::new(12), Cell::new("y"), Cell::new("e\x1b[2Jvil")]);
        table.into()
    }

    #[test]
    fn columns_line_up_and_lines_end_without_blanks() {
        let mut out = Vec::new();
        write(&mut out, &page(), false, None).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), " n  name\n 7  ada\n12  e\\u{1b}[2Jvil\n");
    }

    #[test]
    fn colours_appear_when_they_are_wanted_and_data_cannot_bring_its_own() {
        let mut out = Vec::new();
        write(&mut out, &page(), true, None).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("\x1b["), "{text:?}");
        assert!(!text.contains("\x1b[2J"), "{text:?}");
    }
}
