//! The rows of the matrix for scopes beyond the plainest commands.

use super::*;
use scoped::tenancy::{AclRule, Grantee, MemberChange, Records};

/// The row of a command about scopes, or of one that sweeps.
pub(super) fn command(name: &str, actor: PrincipalId) -> Option<Row> {
    let (alice, nobody) = (PrincipalId(1), PrincipalId(98));
    let there = || [path("org:a/dept:c"), ScopeRef::Id(ScopeId(3)), path("org:a/dept:c/ws:old")];
    let missing = || [path("org:nope/dept:c"), ScopeRef::Id(ScopeId(77))];
    Some(match name {
        "tenancy.provision_scope" => {
            let at = |path: &str| tenancy::ProvisionScope { scope: None, path: path.parse().unwrap() };
            row(
                [at("org:a/dept:c/ws:new"), at("org:a/dept:c/ws:old"), at("org:a/dept:c/user:x")],
                [at("org:nope/dept:c")],
            )
        }
        "tenancy.adopt_scope" => scopes(there(), missing(), |scope| tenancy::AdoptScope { scope }),
        "tenancy.delete_scope" => {
            let all = |of: fn(ScopeRef) -> tenancy::DeleteScope, aims: Vec<ScopeRef>| {
                aims.into_iter().map(of).collect::<Vec<_>>()
            };
            let plain: fn(ScopeRef) -> tenancy::DeleteScope = tenancy::DeleteScope::new;
            let whole: fn(ScopeRef) -> tenancy::DeleteScope =
                |scope| tenancy::DeleteScope::new(scope).records(Records::Forget).recursive();
            row(
                [all(plain, there().into()), all(whole, there().into())].concat(),
                [all(plain, missing().into()), all(whole, missing().into())].concat(),
            )
        }
        "tenancy.reopen_scope" => scopes(there(), missing(), |scope| tenancy::ReopenScope { scope }),
        "tenancy.freeze_scope" => {
            scopes(there(), missing(), |scope| tenancy::FreezeScope { scope, reason: Some("why".into()) })
        }
        "tenancy.release_scope" => {
            scopes(there(), missing(), |scope| tenancy::ReleaseScope { scope, reason: None })
        }
        "tenancy.rename_scope" => {
            scopes(there(), missing(), |scope| tenancy::RenameScope { scope, name: "x".into() })
        }
        "tenancy.describe_scope" => scopes(there(), missing(), |scope| tenancy::DescribeScope {
            scope,
            description: data(serde_json::json!({ "text": "x" })),
        }),
        "tenancy.move_scope" => {
            scopes(there(), missing(), |scope| tenancy::MoveScope { scope, parent: path("org:g") })
        }
        "tenancy.set_policy" => {
            let policy = |value: serde_json::Value| {
                move |scope| tenancy::SetPolicy { scope, policy: data(value.clone()) }
            };
            let (cut, wrong) =
                (serde_json::json!({ "inherit_members": false }), serde_json::json!({ "nonsense": 1 }));
            row(
                there().map(policy(cut.clone())).into_iter().chain(there().map(policy(wrong.clone()))),
                missing().map(policy(cut)).into_iter().chain(missing().map(policy(wrong))),
            )
        }
        "tenancy.set_members" => scopes(there(), missing(), |scope| tenancy::SetMembers {
            scope,
            members: vec![Grantee::new(PrincipalId(2), Role::Owner)],
        }),
        "tenancy.update_members" => {
            let update = |principal, role| {
                move |scope| tenancy::UpdateMembers {
                    scope,
                    changes: vec![MemberChange { principal, role, expires_at: None }],
                }
            };
            row(
                there()
                    .map(update(alice, None))
                    .into_iter()
                    .chain(there().map(update(actor, Some(Role::Owner)))),
                missing().map(update(nobody, None)),
            )
        }
        "tenancy.expire_member" => row(
            there().map(|scope| tenancy::ExpireMember { scope, principal: alice }),
            missing().map(|scope| tenancy::ExpireMember { scope, principal: nobody }),
        ),
        "tenancy.set_acl" => scopes(there(), missing(), |scope| tenancy::SetAcl {
            scope,
            entries: vec![AclRule {
                effect: Effect::Allow,
                subject: Subject::Any,
                capability: "*".parse().unwrap(),
                applies: Applies::Subtree,
                expires_at: None,
            }],
        }),
        "objects.expire" => row(
            [SHARED, PRIVATE, BURIED].map(|object| objects::Expire { object }),
            [objects::Expire { object: NO_OBJECT }],
        ),
        _ => return None,
    })
}

fn scopes<C: Into<Command>>(
    there: [ScopeRef; 3],
    missing: [ScopeRef; 2],
    command: impl Fn(ScopeRef) -> C,
) -> Row {
    row(there.map(&command), missing.map(&command))
}
