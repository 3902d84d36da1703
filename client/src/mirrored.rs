//! Incidents as the mirror reads them, each with its timeline and where it goes: one in a request, or many.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use tocsin_entity::id::{ConnectorId, IncidentId, InvalidId};

use crate::{
    api::{ApiClient, PAGE},
    documents::{
        ChangedTimeline, IncidentToMirror, IncidentsToMirror, changed_timeline, incident_to_mirror,
        incidents_to_mirror,
    },
    error::ApiError,
    incident::{Appearance, Connector, Entry, Incident, TemplateText},
    known::Known,
    transport::As,
};

/// Most incidents of one request. More, with `ENTRIES_OF_MANY` entries each, come to more fields than the API answers at once.
pub const MIRRORED_MAX: usize = 48;

/// Entries of each timeline where many incidents are read. A new one has a single entry; one with more than these is read alone.
const ENTRIES_OF_MANY: i64 = 16;

/// Entries that are read together where they are too large for one answer. So many of the longest fit into one.
const ENTRIES_OF_LARGE: i64 = 4;

/// An incident, the newest part of its timeline, and where it is to be shown.
#[derive(Clone, Debug)]
pub struct MirroredIncident {
    /// Its present state.
    pub incident: Incident,
    /// In the timeline's order.
    pub entries: Vec<Entry>,
    /// Whether there are entries before these.
    has_earlier: bool,
    /// All of the organisation's.
    pub connectors: Arc<[Connector]>,
    /// Those to which the incident goes.
    pub led: BTreeSet<ConnectorId>,
}

/// Each document has types of its own for the same fields.
macro_rules! mirrored_by {
    ($document:ident, $incident:ident) => {
        impl Connector {
            fn $document(read: $document::ConnectorFields, organization: &str) -> Result<Self, InvalidId> {
                let workspace = read.workspace.as_ref();
                Ok(Self {
                    id: read.id.parse()?,
                    name: read.name,
                    is_disconnected: workspace.is_some_and(|workspace| workspace.disconnected_at.is_some()),
                    workspace: workspace
                        .map(|workspace| workspace.id.parse())
                        .transpose()?,
                    channel: read.channel,
                    reply_mode: read.reply_mode,
                    events: Some(read.events.into_iter().filter_map(Known::value).collect()),
                    two_way_sync: read.two_way_sync,
                    is_taken: read.is_channel_taken,
                    appearance: Appearance {
                        name: read.appearance_name,
                        icon: read.appearance_icon,
                    },
                    fallback: read
                        .fallback
                        .map(|fallback| fallback.id.parse())
                        .transpose()?,
                    words: read.template.map(|template| TemplateText {
                        title: template.title,
                        body: template.body,
                        fields: template.fields.map(|fields| {
                            let all = fields.into_iter();
                            all.map(|field| (field.name, field.value)).collect()
                        }),
                        organization: organization.to_owned(),
                    }),
                })
            }
        }

        impl MirroredIncident {
            fn $document(
                read: $document::$incident,
                connectors: &Arc<[Connector]>,
            ) -> Result<Self, InvalidId> {
                let entries = read.timeline.nodes.into_iter().map(Entry::try_from);
                let led = read.slack_routing.iter();
                let led = led.filter(|route| route.held_back.is_none());
                Ok(Self {
                    incident: read.incident_fields.try_into()?,
                    entries: entries.collect::<Result<_, _>>()?,
                    has_earlier: read.timeline.page_info.has_previous_page,
                    connectors: Arc::clone(connectors),
                    led: led
                        .map(|route| route.connector.id.parse())
                        .collect::<Result<_, _>>()?,
                })
            }
        }
    };
}

mirrored_by!(incident_to_mirror, IncidentToMirrorIncident);
mirrored_by!(incidents_to_mirror, IncidentsToMirrorIncidentsNodes);

impl ApiClient {
    /// An incident with the newest entries of its timeline; none when the organisation has no such incident.
    pub async fn find_mirrored(
        &self,
        who: As<'_>,
        id: IncidentId,
    ) -> Result<Option<MirroredIncident>, ApiError> {
        let variables = |last| incident_to_mirror::Variables {
            id: id.to_string(),
            last,
        };
        let read = match self.execute::<IncidentToMirror>(who, variables(PAGE)).await {
            Err(error) if error.is_too_large() => {
                self.execute::<IncidentToMirror>(who, variables(ENTRIES_OF_LARGE))
                    .await?
            }
            read => read?,
        };
        let Some(found) = read.incident else {
            return Ok(None);
        };
        let organization = read.organization.name;
        let connectors = read.connectors.into_iter();
        let connectors = connectors
            .map(|one| Connector::incident_to_mirror(one, &organization))
            .collect::<Result<_, _>>()?;
        Ok(Some(MirroredIncident::incident_to_mirror(found, &connectors)?))
    }

    /// The same of at most [`MIRRORED_MAX`] incidents, in one request. Left out are those of which the organisation has none, and those whose
    /// timelines are long: each of them is to be asked for alone.
    pub async fn mirrored_together(
        &self,
        who: As<'_>,
        ids: &[IncidentId],
    ) -> Result<HashMap<IncidentId, MirroredIncident>, ApiError> {
        let variables = incidents_to_mirror::Variables {
            ids: ids.iter().map(ToString::to_string).collect(),
            first: i64::try_from(ids.len()).unwrap_or(PAGE),
            last: ENTRIES_OF_MANY,
        };
        let read = self.execute::<IncidentsToMirror>(who, variables).await?;
        let organization = read.organization.name;
        let connectors = read.connectors.into_iter();
        let connectors = connectors
            .map(|one| Connector::incidents_to_mirror(one, &organization))
            .collect::<Result<_, _>>()?;
        let mut all = HashMap::new();
        for found in read.incidents.nodes {
            let mirrored = MirroredIncident::incidents_to_mirror(found, &connectors)?;
            if !mirrored.has_earlier {
                all.insert(mirrored.incident.id, mirrored);
            }
        }
        Ok(all)
    }

    /// Completes the entries to all that were added, edited or retracted after `shown_version`, and drops the others.
    pub async fn complete(
        &self,
        who: As<'_>,
        mirrored: &mut MirroredIncident,
        shown_version: i64,
    ) -> Result<(), ApiError> {
        if mirrored.has_earlier {
            mirrored.entries = self
                .changed_entries(who, mirrored.incident.id, shown_version)
                .await?;
        }
        mirrored
            .entries
            .retain(|entry| entry.changed_version > shown_version);
        Ok(())
    }

    async fn changed_entries(
        &self,
        who: As<'_>,
        id: IncidentId,
        shown_version: i64,
    ) -> Result<Vec<Entry>, ApiError> {
        let (mut entries, mut after) = (Vec::new(), None);
        let mut first = PAGE;
        loop {
            let variables = changed_timeline::Variables {
                id: id.to_string(),
                changed_after: shown_version,
                first,
                after: after.clone(),
            };
            let found = match self.execute::<ChangedTimeline>(who, variables).await {
                Err(error) if error.is_too_large() && first > ENTRIES_OF_LARGE => {
                    first = ENTRIES_OF_LARGE;
                    continue;
                }
                found => found?.incident,
            };
            let Some(found) = found else {
                return Ok(entries);
            };
            for node in found.timeline.nodes {
                entries.push(Entry::try_from(node)?);
            }
            let page_info = found.timeline.page_info;
            after = page_info.end_cursor.filter(|_| page_info.has_next_page);
            if after.is_none() {
                return Ok(entries);
            }
        }
    }
}
