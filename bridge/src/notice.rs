//! What a person in Slack is told, and nobody else sees, when what they did had no effect.

use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;
use tocsin_slack::error::SlackError;
use tocsin_slack_client::Http;
use url::Url;

use crate::{
    installation::AppInstallation,
    texts::notices as texts,
    workspace::{CommandName, Workspace},
};

/// Who can give a person the right that they lack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Help {
    /// What people call the organisation; none where several may be meant.
    pub(crate) organization: Option<String>,
    /// The names of some of its administrators.
    pub(crate) admins: Vec<String>,
}

impl Help {
    fn organization(&self) -> Option<&str> {
        self.organization.as_deref()
    }
}

/// Why it had no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Nothing matches the person with a member of the organisation.
    NotLinked {
        /// How they link themselves, as mrkdwn, where they are told so for the first time.
        how: Option<Mrkdwn>,
        /// Who can add them.
        help: Help,
    },
    /// They are of another company, and in the channel by Slack Connect.
    External,
    /// Members of another organisation than the incident's alone.
    OtherOrganization,
    /// They are members of several organisations, and nothing says which one is meant.
    AmbiguousOrganization,
    /// Their role allows reading alone.
    ReadOnly { help: Help },
    /// They are a member no longer.
    Deactivated { help: Help },
    /// The incident is not there, or not theirs.
    NotFound,
    /// Somebody else has it.
    AlreadyAcknowledged { by: Option<String> },
    /// It is over.
    AlreadyResolved { by: Option<String> },
    /// It is open, so that there is nothing to reopen.
    NotResolved,
    /// It was over before, so that what was to be noted with it is nowhere.
    NoteNotSaved { by: Option<String> },
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
            Self::ReadOnly { .. } => "READ_ONLY",
            Self::Deactivated { .. } => "DEACTIVATED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyAcknowledged { .. } => "ALREADY_ACKNOWLEDGED",
            Self::AlreadyResolved { .. } | Self::NoteNotSaved { .. } => "ALREADY_RESOLVED",
            Self::NotResolved => "NOT_RESOLVED",
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
            Self::ReadOnly { .. } => "read_only",
            Self::Deactivated { .. } => "deactivated",
            Self::NotFound => "not_found",
            Self::AlreadyAcknowledged { .. } => "already_acknowledged",
            Self::AlreadyResolved { .. } | Self::NoteNotSaved { .. } => "already_resolved",
            Self::NotResolved => "not_resolved",
            Self::TooOld { .. } => "too_old",
            Self::NoEscalationPolicy => "no_escalation_policy",
            Self::Disconnected => "disconnected",
            Self::Unavailable => "unavailable",
            Self::Refused { .. } => "refused",
        }
    }

    /// The notice as a sentence, with its code, and after it who can help and what is told for the first time.
    pub(crate) fn sentence(&self, text: &Mrkdwn) -> Mrkdwn {
        let how = if let Self::NotLinked { how, .. } = self {
            how.clone()
        } else {
            None
        };
        // How they link themselves says that an administrator can help; with names it is worth saying twice.
        let help = self
            .help()
            .filter(|help| how.is_none() || !help.admins.is_empty());
        let more: Vec<Mrkdwn> = help
            .map(|help| texts::ask(&help.admins))
            .into_iter()
            .chain(how)
            .collect();
        texts::with_code(text, self.code(), &more)
    }

    /// In which organisation somebody lacks a right.
    pub(crate) fn organization(&self) -> Option<&str> {
        self.help().and_then(Help::organization)
    }

    /// Who can help.
    fn help(&self) -> Option<&Help> {
        match self {
            Self::NotLinked { help, .. } | Self::ReadOnly { help } | Self::Deactivated { help } => Some(help),
            Self::External
            | Self::OtherOrganization
            | Self::AmbiguousOrganization
            | Self::NotFound
            | Self::AlreadyAcknowledged { .. }
            | Self::AlreadyResolved { .. }
            | Self::NoteNotSaved { .. }
            | Self::NotResolved
            | Self::TooOld { .. }
            | Self::NoEscalationPolicy
            | Self::Disconnected
            | Self::Unavailable
            | Self::Refused { .. } => None,
        }
    }
}

/// To somebody whose reply did not become a comment, as mrkdwn.
pub(crate) fn comment(notice: &Notice) -> String {
    let why = match notice {
        Notice::NotLinked { help, .. } => texts::why_not_linked(help.organization()),
        Notice::External => Mrkdwn::own(texts::WHY_EXTERNAL),
        Notice::OtherOrganization => Mrkdwn::own(texts::WHY_OTHER_ORGANIZATION),
        Notice::AmbiguousOrganization => Mrkdwn::own(texts::WHY_AMBIGUOUS),
        Notice::ReadOnly { help } => texts::why_read_only(help.organization()),
        Notice::Deactivated { help } => texts::why_deactivated(help.organization()),
        Notice::NotFound => Mrkdwn::own(texts::WHY_NOT_FOUND),
        Notice::AlreadyAcknowledged { .. } | Notice::AlreadyResolved { .. } | Notice::NoteNotSaved { .. } => {
            Mrkdwn::own(texts::WHY_CHANGED)
        }
        Notice::NotResolved => Mrkdwn::own(texts::WHY_NOT_RESOLVED),
        Notice::TooOld { .. } => Mrkdwn::own(texts::WHY_TOO_OLD),
        Notice::NoEscalationPolicy => Mrkdwn::own(texts::WHY_NO_POLICY),
        Notice::Disconnected => Mrkdwn::own(texts::WHY_DISCONNECTED),
        Notice::Unavailable => Mrkdwn::own(texts::WHY_UNAVAILABLE),
        Notice::Refused { message, .. } => texts::why_refused(message),
    };
    notice.sentence(&texts::reply_not_added(&why)).as_str().to_owned()
}

/// To somebody whose press of a button did nothing, as mrkdwn. `wanted` as in "acknowledge".
pub(crate) fn press(notice: &Notice, wanted: &'static str) -> String {
    let text = match notice {
        Notice::NotLinked { help, .. } => texts::press_not_linked(wanted, help.organization()),
        Notice::External => texts::press_external(wanted),
        Notice::OtherOrganization => texts::press_other_organization(wanted),
        Notice::AmbiguousOrganization => Mrkdwn::own(texts::PRESS_AMBIGUOUS),
        Notice::ReadOnly { help } => texts::press_read_only(wanted, help.organization()),
        Notice::Deactivated { help } => texts::press_deactivated(wanted, help.organization()),
        Notice::NotFound => Mrkdwn::own(texts::PRESS_NOT_FOUND),
        Notice::AlreadyAcknowledged { by } => texts::already_acknowledged(by.as_deref()),
        Notice::AlreadyResolved { by } => texts::already_resolved(by.as_deref()),
        Notice::NoteNotSaved { by } => texts::note_not_saved(by.as_deref()),
        Notice::NotResolved => Mrkdwn::own(texts::PRESS_NOT_RESOLVED),
        Notice::TooOld {
            number,
            url,
            command: name,
        } => {
            let rest = command(wanted, *number);
            let typed = match name {
                CommandName::Named(name) => Some(Some(name.as_str())),
                CommandName::Unnamed => Some(None),
                CommandName::Absent => None,
            };
            let typed = typed.map(|name| texts::TypedCommand { name, rest: &rest });
            texts::too_old(wanted, *number, url, typed.as_ref())
        }
        Notice::NoEscalationPolicy => Mrkdwn::own(texts::PRESS_NO_POLICY),
        Notice::Disconnected => Mrkdwn::own(texts::PRESS_DISCONNECTED),
        Notice::Unavailable => texts::press_unavailable(wanted),
        Notice::Refused { message, .. } => texts::refused(message),
    };
    notice.sentence(&text).as_str().to_owned()
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

    fn help() -> Help {
        Help {
            organization: Some("Acme & Co".to_owned()),
            admins: ["Ada", "Bob", "<!here>"].map(str::to_owned).to_vec(),
        }
    }

    #[test]
    fn every_notice_says_what_is_wrong_and_names_its_code() {
        let by = Some("Ada <!here>".to_owned());
        assert_eq!(
            press(&Notice::AlreadyAcknowledged { by }, "acknowledge"),
            "This incident is already acknowledged by Ada &lt;!here&gt; (ALREADY_ACKNOWLEDGED)."
        );
        assert_eq!(
            comment(&Notice::ReadOnly { help: help() }),
            "Your reply was not added to the incident's timeline: you have read-only access in Acme &amp; Co (READ_ONLY). Ask an \
             administrator: Ada, Bob or &lt;!here&gt;."
        );
        let not_linked = |how: Option<&str>| {
            let how = how.map(|how| Mrkdwn::recorded(how.to_owned()));
            let help = Help::default();
            press(&Notice::NotLinked { how, help }, "resolve")
        };
        let short = "You can't resolve this incident from Slack: your Slack account isn't linked to a member of its organisation \
                     (NOT_LINKED).";
        assert_eq!(
            not_linked(None),
            format!("{short} Ask an administrator of your organisation.")
        );
        assert_eq!(
            not_linked(Some("Link yourself.")),
            format!("{short} Link yourself.")
        );
    }
}
