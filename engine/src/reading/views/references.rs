//! What a record refers to: the fields that the contract it was written under declares as `ref`, where they name an object.
//!
//! No data leaves by it but the id itself, and that only of an object that the reader may read too, from a field that is not hidden from
//! the reader: so a reference tells of nothing that could not be asked for. A `ref` may name other things than objects; those are no
//! edges. Cost: nothing without such a contract; else the data of the record is read.

use super::answer::RecordReference;
use super::sight::Eyes;
use crate::authorize::Target;
use crate::error::Result;
use scoped_projections::ObjectId;
use scoped_projections::objects::Object;
use scoped_projections::tenancy::Capability as C;
use serde_json::Value;

impl Eyes<'_> {
    /// The references of a record that its reader may know of, in the order of the contract's fields.
    pub(super) fn references(&self, row: u32, object: &Object) -> Result<Vec<RecordReference>> {
        let (contracts, objects) = (self.world().contracts(), self.world().objects());
        let object_type = objects.object_type(object);
        let wrote = contracts.governed(object_type, object.home, object.data, self.world().tenancy());
        let version = wrote.and_then(|(contract, number)| contracts.version(contract, number));
        let mut fields = version.into_iter().flat_map(|version| version.definition.references()).peekable();
        if fields.peek().is_none() {
            return Ok(Vec::new());
        }
        let data = self.data(row, object.data)?;
        let named = |name: &str| -> Option<ObjectId> {
            let to: ObjectId = data.get(name).and_then(Value::as_str)?.parse().ok()?;
            let readable = objects.row(to).is_some_and(|to| self.holds(C::ReadLocal, Target::Object(to)));
            readable.then_some(to)
        };
        let edge = |name: &str| {
            Some(RecordReference { object_id: object.id, field: name.to_owned(), to: named(name)? })
        };
        Ok(fields.filter_map(edge).collect())
    }
}
