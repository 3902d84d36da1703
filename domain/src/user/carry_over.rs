//! Members whom a replica of an earlier version has added: it writes their name and address where that version read
//! them, with the person.

use std::{sync::Arc, time::Duration};

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, DbErr, IntoActiveModel, QueryFilter};
use tocsin_database::Database;
use tocsin_entity::{membership, user};
use tokio_util::sync::CancellationToken;

use crate::{Domain, tenant::everywhere};

/// How often such members are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Gives them their name and address, until `shutdown`.
pub(crate) async fn run(domain: &Arc<Domain>, shutdown: CancellationToken) {
    loop {
        if let Err(error) = carry_over(domain.database()).await {
            tracing::warn!("members of an earlier version could not be given their names: {error}");
        }
        let pause = shutdown.run_until_cancelled(tokio::time::sleep(LOOK_EVERY));
        if pause.await.is_none() {
            return;
        }
    }
}

async fn carry_over(database: &Database) -> Result<(), DbErr> {
    let nameless = everywhere::<membership::Entity>("all are carried over to this version")
        .filter(membership::Column::Email.is_null())
        .all(database.read())
        .await?;
    for member in nameless {
        let Some(person) = everywhere::<user::Entity>("a person is in several organisations")
            .filter(user::Column::Id.eq(member.user_id))
            .one(database.read())
            .await?
        else {
            continue;
        };
        let id = member.user_id;
        let mut member = member.into_active_model();
        member.name = Set(Some(person.name));
        member.email = Set(Some(person.email));
        if let Err(error) = member.update(database.write()).await {
            tracing::warn!("{id} could not be given their name and address: {error}");
        }
    }
    Ok(())
}
