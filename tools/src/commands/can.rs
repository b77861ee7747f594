//! `scoped can`: one decision, and why.

use super::levels::note_if_missing;
use crate::args::cutoff;
use crate::failure::{Exit, Failure};
use crate::names::{self, parse_scope};
use crate::open::{self, Tell};
use crate::output::{Cell, Column, Facts, Output, Page, Table, Tone};
use scoped::temporal::{Cutoff, format_time};
use scoped::{
    AccessAnswer, Action, Capability, Considered, Decision, Effect, Moment, ObjectId, Request, Rule, ScopeRef,
};
use std::path::PathBuf;

const EXAMPLES: &str = "\
The capabilities `read`, `write` and `admin` are what they mean for an object; scopes know more, such as \
scope.members.manage. Without --capability the answer is everything that the actor may do in a scope. A rule may speak about one action \
alone, such as delete: name it with --action. Without --at the decision is made for this very moment; with a time, for that time.

Examples:
  scoped can notes --actor ada --object path:src/main.rs --capability write
  scoped can notes --actor bo --object path:secret --capability read --at 2026-01-02T00:00:00Z --explain
  scoped can notes --actor bo --object path:secret --capability write --action delete
  scoped can notes --actor bo --scope org:acme
  scoped can notes --actor ada --scope org:acme --capability scope.create && echo yes";

/// What `scoped can` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, group(clap::ArgGroup::new("target").required(true)))]
pub(crate) struct Args {
    /// The log directory
    #[arg(value_name = "DIR")]
    directory: PathBuf,
    /// Who: an id, a handle, or a name that only one has
    #[arg(long, value_name = "PRINCIPAL")]
    actor: String,
    /// With which object: an id, or path:PATH
    #[arg(long, group = "target")]
    object: Option<String>,
    /// Or in which scope: a path, or an id
    #[arg(long, value_name = "SCOPE", value_parser = parse_scope, group = "target")]
    scope: Option<ScopeRef>,
    /// What (default: every capability, of a scope)
    #[arg(long, required_unless_present = "scope")]
    capability: Option<Capability>,
    /// Doing this with it: create, read, update, delete, restore, export … (default: what one mostly does with the capability)
    #[arg(long, requires = "capability")]
    action: Option<Action>,
    /// As of this moment
    #[arg(long, value_name = "CUTOFF", value_parser = cutoff)]
    at: Option<Cutoff>,
    /// Show every rule that was looked at
    #[arg(long, requires = "capability")]
    explain: bool,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let opened = open::read(&args.directory, output, Tell::Trouble)?;
    let scene = opened.scene(output, args.at.as_ref())?;
    let (moment, names) = (scene.moment(), scene.names()?);
    let actor = names.principal(&args.actor)?;
    let object: Option<ObjectId> =
        args.object.as_deref().map(|text| names::object(&moment, text)).transpose()?;
    let (target, what) = match (object, &args.scope) {
        (Some(object), _) => (moment.object_target(object), names::object_label(&moment, object)),
        (None, Some(scope)) => {
            note_if_missing(&moment, scope, output);
            (scope.target(moment.world().tenancy()), scope.to_string())
        }
        (None, None) => return Err(Failure::usage("what about? give --object or --scope")),
    };
    let Some(capability) = args.capability else {
        let Some(scope) = &args.scope else { return Err(Failure::usage("what? give --capability")) };
        return effective(&moment.effective(actor, scope), output);
    };
    let request = Request::about(capability, args.action, target);
    let (decision, considered) = moment.explain_request(actor, request);
    let value = serde_json::json!({
        "allowed": decision.allowed,
        "actor": actor,
        "actor_name": names.label(actor),
        "object": object,
        "scope": args.scope.as_ref(),
        "target": what,
        "capability": decision.capability,
        "action": request.action,
        "tier": decision.tier.as_str(),
        "why": moment.reason(&decision),
        "position": decision.position.get(),
        "time": format_time(scene.time()),
        "considered": args.explain.then(|| considered.iter().map(|one| serde_json::json!({
            "rule": moment.rule(one.rule),
            "effect": one.effect,
            "counted": one.counted,
            "decided": decides(one, &decision),
            "why": one.why,
        })).collect::<Vec<_>>()),
    });
    output.show(&value, || {
        let (verdict, tone) = if decision.allowed { ("allowed", Tone::Good) } else { ("denied", Tone::Bad) };
        let facts = Facts::new()
            .with("decision", Cell::new(verdict).tone(tone))
            .with("actor", Cell::new(names.label(actor)).raw(actor))
            .with("capability", decision.capability)
            .with("action", request.action)
            .with("target", Cell::new(&what).raw(object.map_or_else(|| what.clone(), |id| id.to_string())))
            .with("why", moment.reason(&decision))
            .with("decided at", decision.tier.as_str())
            .with("as of", format!("{}, {}", decision.position, format_time(scene.time())));
        let page = Page::new().facts(facts);
        if args.explain {
            page.title("rules that were looked at").table(rules(&moment, &decision, &considered))
        } else {
            page
        }
    })?;
    if decision.allowed { Ok(()) } else { Err(Failure::silent(Exit::Refused)) }
}

/// Everything that somebody may do in a scope, and may not.
fn effective(answers: &[AccessAnswer], output: &Output) -> Result<(), Failure> {
    output.show(&answers, || {
        let mut table = Table::new(&["capability", "decision", "decided at", "why"].map(Column::text));
        for answer in answers {
            let (verdict, tone) =
                if answer.allowed { ("allowed", Tone::Good) } else { ("denied", Tone::Bad) };
            table.push(vec![
                Cell::new(answer.capability).tone(Tone::Accent),
                Cell::new(verdict).tone(tone),
                answer.tier.unwrap_or_default().into(),
                answer.why.as_deref().unwrap_or_default().into(),
            ]);
        }
        table.into()
    })
}

/// Is this the rule that decided?
fn decides(considered: &Considered, decision: &Decision) -> bool {
    considered.counted && considered.rule == decision.rule
}

fn rules(moment: &Moment<'_>, decision: &Decision, considered: &[Considered]) -> Table {
    let mut table = Table::new(&[
        Column::text(""),
        Column::text("effect"),
        Column::text("rule"),
        Column::text("counts"),
        Column::text("because"),
    ]);
    for one in considered {
        let tone = match (one.counted, one.effect) {
            (false, _) => Tone::Dim,
            (true, Effect::Allow) => Tone::Good,
            (true, Effect::Deny) => Tone::Bad,
        };
        let decided = decides(one, decision);
        table.push(vec![
            Cell::new(if decided { "→" } else { "" }).raw(if decided { "decided" } else { "" }).tone(tone),
            Cell::new(one.effect).tone(tone),
            Cell::new(moment.rule(one.rule)).tone(tone),
            Cell::new(if one.counted { "yes" } else { "no" }).tone(tone),
            Cell::new(one.why).tone(if one.counted { Tone::Plain } else { Tone::Dim }),
        ]);
    }
    if decision.rule == Rule::Nothing {
        let tone = Tone::Bad;
        table.push(vec![
            Cell::new("→").raw("decided").tone(tone),
            Cell::new(Effect::Deny).tone(tone),
            Cell::new(moment.rule(decision.rule)).tone(tone),
            Cell::new("yes").tone(tone),
            "what is not allowed is denied".into(),
        ]);
    }
    table
}
