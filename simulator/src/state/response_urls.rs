//! The addresses by which an interaction may be replied to without a token: up to five posts within thirty minutes.
//!
//! Source: Slack, "Handling user interaction".

use std::collections::HashMap;
use std::time::{Duration, Instant};

use url::Url;

use crate::random;

const LIFETIME: Duration = Duration::from_secs(30 * 60);
const USES: u32 = 5;

/// Where the interaction took place.
#[derive(Debug, Clone)]
pub(crate) struct InteractionPlace {
    pub(crate) channel: String,
    /// The message with the button; none for a command.
    pub(crate) message_ts: Option<String>,
    pub(crate) user: String,
}

#[derive(Debug)]
struct Issued {
    origin: InteractionPlace,
    at: Instant,
    used: u32,
}

/// The addresses given out, by their secret part.
#[derive(Debug, Default)]
pub(crate) struct ResponseUrls(HashMap<String, Issued>);

impl ResponseUrls {
    pub(crate) fn issue(&mut self, base: &Url, kind: &str, origin: InteractionPlace) -> Url {
        let secret = random::hex();
        let mut url = base.clone();
        url.set_path(&format!("{}{kind}/{secret}", base.path()));
        self.0.insert(
            secret,
            Issued {
                origin,
                at: Instant::now(),
                used: 0,
            },
        );
        url
    }

    /// Uses one up once; gives where the interaction took place, or Slack's error.
    pub(crate) fn take(&mut self, secret: &str) -> Result<InteractionPlace, &'static str> {
        let issued = self.0.get_mut(secret).ok_or("invalid_url")?;
        if issued.at.elapsed() > LIFETIME {
            return Err("expired_url");
        }
        if issued.used >= USES {
            return Err("used_url");
        }
        issued.used += 1;
        Ok(issued.origin.clone())
    }
}
