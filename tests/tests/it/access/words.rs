//! What is declared of something: environment and classification, by the letter of decision 0026.

use super::conditions::{Attribute, Truth, yes};
use super::oracle::Access;
use super::policy::Rules;
use std::collections::BTreeSet;

/// What is said of one attribute.
#[derive(Debug, Clone)]
pub(super) enum Words {
    /// These words; and, where it cannot be told, perhaps others.
    Said { words: BTreeSet<String>, open: bool },
    /// Nobody says.
    Missing,
    /// Asked of each object by itself.
    Each,
}

impl Words {
    /// A test is answered when all words give the same answer.
    pub(super) fn test(&self, so: impl Fn(&str) -> bool) -> Truth {
        match self {
            Self::Missing => Truth::Missing,
            Self::Each => Truth::Each,
            Self::Said { open: true, .. } => Truth::Missing,
            Self::Said { words, .. } => {
                let answers: BTreeSet<bool> = words.iter().map(|word| so(word)).collect();
                if answers.len() == 1 { yes(answers.contains(&true)) } else { Truth::Missing }
            }
        }
    }
    /// The only word there is; of several none is compared.
    pub(super) fn single(&self) -> Attribute<'_> {
        match self {
            Self::Said { words, open: false } if words.len() == 1 => {
                words.first().map_or(Attribute::Missing, |word| Attribute::Is(word))
            }
            Self::Each => Attribute::Each,
            _ => Attribute::Missing,
        }
    }
}

/// Words, and whether there may be others.
#[derive(Default)]
struct Gathered {
    words: BTreeSet<String>,
    open: bool,
}

impl Rules {
    /// Environment and classification: of an object where it was written and by its type, of a scope by what is declared for it.
    pub(super) fn declared(
        &self,
        access: &Access,
        home: Option<&str>,
        object_type: Attribute<'_>,
    ) -> (Words, Words) {
        let chain = home.map_or_else(Vec::new, |home| access.chain(home));
        let gather = |attribute: &str, far: bool| {
            let mut gathered = Gathered::default();
            for (rule, to) in self.in_force("declaration") {
                let Some(word) = rule.body["content"]["attributes"][attribute].as_str() else { continue };
                let (scope, type_word) = (to.get("scope"), to.get("object_type"));
                let everywhere = scope.is_none() && type_word.is_none();
                let here = scope.is_none_or(|at| chain.iter().any(|up| at == up));
                if everywhere != far || !here {
                    continue;
                }
                match type_word.map_or(Truth::Yes, |wanted| object_type.test(|is| wanted == is)) {
                    Truth::Yes => drop(gathered.words.insert(word.to_owned())),
                    // What is bound to a type alone is met by a question that names one.
                    Truth::Missing if scope.is_some() => gathered.open = true,
                    _ => {}
                }
            }
            gathered
        };
        // Each thing in a list is asked about by itself: how sensitive it is, not where it is.
        let lists = matches!(object_type, Attribute::Each);
        let settle = |attribute: &str, of_each: bool| {
            let near = gather(attribute, false);
            let far = gather(attribute, true);
            match (near.words.is_empty() && !near.open, far.words.is_empty(), of_each && lists) {
                (false, _, _) => Words::Said { words: near.words, open: near.open },
                (true, _, true) => Words::Each,
                (true, true, false) => Words::Missing,
                (true, false, false) => Words::Said { words: far.words, open: false },
            }
        };
        (settle("environment", false), settle("classification", true))
    }
}
