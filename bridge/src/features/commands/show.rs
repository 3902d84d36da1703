//! One incident, to read.

use futures::FutureExt;
use serde_json::Value;
use tocsin_client::{As, Entry, Incident};
use tocsin_entity::{id::OrganizationId, kinds::Role};
use tocsin_message::blocks;
use tocsin_queue::JobError;
use tocsin_slack::inputs::divider;

use super::CommandReply;
use crate::{
    acting::{
        self, ActionService,
        slash_command::SlashCommand,
        subcommand::{NEEDS_NUMBER, Subcommand, SubcommandHandler, answered},
    },
    failure::of_api,
    grammar::{usage::Usage, words::numbered},
    installation::AppInstallation,
    mirror::{buttons, content, facts},
    notice::Notice,
    request::{InteractiveOutcome, InteractiveRequest, SlackAnswer},
    texts::commands,
};

/// Entries of the timeline that are shown, the newest first.
const ENTRIES: usize = 5;

/// Characters of a description.
const DESCRIPTION_MAX: usize = 1_500;

const USAGE: &Usage = &Usage {
    names: &["show", "view"],
    form: "show N",
    about: commands::SHOW,
    deed: "see",
    of_incident: true,
};

/// Shows an incident.
pub(crate) const SHOW: Subcommand<ActionService> = Subcommand {
    usage: USAGE,
    check: |rest| match numbered(rest) {
        Some(_) => Ok(()),
        None => Err(NEEDS_NUMBER.to_owned()),
    },
    run: SubcommandHandler::Read(|acting, interaction, typed, rest| {
        answer(acting, interaction, typed, rest).boxed()
    }),
};

async fn answer(
    acting: &ActionService,
    interaction: &InteractiveRequest,
    typed: &SlashCommand,
    rest: &str,
) -> Result<InteractiveOutcome, JobError> {
    let Some((number, _)) = numbered(rest) else {
        return Ok(InteractiveOutcome::Done("ignored", SlackAnswer::Empty));
    };
    let told = show(
        acting,
        &interaction.installation,
        typed,
        number,
        &interaction.request_id,
    )
    .await?;
    Ok(answered(USAGE, told.map(CommandReply::reply)))
}

async fn show(
    acting: &ActionService,
    installation: &AppInstallation,
    typed: &SlashCommand,
    number: i64,
    request_id: &str,
) -> Result<Result<CommandReply, Notice>, JobError> {
    let person = match typed.person(acting, installation).await? {
        Ok(person) => person,
        Err(notice) => return Ok(Err(notice)),
    };
    let found = acting::incident_by_number(acting, &person, number, Some(request_id)).await?;
    let (organization, member, incident): (OrganizationId, _, _) = match found {
        Ok(found) => found,
        Err(notice) => return Ok(Err(notice)),
    };
    let who = As {
        on_behalf_of: Some(member.id),
        ..As::bridge(organization, Some(request_id))
    };
    let read = acting.api.find_mirrored(who, incident.id).await.map_err(of_api)?;
    Ok(read
        .map(|read| {
            let row = (member.role != Role::Stakeholder).then(|| buttons::row(&read.incident, 0));
            incident_details(&read.incident, &read.entries, row)
        })
        .ok_or(Notice::NotFound))
}

/// With the row of buttons, where there is one.
fn incident_details(incident: &Incident, entries: &[Entry], row: Option<Value>) -> CommandReply {
    let mut all = vec![
        blocks::section(content::title(incident)),
        blocks::fields(facts::facts(incident)),
    ];
    let description = content::description(incident, DESCRIPTION_MAX);
    if !description.is_empty() {
        all.push(blocks::section(description));
    }
    all.extend(content::tags(incident).map(blocks::context));
    all.extend(row);
    if !entries.is_empty() {
        all.push(divider());
        let newest = entries.iter().rev().take(ENTRIES);
        all.extend(newest.map(|entry| blocks::section(content::timeline_line(incident, entry))));
    }
    CommandReply {
        text: content::line(incident),
        blocks: all,
    }
}
