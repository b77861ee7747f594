//! The rows of the matrix: each command, aimed at what is there and at what is not. One function a domain.

use super::*;

/// The row of a command; `None` for one that nobody has thought about yet.
pub(super) fn command(name: &str, actor: PrincipalId) -> Option<Row> {
    let kind = || "person".to_owned();
    let description = || data(serde_json::json!({ "name": "Mallory" }));
    let (alice, nobody) = (PrincipalId(1), PrincipalId(98));
    let (scope, no_scope) = (|| path("org:a/dept:c"), || path("org:nope/dept:c"));
    let (by_id, no_id) = (ScopeRef::Id(ScopeId(3)), ScopeRef::Id(ScopeId(77)));
    let objects = [SHARED, PRIVATE, BURIED];
    let principals = |of: fn(PrincipalId) -> Command| row([of(alice)], [of(nobody)]);
    let entry = |scope: ScopeRef| tenancy::AddAclEntry {
        entry: None,
        scope,
        effect: Effect::Allow,
        subject: Subject::Any,
        capability: "scope.read.*".parse().unwrap(),
        applies: Applies::Subtree,
        expires_at: None,
    };
    let (role, expires_at) = (Role::Reader, None);
    Some(match name {
        "identity.found" => row(
            [alice].map(|principal| identity::Found { principal, kind: kind(), description: description() }),
            [nobody].map(|principal| identity::Found { principal, kind: kind(), description: description() }),
        ),
        "identity.create_principal" => {
            let make = |id| identity::CreatePrincipal {
                principal: Some(id),
                kind: kind(),
                description: description(),
                handle: None,
                personal: false,
            };
            row([make(alice)], [make(nobody)])
        }
        "identity.describe_principal" => {
            let describe = |principal| identity::DescribePrincipal {
                principal,
                description: description(),
                expected_version: None,
            };
            row([describe(alice)], [describe(nobody)])
        }
        "identity.suspend_principal" => {
            principals(|principal| identity::SuspendPrincipal { principal }.into())
        }
        "identity.reinstate_principal" => {
            principals(|principal| identity::ReinstatePrincipal { principal }.into())
        }
        "identity.archive_principal" => {
            principals(|principal| identity::ArchivePrincipal { principal }.into())
        }
        "identity.set_operator" => {
            principals(|principal| identity::SetOperator { principal, operator: true }.into())
        }
        "tenancy.create_scope" => {
            let at = |path: &str| tenancy::CreateScope {
                scope: None,
                path: Some(path.parse().unwrap()),
                name: None,
                parent: None,
            };
            let below = |parent| tenancy::CreateScope {
                scope: None,
                path: None,
                name: Some("x".into()),
                parent: Some(parent),
            };
            row(
                [at("org:a/dept:c/ws:x"), at("org:a/dept:c/ws:old"), below(by_id)],
                [at("org:nope/ws:x"), below(no_id)],
            )
        }
        "tenancy.add_member" => {
            let add = |scope, principal| tenancy::AddMember { scope, principal, role, expires_at };
            row(
                [add(scope(), actor), add(scope(), alice), add(by_id, nobody)],
                [add(no_scope(), actor), add(no_id, alice)],
            )
        }
        "tenancy.change_member" => {
            let change = |scope, principal| tenancy::ChangeMember { scope, principal, role, expires_at };
            row(
                [change(scope(), alice), change(scope(), SIBLING)],
                [change(no_scope(), alice), change(scope(), nobody)],
            )
        }
        "tenancy.remove_member" => {
            let remove = |scope, principal| tenancy::RemoveMember { scope, principal };
            row(
                [remove(scope(), alice), remove(scope(), SIBLING)],
                [remove(no_scope(), alice), remove(scope(), nobody)],
            )
        }
        "tenancy.add_acl_entry" => row([entry(scope()), entry(by_id)], [entry(no_scope()), entry(no_id)]),
        "tenancy.remove_acl_entry" => row(
            [tenancy::RemoveAclEntry { entry: EntryId(1) }],
            [tenancy::RemoveAclEntry { entry: EntryId(9) }],
        ),
        "tenancy.expire_acl_entry" => row(
            [tenancy::ExpireAclEntry { entry: EntryId(1) }],
            [tenancy::ExpireAclEntry { entry: EntryId(9) }],
        ),
        "objects.create" => {
            let create = |scope| objects::Create {
                object: None,
                object_type: "limits".into(),
                data: description(),
                scope: Some(scope),
                level: Level::Read,
                reason: None,
                subject: None,
            };
            row(
                [create(scope()), create(by_id), create(path("org:a/dept:c/ws:new"))],
                [create(no_scope()), create(no_id)],
            )
        }
        "objects.update" => {
            let update = |object| objects::Update {
                object,
                data: description(),
                expected_version: Some(7),
                reason: None,
            };
            row(objects.map(update), [update(NO_OBJECT)])
        }
        "objects.tombstone" => {
            let bury = |object| objects::Tombstone { object, reason: None, expected_version: None };
            row(objects.map(bury), [bury(NO_OBJECT)])
        }
        "objects.restore" => row(objects.map(objects::Restore::new), [objects::Restore::new(NO_OBJECT)]),
        "sharing.project" => {
            let project = |object| sharing::Project { object, scope: path("org:g"), level: Level::Read };
            row(objects.map(project), [project(NO_OBJECT)])
        }
        "sharing.revoke" => {
            let revoke = |object| sharing::Revoke { object, scope: scope() };
            row(
                objects.map(revoke),
                [revoke(NO_OBJECT), sharing::Revoke { object: NO_OBJECT, scope: no_scope() }],
            )
        }
        // Nothing is anybody's data here: whether it is says nothing to an intruder.
        "subjects.erase" => {
            let erase = |subject| scoped::subjects::Erase::new(scoped::SubjectId(subject)).because("mine");
            row([erase(1), erase(4)], [erase(98)])
        }
        "temporal.mark" => {
            let mark = |name: &str, position| SetMark { name: name.into(), position };
            row([mark("mine", None), mark("mine", Some(1))], [mark("mine", Some(9_999))])
        }
        _ => return others(name, actor),
    })
}

/// The rows of the domains that stand in files of their own.
fn others(name: &str, actor: PrincipalId) -> Option<Row> {
    None.or_else(|| super::principals::command(name, actor))
        .or_else(|| super::transfers::command(name))
        .or_else(|| super::registry::command(name, actor))
        .or_else(|| tenancy_rows::command(name, actor))
        .or_else(|| super::rules::command(name, actor))
        .or_else(|| super::contracts::command(name))
        .or_else(|| super::records::command(name))
}
