//! A person's Home tab: the incidents that are theirs, and what may be done about them.
//!
//! Who has opened it is on record in `slack_home`. A tab is behind when it was opened again, or when an incident of one of its
//! organisations has changed since; then what it ought to show is read anew and published, if that is not what it shows already.
//! Tabs that nobody has looked at for days are left as they are until they are opened.

mod content;
mod opened;
mod read;
mod refresh;
mod store;

pub(crate) use opened::ROUTE;
pub(crate) use refresh::run;

use tocsin_clock::Clock;
use tocsin_database::Database;

use crate::{
    acting::ActionService,
    workspace::{Workspaces, apps::Apps},
};

/// What it takes to keep Home tabs fresh. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct HomeTabs {
    pub(crate) acting: ActionService,
    pub(crate) apps: Apps,
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    pub(crate) workspaces: Workspaces,
}
