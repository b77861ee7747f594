//! The rows of contracts, templates and settings, and what they are about.

use super::*;
use scoped::contracts::{self, FieldSpec, FieldType};
use scoped::{ContractId, TemplateId, config, templates};

/// In `org:a/dept:c`.
const CONTRACT: ContractId = ContractId(1);
/// Everywhere: everybody may read it, operators may change it.
const EVERYWHERE: ContractId = ContractId(2);
const NO_CONTRACT: ContractId = ContractId(99);
/// In `org:a/dept:c`.
const TEMPLATE: TemplateId = TemplateId(1);
/// Everybody may see it.
const OPEN_TEMPLATE: TemplateId = TemplateId(2);
const NO_TEMPLATE: TemplateId = TemplateId(99);

fn fields() -> Vec<FieldSpec> {
    vec![FieldSpec::new("n", FieldType::Integer)]
}

fn schema() -> serde_json::Map<String, serde_json::Value> {
    serde_json::Map::from_iter([("n".to_owned(), 1.into())])
}

/// What there is to find.
pub(super) fn seed(batch: &mut Batch) {
    let founder = PrincipalId(1);
    let there = || path("org:a/dept:c");
    batch.push(founder, contracts::Create::new("own", "file", fields()).with_id(CONTRACT).in_scope(there()));
    batch.push(founder, contracts::Create::new("all", "file", fields()).with_id(EVERYWHERE));
    batch.push(founder, templates::Create::new("own", "x", schema()).with_id(TEMPLATE).in_scope(there()));
    batch.push(founder, templates::Create::new("all", "x", schema()).with_id(OPEN_TEMPLATE));
    batch.push(founder, config::Set::new(there(), "limit", 5));
}

/// The rows of commands.
pub(super) fn command(name: &str) -> Option<Row> {
    let there = [path("org:a/dept:c"), ScopeRef::Id(ScopeId(3)), path("org:a/dept:c/ws:new")];
    let missing = [path("org:nope/dept:c"), ScopeRef::Id(ScopeId(77))];
    let by_contract =
        |of: fn(ContractId) -> Command| row([CONTRACT, EVERYWHERE].map(of), [NO_CONTRACT].map(of));
    let by_template =
        |of: fn(TemplateId) -> Command| row([TEMPLATE, OPEN_TEMPLATE].map(of), [NO_TEMPLATE].map(of));
    let instantiate =
        |template| templates::Instantiate { template, version: Some(7), overrides: serde_json::Map::new() };
    Some(match name {
        "contracts.create" => {
            let create = |scope| contracts::Create::new("mine", "file", fields()).in_scope(scope);
            row(there.map(create), missing.map(create))
        }
        "contracts.update" => by_contract(|contract| contracts::Update::new(contract, fields()).into()),
        "contracts.deprecate" => by_contract(|contract| contracts::Deprecate { contract }.into()),
        "contracts.activate" => by_contract(|contract| contracts::Activate { contract }.into()),
        "contracts.archive" => by_contract(|contract| contracts::Archive { contract }.into()),
        "contracts.unarchive" => by_contract(|contract| contracts::Unarchive { contract }.into()),
        "templates.create" => {
            let create = |scope| templates::Create::new("mine", "x", schema()).in_scope(scope);
            row(there.map(create), missing.map(create))
        }
        "templates.update" => by_template(|template| templates::Update::new(template, schema()).into()),
        "templates.archive" => by_template(|template| templates::Archive { template }.into()),
        "templates.reopen" => by_template(|template| templates::Reopen { template }.into()),
        // Of the one without scope everybody may make something.
        "templates.instantiate" => row([TEMPLATE].map(instantiate), [NO_TEMPLATE].map(instantiate)),
        "config.set" => {
            let set = |scope| config::Set::new(scope, "limit", 6);
            row(there.map(set), missing.map(set))
        }
        "config.delete" => {
            let delete = |scope| config::Delete { scope, key: "limit".into() };
            row(there.map(delete), missing.map(delete))
        }
        _ => return None,
    })
}

fn contract(aim: &Aim) -> ContractId {
    if aim.scope == path("org:a/dept:c") { CONTRACT } else { NO_CONTRACT }
}
fn template(aim: &Aim) -> TemplateId {
    if aim.scope == path("org:a/dept:c") { TEMPLATE } else { NO_TEMPLATE }
}

/// The rows of reading operations.
pub(super) fn reading(operation: &str) -> Option<Vec<Ask>> {
    let asks: &[Ask] = match operation {
        "contracts.read" => &[
            |reading, aim| reading.contract(contract(aim)).map(drop),
            |reading, aim| reading.contract_versions(contract(aim)).map(drop),
            |reading, aim| reading.contract_version(contract(aim), Some(7)).map(drop),
            |reading, aim| reading.contract_diff(contract(aim), 1, 9).map(drop),
        ],
        "contracts.for_type" => &[
            |reading, aim| reading.contract_for("file", Some(&aim.scope)).map(drop),
            |reading, aim| {
                let data = serde_json::json!({});
                reading.validate_for_type("file", Some(&aim.scope), &data).map(drop)
            },
        ],
        "contracts.of_object" => &[
            |reading, aim| reading.contract_of(aim.object, 1).map(drop),
            |reading, aim| reading.contract_of(aim.object, 9).map(drop),
        ],
        "contracts.validate" => {
            &[|reading, aim| reading.validate(contract(aim), Some(7), &serde_json::json!({})).map(drop)]
        }
        "objects.read_as" => &[|reading, aim| reading.read_as(aim.object, Some(9)).map(drop)],
        "templates.read" => &[
            |reading, aim| reading.template(template(aim)).map(drop),
            |reading, aim| reading.template_version(template(aim), Some(9)).map(drop),
            |reading, aim| reading.template_versions(template(aim)).map(drop),
        ],
        "config.get" => &[|reading, aim| reading.setting(&aim.scope, "limit").map(drop)],
        "config.list" => &[|reading, aim| reading.settings(&aim.scope, true).map(drop)],
        "config.resolve" => &[
            |reading, aim| reading.resolve_setting(&aim.scope, "limit").map(drop),
            |reading, aim| reading.resolve_settings(&aim.scope).map(drop),
            |reading, aim| reading.effective_value(&aim.scope, "limit", 1.into()).map(drop),
        ],
        "config.history" => &[|reading, aim| reading.setting_history(&aim.scope, "limit").map(drop)],
        // Lists are refused to nobody who is active, and a migration is asked of a session: see below.
        "contracts.list" | "templates.list" | "contracts.migrate" => &[],
        _ => return None,
    };
    Some(asks.to_vec())
}

#[test]
fn lists_of_contracts_and_templates_hold_nothing_foreign() {
    let (engine, _) = world();
    for actor in [FOREIGNER, SIBLING, DENIED] {
        let reading = engine.session(actor).unwrap().reading();
        let contracts = reading.contracts(&contracts::ContractFilter::default()).unwrap();
        assert_eq!(contracts.iter().map(|info| info.contract).collect::<Vec<_>>(), [EVERYWHERE]);
        let templates = reading.templates(&templates::TemplateFilter::default()).unwrap();
        assert_eq!(templates.iter().map(|info| info.template).collect::<Vec<_>>(), [OPEN_TEMPLATE]);
    }
}

#[test]
fn a_migration_is_refused_to_every_intruder_in_words_that_disclose_nothing() {
    let (engine, _) = world();
    let before = state(&engine);
    for actor in [FOREIGNER, SIBLING, DENIED] {
        let session = engine.session(actor).unwrap();
        let heard: BTreeSet<_> = [CONTRACT, EVERYWHERE, NO_CONTRACT]
            .into_iter()
            .flat_map(|contract| [true, false].map(|dry| session.migrate(contract, dry).unwrap_err()))
            .map(|error| (error.code(), error.to_string(), error.advice().map(str::to_owned)))
            .collect();
        assert_eq!(heard.len(), 1, "{actor}: {heard:?}");
        assert!(traces(&engine, actor).iter().any(|trace| trace.operation == "contracts.migrate"));
    }
    assert_eq!(state(&engine), before);
}
