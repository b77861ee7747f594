//! One input, carried out.

use super::back::is_back;
use super::draw::{Drawn, IDS, NOON, id};
use super::known::Known;
use arbitrary::{Result, Unstructured};
use scoped::log::MemoryStorage;
use scoped::temporal::{Cutoff, Entity, Selection};
use scoped::vault::{Kek, StoredKeys};
use scoped::{
    Batch, Capability, Digest, Engine, ErrorKind, Keys, ManualDoor, ObjectId, Options, Policy, PrincipalId,
    Receipt, ScopeId, ScopeRef, Sequence, Target, parse_line, write_line,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Batches that one input comes to at most.
const BATCHES_MAX: usize = 64;
/// Words that objects are drawn to be, registered as types.
pub(crate) const TYPES: [&str; 11] =
    ["thing", "a", "b", "note", "limits", "name", "cpu", "k", "person", "bot", "core"];

/// What the inputs so far came to: a fuzzer that is always refused tests nothing.
#[derive(Debug, Default)]
pub struct Told {
    /// Lines that the parser declined.
    pub unread: u64,
    /// Batches that were carried out, by the command of each step.
    pub accepted: BTreeMap<&'static str, u64>,
    /// Refusals, by code.
    pub refused: BTreeMap<&'static str, u64>,
    /// Rollbacks that were carried out.
    pub rollbacks: u64,
}

/// Carries an input out.
///
/// # Panics
/// When an invariant does not hold; the message has the lines that led there.
pub fn run(input: &[u8], told: &mut Told) {
    let mut run = Run::begin(input.first().copied().unwrap_or(0));
    let mut bytes = Unstructured::new(input);
    for _ in 0..BATCHES_MAX {
        if bytes.is_empty() || run.step(&mut bytes, told).is_err() {
            break;
        }
    }
    run.end();
}

struct Run {
    engine: Engine,
    door: Arc<ManualDoor>,
    /// Ids that came about.
    made: Vec<u128>,
    /// What they name, and what was said when they came.
    known: Known,
    /// What was done, for whoever has to understand a failure.
    story: Vec<String>,
}

impl Run {
    /// A small world, in which something can happen.
    fn begin(seed: u8) -> Self {
        let door = Arc::new(ManualDoor::new(NOON, u64::from(seed)));
        let log = scoped::log::Options { segment_bytes: 64 << 10, ..scoped::log::Options::default() };
        // Most of the words that objects are drawn to be are types; the others are refused.
        let options = Options::default()
            .log(log)
            .door(door.clone())
            .founder(PrincipalId(1))
            .snapshot_after(0)
            .keys(Keys::new(StoredKeys::memory(), Kek::new([7; 32])))
            .types(TYPES);
        let engine = Engine::on(Arc::new(MemoryStorage::new()), options).expect("a new engine");
        let receipt = engine.execute(prelude()).expect("the prelude is in order");
        let mut known = Known::default();
        known.note("", &[], &entities(&engine, &receipt));
        Self { engine, door, made: Vec::new(), known, story: Vec::new() }
    }

    fn digest(&self) -> Digest {
        self.engine.read(|moment| moment.world().state_digest())
    }

    fn story(&self) -> String {
        self.story.join("\n")
    }

    fn step(&mut self, bytes: &mut Unstructured<'_>, told: &mut Told) -> Result<()> {
        let (later, what) = (bytes.arbitrary::<u8>()?, bytes.arbitrary::<u8>()?);
        let now = scoped::Door::now(&*self.door);
        // Mostly forward; sometimes the host's clock steps back.
        self.door.set(if later.is_multiple_of(16) { now - 30_000 } else { now + u64::from(later) * 50_000 });
        if what < 12 {
            self.roll_back(bytes, told)
        } else {
            let now = scoped::Door::now(&*self.door);
            let line = Drawn { bytes, made: &self.made, known: &self.known, now }.line()?;
            self.carry_out(line, what, told);
            Ok(())
        }
    }

    fn carry_out(&mut self, line: String, twist: u8, told: &mut Told) {
        self.story.push(line);
        let line = self.story.last().map_or("", String::as_str);
        let Ok((mut batch, _)) = parse_line(line) else {
            told.unread += 1;
            return;
        };
        let written = write_line(&batch, Sequence::NONE).expect("what was read can be written");
        let again =
            parse_line(&written).unwrap_or_else(|error| panic!("(written) {error}: {written}\nof {line}"));
        assert_eq!(again.0, batch, "(written) a batch reads the same again: {written}");
        // A step that claims to take an event back without being part of a rollback: always refused.
        if twist.is_multiple_of(64)
            && let Some(step) = batch.steps.first_mut()
        {
            step.undoes = Sequence::new(u64::from(twist));
        }
        let names: Vec<&'static str> = batch.steps.iter().map(|step| step.command.name()).collect();
        let before = self.digest();
        match self.engine.execute(batch) {
            Ok(receipt) => {
                self.made.extend(receipt.ids.iter().copied().filter(|id| *id > IDS));
                self.remember(&receipt);
                for name in names {
                    *told.accepted.entry(name).or_default() += 1;
                }
                if twist.is_multiple_of(4) {
                    self.replayed();
                }
            }
            Err(error) => {
                let expected =
                    matches!(error.kind(), ErrorKind::Refused | ErrorKind::Stale | ErrorKind::Invalid);
                assert!(expected, "(no panic) {error}\n{}", self.story());
                *told.refused.entry(error.code()).or_default() += 1;
                assert_eq!(
                    self.digest(),
                    before,
                    "(unchanged) refused as `{error}`, and the world is another:\n{}",
                    self.story()
                );
            }
        }
    }

    /// What the last line came to.
    fn remember(&mut self, receipt: &Receipt) {
        let line = self.story.last().map_or("", String::as_str);
        self.known.note(line, &receipt.ids, &entities(&self.engine, receipt));
    }

    fn roll_back(&mut self, bytes: &mut Unstructured<'_>, told: &mut Told) -> Result<()> {
        let (back, how): (u8, u8) = (bytes.arbitrary()?, bytes.arbitrary()?);
        // Mostly not so far that nothing is left to go on with.
        let back = if how % 5 == 0 { back } else { back % 20 };
        let head = self.engine.history().head().get();
        let to = Sequence::new(head.saturating_sub(u64::from(back)).max(1));
        let selection = match how % 8 {
            0 | 7 => Selection::All,
            1 => Selection::Event(to),
            4 => Selection::Cascade(to),
            5 => Selection::Until(Sequence::new(u64::midpoint(to.get(), head))),
            6 => Selection::Actor(PrincipalId(1 + u128::from(back) % 4)),
            2 => Selection::Object(ObjectId(u128::from(back) % IDS)),
            _ => Selection::Scope(ScopeRef::Id(ScopeId(u128::from(back) % IDS))),
        };
        let policy = if how < 128 { Policy::AllOrNothing } else { Policy::SkipDenied };
        let actor = PrincipalId([1, 1, 2, 3][usize::from(how) % 4]);
        self.story.push(format!("{actor}: rollback to {to} of {selection:?}, {policy:?}"));
        let Ok(session) = self.engine.session(actor) else { return Ok(()) };
        let before = self.digest();
        let all = selection == Selection::All && policy == Policy::AllOrNothing;
        match session.rollback(&Cutoff::At(to), selection, policy) {
            Ok(Some(done)) => {
                told.rollbacks += 1;
                if all {
                    is_back(&self.engine, &session, to, &done, &self.story());
                }
            }
            Ok(None) => {
                assert_eq!(self.digest(), before, "(unchanged) nothing was rolled back:\n{}", self.story())
            }
            Err(error) => {
                let expected =
                    matches!(error.kind(), ErrorKind::Refused | ErrorKind::Stale | ErrorKind::Invalid);
                assert!(expected, "(no panic) {error}\n{}", self.story());
                assert_eq!(
                    self.digest(),
                    before,
                    "(unchanged) a refused rollback, `{error}`:\n{}",
                    self.story()
                );
            }
        }
        Ok(())
    }

    fn replayed(&self) {
        // Traces of refused attempts may still be on their way.
        self.engine.sync().unwrap_or_else(|error| panic!("(no panic) {error}\n{}", self.story()));
        let (live, at) =
            self.engine.read(|moment| (moment.world().state_digest(), moment.world().position()));
        let again = self.engine.history().replay(at, &mut |_| ()).expect("the log can be folded");
        assert_eq!(again.state_digest(), live, "(replayed) the log gives another world:\n{}", self.story());
    }

    /// What has come about answers every question.
    fn end(&self) {
        let report = self.engine.compliance().expect("the log can be read");
        assert!(report.passed, "(compliance) {report}\n{}", self.story());
        self.replayed();
        self.engine.read(|moment| {
            let rows = moment.world().tenancy().len() as u32;
            let objects = moment.world().objects().len() as u32;
            let places = (0..rows).flat_map(|row| [Target::Scope(row), Target::Below(row)]);
            let places: Vec<Target> = places.chain((0..objects.min(12)).map(Target::Object)).collect();
            for actor in (1..=4).map(PrincipalId) {
                for place in places.iter().copied().take(40) {
                    for capability in [Capability::ReadLocal, Capability::Write, Capability::AclManage] {
                        let decision = moment.can(actor, capability, place);
                        assert_eq!(moment.explain(actor, capability, place).0, decision, "{}", self.story());
                    }
                }
            }
            moment.tree().len()
        });
    }
}

/// What the events of a batch are about.
fn entities(engine: &Engine, receipt: &Receipt) -> Vec<Entity> {
    let history = engine.history();
    let records = history.reader().records(receipt.first, receipt.last).map(|record| {
        Entity::of(&history.event(&record.expect("the log can be read")).expect("a known event"))
    });
    records.flatten().collect()
}

/// A small world, in which something can happen. In the wire form, which later fields of commands do not disturb.
pub(crate) fn prelude() -> Batch {
    let mut steps = Vec::new();
    let mut step = |name: &str, with: String| {
        steps.push(format!(r#"{{"as":"{}","do":"{name}","with":{{{with}}}}}"#, id(1)));
    };
    for number in 2..=4 {
        let principal = id(number);
        let with =
            format!(r#""principal":"{principal}","kind":"person","description":{{"name":"somebody"}}"#);
        step("identity.create_principal", with);
    }
    for (number, path) in (1..).zip(["org:a", "org:a/dept:b", "org:a/dept:b/user:c", "org:z"]) {
        step("tenancy.create_scope", format!(r#""scope":"{}","path":"{path}""#, id(number)));
    }
    for number in 5..=6 {
        let (scope, parent) = (id(number), id(1));
        step("tenancy.create_scope", format!(r#""scope":"{scope}","name":"flat","parent":"{parent}""#));
    }
    for (principal, scope, role) in [(2, 1, "admin"), (3, 2, "writer"), (4, 4, "owner")] {
        let (scope, principal) = (id(scope), id(principal));
        step("tenancy.add_member", format!(r#""scope":"{scope}","principal":"{principal}","role":"{role}""#));
    }
    for (number, scope, level) in [(1, 1, "read"), (2, 2, "write"), (3, 3, "admin")] {
        let (object, scope) = (id(number), id(scope));
        let with = format!(
            r#""object":"{object}","type":"thing","data":{{"cpu":1}},"scope":"{scope}","level":"{level}""#
        );
        step("objects.create", with);
    }
    for (number, kind) in [(1, "limits"), (2, "note"), (3, "person"), (4, "bot")] {
        let fields = r#"[{"name":"cpu","type":"any","required":false}]"#;
        let with =
            format!(r#""contract":"{}","name":"{kind}","type":"{kind}","fields":{fields}"#, id(number));
        step("contracts.create", with);
    }
    for number in 1..=3 {
        let with = format!(r#""template":"{}","name":"a","type":"b","schema":{{"cpu":1}}"#, id(number));
        step("templates.create", with);
    }
    for number in 1..=3 {
        step("config.set", format!(r#""scope":"{}","key":"k","value":null"#, id(number)));
    }
    // Rules that speak to nobody, so that they can be changed, bound elsewhere and unbound.
    for number in 1..=3 {
        let (rule, scope) = (id(number), id(4));
        let when = r#"{"principal":["0000000000000000000000000Z"]}"#;
        let with = format!(r#""rule":"{rule}","name":"r","class":"access","effect":"deny","when":{when}"#);
        step("rules.define", with);
        step("rules.bind", format!(r#""binding":"{rule}","rule":"{rule}","to":{{"scope":"{scope}"}}"#));
    }
    // What runs out within a second of the beginning: the sweep's commands close it.
    let end = NOON + 1_000_000;
    for (principal, scope) in [(3, 4), (2, 4), (2, 5), (3, 5), (4, 5), (4, 6), (2, 6), (3, 6)] {
        let (principal, scope) = (id(principal), id(scope));
        let with =
            format!(r#""scope":"{scope}","principal":"{principal}","role":"reader","expires_at":{end}"#);
        step("tenancy.add_member", with);
    }
    for number in 1..=6 {
        let (entry, scope) = (id(number), id(4));
        let what = r#""effect":"allow","subject":"any","capability":"scope.read.local""#;
        step(
            "tenancy.add_acl_entry",
            format!(r#""entry":"{entry}","scope":"{scope}",{what},"expires_at":{end}"#),
        );
    }
    let kept = r#"{"retention":{"objects":{"max_age":"PT1S"}}}"#;
    step("tenancy.set_policy", format!(r#""scope":"{}","policy":{kept}"#, id(6)));
    for number in 4..=6 {
        let (object, scope) = (id(number), id(6));
        let with = format!(
            r#""object":"{object}","type":"thing","data":{{"cpu":1}},"scope":"{scope}","level":"read""#
        );
        step("objects.create", with);
    }
    // Two people's data, so that somebody can be erased.
    for number in 7..=8 {
        let (object, subject) = (id(number), id(number - 6));
        let with = format!(r#""object":"{object}","type":"note","data":{{"cpu":1}},"subject":"{subject}""#);
        step("objects.create", with);
    }
    parse_line(&format!(r#"{{"batch":[{}]}}"#, steps.join(","))).expect("the prelude can be read").0
}
