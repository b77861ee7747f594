//! The report: all of it in one artefact, as a value, as text, as a page.

use super::check::InvariantReport;
use super::health::Health;
use super::introspect::RegistryReport;
use scoped_projections::{Digest, Micros, Sequence};
use serde::Serialize;
use std::fmt::{self, Write};

/// What a log and its world came to. Written as JSON, by `Display` as text, by [`Report::html`] as a page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// When, µs since the epoch.
    pub generated_at: Micros,
    /// Nothing that was looked at is wrong.
    pub passed: bool,
    /// The last event that was looked at.
    pub position: u64,
    /// The chain value there, in hex: to be compared with one kept elsewhere.
    pub chain: String,
    /// The digest of the world that the events come to, in hex.
    pub state: String,
    /// Checks that were made.
    pub total_checks: usize,
    /// Those without violation.
    pub passed_count: usize,
    /// The others.
    pub failed_count: usize,
    /// The ten invariants.
    pub invariants: Vec<InvariantReport>,
    /// The registry in numbers.
    pub registry: RegistryReport,
    /// Can the engine operate?
    pub health: Health,
}

impl Report {
    pub(super) fn new(
        generated_at: Micros,
        (position, chain, state): (Sequence, Digest, Digest),
        invariants: Vec<InvariantReport>,
        registry: RegistryReport,
        health: Health,
    ) -> Self {
        let checks = || invariants.iter().flat_map(|invariant| &invariant.checks);
        let (total_checks, passed_count) = (checks().count(), checks().filter(|check| check.passed).count());
        let failed_count = total_checks - passed_count;
        let (position, chain, state) = (position.get(), chain.to_string(), state.to_string());
        let passed = failed_count == 0 && registry.is_clean() && health.healthy();
        Self {
            generated_at,
            passed,
            position,
            chain,
            state,
            total_checks,
            passed_count,
            failed_count,
            invariants,
            registry,
            health,
        }
    }

    /// The check of that name.
    #[must_use]
    pub fn check(&self, name: &str) -> Option<&super::Check> {
        self.invariants.iter().flat_map(|invariant| &invariant.checks).find(|check| check.name == name)
    }

    /// A page that needs nothing else: no script, no style from elsewhere.
    #[must_use]
    pub fn html(&self) -> String {
        let mut page = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_html(&mut page);
        page
    }

    fn write_html(&self, to: &mut String) -> fmt::Result {
        let verdict = word(self.passed);
        write!(
            to,
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Compliance: {verdict}</title><style>{STYLE}</style></head><body>\n\
             <h1>Compliance report <span class=\"{verdict}\">{verdict}</span></h1>\n\
             <p>Up to event {}. Chain <code>{}</code>, state <code>{}</code>. {} of {} checks passed.</p>\n",
            self.position, self.chain, self.state, self.passed_count, self.total_checks
        )?;
        for it in &self.invariants {
            let verdict = word(it.passed);
            writeln!(
                to,
                "<h2>{}. {} <span class=\"{verdict}\">{verdict}</span></h2>",
                it.number, it.sentence
            )?;
            to.push_str(
                "<table><tr><th>check</th><th>what it looks at</th><th>items</th><th>result</th></tr>\n",
            );
            for check in &it.checks {
                let verdict = word(check.passed);
                write!(
                    to,
                    "<tr><td><code>{}</code></td><td>{}</td><td class=\"n\">{}</td><td><span class=\"{verdict}\">{verdict}</span> {}",
                    check.name,
                    Escaped(check.about),
                    check.looked_at,
                    Escaped(&check.details)
                )?;
                list(to, "violations", &check.violations, check.violations_total)?;
                list(to, "warnings", &check.warnings, check.warnings_total)?;
                to.push_str("</td></tr>\n");
            }
            to.push_str("</table>\n");
        }
        write!(
            to,
            "<h2>Registry</h2><p>{} entries, {} active, {} archived",
            self.registry.total_entries, self.registry.active_entries, self.registry.archived_entries
        )?;
        writeln!(
            to,
            "; {} without entry, {} URNs twice.</p>",
            self.registry.orphaned_entries.len(),
            self.registry.duplicate_urns.len()
        )?;
        to.push_str("<h2>Health</h2><table>\n");
        for (name, check) in &self.health.checks {
            let verdict = word(check.passed);
            writeln!(
                to,
                "<tr><td><code>{}</code></td><td><span class=\"{verdict}\">{verdict}</span> {}</td></tr>",
                Escaped(name),
                Escaped(&check.detail)
            )?;
        }
        to.push_str("</table></body></html>\n");
        Ok(())
    }
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccc;padding:.35rem .5rem;text-align:left;vertical-align:top}\
.n{text-align:right;font-variant-numeric:tabular-nums}.PASS{color:#0a6b2d;font-weight:600}.FAIL{color:#a8071a;font-weight:600}\
code{overflow-wrap:anywhere}h2{font-size:1.1rem;margin-top:2rem}";

fn word(passed: bool) -> &'static str {
    if passed { "PASS" } else { "FAIL" }
}

fn list(to: &mut String, class: &str, lines: &[String], total: u64) -> fmt::Result {
    if lines.is_empty() {
        return Ok(());
    }
    write!(to, "<ul class=\"{class}\">")?;
    for line in lines {
        write!(to, "<li>{}</li>", Escaped(line))?;
    }
    let more = total - lines.len() as u64;
    if more > 0 {
        write!(to, "<li>and {more} more</li>")?;
    }
    to.write_str("</ul>")
}

/// Text inside a page: names may hold anything.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            match char {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                char => f.write_char(char)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "SCOPED COMPLIANCE REPORT")?;
        writeln!(f, "up to event {}, chain {}", self.position, self.chain)?;
        for it in &self.invariants {
            writeln!(f, "\n{}. {} [{}]", it.number, it.sentence, word(it.passed))?;
            for check in &it.checks {
                writeln!(f, "  [{}] {}: {}", word(check.passed), check.name, check.details)?;
                lines(f, "VIOLATION", &check.violations, check.violations_total)?;
                lines(f, "WARNING", &check.warnings, check.warnings_total)?;
            }
        }
        let clean = self.registry.is_clean();
        writeln!(f, "\nRegistry Introspection [{}]", word(clean))?;
        writeln!(
            f,
            "  {} entries, {} active, {} archived",
            self.registry.total_entries, self.registry.active_entries, self.registry.archived_entries
        )?;
        writeln!(f, "\nHealth [{}]", word(self.health.healthy()))?;
        for (name, check) in &self.health.checks {
            writeln!(f, "  [{}] {name}: {}", word(check.passed), check.detail)?;
        }
        write!(f, "\nOverall: {}", if self.passed { "PASSED" } else { "FAILED" })
    }
}

fn lines(f: &mut fmt::Formatter<'_>, word: &str, lines: &[String], total: u64) -> fmt::Result {
    for line in lines {
        writeln!(f, "      {word} {line}")?;
    }
    let more = total - lines.len() as u64;
    if more > 0 { writeln!(f, "      {word} and {more} more") } else { Ok(()) }
}
