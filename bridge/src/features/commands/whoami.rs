//! As whom a person acts.

use futures::FutureExt;
use tocsin_client::{
    As, Known, Member,
    documents::{WhoIs, who_is},
};
use tocsin_entity::{id::OrganizationId, kinds::Role};
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;

use super::CommandReply;
use crate::{
    acting::{
        self, ActionService,
        slash_command::SlashCommand,
        subcommand::{Subcommand, SubcommandHandler, answered},
    },
    failure::of_api,
    grammar::usage::Usage,
    identity::SlackActor,
    installation::AppInstallation,
    notice::Notice,
    request::{InteractiveOutcome, InteractiveRequest},
    texts::{accounts, commands},
};

const USAGE: &Usage = &Usage {
    names: &["whoami"],
    form: "whoami",
    about: commands::WHOAMI,
    deed: "whoami",
    of_incident: false,
};

/// Tells as whom a person acts.
pub(crate) const WHOAMI: Subcommand<ActionService> = Subcommand {
    usage: USAGE,
    check: |_| Ok(()),
    run: SubcommandHandler::Read(|acting, interaction, typed, _| answer(acting, interaction, typed).boxed()),
};

async fn answer(
    acting: &ActionService,
    interaction: &InteractiveRequest,
    typed: &SlashCommand,
) -> Result<InteractiveOutcome, JobError> {
    let told = whoami(acting, &interaction.installation, typed, &interaction.request_id).await?;
    Ok(answered(USAGE, told.map(|text| CommandReply::text(text).reply())))
}

async fn whoami(
    acting: &ActionService,
    installation: &AppInstallation,
    typed: &SlashCommand,
    request_id: &str,
) -> Result<Result<Mrkdwn, Notice>, JobError> {
    let person = match typed.person(acting, installation).await? {
        Ok(person) => person,
        Err(notice) => return Ok(Err(notice)),
    };
    memberships_text(acting, &person, Some(request_id)).await
}

/// Every membership of a person's, one to a line.
pub(super) async fn memberships_text(
    acting: &ActionService,
    person: &SlackActor,
    request_id: Option<&str>,
) -> Result<Result<Mrkdwn, Notice>, JobError> {
    let theirs = match acting::organizations_of(acting, person, request_id).await? {
        Ok(theirs) => theirs,
        Err(notice) => return Ok(Err(notice)),
    };
    let mut text = Mrkdwn::default();
    for (organization, member) in theirs {
        if !text.is_empty() {
            text = text.plus("\n");
        }
        text = text.and(&one(acting, organization, &member, request_id).await?);
    }
    Ok(Ok(text))
}

pub(super) async fn one(
    acting: &ActionService,
    organization: OrganizationId,
    member: &Member,
    request_id: Option<&str>,
) -> Result<Mrkdwn, JobError> {
    let who = As {
        on_behalf_of: Some(member.id),
        ..As::bridge(organization, request_id)
    };
    let email = member.email.clone();
    let read = acting
        .api
        .execute::<WhoIs>(who, who_is::Variables { email })
        .await
        .map_err(of_api)?;
    let name = read.users.nodes.into_iter().next().map(|user| user.name);
    let name = name.filter(|name| !name.trim().is_empty());
    Ok(accounts::membership(
        name.as_deref().unwrap_or(&member.email),
        &member.email,
        &role(&member.role),
        &read.organization.name,
    ))
}

fn role(role: &Known<Role>) -> Mrkdwn {
    match role {
        Known::Value(Role::Owner) => Mrkdwn::own(accounts::OWNER),
        Known::Value(Role::Admin) => Mrkdwn::own(accounts::ADMINISTRATOR),
        Known::Value(Role::Responder) => Mrkdwn::own(accounts::RESPONDER),
        Known::Value(Role::Stakeholder) => Mrkdwn::own(accounts::STAKEHOLDER),
        Known::Other(name) => Mrkdwn::text(&name.to_lowercase()),
    }
}
