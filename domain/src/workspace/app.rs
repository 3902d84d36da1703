//! Slack apps of an organisation's own, for whoever does not use the server's.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder,
};
use secrecy::{ExposeSecret, SecretString};
use tocsin_entity::{
    id::{OrganizationId, SlackAppId},
    slack::installation::{SECRET_KEY_MISMATCH, SECRET_KEY_MISSING},
    slack_app::{Column, Entity, Model},
    slack_workspace,
};
use tocsin_queue::jobs::RefreshSlackWorkspaces;
use tocsin_seal::Sealer;
use tocsin_slack_app::sealing::app_place;

use crate::{
    audit::AuditTrail,
    error::{MutationError, RequestError, UserError, UserErrorCode},
    idempotency::{self, RequestKey},
    limits,
    patch::Patch,
    request::Request,
    tenant::{self, Tenant},
    validation::{Checks, new_value},
    viewer::Permission,
};

/// Most apps of an organisation: every request of Slack's is held against the secrets of all.
const APPS_MAX: u64 = 10;

/// Longest id or secret, in characters; Slack's have fewer than 200.
const SECRET_MAX: usize = 500;

/// Shortest signing secret that is taken, in characters. Slack's have 32; by a short one anybody could speak for the app.
const SIGNING_SECRET_MIN: usize = 16;

/// A Slack app to be made known. Its secrets are kept sealed, and can't be read again.
#[derive(Debug)]
pub struct CreateSlackApp {
    /// What administrators call it; at most 100 characters, unique in the organisation.
    pub name: String,
    /// The client id, for installing it by OAuth; unique in the organisation.
    pub client_id: Option<String>,
    /// The client secret.
    pub client_secret: Option<SecretString>,
    /// The signing secret, by which Slack's requests are known over HTTP: 32 characters, on the app's page Basic Information.
    pub signing_secret: Option<SecretString>,
    /// The app-level token (`xapp-…`), for Socket Mode.
    pub app_token: Option<SecretString>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// New values for a Slack app; what is left out stays, and null takes it away; but an app has a name.
#[derive(Debug)]
pub struct UpdateSlackApp {
    /// The app's id.
    pub id: String,
    /// What administrators call it.
    pub name: Patch<String>,
    /// The client id.
    pub client_id: Patch<String>,
    /// The client secret.
    pub client_secret: Patch<SecretString>,
    /// The signing secret.
    pub signing_secret: Patch<SecretString>,
    /// The app-level token.
    pub app_token: Patch<SecretString>,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// The Slack app to be forgotten.
#[derive(Debug)]
pub struct DeleteSlackApp {
    /// The app's id.
    pub id: String,
    /// Makes the request repeatable for 24 hours.
    pub idempotency_key: Option<RequestKey>,
}

/// Why a secret of an app can't be opened, as a code and for people.
pub fn unopened(sealer: Option<&Sealer>, app: &Model) -> Option<(&'static str, String)> {
    let mut secrets = [
        ("client_secret", "client secret", &app.sealed_client_secret),
        ("signing_secret", "signing secret", &app.sealed_signing_secret),
        ("app_token", "app-level token", &app.sealed_app_token),
    ]
    .into_iter()
    .filter_map(|(name, what, sealed)| Some((name, what, sealed.as_ref()?)));
    let Some(sealer) = sealer else {
        let what_to_do = "The app's secrets are sealed and the server has no key: set TOCSIN_SECRET_KEY for the API and the bridge alike, and start \
                          them again.";
        return secrets
            .next()
            .map(|_| (SECRET_KEY_MISSING, what_to_do.to_owned()));
    };
    secrets.find_map(|(name, what, sealed)| {
        let error = sealer.open(&app_place(app.id, name), sealed).err()?;
        let reason = format!(
            "The app's {what} can't be opened ({error}): set TOCSIN_SECRET_KEY of the API and the bridge to the key under which it was sealed, or \
             add that key behind the present one with a comma between, and start both again; or give the secret anew with updateSlackApp."
        );
        Some((SECRET_KEY_MISMATCH, reason))
    })
}

/// A secret, sealed for its place.
fn seal(
    request: &Request<'_>,
    id: SlackAppId,
    field: &str,
    place: &str,
    text: &SecretString,
) -> Result<String, UserError> {
    let text = limits::line(field, text.expose_secret(), SECRET_MAX)?;
    if field == "appToken" && !text.starts_with("xapp-") {
        return Err(UserError::invalid(
            field,
            "An app-level token begins with `xapp-`: copy it from the Slack app's page Basic Information.",
        ));
    }
    if field != "appToken" && (text.starts_with("xo") || text.starts_with("xapp-")) {
        return Err(UserError::invalid(
            field,
            "This is a token, and no secret: copy the secret from the Slack app's page Basic Information.",
        ));
    }
    if field == "signingSecret" && text.chars().count() < SIGNING_SECRET_MIN {
        return Err(UserError::invalid(
            field,
            "This is too short for a signing secret, which has 32 characters (0 to 9, a to f): copy it from the Slack app's page Basic Information, \
             under App Credentials.",
        ));
    }
    let sealer = request
        .domain
        .config()
        .sealer
        .as_ref()
        .ok_or_else(super::seal::no_key)?;
    Ok(sealer.seal(&app_place(id, place), &SecretString::from(text)))
}

/// The organisation's own Slack apps, oldest first, for administrators. For the bridge without an organisation, everybody's.
pub async fn list(request: &Request<'_>) -> Result<Vec<Model>, RequestError> {
    let find = request.find_shown::<Entity>(Permission::Manage)?;
    Ok(find.order_by_asc(Column::Id).all(request.read()).await?)
}

/// A Slack app of the organisation's own by its id, for administrators.
pub async fn find(request: &Request<'_>, id: &str) -> Result<Option<Model>, RequestError> {
    request
        .load_owned::<SlackAppId, Model>(Permission::Manage, id)
        .await
}

/// Makes a Slack app of the organisation's own known.
pub async fn create(request: &Request<'_>, input: CreateSlackApp) -> Result<Model, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let (id, now) = (SlackAppId::new(), request.now());
    let sealed = |field: &str, place: &str, text: &Option<SecretString>| {
        text.as_ref()
            .map(|text| seal(request, id, field, place, text))
            .transpose()
    };
    let (name, client_id, sealed_client_secret, sealed_signing_secret, sealed_app_token) = (
        limits::name("name", &input.name),
        input.client_id.as_deref().map(client_id).transpose(),
        sealed("clientSecret", "client_secret", &input.client_secret),
        sealed("signingSecret", "signing_secret", &input.signing_secret),
        sealed("appToken", "app_token", &input.app_token),
    )
        .all()?;
    let row = usable(Model {
        id,
        organization_id,
        name,
        client_id,
        sealed_client_secret,
        sealed_signing_secret,
        sealed_app_token,
        version: 1,
        created_at: now,
        updated_at: now,
    })?;
    let id_of = |row: &Model| row.id;
    let row = idempotency::once(request, organization_id, key, "Slack app", id_of, async |tx| {
        let own = Tenant::of(organization_id).find::<Entity>();
        if own.count(tx).await? >= APPS_MAX {
            let why = format!("An organisation has at most {APPS_MAX} Slack apps.");
            return Err(UserError::invalid("name", why).into());
        }
        need_own_client_id(tx, &row).await?;
        let row = row
            .into_active_model()
            .insert(tx)
            .await
            .map_err(MutationError::or_name_taken("Slack app"))?;
        AuditTrail::of(request, organization_id).made(tx, &row).await?;
        Ok(row)
    })
    .await?;
    request.domain.queue().enqueue(&RefreshSlackWorkspaces {});
    Ok(row)
}

/// Changes what is known of a Slack app.
pub async fn update(request: &Request<'_>, input: UpdateSlackApp) -> Result<Model, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let id: SlackAppId = input.id.parse().map_err(|_| unknown())?;
    let changed = |said: &Patch<SecretString>, before: Option<String>, field: &str, place: &str| match said {
        Patch::Keep => Ok(before),
        Patch::Clear => Ok(None),
        Patch::Set(text) => seal(request, id, field, place, text).map(Some),
    };
    let id_of = |row: &Model| row.id;
    let row = idempotency::once(request, organization_id, key, "Slack app", id_of, async |tx| {
        let before = own(tx, organization_id, id).await?;
        let was = before.clone();
        let (name, client_id, sealed_client_secret, sealed_signing_secret, sealed_app_token) = (
            new_value("name", input.name.clone(), |name| limits::name("name", &name)),
            match &input.client_id {
                Patch::Keep => Ok(before.client_id.clone()),
                Patch::Clear => Ok(None),
                Patch::Set(text) => client_id(text).map(Some),
            },
            changed(
                &input.client_secret,
                before.sealed_client_secret.clone(),
                "clientSecret",
                "client_secret",
            ),
            changed(
                &input.signing_secret,
                before.sealed_signing_secret.clone(),
                "signingSecret",
                "signing_secret",
            ),
            changed(
                &input.app_token,
                before.sealed_app_token.clone(),
                "appToken",
                "app_token",
            ),
        )
            .all()?;
        let after = usable(Model {
            name: name.unwrap_or_else(|| before.name.clone()),
            client_id,
            sealed_client_secret,
            sealed_signing_secret,
            sealed_app_token,
            version: before.version + 1,
            updated_at: request.now(),
            ..before
        })?;
        if after.client_id != was.client_id {
            need_own_client_id(tx, &after).await?;
        }
        let after = after
            .into_active_model()
            .reset_all()
            .update(tx)
            .await
            .map_err(MutationError::or_name_taken("Slack app"))?;
        AuditTrail::of(request, organization_id)
            .changed(tx, &was, &after)
            .await?;
        Ok(after)
    })
    .await?;
    request.domain.queue().enqueue(&RefreshSlackWorkspaces {});
    Ok(row)
}

/// Forgets a Slack app that is installed nowhere.
pub async fn delete(request: &Request<'_>, input: DeleteSlackApp) -> Result<SlackAppId, MutationError> {
    let viewer = request.viewer;
    let organization_id = viewer.may_change(Permission::Manage)?;
    let key = idempotency::key_use(request, input.idempotency_key.as_ref())?;
    let id: SlackAppId = input.id.parse().map_err(|_| unknown())?;
    let id = idempotency::gone_once(request, organization_id, key, id, async |tx| {
        let app = own(tx, organization_id, id).await?;
        let using = Tenant::of(organization_id)
            .find::<slack_workspace::Entity>()
            .filter(slack_workspace::Column::AppId.eq(id))
            .filter(slack_workspace::Column::DisconnectedAt.is_null());
        if using.count(tx).await? > 0 {
            let why = "Workspaces are connected through this Slack app: disconnect them first.";
            return Err(UserError::new(UserErrorCode::WrongStatus, why).into());
        }
        Entity::delete_by_id(id).exec(tx).await?;
        AuditTrail::of(request, organization_id).gone(tx, &app).await?;
        Ok(())
    })
    .await?;
    request.domain.queue().enqueue(&RefreshSlackWorkspaces {});
    Ok(id)
}

fn unknown() -> UserError {
    UserError::not_found("Slack app").at("id")
}

async fn own(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    id: SlackAppId,
) -> Result<Model, MutationError> {
    let found = tenant::own::<Entity>(tx, organization_id, id).await?;
    found.ok_or_else(|| unknown().into())
}

/// Two apps with one client id would be the same app, known twice.
async fn need_own_client_id(tx: &DatabaseTransaction, row: &Model) -> Result<(), MutationError> {
    let Some(client_id) = &row.client_id else {
        return Ok(());
    };
    let other = Tenant::of(row.organization_id)
        .find::<Entity>()
        .filter(Column::ClientId.eq(client_id))
        .filter(Column::Id.ne(row.id))
        .one(tx)
        .await?;
    match other {
        None => Ok(()),
        Some(other) => {
            let why = format!(
                "The Slack app {} has this client id: change that one.",
                other.name
            );
            Err(UserError::new(UserErrorCode::AlreadyExists, why)
                .at("clientId")
                .into())
        }
    }
}

fn client_id(text: &str) -> Result<String, UserError> {
    limits::line("clientId", text, SECRET_MAX)
}

/// Slack's requests must be able to come, and an id comes with its secret.
fn usable(row: Model) -> Result<Model, UserError> {
    if row.client_id.is_some() != row.sealed_client_secret.is_some() {
        return Err(UserError::invalid(
            "clientSecret",
            "Give the client id and the client secret together, from the Slack app's page Basic Information.",
        ));
    }
    if row.sealed_signing_secret.is_none() && row.sealed_app_token.is_none() {
        return Err(UserError::invalid(
            "signingSecret",
            "Give the signing secret (for requests over HTTP) or the app-level token (for Socket Mode), from the Slack app's page Basic Information.",
        ));
    }
    Ok(row)
}
