//! The registry of typed ids: a UUID (version 7, so ordered by creation) in the database, `prefix_hex` outside.

use sea_orm::DbErr;
use uuid::Uuid;

/// A text that is not an id of the kind wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidId {
    /// The prefix that an id of the wanted kind has.
    pub prefix: &'static str,
}

impl std::fmt::Display for InvalidId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "not an id of the form {}_…", self.prefix)
    }
}

impl std::error::Error for InvalidId {}

fn parse(prefix: &'static str, text: &str) -> Result<Uuid, InvalidId> {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .filter(|hex| {
            hex.len() == 32
                && hex
                    .bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        })
        .and_then(|hex| Uuid::try_parse(hex).ok())
        .ok_or(InvalidId { prefix })
}

macro_rules! typed_id {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, sea_orm::DeriveValueType)]
        pub struct $name(pub Uuid);

        impl $name {
            /// What stands before the underscore in the id's outer form.
            pub const PREFIX: &'static str = $prefix;

            /// A new id, greater than those made before it.
            #[expect(clippy::new_without_default, reason = "each call gives another value")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse($prefix, text).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    )*};
}

typed_id! {
    /// An organisation: the tenant.
    OrganizationId, "org";
    /// A person, who may be a member of several organisations.
    UserId, "usr";
    /// A person's membership of an organisation.
    MembershipId, "mem";
    /// A key to the API.
    ApiKeyId, "key";
    /// A service, the owner of incidents.
    ServiceId, "svc";
    /// An incident; people say its number (`#42`).
    IncidentId, "inc";
    /// An entry of an incident's timeline.
    TimelineEntryId, "tle";
    /// A post-mortem.
    PostmortemId, "pmo";
    /// A timer: something that will happen to an incident at a set time.
    TimerId, "tmr";
    /// A connector: a Slack destination of an organisation's incidents.
    ConnectorId, "con";
    /// A message in Slack that the bridge keeps true.
    PostId, "pst";
    /// A digest: one Slack message for the many incidents of a storm.
    DigestId, "dig";
    /// A request taken from Slack.
    InboxId, "inb";
    /// A Slack workspace that an organisation is connected to.
    WorkspaceId, "wsp";
    /// A rule that leads incidents to a connector.
    RuleId, "rul";
    /// A Slack app of an organisation's own.
    SlackAppId, "app";
    /// Who a person in Slack is, by their own word.
    SlackLinkId, "lnk";
    /// Something that an administrator asks the bridge to do, and waits for.
    OperationId, "sop";
    /// A template of an organisation's messages in Slack.
    SlackTemplateId, "tpl";
    /// An entry of the audit log.
    AuditEntryId, "aud";
    /// A session: a member who is signed in with a browser.
    SessionId, "ses";
    /// A link by which somebody signs in once.
    SignInLinkId, "sil";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_what_it_writes_and_refuses_other_kinds() {
        let id = IncidentId::new();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().parse::<UserId>(), Err(InvalidId { prefix: "usr" }));
        assert_eq!("inc_xyz".parse::<IncidentId>(), Err(InvalidId { prefix: "inc" }));
        assert_eq!(
            format!("inc_{{{}}}", id.0).parse::<IncidentId>(),
            Err(InvalidId { prefix: "inc" })
        );
    }
}
