//! What a use case is called with: the domain, who asks, and by which operation.

use std::sync::Arc;

use crate::{Domain, loaders::Loaders, viewer::Viewer};

/// One request of a viewer.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// What it is about.
    pub domain: &'a Arc<Domain>,
    /// Who asks.
    pub viewer: &'a Viewer,
    /// The operation by its public name, such as `createConnector`. The audit log shows it, and an idempotency key holds for it alone.
    pub operation: &'a str,
}

impl<'a> Request<'a> {
    /// Reads rows by their keys, many requests' together.
    pub fn loaders(&self) -> &'a Loaders {
        self.domain.loaders()
    }
}
