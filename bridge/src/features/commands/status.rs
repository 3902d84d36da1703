//! How many incidents are open, and whether the way to Slack is well.

use futures::FutureExt;
use tocsin_client::{
    As,
    documents::{StatusOfIncidents, status_of_incidents},
};
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;

use super::Told;
use crate::{
    acting::{
        self, Acting,
        subcommand::{Run, Subcommand, answered},
        typed::Typed,
    },
    failure::of_api,
    grammar::usage::Usage,
    installation::AppInstallation,
    notice::Notice,
    request::{Answer, Ask},
    workspace::SlackHealth,
};

const USAGE: &Usage = &Usage {
    names: &["status"],
    form: "status",
    about: "tells how many incidents are open, and whether Tocsin is well",
    deed: "status",
    of_incident: false,
};

/// Tells how things stand.
pub(crate) const STATUS: Subcommand<Acting> = Subcommand {
    usage: USAGE,
    check: |_| Ok(()),
    run: Run::Read(|acting, ask, typed, _| answer(acting, ask, typed).boxed()),
};

async fn answer(acting: &Acting, ask: &Ask, typed: &Typed) -> Result<Answer, JobError> {
    let told = status(acting, &ask.installation, typed, &ask.request_id).await?;
    Ok(answered(USAGE, told.map(Told::reply)))
}

async fn status(
    acting: &Acting,
    installation: &AppInstallation,
    typed: &Typed,
    request_id: &str,
) -> Result<Result<Told, Notice>, JobError> {
    let person = match typed.person(acting, installation).await? {
        Ok(person) => person,
        Err(notice) => return Ok(Err(notice)),
    };
    let theirs = match acting::organizations_of(acting, &person, Some(request_id)).await? {
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
        let counts = [
            (read.triggered.total_count, " triggered, "),
            (read.acknowledged.total_count, " acknowledged; "),
            (read.urgent.total_count, " of high urgency, "),
            (read.mine.total_count, " yours.\n"),
        ];
        text = text
            .and(&Mrkdwn::text(&read.organization.name).cut(100).bold())
            .plus(": ");
        text = counts.into_iter().fold(text, |text, (count, what)| {
            text.and(&Mrkdwn::text(&count.to_string())).plus(what)
        });
    }
    Ok(Ok(Told::text(
        text.and(&health(&installation.workspace().watcher.health())),
    )))
}

fn health(health: &SlackHealth) -> Mrkdwn {
    match health {
        SlackHealth::Well(bot) => Mrkdwn::own("Tocsin is connected to ")
            .and(&Mrkdwn::text(&bot.team_name).cut(100))
            .plus("."),
        SlackHealth::Unasked => Mrkdwn::own("Tocsin is just starting."),
        SlackHealth::Ill { trouble, .. } => {
            Mrkdwn::own("Tocsin has trouble with Slack: ").and(&Mrkdwn::text(trouble).cut(300))
        }
    }
}
