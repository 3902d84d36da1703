//! Members to choose from.

use serde_json::{Value, json};
use tocsin_client::MemberChoice;
use tocsin_slack::inputs::option;

/// The action id, and the block's name, of every menu of members.
pub(crate) const ASSIGNEES: &str = "assignees";

pub(super) fn option_of(member: &MemberChoice) -> Value {
    let text = if member.name.trim().is_empty() {
        member.email.clone()
    } else {
        format!("{} ({})", member.name, member.email)
    };
    option(&text, &member.id.to_string())
}

/// The answer to a menu that asks for members.
pub(crate) fn options(members: &[MemberChoice]) -> Value {
    let options: Vec<_> = members.iter().take(100).map(option_of).collect();
    json!({"options": options})
}
