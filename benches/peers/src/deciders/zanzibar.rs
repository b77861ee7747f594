//! simple-zanzibar: relations, with those of a scope inherited from the scope above, and an exclusion for the denied.

use super::{Decides, Kind, World, name};
use scoped_tools::bench::forest::{Forest, Place, Question};
use simple_zanzibar::model::{Object, Relation, User};
use simple_zanzibar::{PolicyText, ZanzibarEngine};

pub(super) const KIND: Kind = Kind {
    name: "simple-zanzibar",
    how: "relations inherited through the tree, an exclusion",
    make: |world| Ok(Box::new(Relations::new(world)?)),
};

const SCHEMA: &str = r#"
namespace scope {
    relation parent {}
    relation writer {
        rewrite union(this, tuple_to_userset(tupleset: "parent", computed_userset: "writer"))
    }
    relation denied {
        rewrite union(this, tuple_to_userset(tupleset: "parent", computed_userset: "denied"))
    }
}
namespace object {
    relation home {}
    relation writer {
        rewrite exclusion(
            tuple_to_userset(tupleset: "home", computed_userset: "writer"),
            tuple_to_userset(tupleset: "home", computed_userset: "denied")
        )
    }
}
"#;

struct Relations {
    engine: ZanzibarEngine,
    writer: Relation,
}

impl Relations {
    fn new(world: World) -> anyhow::Result<Self> {
        anyhow::ensure!(world.rules == 0, "relations have no conditions");
        let parents = Place::all().filter_map(|place| {
            let above = place.parent()?;
            Some(format!("scope:{}#parent@scope:{}#writer", name(place), name(above)))
        });
        let homes = (0..world.forest.objects)
            .map(|number| format!("object:{number}#home@scope:{}#writer", name(Forest::home(number))));
        let members = world.members().map(|(who, place)| format!("scope:{}#writer@user:{who}", name(place)));
        let denies = world.denies().map(|(who, place)| format!("scope:{}#denied@user:{who}", name(place)));
        let facts: Vec<String> = parents.chain(homes).chain(members).chain(denies).collect();
        let policy = PolicyText::from_single_relationship_file(SCHEMA.to_owned(), facts.join("\n"));
        let engine = ZanzibarEngine::from_policy_text(&policy)?;
        Ok(Self { engine, writer: Relation::new("writer") })
    }
}

impl Decides for Relations {
    fn decide(&self, question: Question) -> anyhow::Result<bool> {
        let object = Object::new("object", question.object.to_string());
        Ok(self.engine.check_relation(
            &object,
            &self.writer,
            &User::user_id(question.principal.to_string()),
        )?)
    }
}
