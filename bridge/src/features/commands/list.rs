//! Incidents in pages, which buttons turn.

use futures::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tocsin_client::{
    As, Incident, Known, Member,
    documents::{ListIncidents, list_incidents},
};
use tocsin_entity::{
    id::OrganizationId,
    kinds::{IncidentStatus, Role},
};
use tocsin_message::{
    blocks::{self, ButtonStyle},
    mrkdwn::Mrkdwn,
};
use tocsin_queue::JobError;
use tocsin_slack::{
    envelope::RequestKind,
    lenient::{lenient, read},
};
use url::Url;

use super::{
    CommandReply,
    filters::{Filters, filters},
};
use crate::{
    acting::{
        self, ActionService, answers, asker, services,
        slash_command::SlashCommand,
        subcommand::{Subcommand, SubcommandHandler, answered},
    },
    failure::of_api,
    grammar::{usage::Usage, words::first_word},
    installation::AppInstallation,
    mirror::{
        buttons,
        content::{self, NAME_MAX},
        facts,
    },
    notice::{self, Notice},
    request::{InteractiveOutcome, InteractiveRequest, InteractiveRoute, SlackAnswer},
    texts::commands,
};

/// Incidents in a page.
const PAGE_SIZE: i64 = 10;

/// Incidents of each organisation, where there are several.
const SHORT_PAGE_SIZE: i64 = 5;

/// What a button carries may have 2,000 characters; longer commands have no pages.
const VALUE_MAX: usize = 1_900;

const NEXT: &str = "list_next";
const PREVIOUS: &str = "list_previous";

/// `block_actions`, for the buttons that turn the pages.
pub(crate) const PAGE: InteractiveRoute<ActionService> = InteractiveRoute {
    kind: RequestKind::Interaction,
    name: "block_actions",
    wanted: |_, payload| Turn::of(payload).is_some(),
    answer: |acting, interaction| turn(acting, interaction).boxed(),
    otherwise: |_, _| SlackAnswer::Empty,
};

/// Which page is wanted: what a button carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Page {
    /// The filters as they were typed.
    #[serde(rename = "t")]
    text: String,
    #[serde(rename = "o")]
    organization: OrganizationId,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    /// How many incidents are before the page.
    #[serde(rename = "n", default)]
    offset: i64,
}

impl Page {
    fn first(text: &str, organization: OrganizationId) -> Self {
        Self {
            text: text.to_owned(),
            organization,
            after: None,
            before: None,
            offset: 0,
        }
    }
}

/// A press of such a button.
struct Turn {
    page: Page,
    user: String,
    response_url: Option<Url>,
    channel: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Pressed {
    #[serde(deserialize_with = "lenient")]
    action_id: String,
    #[serde(deserialize_with = "lenient")]
    value: String,
}

impl Turn {
    fn of(payload: &Value) -> Option<Self> {
        let actions = payload["actions"].as_array()?;
        let pressed = actions.iter().map(read::<Pressed>);
        let mut turning = pressed.filter(|pressed| [NEXT, PREVIOUS].contains(&pressed.action_id.as_str()));
        Some(Self {
            page: turning.find_map(|pressed| serde_json::from_str(&pressed.value).ok())?,
            user: payload["user"]["id"].as_str()?.to_owned(),
            response_url: payload["response_url"].as_str().and_then(|url| url.parse().ok()),
            channel: payload["channel"]["id"].as_str().map(str::to_owned),
        })
    }
}

const USAGE: &Usage = &Usage {
    names: &["list", "ls"],
    form: commands::LIST_FORM,
    about: commands::LIST,
    deed: "list",
    of_incident: false,
};

/// Lists incidents.
pub(crate) const LIST: Subcommand<ActionService> = Subcommand {
    usage: USAGE,
    check: |rest| filters(rest).map(drop),
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
    let Ok(filters) = filters(rest) else {
        return Ok(InteractiveOutcome::Done("ignored", SlackAnswer::Empty));
    };
    let told = list(
        acting,
        &interaction.installation,
        typed,
        &filters,
        &interaction.request_id,
    )
    .await?;
    Ok(answered(USAGE, told.map(CommandReply::reply)))
}

/// The first page, of each organisation of the person's.
async fn list(
    acting: &ActionService,
    installation: &AppInstallation,
    typed: &SlashCommand,
    filters: &Filters,
    request_id: &str,
) -> Result<Result<CommandReply, Notice>, JobError> {
    let person = match typed.person(acting, installation).await? {
        Ok(person) => person,
        Err(notice) => return Ok(Err(notice)),
    };
    let theirs = match acting::organizations_of(acting, &person, Some(request_id)).await? {
        Ok(theirs) => theirs,
        Err(notice) => return Ok(Err(notice)),
    };
    let size = if theirs.len() == 1 {
        PAGE_SIZE
    } else {
        SHORT_PAGE_SIZE
    };
    let (mut told, mut has_service) = (CommandReply::default(), false);
    let mut known = Vec::new();
    for (organization, member) in theirs {
        let page = Page::first(&typed.text, organization);
        match read_page(acting, &page, filters, &member, size, request_id).await? {
            Ok(listed) => {
                has_service = true;
                told = told.and(listed.told(&page));
            }
            Err(names) => known.extend(names),
        }
    }
    Ok(Ok(if has_service {
        told
    } else {
        no_service(filters.service.as_deref().unwrap_or_default(), &known)
    }))
}

fn no_service(name: &str, known: &[String]) -> CommandReply {
    let text = commands::no_service(name, services::close_to(name, known));
    CommandReply::text(text)
}

/// What a page shows.
struct IncidentPage {
    name: String,
    /// Whether the member may change what is listed.
    may_act: bool,
    incidents: Vec<Incident>,
    total: i64,
    /// Where the next page begins, and the one before ends.
    next: Option<String>,
    previous: Option<String>,
}

/// Reads a page. The inner error holds the names of all services, where none has the one that is wanted.
async fn read_page(
    acting: &ActionService,
    page: &Page,
    filters: &Filters,
    member: &Member,
    size: i64,
    request_id: &str,
) -> Result<Result<IncidentPage, Vec<String>>, JobError> {
    let who = As {
        on_behalf_of: Some(member.id),
        ..As::bridge(page.organization, Some(request_id))
    };
    let service = match &filters.service {
        Some(name) => match services::service_named(acting, who, name).await? {
            Ok(service) => Some(service.id.to_string()),
            Err(names) => return Ok(Err(names)),
        },
        None => None,
    };
    let backwards = page.before.is_some();
    let variables = list_incidents::Variables {
        statuses: statuses(filters),
        urgencies: some(filters.urgencies.iter().copied().map(Known::Value).collect()),
        severities: some(filters.severities.iter().copied().map(Known::Value).collect()),
        services: service.map(|id| vec![id]),
        assignees: filters.mine.then(|| vec![member.id.to_string()]),
        first: (!backwards).then_some(size),
        after: page.after.clone(),
        last: backwards.then_some(size),
        before: page.before.clone(),
    };
    let read = acting
        .api
        .execute::<ListIncidents>(who, variables)
        .await
        .map_err(of_api)?;
    let info = read.incidents.page_info;
    let incidents = read.incidents.nodes.into_iter().map(Incident::try_from);
    Ok(Ok(IncidentPage {
        name: read.organization.name,
        may_act: member.role != Role::Stakeholder,
        incidents: incidents.collect::<Result<_, _>>().map_err(JobError::fail)?,
        total: read.incidents.total_count,
        // A page that was reached from the other side has what it came from, whatever the API says of that side.
        next: info.end_cursor.filter(|_| info.has_next_page || backwards),
        previous: info
            .start_cursor
            .filter(|_| page.offset > 0 && (info.has_previous_page || !backwards)),
    }))
}

fn some<T>(all: Vec<T>) -> Option<Vec<T>> {
    Some(all).filter(|all| !all.is_empty())
}

fn statuses(filters: &Filters) -> Option<Vec<Known<IncidentStatus>>> {
    let open = [IncidentStatus::Triggered, IncidentStatus::Acknowledged];
    let wanted = match filters.statuses.as_slice() {
        [] if filters.all => return None,
        [] => &open[..],
        statuses => statuses,
    };
    Some(wanted.iter().copied().map(Known::Value).collect())
}

impl CommandReply {
    fn and(mut self, more: Self) -> Self {
        if !self.text.is_empty() {
            self.text = self.text.plus(" ");
        }
        self.text = self.text.and(&more.text);
        self.blocks.extend(more.blocks);
        self
    }
}

impl IncidentPage {
    fn told(&self, page: &Page) -> CommandReply {
        let count = i64::try_from(self.incidents.len()).unwrap_or(i64::MAX);
        let head = Mrkdwn::text(&self.name).cut(NAME_MAX).bold();
        if self.incidents.is_empty() {
            let text = commands::none_listed(&head);
            return CommandReply {
                blocks: vec![blocks::section(text.clone())],
                text,
            };
        }
        let (from, to) = (page.offset + 1, page.offset + count);
        let head = commands::listed(&head, from, to, self.total.max(to));
        let mut all = vec![blocks::section(head.clone())];
        all.extend(self.incidents.iter().map(|incident| {
            if self.may_act {
                buttons::listed(line(incident), incident)
            } else {
                blocks::section(line(incident))
            }
        }));
        let buttons: Vec<_> = self.buttons(page, count).collect();
        if !buttons.is_empty() {
            all.push(blocks::actions(&buttons));
        }
        CommandReply {
            text: head,
            blocks: all,
        }
    }

    fn buttons(&self, page: &Page, count: i64) -> impl Iterator<Item = Value> {
        let previous = self.previous.as_ref().map(|cursor| {
            let page = Page {
                before: Some(cursor.clone()),
                after: None,
                offset: (page.offset - PAGE_SIZE).max(0),
                ..page.clone()
            };
            (commands::PREVIOUS, PREVIOUS, page)
        });
        let next = self.next.as_ref().map(|cursor| {
            let page = Page {
                after: Some(cursor.clone()),
                before: None,
                offset: page.offset + count,
                ..page.clone()
            };
            (commands::NEXT, NEXT, page)
        });
        previous
            .into_iter()
            .chain(next)
            .filter_map(|(label, action_id, page)| {
                let value = serde_json::to_string(&page).ok()?;
                (value.chars().count() <= VALUE_MAX)
                    .then(|| blocks::button(label, action_id, &value, ButtonStyle::Plain))
            })
    }
}

/// An incident, and who has it at its end.
fn line(incident: &Incident) -> Mrkdwn {
    let text = content::overview(incident);
    match facts::people(incident) {
        Some(people) => text.plus(" · ").and(&people),
        None => text,
    }
}

/// Shows another page in the place of the one on which the button was pressed.
async fn turn(
    acting: &ActionService,
    interaction: &InteractiveRequest,
) -> Result<InteractiveOutcome, JobError> {
    let Some(turn) = Turn::of(&interaction.payload) else {
        return Ok(InteractiveOutcome::Done("ignored", SlackAnswer::Empty));
    };
    let (outcome, message) = match turned(acting, interaction, &turn).await {
        Ok(Ok(told)) => {
            let message = json!({"response_type": "ephemeral", "replace_original": true, "text": told.text.as_str(),
                "blocks": told.blocks});
            ("list", message)
        }
        Ok(Err(notice)) => {
            let text = answers::refused(&notice, USAGE);
            return tell(acting, interaction, &turn, &text, notice.outcome()).await;
        }
        Err(error) => {
            let (JobError::Retry(cause) | JobError::RetryAfter(_, cause) | JobError::Fail(cause)) = error;
            tracing::warn!(
                request.id = interaction.request_id,
                "a page can't be shown: {cause}"
            );
            let notice = Notice::Unavailable;
            return tell(
                acting,
                interaction,
                &turn,
                &answers::sorry(&notice),
                notice.outcome(),
            )
            .await;
        }
    };
    match &turn.response_url {
        Some(url) => {
            if let Err(error) = acting.http.respond(url, &message).await {
                tracing::warn!(slack.user = turn.user, "a page could not be turned: {error}");
            }
            Ok(InteractiveOutcome::Done(outcome, SlackAnswer::Empty))
        }
        None => Ok(InteractiveOutcome::Done("ignored", SlackAnswer::Empty)),
    }
}

async fn tell(
    acting: &ActionService,
    interaction: &InteractiveRequest,
    turn: &Turn,
    text: &str,
    outcome: &'static str,
) -> Result<InteractiveOutcome, JobError> {
    let (url, channel) = (turn.response_url.as_ref(), turn.channel.as_deref());
    notice::answer(
        &acting.http,
        &interaction.installation,
        url,
        channel,
        &turn.user,
        text,
    )
    .await?;
    Ok(InteractiveOutcome::Done(outcome, SlackAnswer::Empty))
}

async fn turned(
    acting: &ActionService,
    interaction: &InteractiveRequest,
    turn: &Turn,
) -> Result<Result<CommandReply, Notice>, JobError> {
    let request_id = interaction.request_id.as_str();
    let page = &turn.page;
    let (word, rest) = first_word(&page.text);
    let Some(filters) = filters(rest).ok().filter(|_| USAGE.is_named(word)) else {
        return Ok(Err(Notice::NotFound));
    };
    let person = match asker::person(acting, &interaction.installation, &turn.user).await? {
        Ok(person) => person,
        Err(notice) => return Ok(Err(notice)),
    };
    let member = match acting::member(acting, page.organization, &person, Some(request_id)).await? {
        Ok(member) => member,
        Err(notice) => return Ok(Err(notice)),
    };
    let read = read_page(acting, page, &filters, &member, PAGE_SIZE, request_id).await?;
    Ok(Ok(match read {
        Ok(listed) => listed.told(page),
        Err(known) => no_service(filters.service.as_deref().unwrap_or_default(), &known),
    }))
}
