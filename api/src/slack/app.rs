//! Slack apps of an organisation's own, for whoever does not use the server's.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder,
};
use secrecy::SecretString;
use time::OffsetDateTime;
use tocsin_entity::{
    id::{OrganizationId, SlackAppId},
    slack::{
        installation::{SECRET_KEY_MISMATCH, SECRET_KEY_MISSING},
        token::app_place,
    },
    slack_app::{Column, Entity, Model},
    slack_workspace,
};
use tocsin_queue::jobs::RefreshSlackWorkspaces;
use tocsin_seal::Sealer;

use crate::{
    audit::Trail,
    error::{Fault, Trouble, UserError, UserErrorCode, told},
    idempotency, limits,
    node::{self, domain},
    viewer::{Need, Viewer},
};

/// Most apps of an organisation: every request of Slack's is held against the secrets of all.
const APPS_MAX: u64 = 10;

/// Longest id or secret, in characters; Slack's have fewer than 200.
const SECRET_MAX: usize = 500;

/// Shortest signing secret that is taken, in characters. Slack's have 32; by a short one anybody could speak for the app.
const SIGNING_SECRET_MIN: usize = 16;

/// A Slack app.
#[derive(Clone)]
pub(crate) struct SlackApp(Model);

/// The secrets of a Slack app, sealed: for the bridge alone.
#[derive(SimpleObject)]
pub(crate) struct SealedSlackApp {
    /// The client secret.
    client_secret: Option<String>,
    /// The signing secret.
    signing_secret: Option<String>,
    /// The app-level token.
    app_token: Option<String>,
    /// Grows with each change.
    version: i32,
}

/// A Slack app of the organisation's own. Its secrets can be set, and never be read.
#[Object]
impl SlackApp {
    /// The app's global id.
    pub(crate) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The organisation's id.
    async fn organization_id(&self) -> ID {
        ID(self.0.organization_id.to_string())
    }

    /// What administrators call it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// By which Slack knows it in OAuth.
    async fn client_id(&self) -> Option<&str> {
        self.0.client_id.as_deref()
    }

    /// Whether its client secret is set: without it, it can't be installed by OAuth.
    async fn client_secret_set(&self) -> bool {
        self.0.sealed_client_secret.is_some()
    }

    /// Whether its signing secret is set: without it, no request of Slack's is taken over HTTP.
    async fn signing_secret_set(&self) -> bool {
        self.0.sealed_signing_secret.is_some()
    }

    /// Whether its app-level token is set: with it, Slack's requests come by Socket Mode.
    async fn app_token_set(&self) -> bool {
        self.0.sealed_app_token.is_some()
    }

    /// Why its secrets are of no use, as a code: `secret_key_mismatch` or `secret_key_missing`; null while they are.
    async fn reason_code(&self, ctx: &Context<'_>) -> Option<&'static str> {
        unopened(domain(ctx).config().sealer.as_ref(), &self.0).map(|(code, _)| code)
    }

    /// The same for people, with what to do.
    async fn reason(&self, ctx: &Context<'_>) -> Option<String> {
        unopened(domain(ctx).config().sealer.as_ref(), &self.0).map(|(_, reason)| reason)
    }

    /// When it was made known.
    async fn created_at(&self) -> OffsetDateTime {
        self.0.created_at
    }

    /// Its secrets, sealed: for the Slack bridge alone.
    #[graphql(visible = "crate::viewer::shown_to_bridge")]
    async fn sealed(&self, ctx: &Context<'_>) -> Option<SealedSlackApp> {
        let is_bridge = ctx.data_unchecked::<Viewer>().is_bridge();
        is_bridge.then(|| SealedSlackApp {
            client_secret: self.0.sealed_client_secret.clone(),
            signing_secret: self.0.sealed_signing_secret.clone(),
            app_token: self.0.sealed_app_token.clone(),
            version: self.0.version,
        })
    }
}

/// Why a secret of an app can't be opened, as a code and for people.
fn unopened(sealer: Option<&Sealer>, app: &Model) -> Option<(&'static str, String)> {
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

/// The query for Slack apps.
#[derive(Default)]
pub(crate) struct SlackAppQuery;

#[Object]
impl SlackAppQuery {
    /// The organisation's own Slack apps, oldest first. For the bridge without an organisation, everybody's.
    async fn slack_apps(&self, ctx: &Context<'_>) -> Result<Vec<SlackApp>> {
        let mut find = Entity::find().order_by_asc(Column::Id);
        if let Some(own) = ctx.data_unchecked::<Viewer>().may_list(Need::Manage)? {
            find = find.filter(Column::OrganizationId.eq(own));
        }
        let rows = find
            .all(domain(ctx).database().read())
            .await
            .map_err(Fault::from)?;
        Ok(rows.into_iter().map(SlackApp).collect())
    }
}

/// A Slack app to be made known. Its secrets are kept sealed, and can't be read again.
#[derive(Debug, InputObject)]
pub(crate) struct CreateSlackAppInput {
    /// What administrators call it; at most 100 characters, unique in the organisation.
    name: String,
    /// The client id, for installing it by OAuth; unique in the organisation.
    client_id: Option<String>,
    /// The client secret.
    client_secret: Option<String>,
    /// The signing secret, by which Slack's requests are known over HTTP: 32 characters, on the app's page Basic Information.
    signing_secret: Option<String>,
    /// The app-level token (`xapp-…`), for Socket Mode.
    app_token: Option<String>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// New values for a Slack app; what is left out stays, and null takes it away.
#[derive(Debug, InputObject)]
pub(crate) struct UpdateSlackAppInput {
    /// The app's id.
    id: ID,
    /// What administrators call it.
    name: Option<String>,
    /// The client id.
    client_id: MaybeUndefined<String>,
    /// The client secret.
    client_secret: MaybeUndefined<String>,
    /// The signing secret.
    signing_secret: MaybeUndefined<String>,
    /// The app-level token.
    app_token: MaybeUndefined<String>,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// The Slack app to be forgotten.
#[derive(Debug, InputObject)]
pub(crate) struct DeleteSlackAppInput {
    /// The app's id.
    id: ID,
    /// Makes the request repeatable for 24 hours.
    idempotency_key: Option<String>,
}

/// What came of a change of a Slack app.
#[derive(SimpleObject)]
pub(crate) struct SlackAppPayload {
    /// The app as it is now; none where the change was refused.
    app: Option<SlackApp>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// What came of forgetting a Slack app.
#[derive(SimpleObject)]
pub(crate) struct DeleteSlackAppPayload {
    /// The id of the app that is gone; none where it was refused.
    deleted_id: Option<ID>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// The mutations of Slack apps.
#[derive(Default)]
pub(crate) struct SlackAppMutation;

#[Object]
impl SlackAppMutation {
    /// Makes a Slack app of the organisation's own known. Needs the role ADMIN or OWNER.
    async fn create_slack_app(
        &self,
        ctx: &Context<'_>,
        input: CreateSlackAppInput,
    ) -> Result<SlackAppPayload> {
        payload(ctx, create(ctx, input).await)
    }

    /// Changes what is known of a Slack app. Needs the role ADMIN or OWNER.
    async fn update_slack_app(
        &self,
        ctx: &Context<'_>,
        input: UpdateSlackAppInput,
    ) -> Result<SlackAppPayload> {
        payload(ctx, update(ctx, input).await)
    }

    /// Forgets a Slack app that is installed in no workspace of the organisation's any more. Needs the role ADMIN or OWNER.
    async fn delete_slack_app(
        &self,
        ctx: &Context<'_>,
        input: DeleteSlackAppInput,
    ) -> Result<DeleteSlackAppPayload> {
        let (deleted, user_errors) = told(delete(ctx, input).await)?;
        domain(ctx).queue().ring(&RefreshSlackWorkspaces {});
        Ok(DeleteSlackAppPayload {
            deleted_id: deleted.map(|id| ID(id.to_string())),
            user_errors,
        })
    }
}

fn payload(ctx: &Context<'_>, result: Result<Model, Trouble>) -> Result<SlackAppPayload> {
    let (row, user_errors) = told(result)?;
    if row.is_some() {
        domain(ctx).queue().ring(&RefreshSlackWorkspaces {});
    }
    Ok(SlackAppPayload {
        app: row.map(SlackApp),
        user_errors,
    })
}

/// A secret, sealed for its place.
fn seal(
    ctx: &Context<'_>,
    id: SlackAppId,
    field: &str,
    place: &str,
    text: &str,
) -> Result<String, UserError> {
    let text = limits::line(field, text, SECRET_MAX)?;
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
    let sealer = domain(ctx)
        .config()
        .sealer
        .as_ref()
        .ok_or_else(super::seal::no_key)?;
    Ok(sealer.seal(&app_place(id, place), &SecretString::from(text)))
}

async fn create(ctx: &Context<'_>, input: CreateSlackAppInput) -> Result<Model, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Manage)?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let (id, now) = (SlackAppId::new(), OffsetDateTime::now_utc());
    let sealed = |field: &str, place: &str, text: &Option<String>| {
        text.as_deref()
            .map(|text| seal(ctx, id, field, place, text))
            .transpose()
    };
    let row = usable(Model {
        id,
        organization_id,
        name: limits::name("name", &input.name)?,
        client_id: input.client_id.as_deref().map(client_id).transpose()?,
        sealed_client_secret: sealed("clientSecret", "client_secret", &input.client_secret)?,
        sealed_signing_secret: sealed("signingSecret", "signing_secret", &input.signing_secret)?,
        sealed_app_token: sealed("appToken", "app_token", &input.app_token)?,
        version: 1,
        created_at: now,
        updated_at: now,
    })?;
    let id_of = |row: &Model| row.id;
    idempotency::once(ctx, organization_id, key, "Slack app", id_of, async |tx| {
        let own = Entity::find().filter(Column::OrganizationId.eq(organization_id));
        if own.count(tx).await? >= APPS_MAX {
            let why = format!("An organisation has at most {APPS_MAX} Slack apps.");
            return Err(UserError::invalid("name", why).into());
        }
        need_own_client_id(tx, &row).await?;
        let row = row
            .into_active_model()
            .insert(tx)
            .await
            .map_err(Trouble::or_name_taken("Slack app"))?;
        Trail::of(ctx, organization_id).made(tx, &row).await?;
        Ok(row)
    })
    .await
}

async fn update(ctx: &Context<'_>, input: UpdateSlackAppInput) -> Result<Model, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Manage)?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let id: SlackAppId = input.id.parse().map_err(|_| unknown())?;
    let changed = |said: &MaybeUndefined<String>, before: Option<String>, field: &str, place: &str| match said
    {
        MaybeUndefined::Undefined => Ok(before),
        MaybeUndefined::Null => Ok(None),
        MaybeUndefined::Value(text) => seal(ctx, id, field, place, text).map(Some),
    };
    let id_of = |row: &Model| row.id;
    idempotency::once(ctx, organization_id, key, "Slack app", id_of, async |tx| {
        let before = own(tx, organization_id, id).await?;
        let was = before.clone();
        let after = usable(Model {
            name: input
                .name
                .as_ref()
                .map_or(Ok(before.name.clone()), |name| limits::name("name", name))?,
            client_id: match &input.client_id {
                MaybeUndefined::Undefined => before.client_id.clone(),
                MaybeUndefined::Null => None,
                MaybeUndefined::Value(text) => Some(client_id(text)?),
            },
            sealed_client_secret: changed(
                &input.client_secret,
                before.sealed_client_secret.clone(),
                "clientSecret",
                "client_secret",
            )?,
            sealed_signing_secret: changed(
                &input.signing_secret,
                before.sealed_signing_secret.clone(),
                "signingSecret",
                "signing_secret",
            )?,
            sealed_app_token: changed(
                &input.app_token,
                before.sealed_app_token.clone(),
                "appToken",
                "app_token",
            )?,
            version: before.version + 1,
            updated_at: OffsetDateTime::now_utc(),
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
            .map_err(Trouble::or_name_taken("Slack app"))?;
        Trail::of(ctx, organization_id).changed(tx, &was, &after).await?;
        Ok(after)
    })
    .await
}

async fn delete(ctx: &Context<'_>, input: DeleteSlackAppInput) -> Result<SlackAppId, Trouble> {
    let viewer = ctx.data_unchecked::<Viewer>();
    let organization_id = viewer.may_change(Need::Manage)?;
    let key = idempotency::key_use(ctx, input.idempotency_key.as_ref())?;
    let id: SlackAppId = input.id.parse().map_err(|_| unknown())?;
    idempotency::gone_once(ctx, organization_id, key, id, async |tx| {
        let app = own(tx, organization_id, id).await?;
        let using = slack_workspace::Entity::find()
            .filter(slack_workspace::Column::AppId.eq(id))
            .filter(slack_workspace::Column::DisconnectedAt.is_null());
        if using.count(tx).await? > 0 {
            let why = "Workspaces are connected through this Slack app: disconnect them first.";
            return Err(UserError::new(UserErrorCode::WrongStatus, why).into());
        }
        Entity::delete_by_id(id).exec(tx).await?;
        Trail::of(ctx, organization_id).gone(tx, &app).await?;
        Ok(())
    })
    .await
}

fn unknown() -> UserError {
    UserError::not_found("Slack app").at("id")
}

async fn own(
    tx: &DatabaseTransaction,
    organization_id: OrganizationId,
    id: SlackAppId,
) -> Result<Model, Trouble> {
    let found = node::own::<Entity>(tx, organization_id, id).await?;
    found.ok_or_else(|| unknown().into())
}

/// Two apps with one client id would be the same app, known twice.
async fn need_own_client_id(tx: &DatabaseTransaction, row: &Model) -> Result<(), Trouble> {
    let Some(client_id) = &row.client_id else {
        return Ok(());
    };
    let other = Entity::find()
        .filter(Column::OrganizationId.eq(row.organization_id))
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
