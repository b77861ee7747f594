//! Commands as they stand in a file.

use scoped::{Batch, Command, Sequence, parse_line, write_line};

const ADA: &str = "01HX3ZQ6J5M8K9N0P1Q2R3S4T5";

/// One line for every command: a new command without one fails the test below.
fn samples() -> Vec<(&'static str, String)> {
    let p = format!("\"principal\":\"{ADA}\"");
    let o = format!("\"object\":\"{ADA}\"");
    [
        ("identity.found", format!("{{{p},\"kind\":\"person\",\"description\":{{\"name\":\"Ada\"}}}}")),
        ("identity.create_principal", format!("{{{p},\"kind\":\"bot\",\"description\":{{}}}}")),
        ("identity.describe_principal", format!("{{{p},\"description\":{{\"name\":\"B\"}}}}")),
        ("identity.suspend_principal", format!("{{{p}}}")),
        ("identity.reinstate_principal", format!("{{{p}}}")),
        ("identity.archive_principal", format!("{{{p}}}")),
        ("identity.set_operator", format!("{{{p},\"operator\":true}}")),
        ("identity.change_kind", format!("{{{p},\"kind\":\"bot\",\"expected_version\":2}}")),
        ("identity.set_handle", format!("{{{p},\"handle\":\"user:ada\"}}")),
        (
            "identity.add_relationship",
            format!("{{\"parent\":\"{ADA}\",\"child\":\"{ADA}\",\"label\":\"acts_for\",\"metadata\":{{\"a\":1}}}}"),
        ),
        ("identity.remove_relationship", format!("{{\"edge\":\"{ADA}\",\"reason\":\"left\"}}")),
        ("tenancy.create_scope", "{\"path\":\"org:acme/ws:docs\"}".to_owned()),
        ("tenancy.delete_scope", "{\"scope\":\"org:acme\",\"records\":\"forget\",\"recursive\":true}".to_owned()),
        ("tenancy.provision_scope", "{\"path\":\"org:acme/ws:x\"}".to_owned()),
        ("tenancy.adopt_scope", "{\"scope\":\"org:acme\"}".to_owned()),
        ("tenancy.freeze_scope", "{\"scope\":\"org:acme\",\"reason\":\"legal\"}".to_owned()),
        ("tenancy.release_scope", "{\"scope\":\"org:acme\"}".to_owned()),
        ("tenancy.rename_scope", format!("{{\"scope\":\"{ADA}\",\"name\":\"x\"}}")),
        ("tenancy.describe_scope", "{\"scope\":\"org:acme\",\"description\":{\"text\":\"x\"}}".to_owned()),
        ("tenancy.move_scope", format!("{{\"scope\":\"{ADA}\",\"parent\":\"org:acme\"}}")),
        ("tenancy.set_policy", "{\"scope\":\"org:acme\",\"policy\":{\"quota\":{\"max_records\":3}}}".to_owned()),
        ("tenancy.set_members", format!("{{\"scope\":\"org:acme\",\"members\":[{{{p},\"role\":\"writer\",\"expires_at\":5}}]}}")),
        ("tenancy.update_members", format!("{{\"scope\":\"org:acme\",\"changes\":[{{{p},\"role\":\"owner\"}}]}}")),
        ("tenancy.expire_member", format!("{{\"scope\":\"org:acme\",{p}}}")),
        ("tenancy.expire_acl_entry", format!("{{\"entry\":\"{ADA}\"}}")),
        (
            "tenancy.set_acl",
            "{\"scope\":\"org:acme\",\"entries\":[{\"effect\":\"allow\",\"subject\":\"any\",\"capability\":\"scope.write\",\"applies\":\"subtree\"}]}".to_owned(),
        ),
        ("objects.expire", format!("{{{o}}}")),
        ("tenancy.reopen_scope", format!("{{\"scope\":\"{ADA}\"}}")),
        ("tenancy.add_member", format!("{{\"scope\":\"org:acme\",{p},\"role\":\"writer\",\"expires_at\":5}}")),
        ("tenancy.change_member", format!("{{\"scope\":\"org:acme\",{p},\"role\":\"reader\"}}")),
        ("tenancy.remove_member", format!("{{\"scope\":\"org:acme\",{p}}}")),
        (
            "tenancy.add_acl_entry",
            "{\"scope\":\"org:acme\",\"effect\":\"deny\",\"subject\":\"role:reader\",\"capability\":\"scope.read.*\",\"applies\":\"self\"}".to_owned(),
        ),
        ("tenancy.remove_acl_entry", format!("{{\"entry\":\"{ADA}\"}}")),
        ("objects.create", "{\"type\":\"file\",\"data\":{\"a\":[1,null,\"x\"]},\"scope\":\"org:acme\",\"level\":\"write\"}".to_owned()),
        ("objects.update", format!("{{{o},\"data\":7,\"expected_version\":3}}")),
        ("objects.tombstone", format!("{{{o},\"reason\":\"old\"}}")),
        ("objects.restore", format!("{{{o}}}")),
        (
            "objects.attribute",
            format!("{{{o},\"context\":{{\"org_id\":\"acme\",\"agent_id\":\"planner\",\"user_id\":\"ada\"}}}}"),
        ),
        ("objects.transfer", format!("{{{o},\"to\":\"{ADA}\",\"reason\":\"left\",\"expected_version\":1}}")),
        (
            "objects.export",
            format!("{{\"objects\":[\"{ADA}\"],\"versions\":1,\"digest\":\"{}\"}}", "0a".repeat(32)),
        ),
        (
            "objects.import",
            format!("{{\"digest\":\"{}\",\"versions\":1,\"mapping\":{{\"{ADA}\":\"{ADA}\"}}}}", "0a".repeat(32)),
        ),
        (
            "objects.record_provenance",
            format!("{{{o},\"version\":1,\"origin\":\"{ADA}\",\"author\":\"{ADA}\",\"time\":5}}"),
        ),
        ("sharing.project", format!("{{{o},\"scope\":\"org:acme\",\"level\":\"admin\"}}")),
        ("sharing.revoke", format!("{{{o},\"scope\":\"org:acme\"}}")),
        ("rules.define", "{\"name\":\"no bots\",\"class\":\"access\",\"effect\":\"deny\",\"priority\":3,\"when\":{\"action\":[\"delete\"],\"not\":{\"principal_kind\":[\"person\"]}},\"scope\":\"org:acme\",\"description\":\"x\"}".to_owned()),
        ("rules.update", format!("{{\"rule\":\"{ADA}\",\"effect\":\"allow\",\"reason\":\"y\",\"expected_version\":1}}")),
        ("rules.describe", format!("{{\"rule\":\"{ADA}\",\"description\":\"z\"}}")),
        ("rules.archive", format!("{{\"rule\":\"{ADA}\"}}")),
        ("rules.unarchive", format!("{{\"rule\":\"{ADA}\"}}")),
        ("rules.bind", format!("{{\"rule\":\"{ADA}\",\"to\":{{\"scope\":\"org:acme\",\"object_type\":\"file\"}}}}")),
        ("rules.rebind", format!("{{\"binding\":\"{ADA}\",\"to\":{{}}}}")),
        ("rules.unbind", format!("{{\"binding\":\"{ADA}\"}}")),
        (
            "contracts.create",
            r#"{"name":"limits","type":"limits","scope":"org:acme","fields":[{"name":"cpu","type":"integer","required":false,"nullable":true,"default":1,"constraints":{"min_value":0,"choices":[0,1]}}],"constraints":[{"name":"r","type":"depends_on","config":{"field":"cpu","depends_on":"gpu"}}],"description":"d","metadata":{"a":1}}"#.to_owned(),
        ),
        (
            "contracts.update",
            format!(
                r#"{{"contract":"{ADA}","fields":[{{"name":"n","type":"list"}}],"upgrades":[{{"rename":{{"from":"a","to":"n"}}}},{{"set_default":{{"field":"n","value":[]}}}},{{"drop":{{"field":"b"}}}},{{"convert":{{"field":"c","to":"to_string"}}}},{{"wrap":{{"field":"n"}}}}],"change_reason":"x","expected_version":1}}"#
            ),
        ),
        ("contracts.deprecate", format!("{{\"contract\":\"{ADA}\"}}")),
        ("contracts.activate", format!("{{\"contract\":\"{ADA}\"}}")),
        ("contracts.archive", format!("{{\"contract\":\"{ADA}\"}}")),
        ("contracts.unarchive", format!("{{\"contract\":\"{ADA}\"}}")),
        (
            "templates.create",
            r#"{"name":"small","type":"scope","schema":{"a":{"b":1}},"description":"d","scope":"org:acme"}"#.to_owned(),
        ),
        (
            "templates.update",
            format!(r#"{{"template":"{ADA}","schema":{{}},"name":"n","description":"","change_reason":"x"}}"#),
        ),
        ("templates.archive", format!("{{\"template\":\"{ADA}\"}}")),
        ("templates.reopen", format!("{{\"template\":\"{ADA}\"}}")),
        ("templates.instantiate", format!(r#"{{"template":"{ADA}","version":2,"overrides":{{"a":null}}}}"#)),
        ("config.set", r#"{"scope":"org:acme","key":"k","value":null,"description":"d","locked":true}"#.to_owned()),
        ("config.delete", r#"{"scope":"org:acme","key":"k"}"#.to_owned()),
        ("subjects.erase", format!(r#"{{"subject":"{ADA}","reason":"request 7"}}"#)),
        ("temporal.mark", "{\"name\":\"v1\"}".to_owned()),
        ("registry.register", "{\"urn\":\"scoped:MODEL:app:file:2\",\"lifecycle\":\"DRAFT\",\"tags\":[\"a\"],\"metadata\":{\"x\":1}}".to_owned()),
        ("registry.transition", "{\"entry\":\"scoped:MODEL:app:file:2\",\"to\":\"ACTIVE\"}".to_owned()),
        ("registry.archive", format!("{{\"entry\":\"{ADA}\"}}")),
        ("registry.reinstate", format!("{{\"entry\":\"{ADA}\",\"to\":\"DEPRECATED\"}}")),
        ("registry.describe", "{\"entry\":\"scoped:MODEL:app:file:2\",\"tags\":[\"b\"]}".to_owned()),
        ("registry.define_kind", "{\"kind\":\"WIDGET\",\"description\":\"parts\"}".to_owned()),
        ("registry.freeze", "{}".to_owned()),
        ("registry.unfreeze", "{}".to_owned()),
    ]
    .into()
}

fn line(name: &str, with: &str) -> String {
    format!("{{\"as\":\"{ADA}\",\"do\":\"{name}\",\"with\":{with}}}")
}

#[test]
fn every_command_is_written_as_it_was_read() {
    let samples = samples();
    for (name, _) in Command::all() {
        assert!(samples.iter().any(|(sample, _)| *sample == name), "`{name}` has no sample line here");
    }
    for (name, with) in samples {
        let (batch, at) = parse_line(&line(name, &with)).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((batch.steps.len(), at), (1, 0));
        assert_eq!(batch.steps[0].command.name(), name);
        let written = write_line(&batch, Sequence::new(9)).unwrap();
        assert!(written.contains(&with), "{name}: {written}");
        assert_eq!(parse_line(&written).unwrap(), (batch, 9), "{name}");
    }
}

#[test]
fn a_batch_keeps_its_key_its_time_and_what_it_undoes() {
    let text = format!(
        "{{\"key\":\"k\",\"valid_time\":-5,\"rollback\":{{\"to\":3,\"selection\":\"all\"}},\"batch\":[{{\"as\":\"{ADA}\",\"do\":\"temporal.mark\",\"undoes\":4,\"with\":{{\"name\":\"a\"}}}}]}}"
    );
    let (batch, _) = parse_line(&text).unwrap();
    assert_eq!((batch.key.as_deref(), batch.valid_time), (Some("k"), Some(-5)));
    assert_eq!((batch.rollback.as_ref().unwrap().to, batch.steps[0].undoes), (3, Sequence::new(4)));
    assert_eq!(parse_line(&write_line(&batch, Sequence::NONE).unwrap()).unwrap().0, batch);
}

#[test]
fn a_step_says_for_whom_it_is() {
    let text = format!(
        "{{\"as\":\"{ADA}\",\"on_behalf_of\":\"{ADA}\",\"do\":\"temporal.mark\",\"with\":{{\"name\":\"a\"}}}}"
    );
    let (batch, _) = parse_line(&text).unwrap();
    assert_eq!(batch.steps[0].on_behalf_of, Some(batch.steps[0].actor));
    assert_eq!(parse_line(&write_line(&batch, Sequence::NONE).unwrap()).unwrap().0, batch);
}

#[test]
fn what_is_wrong_is_named_with_its_column() {
    for (text, culprit, words) in [
        ("nonsense", "nonsense", "expected"),
        ("{\"as\":1}", "1", "invalid type"),
        (&line("objects.nope", "{}"), "objects.nope", "`objects.nope` is no command"),
        (&line("temporal.mark", "{\"name\":5}"), "5}", "invalid type"),
        (&line("temporal.mark", "{\"nam\":\"x\"}"), "\"nam\"", "unknown field `nam`"),
        (&line("tenancy.freeze_scope", "{\"scope\":\"org:\"}"), "\"org:\"}", "id"),
        (&line("objects.update", "{\"object\":\"short\",\"data\":1}"), "\"short\"", "no id"),
        (&format!("{} trailing", line("temporal.mark", "{\"name\":\"x\"}")), "trailing", "trailing"),
    ] {
        let error = parse_line(text).unwrap_err();
        assert!(error.message.contains(words), "{text}: {error}");
        let from = text.find(culprit).unwrap();
        let place = from..=from + culprit.len();
        assert!(place.contains(&(error.column - 1)), "{text}: {error}, not within {place:?}");
    }
}

/// What a message ends with was cut off at the first ` at line ` in it, which may be part of what somebody wrote.
#[test]
fn a_message_is_cut_where_the_place_stands_and_not_where_somebody_wrote_of_a_line() {
    let error = parse_line(&line("temporal.mark", "{\"name at line 7\":\"x\"}")).unwrap_err();
    assert!(error.message.starts_with("unknown field `name at line 7`, expected "), "{error}");
    assert!(!error.message.contains(" column "), "{error}");
}

#[test]
fn a_hostile_line_is_an_error_and_nothing_else() {
    let deep = "[".repeat(100_000);
    for text in [
        deep.as_str(),
        "{\"batch\":[",
        "{\"batch\":{}}",
        "{\"batch\":[null]}",
        "\u{0}",
        "{\"as\":\"\\u0000\"}",
    ] {
        parse_line(text).unwrap_err();
    }
    assert_eq!(parse_line("{\"batch\":[]}").unwrap().0, Batch::new());
}

/// Numbers were read quickly and not exactly: one with many digits came back as its neighbour, so that commands which were exported and imported
/// made other data, with another checksum, and so did data that a caller had parsed and one that the engine had. Found by libFuzzer.
#[test]
fn a_number_is_read_as_it_is_written_whatever_its_digits() {
    for number in
        ["-5.0000000000000004e+32", "-0.5e33", "123456789.12345679e-20", "4.9e-324", "1.7976931348623157e308"]
    {
        let text = line("objects.update", &format!("{{\"object\":\"{ADA}\",\"data\":{number}}}"));
        let once = parse_line(&text).unwrap();
        let again = write_line(&once.0, Sequence::NONE).unwrap();
        assert_eq!(parse_line(&again).unwrap().0, once.0, "{number} is {again}");
        let exactly: f64 = number.parse().unwrap();
        assert_eq!(scoped::Data::new(exactly).unwrap().bytes(), written(&again).as_bytes(), "{number}");
    }
}

/// The data in a line that updates an object.
fn written(line: &str) -> String {
    let line: serde_json::Value = serde_json::from_str(line).unwrap();
    line.pointer("/with/data").or_else(|| line.pointer("/batch/0/with/data")).unwrap().to_string()
}
