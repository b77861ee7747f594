//! What a scope path accepts, how it is ordered, and the laws of the hierarchy against a naive oracle.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::ScopePathError::{
    Empty, EmptyId, EmptySegment, EmptyType, InvalidEmail, InvalidIdChar, InvalidIdEdge, MissingColon,
    NonCanonical, SegmentTooLong, TooManySegments, UnknownType,
};
use super::*;

fn path(text: &str) -> ScopePath {
    ScopePath::parse(text).unwrap_or_else(|fault| panic!("`{text}` should parse: {fault}"))
}

fn repeated(segment: &str, times: usize) -> String {
    vec![segment; times].join("/")
}

fn non_canonical(index: usize, canonical: &str) -> ScopePathError {
    NonCanonical { index, canonical: canonical.into() }
}

fn unknown_type(index: usize, found: &str) -> ScopePathError {
    UnknownType { index, found: found.into() }
}

fn invalid_char(index: usize, ch: char, offset: usize) -> ScopePathError {
    InvalidIdChar { index, ch, offset }
}

fn too_long(index: usize, len: usize) -> ScopePathError {
    SegmentTooLong { index, len, max: 64 }
}

fn check(input: &str, expected: Result<usize, ScopePathError>) {
    let found = ScopePath::parse(input);
    let segments = found.as_ref().map(ScopePath::segment_count).map_err(Clone::clone);
    assert_eq!(segments, expected, "parse({input:?})");
    if let Ok(path) = found {
        assert_eq!(path.as_str(), input, "parsing changes nothing");
        assert_eq!(path.to_string(), input);
    }
}

/// Every row of the conformance vectors in the specification of scopes, section 1.3.
#[test]
fn conformance_vectors_that_are_paths() {
    for (input, segments) in [
        ("org:acme", 1),
        ("org:acme/dept:eng/user:alice", 3),
        ("agent:planner_v3", 1),
        ("org:acme/ws:q3-launch", 2),
        ("dept:eng/org:acme", 2),
        ("org:acme/user:priya@acme", 2),
        ("user:Alice", 1),
        ("user:Alice@acme.com", 1),
        ("user:01HX3ZQ6J5M8K9N0P1Q2R3S4T5", 1),
        ("org:a..b", 1),
        (&repeated("dept:eng", 8), 8),
        (&format!("org:{}", "a".repeat(60)), 1),
        (&format!("service:{}", "a".repeat(56)), 1),
    ] {
        check(input, Ok(segments));
    }
    assert_ne!(path("dept:eng/org:acme"), path("org:acme/dept:eng"));
    assert_ne!(path("user:Alice"), path("user:alice"));
}

#[test]
fn conformance_vectors_that_are_refused() {
    for (input, fault) in [
        (repeated("dept:eng", 9).as_str(), TooManySegments { found: 9, max: 8 }),
        (&format!("org:{}", "a".repeat(61)), too_long(0, 65)),
        (&format!("service:{}", "a".repeat(57)), too_long(0, 65)),
        ("", Empty),
        ("/", EmptySegment { index: 0 }),
        ("/org:acme", EmptySegment { index: 0 }),
        ("org:acme/", EmptySegment { index: 1 }),
        ("org:acme//user:a", EmptySegment { index: 1 }),
        ("acme", MissingColon { index: 0 }),
        ("org", MissingColon { index: 0 }),
        ("org:acme/*", MissingColon { index: 1 }),
        (":acme", EmptyType { index: 0 }),
        ("org:", EmptyId { index: 0 }),
        ("Org:acme", non_canonical(0, "org:acme")),
        ("project:x", unknown_type(0, "project")),
        ("workspace:x", unknown_type(0, "workspace")),
        ("sys:a", unknown_type(0, "sys")),
        (" org:acme", unknown_type(0, " org")),
        ("org:a:b", invalid_char(0, ':', 1)),
        ("org:a b", invalid_char(0, ' ', 1)),
        ("org:acme?x", invalid_char(0, '?', 4)),
        ("org:*", invalid_char(0, '*', 0)),
        ("org:ac%2Fme", invalid_char(0, '%', 2)),
        ("org:é", invalid_char(0, 'é', 0)),
        ("org:acme/user:a+b@x.io", invalid_char(1, '+', 1)),
        ("org:.", InvalidIdEdge { index: 0 }),
        ("org:..", InvalidIdEdge { index: 0 }),
        ("org:-a", InvalidIdEdge { index: 0 }),
        ("org:a-", InvalidIdEdge { index: 0 }),
        ("org:_x", InvalidIdEdge { index: 0 }),
        ("org:a@", InvalidIdEdge { index: 0 }),
        ("org:@b", InvalidIdEdge { index: 0 }),
        ("org:a@b@c", InvalidEmail { index: 0 }),
        ("user:alice@Acme.com", non_canonical(0, "user:alice@acme.com")),
        ("user:01hx3zq6j5m8k9n0p1q2r3s4t5", non_canonical(0, "user:01HX3ZQ6J5M8K9N0P1Q2R3S4T5")),
    ] {
        check(input, Err(fault));
    }
}

/// Each input has the fault named and all later ones: the first check wins, and segments are checked from the left.
#[test]
fn the_first_fault_in_the_order_of_checks_is_told() {
    let long = format!("Org:{}", "?".repeat(61));
    let crowd = repeated("?", 9);
    for (input, fault) in [
        (format!("{crowd}/"), EmptySegment { index: 9 }),
        (crowd, TooManySegments { found: 9, max: 8 }),
        (long, too_long(0, 65)),
        ("?".repeat(65), too_long(0, 65)),
        (":".to_owned(), EmptyType { index: 0 }),
        ("ORG:".to_owned(), non_canonical(0, "org:")),
        ("Org:-?@@".to_owned(), non_canonical(0, "org:-?@@")),
        ("ORGS:".to_owned(), unknown_type(0, "ORGS")),
        ("org:-a@b@?".to_owned(), invalid_char(0, '?', 5)),
        ("org:-a@b@C".to_owned(), InvalidIdEdge { index: 0 }),
        ("org:a@b@C".to_owned(), InvalidEmail { index: 0 }),
        ("user:a@B/x".to_owned(), non_canonical(0, "user:a@b")),
        ("x/user:a@B".to_owned(), MissingColon { index: 0 }),
    ] {
        check(&input, Err(fault));
    }
}

#[test]
fn the_correction_is_the_whole_path_if_only_letter_case_is_wrong() {
    for (input, index, correction) in [
        ("org:acme/User:bo", 1, "org:acme/user:bo"),
        ("Org:acme/user:Bo", 0, "org:acme/user:Bo"),
        ("Org:acme/USER:bo@ACME.io", 0, "org:acme/user:bo@acme.io"),
        ("Org:acme/user:b+o", 0, "org:acme"),
        ("Org:b?o@ACME.io/user:x", 0, "org:b?o@acme.io"),
    ] {
        check(input, Err(non_canonical(index, correction)));
    }
}

#[test]
fn lengths_are_characters_and_offsets_count_them() {
    check(&format!("org:{}", "é".repeat(60)), Err(invalid_char(0, 'é', 0)));
    check(&format!("org:{}", "é".repeat(61)), Err(too_long(0, 65)));
    check("org:abcé", Err(invalid_char(0, 'é', 3)));
    check("org:acme/user:bo🦀@", Err(invalid_char(1, '🦀', 2)));
    check("ｏrg:a", Err(unknown_type(0, "ｏrg")));
    check(&repeated(&format!("org:{}", "a".repeat(60)), 8), Ok(8));
    assert_eq!(repeated(&format!("org:{}", "a".repeat(60)), 8).len(), PATH_BYTES_MAX);
}

#[test]
fn only_ids_shaped_like_a_ulid_have_to_be_upper_case() {
    check("user:81hx3zq6j5m8k9n0p1q2r3s4t5", Ok(1)); // the first character is above 7
    check("user:01hx3zq6j5m8k9n0p1q2r3s4tu", Ok(1)); // no `u` in the alphabet
    check("user:01hx3zq6j5m8k9n0p1q2r3s4t", Ok(1)); // 25 characters
    check("user:01hx3zq6j5m8@9n0p1q2r3s4t5", Ok(1)); // an address
    let upper = "user:01HX3ZQ6J5M8K9N0P1Q2R3S4T5";
    check("user:01HX3ZQ6J5M8K9N0P1Q2R3S4t5", Err(non_canonical(0, upper)));
}

#[test]
fn normalising_mends_what_people_type() {
    for (input, expected) in [
        ("org:acme", "org:acme"),
        ("\t /Org:acme/USER:Bo@ACME.Com/ \n", "org:acme/user:Bo@acme.com"),
        ("ws:01hx3zq6j5m8k9n0p1q2r3s4t5/", "ws:01HX3ZQ6J5M8K9N0P1Q2R3S4T5"),
        ("org:Acme-EU", "org:Acme-EU"),
    ] {
        assert_eq!(ScopePath::normalise(input), Ok(path(expected)), "normalise({input:?})");
    }
    for (input, fault) in [
        ("", Empty),
        (" \r\n", Empty),
        ("/", Empty),
        ("//", Empty),
        ("//org:acme", EmptySegment { index: 0 }),
        ("/ org:acme", unknown_type(0, " org")),
        ("PROJECT:x", unknown_type(0, "project")),
        ("org:ac%2Fme", invalid_char(0, '%', 2)),
        ("org:a@b@C", InvalidEmail { index: 0 }),
    ] {
        assert_eq!(ScopePath::normalise(input), Err(fault), "normalise({input:?})");
    }
}

#[test]
fn codes_are_stable() {
    for (fault, code) in [
        (Empty, "SCOPE_PATH_EMPTY"),
        (EmptySegment { index: 0 }, "SCOPE_PATH_EMPTY_SEGMENT"),
        (TooManySegments { found: 9, max: 8 }, "SCOPE_PATH_TOO_DEEP"),
        (too_long(0, 65), "SCOPE_SEGMENT_TOO_LONG"),
        (MissingColon { index: 0 }, "SCOPE_SEGMENT_NO_TYPE"),
        (EmptyType { index: 0 }, "SCOPE_SEGMENT_NO_TYPE"),
        (non_canonical(0, "org:a"), "SCOPE_PATH_NOT_CANONICAL"),
        (unknown_type(0, "x"), "SCOPE_TYPE_UNKNOWN"),
        (EmptyId { index: 0 }, "SCOPE_ID_EMPTY"),
        (invalid_char(0, '?', 0), "SCOPE_ID_INVALID"),
        (InvalidIdEdge { index: 0 }, "SCOPE_ID_INVALID"),
        (InvalidEmail { index: 0 }, "SCOPE_ID_INVALID"),
    ] {
        assert_eq!(fault.code(), code);
    }
}

#[test]
fn messages_escape_control_characters() {
    for input in ["\x1b[31m:x", "org:\nfaked entry", "ORG:\r\n\0"] {
        let message = ScopePath::parse(input).unwrap_err().to_string();
        assert!(!message.contains(char::is_control), "{message:?}");
    }
    let message = ScopePath::parse("tea\tm:x").unwrap_err().to_string();
    assert_eq!(message, r"segment 0 of the scope path has the unknown type `tea\tm`");
}

#[test]
fn types_have_fixed_tags_and_names() {
    let table: Vec<_> = ScopeType::ALL.into_iter().map(|known| (known.tag(), known.name())).collect();
    let expected = [
        (1, "org"),
        (2, "dept"),
        (3, "team"),
        (4, "user"),
        (5, "agent"),
        (6, "service"),
        (7, "system"),
        (8, "ws"),
    ];
    assert_eq!(table, expected);
    for known in ScopeType::ALL {
        assert_eq!(ScopeType::from_tag(known.tag()), Some(known));
        assert_eq!(ScopeType::from_name(known.name()), Some(known));
        assert_eq!(path(&format!("{known}:x")).leaf().scope_type(), known);
        assert_eq!(serde_json::to_string(&known).unwrap(), format!("\"{known}\""));
        assert_eq!(serde_json::from_str::<ScopeType>(&format!("\"{known}\"")).unwrap(), known);
    }
    for tag in [0, 9, 255] {
        assert_eq!(ScopeType::from_tag(tag), None);
    }
    assert_eq!(ScopeType::from_name("Org"), None);
}

#[test]
fn segments_show_type_and_id() {
    let alice = path("org:acme/dept:eng/user:alice@acme.com");
    let shown: Vec<_> = alice.segments().map(|segment| (segment.scope_type(), segment.id())).collect();
    assert_eq!(
        shown,
        [(ScopeType::Org, "acme"), (ScopeType::Dept, "eng"), (ScopeType::User, "alice@acme.com")]
    );
    assert_eq!(alice.leaf(), alice.segments().next_back().unwrap());
    assert_eq!(alice.leaf().to_string(), "user:alice@acme.com");
}

#[test]
fn a_segment_of_its_own_is_held_to_the_same_grammar() {
    let segment = |id: &'static str| ScopeSegment::new(ScopeType::User, id);
    assert_eq!(ScopePath::from(segment("alice").unwrap()), path("user:alice"));
    assert_eq!(segment(""), Err(EmptyId { index: 0 }));
    assert_eq!(segment("a/org:b"), Err(invalid_char(0, '/', 1)));
    assert_eq!(segment("a-"), Err(InvalidIdEdge { index: 0 }));
    assert_eq!(segment("a@b@c"), Err(InvalidEmail { index: 0 }));
    assert_eq!(segment("bo@ACME.io"), Err(non_canonical(0, "user:bo@acme.io")));
    let (fits, long) = ("a".repeat(59), "a".repeat(60));
    assert!(ScopeSegment::new(ScopeType::User, &fits).is_ok());
    assert_eq!(ScopeSegment::new(ScopeType::User, &long), Err(too_long(0, 65)));
}

#[test]
fn the_hierarchy_of_one_path() {
    let alice = path("org:acme/dept:eng/user:alice");
    assert_eq!(alice.depth(), 2);
    assert_eq!(alice.root(), path("org:acme").as_path_ref());
    assert_eq!(alice.parent(), Some(path("org:acme/dept:eng").as_path_ref()));
    let ancestors: Vec<_> = alice.ancestors().map(ScopePathRef::as_str).collect();
    assert_eq!(ancestors, ["org:acme/dept:eng", "org:acme"], "nearest first, without the path itself");

    let acme = path("org:acme");
    assert_eq!((acme.depth(), acme.parent(), acme.ancestors().count()), (0, None, 0));
    assert_eq!(acme.root(), acme.as_path_ref());
}

#[test]
fn a_prefix_of_bytes_is_not_an_ancestor() {
    let acme = path("org:acme");
    for (other, contained) in [
        ("org:acme", true),
        ("org:acme/dept:eng", true),
        ("org:acme2", false),
        ("org:acme-eu", false),
        ("org:ac", false),
    ] {
        assert_eq!(acme.contains(&path(other)), contained, "{other}");
        assert_eq!(acme.is_ancestor_of(&path(other)), contained && other != "org:acme", "{other}");
    }
    let neighbour = path("org:acme-eu/dept:eng");
    assert_eq!(path("org:acme/dept:eng").common_ancestor(&neighbour), None);
}

#[test]
fn a_full_path_takes_no_further_segment() {
    let bo = ScopeSegment::new(ScopeType::User, "bo").unwrap();
    let full = path(&repeated("dept:eng", 7)).join(bo).unwrap();
    assert_eq!(full.as_str(), repeated("dept:eng", 7) + "/user:bo");
    assert_eq!(full.join(bo), Err(TooManySegments { found: 9, max: 8 }));
}

/// As strings, `org:acme-eu` and `org:acme.x` would fall between `org:acme` and what lies below it.
#[test]
fn a_subtree_is_one_run_of_the_order() {
    let sorted = [
        "dept:z",
        "org:acme",
        "org:acme/dept:x",
        "org:acme/dept:x/user:a",
        "org:acme/dept:x-1",
        "org:acme-eu",
        "org:acme.x",
        "org:acme2",
        "org:acme2/dept:a",
    ]
    .map(path);
    assert!(sorted.is_sorted_by(|a, b| a < b));
    assert!(!sorted.is_sorted_by(|a, b| a.as_str() < b.as_str()), "string order is another one");
}

#[test]
fn maps_are_searched_with_borrowed_paths() {
    let [acme, eng, alice] = ["org:acme", "org:acme/dept:eng", "org:acme/dept:eng/user:alice"].map(path);
    let tree = BTreeMap::from([(acme.clone(), 1), (alice.clone(), 3)]);
    let table: HashMap<_, _> = tree.clone().into_iter().collect();
    for (key, expected) in
        [(alice.as_path_ref(), Some(&3)), (alice.root(), Some(&1)), (eng.as_path_ref(), None)]
    {
        assert_eq!(tree.get(&key as &dyn PathKey), expected);
        assert_eq!(table.get(&key as &dyn PathKey), expected);
    }
    assert_eq!(tree.get(&alice as &dyn PathKey), Some(&3));
}

#[test]
fn json_holds_the_canonical_string_and_is_parsed_strictly() {
    let alice = path("org:acme/user:alice");
    let json = serde_json::to_string(&alice).unwrap();
    assert_eq!(json, r#""org:acme/user:alice""#);
    assert_eq!(serde_json::to_string(&alice.as_path_ref()).unwrap(), json);
    assert_eq!(serde_json::from_str::<ScopePath>(&json).unwrap(), alice);
    assert_eq!(serde_json::from_str::<ScopePath>(r#""org:\u0061cme""#).unwrap(), path("org:acme"));
    assert_eq!(serde_json::from_value::<ScopePath>(json_string("org:acme")).unwrap(), path("org:acme"));
    for refused in [r#""Org:acme""#, r#""""#, r#""org:acme/""#, "null", "1", r#"["org:acme"]"#] {
        assert!(serde_json::from_str::<ScopePath>(refused).is_err(), "{refused}");
    }
}

fn json_string(text: &str) -> serde_json::Value {
    serde_json::Value::String(text.to_owned())
}

#[test]
fn an_actor_is_one_segment_of_a_type_that_acts() {
    for name in ["user:alice", "agent:planner_v3", "service:slack-sync", "system:sweeper", "user:a@b.io"] {
        let actor = ActorPath::parse(name).unwrap();
        assert_eq!((actor.as_str(), actor.to_string().as_str()), (name, name));
        assert_eq!(actor.as_path(), &path(name));
        assert_eq!(serde_json::to_value(&actor).unwrap(), json_string(name));
        assert_eq!(serde_json::from_value::<ActorPath>(json_string(name)).unwrap(), actor);
    }
    for refused in [
        "org:acme",
        "dept:eng",
        "team:x",
        "ws:x",
        "org:acme/user:alice",
        "alice",
        "User:alice",
        "user:",
        "",
        "user:\n",
    ] {
        let error = ActorPath::parse(refused).unwrap_err();
        assert_eq!(error.code(), "INVALID_ACTOR", "{refused}");
        assert!(!error.to_string().contains(char::is_control), "{error}");
        assert!(serde_json::from_value::<ActorPath>(json_string(refused)).is_err(), "{refused}");
    }
}

/// The grammar again, rule by rule, slowly and without telling which rule is broken.
mod oracle {
    pub(super) fn accepts(text: &str) -> bool {
        let segments: Vec<&str> = text.split('/').collect();
        segments.len() <= 8 && segments.iter().all(|segment| accepts_segment(segment)) // G1
    }

    fn accepts_segment(segment: &str) -> bool {
        let parts: Vec<&str> = segment.splitn(2, ':').collect();
        let &[name, id] = parts.as_slice() else { return false };
        let chars: Vec<char> = id.chars().collect();
        let allowed = "-_.@0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let edge = |at: Option<&char>| at.is_some_and(|ch| !"-_.@".contains(*ch));
        let address: Vec<&str> = id.split('@').collect();
        let ulid_alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let ulid = chars.len() == 26
            && chars.iter().all(|ch| ulid_alphabet.contains(ch.to_ascii_uppercase()))
            && "01234567".contains(chars[0]);
        segment.chars().count() <= 64 // G2
            && ["org", "dept", "team", "user", "agent", "service", "system", "ws"].contains(&name) // G3
            && chars.iter().all(|ch| allowed.contains(*ch)) // G9
            && edge(chars.first()) && edge(chars.last()) // G10
            && address.len() <= 2 // G11
            && (!ulid || id == id.to_uppercase()) // G14
            && (address.len() < 2 || address[1] == address[1].to_lowercase()) // G14
    }
}

/// Segments some of which are prefixes of others, so that random paths are related.
const STOCK: &[&str] =
    &["org:acme", "org:acme-eu", "org:acme.x", "org:acme2", "dept:acme", "user:a@acme", "user:A", "ws:a"];

fn segments() -> impl Strategy<Value = Vec<String>> {
    vec(select(STOCK).prop_map(str::to_owned), 1..=8)
}

const WORDS: &[&str] =
    &["org", "dept", "team", "user", "agent", "service", "system", "ws", "Org", "USER", "a", "B"];
const MARKS: &[&str] = &[":", "/", "-", "_", ".", "@", "+", "é", " ", "7"];
const PHRASES: &[&str] =
    &["org:acme", "org:acme/", "x@Acme.io", "01hx3zq6j5m8k9n0p1q2r3s4t5", "01HX3ZQ6J5M8K9N0P1Q2R3S4T5"];

/// Text that is a path, nearly one, or not at all.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![select(WORDS), select(MARKS), select(PHRASES), Just(":"), Just("/")];
    prop_oneof![
        vec(piece, 0..16).prop_map(|pieces| pieces.concat()),
        "(org|user|ws|Dept):[a-zA-Z0-9._@-]{1,30}(/(team|agent|service|system):[a-zA-Z0-9]{1,57}){0,8}",
        any::<String>(),
    ]
}

fn is_prefix(p: &[String], q: &[String]) -> bool {
    q.starts_with(p)
}

fn built(segments: &[String]) -> ScopePath {
    path(&segments.join("/"))
}

proptest! {
    #[test]
    fn parsing_accepts_what_the_grammar_does(text in text()) {
        let found = ScopePath::parse(&text);
        prop_assert_eq!(found.is_ok(), oracle::accepts(&text), "{:?}", found);
        if let Ok(path) = found {
            prop_assert_eq!(path.to_string(), text);
        }
    }

    #[test]
    fn normalising_twice_changes_nothing_more(text in text()) {
        if let Ok(once) = ScopePath::normalise(&text) {
            prop_assert_eq!(ScopePath::normalise(once.as_str()), Ok(once.clone()));
            prop_assert_eq!(ScopePath::parse(once.as_str()), Ok(once));
        }
        if let Ok(strict) = ScopePath::parse(&text) {
            prop_assert_eq!(ScopePath::normalise(&text), Ok(strict));
        }
    }

    #[test]
    fn normalising_never_leaves_letter_case_wrong(text in text()) {
        let only_letter_case = matches!(ScopePath::normalise(&text), Err(NonCanonical { .. }));
        prop_assert!(!only_letter_case);
    }

    #[test]
    fn the_suggested_correction_is_what_normalising_gives(text in text()) {
        if let Err(NonCanonical { canonical, .. }) = ScopePath::parse(&text)
            && let Ok(mended) = ScopePath::normalise(&text)
        {
            prop_assert_eq!(canonical, mended.as_str());
        }
    }

    #[test]
    fn one_path_agrees_with_the_oracle(p in segments()) {
        let path = built(&p);
        prop_assert_eq!(path.segments().map(|segment| segment.to_string()).collect::<Vec<_>>(), p.clone());
        prop_assert_eq!(path.segment_count(), p.len());
        prop_assert_eq!(path.depth(), p.len() - 1);
        prop_assert_eq!(path.root().as_str(), &p[0]);
        prop_assert_eq!(path.leaf().to_string(), p[p.len() - 1].clone());
        let ancestors: Vec<String> = path.ancestors().map(|ancestor| ancestor.to_string()).collect();
        let expected: Vec<String> = (1..p.len()).rev().map(|len| p[..len].join("/")).collect();
        prop_assert_eq!(path.parent().map(|parent| parent.to_string()), expected.first().cloned());
        prop_assert_eq!(ancestors, expected);
        // What is cut from a path is a path again, and equal to one that was parsed.
        for ancestor in path.ancestors() {
            prop_assert_eq!(ScopePath::parse(ancestor.as_str()), Ok(ancestor.to_path()));
        }
    }

    #[test]
    fn joining_the_leaf_to_the_parent_gives_the_path_back(p in segments()) {
        let path = built(&p);
        let again = match path.parent() {
            Some(parent) => parent.join(path.leaf()),
            None => Ok(path.leaf().into()),
        };
        prop_assert_eq!(again, Ok(path));
    }

    #[test]
    fn two_paths_agree_with_the_oracle(p in segments(), q in segments()) {
        let (path, other) = (built(&p), built(&q));
        prop_assert_eq!(path.contains(&other), is_prefix(&p, &q));
        prop_assert_eq!(path.is_ancestor_of(&other), is_prefix(&p, &q) && p != q);
        prop_assert_eq!(path == other, p == q);
        prop_assert_eq!(path.cmp(&other), p.cmp(&q));
        prop_assert_eq!((&path as &dyn PathKey).cmp(&other as &dyn PathKey), p.cmp(&q));
        let shared: Vec<String> = p.iter().zip(&q).take_while(|(a, b)| a == b).map(|(a, _)| a.clone()).collect();
        let expected = (!shared.is_empty()).then(|| shared.join("/"));
        prop_assert_eq!(path.common_ancestor(&other).map(|common| common.to_string()), expected);
        prop_assert_eq!(path.common_ancestor(&other), other.common_ancestor(&path));
    }

    #[test]
    fn containing_is_a_partial_order(p in segments(), q in segments(), r in segments(), cut in 1_usize..8) {
        // Unrelated paths would make the laws hold for nothing, so prefixes of one of them take part as well.
        let all = [p[..cut.min(p.len())].to_vec(), p, q, r].map(|segments| built(&segments));
        for a in &all {
            prop_assert!(a.contains(a), "reflexive");
            for b in &all {
                prop_assert!(!(a.contains(b) && b.contains(a)) || a == b, "antisymmetric");
                if a.contains(b) {
                    prop_assert!(a.segment_count() <= b.segment_count());
                    prop_assert_eq!(a.root(), b.root());
                }
                for c in &all {
                    prop_assert!(!(a.contains(b) && b.contains(c)) || a.contains(c), "transitive");
                }
            }
        }
    }

    #[test]
    fn the_ancestors_form_a_chain(p in segments()) {
        let path = built(&p);
        let chain: Vec<_> = std::iter::once(path.as_path_ref()).chain(path.ancestors()).collect();
        prop_assert!(chain.len() <= SEGMENTS_MAX);
        for (nearer, above) in chain.iter().zip(chain.iter().skip(1)) {
            prop_assert!(above.is_ancestor_of(*nearer));
            prop_assert_eq!(above.segment_count() + 1, nearer.segment_count());
        }
    }

    #[test]
    fn a_path_and_its_descendants_are_contiguous(forest in vec(segments(), 1..40), top in segments()) {
        let mut sorted: BTreeSet<ScopePath> = forest.iter().map(|segments| built(segments)).collect();
        for len in 1..=top.len() {
            sorted.insert(built(&top[..len]));
        }
        for top in &sorted {
            let run: Vec<_> = sorted.range(top.clone()..).take_while(|path| top.contains(*path)).collect();
            let all: Vec<_> = sorted.iter().filter(|path| top.contains(*path)).collect();
            prop_assert_eq!(run, all);
        }
    }

    #[test]
    fn equal_paths_hash_alike_however_they_are_held(p in segments()) {
        let (owned, again) = (built(&p), built(&p));
        let hasher = RandomState::new();
        let hash = hasher.hash_one(&owned);
        prop_assert_eq!(hash, hasher.hash_one(&again));
        prop_assert_eq!(hash, hasher.hash_one(owned.as_path_ref()));
        prop_assert_eq!(hash, hasher.hash_one(&owned as &dyn PathKey));
        prop_assert_eq!(hash, hasher.hash_one(owned.as_str()));
    }

    #[test]
    fn any_types_may_stand_in_any_order(types in subsequence(ScopeType::ALL.to_vec(), 1..=8).prop_shuffle()) {
        let text: Vec<String> = types.iter().map(|scope_type| format!("{scope_type}:x")).collect();
        let path = built(&text);
        prop_assert_eq!(path.segments().map(ScopeSegment::scope_type).collect::<Vec<_>>(), types);
    }
}
