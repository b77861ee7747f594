//! What a view shows: the rules of the specification of scopes, section 4, as scenarios.

use crate::scenario::Scenario;
use crate::support::{code, data, path};
use scoped::temporal::Cutoff;
use scoped::{Level, Recall, Sequence, View, ViewItem, ViewSource, objects};
use std::collections::BTreeSet;

/// Two departments with people, and a record in each place.
const ACME: &str = "
    people olga rita adam alice bob hana gus
    scope  org:acme
    scope  org:acme/dept:eng
    scope  org:acme/dept:eng/user:alice
    scope  org:acme/dept:eng/user:bob
    scope  org:acme/dept:hr
    scope  org:globex
    member org:acme olga owner
    member org:acme rita reader
    member org:acme/dept:eng adam admin
    member org:acme/dept:eng/user:alice alice owner
    member org:acme/dept:eng/user:bob bob owner
    member org:acme/dept:hr hana owner
    member org:globex gus owner
    record acme1 org:acme olga
    record eng1 org:acme/dept:eng adam
    record alice1 org:acme/dept:eng/user:alice alice
    record bob1 org:acme/dept:eng/user:bob bob
    record hr1 org:acme/dept:hr hana
    record globex1 org:globex gus
";

fn acme() -> Scenario {
    Scenario::of(ACME)
}

#[test]
fn granular_and_local_read_the_target_alone() {
    acme().go("
        view adam granular org:acme/dept:eng = eng1
        view adam local    org:acme/dept:eng = eng1
        view olga granular org:acme          = acme1
        share alice1 org:acme/dept:eng read  = denied
        member org:acme/dept:eng alice writer
        share alice1 org:acme/dept:eng read
        view adam granular org:acme/dept:eng = eng1 alice1
    ");
}

#[test]
fn holistic_reads_the_target_first_and_then_outwards() {
    acme().go("
        view alice holistic org:acme/dept:eng/user:alice = alice1 eng1 acme1
        view adam  holistic org:acme/dept:eng            = eng1 acme1
        view olga  holistic org:acme                     = acme1
    ");
}

#[test]
fn descend_reads_the_target_and_what_is_below_in_path_order() {
    acme().go("
        view adam  descend org:acme/dept:eng            = eng1 alice1 bob1
        view olga  descend org:acme                     = acme1 eng1 alice1 bob1 hr1
        view alice descend org:acme/dept:eng/user:alice = alice1
    ");
    // A slash sorts before all that an id may hold: `eng-2` stands behind everything in `eng`.
    acme().go("
        scope  org:acme/dept:eng-2
        member org:acme/dept:eng-2 adam writer
        record late org:acme/dept:eng-2 adam
        view   olga descend org:acme = acme1 eng1 alice1 bob1 late hr1
    ");
}

#[test]
fn the_name_of_a_view_demands_its_capability_even_where_there_is_nothing_to_traverse() {
    acme().go("
        view rita descend org:acme/dept:eng/user:bob = denied
        view rita descend org:acme                   = denied
        deny alice scope.read.holistic org:acme/dept:eng/user:alice
        view alice holistic org:acme/dept:eng/user:alice = denied
        view alice granular org:acme/dept:eng/user:alice = alice1
        deny olga scope.read.holistic org:acme
        view olga holistic org:acme = denied
        view olga default  org:acme = denied
        view olga granular org:acme = acme1
    ");
}

#[test]
fn without_a_view_in_the_request_recall_reaches_up_and_a_layer_does_not() {
    let acme = acme();
    let alice = acme.reading("alice");
    let ask = Recall::from(path("org:acme/dept:eng/user:alice"));
    let (recalled, layer) = (alice.recall(&ask).unwrap(), alice.layer(&ask).unwrap());
    assert_eq!((recalled.view, recalled.view_source), (View::Holistic, ViewSource::Endpoint));
    assert_eq!(acme.names(&recalled), ["alice1", "eng1", "acme1"]);
    assert_eq!((layer.view, layer.view_source), (View::Granular, ViewSource::Endpoint));
    assert_eq!(acme.names(&layer), ["alice1"]);
    let asked = alice.recall(&ask.view(View::Descend)).unwrap();
    assert_eq!((asked.view, asked.view_source), (View::Descend, ViewSource::Request));
}

#[test]
fn missing_and_forbidden_scopes_sound_alike_to_those_who_may_not_read_there() {
    acme().go("
        view alice granular org:acme/dept:eng                = denied
        view alice granular org:acme/dept:eng/user:bob       = denied
        view alice granular org:acme/dept:eng/user:nobody    = denied
        view rita  granular org:acme/dept:eng/user:zed       = not_found
        view gus   granular org:acme/dept:eng                = denied
        view gus   descend  org:acme                         = denied
        view gus   holistic org:acme/dept:eng/user:zed       = denied
        view gus   granular org:nowhere                      = denied
    ");
}

#[test]
fn no_view_crosses_a_root() {
    acme().go("
        member org:globex olga owner
        member org:acme gus owner
        view olga descend  org:acme   = acme1 eng1 alice1 bob1 hr1
        view olga descend  org:globex = globex1
        view olga holistic org:globex = globex1
    ");
}

/// An ancestor with a deny does not contribute, and is named; what it shares with the target is still seen there.
#[test]
fn a_deny_above_takes_the_ancestor_out_of_holistic_and_is_named() {
    acme().go("
        deny alice scope.read.holistic org:acme self
        view alice holistic org:acme/dept:eng/user:alice = alice1 eng1 | omitted org:acme: denied
        deny alice scope.read.local org:acme/dept:eng self
        view alice holistic org:acme/dept:eng/user:alice = alice1 | omitted org:acme/dept:eng: denied, org:acme: denied
    ");
}

/// Once a deny in another scope did not keep what reaching up shows: a deny in any of the scopes that a record is in wins.
#[test]
fn a_deny_in_any_scope_of_a_record_keeps_it_out_of_every_view() {
    acme().go("
        member org:acme/dept:hr olga writer
        share acme1 org:acme/dept:hr read
        deny  alice scope.read.local org:acme/dept:hr
        view  alice holistic org:acme/dept:eng/user:alice = alice1 eng1
        deny  rita  scope.read.local org:acme/dept:hr
        view  rita  granular org:acme = nothing
    ");
}

#[test]
fn descendants_that_are_left_out_are_named_only_to_those_who_may_audit() {
    acme().go("
        deny adam scope.read.local org:acme/dept:eng/user:bob
        view adam descend org:acme/dept:eng = eng1 alice1 | omitted org:acme/dept:eng/user:bob: denied
        deny adam scope.audit.read org:acme/dept:eng
        view adam descend org:acme/dept:eng = eng1 alice1
    ");
}

#[test]
fn a_record_that_is_reachable_twice_appears_once_with_its_highest_level_and_each_way() {
    let mut acme = acme();
    acme.go("
        member org:acme/dept:eng alice writer
        member org:acme adam reader
        share  alice1 org:acme/dept:eng write
        view   adam descend org:acme/dept:eng = eng1 alice1 bob1
    ");
    let page =
        acme.reading("adam").recall(&Recall::from(path("org:acme/dept:eng")).view(View::Descend)).unwrap();
    let shared = page.records().find(|record| record.object_id == acme.record("alice1")).unwrap();
    assert_eq!(shared.via, ["org:acme/dept:eng", "org:acme/dept:eng/user:alice"]);
    assert_eq!(shared.access, Level::Write, "an admin, through a projection at level `write`");
    assert_eq!(shared.home.as_deref(), Some("org:acme/dept:eng/user:alice"));
    assert_eq!(shared.data["name"], "alice1");
    let bob = page.records().find(|record| record.object_id == acme.record("bob1")).unwrap();
    assert_eq!((bob.via.len(), bob.access), (1, Level::Read), "the projection goes no further");
}

#[test]
fn levels_are_the_smaller_of_projection_and_role_and_an_owner_has_all() {
    let mut acme = acme();
    acme.go("
        people wim
        member org:acme/dept:eng wim writer
        record open1 org:acme/dept:eng adam admin
    ");
    let access = |who: &str, name: &str| {
        let ask = Recall::from(path("org:acme/dept:eng")).view(View::Granular);
        let page = acme.reading(who).recall(&ask).unwrap();
        page.records().find(|record| record.object_id == acme.record(name)).unwrap().access
    };
    assert_eq!(access("rita", "open1"), Level::Read);
    assert_eq!(access("wim", "open1"), Level::Write);
    assert_eq!(access("olga", "open1"), Level::Admin);
    assert_eq!(access("olga", "eng1"), Level::Read);
    assert_eq!(access("adam", "eng1"), Level::Admin, "it is his");
}

/// Where a record was written may be a place that its reader must not know of.
#[test]
fn the_home_of_a_record_is_shown_only_to_those_who_may_read_there() {
    let mut acme = acme();
    acme.go("
        member org:acme/dept:eng hana writer
        share  hr1 org:acme/dept:eng read
    ");
    let home = |who: &str| {
        let page = acme.reading(who).layer(&Recall::from(path("org:acme/dept:eng"))).unwrap();
        page.records().find(|record| record.object_id == acme.record("hr1")).unwrap().home.clone()
    };
    assert_eq!(home("adam"), None);
    assert_eq!(home("olga").as_deref(), Some("org:acme/dept:hr"));
    let listed = acme.reading("adam").objects(&path("org:acme/dept:eng"), View::Granular).unwrap();
    let listed = listed.iter().find(|info| info.object == acme.record("hr1")).unwrap();
    assert_eq!(listed.home, None);
}

#[test]
fn raw_gives_the_record_events_of_the_scope_alone_in_log_order() {
    let mut acme = acme();
    let adam = acme.engine.session(acme.person("adam")).unwrap();
    adam.execute(objects::Update::new(acme.record("eng1"), data(serde_json::json!({ "n": 2 })))).unwrap();
    acme.go("record eng2 org:acme/dept:eng adam\nrecord eng3 org:acme/dept:eng adam\nbury eng3");
    let ask = Recall::from(path("org:acme/dept:eng")).view(View::Raw);
    let events = |who: &str| {
        let page = acme.reading(who).layer(&ask).unwrap();
        let events: Vec<(String, &str, u64)> = page
            .items
            .iter()
            .map(|item| match item {
                ViewItem::Event(event) => {
                    (acme.called(event.object_id).to_owned(), event.kind, event.sequence)
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(events.is_sorted_by_key(|event| event.2), "log order");
        events.into_iter().map(|(name, kind, _)| format!("{name} {kind}")).collect::<Vec<_>>()
    };
    let live = [
        "eng1 objects.created",
        "eng1 sharing.object_projected",
        "eng1 objects.updated",
        "eng2 objects.created",
        "eng2 sharing.object_projected",
    ];
    assert_eq!(events("rita"), live, "no members, no lists, nothing of other scopes, nothing tombstoned");
    let buried = ["eng3 objects.created", "eng3 sharing.object_projected", "eng3 objects.tombstoned"];
    assert_eq!(events("olga"), [&live[..], &buried[..]].concat(), "she may audit");
    assert_eq!(code(acme.reading("gus").layer(&ask)), "denied");
    let first = acme.reading("rita").layer(&ask.clone().limit(2)).unwrap();
    assert!(!first.complete && first.items.len() == 2);
    let rest = acme.reading("rita").layer(&ask.clone().limit(2).after(&first)).unwrap();
    let sequences = |page: &scoped::ViewPage| {
        let of = |item: &ViewItem| if let ViewItem::Event(event) = item { event.sequence } else { 0 };
        page.items.iter().map(of).collect::<Vec<_>>()
    };
    assert!(sequences(&first).last() < sequences(&rest).first());
}

#[test]
fn structured_gives_nodes_and_edges_without_data() {
    let mut acme = acme();
    acme.go("member org:acme/dept:eng hana writer\nshare hr1 org:acme/dept:eng write");
    let ask = Recall::from(path("org:acme/dept:eng")).view(View::Structured);
    let page = acme.reading("adam").layer(&ask).unwrap();
    let json = serde_json::to_value(&page).unwrap();
    let texts: Vec<String> = page
        .items
        .iter()
        .map(|item| match item {
            ViewItem::Node(node) => format!("{} {}", acme.called(node.object_id), node.object_type),
            ViewItem::Edge(edge) => {
                let level = edge.level.map_or("home", Level::as_str);
                format!("{} {level} {}", acme.called(edge.object_id), edge.scope)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let eng = "org:acme/dept:eng";
    let expected = [
        "eng1 record".to_owned(),
        format!("eng1 home {eng}"),
        format!("eng1 read {eng}"),
        "hr1 record".to_owned(),
        format!("hr1 write {eng}"),
    ];
    assert_eq!(texts, expected, "its home in hr is not adam's to know");
    assert!(json["items"].as_array().unwrap().iter().all(|item| item.get("data").is_none()));
    let whole = acme.reading("olga").layer(&ask).unwrap();
    assert_eq!(whole.items.len(), texts.len() + 2, "she may read in hr");
}

#[test]
fn pages_are_whole_and_never_reflect_a_later_state() {
    let mut acme = acme();
    let names: Vec<String> = (0..7).map(|nth| format!("page{nth}")).collect();
    for name in &names {
        acme.go(&format!("record {name} org:acme/dept:eng adam"));
    }
    let ask = Recall::from(path("org:acme")).view(View::Descend);
    let whole = acme.reading("olga").recall(&ask).unwrap();
    assert!(whole.complete && whole.next_cursor.is_none());
    for size in [1, 2, 3, 5, 11, 12, 500] {
        let reading = acme.reading("olga");
        let mut page = reading.recall(&ask.clone().limit(size)).unwrap();
        let mut found = acme.names(&page).iter().map(ToString::to_string).collect::<Vec<_>>();
        while !page.complete {
            assert_eq!(page.items.len(), size);
            // What happens between pages is not seen: not what comes, not what changes.
            let who = acme.person("adam");
            let made = objects::Create::new("record", data(serde_json::json!({})))
                .into_scope(path("org:acme/dept:eng"), Level::Read);
            acme.engine.execute(scoped::Batch::new().with(who, made)).unwrap();
            let next = reading.recall(&ask.clone().limit(size).after(&page)).unwrap();
            assert_eq!(next.position, page.position);
            found.extend(acme.names(&next).iter().map(ToString::to_string));
            page = next;
        }
        let known: Vec<String> = found.into_iter().filter(|name| name != "?").collect();
        assert_eq!(known, acme.names(&whole), "pages of {size}");
    }
}

/// A page is as of its position, but who may not read any more sees no further page of it.
#[test]
fn a_revocation_between_pages_counts_at_once() {
    let mut acme = acme();
    acme.go("record eng2 org:acme/dept:eng adam\nrecord eng3 org:acme/dept:eng adam");
    let ask = Recall::from(path("org:acme/dept:eng")).view(View::Granular).limit(1);
    let reading = acme.reading("rita");
    let first = reading.recall(&ask).unwrap();
    acme.go("bury eng2");
    let second = reading.recall(&ask.clone().after(&first)).unwrap();
    assert_eq!(acme.names(&second), ["eng3"], "tombstoned since, and rita audits nothing");
    acme.go("leave org:acme rita");
    assert_eq!(code(reading.recall(&ask.clone().after(&first))), "denied");
}

#[test]
fn a_cursor_belongs_to_one_question_of_one_reader() {
    let mut acme = acme();
    acme.go("record eng2 org:acme/dept:eng adam\nmark before\nrecord eng3 org:acme/dept:eng adam");
    let ask = Recall::from(path("org:acme/dept:eng")).view(View::Granular).limit(1);
    let adam = acme.reading("adam");
    let first = adam.recall(&ask).unwrap();
    let refused = |reading: &scoped::Reading, ask: Recall| code(reading.recall(&ask));
    assert_eq!(refused(&adam, ask.clone().after(&first)), "fine");
    assert_eq!(refused(&adam, ask.clone().limit(3).after(&first)), "fine", "pages may grow");
    assert_eq!(refused(&adam, ask.clone().view(View::Descend).after(&first)), "invalid_cursor");
    assert_eq!(refused(&adam, ask.clone().types(["record"]).after(&first)), "invalid_cursor");
    assert_eq!(refused(&adam, ask.clone().explained().after(&first)), "invalid_cursor");
    let elsewhere = Recall { scope: path("org:acme/dept:eng/user:bob"), ..ask.clone().after(&first) };
    assert_eq!(refused(&adam, elsewhere), "invalid_cursor");
    assert_eq!(refused(&acme.reading("olga"), ask.clone().after(&first)), "invalid_cursor");
    assert_eq!(refused(&acme.reading_at("adam", "before"), ask.clone().after(&first)), "invalid_cursor");
    let broken = Recall { cursor: Some("ff".repeat(37)), ..ask.clone() };
    assert_eq!(refused(&adam, broken), "invalid_cursor");
    for limit in [0, 501, usize::MAX] {
        assert_eq!(refused(&adam, ask.clone().limit(limit)), "invalid", "{limit}");
    }
}

#[test]
fn types_are_filtered_and_reasons_are_given_to_those_who_may_ask_why() {
    let acme = acme();
    let adam = acme.engine.session(acme.person("adam")).unwrap();
    let note = objects::Create::new("note", data(serde_json::json!({})));
    adam.execute(note.into_scope(path("org:acme/dept:eng"), Level::Read)).unwrap();
    let ask = Recall::from(path("org:acme/dept:eng")).view(View::Holistic);
    let types = |ask: &Recall| {
        let page = adam.reading().recall(ask).unwrap();
        page.records().map(|record| record.object_type.clone()).collect::<Vec<_>>()
    };
    assert_eq!(types(&ask), ["record", "note", "record"]);
    assert_eq!(types(&ask.clone().types(["note"])), ["note"]);
    assert!(types(&ask.clone().types(["none"])).is_empty());
    let explained = adam.reading().recall(&ask.clone().explained()).unwrap();
    let why: Vec<_> = explained.records().filter_map(|record| record.why.as_deref()).collect();
    assert_eq!(why, ["owner of the object", "owner of the object", "shown by a scope above"]);
    assert_eq!(code(acme.reading("rita").recall(&ask.clone().explained())), "denied", "a reader");
    assert!(acme.reading("rita").recall(&ask).unwrap().records().all(|record| record.why.is_none()));
}

#[test]
fn of_the_past_one_sees_what_one_might_read_then_and_may_read_now() {
    acme().go("
        mark   before
        leave  org:acme rita
        view   rita granular org:acme at before = denied
        member org:acme rita reader
        mark   again
        view   rita granular org:acme at before = acme1
        deny   rita scope.read.local org:acme/dept:eng
        view   rita granular org:acme/dept:eng at before = denied
        member org:globex rita reader
        view   rita granular org:globex = globex1
        view   rita granular org:globex at again = denied
        deny   alice scope.read.local org:acme self
        view   alice holistic org:acme/dept:eng/user:alice at before = alice1 eng1 | omitted org:acme: denied
        lift   alice org:acme
        view   alice holistic org:acme/dept:eng/user:alice at before = alice1 eng1 acme1
    ");
}

/// A projection that was taken back is gone for those who read by it, also in the past; the data is that of then.
#[test]
fn history_is_no_way_round_a_revoked_projection() {
    let mut acme = acme();
    acme.go("
        mark   before
        revoke bob1 org:acme/dept:eng/user:bob
        view   rita granular org:acme/dept:eng/user:bob at before = nothing
        view   bob  granular org:acme/dept:eng/user:bob at before = bob1
        mark   then
    ");
    let adam = acme.engine.session(acme.person("adam")).unwrap();
    adam.execute(objects::Update::new(acme.record("eng1"), data(serde_json::json!({ "name": "new" }))))
        .unwrap();
    let ask = Recall::from(path("org:acme/dept:eng")).view(View::Granular);
    let page = acme.reading_at("rita", "then").recall(&ask).unwrap();
    let record = page.records().next().unwrap();
    assert_eq!((record.version, &record.data["name"]), (1, &serde_json::json!("eng1")));
    assert_eq!(page.position, acme.mark("then").get());
}

#[test]
fn what_was_tombstoned_since_comes_back_only_for_those_who_may_audit() {
    acme().go("
        mark before
        bury eng1
        view rita granular org:acme/dept:eng = nothing
        view rita granular org:acme/dept:eng at before = nothing
        view olga granular org:acme/dept:eng at before = eng1
        view alice holistic org:acme/dept:eng/user:alice at before = alice1 acme1
        deny olga scope.read.local org:acme/dept:eng
        view olga granular org:acme/dept:eng at before = denied
        view olga descend org:acme at before = acme1 hr1 | omitted org:acme/dept:eng: denied, org:acme/dept:eng/user:alice: denied, org:acme/dept:eng/user:bob: denied
    ");
}

#[test]
fn a_position_ahead_of_the_log_is_refused() {
    let acme = acme();
    let session = acme.engine.session(acme.person("olga")).unwrap();
    let head = acme.engine.read(|moment| moment.world().position().get());
    assert_eq!(code(session.as_of(&Cutoff::At(Sequence::new(head + 1)))), "position_ahead");
    assert!(session.as_of(&Cutoff::At(Sequence::new(head))).is_ok());
}

#[test]
fn a_membership_counts_until_its_end_in_views_too() {
    acme().go("
        people temp
        member org:acme/dept:eng temp reader 60
        view temp granular org:acme/dept:eng = eng1
        tick 59
        view temp granular org:acme/dept:eng = eng1
        tick 1
        view temp granular org:acme/dept:eng = denied
    ");
}

/// A page looks at so many candidates at most; it may be short, even empty, and only `complete` says that nothing follows.
#[test]
fn the_unfiltered_views_show_all_there_is() {
    let mut acme = acme();
    acme.go("deny olga scope.read.local org:acme/dept:hr");
    let names = |view| {
        acme.engine.read(|moment| {
            let page = moment.recall(&Recall::from(path("org:acme")).view(view)).unwrap();
            acme.names(&page).iter().map(ToString::to_string).collect::<Vec<_>>()
        })
    };
    assert_eq!(names(View::Granular), ["acme1"]);
    assert_eq!(names(View::Descend), ["acme1", "eng1", "alice1", "bob1", "hr1"]);
    let all = acme.engine.read(|moment| moment.objects(Some((&path("org:acme"), View::Descend))).unwrap());
    assert_eq!(all.iter().map(|info| info.object).collect::<BTreeSet<_>>().len(), 5);
}

#[test]
fn the_nearest_default_view_on_the_way_up_counts_for_recall_alone() {
    let mut acme = acme();
    acme.go(r#"
        policy org:acme {"default_view":"granular"}
        view   alice default org:acme/dept:eng/user:alice = alice1
        policy org:acme/dept:eng {"default_view":"holistic"}
        view   alice default org:acme/dept:eng/user:alice = alice1 eng1 acme1
        policy org:acme/dept:eng/user:alice {"default_view":"descend"}
        view   rita  default org:acme/dept:eng/user:alice = denied
        view   alice default org:acme/dept:eng/user:alice = alice1
    "#);
    let ask = Recall::from(path("org:acme/dept:eng/user:alice"));
    let (recalled, layer) =
        (acme.reading("alice").recall(&ask).unwrap(), acme.reading("alice").layer(&ask).unwrap());
    assert_eq!((recalled.view, recalled.view_source), (View::Descend, ViewSource::Scope));
    assert_eq!((layer.view, layer.view_source), (View::Granular, ViewSource::Endpoint));
}

#[test]
fn an_ancestor_that_hides_does_not_contribute_and_is_named() {
    acme().go(r#"
        mark   before
        policy org:acme {"visible_to_descendants":false}
        view   alice holistic org:acme/dept:eng/user:alice = alice1 eng1 | omitted org:acme: hidden
        view   alice holistic org:acme/dept:eng/user:alice at before = alice1 eng1 | omitted org:acme: hidden
        view   olga  granular org:acme = acme1
        policy org:acme {}
        view   alice holistic org:acme/dept:eng/user:alice = alice1 eng1 acme1
    "#);
}

#[test]
fn what_lies_behind_a_cut_is_not_reached_by_descending() {
    acme().go(r#"
        policy org:acme/dept:hr {"inherit_members":false}
        view   olga descend  org:acme         = acme1 eng1 alice1 bob1 | omitted org:acme/dept:hr: no_access
        view   olga granular org:acme/dept:hr = denied
        check  olga scope.members.manage org:acme/dept:hr = allow
        view   hana granular org:acme/dept:hr = hr1
        view   hana holistic org:acme/dept:hr = hr1 acme1
    "#);
}

/// What stays in a deleted scope is reached by an ancestor's `descend` and in no other way.
#[test]
fn what_was_kept_in_a_deleted_scope_is_reached_from_above_alone() {
    let mut acme = acme();
    let delete = scoped::tenancy::DeleteScope::new(path("org:acme/dept:eng/user:bob"))
        .records(scoped::tenancy::Records::Keep);
    acme.engine.execute(scoped::Batch::new().with(scoped::PrincipalId(1), delete)).unwrap();
    acme.go("
        view adam descend org:acme/dept:eng = eng1 alice1 bob1
        view rita granular org:acme/dept:eng/user:bob = nothing
        view rita descend org:acme = denied
    ");
}

/// The worked example of the specification of scopes, section 10, row by row.
#[test]
fn the_worked_example_row_by_row() {
    let mut acme = acme();
    acme.go(r#"
        policy org:acme/dept:hr {"inherit_members":false}
        view alice default  org:acme/dept:eng/user:alice  = alice1 eng1 acme1
        view alice granular org:acme/dept:eng/user:alice  = alice1
        view alice descend  org:acme/dept:eng/user:alice  = alice1
        view alice granular org:acme/dept:eng             = denied
        view alice granular org:acme/dept:eng/user:bob    = denied
        view alice granular org:acme/dept:eng/user:nobody = denied
        view adam  descend  org:acme/dept:eng             = eng1 alice1 bob1
        view adam  holistic org:acme/dept:eng             = eng1 acme1
        view rita  granular org:acme/dept:eng/user:bob    = bob1
        view rita  descend  org:acme                      = denied
        view olga  descend  org:acme = acme1 eng1 alice1 bob1 | omitted org:acme/dept:hr: no_access
        view olga  granular org:acme/dept:hr              = denied
        check olga scope.members.manage org:acme/dept:hr  = allow
        view rita  granular org:acme/dept:eng/user:zed    = not_found
        view gus   granular org:acme                      = denied
        view gus   granular org:acme/dept:eng             = denied
        deny rita  scope.read.* org:acme/dept:eng
        view rita  granular org:acme/dept:eng/user:bob    = denied
    "#);
    let question = scoped::Question::new(
        acme.person("rita"),
        scoped::Capability::ReadLocal,
        path("org:acme/dept:eng/user:bob"),
    );
    let explained = acme.reading("adam").explain(&question).unwrap().answer;
    assert_eq!(explained.tier, Some("scope"));
    assert!(explained.why.unwrap().contains("entry of org:acme/dept:eng "));
    let owner =
        crate::support::member("org:acme/dept:eng/user:bob", acme.person("rita").0, scoped::Role::Owner);
    let by = |who: &str| acme.engine.session(acme.person(who)).unwrap().execute(owner.clone());
    assert_eq!(code(by("adam")), "denied", "he is admin, not owner, there");
    by("bob").unwrap();
    acme.go("
        view rita granular org:acme/dept:eng/user:bob = denied
        mark denied
        lift rita org:acme/dept:eng
        mark lifted
        check rita scope.read.local bob1 at denied = deny
        check rita scope.read.local bob1 at lifted = allow
        view rita granular org:acme/dept:eng/user:bob = bob1
    ");
}
