//! The dialog for a new incident is opened, and filled with what is known.
//!
//! What opens it is good for 3 s: an empty one is shown at once.

use futures::FutureExt;
use serde_json::{Value, json};
use tocsin_client::{As, Member};
use tocsin_entity::kinds::Role;
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;
use tocsin_slack::{envelope::RequestKind, error::SlackError, inputs::option, view::View};

use super::{
    IncidentCreation, Prefilled, Prompt,
    draft::IncidentDraft,
    form::{self, CreateDialogMetadata},
    message, sorry,
};
use crate::{
    acting::{
        self, asker,
        services::{self, CHOICES, ServiceChoice},
        slash_command::SlashCommand,
    },
    identity::SlackActor,
    notice::{self, Notice},
    request::{InteractiveOutcome, InteractiveRequest, Shortcut, SlackAnswer},
    texts::create as texts,
};

/// The global shortcut's name in the app's manifest.
const SHORTCUT: &str = "create_incident";

/// The message shortcut's name in the app's manifest.
const MESSAGE_SHORTCUT: &str = "create_incident_from_message";

/// The shortcuts that open the dialog.
pub(crate) const SHORTCUTS: [Shortcut; 2] = [
    Shortcut {
        name: texts::SHORTCUT,
        kind: "global",
        callback_id: SHORTCUT,
        description: texts::SHORTCUT_DOES,
    },
    Shortcut {
        name: texts::MESSAGE_SHORTCUT,
        kind: "message",
        callback_id: MESSAGE_SHORTCUT,
        description: texts::MESSAGE_SHORTCUT_DOES,
    },
];

/// The global shortcut.
pub(crate) const GLOBAL: Prompt = Prompt {
    kind: RequestKind::Interaction,
    name: "shortcut",
    wanted: |_, payload| payload["callback_id"] == SHORTCUT,
    answer: |creation, interaction| from_nowhere(creation, interaction).boxed(),
    otherwise: |_, _| SlackAnswer::Empty,
};

/// The button of the Home tab.
pub(crate) const FROM_HOME: Prompt = Prompt {
    kind: RequestKind::Interaction,
    name: "block_actions",
    wanted: |_, payload| {
        let actions = payload["actions"].as_array();
        actions.is_some_and(|actions| {
            actions
                .iter()
                .any(|action| action["action_id"] == "create_incident")
        })
    },
    answer: |creation, interaction| from_nowhere(creation, interaction).boxed(),
    otherwise: |_, _| SlackAnswer::Empty,
};

/// The message shortcut.
pub(crate) const FROM_MESSAGE: Prompt = Prompt {
    kind: RequestKind::Interaction,
    name: "message_action",
    wanted: |_, payload| payload["callback_id"] == MESSAGE_SHORTCUT,
    answer: |creation, interaction| from_message(creation, interaction).boxed(),
    otherwise: |_, _| SlackAnswer::Empty,
};

/// `block_suggestion`, for the services in the dialog.
pub(crate) const OPTIONS: Prompt = Prompt {
    kind: RequestKind::Interaction,
    name: "block_suggestion",
    wanted: |_, payload| {
        payload["view"]["callback_id"] == form::CALLBACK && payload["action_id"] == form::SERVICE
    },
    answer: |creation, interaction| options(creation, interaction).boxed(),
    otherwise: |_, _| SlackAnswer::no_options(),
};

/// Who opens it, and with what.
pub(super) struct Opener<'a> {
    pub(super) interaction: &'a InteractiveRequest,
    pub(super) user: String,
    trigger: String,
    pub(super) meta: CreateDialogMetadata,
}

impl<'a> Opener<'a> {
    fn of(interaction: &'a InteractiveRequest) -> Option<Self> {
        let payload = &interaction.payload;
        let channel = payload["channel"]["id"].as_str().map(str::to_owned);
        let response_url = payload["response_url"].as_str().map(str::to_owned);
        Some(Self {
            interaction,
            user: payload["user"]["id"].as_str()?.to_owned(),
            trigger: payload["trigger_id"].as_str().unwrap_or_default().to_owned(),
            meta: CreateDialogMetadata {
                channel,
                response_url,
                ..CreateDialogMetadata::default()
            },
        })
    }

    fn request_id(&self) -> &str {
        &self.interaction.request_id
    }
}

/// For a command that says a part.
pub(super) async fn for_command(
    creation: &IncidentCreation,
    interaction: &InteractiveRequest,
    typed: &SlashCommand,
    given: &IncidentDraft,
) -> Result<InteractiveOutcome, JobError> {
    let opener = Opener {
        interaction,
        user: typed.user.clone(),
        trigger: typed.trigger.clone().unwrap_or_default(),
        meta: CreateDialogMetadata {
            channel: typed.channel.clone(),
            response_url: typed.response_url.as_ref().map(ToString::to_string),
            ..CreateDialogMetadata::default()
        },
    };
    open(creation, opener, FormSource::Given(given)).await
}

async fn from_nowhere(
    creation: &IncidentCreation,
    interaction: &InteractiveRequest,
) -> Result<InteractiveOutcome, JobError> {
    let Some(opener) = Opener::of(interaction) else {
        return Ok(InteractiveOutcome::Done("ignored", SlackAnswer::Empty));
    };
    open(creation, opener, FormSource::Nothing).await
}

async fn from_message(
    creation: &IncidentCreation,
    interaction: &InteractiveRequest,
) -> Result<InteractiveOutcome, JobError> {
    let Some(mut opener) = Opener::of(interaction) else {
        return Ok(InteractiveOutcome::Done("ignored", SlackAnswer::Empty));
    };
    let message = &interaction.payload["message"];
    let ts = message["ts"]
        .as_str()
        .or(interaction.payload["message_ts"].as_str());
    opener.meta.thread_ts = message["thread_ts"].as_str().or(ts).map(str::to_owned);
    open(creation, opener, FormSource::Message(message)).await
}

/// What it is filled with.
#[derive(Clone, Copy)]
enum FormSource<'a> {
    Nothing,
    Given(&'a IncidentDraft),
    Message(&'a Value),
}

async fn open(
    creation: &IncidentCreation,
    opener: Opener<'_>,
    what: FormSource<'_>,
) -> Result<InteractiveOutcome, JobError> {
    let workspace = opener.interaction.installation.workspace();
    let shown = match workspace.slack.open_view(&opener.trigger, &form::loading()).await {
        Ok(shown) => shown,
        Err(error) => return not_opened(creation, &opener, what, &error).await,
    };
    let (view, outcome) = match filled(creation, &opener, what).await {
        Ok(Ok(view)) => (view, "opened"),
        Ok(Err(notice)) => (refused(&notice), notice.outcome()),
        Err(error) => {
            let (JobError::Retry(cause) | JobError::RetryAfter(_, cause) | JobError::Fail(cause)) = error;
            tracing::warn!(
                request.id = opener.request_id(),
                "a dialog can't be filled: {cause}"
            );
            (refused(&Notice::Unavailable), Notice::Unavailable.outcome())
        }
    };
    if let Err(error) = workspace.slack.update_view(&shown.id, None, &view).await {
        // Perhaps the person has closed it by now.
        tracing::warn!(slack.user = opener.user, "a dialog was not filled: {error}");
    }
    Ok(InteractiveOutcome::Done(outcome, SlackAnswer::Empty))
}

fn refused(notice: &Notice) -> View {
    form::text_dialog("refused", Mrkdwn::recorded(sorry(notice)))
}

/// What is said where there is no dialog to say it in.
async fn not_opened(
    creation: &IncidentCreation,
    opener: &Opener<'_>,
    what: FormSource<'_>,
    error: &SlackError,
) -> Result<InteractiveOutcome, JobError> {
    let workspace = opener.interaction.installation.workspace();
    if error.is("exchanged_trigger_id") || error.is("trigger_exchanged") {
        return Ok(InteractiveOutcome::Done("duplicate", SlackAnswer::Empty));
    }
    tracing::warn!(slack.user = opener.user, "no dialog was opened: {error}");
    let notice = if workspace.is_disconnected() {
        Notice::Disconnected
    } else {
        Notice::Unavailable
    };
    let text = sorry(&notice);
    if let FormSource::Given(_) = what {
        return Ok(InteractiveOutcome::Done(
            notice.outcome(),
            SlackAnswer::ephemeral(&text),
        ));
    }
    let (url, channel) = (opener.meta.address(), opener.meta.channel.as_deref());
    let installation = &opener.interaction.installation;
    notice::answer(
        &creation.acting.http,
        installation,
        url.as_ref(),
        channel,
        &opener.user,
        &text,
    )
    .await?;
    Ok(InteractiveOutcome::Done(notice.outcome(), SlackAnswer::Empty))
}

/// The organisations in which a person may create incidents.
async fn theirs<'a>(
    creation: &IncidentCreation,
    person: &SlackActor,
    request_id: &'a str,
) -> Result<Result<Vec<(As<'a>, Member)>, Notice>, JobError> {
    let theirs = match acting::organizations_of(&creation.acting, person, Some(request_id)).await? {
        Ok(theirs) => theirs,
        Err(notice) => return Ok(Err(notice)),
    };
    let first = theirs.first().map(|(organization, _)| *organization);
    let responders = theirs
        .into_iter()
        .filter(|(_, member)| member.role != Role::Stakeholder);
    let all: Vec<_> = responders
        .map(|(organization, member)| {
            let who = As {
                on_behalf_of: Some(member.id),
                ..As::bridge(organization, Some(request_id))
            };
            (who, member)
        })
        .collect();
    match first {
        Some(organization) if all.is_empty() => {
            let help = acting::help(&creation.acting, organization, Some(request_id)).await?;
            Ok(Err(Notice::ReadOnly { help }))
        }
        Some(_) | None => Ok(Ok(all)),
    }
}

/// The dialog as it is to be filled in, or what stands in the way.
async fn filled(
    creation: &IncidentCreation,
    opener: &Opener<'_>,
    what: FormSource<'_>,
) -> Result<Result<View, Notice>, JobError> {
    let person = match asker::person(&creation.acting, &opener.interaction.installation, &opener.user).await?
    {
        Ok(person) => person,
        Err(notice) => return Ok(Err(notice)),
    };
    let theirs = match theirs(creation, &person, opener.request_id()).await? {
        Ok(theirs) => theirs,
        Err(notice) => return Ok(Err(notice)),
    };
    let prefilled = match what {
        FormSource::Nothing => Prefilled::default(),
        FormSource::Given(given) => Prefilled {
            title: given.title.clone(),
            service: service(creation, &theirs, given.service.as_deref()).await?,
            urgency: given.urgency,
            severity: given.severity,
            ..Prefilled::default()
        },
        FormSource::Message(message) => message::prefilled(creation, opener, message).await?,
    };
    let meta = CreateDialogMetadata {
        draft: prefilled.draft,
        needs_service: theirs.len() > 1,
        ..opener.meta.clone()
    };
    Ok(Ok(form::view(&prefilled, &meta)))
}

/// The service that is named, if there is one of that name alone.
async fn service(
    creation: &IncidentCreation,
    theirs: &[(As<'_>, Member)],
    name: Option<&str>,
) -> Result<Option<(String, String)>, JobError> {
    let Some(name) = name else { return Ok(None) };
    let mut found = Vec::new();
    for (who, _) in theirs {
        if let (Ok(service), Some(organization)) = (
            services::service_named(&creation.acting, *who, name).await?,
            who.organization,
        ) {
            let shown = shown(&service, theirs.len() > 1);
            found.push((services::value(organization, service.id), shown));
        }
    }
    // Of several, the person chooses.
    Ok(found.pop().filter(|_| found.is_empty()))
}

/// A service in the menu.
fn shown(service: &ServiceChoice, is_of_several: bool) -> String {
    if is_of_several {
        service.full_name()
    } else {
        service.name.clone()
    }
}

async fn options(
    creation: &IncidentCreation,
    interaction: &InteractiveRequest,
) -> Result<InteractiveOutcome, JobError> {
    let none = || Ok(InteractiveOutcome::Done("refused", SlackAnswer::no_options()));
    let Some(opener) = Opener::of(interaction) else {
        return none();
    };
    let Ok(person) = asker::person(&creation.acting, &opener.interaction.installation, &opener.user).await?
    else {
        return none();
    };
    let Ok(theirs) = theirs(creation, &person, &interaction.request_id).await? else {
        return none();
    };
    let typed = interaction.payload["value"].as_str().unwrap_or_default();
    let mut all = Vec::new();
    let is_of_several = theirs.len() > 1;
    for (who, _) in theirs {
        let Some(organization) = who.organization else {
            continue;
        };
        let found = services::matching(&creation.acting, who, typed).await?;
        all.extend(found.iter().map(|service| {
            let value = services::value(organization, service.id);
            option(&shown(service, is_of_several), &value)
        }));
    }
    all.truncate(CHOICES);
    Ok(InteractiveOutcome::Done(
        "options",
        SlackAnswer::Json(json!({"options": all})),
    ))
}
