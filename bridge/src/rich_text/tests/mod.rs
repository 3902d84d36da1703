//! What people write in Slack, in each of its shapes, as Markdown; and that Markdown in Slack again.

mod markdown;
mod shapes;
