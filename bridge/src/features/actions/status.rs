//! How an incident stands, for who asks in its thread.

use futures::FutureExt;
use tocsin_client::As;

use crate::{
    acting::{
        self, ActionService,
        typed_action::{Confirmation, Requester, TypedAction, TypedEffect, TypedResult},
    },
    failure::of_api,
    grammar::usage::Usage,
    mirror::facts,
    notice::Notice,
    texts::commands,
};

/// Tells how the incident stands.
pub(crate) const STATUS: &TypedAction = &TypedAction {
    usage: Usage {
        names: &["status", "show"],
        form: "status N",
        about: commands::STATE,
        deed: "see",
        of_incident: true,
    },
    check: |_| Ok(()),
    is_comment: false,
    read: |acting, requester, _| status(acting, requester).boxed(),
    confirmation: Confirmation::Answer,
};

async fn status(acting: &ActionService, requester: &Requester<'_>) -> TypedResult {
    let (organization, request_id) = (requester.organization, requester.request_id);
    let member = match acting::member(acting, organization, requester.person, request_id).await? {
        Ok(member) => member,
        Err(notice) => return Ok(Err(notice.into())),
    };
    let who = As {
        on_behalf_of: Some(member.id),
        ..As::bridge(organization, request_id)
    };
    let found = acting.api.find_incident(who, requester.incident).await;
    let Some(incident) = found.map_err(of_api)? else {
        return Ok(Err(Notice::NotFound.into()));
    };
    let text = facts::overview_with_people(&incident);
    Ok(Ok(TypedEffect::Answer(text)))
}
