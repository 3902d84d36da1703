//! Who asks, and what they may do: every query and every write goes through a [`Viewer`].

mod authenticate;
mod bridge;
mod keyring;
mod scopes;
mod session;

use std::net::IpAddr;

use time::OffsetDateTime;
use tocsin_entity::{
    id::{ApiKeyId, OrganizationId, SessionId, UserId},
    kinds::{Role, Scope, Source},
};

pub use self::{
    authenticate::{AuthError, ShownCredentials, authenticate, is_known},
    keyring::Keyring,
    scopes::{Scopes, read_scopes},
};
pub(crate) use self::{
    keyring::{follow, hash_key, tell_all},
    session::SESSION_DAYS,
};
use crate::{
    actor::Actor,
    error::{MutationError, RequestError, UserError, UserErrorCode},
};

/// A member in whose name a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ActingMember {
    /// The person.
    pub user_id: UserId,
    /// What they may do in the organisation.
    pub role: Role,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Principal {
    /// Nobody known: no key was shown.
    Anonymous,
    /// The holder of an API key.
    Key {
        /// The key.
        key_id: ApiKeyId,
        /// What it may be used for.
        scopes: Scopes,
        /// The organisation it opens.
        organization_id: OrganizationId,
        /// The member it acts as, where it is a member's.
        member: Option<ActingMember>,
        /// When it expires, if ever.
        expires_at: Option<OffsetDateTime>,
    },
    /// A member who is signed in with a browser.
    Session {
        /// What the session may be used for: one that the Slack bridge has made manages nothing, as the bridge itself.
        scopes: Scopes,
        /// The session.
        session_id: SessionId,
        /// The organisation in which they are signed in.
        organization_id: OrganizationId,
        /// The member.
        member: ActingMember,
    },
    /// The Slack bridge.
    Bridge {
        /// The organisation the request is about.
        organization_id: Option<OrganizationId>,
        /// On whose behalf it acts.
        member: Option<ActingMember>,
    },
}

impl Principal {
    /// When this ends by itself, if ever.
    pub fn expires_at(&self) -> Option<OffsetDateTime> {
        match self {
            // A session's end is put off while it is used.
            Self::Anonymous | Self::Session { .. } | Self::Bridge { .. } => None,
            Self::Key { expires_at, .. } => *expires_at,
        }
    }
}

/// What a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// To read incidents and what belongs to them.
    Read,
    /// To trigger an incident.
    Trigger,
    /// To work incidents and post-mortems.
    Respond,
    /// To take back what others have said.
    Moderate,
    /// To manage users, keys and services.
    Manage,
    /// To speak for oneself: a member who is signed in, or with a key of their own that may write.
    Myself,
    /// To ask and report what the Slack bridge alone asks and reports.
    Report,
}

/// What the holder of a key is told whose key acts as no member.
const NO_MEMBER: &str = "This API key is no member's: use one that was made with a `userId`.";

/// What somebody is told who manages with a session that the Slack bridge has made.
const SIGNED_IN_THROUGH_SLACK: &str = "You signed in through Slack, which is for working on incidents. To manage the organisation, sign in by the link that \
                                       `tocsin login-link` prints, or use an API key.";

/// What everybody but the bridge is told who asks what is its alone.
const BRIDGE_ALONE: &str = "This is for the Slack bridge alone.";

/// Why a role does not allow it, if so.
fn lacks_role(role: Role, need: Permission) -> Option<String> {
    let needed = match need {
        Permission::Read | Permission::Myself | Permission::Report => return None,
        Permission::Trigger | Permission::Respond if role != Role::Stakeholder => return None,
        Permission::Trigger | Permission::Respond => "RESPONDER, ADMIN or OWNER",
        Permission::Moderate | Permission::Manage if matches!(role, Role::Owner | Role::Admin) => {
            return None;
        }
        Permission::Moderate | Permission::Manage => "ADMIN or OWNER",
    };
    Some(format!("Your role is {role}; this needs the role {needed}."))
}

/// Who asks, in one request.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// Who.
    pub who: Principal,
    /// From which network address, where that is known.
    pub address: Option<IpAddr>,
    /// The request, for logs.
    pub request_id: String,
}

impl Viewer {
    /// The organisation the request is about.
    pub fn organization_id(&self) -> Option<OrganizationId> {
        match self.who {
            Principal::Anonymous => None,
            Principal::Key { organization_id, .. } | Principal::Session { organization_id, .. } => {
                Some(organization_id)
            }
            Principal::Bridge { organization_id, .. } => organization_id,
        }
    }

    /// The member who asks, where one does.
    pub fn member(&self) -> Option<ActingMember> {
        match self.who {
            Principal::Anonymous => None,
            Principal::Key { member, .. } | Principal::Bridge { member, .. } => member,
            Principal::Session { member, .. } => Some(member),
        }
    }

    /// The key that was shown, where it is one of an organisation's.
    pub fn key_id(&self) -> Option<ApiKeyId> {
        match self.who {
            Principal::Anonymous | Principal::Session { .. } | Principal::Bridge { .. } => None,
            Principal::Key { key_id, .. } => Some(key_id),
        }
    }

    /// The session by which a member is signed in.
    pub fn session_id(&self) -> Option<SessionId> {
        match self.who {
            Principal::Anonymous | Principal::Key { .. } | Principal::Bridge { .. } => None,
            Principal::Session { session_id, .. } => Some(session_id),
        }
    }

    /// Whether it is the Slack bridge.
    pub fn is_bridge(&self) -> bool {
        matches!(self.who, Principal::Bridge { .. })
    }

    /// What a key may be used for; for the bridge, everything a responder does.
    pub fn scopes(&self) -> Vec<Scope> {
        match &self.who {
            Principal::Anonymous => Vec::new(),
            Principal::Key { scopes, .. } | Principal::Session { scopes, .. } => scopes.list(),
            Principal::Bridge { .. } => vec![Scope::Read, Scope::Write],
        }
    }

    /// Whether the way in which the viewer comes allows to administer, as far as the member may: a key needs the scope
    /// for it, and the bridge never does.
    pub fn may_administer(&self) -> bool {
        match &self.who {
            Principal::Anonymous | Principal::Bridge { .. } => false,
            Principal::Key { scopes, .. } | Principal::Session { scopes, .. } => scopes.admin,
        }
    }

    /// Whether the viewer reads post-mortems before they are published: those who may work on them, and the bridge.
    pub fn reads_drafts(&self) -> bool {
        self.member()
            .is_none_or(|member| member.role != Role::Stakeholder)
    }

    /// The organisation, if the viewer may do this in it.
    ///
    /// # Errors
    /// The refusal for a query: a top-level error.
    pub fn may(&self, need: Permission) -> Result<OrganizationId, RequestError> {
        let organization_id = match (&self.who, self.organization_id()) {
            (Principal::Anonymous, _) => return Err(RequestError::Unauthenticated),
            (Principal::Key { .. } | Principal::Session { .. } | Principal::Bridge { .. }, Some(id)) => id,
            (Principal::Key { .. } | Principal::Session { .. } | Principal::Bridge { .. }, None) => {
                return Err(RequestError::BadInput(
                    "Say which organisation: send `Tocsin-Organization: org_…`.".to_owned(),
                ));
            }
        };
        self.lacks(need)
            .map_or(Ok(organization_id), |why| Err(RequestError::Forbidden(why)))
    }

    /// The organisation whose objects the viewer is shown; none for the bridge without one, which is shown everybody's.
    ///
    /// # Errors
    /// As [`Viewer::may`].
    pub fn may_list(&self, need: Permission) -> Result<Option<OrganizationId>, RequestError> {
        if self.is_bridge() && self.organization_id().is_none() {
            return Ok(None);
        }
        self.may(need).map(Some)
    }

    /// The organisation that the bridge asks about; none where it asks about all.
    ///
    /// # Errors
    /// As [`Viewer::may`], for everybody but the bridge.
    pub fn may_ask_for_all(&self) -> Result<Option<OrganizationId>, RequestError> {
        match self.who {
            Principal::Bridge { organization_id, .. } => Ok(organization_id),
            Principal::Anonymous | Principal::Key { .. } | Principal::Session { .. } => {
                self.may(Permission::Report).map(Some)
            }
        }
    }

    /// The member whose key this is, and who says something of themselves.
    ///
    /// # Errors
    /// As [`Viewer::may_change`].
    pub fn myself(&self) -> Result<(OrganizationId, UserId), MutationError> {
        let organization_id = self.may_change(Permission::Myself)?;
        match self.member() {
            Some(member) => Ok((organization_id, member.user_id)),
            None => Err(UserError::new(UserErrorCode::Forbidden, NO_MEMBER).into()),
        }
    }

    /// Refuses a viewer who reached an object without the right to read: a key to trigger sees the incident that it
    /// triggers, and nothing beside it.
    pub fn may_look_around(&self) -> Result<(), RequestError> {
        match self.who {
            Principal::Bridge { .. } => Ok(()),
            Principal::Anonymous | Principal::Key { .. } | Principal::Session { .. } => {
                self.may(Permission::Read).map(|_| ())
            }
        }
    }

    /// The organisation, if the viewer may change it so.
    ///
    /// # Errors
    /// The refusal for a mutation: a user error, except for callers without a key.
    pub fn may_change(&self, need: Permission) -> Result<OrganizationId, MutationError> {
        self.may(need).map_err(|refusal| match refusal {
            RequestError::Forbidden(why) => UserError::new(UserErrorCode::Forbidden, why).into(),
            other @ (RequestError::Unauthenticated | RequestError::BadInput(_) | RequestError::Fault(_)) => {
                other.into()
            }
        })
    }

    /// Why the viewer may not do this, if so.
    fn lacks(&self, need: Permission) -> Option<String> {
        if let Some(why) = self.member().and_then(|member| lacks_role(member.role, need)) {
            return Some(why);
        }
        match &self.who {
            Principal::Anonymous => Some("This needs an API key.".to_owned()),
            Principal::Key { scopes, member, .. } => {
                let (enough, needed) = match need {
                    Permission::Read => (scopes.read, Scope::Read),
                    Permission::Trigger => (scopes.trigger, Scope::Trigger),
                    Permission::Moderate | Permission::Manage => (scopes.admin, Scope::Admin),
                    Permission::Myself if member.is_none() => return Some(NO_MEMBER.to_owned()),
                    Permission::Respond | Permission::Myself => (scopes.write, Scope::Write),
                    Permission::Report => return Some(BRIDGE_ALONE.to_owned()),
                };
                (!enough).then(|| format!("This API key lacks the scope {needed}."))
            }
            Principal::Session { scopes, .. } => match need {
                Permission::Report => Some(BRIDGE_ALONE.to_owned()),
                Permission::Manage if !scopes.admin => Some(SIGNED_IN_THROUGH_SLACK.to_owned()),
                Permission::Read
                | Permission::Trigger
                | Permission::Respond
                | Permission::Moderate
                | Permission::Manage
                | Permission::Myself => None,
            },
            Principal::Bridge { member, .. } => bridge::lacks(need, *member).map(str::to_owned),
        }
    }

    /// The viewer as the one who makes a change in the organisation.
    pub fn actor(&self, organization_id: OrganizationId) -> Actor {
        let member = self.member();
        Actor {
            organization_id,
            user_id: member.map(|member| member.user_id),
            key_id: match &self.who {
                Principal::Key { key_id, .. } if member.is_none() => Some(*key_id),
                Principal::Anonymous
                | Principal::Key { .. }
                | Principal::Session { .. }
                | Principal::Bridge { .. } => None,
            },
            slack_name: None,
            source: if self.is_bridge() {
                Source::Slack
            } else {
                Source::Api
            },
            request_id: Some(self.request_id.clone()),
        }
    }

    /// Whose idempotency keys a request uses.
    pub fn caller(&self) -> String {
        match &self.who {
            Principal::Anonymous => "anonymous".to_owned(),
            Principal::Key { key_id, .. } => key_id.to_string(),
            Principal::Session { session_id, .. } => session_id.to_string(),
            Principal::Bridge { .. } => "bridge".to_owned(),
        }
    }
}
