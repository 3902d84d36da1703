//! What the bridge's metrics mean.

use metrics::{Unit, describe_counter, describe_histogram};

/// Describes the metrics of the way out. Once is enough; more often does no harm.
pub(crate) fn describe() {
    describe_counter!(
        "tocsin_slack_calls_total",
        "Calls to Slack's Web API, by method and outcome; held_back is our own pace"
    );
    describe_histogram!(
        "tocsin_slack_call_seconds",
        Unit::Seconds,
        "How long Slack took to answer, by method"
    );
    describe_histogram!(
        "tocsin_slack_delivery_lag_seconds",
        Unit::Seconds,
        "From a change of an incident to Slack having it, by kind of post"
    );
    describe_counter!(
        "tocsin_bridge_reconciled_total",
        "Runs over an incident, by outcome: shown, put_off, or unknown to the API"
    );
    describe_counter!(
        "tocsin_bridge_template_failures_total",
        "Messages for which a template could not be used, and the built-in words were"
    );
    describe_counter!(
        "tocsin_bridge_digest_lines_total",
        "Incidents that went into a digest"
    );
    describe_counter!(
        "tocsin_bridge_api_requests_total",
        "Requests to the API, by operation and outcome"
    );
    describe_histogram!(
        "tocsin_bridge_write_batch",
        "Writes of the bridge that were committed together"
    );
    describe_counter!(
        "tocsin_bridge_claims_lost_total",
        "Claims that another worker had taken over when their worker wanted to write"
    );
    describe_counter!(
        "tocsin_bridge_times_repaired_total",
        "Due times that a wrong clock had written too far ahead, and that were put right, by table"
    );
    describe_counter!("tocsin_slack_home_total", "Refreshes of Home tabs, by outcome");
    describe_counter!(
        "tocsin_slack_installs_total",
        "Installations by OAuth that came back from Slack, by outcome"
    );
    describe_counter!(
        "tocsin_slack_sign_ins_total",
        "Sign-ins with Slack that link a member, by outcome"
    );
    describe_counter!(
        "tocsin_slack_token_refreshes_total",
        "Renewals of bot tokens that expire, by outcome"
    );
}
