//! Tab-separated values: rows without a header, facts as `name<TAB>value`.

use super::page::{Page, Section};
use std::io::{self, Write};

pub(super) fn write(out: &mut dyn Write, page: &Page) -> io::Result<()> {
    for section in page.sections() {
        match section {
            Section::Title(_) | Section::Line(_) => {}
            Section::Bare(value) => row(out, [value.for_scripts()])?,
            Section::Facts(facts) | Section::Scripts(facts) => {
                for (name, value) in facts.rows() {
                    row(out, [name, value.for_scripts()])?;
                }
            }
            Section::Table(table) => {
                for cells in table.rows() {
                    row(out, cells.iter().map(super::Cell::for_scripts))?;
                }
            }
        }
    }
    Ok(())
}

/// One row, its fields escaped.
pub(super) fn row<'a>(out: &mut dyn Write, fields: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
    for (at, field) in fields.into_iter().enumerate() {
        if at > 0 {
            out.write_all(b"\t")?;
        }
        escape(out, field)?;
    }
    out.write_all(b"\n")
}

fn escape(out: &mut dyn Write, field: &str) -> io::Result<()> {
    let mut rest = field;
    while let Some(at) = rest.find(['\t', '\n', '\\']) {
        out.write_all(&rest.as_bytes()[..at])?;
        out.write_all(match rest.as_bytes()[at] {
            b'\t' => b"\\t",
            b'\n' => b"\\n",
            _ => b"\\\\",
        })?;
        rest = &rest[at + 1..];
    }
    out.write_all(rest.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::row;

    #[test]
    fn a_row_is_one_line_whatever_its_fields_hold() {
        let mut out = Vec::new();
        row(&mut out, ["a\tb", "c\nd", r"e\f", ""]).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a\\tb\tc\\nd\te\\\\f\t\n");
    }
}
