//! Links that a message shares, and the previews an app makes of them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use super::InstalledApp;

/// A link to a registered domain, of which the app was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SharedLink {
    /// As typed: the key that `chat.unfurl` must use.
    pub(crate) url: String,
    /// The registered domain that it falls under.
    pub(crate) domain: String,
}

/// What an app shows under a link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Preview {
    pub(crate) url: String,
    pub(crate) content: Value,
}

impl Preview {
    /// The attachment as it appears on the message.
    pub(crate) fn attachment(&self, app: &InstalledApp) -> Value {
        let mut attachment = self.content.clone();
        attachment["from_url"] = json!(self.url);
        attachment["app_unfurl_url"] = json!(self.url);
        attachment["is_app_unfurl"] = json!(true);
        attachment["app_id"] = json!(app.id);
        attachment["bot_id"] = json!(app.bot_id);
        attachment
    }
}

/// Links pasted into the composer and not sent yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ComposedLinks {
    pub(crate) unfurl_id: String,
    pub(crate) user: String,
    pub(crate) channel: String,
    pub(crate) links: Vec<SharedLink>,
    /// Whether the app has answered the event.
    pub(crate) unfurl_open: bool,
    pub(crate) previews: Vec<Preview>,
}

/// The links among these URLs that fall under a registered domain, each once.
pub(crate) fn shared_links(urls: &[String], domains: &[String]) -> Vec<SharedLink> {
    let mut found: Vec<SharedLink> = Vec::new();
    for url in urls {
        if found.iter().any(|l| l.url == *url) {
            continue;
        }
        if let Some(domain) = registered_domain(url, domains) {
            found.push(SharedLink {
                url: url.clone(),
                domain,
            });
        }
    }
    found
}

/// The registered domain of this URL: the host itself or a parent of it.
pub(crate) fn registered_domain(url: &str, domains: &[String]) -> Option<String> {
    let url = Url::parse(url)
        .ok()
        .filter(|u| matches!(u.scheme(), "http" | "https"))?;
    let host = url.host_str()?;
    let with_port = url.port().map(|port| format!("{host}:{port}"));
    domains
        .iter()
        .find(|domain| {
            let domain = domain.as_str();
            host == domain
                || with_port.as_deref() == Some(domain)
                || host.strip_suffix(domain).is_some_and(|sub| sub.ends_with('.'))
        })
        .cloned()
}
