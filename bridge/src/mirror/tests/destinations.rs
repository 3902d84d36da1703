//! Where incidents go while channels take nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};
use tocsin_client::{Appearance, Connector, Known};
use tocsin_entity::{
    id::{ConnectorId, DigestId, WorkspaceId},
    kinds::{PostState, ReplyMode},
    slack::{channel, connector::WORKSPACE_UNUSABLE, digest_line, post},
};
use tocsin_slack::{error::SlackError, installation::Installation};
use tocsin_slack_client::Http;
use url::Url;

use super::{
    super::destinations::{RoutingInput, RoutingOutcome},
    fixtures::{acknowledged, destination, incident},
};
use crate::{
    config::Pace,
    connector::Connectors,
    mirror::{
        content::Controls,
        desired::{DesiredPost, PostSubject},
    },
    store::testing::{Own, sqlite},
    workspace::{HealthMonitor, SlackHealth, Workspace, WorkspaceServices, Workspaces},
};

/// A connector to `#channel-1`, and its fallback to `#channel-2` in another workspace.
struct Stage {
    _own: Own,
    workspaces: Workspaces,
    seen: Connectors,
    connectors: Vec<Connector>,
    recorded: Vec<post::Model>,
    lines: Vec<digest_line::Model>,
}

fn id(number: u128) -> ConnectorId {
    destination(number).connector_id
}

impl Stage {
    /// All works; no call is made to Slack, since it is on record which channels there are.
    async fn set() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let own = sqlite().await;
        let nowhere = Url::parse("http://127.0.0.1:9").expect("a URL");
        let setting = WorkspaceServices {
            clock: tocsin_clock::Clock::new(),
            database: own.database.clone(),
            http: Http::new(&nowhere).expect("a client"),
            pace: Pace::Unlimited,
        };
        let workspaces = Workspaces::new(&setting);
        let elsewhere = Some(WorkspaceId::new());
        for (workspace_id, number) in [(None, 1), (elsewhere, 2)] {
            let team = format!("T{number}");
            let mut workspace = Workspace::new(&setting, workspace_id, &team, None);
            workspace.monitor = HealthMonitor::of(SlackHealth::Healthy(Arc::new(installation(&team))));
            workspaces.add(workspace);
            let there = destination(number);
            let row = channel::Model {
                team_id: team,
                channel_id: there.channel_id,
                name: there.channel_name.trim_start_matches('#').to_owned(),
                is_private: false,
                is_member: true,
                is_archived: false,
                is_shared: false,
                seen_by: None,
                refreshed_at: tocsin_clock::machine_now(),
            };
            channel::Entity::insert(row.into_active_model().reset_all())
                .exec_without_returning(own.database.write())
                .await
                .expect("a channel");
        }
        Self {
            _own: own,
            workspaces,
            seen: Connectors::default(),
            connectors: vec![connector(1, None, Some(2)), connector(2, elsewhere, None)],
            recorded: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Slack refuses the token of the first workspace.
    fn revoke(&self) {
        let error = SlackError::Broken {
            method: "chat.update",
            code: "token_revoked".to_owned(),
        };
        self.workspaces.get(None).monitor.report(&error);
    }

    /// The incident's message through a connector is on record so.
    fn root(&mut self, number: u128, change: impl FnOnce(&mut post::Model)) {
        let incident = incident();
        let to = destination(number);
        let wanted = DesiredPost::root(&incident, Controls::default(), &to);
        let subject = PostSubject::incident(&incident);
        let mut post = wanted.record(&subject, tocsin_clock::machine_now());
        change(&mut post);
        self.recorded.push(post);
    }

    /// The incident has a line in a connector's digest.
    fn line(&mut self, number: u128) {
        self.lines.push(digest_line::Model {
            incident_id: incident().id,
            connector_id: id(number),
            digest_id: DigestId::new(),
            position: 1,
            line: String::new(),
            shown_version: 1,
        });
    }

    /// The first connector leads there.
    async fn find(&self) -> RoutingOutcome {
        let places = self.connectors.iter().map(|connector| connector.workspace);
        let posts = self.recorded.iter().map(|post| post.workspace_id);
        let reachable = self.workspaces.reachable(places.chain(posts)).await;
        let input = RoutingInput {
            incident: &acknowledged(),
            connectors: &self.connectors,
            led: &BTreeSet::from([id(1)]),
            origin: None,
            recorded: &self.recorded,
            lines: &self.lines,
            reachable: &reachable,
            seen: &self.seen,
        };
        input.find().await.expect("places")
    }

    /// The connectors through which the incident goes, with whether it is in a digest there.
    async fn places(&self) -> BTreeMap<ConnectorId, bool> {
        let found = self.find().await.destinations.into_iter();
        found.map(|one| (one.connector_id, one.in_digest)).collect()
    }
}

fn installation(team: &str) -> Installation {
    Installation {
        team_id: team.to_owned(),
        team_name: String::new(),
        bot_user_id: "U1".to_owned(),
        bot_name: None,
        bot_id: None,
        app_id: None,
        enterprise_id: None,
        scopes: BTreeSet::new(),
    }
}

fn connector(number: u128, workspace: Option<WorkspaceId>, fallback: Option<u128>) -> Connector {
    Connector {
        id: id(number),
        name: format!("connector {number}"),
        workspace,
        is_disconnected: false,
        channel: destination(number).channel_name,
        is_taken: false,
        reply_mode: Known::Value(ReplyMode::Thread),
        events: None,
        two_way_sync: true,
        appearance: Appearance::default(),
        fallback: fallback.map(id),
        words: None,
    }
}

#[tokio::test]
async fn what_is_on_its_way_to_the_fallback_goes_there() {
    for state in [PostState::Queued, PostState::Retrying] {
        let mut stage = Stage::set().await;
        stage.root(1, |post| post.state = PostState::Failed);
        stage.root(2, |post| post.state = state);
        assert_eq!(stage.places().await, BTreeMap::from([(id(2), false)]));
    }
}

#[tokio::test]
async fn what_waits_elsewhere_though_nothing_was_given_up_for_it_stands_in_for_nothing() {
    let mut stage = Stage::set().await;
    // What it said was refused, and an earlier rule led to the other.
    stage.root(1, |post| {
        post.state = PostState::Failed;
        post.content_hash = Some("of what was refused".to_owned());
    });
    stage.root(2, |post| post.state = PostState::Retrying);
    assert_eq!(stage.places().await, BTreeMap::from([(id(1), false)]));
}

#[tokio::test]
async fn what_is_on_its_way_to_a_fallback_that_takes_nothing_comes_back() {
    let mut stage = Stage::set().await;
    stage.root(1, |post| post.state = PostState::Failed);
    stage.root(2, |post| post.state = PostState::Retrying);
    let organization = incident().organization_id;
    let lead = stage.connectors[1].lead();
    stage
        .seen
        .fails(organization, id(2), &lead, "is_archived", "it is archived");
    assert_eq!(stage.places().await, BTreeMap::from([(id(1), false)]));
}

#[tokio::test]
async fn what_stands_in_a_workspace_whose_token_is_refused_goes_on_in_the_fallback() {
    let mut stage = Stage::set().await;
    stage.root(1, |post| {
        post.state = PostState::Posted;
        post.ts = Some("1.1".to_owned());
    });
    assert_eq!(stage.places().await, BTreeMap::from([(id(1), false)]));
    stage.revoke();
    let both = BTreeMap::from([(id(1), false), (id(2), false)]);
    assert_eq!(stage.places().await, both);
    let lead = stage.connectors[0].lead();
    let trouble = stage.seen.trouble(id(1), &lead).expect("a connector that fails");
    assert_eq!(trouble.code, WORKSPACE_UNUSABLE);
    assert_eq!(stage.places().await, both, "also when that is known");
}

#[tokio::test]
async fn a_connector_that_leads_elsewhere_by_now_does_not_fail_where_its_message_stands() {
    let mut stage = Stage::set().await;
    stage.root(1, |post| {
        post.state = PostState::Posted;
        post.ts = Some("1.1".to_owned());
    });
    stage.connectors[0].workspace = stage.connectors[1].workspace;
    stage.revoke();
    assert_eq!(
        stage.places().await,
        BTreeMap::from([(id(1), false), (id(2), false)])
    );
    let lead = stage.connectors[0].lead();
    assert_eq!(stage.seen.trouble(id(1), &lead), None);
}

#[tokio::test]
async fn what_has_a_line_in_a_workspace_whose_token_is_refused_goes_on_in_the_fallback() {
    let mut stage = Stage::set().await;
    stage.line(1);
    assert_eq!(stage.places().await, BTreeMap::from([(id(1), true)]));
    stage.revoke();
    let found = stage.find().await;
    assert_eq!(found.destinations.len(), 1);
    assert_eq!(found.destinations[0].connector_id, id(2));
    assert_eq!(found.troubles, [], "no message of its own is made there");
}

#[tokio::test]
async fn what_the_fallback_has_as_a_line_is_told_once() {
    let mut stage = Stage::set().await;
    stage.root(1, |post| post.state = PostState::Failed);
    stage.line(2);
    assert_eq!(stage.places().await, BTreeMap::new(), "the line says it");
}
