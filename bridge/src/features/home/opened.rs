//! Somebody opens their Home tab.
//!
//! Source: Slack, "`app_home_opened` event".

use futures::FutureExt;
use serde::Deserialize;
use serde_json::Value;
use tocsin_slack::{
    envelope::RequestKind,
    lenient::{id, lenient, read},
};

use super::{HomeTabs, refresh::refresh, store};
use crate::request::{InboundRequest, RequestOutcome, Route, WorkResult};

/// `app_home_opened`, for the Home tab.
pub(crate) const ROUTE: Route<HomeTabs> = Route {
    kind: RequestKind::Event,
    name: "app_home_opened",
    wanted: |_, payload| Opened::of(payload).is_some(),
    work: |tabs, item| opened(tabs, item).boxed(),
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Opened {
    #[serde(deserialize_with = "id")]
    user: Option<String>,
    #[serde(deserialize_with = "lenient")]
    tab: String,
    /// What Slack shows there; absent where it has nothing to show.
    #[serde(deserialize_with = "lenient")]
    view: Option<Value>,
}

impl Opened {
    fn of(payload: &Value) -> Option<Self> {
        let opened: Self = read(&payload["event"]);
        (opened.tab == "home" && opened.user.is_some()).then_some(opened)
    }
}

async fn opened(tabs: &HomeTabs, item: &InboundRequest) -> WorkResult {
    let Some(Opened {
        user: Some(user),
        view,
        ..
    }) = Opened::of(&item.payload)
    else {
        return Ok(RequestOutcome::NotOurs("ignored"));
    };
    let installation = &item.installation;
    store::open(tabs, installation, &user, view.is_none_or(|view| view.is_null())).await?;
    // What comes of it is on record: what fails now is tried again from there.
    refresh(tabs, installation.team_id(), &user).await?;
    Ok(RequestOutcome::Done("home"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_home_tab_is_ours() {
        let of = |event: Value| Opened::of(&json!({ "event": event })).is_some();
        assert!(of(json!({"user": "U1", "tab": "home", "view": {"id": "V1"}})));
        assert!(of(json!({"user": "U1", "tab": "home"})));
        assert!(!of(json!({"user": "U1", "tab": "messages"})));
        assert!(!of(json!({"tab": "home"})));
    }
}
