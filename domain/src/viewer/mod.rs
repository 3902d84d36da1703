//! Who asks, and what they may do: every query and every write goes through a [`Viewer`].

mod authenticate;
mod bridge;
mod keyring;
mod scopes;

use std::net::IpAddr;

use time::OffsetDateTime;
use tocsin_entity::{
    id::{ApiKeyId, OrganizationId, UserId},
    kinds::{Role, Scope, Source},
};

pub(crate) use self::keyring::{follow, hash_key, tell_all};
pub use self::{
    authenticate::{AuthError, authenticate, is_known},
    keyring::Keyring,
    scopes::{Scopes, read_scopes},
};
use crate::{
    actor::Actor,
    error::{Refusal, Trouble, UserError, UserErrorCode},
};

/// A member in whose name a request is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Member {
    /// The person.
    pub user_id: UserId,
    /// What they may do in the organisation.
    pub role: Role,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
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
        member: Option<Member>,
        /// When it expires, if ever.
        expires_at: Option<OffsetDateTime>,
    },
    /// The Slack bridge.
    Bridge {
        /// The organisation the request is about.
        organization_id: Option<OrganizationId>,
        /// On whose behalf it acts.
        member: Option<Member>,
    },
}

impl Who {
    /// When this ends by itself, if ever.
    pub fn expires_at(&self) -> Option<OffsetDateTime> {
        match self {
            Self::Anonymous | Self::Bridge { .. } => None,
            Self::Key { expires_at, .. } => *expires_at,
        }
    }
}

/// What a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
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
    /// To speak for oneself: a member, with a key of their own that may write.
    Myself,
    /// To ask and report what the Slack bridge alone asks and reports.
    Report,
}

/// What the holder of a key is told whose key acts as no member.
const NO_MEMBER: &str = "This API key is no member's: use one that was made with a `userId`.";

/// Why a role does not allow it, if so.
fn lacks_role(role: Role, need: Need) -> Option<String> {
    let needed = match need {
        Need::Read | Need::Myself | Need::Report => return None,
        Need::Trigger | Need::Respond if role != Role::Stakeholder => return None,
        Need::Trigger | Need::Respond => "RESPONDER, ADMIN or OWNER",
        Need::Moderate | Need::Manage if matches!(role, Role::Owner | Role::Admin) => return None,
        Need::Moderate | Need::Manage => "ADMIN or OWNER",
    };
    Some(format!("Your role is {role}; this needs the role {needed}."))
}

/// Who asks, in one request.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// Who.
    pub who: Who,
    /// From which network address, where that is known.
    pub address: Option<IpAddr>,
    /// The request, for logs.
    pub request_id: String,
}

impl Viewer {
    /// The organisation the request is about.
    pub fn organization_id(&self) -> Option<OrganizationId> {
        match self.who {
            Who::Anonymous => None,
            Who::Key { organization_id, .. } => Some(organization_id),
            Who::Bridge { organization_id, .. } => organization_id,
        }
    }

    /// The member who asks, where one does.
    pub fn member(&self) -> Option<Member> {
        match self.who {
            Who::Anonymous => None,
            Who::Key { member, .. } | Who::Bridge { member, .. } => member,
        }
    }

    /// The key that was shown, where it is one of an organisation's.
    pub fn key_id(&self) -> Option<ApiKeyId> {
        match self.who {
            Who::Anonymous | Who::Bridge { .. } => None,
            Who::Key { key_id, .. } => Some(key_id),
        }
    }

    /// Whether it is the Slack bridge.
    pub fn is_bridge(&self) -> bool {
        matches!(self.who, Who::Bridge { .. })
    }

    /// What a key may be used for; for the bridge, everything a responder does.
    pub fn scopes(&self) -> Vec<Scope> {
        match &self.who {
            Who::Anonymous => Vec::new(),
            Who::Key { scopes, .. } => scopes.list(),
            Who::Bridge { .. } => vec![Scope::Read, Scope::Write],
        }
    }

    /// Whether the way in which the viewer comes allows to administer, as far as the member may: a key needs the scope
    /// for it, and the bridge never does.
    pub fn may_administer(&self) -> bool {
        match &self.who {
            Who::Anonymous | Who::Bridge { .. } => false,
            Who::Key { scopes, .. } => scopes.admin,
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
    pub fn may(&self, need: Need) -> Result<OrganizationId, Refusal> {
        let organization_id = match (&self.who, self.organization_id()) {
            (Who::Anonymous, _) => return Err(Refusal::Unauthenticated),
            (Who::Key { .. } | Who::Bridge { .. }, Some(id)) => id,
            (Who::Key { .. } | Who::Bridge { .. }, None) => {
                return Err(Refusal::BadInput(
                    "Say which organisation: send `Tocsin-Organization: org_…`.".to_owned(),
                ));
            }
        };
        self.lacks(need)
            .map_or(Ok(organization_id), |why| Err(Refusal::Forbidden(why)))
    }

    /// The organisation whose objects the viewer is shown; none for the bridge without one, which is shown everybody's.
    ///
    /// # Errors
    /// As [`Viewer::may`].
    pub fn may_list(&self, need: Need) -> Result<Option<OrganizationId>, Refusal> {
        if self.is_bridge() && self.organization_id().is_none() {
            return Ok(None);
        }
        self.may(need).map(Some)
    }

    /// The organisation that the bridge asks about; none where it asks about all.
    ///
    /// # Errors
    /// As [`Viewer::may`], for everybody but the bridge.
    pub fn may_ask_for_all(&self) -> Result<Option<OrganizationId>, Refusal> {
        match self.who {
            Who::Bridge { organization_id, .. } => Ok(organization_id),
            Who::Anonymous | Who::Key { .. } => self.may(Need::Report).map(Some),
        }
    }

    /// The member whose key this is, and who says something of themselves.
    ///
    /// # Errors
    /// As [`Viewer::may_change`].
    pub fn myself(&self) -> Result<(OrganizationId, UserId), Trouble> {
        let organization_id = self.may_change(Need::Myself)?;
        match self.member() {
            Some(member) => Ok((organization_id, member.user_id)),
            None => Err(UserError::new(UserErrorCode::Forbidden, NO_MEMBER).into()),
        }
    }

    /// Refuses a viewer who reached an object without the right to read: a key to trigger sees the incident that it
    /// triggers, and none of its neighbours.
    pub fn may_look_around(&self) -> Result<(), Refusal> {
        match self.who {
            Who::Bridge { .. } => Ok(()),
            Who::Anonymous | Who::Key { .. } => self.may(Need::Read).map(|_| ()),
        }
    }

    /// The organisation, if the viewer may change it so.
    ///
    /// # Errors
    /// The refusal for a mutation: a user error, except for callers without a key.
    pub fn may_change(&self, need: Need) -> Result<OrganizationId, Trouble> {
        self.may(need).map_err(|refusal| match refusal {
            Refusal::Forbidden(why) => UserError::new(UserErrorCode::Forbidden, why).into(),
            other @ (Refusal::Unauthenticated | Refusal::BadInput(_) | Refusal::Fault(_)) => other.into(),
        })
    }

    /// Why the viewer may not do this, if so.
    fn lacks(&self, need: Need) -> Option<String> {
        if let Some(why) = self.member().and_then(|member| lacks_role(member.role, need)) {
            return Some(why);
        }
        match &self.who {
            Who::Anonymous => Some("This needs an API key.".to_owned()),
            Who::Key { scopes, member, .. } => {
                let (enough, needed) = match need {
                    Need::Read => (scopes.read, Scope::Read),
                    Need::Trigger => (scopes.trigger, Scope::Trigger),
                    Need::Moderate | Need::Manage => (scopes.admin, Scope::Admin),
                    Need::Myself if member.is_none() => return Some(NO_MEMBER.to_owned()),
                    Need::Respond | Need::Myself => (scopes.write, Scope::Write),
                    Need::Report => return Some("This is for the Slack bridge alone.".to_owned()),
                };
                (!enough).then(|| format!("This API key lacks the scope {needed}."))
            }
            Who::Bridge { member, .. } => bridge::lacks(need, *member).map(str::to_owned),
        }
    }

    /// The viewer as the one who makes a change in the organisation.
    pub fn actor(&self, organization_id: OrganizationId) -> Actor {
        let member = self.member();
        Actor {
            organization_id,
            user_id: member.map(|member| member.user_id),
            key_id: match &self.who {
                Who::Key { key_id, .. } if member.is_none() => Some(*key_id),
                Who::Anonymous | Who::Key { .. } | Who::Bridge { .. } => None,
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
            Who::Anonymous => "anonymous".to_owned(),
            Who::Key { key_id, .. } => key_id.to_string(),
            Who::Bridge { .. } => "bridge".to_owned(),
        }
    }
}
