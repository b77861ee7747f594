//! The rows of views: every view by name, and the default.

use super::*;
use scoped::{Recall, View};

/// The ways to ask of an operation.
pub(super) fn reading(operation: &str) -> Vec<Ask> {
    if operation == "views.layer" {
        return vec![
            |reading, aim| reading.layer(&Recall::from(aim.scope.clone())).map(drop),
            |reading, aim| reading.layer(&Recall::from(aim.scope.clone()).view(View::Raw)).map(drop),
            |reading, aim| reading.layer(&Recall::from(aim.scope.clone()).view(View::Structured)).map(drop),
        ];
    }
    vec![
        |reading, aim| reading.recall(&Recall::from(aim.scope.clone())).map(drop),
        |reading, aim| reading.recall(&Recall::from(aim.scope.clone()).view(View::Granular)).map(drop),
        |reading, aim| reading.recall(&Recall::from(aim.scope.clone()).view(View::Holistic)).map(drop),
        |reading, aim| reading.recall(&Recall::from(aim.scope.clone()).view(View::Descend)).map(drop),
        |reading, aim| reading.recall(&Recall::from(aim.scope.clone()).explained()).map(drop),
    ]
}
