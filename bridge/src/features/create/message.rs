//! A message as an incident to be.

use serde_json::Value;
use tocsin_entity::slack::draft;
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;
use uuid::Uuid;

use super::{
    IncidentCreation, Prefilled,
    form::{DESCRIPTION_MAX, TITLE_MAX},
    open::Opener,
};
use crate::texts::create as texts;
use crate::{identity, installation::AppInstallation, rich_text, store::drafts};

/// A description, as the API takes it, in characters.
const WHOLE_MAX: usize = 100_000;

/// Who has opened a dialog: nobody else submits it.
pub(super) fn opened_by(installation: &AppInstallation, user: &str) -> String {
    format!("{}/{user}", installation.scope())
}

/// The message's first line, and all of it with its author and its address. Of a message that is longer than a dialog can be, the dialog shows the
/// beginning, and the whole is kept for whoever submits it so.
pub(super) async fn prefilled(
    creation: &IncidentCreation,
    opener: &Opener<'_>,
    message: &Value,
) -> Result<Prefilled, JobError> {
    let installation = &opener.interaction.installation;
    let spoken = rich_text::message_text(&creation.acting.rich_text, installation, message).await?;
    let author = author(creation, installation, message).await?;
    let permalink = match (opener.meta.channel.as_deref(), message["ts"].as_str()) {
        (Some(channel), Some(ts)) => {
            permalink(installation, channel, ts, message["thread_ts"].as_str()).await
        }
        (_, _) => None,
    };
    let source = rich_text::source(&author, permalink.as_deref());
    let whole = format!("{}\n\n{source}", spoken.markdown);
    let source = rich_text::as_typed(&Mrkdwn::markdown(&source, usize::MAX));
    let room = DESCRIPTION_MAX.saturating_sub(source.encode_utf16().count() + 8);
    let text = Mrkdwn::markdown(&spoken.markdown, usize::MAX);
    let fitted = text.clone().fit(room);
    let shown = format!("{}\n\n{source}", rich_text::as_typed(&fitted));
    let shown = shown.trim().to_owned();
    let draft = if fitted == text || whole.chars().count() > WHOLE_MAX {
        None
    } else {
        keep(creation, opener, &shown, whole).await
    };
    let title: String = spoken.first_line.chars().take(TITLE_MAX).collect();
    Ok(Prefilled {
        title: Some(title).filter(|title| !title.is_empty()),
        description: Some(shown),
        draft,
        ..Prefilled::default()
    })
}

/// Keeps the whole of a message beside what the dialog shows of it. Where that fails, there is what is shown, with a link to the whole.
async fn keep(
    creation: &IncidentCreation,
    opener: &Opener<'_>,
    shown: &str,
    markdown: String,
) -> Option<Uuid> {
    let id = Uuid::now_v7();
    let draft = draft::Model {
        id,
        opened_by: opened_by(&opener.interaction.installation, &opener.user),
        shown: shown.to_owned(),
        markdown,
        created_at: opener.interaction.received_at,
    };
    match drafts::keep(&creation.database, draft).await {
        Ok(()) => Some(id),
        Err(error) => {
            tracing::warn!("a long message can't be kept for its dialog: {error}");
            None
        }
    }
}

/// The message's address. Slack says it of messages that the bot can see; that of others is put together as Slack does.
async fn permalink(
    installation: &AppInstallation,
    channel: &str,
    ts: &str,
    thread_ts: Option<&str>,
) -> Option<String> {
    let slack = installation.slack();
    match slack.permalink(channel, ts).await {
        Ok(permalink) => return Some(permalink),
        Err(error) => tracing::debug!("Slack gives no address of a message: {error}"),
    }
    let (who, _) = slack.auth_test().await.ok()?;
    composed(&who.url?, channel, ts, thread_ts)
}

fn composed(workspace: &str, channel: &str, ts: &str, thread_ts: Option<&str>) -> Option<String> {
    let is_ts = |ts: &str| ts.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_id = channel.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_id || !is_ts(ts) || !thread_ts.is_none_or(is_ts) {
        return None;
    }
    let base = workspace.trim_end_matches('/');
    let message = format!("{base}/archives/{channel}/p{}", ts.replace('.', ""));
    Some(match thread_ts.filter(|thread_ts| *thread_ts != ts) {
        Some(thread_ts) => format!("{message}?thread_ts={thread_ts}&cid={channel}"),
        None => message,
    })
}

/// Who wrote a message: a person, or an app by the name it took.
async fn author(
    creation: &IncidentCreation,
    installation: &AppInstallation,
    message: &Value,
) -> Result<String, JobError> {
    let by_app = [&message["username"], &message["bot_profile"]["name"]];
    if let Some(name) = by_app.into_iter().find_map(Value::as_str) {
        return Ok(name.to_owned());
    }
    Ok(match message["user"].as_str() {
        Some(user) => identity::person(&creation.acting.identity, installation, user)
            .await?
            .map_or_else(|| user.to_owned(), |person| person.name),
        None => texts::AN_APP.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_message_is_as_slack_gives_it() {
        let of = |ts, thread_ts| composed("https://acme.slack.com/", "C1", ts, thread_ts);
        let address = "https://acme.slack.com/archives/C1/p1700000000000100";
        assert_eq!(of("1700000000.000100", None).as_deref(), Some(address));
        assert_eq!(
            of("1700000000.000100", Some("1700000000.000100")).as_deref(),
            Some(address)
        );
        assert_eq!(
            of("1700000000.000100", Some("1699999999.000200")),
            Some(format!("{address}?thread_ts=1699999999.000200&cid=C1"))
        );
        assert_eq!(of("1/../x", None), None);
    }
}
