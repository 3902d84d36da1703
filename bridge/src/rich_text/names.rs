//! What those are called whom a text mentions.

use tocsin_queue::JobError;

use super::{
    channels::{ChannelNames, channel_name},
    document::{Document, KnownNames},
};
use crate::{
    identity::{self, IdentityService},
    installation::AppInstallation,
};

/// What it takes to read what people write. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct RichText {
    pub(crate) identity: IdentityService,
    pub(crate) channels: ChannelNames,
}

/// The names of those whom a text mentions. A name that can't be had now is not worth holding the comment back.
pub(crate) async fn names(
    text: &RichText,
    installation: &AppInstallation,
    document: &Document,
) -> Result<KnownNames, JobError> {
    let mut names = KnownNames::default();
    for id in document.people() {
        if let Ok(Some(person)) = identity::person(&text.identity, installation, id).await {
            names.people.insert(id.to_owned(), person.name);
        }
    }
    for id in document.channels() {
        if let Some(name) = channel_name(&text.channels, installation, id).await? {
            names.channels.insert(id.to_owned(), name);
        }
    }
    if !document.groups().is_empty() {
        let workspace = installation.workspace();
        let handles = workspace.groups.handles(&workspace.slack).await;
        names.groups.clone_from(&handles);
    }
    Ok(names)
}
