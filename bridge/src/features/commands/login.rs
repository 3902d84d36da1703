//! A link by which a person signs in to Tocsin's pages. It is in the answer itself, which Slack shows to nobody else, and stored nowhere.

use futures::FutureExt;
use secrecy::ExposeSecret;
use tocsin_client::{As, SignInProof};
use tocsin_message::mrkdwn::Mrkdwn;
use tocsin_queue::JobError;

use super::{CommandReply, memberships, whoami};
use crate::{
    acting::{
        ActionService,
        slash_command::SlashCommand,
        subcommand::{Subcommand, SubcommandHandler, answered},
    },
    failure::of_api,
    grammar::usage::Usage,
    notice::Notice,
    request::{InteractiveOutcome, InteractiveRequest},
    texts::{accounts, commands},
};

const USAGE: &Usage = &Usage {
    names: &["login"],
    form: "login",
    about: commands::LOGIN,
    deed: "login",
    of_incident: false,
};

/// Gives a person a link for each of their memberships.
pub(crate) const LOGIN: Subcommand<ActionService> = Subcommand {
    usage: USAGE,
    check: |_| Ok(()),
    run: SubcommandHandler::Read(|acting, interaction, typed, _| answer(acting, interaction, typed).boxed()),
};

async fn answer(
    acting: &ActionService,
    interaction: &InteractiveRequest,
    typed: &SlashCommand,
) -> Result<InteractiveOutcome, JobError> {
    let told = links(acting, interaction, typed).await?;
    Ok(answered(USAGE, told.map(|text| CommandReply::text(text).reply())))
}

async fn links(
    acting: &ActionService,
    interaction: &InteractiveRequest,
    typed: &SlashCommand,
) -> Result<Result<Mrkdwn, Notice>, JobError> {
    let request_id = Some(interaction.request_id.as_str());
    let theirs = match memberships(acting, interaction, typed).await? {
        Ok(theirs) => theirs,
        Err(notice) => return Ok(Err(notice)),
    };
    let mut text = Mrkdwn::default();
    for (organization, member) in theirs {
        let who = As {
            on_behalf_of: Some(member.id),
            ..As::bridge(organization, request_id)
        };
        let link = acting
            .api
            .sign_in_link(who, SignInProof::AskedInSlack)
            .await
            .map_err(of_api)?;
        let link = match link {
            Ok(address) => Mrkdwn::link(address.expose_secret(), accounts::SIGN_IN),
            Err(why) => Mrkdwn::text(&why),
        };
        let membership = whoami::one(acting, organization, &member, request_id).await?;
        text = text.and(&membership).plus(" ").and(&link).plus("\n");
    }
    Ok(Ok(text.plus(accounts::SIGN_IN_ONCE)))
}
