//! An incident to look at.

use time::macros::datetime;
use tocsin_client::{Author, Entry, Incident, Known, Postmortem, Tag};
use tocsin_entity::{
    id::{ConnectorId, IncidentId, OrganizationId, TimelineEntryId},
    kinds::{EntryKind, IncidentStatus, PostmortemStatus, Severity, Source, Urgency},
};
use uuid::Uuid;

use crate::mirror::desired::{Destination, Presentation};

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0000 + number)
}

pub(crate) fn incident() -> Incident {
    Incident {
        id: IncidentId(uuid(42)),
        organization_id: OrganizationId(uuid(1)),
        number: 42,
        title: "Payments are failing".to_owned(),
        description_markdown: "Cards are **declined** since the last release.".to_owned(),
        status: Known::Value(IncidentStatus::Triggered),
        urgency: Known::Value(Urgency::High),
        severity: Some(Known::Value(Severity::Sev2)),
        url: "https://tocsin.example.com/incidents/42".to_owned(),
        version: 1,
        service: "payments".to_owned(),
        assignee_ids: Vec::new(),
        assignees: vec!["Alice Archer".to_owned(), "Bob Baker".to_owned()],
        tags: vec![tag("region", "eu"), tag("canary", "")],
        triggered_at: datetime!(2026-11-20 22:36:07 UTC),
        triggered_by: None,
        acknowledged_at: None,
        acknowledged_by: None,
        resolved_at: None,
        resolved_by: None,
        snoozed_until: None,
        slack_muted: false,
        reply_mode: None,
        updated_at: datetime!(2026-11-20 22:36:07 UTC),
    }
}

pub(crate) fn tag(key: &str, value: &str) -> Tag {
    Tag {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

pub(crate) fn acknowledged() -> Incident {
    Incident {
        status: Known::Value(IncidentStatus::Acknowledged),
        acknowledged_at: Some(datetime!(2026-11-20 22:40:00 UTC)),
        acknowledged_by: Some("Alice Archer".to_owned()),
        version: 2,
        ..incident()
    }
}

pub(crate) fn resolved() -> Incident {
    Incident {
        status: Known::Value(IncidentStatus::Resolved),
        resolved_at: Some(datetime!(2026-11-20 23:01:59 UTC)),
        resolved_by: Some("Bob Baker".to_owned()),
        version: 3,
        ..acknowledged()
    }
}

pub(crate) fn entry(version: i64, kind: EntryKind) -> Entry {
    Entry {
        id: TimelineEntryId(uuid(100 + u128::try_from(version).expect("a version"))),
        version,
        kind: Known::Value(kind),
        source: Known::Value(Source::Api),
        body_markdown: None,
        author: Some(Author {
            name: "Alice Archer".to_owned(),
            email: Some("alice@example.com".to_owned()),
        }),
        created_at: datetime!(2026-11-20 22:40:00 UTC),
        occurred_at: datetime!(2026-11-20 22:40:00 UTC),
        external_ref: None,
        changes: Vec::new(),
        assignees: None,
        snoozed_until: None,
        changed_version: version,
        is_edited: false,
        is_retracted: false,
        slack_muted: false,
    }
}

pub(crate) fn destination(number: u128) -> Destination {
    Destination {
        connector_id: ConnectorId(uuid(200 + number)),
        connector_name: format!("connector {number}"),
        workspace: None,
        team_id: "T1".to_owned(),
        customize: true,
        channel_id: format!("C000000{number}"),
        channel_name: format!("#channel-{number}"),
        in_digest: false,
        tells_apart: false,
        thread_ts: None,
        presentation: Presentation::default(),
    }
}

pub(crate) fn postmortem() -> Postmortem {
    Postmortem {
        title: "#42 Payments <are> failing".to_owned(),
        status: Known::Value(PostmortemStatus::InReview),
        body_markdown: "## Summary\n\nCards were **declined** for 22 min. <!here>\n\n## Impact\n\nMany."
            .to_owned(),
        authors: vec!["Alice Archer".to_owned()],
        updated_at: datetime!(2026-11-21 08:00:00 UTC),
        published_at: None,
    }
}
