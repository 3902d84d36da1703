//! Somebody pasted links.
//!
//! Source: Slack, "`link_shared` event", "Unfurling links in messages".

use std::collections::BTreeSet;

use futures::FutureExt;
use sea_orm::{
    ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
    sea_query::{Expr, OnConflict},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tocsin_client::Incident;
use tocsin_entity::{
    kinds::PostKind,
    slack::{channel, post},
};
use tocsin_queue::JobError;
use tocsin_slack::{
    envelope::RequestKind,
    lenient::{id, lenient, read},
};

use super::{UnfurlService, wake::wake};
use crate::{
    identity,
    installation::AppInstallation,
    links::{LinkedPage, key},
    request::{InboundRequest, RequestOutcome, Route, WorkResult},
    store::{
        post_key::{OF_INCIDENT, OF_POSTMORTEM},
        posts,
    },
};

/// `link_shared`.
pub(crate) const ROUTE: Route<UnfurlService> = Route {
    kind: RequestKind::Event,
    name: "link_shared",
    wanted: |_, payload| Shared::of(payload).is_some(),
    work: |unfurl, item| shared(unfurl, item).boxed(),
};

/// In place of a channel, while a message is being written.
const COMPOSER: &str = "COMPOSER";

/// More links in one message than this get no preview: nobody reads them.
const PREVIEWS_MAX: usize = 10;

/// The links of one message, or of one that is still being written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Shared {
    #[serde(deserialize_with = "id")]
    channel: Option<String>,
    #[serde(deserialize_with = "lenient")]
    channel_id: Option<String>,
    #[serde(deserialize_with = "id")]
    user: Option<String>,
    #[serde(deserialize_with = "lenient")]
    message_ts: Option<String>,
    #[serde(deserialize_with = "lenient")]
    thread_ts: Option<String>,
    #[serde(deserialize_with = "lenient")]
    unfurl_id: Option<String>,
    #[serde(deserialize_with = "lenient")]
    source: Option<String>,
    #[serde(deserialize_with = "lenient")]
    links: Vec<Link>,
    /// Slack has dropped what it showed, and asks for it once more.
    #[serde(deserialize_with = "lenient")]
    is_unfurl_refresh: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Link {
    #[serde(deserialize_with = "lenient")]
    url: String,
}

impl Shared {
    /// The links, if Slack says where they stand.
    fn of(payload: &Value) -> Option<Self> {
        let shared: Self = read(&payload["event"]);
        (!shared.links.is_empty() && shared.channel().is_some() && shared.ts().is_some()).then_some(shared)
    }

    /// `COMPOSER` while the message is being written.
    fn channel(&self) -> Option<&str> {
        self.channel.as_deref().or(self.channel_id.as_deref())
    }

    fn ts(&self) -> Option<&str> {
        self.message_ts.as_deref().or(self.unfurl_id.as_deref())
    }
}

async fn shared(unfurl: &UnfurlService, item: &InboundRequest) -> WorkResult {
    let Some(shared) = Shared::of(&item.payload) else {
        return Ok(RequestOutcome::NotOurs("ignored"));
    };
    let mut ours: Vec<(&str, LinkedPage)> = Vec::new();
    for link in &shared.links {
        let page = LinkedPage::of(&unfurl.links.public_url, &link.url);
        if let Some(page) = page.filter(|_| !ours.iter().any(|(url, _)| *url == link.url)) {
            ours.push((&link.url, page));
        }
    }
    if ours.is_empty() {
        return Ok(RequestOutcome::NotOurs("not_ours"));
    }
    if is_seen_by_others(unfurl, item, &shared).await? {
        return Ok(RequestOutcome::NotOurs("shared_channel"));
    }
    let person = match &shared.user {
        Some(user) => identity::person(&unfurl.identity, &item.installation, user).await?,
        None => None,
    };
    let request_id = item.request_id.as_deref();
    ours.truncate(PREVIEWS_MAX);
    let numbers: BTreeSet<i32> = ours.iter().map(|(_, page)| page.number()).collect();
    let shown = unfurl.links.shown(numbers, person.as_ref(), request_id).await?;
    let mut previews = 0;
    for (url, page) in ours {
        let number = i64::from(page.number());
        let Some(found) = shown.iter().find(|shown| shown.incident.number == number) else {
            continue;
        };
        let prefix = match page {
            LinkedPage::Incident(_) => OF_INCIDENT,
            LinkedPage::Postmortem(_) if found.shows_postmortem => OF_POSTMORTEM,
            LinkedPage::Postmortem(_) => continue,
        };
        want(unfurl, &shared, &item.installation, url, prefix, &found.incident).await?;
        wake(unfurl, &found.incident, request_id).await?;
        previews += 1;
    }
    Ok(if previews > 0 {
        RequestOutcome::Done("previewed")
    } else {
        RequestOutcome::NotOurs("no_incident")
    })
}

/// Whether another company sees the channel. Of a message that is still being written nobody knows where it goes: where there is any shared channel, it is
/// waited for, since Slack tells of its links again.
async fn is_seen_by_others(
    unfurl: &UnfurlService,
    item: &InboundRequest,
    shared: &Shared,
) -> Result<bool, JobError> {
    if item.payload["is_ext_shared_channel"] == true {
        return Ok(true);
    }
    let known = channel::Entity::find()
        .filter(channel::Column::TeamId.eq(item.installation.team_id()))
        .filter(channel::Column::IsShared.eq(true));
    let known = match shared.channel() {
        Some(COMPOSER) | None => known,
        Some(id) => known.filter(channel::Column::ChannelId.eq(id)),
    };
    let found = known.one(unfurl.database.read()).await;
    Ok(found.map_err(JobError::retry)?.is_some())
}

/// Records that the link is to have a preview, once; once more where Slack asks for it again.
async fn want(
    unfurl: &UnfurlService,
    shared: &Shared,
    installation: &AppInstallation,
    url: &str,
    prefix: &str,
    incident: &Incident,
) -> Result<(), JobError> {
    let (Some(channel), Some(ts)) = (shared.channel(), shared.ts()) else {
        return Ok(());
    };
    let team_id = installation.team_id();
    let address = json!({
        "channel": channel,
        "ts": shared.message_ts,
        "thread_ts": shared.thread_ts,
        "unfurl_id": shared.unfurl_id,
        "source": shared.source,
        "url": url,
    });
    let place = (team_id.to_owned(), channel.to_owned());
    let known = channel::Entity::find_by_id(place)
        .one(unfurl.database.read())
        .await
        .map_err(JobError::retry)?;
    let row = post::Model {
        incident_id: Some(incident.id),
        connector_name: "link preview".to_owned(),
        workspace_id: installation.workspace_of(incident.organization_id).id,
        team_id: team_id.to_owned(),
        channel_id: channel.to_owned(),
        channel_name: known.map_or_else(|| channel.to_owned(), |known| known.name),
        thread_ts: shared.thread_ts.clone(),
        address: Some(address),
        ..posts::queued(
            incident.organization_id,
            key(prefix, team_id, channel, ts, url),
            PostKind::Unfurl,
            unfurl.clock.now(),
        )
    };
    let mut known = OnConflict::column(post::Column::Key);
    if shared.is_unfurl_refresh {
        known.value(post::Column::ContentHash, Expr::value(None::<String>));
    } else {
        known.do_nothing();
    }
    post::Entity::insert(row.into_active_model())
        .on_conflict(known)
        .exec_without_returning(unfurl.database.write())
        .await
        .map_err(JobError::retry)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_from_a_message_a_thread_and_the_composer() {
        let links = json!([{"domain": "example.com", "url": "https://example.com/incidents/1?a=b#c"}, {"url": "https://example.com/2"}]);
        let message = json!({"event": {"channel": "C1", "user": "U1", "message_ts": "1.1", "thread_ts": "1.0", "links": links}});
        let shared = Shared::of(&message).expect("links");
        assert_eq!(
            (shared.channel(), shared.ts(), shared.thread_ts.as_deref()),
            (Some("C1"), Some("1.1"), Some("1.0"))
        );
        assert_eq!(shared.links[0].url, "https://example.com/incidents/1?a=b#c");
        let composer = json!({"event": {"channel": "COMPOSER", "user": "U1", "message_ts": "Uxx-1", "unfurl_id": "Uxx-1",
            "source": "composer", "links": links}});
        assert_eq!(
            Shared::of(&composer).expect("links").source.as_deref(),
            Some("composer")
        );
        let older = json!({"event": {"channel_id": "COMPOSER", "unfurl_id": "Uxx-1", "source": "composer", "links": links}});
        assert_eq!(Shared::of(&older).expect("links").channel(), Some("COMPOSER"));
        assert_eq!(
            Shared::of(&json!({"event": {"channel": "C1", "message_ts": "1.1", "links": []}})),
            None
        );
        assert_eq!(
            Shared::of(&json!({"event": {"message_ts": "1.1", "links": links}})),
            None
        );
    }
}
