//! Entities in one word, for programs: `object:01HX…`, `member:SCOPE/PRINCIPAL`, `share:OBJECT/SCOPE`, `registry`.

use super::Entity;
use scoped_projections::shown;
use std::str::FromStr;

/// A text that names no entity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no entity: use SORT:ID such as object:01HX3ZQ6J5M8K9N0P1Q2R3S4T5, member:SCOPE/PRINCIPAL or share:OBJECT/SCOPE"
)]
pub struct EntityError(String);

impl Entity {
    /// The word for its sort.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Principal(_) => "principal",
            Self::Scope(_) => "scope",
            Self::Member(..) => "member",
            Self::Entry(_) => "entry",
            Self::Object(_) => "object",
            Self::Share(..) => "share",
            Self::Edge(_) => "edge",
            Self::Policy(_) => "policy",
            Self::Registration(_) => "registration",
            Self::Registry => "registry",
            Self::Contract(_) => "contract",
            Self::Template(_) => "template",
            Self::Setting(_) => "setting",
            Self::Rule(_) => "rule",
            Self::Binding(_) => "binding",
            Self::Subject(_) => "subject",
        }
    }

    /// The one word that [`FromStr`] reads.
    #[must_use]
    pub fn code(self) -> String {
        match self {
            Self::Registry => self.kind().to_owned(),
            Self::Member(scope, principal) => format!("{}:{scope}/{principal}", self.kind()),
            Self::Share(object, scope) => format!("{}:{object}/{scope}", self.kind()),
            other => format!("{}:{}", other.kind(), scoped_projections::ObjectId(other.id())),
        }
    }
}

impl FromStr for Entity {
    type Err = EntityError;
    fn from_str(text: &str) -> Result<Self, EntityError> {
        let wrong = || EntityError(shown(text));
        fn id<T: FromStr>(text: &str) -> Option<T> {
            text.parse().ok()
        }
        fn two<A: FromStr, B: FromStr>(text: &str) -> Option<(A, B)> {
            let (a, b) = text.split_once('/')?;
            id(a).zip(id(b))
        }
        let (sort, rest) = text.split_once(':').unwrap_or((text, ""));
        let found = match sort {
            "principal" => id(rest).map(Self::Principal),
            "scope" => id(rest).map(Self::Scope),
            "member" => two(rest).map(|(scope, principal)| Self::Member(scope, principal)),
            "entry" => id(rest).map(Self::Entry),
            "object" => id(rest).map(Self::Object),
            "share" => two(rest).map(|(object, scope)| Self::Share(object, scope)),
            "edge" => id(rest).map(Self::Edge),
            "policy" => id(rest).map(Self::Policy),
            "registration" => id(rest).map(Self::Registration),
            "registry" => (text == "registry").then_some(Self::Registry),
            "contract" => id(rest).map(Self::Contract),
            "template" => id(rest).map(Self::Template),
            "setting" => id(rest).map(Self::Setting),
            "rule" => id(rest).map(Self::Rule),
            "binding" => id(rest).map(Self::Binding),
            "subject" => id(rest).map(Self::Subject),
            _ => None,
        };
        found.ok_or_else(wrong)
    }
}

impl serde::Serialize for Entity {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use scoped_projections::*;

    #[test]
    fn every_sort_of_entity_is_read_back_from_its_word() {
        for entity in [
            Entity::Principal(PrincipalId(1)),
            Entity::Scope(ScopeId(2)),
            Entity::Member(ScopeId(2), PrincipalId(1)),
            Entity::Entry(EntryId(3)),
            Entity::Object(ObjectId(4)),
            Entity::Share(ObjectId(4), ScopeId(2)),
            Entity::Edge(EdgeId(5)),
            Entity::Policy(ScopeId(2)),
            Entity::Registration(RegistrationId(6)),
            Entity::Registry,
            Entity::Contract(ContractId(7)),
            Entity::Template(TemplateId(8)),
            Entity::Setting(SettingId(9)),
            Entity::Rule(RuleId(10)),
            Entity::Binding(BindingId(11)),
        ] {
            assert_eq!(entity.code().parse(), Ok(entity), "{entity}");
        }
        for wrong in
            ["", "object", "object:", "object:7", "member:00000000000000000000000001", "registry:", "thing:1"]
        {
            assert!(wrong.parse::<Entity>().is_err(), "{wrong}");
        }
    }
}
