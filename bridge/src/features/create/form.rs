//! The dialog for a new incident: what it shows, what is read from it, and what is wrong with it. Pure.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tocsin_entity::{
    id::{OrganizationId, ServiceId},
    kinds::{Severity, Urgency},
};
use tocsin_message::{blocks, mrkdwn::Mrkdwn};
use tocsin_slack::{
    inputs::{TEXT_INPUT_MAX, external_select, input, option, static_select, text_input, with_hint},
    view::View,
};
use tocsin_slack_app::labels::{SEVERITIES, URGENCIES};
use url::Url;
use uuid::Uuid;

use super::Prefilled;
use crate::texts::{CLOSE, FORMAT_HINT, LOADING, create as texts};
use crate::{acting::services, rich_text::typed_markdown};

/// As Slack names it when it is submitted.
pub(super) const CALLBACK: &str = "create";

pub(super) const SERVICE: &str = "service";
const TITLE: &str = "title";
const DESCRIPTION: &str = "description";
const URGENCY: &str = "urgency";
const SEVERITY: &str = "severity";

/// A title, as the API allows.
pub(super) const TITLE_MAX: usize = 200;

/// A description, as the dialog allows.
pub(super) const DESCRIPTION_MAX: usize = TEXT_INPUT_MAX;

/// What the dialog carries from its opening to its submission. It is no proof of anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CreateDialogMetadata {
    /// Where the incident is announced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) channel: Option<String>,
    /// The message that it is made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) thread_ts: Option<String>,
    /// Where the person is told what came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) response_url: Option<String>,
    /// Where the whole is kept of a description that is too long to be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) draft: Option<Uuid>,
    /// Whether the service must say which organisation is meant.
    #[serde(default)]
    pub(super) needs_service: bool,
}

impl CreateDialogMetadata {
    /// Where the person is told, if that is an address.
    pub(super) fn address(&self) -> Option<Url> {
        self.response_url.as_deref().and_then(|url| url.parse().ok())
    }
}

/// What was filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FilledForm {
    pub(super) title: String,
    /// In Markdown.
    pub(super) description: Option<String>,
    /// The same as it was typed.
    pub(super) typed: Option<String>,
    pub(super) service: Option<(OrganizationId, ServiceId)>,
    pub(super) urgency: Option<Urgency>,
    pub(super) severity: Option<Severity>,
}

/// Shown at once: what opens a dialog is good for 3 s.
pub(super) fn loading() -> View {
    message(LOADING)
}

fn message(text: &'static str) -> View {
    text_dialog("loading", Mrkdwn::own(text))
}

/// A dialog with nothing to fill in.
pub(super) fn text_dialog(callback_id: &str, text: Mrkdwn) -> View {
    View::modal(callback_id, texts::TITLE)
        .close(CLOSE)
        .block(blocks::section(text))
}

pub(super) fn view(prefilled: &Prefilled, meta: &CreateDialogMetadata) -> View {
    let service = prefilled.service.as_ref();
    let service = service.map(|(value, name)| option(name, value));
    let service = external_select(SERVICE, texts::SERVICE_PLACEHOLDER, 0, service.as_ref());
    let title = text_input(TITLE, false, TITLE_MAX, prefilled.title.as_deref());
    let description = text_input(
        DESCRIPTION,
        true,
        DESCRIPTION_MAX,
        prefilled.description.as_deref(),
    );
    let urgency = |(urgency, text): (Urgency, &str)| option(text, urgency.as_str());
    let severity = |(severity, text): (Severity, &str)| option(text, severity.as_str());
    let chosen_urgency = URGENCIES
        .into_iter()
        .find(|(one, _)| Some(*one) == prefilled.urgency)
        .map(urgency);
    let chosen_severity = SEVERITIES
        .into_iter()
        .find(|(one, _)| Some(*one) == prefilled.severity)
        .map(severity);
    let urgencies = URGENCIES.into_iter().map(urgency).collect();
    let severities = SEVERITIES.into_iter().map(severity).collect();
    let urgency = static_select(
        URGENCY,
        texts::URGENCY_PLACEHOLDER,
        urgencies,
        chosen_urgency.as_ref(),
    );
    let severity = static_select(
        SEVERITY,
        texts::SEVERITY_PLACEHOLDER,
        severities,
        chosen_severity.as_ref(),
    );
    let service = input(texts::SERVICE_LABEL, SERVICE, service, !meta.needs_service);
    let service = if meta.needs_service {
        service
    } else {
        with_hint(service, texts::SERVICE_HINT)
    };
    View::modal(CALLBACK, texts::TITLE)
        .submit(texts::SUBMIT)
        .metadata(meta)
        .block(service)
        .block(input(texts::TITLE_LABEL, TITLE, title, false))
        .block(with_hint(
            input(texts::DESCRIPTION_LABEL, DESCRIPTION, description, true),
            if meta.draft.is_some() {
                texts::CUT_HINT
            } else {
                FORMAT_HINT
            },
        ))
        .block(input(texts::URGENCY_LABEL, URGENCY, urgency, true))
        .block(input(texts::SEVERITY_LABEL, SEVERITY, severity, true))
}

/// What the dialog carried, if this is its submission.
pub(super) fn submitted(payload: &Value) -> Option<CreateDialogMetadata> {
    let view = &payload["view"];
    if view["callback_id"] != CALLBACK {
        return None;
    }
    Some(serde_json::from_str(view["private_metadata"].as_str()?).unwrap_or_default())
}

/// What was filled in, or what is wrong with it: the block's name, and what to do.
pub(super) fn read(
    payload: &Value,
    meta: &CreateDialogMetadata,
) -> Result<FilledForm, Vec<(String, String)>> {
    let values = &payload["view"]["state"]["values"];
    let of = |block: &str| &values[block][block];
    let text = |block: &str| {
        let text = of(block)["value"].as_str().map(str::trim);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let chosen = |block: &str| of(block)["selected_option"]["value"].as_str();
    let mut wrong = Vec::new();
    let title = text(TITLE).unwrap_or_default();
    if title.is_empty() {
        wrong.push((TITLE, texts::TITLE_MISSING));
    } else if title.chars().count() > TITLE_MAX || title.contains('\n') {
        wrong.push((TITLE, texts::TITLE_TOO_LONG));
    }
    let service = chosen(SERVICE).map(services::of_value);
    if service == Some(None) {
        wrong.push((SERVICE, texts::SERVICE_UNKNOWN));
    } else if service.is_none() && meta.needs_service {
        wrong.push((SERVICE, texts::SERVICE_MISSING));
    }
    if !wrong.is_empty() {
        let wrong = wrong
            .into_iter()
            .map(|(block, text)| (block.to_owned(), text.to_owned()));
        return Err(wrong.collect());
    }
    let urgency = chosen(URGENCY).and_then(|name| {
        URGENCIES
            .into_iter()
            .find(|(urgency, _)| urgency.as_str() == name)
    });
    let severity = chosen(SEVERITY).and_then(|name| {
        SEVERITIES
            .into_iter()
            .find(|(severity, _)| severity.as_str() == name)
    });
    Ok(FilledForm {
        title,
        description: text(DESCRIPTION)
            .map(|text| typed_markdown(&text))
            .filter(|text| !text.is_empty()),
        typed: text(DESCRIPTION),
        service: service.flatten(),
        urgency: urgency.map(|(urgency, _)| urgency),
        severity: severity.map(|(severity, _)| severity),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn submission(values: &Value) -> Value {
        json!({"view": {"callback_id": "create", "private_metadata": "{}", "state": {"values": values}}})
    }

    #[test]
    fn what_was_filled_in_is_read_and_what_is_wrong_is_told_at_its_place() {
        let (organization, service) = (OrganizationId::new(), ServiceId::new());
        let chosen = services::value(organization, service);
        let payload = submission(&json!({
            "title": {"title": {"value": " Cards fail "}},
            "description": {"description": {"value": null}},
            "service": {"service": {"selected_option": {"value": chosen}}},
            "urgency": {"urgency": {"selected_option": {"value": "HIGH"}}},
            "severity": {"severity": {"selected_option": null}},
        }));
        let meta = submitted(&payload).expect("a submission");
        let filled = read(&payload, &meta).expect("all that is needed");
        assert_eq!(filled.title, "Cards fail");
        assert_eq!(filled.service, Some((organization, service)));
        assert_eq!((filled.urgency, filled.severity), (Some(Urgency::High), None));
        let empty = submission(&json!({"title": {"title": {"value": " "}}}));
        let meta = CreateDialogMetadata {
            needs_service: true,
            ..CreateDialogMetadata::default()
        };
        let wrong = read(&empty, &meta).expect_err("nothing to create");
        assert_eq!(
            wrong.iter().map(|(block, _)| block.as_str()).collect::<Vec<_>>(),
            ["title", "service"]
        );
        assert!(submitted(&json!({"view": {"callback_id": "resolve"}})).is_none());
    }

    #[test]
    fn a_prefilled_dialog_shows_what_is_known() {
        let prefilled = Prefilled {
            title: Some("x".repeat(300)),
            urgency: Some(Urgency::Low),
            severity: Some(Severity::Sev3),
            ..Prefilled::default()
        };
        let view = view(&prefilled, &CreateDialogMetadata::default());
        let all = view.json().to_string();
        assert!(all.contains(r#""initial_option":{"text":{"text":"Low""#), "{all}");
        assert!(
            all.contains(&"x".repeat(200)) && !all.contains(&"x".repeat(201)),
            "{all}"
        );
        assert!(!all.contains(r#""initial_value":"""#), "{all}");
    }
}
