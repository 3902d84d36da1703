//! What is kept of a template.

use tocsin_entity::slack_template::Model;
use tocsin_message::template::Template;

use crate::error::InternalError;

/// What is kept of a template, as the engine takes it.
pub fn parts(row: &Model) -> Result<Template, InternalError> {
    let fields = row.fields.as_deref().map(serde_json::from_str).transpose();
    Ok(Template {
        title: row.title.clone(),
        body: row.body.clone(),
        fields: fields.map_err(|error| {
            InternalError::Broken(format!(
                "the fields of template {} can't be read: {error}",
                row.id
            ))
        })?,
    })
}
