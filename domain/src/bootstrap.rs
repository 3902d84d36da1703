//! The first organisation, and what an operator makes on the command line.

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, SqlErr,
};
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use tocsin_clock::Clock;
use tocsin_database::Database;
use tocsin_entity::{
    id::{OrganizationId, ServiceId, UserId},
    kinds::{PreviewPolicy, Scope, SignInMethod, UnmatchedPolicy, Urgency},
    membership, organization, service, slack_workspace,
};

use crate::{
    api_key::{self, ApiKeyOrigin},
    audit::AuditTrail,
    connector, limits,
    session::{NewSignInLink, make_link},
    sign_in::{has_owner, make_first_owner_link},
    tenant::{Tenant, everywhere},
};

/// Shortest key that an operator may choose, in characters.
pub const CHOSEN_KEY_MIN: usize = 32;

/// What an organisation's first connector is called.
const FIRST_CONNECTOR: &str = "default";

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// The chosen key can be guessed.
    #[error(
        "TOCSIN_ADMIN_KEY has {0} characters, and needs {CHOSEN_KEY_MIN} at least: make one with openssl rand -hex 32"
    )]
    ShortKey(usize),
    /// There is one already.
    #[error("an organisation called {0:?} is there already")]
    Taken(String),
    /// Another organisation's incidents go to the channel.
    #[error("{0} is another organisation's: name another channel with --channel")]
    ChannelTaken(String),
    /// There is none.
    #[error("there is no organisation {0:?}")]
    NoOrganization(String),
    /// No active member of the organisation has this e-mail address.
    #[error("no active member has the e-mail address {0}")]
    NoMember(String),
    /// There is no need for a first one.
    #[error("the organisation has an owner already: print a link for a member with tocsin login-link EMAIL")]
    HasOwner,
    /// A value is out of its bounds.
    #[error("{0}")]
    Invalid(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// What the first start found or made.
#[derive(Debug)]
pub struct BootstrapOutcome {
    /// Whether it was made just now.
    pub created: bool,
    /// The organisation's id.
    pub organization_id: OrganizationId,
    /// The organisation's name.
    pub organization_name: String,
    /// The admin's key, only where it was made just now.
    pub admin_key: Option<SecretString>,
}

/// Makes the first organisation with a service, a connector and an admin key, if there is none yet.
///
/// # Errors
/// [`BootstrapError`]; nothing was made then.
pub async fn first_start(
    database: &Database,
    clock: &Clock,
    wanted_admin_key: Option<SecretString>,
    channel: &str,
) -> Result<BootstrapOutcome, BootstrapError> {
    let oldest = everywhere::<organization::Entity>("the server's command line knows all")
        .order_by_asc(organization::Column::Id)
        .one(database.read())
        .await?;
    if let Some(there) = oldest {
        return Ok(BootstrapOutcome {
            created: false,
            organization_id: there.id,
            organization_name: there.name,
            admin_key: None,
        });
    }
    let key = match wanted_admin_key {
        Some(key) => checked(key)?,
        None => api_key::make_secret(),
    };
    let tx = database.begin_write().await?;
    let organization = insert_organization(&tx, clock.now(), "My organisation").await?;
    let trail = AuditTrail::of_command_line(clock, organization.id, "createOrganization");
    trail.made(&tx, &organization).await?;
    let connector = connector::plain(organization.id, FIRST_CONNECTOR, channel, clock.now());
    let connector = connector.into_active_model().insert(&tx).await?;
    trail.made(&tx, &connector).await?;
    insert_key(&tx, &trail, organization.id, None, "admin", &key, &[Scope::Admin]).await?;
    tx.commit().await?;
    Ok(BootstrapOutcome {
        created: true,
        organization_id: organization.id,
        organization_name: organization.name,
        admin_key: Some(key),
    })
}

/// Where an organisation's incidents go at first: a channel in the workspace of the server's configuration.
#[derive(Debug, Clone, Copy)]
pub struct DefaultChannel<'a> {
    /// An id (`C…`) or a name with its hash.
    pub channel: &'a str,
    /// Whether there is such a workspace, by `SLACK_BOT_TOKEN`.
    pub has_own_workspace: bool,
}

/// Makes an organisation with a service and an admin key, which is given back and shown nowhere again, and the connector to its first channel.
///
/// # Errors
/// [`BootstrapError`]; nothing was made then.
pub async fn create_organization(
    database: &Database,
    clock: &Clock,
    name: &str,
    first: Option<DefaultChannel<'_>>,
) -> Result<(OrganizationId, SecretString), BootstrapError> {
    let name = limits::name("name", name).map_err(|error| BootstrapError::Invalid(error.message))?;
    let tx = database.begin_write().await?;
    let organization = insert_organization(&tx, clock.now(), &name).await?;
    let trail = AuditTrail::of_command_line(clock, organization.id, "createOrganization");
    trail.made(&tx, &organization).await?;
    if let Some(first) = first {
        let row = connector::plain(organization.id, FIRST_CONNECTOR, first.channel, clock.now());
        if !connector::is_free(&tx, first.has_own_workspace, &row).await? {
            return Err(BootstrapError::ChannelTaken(row.channel));
        }
        let row = row.into_active_model().insert(&tx).await?;
        trail.made(&tx, &row).await?;
    }
    let key = api_key::make_secret();
    insert_key(&tx, &trail, organization.id, None, "admin", &key, &[Scope::Admin]).await?;
    tx.commit().await?;
    Ok((organization.id, key))
}

/// How far a server is set up, over all its organisations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetupProgress {
    /// Whether there is an active member.
    pub has_members: bool,
    /// Whether an organisation has connected a Slack workspace.
    pub has_connected_workspace: bool,
}

/// Finds how far the server is set up.
///
/// # Errors
/// What the database says.
pub async fn setup_progress(database: &Database) -> Result<SetupProgress, DbErr> {
    let member = everywhere::<membership::Entity>("the server's command line knows all")
        .filter(membership::Column::DeactivatedAt.is_null())
        .one(database.read())
        .await?;
    let workspace = everywhere::<slack_workspace::Entity>("the server's command line knows all")
        .filter(slack_workspace::Column::DisconnectedAt.is_null())
        .one(database.read())
        .await?;
    Ok(SetupProgress {
        has_members: member.is_some(),
        has_connected_workspace: workspace.is_some(),
    })
}

/// A key to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'a> {
    /// The organisation's slug or id; the only one there is where none is named.
    pub organization: Option<&'a str>,
    /// The e-mail address of the member that it acts as; a key of the organisation itself where there is none.
    pub email: Option<&'a str>,
    /// What people call it.
    pub name: &'a str,
    /// What it may be used for.
    pub scopes: &'a [Scope],
}

/// Makes a key.
///
/// # Errors
/// [`BootstrapError`]; nothing was made then.
pub async fn create_key(
    database: &Database,
    clock: &Clock,
    draft: NewKey<'_>,
) -> Result<SecretString, BootstrapError> {
    let name = limits::name("name", draft.name).map_err(|error| BootstrapError::Invalid(error.message))?;
    let organization_id = find_organization(database, draft.organization).await?;
    let member = match draft.email {
        Some(email) => Some(find_member(database, organization_id, email).await?),
        None => None,
    };
    let key = api_key::make_secret();
    let tx = database.begin_write().await?;
    let trail = AuditTrail::of_command_line(clock, organization_id, "createApiKey");
    insert_key(&tx, &trail, organization_id, member, &name, &key, draft.scopes).await?;
    tx.commit().await?;
    Ok(key)
}

/// The active member with this e-mail address.
async fn find_member(
    database: &Database,
    organization_id: OrganizationId,
    email: &str,
) -> Result<UserId, BootstrapError> {
    let row = Tenant::of(organization_id)
        .find::<membership::Entity>()
        .filter(membership::Column::Email.eq(email.trim().to_lowercase()))
        .filter(membership::Column::DeactivatedAt.is_null())
        .one(database.read())
        .await?;
    row.map(|row| row.user_id)
        .ok_or_else(|| BootstrapError::NoMember(email.to_owned()))
}

/// Makes a link by which the member with this e-mail address signs in once, in an organisation that is named by its slug or id; with none named, in
/// the only one there is.
///
/// # Errors
/// [`BootstrapError`]; nothing was made then.
pub async fn create_login_link(
    database: &Database,
    clock: &Clock,
    public_url: &str,
    organization: Option<&str>,
    email: &str,
) -> Result<SecretString, BootstrapError> {
    let organization_id = find_organization(database, organization).await?;
    let user_id = find_member(database, organization_id, email).await?;
    let tx = database.begin_write().await?;
    let trail = AuditTrail::of_command_line(clock, organization_id, "createSignInLink");
    let new = NewSignInLink {
        organization_id,
        user_id: Some(user_id),
        method: SignInMethod::Link,
        browser_hash: None,
    };
    let (_, address) = make_link(&tx, &trail, public_url, new).await?;
    tx.commit().await?;
    Ok(address)
}

/// Makes a link by which an organisation's first owner is made, while it has none.
///
/// # Errors
/// [`BootstrapError`]; nothing was made then.
pub async fn create_first_owner_link(
    database: &Database,
    clock: &Clock,
    public_url: &str,
    organization: Option<&str>,
) -> Result<SecretString, BootstrapError> {
    let organization_id = find_organization(database, organization).await?;
    let tx = database.begin_write().await?;
    if has_owner(&tx, organization_id).await? {
        return Err(BootstrapError::HasOwner);
    }
    let address = make_first_owner_link(&tx, clock, organization_id, public_url).await?;
    tx.commit().await?;
    Ok(address)
}

async fn find_organization(
    database: &Database,
    wanted: Option<&str>,
) -> Result<OrganizationId, BootstrapError> {
    let Some(wanted) = wanted else {
        let count = everywhere::<organization::Entity>("the server's command line knows all")
            .count(database.read())
            .await?;
        let only = everywhere::<organization::Entity>("the server's command line knows all")
            .one(database.read())
            .await?;
        return match only {
            Some(only) if count == 1 => Ok(only.id),
            Some(_) => Err(BootstrapError::Invalid(
                "there are several organisations: name one by its slug or id".to_owned(),
            )),
            None => Err(BootstrapError::Invalid(
                "there is no organisation yet: make one first".to_owned(),
            )),
        };
    };
    let mut find = everywhere::<organization::Entity>("the server's command line knows all");
    find = match wanted.parse::<OrganizationId>() {
        Ok(id) => find.filter(organization::Column::Id.eq(id)),
        Err(_) => find.filter(organization::Column::Slug.eq(wanted)),
    };
    let found = find.one(database.read()).await?;
    found
        .map(|row| row.id)
        .ok_or_else(|| BootstrapError::NoOrganization(wanted.to_owned()))
}

fn checked(key: SecretString) -> Result<SecretString, BootstrapError> {
    let length = key.expose_secret().chars().count();
    if length < CHOSEN_KEY_MIN {
        Err(BootstrapError::ShortKey(length))
    } else {
        Ok(key)
    }
}

async fn insert_organization(
    tx: &DatabaseTransaction,
    now: OffsetDateTime,
    name: &str,
) -> Result<organization::Model, BootstrapError> {
    let organization = organization::ActiveModel {
        id: Set(OrganizationId::new()),
        name: Set(name.to_owned()),
        slug: Set(slug(name)),
        last_incident_number: Set(0),
        last_event_seq: Set(0),
        last_event_second: Set(None),
        slack_unmatched_policy: Set(UnmatchedPolicy::Refuse),
        slack_preview_policy: Set(PreviewPolicy::Workspace),
        restored_at: Set(None),
        created_at: Set(now),
    }
    .insert(tx)
    .await
    .map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => BootstrapError::Taken(name.to_owned()),
        _ => error.into(),
    })?;
    service::ActiveModel {
        id: Set(ServiceId::new()),
        organization_id: Set(organization.id),
        name: Set("Default service".to_owned()),
        description_markdown: Set("Takes incidents that name no service.".to_owned()),
        default_urgency: Set(Urgency::High),
        is_default: Set(true),
        archived_at: Set(None),
        created_at: Set(now),
    }
    .insert(tx)
    .await?;
    Ok(organization)
}

async fn insert_key(
    tx: &DatabaseTransaction,
    trail: &AuditTrail,
    organization_id: OrganizationId,
    user_id: Option<UserId>,
    name: &str,
    key: &SecretString,
    scopes: &[Scope],
) -> Result<(), DbErr> {
    let row = api_key::row(
        organization_id,
        user_id,
        name.to_owned(),
        key,
        scopes,
        ApiKeyOrigin::by_command_line(trail.now()),
    );
    let row = row.into_active_model().insert(tx).await?;
    trail.made(tx, &row).await
}

fn slug(name: &str) -> String {
    let dashed: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let slug = dashed
        .split('-')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    if slug.is_empty() {
        OrganizationId::new().to_string()
    } else {
        slug
    }
}
