//! What the audit log says of each kind of object.
//!
//! Each form takes its row apart without `..`, so that whoever adds a column decides here whether it is told. Secrets
//! are told as set or not, with a number that grows when they are replaced.

use serde_json::{Value as Json, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tocsin_entity::{
    api_key, connector, connector_rule, membership, oidc_identity, organization, service, service_manager,
    session, sign_in_link, slack_app, slack_link, slack_operation, slack_template, slack_workspace,
};

/// Which object an entry is about.
pub(crate) struct AuditSubject {
    /// Its kind, as GraphQL calls it.
    pub(super) kind: &'static str,
    /// Its id, as it is outside.
    pub(super) id: String,
    /// What people call it.
    pub(super) name: String,
}

/// Something that administrators change.
pub(crate) trait AuditedObject {
    /// Which object it is.
    fn subject(&self) -> AuditSubject;

    /// All that there is to tell of it, secrets masked.
    fn facts(&self) -> Json;
}

fn subject(kind: &'static str, id: impl std::fmt::Display, name: impl Into<String>) -> AuditSubject {
    AuditSubject {
        kind,
        id: id.to_string(),
        name: name.into(),
    }
}

fn at(time: Option<OffsetDateTime>) -> Option<String> {
    time.and_then(|time| time.format(&Rfc3339).ok())
}

/// What is told of a secret.
fn masked<T>(secret: Option<&T>) -> Option<&'static str> {
    secret.map(|_| "••••••••")
}

impl AuditedObject for organization::Model {
    fn subject(&self) -> AuditSubject {
        subject("Organization", self.id, &self.name)
    }

    fn facts(&self) -> Json {
        let Self {
            id: _,
            name,
            slug,
            last_incident_number: _,
            last_event_seq: _,
            last_event_second: _,
            slack_unmatched_policy,
            slack_preview_policy,
            restored_at,
            created_at: _,
        } = self;
        json!({
            "name": name, "slug": slug, "unmatchedPolicy": slack_unmatched_policy, "previewPolicy": slack_preview_policy,
            "restoredAt": at(*restored_at),
        })
    }
}

impl AuditedObject for membership::Model {
    fn subject(&self) -> AuditSubject {
        subject("User", self.user_id, self.name.clone().unwrap_or_default())
    }

    fn facts(&self) -> Json {
        let Self {
            id: _,
            organization_id: _,
            user_id: _,
            name,
            email,
            role,
            deactivated_at,
            created_at: _,
        } = self;
        json!({ "name": name, "email": email, "role": role, "deactivatedAt": at(*deactivated_at) })
    }
}

impl AuditedObject for api_key::Model {
    fn subject(&self) -> AuditSubject {
        subject("ApiKey", self.id, &self.name)
    }

    fn facts(&self) -> Json {
        let Self {
            id: _,
            organization_id: _,
            user_id,
            name,
            hash: _,
            hint,
            scopes,
            last_used_at: _,
            revoked_at,
            expires_at,
            created_by_user_id: _,
            created_by_key_id: _,
            created_at: _,
        } = self;
        json!({
            "name": name, "hint": hint, "scopes": scopes, "userId": user_id, "revokedAt": at(*revoked_at),
            "expiresAt": at(*expires_at),
        })
    }
}

impl AuditedObject for session::Model {
    fn subject(&self) -> AuditSubject {
        subject("Session", self.id, "")
    }

    fn facts(&self) -> Json {
        let Self {
            id: _,
            organization_id: _,
            user_id,
            hash: _,
            method,
            user_agent,
            address,
            last_used_at: _,
            expires_at: _,
            revoked_at,
            created_at: _,
        } = self;
        json!({
            "userId": user_id, "method": method, "userAgent": user_agent, "address": address,
            "revokedAt": at(*revoked_at),
        })
    }
}

impl AuditedObject for sign_in_link::Model {
    fn subject(&self) -> AuditSubject {
        subject("SignInLink", self.id, "")
    }

    fn facts(&self) -> Json {
        let Self {
            id: _,
            organization_id: _,
            user_id,
            hash: _,
            method,
            browser_hash: _,
            expires_at,
            used_at,
            created_at: _,
        } = self;
        json!({
            "userId": user_id, "method": method, "expiresAt": at(Some(*expires_at)), "usedAt": at(*used_at),
        })
    }
}

impl AuditedObject for oidc_identity::Model {
    fn subject(&self) -> AuditSubject {
        subject("User", self.user_id, "")
    }

    fn facts(&self) -> Json {
        let Self {
            organization_id: _,
            user_id: _,
            issuer,
            subject,
            created_at: _,
        } = self;
        json!({ "issuer": issuer, "subject": subject })
    }
}

impl AuditedObject for service::Model {
    fn subject(&self) -> AuditSubject {
        subject("Service", self.id, &self.name)
    }

    fn facts(&self) -> Json {
        let Self {
            id: _,
            organization_id: _,
            name,
            description_markdown,
            default_urgency,
            is_default,
            archived_at,
            created_at: _,
        } = self;
        json!({
            "name": name, "descriptionMarkdown": description_markdown, "defaultUrgency": default_urgency,
            "isDefault": is_default, "archivedAt": at(*archived_at),
        })
    }
}

impl AuditedObject for service_manager::Model {
    fn subject(&self) -> AuditSubject {
        subject("Service", self.service_id, "")
    }

    fn facts(&self) -> Json {
        let Self {
            service_id: _,
            user_id,
            organization_id: _,
            created_at: _,
        } = self;
        json!({ "managerId": user_id })
    }
}

impl AuditedObject for connector::Model {
    fn subject(&self) -> AuditSubject {
        subject("Connector", self.id, &self.name)
    }

    fn facts(&self) -> Json {
        let Self {
            id: _,
            organization_id: _,
            name,
            workspace_id,
            channel,
            reply_mode,
            is_default,
            events,
            urgency_filter,
            two_way_sync,
            appearance_name,
            appearance_icon,
            fallback_id,
            template_id,
            created_at: _,
        } = self;
        json!({
            "name": name, "workspaceId": workspace_id, "channel": channel, "replyMode": reply_mode,
            "isDefault": is_default, "events": events, "urgencyFilter": urgency_filter, "twoWaySync": two_way_sync,
            "appearanceName": appearance_name, "appearanceIcon": appearance_icon, "fallbackId": fallback_id,
            "templateId": template_id,
        })
    }
}

impl AuditedObject for connector_rule::Model {
    fn subject(&self) -> AuditSubject {
        subject("ConnectorRule", self.id, "")
    }

    fn facts(&self) -> Json {
        let Self {
            id: _,
            organization_id: _,
            connector_id,
            service_id,
            urgency,
            severity,
            tag_key,
            tag_value,
            created_at: _,
        } = self;
        json!({
            "connectorId": connector_id, "serviceId": service_id, "urgency": urgency, "severity": severity,
            "tagKey": tag_key, "tagValue": tag_value,
        })
    }
}

impl AuditedObject for slack_template::Model {
    fn subject(&self) -> AuditSubject {
        subject("SlackTemplate", self.id, &self.name)
    }

    fn facts(&self) -> Json {
        let Self {
            id: _,
            organization_id: _,
            name,
            title,
            body,
            fields,
            created_at: _,
            updated_at: _,
        } = self;
        json!({ "name": name, "title": title, "body": body, "fields": fields })
    }
}

impl AuditedObject for slack_app::Model {
    fn subject(&self) -> AuditSubject {
        subject("SlackApp", self.id, &self.name)
    }

    fn facts(&self) -> Json {
        let Self {
            id: _,
            organization_id: _,
            name,
            client_id,
            sealed_client_secret,
            sealed_signing_secret,
            sealed_app_token,
            version,
            created_at: _,
            updated_at: _,
        } = self;
        json!({
            "name": name, "clientId": client_id, "clientSecret": masked(sealed_client_secret.as_ref()),
            "signingSecret": masked(sealed_signing_secret.as_ref()), "appToken": masked(sealed_app_token.as_ref()),
            "version": version,
        })
    }
}

impl AuditedObject for slack_workspace::Model {
    fn subject(&self) -> AuditSubject {
        subject("SlackWorkspace", self.id, &self.name)
    }

    fn facts(&self) -> Json {
        let Self {
            id: _,
            organization_id: _,
            name,
            sealed_bot_token,
            app_id,
            features,
            team_id,
            sealed_refresh_token,
            token_expires_at: _,
            manifest_version,
            token_version,
            disconnected_at,
            created_by: _,
            created_at: _,
            updated_at: _,
        } = self;
        json!({
            "name": name, "botToken": masked(sealed_bot_token.as_ref()),
            "refreshToken": masked(sealed_refresh_token.as_ref()), "tokenVersion": token_version, "appId": app_id,
            "features": features, "teamId": team_id, "manifestVersion": manifest_version,
            "disconnectedAt": at(*disconnected_at),
        })
    }
}

impl AuditedObject for slack_link::Model {
    fn subject(&self) -> AuditSubject {
        subject("User", self.user_id, "")
    }

    fn facts(&self) -> Json {
        let Self {
            id: _,
            organization_id: _,
            user_id: _,
            team_id,
            slack_user_id,
            kind,
            created_at: _,
        } = self;
        json!({ "teamId": team_id, "slackUserId": slack_user_id, "matchedBy": kind })
    }
}

impl AuditedObject for slack_operation::Model {
    fn subject(&self) -> AuditSubject {
        subject("SlackOperation", self.id, self.kind.as_str())
    }

    fn facts(&self) -> Json {
        let Self {
            id: _,
            organization_id: _,
            kind,
            workspace_id,
            connector_id,
            user_id,
            input,
            state: _,
            code: _,
            message: _,
            result: _,
            requested_by: _,
            created_at: _,
            expires_at: _,
            finished_at: _,
        } = self;
        json!({
            "kind": kind, "workspaceId": workspace_id, "connectorId": connector_id, "userId": user_id,
            "input": input,
        })
    }
}
