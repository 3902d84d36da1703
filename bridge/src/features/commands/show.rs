//! One incident, to read.

use futures::FutureExt;
use tocsin_client::{As, Entry, Incident};
use tocsin_entity::id::OrganizationId;
use tocsin_message::blocks;
use tocsin_queue::JobError;
use tocsin_slack::inputs::divider;

use super::Told;
use crate::{
    acting::{
        self, Acting,
        subcommand::{NEEDS_NUMBER, Run, Subcommand, answered},
        typed::Typed,
    },
    failure::of_api,
    grammar::{usage::Usage, words::numbered},
    installation::AppInstallation,
    mirror::content,
    notice::Notice,
    request::{Answer, Ask, Reply},
};

/// Entries of the timeline that are shown, the newest first.
const ENTRIES: usize = 5;

/// Characters of a description.
const DESCRIPTION_MAX: usize = 1_500;

const USAGE: &Usage = &Usage {
    names: &["show", "view"],
    form: "show N",
    about: "shows an incident",
    deed: "see",
    of_incident: true,
};

/// Shows an incident.
pub(crate) const SHOW: Subcommand<Acting> = Subcommand {
    usage: USAGE,
    check: |rest| match numbered(rest) {
        Some(_) => Ok(()),
        None => Err(NEEDS_NUMBER.to_owned()),
    },
    run: Run::Read(|acting, ask, typed, rest| answer(acting, ask, typed, rest).boxed()),
};

async fn answer(acting: &Acting, ask: &Ask, typed: &Typed, rest: &str) -> Result<Answer, JobError> {
    let Some((number, _)) = numbered(rest) else {
        return Ok(Answer::Done("ignored", Reply::Empty));
    };
    let told = show(acting, &ask.installation, typed, number, &ask.request_id).await?;
    Ok(answered(USAGE, told.map(Told::reply)))
}

async fn show(
    acting: &Acting,
    installation: &AppInstallation,
    typed: &Typed,
    number: i64,
    request_id: &str,
) -> Result<Result<Told, Notice>, JobError> {
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
        .map(|read| told(&read.incident, &read.entries))
        .ok_or(Notice::NotFound))
}

fn told(incident: &Incident, entries: &[Entry]) -> Told {
    let mut all = vec![
        blocks::section(content::title(incident)),
        blocks::fields(content::facts(incident)),
    ];
    let description = content::description(incident, DESCRIPTION_MAX);
    if !description.is_empty() {
        all.push(blocks::section(description));
    }
    all.extend(content::tags(incident).map(blocks::context));
    if !entries.is_empty() {
        all.push(divider());
        let newest = entries.iter().rev().take(ENTRIES);
        all.extend(newest.map(|entry| blocks::section(content::told(incident, entry))));
    }
    Told {
        text: content::line(incident),
        blocks: all,
    }
}
