//! Services, as people name and choose them.

use tocsin_client::{
    As,
    documents::{ServicesToName, services_to_name},
};
use tocsin_entity::id::{OrganizationId, ServiceId};
use tocsin_message::mrkdwn::cut_plain;
use tocsin_queue::JobError;
use tocsin_slack::inputs::OPTION_MAX;

use super::ActionRefusal;
use super::ActionService;
use crate::{failure::of_api, texts::create};

/// Services read at once, and pages at most.
const PAGE: i64 = 100;
const PAGES_MAX: usize = 20;

/// The most that a menu of Slack's shows.
pub(crate) const CHOICES: usize = 100;

/// The most services that a sentence names.
const NAMED_MAX: usize = 5;

/// How alike two names must be at least, from 0 to 1.
const CLOSE: f64 = 0.6;

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServiceChoice {
    pub(crate) id: ServiceId,
    pub(crate) name: String,
    /// The name of its organisation.
    pub(crate) organization: String,
}

impl ServiceChoice {
    /// What tells it from services of the same name, to a person of several organisations.
    pub(crate) fn full_name(&self) -> String {
        // A menu shows few characters, and each of the two is to be seen.
        let organization = cut_plain(&self.organization, OPTION_MAX / 2 - 2);
        let room = OPTION_MAX - organization.encode_utf16().count() - 3;
        format!("{} ({organization})", cut_plain(&self.name, room))
    }

    fn is_called(&self, wanted: &str) -> bool {
        let name = self.name.trim().to_lowercase();
        name == wanted
            || self.id.to_string() == wanted
            || self.full_name().to_lowercase() == wanted
            || format!("{name} ({})", self.organization.to_lowercase()) == wanted
    }
}

/// All services of an organisation, as whoever asks sees them.
async fn all(acting: &ActionService, who: As<'_>) -> Result<Vec<ServiceChoice>, JobError> {
    let (mut all, mut after) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let variables = services_to_name::Variables { first: PAGE, after };
        let page = acting.api.execute::<ServicesToName>(who, variables).await;
        let page = page.map_err(of_api)?;
        let (organization, page) = (page.organization.name, page.services);
        for node in page.nodes {
            all.push(ServiceChoice {
                id: node.id.parse().map_err(JobError::fail)?,
                name: node.name,
                organization: organization.clone(),
            });
        }
        match page.page_info.end_cursor.filter(|_| page.page_info.has_next_page) {
            Some(cursor) => after = Some(cursor),
            None => break,
        }
    }
    Ok(all)
}

/// Those whose name has this text in it.
pub(crate) async fn matching(
    acting: &ActionService,
    who: As<'_>,
    typed: &str,
) -> Result<Vec<ServiceChoice>, JobError> {
    let typed = typed.trim().to_lowercase();
    let mut found = all(acting, who).await?;
    found.retain(|service| service.name.to_lowercase().contains(&typed));
    Ok(found)
}

/// The service of this name, whole or in part, or else the names of all.
pub(crate) async fn service_named(
    acting: &ActionService,
    who: As<'_>,
    name: &str,
) -> Result<Result<ServiceChoice, Vec<String>>, JobError> {
    let found = all(acting, who).await?;
    let wanted = name.trim().to_lowercase();
    let exact = found.iter().find(|service| service.is_called(&wanted));
    let part: Vec<_> = found
        .iter()
        .filter(|service| service.name.to_lowercase().contains(&wanted))
        .collect();
    Ok(match (exact, part.as_slice()) {
        (Some(service), _) => Ok(service.clone()),
        (None, [only]) => Ok((*only).clone()),
        (None, _) => Err(found.into_iter().map(|service| service.name).collect()),
    })
}

/// The name closest to what was typed, if any is close.
pub(crate) fn close_to<'a>(typed: &str, names: &'a [String]) -> Option<&'a str> {
    let typed: String = typed.to_lowercase().chars().take(100).collect();
    let closeness = |name: &String| {
        let name: String = name.to_lowercase().chars().take(100).collect();
        if name.contains(&typed) {
            return 1.0;
        }
        strsim::jaro_winkler(&typed, &name)
    };
    let (name, closeness) = names
        .iter()
        .map(|name| (name, closeness(name)))
        .max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    (closeness >= CLOSE).then_some(name.as_str())
}

/// To whoever named none that there is.
pub(crate) fn unknown(name: &str, known: &[String]) -> ActionRefusal {
    ActionRefusal::Words("not_found", create::no_service(name, close_to(name, known)))
}

/// To whoever named one that several of their organisations have.
pub(crate) fn of_several(name: &str, found: &[ServiceChoice]) -> ActionRefusal {
    let names: Vec<_> = found
        .iter()
        .take(NAMED_MAX)
        .map(ServiceChoice::full_name)
        .collect();
    ActionRefusal::Words("ambiguous_service", create::several_services(name, &names))
}

/// A service in the menu, with its organisation.
pub(crate) fn value(organization: OrganizationId, service: ServiceId) -> String {
    format!("{organization}/{service}")
}

/// What [`value`] made.
pub(crate) fn of_value(value: &str) -> Option<(OrganizationId, ServiceId)> {
    let (organization, service) = value.split_once('/')?;
    Some((organization.parse().ok()?, service.parse().ok()?))
}
