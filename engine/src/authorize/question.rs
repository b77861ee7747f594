//! What is asked: may this be done, there?

use crate::rules::outside::AskedData;
use scoped_projections::rules::{Action, Attribute};
use scoped_projections::tenancy::Capability;

/// What a question is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// What every active principal may do, with things of its own.
    Own,
    /// What belongs to no scope: principals, root scopes, marks.
    Deployment,
    /// A scope, by row.
    Scope(u32),
    /// A path that is not registered; the answer is that of its nearest registered ancestor.
    Below(u32),
    /// An object, by row.
    Object(u32),
    /// Nothing that exists.
    Nothing,
}

/// A question: may this be done, there?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request<'a> {
    /// What one must hold.
    pub capability: Capability,
    /// What one is about to do with it: what rules speak about.
    pub action: Action,
    /// What it is about.
    pub target: Target,
    /// The type of the object that is to be made; of an object that is there the type is known.
    pub object_type: Option<&'a str>,
    /// The environment it is done in, where one is known.
    pub environment: Option<&'a str>,
    /// The connector it comes through. None: whoever asks, where that is one.
    pub connector: Attribute<&'a str>,
    /// How sensitive it is, where that is known.
    pub classification: Option<&'a str>,
    /// What conditions on data look at.
    pub(crate) data: AskedData<'a>,
}

impl<'a> Request<'a> {
    /// The question for a capability, with the action that mostly goes with it.
    #[must_use]
    pub fn new(capability: Capability, target: Target) -> Self {
        Self {
            capability,
            action: Action::of(capability),
            target,
            object_type: None,
            environment: None,
            connector: Attribute::None,
            classification: None,
            data: AskedData::Missing,
        }
    }
    /// The question for a capability, about an action where one is named.
    #[must_use]
    pub fn about(capability: Capability, action: Option<Action>, target: Target) -> Self {
        let request = Self::new(capability, target);
        action.map_or(request, |action| request.doing(action))
    }
    /// The same as asked of tenancy alone: rules never speak about changing rules.
    pub(crate) fn ungoverned(self) -> Self {
        self.doing(Action::Rules)
    }
    /// The same, with the data that conditions look at.
    pub(crate) fn with_data(mut self, data: AskedData<'a>) -> Self {
        self.data = data;
        self
    }
    /// The same, through this connector unless it names one.
    pub(crate) fn coming_through(self, connector: Attribute<&'a str>) -> Self {
        if self.connector == Attribute::None { Self { connector, ..self } } else { self }
    }
    /// The same, about another action.
    #[must_use]
    pub fn doing(mut self, action: Action) -> Self {
        self.action = action;
        self
    }
    /// The same, about something of that type that is to be made.
    #[must_use]
    pub fn typed(mut self, object_type: &'a str) -> Self {
        self.object_type = Some(object_type);
        self
    }
    /// The same without what it borrows.
    pub(crate) fn bare(self) -> Request<'static> {
        Request::new(self.capability, self.target).doing(self.action)
    }
}
