//! Links to pages of ours: which incident one leads to, whom it may be shown to, and the preview on record of it.

mod page;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};
use sha2::{Digest, Sha256};
use tocsin_client::{ApiClient, Incident, PreviewRequest, PreviewedIncident};
use tocsin_database::Database;
use tocsin_entity::{kinds::PostKind, slack::post};
use tocsin_queue::JobError;
use url::Url;

use crate::{
    failure::of_api,
    identity::SlackActor,
    installation::AppInstallation,
    store::post_key::{OF_INCIDENT, OF_POSTMORTEM},
};

pub(crate) use page::LinkedPage;

/// Reads links to pages of ours. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct IncidentLinks {
    pub(crate) api: ApiClient,
    pub(crate) database: Database,
    /// The base of the pages, by which their links are recognised.
    pub(crate) public_url: Url,
}

impl IncidentLinks {
    /// The preview of a link in a message: a link has one key, as the page of an incident or of its post-mortem.
    pub(crate) async fn preview_of_link(
        &self,
        installation: &AppInstallation,
        channel_id: &str,
        ts: &str,
        url: &str,
    ) -> Result<Option<post::Model>, JobError> {
        let found = previews(installation.team_id(), channel_id, ts, url)
            .one(self.database.read())
            .await
            .map_err(JobError::retry)?;
        Ok(found.filter(|post| installation.serves(post.organization_id)))
    }

    /// The incident that a link is about, if this person may be shown it.
    pub(crate) async fn incident_of(
        &self,
        url: &str,
        person: Option<&SlackActor>,
        request_id: Option<&str>,
    ) -> Result<Option<Incident>, JobError> {
        let Some(page) = LinkedPage::of(&self.public_url, url) else {
            return Ok(None);
        };
        let shown = self.shown([page.number()], person, request_id).await?;
        Ok(shown.into_iter().map(|shown| shown.incident).next())
    }

    /// The incidents of these numbers that a person may show to a channel by pasting links, asked for in one question. The API says which: those of
    /// organisations of which they are a member, and of one that allows it to everybody in a workspace of its own. People of other companies, guests,
    /// bots and deactivated accounts show nothing.
    pub(crate) async fn shown(
        &self,
        numbers: impl IntoIterator<Item = i32>,
        person: Option<&SlackActor>,
        request_id: Option<&str>,
    ) -> Result<Vec<PreviewedIncident>, JobError> {
        let Some(person) = person else {
            return Ok(Vec::new());
        };
        if person.is_external || person.is_guest || person.is_bot || person.is_deactivated {
            return Ok(Vec::new());
        }
        let installation = &person.installation;
        let links = PreviewRequest {
            numbers: numbers.into_iter().map(i64::from).collect(),
            team_id: &person.team_id,
            slack_user_id: &person.slack_user_id,
            email: person.email.as_deref(),
            is_matched: !person.is_nobody,
            served: installation.served(),
            owners: installation.owners(),
            is_servers: installation.is_servers(),
        };
        self.api.previews(links, request_id).await.map_err(of_api)
    }
}

/// The posts that may be the preview of a link in a message, of which there is one at most.
fn previews(team_id: &str, channel_id: &str, ts: &str, url: &str) -> Select<post::Entity> {
    let keys = [OF_INCIDENT, OF_POSTMORTEM].map(|prefix| key(prefix, team_id, channel_id, ts, url));
    post::Entity::find()
        .filter(post::Column::Key.is_in(keys))
        .filter(post::Column::Kind.eq(PostKind::Unfurl))
}

/// Under which key the preview of a link in a message is on record.
pub(crate) fn key(prefix: &str, team_id: &str, channel_id: &str, ts: &str, url: &str) -> String {
    let fingerprint = hex::encode(&Sha256::digest(url.as_bytes())[..8]);
    format!("{prefix}{team_id}:{channel_id}:{ts}:{fingerprint}")
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, DbBackend, QueryTrait, Statement};
    use sea_orm_migration::MigratorTrait;

    use super::*;

    #[tokio::test]
    async fn a_press_on_a_preview_reads_it_by_its_key_and_not_all_of_its_channel() {
        let database = Database::open("sqlite::memory:", 1).await.expect("a database");
        let db = database.write();
        tocsin_migration::Migrator::up(db, None)
            .await
            .expect("migrations");
        let find = previews("T1", "C1", "1.1", "https://tocsin.example.com/incidents/42");
        let find = find.build(DbBackend::Sqlite).to_string();
        let explain = Statement::from_string(DbBackend::Sqlite, format!("EXPLAIN QUERY PLAN {find}"));
        let plan = db.query_all_raw(explain).await.expect("a plan");
        let plan: Vec<String> = plan
            .iter()
            .map(|row| row.try_get("", "detail").expect("a line"))
            .collect();
        assert!(
            plan.iter().any(|line| line.contains("(key=?)"))
                && plan.iter().all(|line| !line.starts_with("SCAN")),
            "{plan:?}"
        );
    }
}
