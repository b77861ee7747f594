//! What an event did, in the few verbs that other systems sort activities by.
//!
//! Most actions say it by themselves. Those that stand for a family (rules are changed by being made, changed, bound, put away …) leave it to
//! the kind of the event. What was refused or read says it by the name of the operation. A test holds all of it against a table.

use crate::command::Command;
use crate::temporal::Nature;
use scoped_projections::Event;
use scoped_projections::audit::AuditEvent;
use scoped_projections::rules::Action;

/// The activities that classes of events share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Create,
    Read,
    Update,
    Delete,
    Enable,
    Disable,
    Other,
}

impl Verb {
    /// What an event of that kind did, or what was tried.
    pub(super) fn of(event: &Event, kind: &str) -> Self {
        match event {
            Event::Audit(AuditEvent::AccessDenied(denied)) => Self::tried(&denied.operation),
            Event::Audit(AuditEvent::AccessRecorded(_)) => Self::Read,
            _ => match Nature::of(event).action {
                Some(action) => Self::by_action(action).unwrap_or_else(|| Self::by_kind(kind)),
                None => Self::Other,
            },
        }
    }

    /// What an action does; `None` for one that stands for a family.
    fn by_action(action: Action) -> Option<Self> {
        use Action as A;
        Some(match action {
            A::Create | A::Import | A::Share | A::ScopeCreate | A::Instantiate | A::Mark => Self::Create,
            A::Read | A::Export | A::Search | A::Audit | A::Access => Self::Read,
            A::Update | A::Transfer | A::Rollback => Self::Update,
            A::Delete | A::Revoke | A::ScopeDissolve | A::Erase => Self::Delete,
            A::Restore => Self::Enable,
            A::ScopeModify
            | A::Membership
            | A::Acl
            | A::Rules
            | A::Config
            | A::Contracts
            | A::Templates
            | A::Register
            | A::Principals => return None,
        })
    }

    /// Of a family: kinds are named domain, noun, past participle.
    fn by_kind(kind: &str) -> Self {
        match kind.rsplit(['.', '_']).next().unwrap_or(kind) {
            "created" | "founded" | "added" | "registered" | "defined" | "assigned" => Self::Create,
            "archived" | "removed" | "deleted" | "expired" => Self::Delete,
            "reinstated" | "reopened" | "released" | "unfrozen" | "unarchived" | "activated" => Self::Enable,
            "suspended" | "frozen" | "deprecated" => Self::Disable,
            "set" | "updated" | "described" | "renamed" | "moved" | "changed" => Self::Update,
            _ => Self::Other,
        }
    }

    /// What an operation would have done: commands are named domain, verb, noun; all else is a question.
    fn tried(operation: &str) -> Self {
        if operation == "temporal.rollback" {
            return Self::Update;
        }
        if !operation.contains('.') {
            return Self::Other;
        }
        if Command::fields(operation).is_none() {
            return Self::Read;
        }
        let verb = operation.rsplit('.').next().unwrap_or(operation);
        match verb.split('_').next().unwrap_or(verb) {
            "create" | "found" | "add" | "register" | "define" | "provision" | "adopt" | "import"
            | "instantiate" | "mark" | "project" | "bind" | "record" => Self::Create,
            "delete" | "tombstone" | "archive" | "remove" | "revoke" | "unbind" | "erase" | "expire" => {
                Self::Delete
            }
            "restore" | "reopen" | "reinstate" | "release" | "unfreeze" | "unarchive" | "activate" => {
                Self::Enable
            }
            "suspend" | "freeze" | "deprecate" => Self::Disable,
            "export" => Self::Read,
            _ => Self::Update,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Verb;
    use crate::Command;
    use crate::reading::Operation;
    use std::collections::BTreeMap;

    /// By verb, as it is to be.
    const TRIED: [(Verb, &str); 5] = [
        (
            Verb::Create,
            "contracts.create identity.add_relationship identity.create_principal identity.found objects.create \
             objects.import objects.record_provenance registry.define_kind registry.register rules.bind rules.define sharing.project \
             templates.create templates.instantiate temporal.mark tenancy.add_acl_entry tenancy.add_member tenancy.adopt_scope \
             tenancy.create_scope tenancy.provision_scope",
        ),
        (
            Verb::Delete,
            "config.delete contracts.archive identity.archive_principal identity.remove_relationship objects.expire \
             objects.tombstone registry.archive rules.archive rules.unbind sharing.revoke subjects.erase templates.archive tenancy.delete_scope \
             tenancy.expire_acl_entry tenancy.expire_member tenancy.remove_acl_entry tenancy.remove_member",
        ),
        (
            Verb::Enable,
            "contracts.activate contracts.unarchive identity.reinstate_principal objects.restore registry.reinstate \
             registry.unfreeze rules.unarchive templates.reopen tenancy.release_scope tenancy.reopen_scope",
        ),
        (
            Verb::Disable,
            "contracts.deprecate identity.suspend_principal registry.freeze tenancy.freeze_scope",
        ),
        (
            Verb::Update,
            "config.set contracts.update identity.change_kind identity.describe_principal identity.set_handle identity.set_operator \
             objects.attribute objects.transfer objects.update registry.describe registry.transition rules.describe rules.rebind \
             rules.update templates.update tenancy.change_member tenancy.describe_scope tenancy.move_scope tenancy.rename_scope \
             tenancy.set_acl tenancy.set_members tenancy.set_policy tenancy.update_members",
        ),
    ];

    #[test]
    fn every_command_that_is_refused_is_sorted_by_what_it_would_have_done_and_every_question_is_a_read() {
        let rows =
            TRIED.iter().flat_map(|(verb, names)| names.split_whitespace().map(move |name| (name, *verb)));
        let table: BTreeMap<&str, Verb> = rows.collect();
        for (name, _) in Command::all() {
            let wanted = if name == "objects.export" { Some(&Verb::Read) } else { table.get(name) };
            assert_eq!(Some(&Verb::tried(name)), wanted, "{name}: add it to the table");
        }
        for operation in Operation::ALL {
            assert_eq!(Verb::tried(operation.as_str()), Verb::Read, "{}", operation.as_str());
        }
        assert_eq!((Verb::tried("temporal.rollback"), Verb::tried("many")), (Verb::Update, Verb::Other));
    }
}
