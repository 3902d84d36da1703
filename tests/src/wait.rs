//! Waiting for a state.

use std::time::Duration;

use anyhow::bail;
use tokio::time::Instant;

/// How long anything is waited for before a test gives up. Generous: the machine may be busy with other tests.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(25);

/// Looks until something is found, within [`PATIENCE`]. `what` completes "waited in vain until …".
///
/// # Errors
/// When the time is over.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> anyhow::Result<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return Ok(found);
        }
        if Instant::now() > deadline {
            bail!("waited in vain for {} s until {what}", PATIENCE.as_secs());
        }
        tokio::time::sleep(LOOK).await;
    }
}
