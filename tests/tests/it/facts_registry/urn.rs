//! Names of what is registered.

use super::*;

#[test]
fn a_urn_is_written_as_it_is_read_and_serves_as_a_key() {
    let one = urn("scoped:FUNCTION:core:process:3");
    assert_eq!(
        (one.kind(), one.namespace(), one.name(), one.version()),
        (&Kind::FUNCTION, "core", "process", 3)
    );
    assert_eq!(one.to_string(), "scoped:FUNCTION:core:process:3");
    assert_eq!(Urn::new(Kind::MODEL, "app", "limits", 1).unwrap().to_string(), "scoped:MODEL:app:limits:1");
    let map = HashMap::from([(one.clone(), 7)]);
    assert_eq!(map[&urn("scoped:FUNCTION:core:process:3")], 7);
}

#[test]
fn what_is_no_urn_is_refused_with_a_reason() {
    for (text, words) in [
        ("not:a:valid:urn", "invalid URN"),
        ("", "invalid URN"),
        ("Scoped:MODEL:app:a:1", "invalid URN"),
        ("scoped:MODEL:app:a", "invalid URN"),
        ("scoped:MODEL:app:a:1:2", "invalid URN"),
        ("scoped:model:app:a:1", "no kind"),
        ("scoped::app:a:1", "no kind"),
        ("scoped:MODEL::a:1", "no namespace"),
        ("scoped:MODEL:app::1", "no name"),
        ("scoped:MODEL:app:a/b:1", "no name"),
        ("scoped:MODEL:app:a b:1", "no name"),
        ("scoped:MODEL:app:a\n:1", "no name"),
        ("scoped:MODEL:app:a:0", "no version"),
        ("scoped:MODEL:app:a:-1", "no version"),
        ("scoped:MODEL:app:a:+1", "no version"),
        ("scoped:MODEL:app:a:01", "no version"),
        ("scoped:MODEL:app:a:99999999999", "no version"),
        ("scoped:MODEL:app:a:one", "no version"),
    ] {
        let error = text.parse::<Urn>().expect_err(text).to_string();
        assert!(error.contains(words), "{text:?}: {error}");
    }
    let long = "n".repeat(129);
    assert!(Urn::new(Kind::MODEL, "app", &long, 1).is_err() && Urn::new(Kind::MODEL, &long, "a", 1).is_err());
}

proptest! {
    /// Once a principal's registered name held a colon, so its URN had six parts, and a registry with any principal could not be loaded.
    #[test]
    fn every_urn_that_can_be_made_is_read_back_as_itself(
        kind in "[A-Z][A-Z0-9_]{0,20}", namespace in "\\PC{0,20}", name in "\\PC{0,20}", version: u32,
    ) {
        if let Ok(made) = Urn::new(Kind::named(&kind).unwrap(), &namespace, &name, version) {
            prop_assert_eq!(&made.to_string().parse::<Urn>().unwrap(), &made);
            let json = serde_json::to_string(&made).unwrap();
            prop_assert_eq!(serde_json::from_str::<Urn>(&json).unwrap(), made);
        }
    }

    #[test]
    fn every_text_that_reads_as_a_urn_is_written_as_it_stands(text in "(scoped:)?\\PC{0,40}") {
        if let Ok(read) = text.parse::<Urn>() {
            prop_assert_eq!(read.to_string(), text);
        }
    }
}
