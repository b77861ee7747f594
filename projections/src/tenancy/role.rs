//! Roles, access levels, and to whom an ACL entry speaks.

use super::{Capabilities, Capability as C};
use crate::PrincipalId;
use crate::codec::{Decode, Encode};
use crate::tagged::tagged;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

tagged! {
    /// What a member may do in a scope and below. Each role includes the ones before it.
    pub enum Role as "role" {
        /// Reads what is projected there, and reaches up.
        Reader = 1, "reader" | "viewer";
        /// Also writes.
        Writer = 2, "writer" | "editor";
        /// Also manages members, lists and scopes, reads below and reads the audit trail.
        Admin = 3, "admin";
        /// Also deletes the scope, and makes owners.
        Owner = 4, "owner";
    }
}

tagged! {
    /// How far a projection lets a scope's members go, however high their role.
    pub enum Level as "level" {
        /// Read.
        Read = 1, "read";
        /// Also change, tombstone and restore.
        Write = 2, "write";
        /// Also share on and take back.
        Admin = 3, "admin";
    }
}

tagged! {
    /// What an ACL entry does.
    pub enum Effect as "effect" {
        /// Lets in.
        Allow = 1, "allow";
        /// Keeps out, whatever allows.
        Deny = 2, "deny";
    }
}

tagged! {
    /// How far an ACL entry reaches.
    pub enum Applies as "reach" {
        /// This scope only.
        Itself = 1, "self";
        /// This scope and all below it.
        Subtree = 2, "subtree";
    }
}

impl Role {
    /// What the role lets its holder do.
    #[must_use]
    pub const fn capabilities(self) -> Capabilities {
        const READER: Capabilities = Capabilities::of(&[C::ReadLocal, C::ReadHolistic]);
        const WRITER: Capabilities = READER.and(Capabilities::of(&[C::Write, C::Provision]));
        const ADMIN: Capabilities = WRITER.and(Capabilities::of(&[
            C::ReadDescend,
            C::ProvisionOther,
            C::Create,
            C::MembersManage,
            C::AclManage,
            C::PolicyManage,
            C::AuditRead,
            C::Explain,
            C::RulesManage,
            C::ContractsManage,
            C::TemplatesManage,
            C::ConfigWrite,
        ]));
        const OWNER: Capabilities = ADMIN.and(Capabilities::of(&[C::Delete, C::OwnersManage]));
        match self {
            Self::Reader => READER,
            Self::Writer => WRITER,
            Self::Admin => ADMIN,
            Self::Owner => OWNER,
        }
    }
}

/// To whom an ACL entry speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// One principal.
    Principal(PrincipalId),
    /// Whoever holds exactly this role there, directly or from above.
    Role(Role),
    /// Everybody.
    Any,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal(id) => id.fmt(f),
            Self::Role(role) => write!(f, "role:{role}"),
            Self::Any => f.write_str("any"),
        }
    }
}

/// A text that names no subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no subject: use `any`, `role:ROLE` or a principal's id")]
pub struct SubjectError(String);

impl FromStr for Subject {
    type Err = SubjectError;
    fn from_str(text: &str) -> Result<Self, SubjectError> {
        let wrong = || SubjectError(crate::shown(text));
        match text.strip_prefix("role:") {
            Some(role) => role.parse().map(Self::Role).map_err(|_| wrong()),
            None if text == "any" => Ok(Self::Any),
            None => text.parse().map(Self::Principal).map_err(|_| wrong()),
        }
    }
}

impl Serialize for Subject {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        <std::borrow::Cow<'de, str>>::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

// One byte says which, sixteen whom: written down here, so that no order of variants decides it.
impl Encode for Subject {
    fn encode<E: bincode::enc::Encoder>(&self, to: &mut E) -> Result<(), bincode::error::EncodeError> {
        match self {
            Self::Principal(id) => (1u8, id.0),
            Self::Role(role) => (2u8, u128::from(role.tag())),
            Self::Any => (3u8, 0),
        }
        .encode(to)
    }
}

impl<C> Decode<C> for Subject {
    fn decode<D: bincode::de::Decoder<Context = C>>(
        from: &mut D,
    ) -> Result<Self, bincode::error::DecodeError> {
        let wrong = bincode::error::DecodeError::Other("unknown subject");
        match <(u8, u128)>::decode(from)? {
            (1, id) => Ok(Self::Principal(PrincipalId(id))),
            (2, tag) => u8::try_from(tag).ok().and_then(Role::from_tag).map(Self::Role).ok_or(wrong),
            (3, 0) => Ok(Self::Any),
            _ => Err(wrong),
        }
    }
}

crate::codec::owned!(Subject);
