//! The mutations by which people change an incident from Slack.

use futures::future::BoxFuture;
use tocsin_client::{ApiClient, As, Member};
use tocsin_entity::id::IncidentId;
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;

use crate::notice::Notice;

/// A change of one incident that a person has asked for, in all that it takes.
pub(crate) trait ActionMutation: std::fmt::Debug + Send + Sync {
    /// Makes it as `who`. The key makes it the same one when it is repeated.
    fn make<'a>(
        &'a self,
        api: &'a ApiClient,
        who: As<'a>,
        incident: IncidentId,
        key: String,
    ) -> BoxFuture<'a, Result<MutationAnswer, JobError>>;

    /// Why the member need not even try.
    fn refusal(&self, _member: &Member) -> Option<Notice> {
        None
    }

    /// What the member is told if somebody else was faster: then it was a no-op.
    fn overtaken(&self, _member: &Member, _outcome: &ActionOutcome) -> Option<Notice> {
        None
    }
}

/// The incident after a change.
#[derive(Debug)]
pub(crate) struct ActionOutcome {
    pub(crate) number: i64,
    pub(crate) title: String,
    pub(crate) url: String,
    /// By id and name.
    pub(crate) acknowledged_by: Option<(String, String)>,
    /// By id and name.
    pub(crate) resolved_by: Option<(String, String)>,
    /// Whether the change was made: by this request, or by an earlier one under the same key. Otherwise it was so already.
    pub(crate) is_changed: bool,
}

impl ActionOutcome {
    /// The incident, linked to its page.
    pub(crate) fn link(&self) -> Mrkdwn {
        Mrkdwn::link(&self.url, &format!("#{} {}", self.number, self.title)).cut(1_000)
    }
}

/// What a member is told of what was done before, unless they did it themselves.
pub(crate) fn done_before(
    member: &Member,
    by: Option<&(String, String)>,
    notice: fn(Option<String>) -> Notice,
) -> Option<Notice> {
    let is_theirs = by.is_some_and(|(id, _)| *id == member.id.to_string());
    (!is_theirs).then(|| notice(by.map(|(_, name)| name.clone())))
}

/// What a mutation answered.
pub(crate) enum MutationAnswer {
    Done(ActionOutcome),
    Refused { code: String, message: String },
}

/// How an [`ActionMutation`] is made: `self`, the incident and the key are named, for the input is made of them. Each document has types of its
/// own for the same input and the same answer.
macro_rules! mutation {
    ($this:ident, $incident:ident, $key:ident: $Document:ident, $module:ident, $Input:ident { $($fields:tt)* }) => {
        fn make<'a>(
            &'a $this,
            api: &'a ::tocsin_client::ApiClient,
            who: ::tocsin_client::As<'a>,
            $incident: ::tocsin_entity::id::IncidentId,
            $key: String,
        ) -> ::futures::future::BoxFuture<'a, Result<$crate::acting::MutationAnswer, ::tocsin_queue::JobError>> {
            Box::pin(async move {
                let input = $module::$Input { $($fields)* };
                let answer = api.execute::<$Document>(who, $module::Variables { input }).await;
                let payload = answer.map_err($crate::failure::of_api)?.$module;
                match (payload.user_errors.into_iter().next(), payload.incident) {
                    (Some(error), _) => Ok($crate::acting::MutationAnswer::Refused {
                        code: error.code,
                        message: error.message,
                    }),
                    (None, Some(incident)) => Ok($crate::acting::MutationAnswer::Done($crate::acting::ActionOutcome {
                        number: incident.number,
                        title: incident.title,
                        url: incident.url,
                        acknowledged_by: incident.acknowledged_by.map(|user| (user.id, user.name)),
                        resolved_by: incident.resolved_by.map(|user| (user.id, user.name)),
                        is_changed: payload.entry.is_some(),
                    })),
                    (None, None) => Err(::tocsin_queue::JobError::retry(
                        "the API answered neither an incident nor an error",
                    )),
                }
            })
        }
    };
}
pub(crate) use mutation;
