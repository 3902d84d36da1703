//! Pairs of tokens that are of no use any more are not kept.

use std::time::Duration;

use sea_orm::{EntityTrait, IntoActiveModel, QueryOrder};
use serde_json::{Value, json};
use tocsin_entity::{
    id::WorkspaceId,
    slack::token::{Column, Entity, Model},
};
use tocsin_queue::jobs::RefreshSlackWorkspaces;

use crate::inbound::stage::Stage;

/// A pair on record that comes from this version of the token.
async fn pair(stage: &Stage, version: i32) -> WorkspaceId {
    let id = WorkspaceId::new();
    let row = Model {
        workspace_id: id,
        token_version: version,
        sealed_access_token: "sealed".to_owned(),
        sealed_refresh_token: "sealed".to_owned(),
        expires_at: tocsin_clock::machine_now() + Duration::from_secs(3_600),
        claimed_by: None,
        claimed_until: None,
        claim: 0,
        trouble: None,
        updated_at: tocsin_clock::machine_now(),
    };
    Entity::insert(row.into_active_model())
        .exec_without_returning(stage.world.database.write())
        .await
        .expect("a pair");
    id
}

async fn pairs(stage: &Stage) -> Vec<WorkspaceId> {
    let all = Entity::find().order_by_asc(Column::WorkspaceId);
    let all = all.all(stage.world.database.read()).await.expect("pairs");
    all.into_iter().map(|row| row.workspace_id).collect()
}

/// The workspace as the API tells of it: with which token, and whether Slack changes that one.
fn workspace(stage: &Stage, id: WorkspaceId, token: Option<(i32, bool)>) -> Value {
    let token = token.map(|(version, rotates)| {
        let refresh = rotates.then_some("sealed");
        json!({"sealed": "sealed", "sealedRefresh": refresh, "expiresAt": refresh.map(|_| "2099-01-01T00:00:00Z"), "version": version})
    });
    json!({"id": id, "organizationId": stage.organization, "name": id, "teamId": null, "ownAppId": null, "features": [], "sealedToken": token})
}

fn answer(workspaces: &[Value]) -> Value {
    json!({"data": {"slackWorkspaces": workspaces}})
}

/// The bridge is told to look, and has done so.
async fn look(stage: &Stage) {
    let before = stage.acted.calls("SlackWorkspaces").len();
    stage.world.queue.enqueue(&RefreshSlackWorkspaces {});
    until(async || stage.acted.calls("SlackWorkspaces").len() > before).await;
}

async fn until(so: impl AsyncFn() -> bool) {
    let looking = async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), looking)
        .await
        .expect("in time");
}

#[tokio::test]
async fn a_pair_that_is_of_no_use_any_more_is_not_kept() {
    let stage = Stage::set().await;
    stage
        .acted
        .answer("SlackApps", json!({"data": {"slackApps": []}}));
    let (left, by_hand) = (pair(&stage, 1).await, pair(&stage, 1).await);
    let (rotating, anew) = (pair(&stage, 2).await, pair(&stage, 1).await);
    let unheard = pair(&stage, 1).await;
    stage.acted.answer(
        "SlackWorkspaces",
        answer(&[
            workspace(&stage, left, None),
            workspace(&stage, by_hand, Some((2, false))),
            workspace(&stage, rotating, Some((2, true))),
            workspace(&stage, anew, Some((2, true))),
        ]),
    );
    look(&stage).await;
    until(async || pairs(&stage).await == [rotating, anew, unheard]).await;
}

#[tokio::test]
async fn a_pair_that_has_come_meanwhile_is_kept() {
    let stage = Stage::set().await;
    stage
        .acted
        .answer("SlackApps", json!({"data": {"slackApps": []}}));
    let (back, left) = (pair(&stage, 2).await, pair(&stage, 1).await);
    let gone = workspace(&stage, left, None);
    // What was read first is of before the workspace was connected again.
    let earlier = answer(&[workspace(&stage, back, None), gone.clone()]);
    let status = axum::http::StatusCode::OK;
    stage.acted.answer_once("SlackWorkspaces", status, earlier);
    stage.acted.answer(
        "SlackWorkspaces",
        answer(&[workspace(&stage, back, Some((2, true))), gone]),
    );
    look(&stage).await;
    until(async || pairs(&stage).await == [back]).await;
}
