//! Creating an incident from Slack: by the command, by a shortcut, from a message, from the Home tab.
//!
//! What is missing is asked for in one dialog ([`form`]). What was submitted is stored, triggered with the stored request's id as its name,
//! and then noted as created where the person was ([`crate::origin`]): each repetition of the work does both again, to no effect.

mod draft;
mod form;
mod message;
mod open;
mod submit;
mod trigger;

use futures::FutureExt;
use tocsin_client::As;
use tocsin_database::Database;
use tocsin_entity::{
    id::OrganizationId,
    kinds::{Severity, Urgency},
};
use tocsin_queue::JobError;
use uuid::Uuid;

pub(crate) use open::{FROM_HOME, FROM_MESSAGE, GLOBAL, OPTIONS, SHORTCUTS};
pub(crate) use submit::{SUBMIT, SUBMITTED};

use crate::{
    acting::{
        self, ActionRefusal, ActionService, answers, services,
        slash_command::SlashCommand,
        subcommand::{Subcommand, SubcommandHandler},
    },
    grammar::usage::Usage,
    installation::AppInstallation,
    notice::Notice,
    origin::{Origin, Origins},
    request::{
        self, InboundRequest, InteractiveOutcome, InteractiveRequest, RequestOutcome, SlackAnswer, WorkResult,
    },
    texts::commands,
};
use draft::{IncidentDraft, parse_draft};
use trigger::{CreatedIncident, Creator, NewIncidentRequest};

const USAGE: &Usage = &Usage {
    names: &["create", "new", "trigger", "declare"],
    form: commands::CREATE_FORM,
    about: commands::CREATE,
    deed: "create",
    of_incident: false,
};

/// What it takes to create incidents.
#[derive(Debug)]
pub(crate) struct IncidentCreation {
    pub(crate) acting: ActionService,
    pub(crate) database: Database,
    pub(crate) origins: Origins,
}

type Route = request::Route<IncidentCreation>;
type Prompt = request::InteractiveRoute<IncidentCreation>;

/// `create`: what says all that is needed is stored, and the rest is asked for.
pub(crate) const CREATE: Subcommand<IncidentCreation> = Subcommand {
    usage: USAGE,
    check: |rest| parse_draft(rest).map(drop).map_err(str::to_owned),
    run: SubcommandHandler::Ask(
        |creation, interaction, typed, rest| answer(creation, interaction, typed, rest).boxed(),
        |creation, item, typed, rest| work(creation, item, typed, rest).boxed(),
    ),
};

async fn answer(
    creation: &IncidentCreation,
    interaction: &InteractiveRequest,
    typed: &SlashCommand,
    rest: &str,
) -> Result<InteractiveOutcome, JobError> {
    match parse_draft(rest) {
        Ok(given) if given.is_whole() => Ok(InteractiveOutcome::Store(SlackAnswer::Empty)),
        Ok(given) => open::for_command(creation, interaction, typed, &given).await,
        Err(_) => Ok(InteractiveOutcome::Done("ignored", SlackAnswer::Empty)),
    }
}

/// Creates the incident of a command that says all that is needed.
async fn work(
    creation: &IncidentCreation,
    item: &InboundRequest,
    typed: &SlashCommand,
    rest: &str,
) -> WorkResult {
    let Ok(given) = parse_draft(rest) else {
        return Ok(RequestOutcome::NotOurs("ignored"));
    };
    let (outcome, text) = match create_given(creation, item, typed, &given).await? {
        Ok(created) => ("created", created.told().as_str().to_owned()),
        Err(refusal) => (refusal.outcome(), refusal.text(USAGE)),
    };
    typed.tell(&creation.acting, &item.installation, &text).await?;
    Ok(RequestOutcome::Done(outcome))
}

async fn create_given(
    creation: &IncidentCreation,
    item: &InboundRequest,
    typed: &SlashCommand,
    given: &IncidentDraft,
) -> Result<Result<CreatedIncident, ActionRefusal>, JobError> {
    let request_id = item.request_id.as_deref();
    let (Some(title), Some(service)) = (&given.title, &given.service) else {
        return Ok(Err(Notice::NotFound.into()));
    };
    let person = match typed.person(&creation.acting, &item.installation).await? {
        Ok(person) => person,
        Err(notice) => return Ok(Err(notice.into())),
    };
    let theirs = match acting::organizations_of(&creation.acting, &person, request_id).await? {
        Ok(theirs) => theirs,
        Err(notice) => return Ok(Err(notice.into())),
    };
    let (mut found, mut known) = (Vec::new(), Vec::new());
    for (organization, member) in theirs {
        let who = As {
            on_behalf_of: Some(member.id),
            ..As::bridge(organization, request_id)
        };
        match services::service_named(&creation.acting, who, service).await? {
            Ok(service) => found.push((Creator { organization, member }, service)),
            Err(names) => known.extend(names),
        }
    }
    if found.len() > 1 {
        let found: Vec<_> = found.into_iter().map(|(_, service)| service).collect();
        return Ok(Err(services::of_several(service, &found)));
    }
    let Some((who, service)) = found.pop() else {
        return Ok(Err(services::unknown(service, &known)));
    };
    let draft = NewIncidentRequest {
        title: title.clone(),
        description: None,
        service: Some(service.id),
        urgency: given.urgency,
        severity: given.severity,
    };
    let origin = origin(
        &item.installation,
        who.organization,
        typed.channel.as_deref(),
        None,
    );
    trigger::trigger(creation, item, &who, &draft, origin).await
}

/// Where an incident was created, if that is a place where the bot can speak to others: in conversations of two it is not there.
fn origin(
    installation: &AppInstallation,
    organization: OrganizationId,
    channel: Option<&str>,
    thread_ts: Option<&str>,
) -> Option<Origin> {
    let channel = channel.filter(|id| id.starts_with(['C', 'G']))?;
    Some(Origin {
        workspace: installation.workspace_of(organization).id,
        team_id: installation.team_id().to_owned(),
        channel_id: channel.to_owned(),
        thread_ts: thread_ts.map(str::to_owned),
    })
}

/// What a dialog begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Prefilled {
    title: Option<String>,
    description: Option<String>,
    /// The whole of the description, where it is too long to be shown.
    draft: Option<Uuid>,
    /// By its id in the menu, and its name.
    service: Option<(String, String)>,
    urgency: Option<Urgency>,
    severity: Option<Severity>,
}

/// Why there is nothing to fill in, as mrkdwn.
fn sorry(notice: &Notice) -> String {
    answers::sorry(notice)
}
