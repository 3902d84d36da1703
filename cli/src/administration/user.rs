//! `tocsin user add | list`.

use anyhow::anyhow;
use clap::{Subcommand, ValueEnum};
use tocsin_client::{ListedMember, MemberDraft};
use tocsin_entity::kinds::Role;

use super::connection::{ApiArguments, Connection, idempotency_key};
use crate::{
    config::{GivenSettings, Settings},
    terminal::Terminal,
};

/// What to do with members.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make somebody a member
    Add {
        /// The name people read
        #[arg(long)]
        name: String,
        /// The e-mail address, by which they are known in Slack as well
        #[arg(long)]
        email: String,
        /// What they may do
        #[arg(long, value_enum, default_value_t = MemberRole::Responder)]
        role: MemberRole,
        #[command(flatten)]
        api: ApiArguments,
    },
    /// Show the members
    List {
        #[command(flatten)]
        api: ApiArguments,
    },
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MemberRole {
    /// Everything, and appoint other owners
    Owner,
    /// Manage members, keys, services and Slack
    Admin,
    /// Work on incidents and post-mortems
    Responder,
    /// Read only
    Stakeholder,
}

impl From<MemberRole> for Role {
    fn from(role: MemberRole) -> Self {
        match role {
            MemberRole::Owner => Self::Owner,
            MemberRole::Admin => Self::Admin,
            MemberRole::Responder => Self::Responder,
            MemberRole::Stakeholder => Self::Stakeholder,
        }
    }
}

/// `tocsin user …`.
pub(crate) async fn run(
    command: UserCommand,
    given: &GivenSettings,
    settings: &Settings,
    terminal: Terminal,
) -> anyhow::Result<()> {
    match command {
        UserCommand::Add {
            name,
            email,
            role,
            api,
        } => {
            let connection = Connection::open(&api, given, settings, terminal)?;
            let draft = MemberDraft {
                name: &name,
                email: &email,
                role: role.into(),
            };
            let member = connection
                .api
                .add_member(draft, idempotency_key())
                .await
                .map_err(|error| connection.change_error(error))?;
            let line = format!("{} <{}> is a member: {}.", member.name, member.email, member.role);
            connection.output.object(&member, &[line])
        }
        UserCommand::List { api } => {
            let connection = Connection::open(&api, given, settings, terminal)?;
            let members = connection
                .api
                .list_members(None)
                .await
                .map_err(|error| connection.read_error(error))?;
            let none = "There are no members yet: `tocsin user add` makes one.";
            connection
                .output
                .list(&members, ["NAME", "EMAIL", "ROLE", "STATE"], none, row)
        }
    }
}

fn row(member: &ListedMember) -> [String; 4] {
    let state = match member.deactivated_at {
        Some(_) => "deactivated",
        None => "active",
    };
    [
        member.name.clone(),
        member.email.clone(),
        member.role.to_string(),
        state.to_owned(),
    ]
}

/// The active member with this e-mail address.
pub(super) async fn find(connection: &Connection, email: &str) -> anyhow::Result<ListedMember> {
    let members = connection
        .api
        .list_members(Some(email))
        .await
        .map_err(|error| connection.read_error(error))?;
    let mut active = members
        .into_iter()
        .filter(|member| member.deactivated_at.is_none());
    active.next().ok_or_else(|| {
        anyhow!("no active member has the e-mail address {email}: `tocsin user list` shows who there is")
    })
}
