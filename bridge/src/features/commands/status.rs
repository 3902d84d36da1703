//! How many incidents are open, and whether the way to Slack is well.

use futures::FutureExt;
use tocsin_client::{
    As,
    documents::{StatusOfIncidents, status_of_incidents},
};
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;

use super::{CommandReply, memberships};
use crate::{
    acting::{
        ActionService,
        slash_command::SlashCommand,
        subcommand::{Subcommand, SubcommandHandler, answered},
    },
    failure::of_api,
    grammar::usage::Usage,
    notice::Notice,
    request::{InteractiveOutcome, InteractiveRequest},
    texts::commands,
    workspace::SlackHealth,
};

const USAGE: &Usage = &Usage {
    names: &["status"],
    form: "status",
    about: commands::STATUS,
    deed: "status",
    of_incident: false,
};

/// Tells how things stand.
pub(crate) const STATUS: Subcommand<ActionService> = Subcommand {
    usage: USAGE,
    check: |_| Ok(()),
    run: SubcommandHandler::Read(|acting, interaction, typed, _| answer(acting, interaction, typed).boxed()),
};

async fn answer(
    acting: &ActionService,
    interaction: &InteractiveRequest,
    typed: &SlashCommand,
) -> Result<InteractiveOutcome, JobError> {
    let told = status(acting, interaction, typed).await?;
    Ok(answered(USAGE, told.map(CommandReply::reply)))
}

async fn status(
    acting: &ActionService,
    interaction: &InteractiveRequest,
    typed: &SlashCommand,
) -> Result<Result<CommandReply, Notice>, JobError> {
    let (installation, request_id) = (&interaction.installation, &interaction.request_id);
    let theirs = match memberships(acting, interaction, typed).await? {
        Ok(theirs) => theirs,
        Err(notice) => return Ok(Err(notice)),
    };
    let mut text = Mrkdwn::default();
    for (organization, member) in theirs {
        let who = As {
            on_behalf_of: Some(member.id),
            ..As::bridge(organization, Some(request_id))
        };
        let variables = status_of_incidents::Variables {
            me: member.id.to_string(),
        };
        let read = acting
            .api
            .execute::<StatusOfIncidents>(who, variables)
            .await
            .map_err(of_api)?;
        let counts = commands::OpenCounts {
            triggered: read.triggered.total_count,
            acknowledged: read.acknowledged.total_count,
            urgent: read.urgent.total_count,
            yours: read.mine.total_count,
        };
        text = text.and(&commands::counts(&read.organization.name, counts));
    }
    Ok(Ok(CommandReply::text(
        text.and(&health(&installation.workspace().monitor.health())),
    )))
}

fn health(health: &SlackHealth) -> Mrkdwn {
    match health {
        SlackHealth::Healthy(bot) => commands::connected(&bot.team_name),
        SlackHealth::Unknown => Mrkdwn::own(commands::STARTING),
        SlackHealth::Unhealthy { trouble, .. } => commands::unhealthy(trouble),
    }
}
