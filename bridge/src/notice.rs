//! What a person in Slack is told, and nobody else sees, when what they did had no effect.

use tocsin_message::{markdown::escape, mrkdwn::Mrkdwn};
use tocsin_queue::JobError;
use tocsin_slack::error::SlackError;
use tocsin_slack_client::Http;
use url::Url;

use crate::{
    installation::AppInstallation,
    workspace::{CommandName, Workspace},
};

/// Why it had no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Nothing matches the person with a member of the organisation. With how they link themselves, as mrkdwn, where they are told so for
    /// the first time.
    NotLinked { how: Option<String> },
    /// They are of another company, and in the channel by Slack Connect.
    External,
    /// Members of another organisation than the incident's alone.
    OtherOrganization,
    /// They are members of several organisations, and nothing says which one is meant.
    AmbiguousOrganization,
    /// Their role allows reading alone.
    ReadOnly,
    /// They are a member no longer.
    Deactivated,
    /// The incident is not there, or not theirs.
    NotFound,
    /// Somebody else has it.
    AlreadyAcknowledged { by: Option<String> },
    /// It is over.
    AlreadyResolved { by: Option<String> },
    /// The message is so old that nobody should act on it without another look.
    TooOld {
        number: i64,
        url: String,
        /// Whether they can go on by the slash command.
        command: CommandName,
    },
    /// There is nobody to escalate to.
    NoEscalationPolicy,
    /// Slack no longer takes the bot for one of the workspace.
    Disconnected,
    /// Something does not answer just now.
    Unavailable,
    /// Another refusal of the API, in its own words.
    Refused { code: String, message: String },
}

impl Notice {
    /// A name for people to quote and for programs to look for; never changed.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::NotLinked { .. } => "NOT_LINKED",
            Self::External => "EXTERNAL",
            Self::OtherOrganization => "OTHER_ORGANIZATION",
            Self::AmbiguousOrganization => "AMBIGUOUS_ORGANIZATION",
            Self::ReadOnly => "READ_ONLY",
            Self::Deactivated => "DEACTIVATED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyAcknowledged { .. } => "ALREADY_ACKNOWLEDGED",
            Self::AlreadyResolved { .. } => "ALREADY_RESOLVED",
            Self::TooOld { .. } => "TOO_OLD",
            Self::NoEscalationPolicy => "NO_ESCALATION_POLICY",
            Self::Disconnected => "DISCONNECTED",
            Self::Unavailable => "UNAVAILABLE",
            Self::Refused { code, .. } => code,
        }
    }

    /// What it is counted as.
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::NotLinked { .. } => "not_linked",
            Self::External => "external",
            Self::OtherOrganization => "other_organization",
            Self::AmbiguousOrganization => "ambiguous_organization",
            Self::ReadOnly => "read_only",
            Self::Deactivated => "deactivated",
            Self::NotFound => "not_found",
            Self::AlreadyAcknowledged { .. } => "already_acknowledged",
            Self::AlreadyResolved { .. } => "already_resolved",
            Self::TooOld { .. } => "too_old",
            Self::NoEscalationPolicy => "no_escalation_policy",
            Self::Disconnected => "disconnected",
            Self::Unavailable => "unavailable",
            Self::Refused { .. } => "refused",
        }
    }

    /// The notice as a sentence, with its code, and what is told with it for the first time.
    pub(crate) fn sentence(&self, text: &str) -> String {
        let told = format!("{text} ({}).", self.code());
        if let Self::NotLinked { how: Some(how) } = self {
            format!("{told} {how}")
        } else {
            told
        }
    }
}

/// To somebody whose reply did not become a comment, as mrkdwn.
pub(crate) fn comment(notice: &Notice) -> String {
    let why = match notice {
        Notice::NotLinked { .. } => "you are not linked to a member of this organisation".to_owned(),
        Notice::External => {
            "this channel is shared with your company, and the organisation takes replies of its own members alone"
                .to_owned()
        }
        Notice::OtherOrganization => "you are a member of another organisation".to_owned(),
        Notice::AmbiguousOrganization => "you are a member of several organisations".to_owned(),
        Notice::ReadOnly => "your role there is read-only".to_owned(),
        Notice::Deactivated => "your account there is deactivated".to_owned(),
        Notice::NotFound => "the incident is no longer there".to_owned(),
        Notice::AlreadyAcknowledged { .. } | Notice::AlreadyResolved { .. } => {
            "the incident has moved on".to_owned()
        }
        Notice::TooOld { .. } => "the incident's message is more than 30 days old".to_owned(),
        Notice::NoEscalationPolicy => "there is no escalation policy".to_owned(),
        Notice::Disconnected => "Tocsin is disconnected from this workspace".to_owned(),
        Notice::Unavailable => "Tocsin does not answer just now".to_owned(),
        Notice::Refused { message, .. } => escape(message),
    };
    notice.sentence(&format!(
        "Your reply was not added to the incident's timeline: {why}"
    ))
}

/// To somebody whose press of a button did nothing, as mrkdwn. `wanted` as in "acknowledge".
pub(crate) fn press(notice: &Notice, wanted: &str) -> String {
    let by = |who: &Option<String>| {
        who.as_deref()
            .map(|name| format!(" by {}", Mrkdwn::text(name).as_str()))
            .unwrap_or_default()
    };
    let text = match notice {
        Notice::NotLinked { .. } => {
            format!(
                "You can't {wanted} this incident from Slack: you are not linked to a member of its organisation"
            )
        }
        Notice::External => format!(
            "You can't {wanted} this incident: it belongs to the company that shares this channel with yours. Reply in the thread, or ask somebody there"
        ),
        Notice::OtherOrganization => format!(
            "You can't {wanted} this incident: it belongs to another organisation than yours"
        ),
        Notice::AmbiguousOrganization => {
            "You are a member of several organisations: use the incident's own message or page".to_owned()
        }
        Notice::ReadOnly => format!("You can't {wanted} this incident: your role is read-only"),
        Notice::Deactivated => format!("You can't {wanted} this incident: your account is deactivated"),
        Notice::NotFound => "This incident is no longer there".to_owned(),
        Notice::AlreadyAcknowledged { by: who } => {
            format!("This incident is already acknowledged{}", by(who))
        }
        Notice::AlreadyResolved { by: who } => format!("This incident is already resolved{}", by(who)),
        Notice::TooOld {
            number,
            url,
            command: name,
        } => {
            let link = Mrkdwn::link(url, &format!("#{number}"));
            let command = command(wanted, *number);
            let typed = match name {
                CommandName::Named(name) => {
                    format!(" or use the slash command `{} {command}`", escape(&name.replace('`', "")))
                }
                CommandName::Unnamed => format!(" or use the slash command with `{command}`"),
                CommandName::Absent => String::new(),
            };
            format!(
                "This message is more than 30 days old, so nothing was done. To {wanted} the incident, open {}{typed}",
                link.as_str()
            )
        }
        Notice::NoEscalationPolicy => "There is nobody to escalate to: this incident has no escalation policy. Reassign it instead"
            .to_owned(),
        Notice::Disconnected => "Nothing was done: Tocsin is disconnected from this workspace, and somebody has to install its app \
             again. Until then, use the incident's page"
            .to_owned(),
        Notice::Unavailable => {
            format!("You can't {wanted} this incident just now: Tocsin does not answer. Try again in a moment")
        }
        Notice::Refused { message, .. } => escape(message.trim_end_matches('.')),
    };
    notice.sentence(&text)
}

/// What does the same by the slash command.
fn command(wanted: &str, number: i64) -> String {
    match wanted {
        "acknowledge" => format!("ack {number}"),
        "resolve" => format!("resolve {number}"),
        "comment on" => format!("note {number} …"),
        "reassign" => format!("assign {number} @somebody"),
        "snooze" => format!("snooze {number} 30m"),
        _ => format!("show {number}"),
    }
}

/// Tells one person in a channel. Where Slack says that they can't be told there, they are not.
pub(crate) async fn tell_in_thread(
    workspace: &Workspace,
    channel: &str,
    user: &str,
    thread_ts: Option<&str>,
    text: &str,
) -> Result<(), JobError> {
    match workspace
        .slack
        .post_ephemeral(channel, user, thread_ts, text)
        .await
    {
        Ok(_) => Ok(()),
        Err(error @ SlackError::Refused { .. }) => {
            tracing::warn!(
                slack.channel = channel,
                slack.user = user,
                "{user} can't be told: {error}"
            );
            Ok(())
        }
        Err(error) => Err(workspace.failed(error)),
    }
}

/// Answers a press at the address that came with it; where that no longer works, in the channel.
pub(crate) async fn answer(
    http: &Http,
    installation: &AppInstallation,
    response_url: Option<&Url>,
    channel: Option<&str>,
    user: &str,
    text: &str,
) -> Result<(), JobError> {
    if let Some(url) = response_url {
        let message =
            serde_json::json!({"response_type": "ephemeral", "replace_original": false, "text": text});
        match http.respond(url, &message).await {
            Ok(()) => return Ok(()),
            Err(error) => tracing::warn!(
                slack.user = user,
                "the response address does not take the answer: {error}"
            ),
        }
    }
    if let Some(channel) = channel {
        return tell_in_thread(installation.workspace(), channel, user, None, text).await;
    }
    // There is no other place: it is told there as soon as Slack takes it.
    if let Some(url) = response_url {
        let message =
            serde_json::json!({"response_type": "ephemeral", "replace_original": false, "text": text});
        http.respond_in_time(url, message).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notice_says_what_is_wrong_and_names_its_code() {
        let by = Some("Ada <!here>".to_owned());
        assert_eq!(
            press(&Notice::AlreadyAcknowledged { by }, "acknowledge"),
            "This incident is already acknowledged by Ada &lt;!here&gt; (ALREADY_ACKNOWLEDGED)."
        );
        assert_eq!(
            comment(&Notice::ReadOnly),
            "Your reply was not added to the incident's timeline: your role there is read-only (READ_ONLY)."
        );
        let not_linked = |how: Option<&str>| {
            let how = how.map(str::to_owned);
            press(&Notice::NotLinked { how }, "resolve")
        };
        let short = "You can't resolve this incident from Slack: you are not linked to a member of its organisation (NOT_LINKED).";
        assert_eq!(not_linked(None), short);
        assert_eq!(
            not_linked(Some("Link yourself.")),
            format!("{short} Link yourself.")
        );
    }
}
