//! Writes entries of the audit log, in the transaction of the change that they tell of.

use std::net::IpAddr;

use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, IntoActiveModel, QueryFilter};
use serde_json::Value as Json;
use time::OffsetDateTime;
use tocsin_clock::Clock;
use tocsin_entity::{
    api_key, audit_entry,
    id::{ApiKeyId, AuditEntryId, OrganizationId, UserId},
    kinds::AuditChannel,
    membership,
};

use super::subject::AuditedObject;
use crate::{limits, request::Request, tenant::Tenant, viewer::Principal};

/// Who is changing something, by which mutation or command.
#[derive(Debug, Clone)]
pub(crate) struct AuditTrail {
    organization_id: OrganizationId,
    action: String,
    through: AuditChannel,
    user_id: Option<UserId>,
    key_id: Option<ApiKeyId>,
    address: Option<IpAddr>,
    request_id: Option<String>,
    clock: Clock,
}

impl AuditTrail {
    /// The viewer, by the operation of the request.
    pub(crate) fn of(request: &Request<'_>, organization_id: OrganizationId) -> Self {
        let viewer = request.viewer;
        let (through, key_id) = match &viewer.who {
            Principal::Anonymous | Principal::Session { .. } => (AuditChannel::Api, None),
            Principal::Key { key_id, .. } => (AuditChannel::Api, Some(*key_id)),
            Principal::Bridge { .. } => (AuditChannel::Bridge, None),
        };
        Self {
            organization_id,
            action: request.operation.to_owned(),
            through,
            user_id: viewer.member().map(|member| member.user_id),
            key_id,
            address: viewer.address,
            request_id: Some(viewer.request_id.clone()),
            clock: request.domain.clock().clone(),
        }
    }

    /// A member who signs in, from an address.
    pub(crate) fn of_sign_in(
        clock: &Clock,
        organization_id: OrganizationId,
        user_id: UserId,
        address: Option<IpAddr>,
        request_id: &str,
    ) -> Self {
        Self {
            action: "signIn".to_owned(),
            through: AuditChannel::Api,
            user_id: Some(user_id),
            address,
            request_id: Some(request_id.to_owned()),
            ..Self::of_command_line(clock, organization_id, "")
        }
    }

    /// From where the request comes that it tells of, where that is known.
    pub(crate) fn seen_from(&mut self, address: Option<IpAddr>, request_id: &str) {
        self.address = address;
        self.request_id = Some(request_id.to_owned());
    }

    /// Whoever works on the server's command line, or starts it for the first time.
    pub(crate) fn of_command_line(clock: &Clock, organization_id: OrganizationId, action: &str) -> Self {
        Self {
            organization_id,
            action: action.to_owned(),
            through: AuditChannel::CommandLine,
            user_id: None,
            key_id: None,
            address: None,
            request_id: None,
            clock: clock.clone(),
        }
    }

    /// What time it is, for what is changed.
    pub(crate) fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// The same, for a member who began what is now reported, where one did.
    pub(crate) fn on_behalf_of(mut self, user_id: Option<UserId>) -> Self {
        self.user_id = self.user_id.or(user_id);
        self
    }

    /// Something was made.
    pub(crate) async fn made(
        &self,
        tx: &impl ConnectionTrait,
        row: &impl AuditedObject,
    ) -> Result<(), DbErr> {
        self.write(tx, row, None, Some(row.facts())).await
    }

    /// Something was changed. Where it says the same as before, there is nothing to tell.
    pub(crate) async fn changed<Row: AuditedObject>(
        &self,
        tx: &impl ConnectionTrait,
        before: &Row,
        after: &Row,
    ) -> Result<(), DbErr> {
        let (was, is) = (before.facts(), after.facts());
        if was == is {
            return Ok(());
        }
        self.write(tx, after, Some(was), Some(is)).await
    }

    /// Something was read or copied as a whole, and is as it was.
    pub(crate) async fn copied(
        &self,
        tx: &impl ConnectionTrait,
        row: &impl AuditedObject,
    ) -> Result<(), DbErr> {
        self.write(tx, row, None, None).await
    }

    /// Something was deleted.
    pub(crate) async fn gone(
        &self,
        tx: &impl ConnectionTrait,
        row: &impl AuditedObject,
    ) -> Result<(), DbErr> {
        self.write(tx, row, Some(row.facts()), None).await
    }

    async fn write(
        &self,
        tx: &impl ConnectionTrait,
        row: &impl AuditedObject,
        before: Option<Json>,
        after: Option<Json>,
    ) -> Result<(), DbErr> {
        let subject = row.subject();
        let entry = audit_entry::Model {
            id: AuditEntryId::new(),
            organization_id: self.organization_id,
            action: self.action.clone(),
            through: self.through,
            actor_user_id: self.user_id,
            actor_key_id: self.key_id,
            actor_name: self.actor_name(tx).await?,
            address: self.address.map(|address| address.to_string()),
            request_id: self.request_id.clone(),
            subject_kind: subject.kind.to_owned(),
            subject_id: subject.id,
            subject_name: subject.name,
            before,
            after,
            created_at: limits::time(self.now()),
        };
        entry.into_active_model().insert(tx).await.map(|_| ())
    }

    /// What the actor is called now: names change, and keys are revoked.
    async fn actor_name(&self, tx: &impl ConnectionTrait) -> Result<String, DbErr> {
        let named = match (self.user_id, self.key_id) {
            (Some(user_id), _) => Tenant::of(self.organization_id)
                .find::<membership::Entity>()
                .filter(membership::Column::UserId.eq(user_id))
                .one(tx)
                .await?
                .and_then(|member| member.name),
            (None, Some(key_id)) => Tenant::of(self.organization_id)
                .find::<api_key::Entity>()
                .filter(api_key::Column::Id.eq(key_id))
                .one(tx)
                .await?
                .map(|key| key.name),
            (None, None) => None,
        };
        let way = match self.through {
            AuditChannel::Api => "GraphQL",
            AuditChannel::Bridge => "Slack bridge",
            AuditChannel::CommandLine => "command line",
        };
        Ok(named.unwrap_or_else(|| way.to_owned()))
    }
}
