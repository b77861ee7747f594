//! References between the objects of a package: which fields hold them, and how they come to name the new ids.
//!
//! Three say that a field holds references, and what any of them says counts: the contract that governed where the package was made (it
//! is written into the manifest), the one that governs where it is brought in, and whoever brings it in. A contract knows one sort of
//! reference, a field of the type `ref`; for a list of ids somebody has to name the field.
//! What nobody named is kept as it was; where it is the id of something that came along, that is told.

use super::ImportOptions;
use crate::data::Data;
use crate::error::Result;
use scoped_projections::{ObjectId, World};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Fields that hold references, by the type of the objects.
pub type References = BTreeMap<String, BTreeSet<String>>;

/// Fields of type `ref` of the contract that governs objects of a type that are at home in a scope.
pub(crate) fn declared<'w>(world: &'w World, object_type: &str, home: u32) -> impl Iterator<Item = &'w str> {
    let contracts = world.contracts();
    let governing = contracts.governing(object_type, home, world.tenancy());
    let current = governing.and_then(|row| contracts.current(row));
    current.into_iter().flat_map(|(_, version)| version.definition.references())
}

/// What the options name of a type.
pub(super) fn named<'o>(options: &'o ImportOptions, object_type: &str) -> impl Iterator<Item = &'o String> {
    options.references.iter().filter(move |(of, _)| of == object_type).map(|(_, key)| key)
}

/// Data whose references name the new ids.
pub(super) struct Remapped {
    pub(super) data: Data,
    /// References that name something outside: key and id.
    pub(super) outside: Vec<(String, String)>,
    /// Fields that nobody named, and in which the id of something that came along stands: key and id.
    pub(super) kept: Vec<(String, String)>,
}

impl Remapped {
    pub(super) fn new(
        data: &Data,
        references: &BTreeSet<String>,
        mapping: &BTreeMap<ObjectId, ObjectId>,
    ) -> Result<Self> {
        let (mut value, mut outside, mut kept) = (data.value()?, Vec::new(), Vec::new());
        for (key, field) in value.as_object_mut().into_iter().flatten() {
            let named = references.contains(key);
            each_text(field, named, &mut |text| {
                let Ok(id) = text.parse::<ObjectId>() else { return };
                match (mapping.get(&id), named) {
                    (Some(new), true) => *text = new.to_string(),
                    (None, true) => outside.push((key.clone(), text.clone())),
                    (Some(_), false) => kept.push((key.clone(), text.clone())),
                    (None, false) => {}
                }
            });
        }
        let data = if references.is_empty() { data.clone() } else { Data::new(&value)? };
        Ok(Self { data, outside, kept })
    }
}

/// Every text of a value. A reference is an id, or a list of ids; a map would not be one.
fn each_text(value: &mut Value, reference: bool, see: &mut dyn FnMut(&mut String)) {
    match value {
        Value::String(text) => see(text),
        Value::Array(list) => list.iter_mut().for_each(|value| each_text(value, reference, see)),
        Value::Object(map) if !reference => {
            map.values_mut().for_each(|value| each_text(value, reference, see))
        }
        _ => {}
    }
}
