//! Awaiting what the Slack bridge does after the API has answered.

use std::time::{Duration, Instant};

use tocsin_client::OperationReport;
use tocsin_entity::kinds::OperationState;

use super::connection::Connection;

/// How often the API is asked.
const ASK_EVERY: Duration = Duration::from_millis(250);

/// How long the bridge may take to try a channel or a token. It does so within three seconds where it runs.
const LOOK: Duration = Duration::from_secs(10);

/// How long an operation may take: as long as the API waits for it, and a little longer.
const OPERATION: Duration = Duration::from_secs(75);

/// Asks until there is an answer that will do; the last one where that takes too long.
pub(super) async fn until<T>(
    ask: impl AsyncFn() -> anyhow::Result<T>,
    will_do: impl Fn(&T) -> bool,
) -> anyhow::Result<T> {
    until_within(LOOK, ask, will_do).await
}

/// Awaits the end of an operation.
pub(super) async fn operation(connection: &Connection, id: &str) -> anyhow::Result<OperationReport> {
    let ask = async || {
        let found = connection
            .api
            .operation_report(id)
            .await
            .map_err(|error| connection.read_error(error))?;
        found.ok_or_else(|| anyhow::anyhow!("the operation {id} is gone: ask for it again"))
    };
    let report = until_within(OPERATION, ask, |report| report.state != OperationState::Pending).await?;
    if report.state == OperationState::Succeeded {
        return Ok(report);
    }
    if report.state == OperationState::Pending {
        anyhow::bail!("the Slack bridge has not answered: see that it runs, and what `tocsin doctor` says");
    }
    let message = report.message.unwrap_or_default();
    anyhow::bail!("{message} ({})", report.code.unwrap_or_default())
}

async fn until_within<T>(
    limit: Duration,
    ask: impl AsyncFn() -> anyhow::Result<T>,
    will_do: impl Fn(&T) -> bool,
) -> anyhow::Result<T> {
    let end = Instant::now() + limit;
    loop {
        let answer = ask().await?;
        if will_do(&answer) || Instant::now() >= end {
            return Ok(answer);
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}
