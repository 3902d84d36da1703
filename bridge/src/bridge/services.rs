//! Makes the services of the bridge, each of the few things that it uses.
//!
//! Nobody else takes a [`ServiceFactory`]: who handles a request or a job has its own services alone.

use std::sync::Arc;

use tocsin_client::ApiClient;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_queue::Queue;
use tocsin_slack_client::Http;

use crate::{
    acting::ActionService,
    background::{DestinationFollower, EventFollower, Sweeper},
    config::BridgeConfig,
    connector::Connectors,
    directory::Directory,
    features::{
        actions::{ActionMenu, Actions},
        channel_events::ChannelEvents,
        comments::{CommentHistory, Comments, ReplyInbox},
        create::IncidentCreation,
        deletion::{DeletedMessages, DeletionsTold},
        home::HomeTabs,
        install::{OneTimeLinks, SlackInstall, SlackSignIn},
        mention::Mentions,
        operation::Operations,
        people::People,
        restore::ChannelCensus,
        unfurl::UnfurlService,
        workflow::WorkflowSteps,
    },
    identity::IdentityService,
    links::IncidentLinks,
    mirror::{Mirror, deliver::DeliveryService, digest::DigestMirror, incident_loader::IncidentLoader},
    origin::Origins,
    restore_watch::RestoreWatch,
    rich_text::{ChannelNames, RichText},
    routes::{self, Features},
    sharing::ChannelSharing,
    sighting::SightingService,
    store::{GroupWriter, Leases},
    thread::ThreadMemory,
    workspace::{
        SocketTroubles, WorkspaceServices, Workspaces,
        apps::{AppClients, Apps},
    },
    workspace_sync::{HealthRecord, TokenRotator, WorkspaceKeeper, WorkspaceSync},
};

/// What services are made of. All of it is shared by those that use it.
#[derive(Clone, Debug)]
pub(super) struct ServiceFactory {
    pub(super) api: ApiClient,
    pub(super) apps: Apps,
    pub(super) clock: Clock,
    pub(super) config: BridgeConfig,
    pub(super) connectors: Connectors,
    pub(super) database: Database,
    pub(super) http: Http,
    pub(super) writer: GroupWriter,
    pub(super) leases: Leases,
    pub(super) queue: Queue,
    pub(super) restore: Arc<RestoreWatch>,
    pub(super) setting: WorkspaceServices,
    pub(super) socket_trouble: SocketTroubles,
    /// This process, in claims: another start is another worker.
    pub(super) worker: String,
    pub(super) workspaces: Workspaces,
}

/// What many use.
impl ServiceFactory {
    fn clients(&self) -> AppClients {
        AppClients {
            apps: self.apps.clone(),
            servers: self.config.slack.client.clone(),
        }
    }

    fn identity(&self) -> IdentityService {
        IdentityService {
            api: self.api.clone(),
            clock: self.clock.clone(),
            database: self.database.clone(),
            public_url: self.config.public_url.clone(),
            sealer: self.config.sealer.clone(),
        }
    }

    fn acting(&self) -> ActionService {
        ActionService {
            api: self.api.clone(),
            http: self.http.clone(),
            identity: self.identity(),
            rich_text: RichText {
                identity: self.identity(),
                channels: ChannelNames {
                    clock: self.clock.clone(),
                    database: self.database.clone(),
                },
            },
        }
    }

    fn delivery(&self) -> DeliveryService {
        DeliveryService {
            clock: self.clock.clone(),
            connectors: self.connectors.clone(),
            database: self.database.clone(),
            identity: self.identity(),
            writer: self.writer.clone(),
            restore: Arc::clone(&self.restore),
            workspaces: self.workspaces.clone(),
        }
    }

    pub(super) fn directory(&self) -> Directory {
        Directory {
            api: self.api.clone(),
            clock: self.clock.clone(),
            database: self.database.clone(),
            sharing: self.sharing(),
            workspaces: self.workspaces.clone(),
        }
    }

    fn incident_links(&self) -> IncidentLinks {
        IncidentLinks {
            api: self.api.clone(),
            database: self.database.clone(),
            public_url: self.config.public_url.clone(),
        }
    }

    fn one_time_links(&self) -> OneTimeLinks {
        OneTimeLinks {
            clock: self.clock.clone(),
            database: self.database.clone(),
            sealer: self.config.sealer.clone(),
        }
    }

    fn sharing(&self) -> ChannelSharing {
        ChannelSharing {
            clock: self.clock.clone(),
            database: self.database.clone(),
            writer: self.writer.clone(),
            queue: self.queue.clone(),
        }
    }

    fn sightings(&self) -> SightingService {
        SightingService {
            api: self.api.clone(),
            clock: self.clock.clone(),
            database: self.database.clone(),
            writer: self.writer.clone(),
            restore: Arc::clone(&self.restore),
            workspaces: self.workspaces.clone(),
        }
    }

    fn thread_memory(&self) -> ThreadMemory {
        ThreadMemory {
            clock: self.clock.clone(),
            database: self.database.clone(),
        }
    }

    pub(super) fn workspace_sync(&self) -> WorkspaceSync {
        WorkspaceSync {
            api: self.api.clone(),
            apps: self.apps.clone(),
            database: self.database.clone(),
            queue: self.queue.clone(),
            sealer: self.config.sealer.clone(),
            setting: self.setting.clone(),
            workspaces: self.workspaces.clone(),
        }
    }
}

/// What handles requests.
impl ServiceFactory {
    /// All features that handle Slack's requests.
    pub(super) fn features(&self) -> Features {
        let acting = Arc::new(self.acting());
        let creation = Arc::new(IncidentCreation {
            acting: self.acting(),
            database: self.database.clone(),
            origins: Origins {
                clock: self.clock.clone(),
                writer: self.writer.clone(),
                queue: self.queue.clone(),
            },
        });
        let subcommands = Arc::new(routes::subcommands(&acting, &creation));
        Features {
            actions: self.actions(),
            channel_events: ChannelEvents {
                clock: self.clock.clone(),
                database: self.database.clone(),
                directory: self.directory(),
                sharing: self.sharing(),
                workspaces: self.workspaces.clone(),
            },
            comments: Comments {
                acting: self.acting(),
                database: self.database.clone(),
                memory: self.thread_memory(),
                subcommands: Arc::clone(&subcommands),
            },
            deletion: self.deleted_messages(),
            home: self.home_tabs(),
            mentions: Mentions {
                acting: self.acting(),
                database: self.database.clone(),
                memory: self.thread_memory(),
                subcommands: Arc::clone(&subcommands),
            },
            people: People {
                clock: self.clock.clone(),
                database: self.database.clone(),
            },
            unfurl: self.unfurl(),
            workflow: WorkflowSteps {
                acting: self.acting(),
                database: self.database.clone(),
            },
            acting,
            creation,
            subcommands,
        }
    }

    fn actions(&self) -> Actions {
        Actions {
            acting: self.acting(),
            all: routes::INCIDENT_ACTIONS,
            database: self.database.clone(),
            links: self.incident_links(),
            menu: ActionMenu {
                clock: self.clock.clone(),
                database: self.database.clone(),
                writer: self.writer.clone(),
                queue: self.queue.clone(),
            },
            restore: Arc::clone(&self.restore),
        }
    }

    pub(super) fn deleted_messages(&self) -> DeletedMessages {
        DeletedMessages {
            clock: self.clock.clone(),
            database: self.database.clone(),
            queue: self.queue.clone(),
            told: DeletionsTold::default(),
            workspaces: self.workspaces.clone(),
            writer: self.writer.clone(),
        }
    }

    pub(super) fn home_tabs(&self) -> HomeTabs {
        HomeTabs {
            acting: self.acting(),
            apps: self.apps.clone(),
            clock: self.clock.clone(),
            database: self.database.clone(),
            workspaces: self.workspaces.clone(),
        }
    }

    pub(super) fn install(&self) -> SlackInstall {
        SlackInstall {
            api: self.api.clone(),
            clients: self.clients(),
            http: self.http.clone(),
            links: self.one_time_links(),
            public_url: self.config.public_url.clone(),
            workspace_sync: self.workspace_sync(),
        }
    }

    pub(super) fn sign_in(&self) -> SlackSignIn {
        SlackSignIn {
            client: self.config.slack.client.clone(),
            http: self.http.clone(),
            identity: self.identity(),
            links: self.one_time_links(),
            public_url: self.config.public_url.clone(),
            slack_api_url: self.config.slack.api_url.clone(),
            workspaces: self.workspaces.clone(),
        }
    }

    pub(super) fn unfurl(&self) -> UnfurlService {
        UnfurlService {
            clock: self.clock.clone(),
            database: self.database.clone(),
            identity: self.identity(),
            links: self.incident_links(),
            queue: self.queue.clone(),
        }
    }
}

/// What works jobs, and goes on by itself.
impl ServiceFactory {
    pub(super) fn channel_census(&self) -> ChannelCensus {
        ChannelCensus {
            api: self.api.clone(),
            clock: self.clock.clone(),
            database: self.database.clone(),
            restore: Arc::clone(&self.restore),
            sightings: self.sightings(),
            workspaces: self.workspaces.clone(),
        }
    }

    pub(super) fn comment_history(&self) -> CommentHistory {
        CommentHistory {
            api: self.api.clone(),
            clock: self.clock.clone(),
            database: self.database.clone(),
            inbox: ReplyInbox {
                clock: self.clock.clone(),
                writer: self.writer.clone(),
                queue: self.queue.clone(),
            },
            memory: self.thread_memory(),
            restore: Arc::clone(&self.restore),
            sightings: self.sightings(),
            workspaces: self.workspaces.clone(),
        }
    }

    pub(super) fn digests(&self) -> DigestMirror {
        DigestMirror {
            delivery: self.delivery(),
            leases: self.leases.clone(),
            queue: self.queue.clone(),
        }
    }

    pub(super) fn events(&self) -> EventFollower {
        EventFollower {
            api: self.api.clone(),
            clock: self.clock.clone(),
            database: self.database.clone(),
            writer: self.writer.clone(),
            queue: self.queue.clone(),
        }
    }

    pub(super) fn leads(&self) -> DestinationFollower {
        DestinationFollower {
            api: self.api.clone(),
            clock: self.clock.clone(),
            connectors: self.connectors.clone(),
            database: self.database.clone(),
            queue: self.queue.clone(),
            workspaces: self.workspaces.clone(),
        }
    }

    pub(super) fn mirror(&self) -> Mirror {
        Mirror {
            api: self.api.clone(),
            delivery: self.delivery(),
            incidents: IncidentLoader::new(self.api.clone()),
            leases: self.leases.clone(),
            queue: self.queue.clone(),
            workspace_sync: self.workspace_sync(),
        }
    }

    pub(super) fn operations(&self) -> Operations {
        Operations {
            api: self.api.clone(),
            delivery: self.delivery(),
            directory: self.directory(),
            public_url: self.config.public_url.clone(),
            queue: self.queue.clone(),
            workspace_sync: self.workspace_sync(),
        }
    }

    pub(super) fn sweeper(&self) -> Sweeper {
        Sweeper {
            clock: self.clock.clone(),
            connectors: self.connectors.clone(),
            database: self.database.clone(),
            queue: self.queue.clone(),
            workspaces: self.workspaces.clone(),
        }
    }

    pub(super) fn workspace_keeper(&self) -> WorkspaceKeeper {
        WorkspaceKeeper {
            has_own: self.config.slack.bot_token.is_some(),
            record: HealthRecord {
                apps: self.apps.clone(),
                clock: self.clock.clone(),
                database: self.database.clone(),
                socket_trouble: self.socket_trouble.clone(),
                workspaces: self.workspaces.clone(),
            },
            rotator: TokenRotator {
                clients: self.clients(),
                clock: self.clock.clone(),
                database: self.database.clone(),
                http: self.http.clone(),
                sealer: self.config.sealer.clone(),
                worker: self.worker.clone(),
            },
            workspaces: self.workspaces.clone(),
        }
    }
}
