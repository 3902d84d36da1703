//! An administrator says who a member is in Slack, where nobody can sign in and no address matches.

use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use tocsin_entity::{
    id::{OrganizationId, SlackLinkId, UserId},
    kinds::{Role, SlackMatch},
    membership, organization,
    slack::installation,
    slack_link::Model,
};

use super::{command::SLACK_ID_MAX, link::link, sign_in::LinkSlackIdentity};
use crate::{
    audit::AuditTrail,
    error::{MutationError, UserError, UserErrorCode},
    idempotency, limits,
    request::Request,
    tenant::{Tenant, everywhere},
    viewer::Permission,
    workspace,
};

/// Links a member to a person in Slack.
pub async fn link_member(request: &Request<'_>, input: LinkSlackIdentity) -> Result<Model, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let no_member = || UserError::not_found("user").at("userId");
    let Some(user_id) = &input.user_id else {
        return Err(UserError::invalid("userId", "Name the member who is this person in Slack.").into());
    };
    let user_id: UserId = user_id.parse().map_err(|_| no_member())?;
    let Some(slack_user_id) = &input.slack_user_id else {
        return Err(UserError::invalid("slackUserId", "Name the person in Slack who the member is.").into());
    };
    let slack_user_id = slack_user(slack_user_id)?;
    let member = Tenant::of(organization_id)
        .find::<membership::Entity>()
        .filter(membership::Column::UserId.eq(user_id))
        .one(request.domain.database().read())
        .await?
        .ok_or_else(no_member)?;
    let own_role = viewer.member().map(|member| member.role);
    if member.role == Role::Owner && own_role.is_some_and(|role| role != Role::Owner) {
        let why = "Only an OWNER says who an owner is in Slack.";
        return Err(UserError::new(UserErrorCode::Forbidden, why).at("userId").into());
    }
    let team_id = own_team(request, organization_id, input.workspace_id.as_deref()).await?;
    let id_of = |row: &Model| row.id;
    let trail = AuditTrail::of(request, organization_id);
    idempotency::once(
        request,
        organization_id,
        key,
        "link to Slack",
        id_of,
        async |tx| {
            let row = Model {
                id: SlackLinkId::new(),
                organization_id,
                user_id,
                team_id,
                slack_user_id,
                kind: SlackMatch::Administrator,
                created_at: request.now(),
            };
            link(tx, row, &trail).await
        },
    )
    .await
}

/// The id of a person in Slack. Source: Slack, "User type".
fn slack_user(text: &str) -> Result<String, UserError> {
    let id = limits::line("slackUserId", text, SLACK_ID_MAX)?;
    let is_sound = id.len() > 1
        && id.starts_with(['U', 'W'])
        && id.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    if is_sound {
        return Ok(id);
    }
    Err(UserError::invalid(
        "slackUserId",
        "This is no id of a person in Slack: it begins with U or W. In Slack, open their profile and choose *Copy member ID*.",
    ))
}

/// The team of a workspace that is the organisation's alone. Elsewhere an organisation could learn who people of others
/// are by saying that they are its members.
async fn own_team(
    request: &Request<'_>,
    organization_id: OrganizationId,
    workspace_id: Option<&str>,
) -> Result<String, MutationError> {
    let db = request.domain.database().read();
    let found = workspace::meant_workspace(request, db, organization_id, workspace_id, "workspaceId").await?;
    if let Some(found) = &found {
        workspace::need_connected(found, "workspaceId")?;
    }
    let servers = workspace::team_id(request, None).await?;
    let team_id = match &found {
        None => servers.clone(),
        Some(found) => workspace::team_id(request, Some(found.id))
            .await?
            .or_else(|| found.team_id.clone()),
    };
    let Some(team_id) = team_id else {
        let why = "Slack has not said yet which workspace this is: try again in a minute, or look at `slackWorkspaces`.";
        return Err(UserError::new(UserErrorCode::WrongStatus, why)
            .at("workspaceId")
            .into());
    };
    let others = everywhere::<installation::Entity>("whether the workspace is others', too")
        .filter(installation::Column::TeamId.eq(&team_id))
        .filter(installation::Column::OrganizationId.ne(organization_id))
        .count(db)
        .await?;
    let is_servers = servers.as_ref() == Some(&team_id);
    if others > 0
        || (is_servers
            && everywhere::<organization::Entity>("whether there are others")
                .count(db)
                .await?
                > 1)
    {
        let why = "Other organisations use this Slack workspace too. There, members link themselves: by `linkSlackIdentity` with a key of their own, \
                   or by the slash command's `link`.";
        return Err(UserError::new(UserErrorCode::Forbidden, why)
            .at("workspaceId")
            .into());
    }
    Ok(team_id)
}
