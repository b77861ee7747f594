//! What a world takes in memory, thing by thing.
//!
//! The containers tell what they take ([`Part`]); the list below says which of them belong to an object, a version, a scope. What it
//! does not name (rules, contracts, settings …) shows by its domain. Units: bytes of one world; an engine keeps two.

use crate::World;
pub use crate::store::Part;
use crate::tagged::tagged;

tagged! {
    /// Something that there may be millions of.
    pub enum Thing as "thing" {
        /// An object, with where it is projected and whose it is; without its versions.
        Object = 1, "object";
        /// A change of an object.
        Version = 2, "version";
        /// A scope.
        Scope = 3, "scope";
        /// A principal's part in a scope.
        Membership = 4, "membership";
        /// A principal.
        Principal = 5, "principal";
        /// An entry of an access control list.
        Entry = 6, "entry";
    }
}

/// The containers that things lie in: domain and name.
const PLACES: &[(Thing, &str, &[&str])] = &[
    (Thing::Object, "objects", &["objects", "types", "by_owner", "usage", "attributes", "parked"]),
    (Thing::Object, "sharing", &["places", "in_scope", "parked"]),
    (Thing::Version, "objects", &["changes", "reasons", "origins"]),
    (
        Thing::Scope,
        "tenancy",
        &["nodes", "spine", "moves", "paths", "children", "counts", "policies", "described"],
    ),
    (
        Thing::Membership,
        "tenancy",
        &["members", "presences", "parts", "by_scope", "by_principal", "ends", "parked"],
    ),
    (Thing::Principal, "identity", &["principals", "kinds", "handles", "relations", "groups"]),
    (Thing::Entry, "tenancy", &["acl", "acl_by_scope", "entry_ends"]),
];

/// What all things of a sort take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Of what.
    pub thing: Thing,
    /// How many there are, ended ones included.
    pub count: usize,
    /// Bytes in one world.
    pub bytes: usize,
}

impl Taken {
    /// Bytes of one of them, in one world; 0 where there are none.
    #[must_use]
    pub fn each(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.bytes as f64 / self.count as f64 }
    }
}

impl World {
    /// What things of each sort take.
    #[must_use]
    pub fn takes(&self) -> Vec<Taken> {
        let parts = self.footprint();
        let of = |thing| {
            let places = PLACES.iter().filter(move |(own, ..)| *own == thing);
            let holds = |part: &&Part| {
                places
                    .clone()
                    .any(|(_, domain, names)| part.domain == *domain && names.contains(&part.container))
            };
            parts.iter().filter(holds).map(|part| part.bytes).sum()
        };
        let taken = |(thing, count)| Taken { thing, count, bytes: of(thing) };
        [
            (Thing::Object, self.objects().len()),
            (Thing::Version, self.objects().changes_len()),
            (Thing::Scope, self.tenancy().len()),
            (Thing::Membership, self.tenancy().members_len()),
            (Thing::Principal, self.identity().len()),
            (Thing::Entry, self.tenancy().entries_len()),
        ]
        .map(taken)
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A container that is renamed would vanish from the sum without a word.
    #[test]
    fn every_place_is_a_container_and_the_domains_of_objects_and_scopes_are_told_whole() {
        let parts = World::default().footprint();
        for (_, domain, names) in PLACES {
            for name in *names {
                assert!(
                    parts.iter().any(|part| part.domain == *domain && part.container == *name),
                    "{domain}.{name}"
                );
            }
        }
        for part in &parts {
            let told = PLACES
                .iter()
                .filter(|(_, domain, names)| *domain == part.domain && names.contains(&part.container));
            let many = ["objects", "sharing", "tenancy", "identity"].contains(&part.domain);
            assert_eq!(told.count(), usize::from(many), "{}.{}", part.domain, part.container);
        }
    }
}
