//! In which environment something is, and how sensitive it is: what rules of the class `declaration` say of a scope and what is
//! below it, of a type, of a type in a scope, or of everything.
//!
//! What is bound everywhere is said of what nobody declares otherwise; all other words add up ([`Words`]). They are rules like others: the
//! past has the words of the past, and an explanation names the rule, its version and its binding.

use super::{Asked, Attribute, Class, Content, Entry, Part, Rules, Truth, Words};
use smallvec::SmallVec;

/// What is declared of what a question is about, and by what.
#[derive(Debug, Clone)]
pub struct Declared<'a> {
    /// Where it is.
    pub environment: Attribute<Words<'a>>,
    /// How sensitive it is.
    pub classification: Attribute<Words<'a>>,
    /// What said so.
    pub by: SmallVec<[Entry; 4]>,
}

/// What is said of one attribute: near, and everywhere.
#[derive(Default)]
struct Said<'a> {
    near: Words<'a>,
    far: Words<'a>,
    by: SmallVec<[(bool, Entry); 4]>,
}

impl<'a> Said<'a> {
    fn add(&mut self, word: &'a str, truth: Truth, far: bool, entry: &Entry) {
        let words = if far { &mut self.far } else { &mut self.near };
        match truth {
            Truth::Yes => words.add(word),
            Truth::Missing => words.add_unknown(),
            Truth::No | Truth::Each | Truth::Pending => return,
        }
        self.by.push((far, *entry));
    }
    /// The words that hold, and those of the entries that said them.
    fn settle(self, unsaid: Attribute<Words<'a>>, by: &mut SmallVec<[Entry; 4]>) -> Attribute<Words<'a>> {
        let far = self.near.is_empty();
        let words = if far { self.far } else { self.near };
        if words.is_empty() || (far && unsaid == Attribute::Each) {
            return unsaid;
        }
        for (_, entry) in self.by.iter().filter(|(is_far, _)| *is_far == far) {
            if !by.iter().any(|known| known.binding == entry.binding) {
                by.push(*entry);
            }
        }
        Attribute::Is(words)
    }
}

impl Rules {
    /// Is anything bound that declares?
    #[must_use]
    pub fn has_declarations(&self) -> bool {
        self.usage.has_declarations()
    }

    /// What is declared of what a question is about: its scopes, its type. Its own attributes are not looked at.
    #[must_use]
    pub fn declared(&self, asked: &Asked<'_>) -> Declared<'_> {
        let (mut environment, mut classification) = (Said::default(), Said::default());
        if self.has_declarations() {
            let asked = Asked { environment: Attribute::None, connector: Attribute::None, ..*asked };
            self.each(&asked, Part::Others, &mut |entry| {
                if entry.class != Class::Declaration {
                    return;
                }
                let Some(Content::Attributes(says)) = self.content(entry) else { return };
                let far = self.binding_at(entry.binding).is_some_and(|bound| bound.targets.count() == 0);
                let truth = self.bound(entry, &asked);
                if let Some(word) = &says.environment {
                    environment.add(word, truth, far, entry);
                }
                if let Some(word) = &says.classification {
                    classification.add(word, truth, far, entry);
                }
            });
        }
        // A list is asked about its scope; how sensitive what it shows is, is asked of each thing by itself.
        let unsaid = if asked.object == Attribute::Each { Attribute::Each } else { Attribute::Missing };
        let mut by = SmallVec::new();
        let environment = environment.settle(Attribute::Missing, &mut by);
        let classification = classification.settle(unsaid, &mut by);
        Declared { environment, classification, by }
    }
}
