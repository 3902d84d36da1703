//! Keeping the inbox in order: old rows are deleted, and what waits is measured.

use std::time::Duration;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use tocsin_clock::Clock;
use tocsin_database::Database;
use tokio_util::sync::CancellationToken;

use crate::{inbox, polling::ends_within, store::drafts};

/// How often what waits is measured.
const MEASURED: Duration = Duration::from_secs(15);

/// How often old rows are deleted, in measurements.
const CLEANED_EVERY: u64 = 40;

/// Tends the inbox until the shutdown. Each replica does: deleting twice does no harm.
pub(crate) async fn tend(database: &Database, clock: &Clock, shutdown: CancellationToken) {
    describe();
    for round in 0_u64.. {
        measure(database, clock).await;
        if round % CLEANED_EVERY == 0 {
            clean(database, clock).await;
        }
        if ends_within(&shutdown, MEASURED).await {
            return;
        }
    }
}

/// Says what each metric means.
fn describe() {
    describe_counter!(
        "tocsin_slack_requests_total",
        "Requests from Slack, by endpoint and outcome."
    );
    describe_counter!(
        "tocsin_slack_foreign_total",
        "Requests that were refused since they are for no connected workspace, by reason."
    );
    describe_counter!(
        "tocsin_slack_addresses_refused_total",
        "Addresses in requests that were not called since they are not Slack's."
    );
    describe_counter!(
        "tocsin_slack_ignored_total",
        "Requests from Slack that nobody here works, by endpoint and type."
    );
    describe_counter!(
        "tocsin_slack_events_held_back_total",
        "Minutes in which Slack held events back."
    );
    describe_counter!(
        "tocsin_slack_inbox_worked_total",
        "Tries to work a request from Slack, by type and outcome."
    );
    describe_counter!(
        "tocsin_slack_inbox_overtaken_total",
        "Tries after which a reply was overtaken by those that came after it in its thread."
    );
    describe_histogram!(
        "tocsin_slack_answer_seconds",
        Unit::Seconds,
        "How long Slack waited for an answer, by endpoint."
    );
    describe_histogram!(
        "tocsin_slack_inbox_lag_seconds",
        Unit::Seconds,
        "From a request's coming to the end of a try."
    );
    describe_gauge!(
        "tocsin_slack_inbox_depth",
        "Requests from Slack that are stored and not yet worked."
    );
    describe_gauge!(
        "tocsin_slack_inbox_oldest_seconds",
        Unit::Seconds,
        "The age of the oldest of them."
    );
}

async fn measure(database: &Database, clock: &Clock) {
    match inbox::depth(database).await {
        Ok(depth) => {
            let age = depth
                .oldest
                .map_or(0.0, |since| (clock.now() - since).as_seconds_f64());
            #[expect(clippy::cast_precision_loss, reason = "a gauge")]
            metrics::gauge!("tocsin_slack_inbox_depth").set(depth.rows as f64);
            metrics::gauge!("tocsin_slack_inbox_oldest_seconds").set(age.max(0.0));
        }
        Err(error) => tracing::warn!("the inbox cannot be measured: {error}"),
    }
}

async fn clean(database: &Database, clock: &Clock) {
    if let Err(error) = drafts::clean(database, clock.now()).await {
        tracing::warn!("what old dialogs were filled with cannot be deleted: {error}");
    }
    loop {
        match inbox::clean(database, clock.now()).await {
            Ok(0) => return,
            Ok(rows) => tracing::info!(rows, "deleted {rows} old rows of the inbox"),
            Err(error) => {
                tracing::warn!("old rows of the inbox cannot be deleted: {error}");
                return;
            }
        }
    }
}
