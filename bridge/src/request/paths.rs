//! Where Slack sends what it has to say, below the bridge's address.

/// Events.
pub(crate) const EVENTS: &str = "/slack/events";

/// Buttons, menus, shortcuts and dialogs.
pub(crate) const INTERACTIONS: &str = "/slack/interactions";

/// The slash command.
pub(crate) const COMMANDS: &str = "/slack/commands";

/// Menus whose options are looked up.
pub(crate) const OPTIONS: &str = "/slack/options";
