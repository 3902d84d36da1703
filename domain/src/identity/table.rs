//! Who people in a Slack workspace are, as administrators see it.
//!
//! First come the members, in the order of their ids, with who they are in Slack where that is known; then those in Slack who are no members. Of
//! these only people of a workspace that is the organisation's alone are told: the server's own serves every organisation, and who is not ours there
//! is somebody else's.

use std::{collections::HashMap, sync::Arc};

use sea_orm::{
    ColumnTrait, Condition, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};
use time::OffsetDateTime;
use tocsin_database::Database;
use tocsin_entity::{
    id::{OrganizationId, UserId},
    kinds::SlackMatch,
    membership,
    slack::{installation, user as slack_user},
    slack_link,
};

use crate::{
    error::{InternalError, RequestError},
    loaders::MemberRow,
    paging::{PageBounds, PageRequest, RowPage, bad_cursor},
    request::Request,
    search,
    tenant::{Tenant, everywhere},
    viewer::Permission,
    workspace,
};

/// Which people are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityFilter {
    /// Members of whom it is known who they are in Slack.
    Matched,
    /// Members and people in Slack of whom it is not.
    Unmatched,
}

/// Somebody in Slack, as the bridge has last seen them.
#[derive(Clone, Debug)]
pub struct IdentityActivity {
    /// The Slack workspace (`T…`).
    pub team_id: String,
    /// Slack's id for them (`U…` or `W…`).
    pub id: String,
    /// The name people see in Slack; none where the bridge has not seen them yet.
    pub name: Option<String>,
    /// Their e-mail address there, where Slack gives it.
    pub email: Option<String>,
    /// Whether Slack says that their account is deactivated.
    pub is_deactivated: bool,
    /// When that was read from Slack.
    pub refreshed_at: Option<OffsetDateTime>,
}

/// A member and who they are in Slack, or one of the two.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The member.
    pub user: Option<Arc<MemberRow>>,
    /// The person in Slack.
    pub slack_user: Option<IdentityActivity>,
    /// How it is known that the two are one.
    pub matched_by: Option<SlackMatch>,
    /// Since when they have said so; none where their e-mail address says it.
    pub since: Option<OffsetDateTime>,
    /// The key of its place in the list.
    pub key: String,
}

/// Which people of which Slack workspace are wanted.
#[derive(Debug, Clone, Default)]
pub struct IdentityCriteria {
    /// The workspace; by default that of the server's configuration, or the only one that is connected where there is none.
    pub workspace_id: Option<String>,
    /// Only these.
    pub filter: Option<IdentityFilter>,
    /// Only those whose name or address contains this.
    pub search: String,
}

/// A page of who is who in a Slack workspace. For administrators.
pub async fn list(
    request: &Request<'_>,
    criteria: &IdentityCriteria,
    page: PageRequest,
) -> Result<RowPage<Identity>, RequestError> {
    let table = Table::of(request, criteria).await?;
    let page = PageBounds::new(page)?;
    Ok(page.of(table.rows(request, &page).await?))
}

/// How many people are wanted. For administrators.
pub async fn count(request: &Request<'_>, criteria: &IdentityCriteria) -> Result<u64, RequestError> {
    let table = Table::of(request, criteria).await?;
    let members = table.find_members()?.count(request.read()).await?;
    let others = match table.find_others()? {
        Some(others) => others.count(request.read()).await?,
        None => 0,
    };
    Ok(members + others)
}

/// Where people are looked for.
#[derive(Debug)]
struct IdentityScope {
    /// What Slack calls it, once it has said so.
    team_id: Option<String>,
    /// Whether nobody else is connected to it. The server's own serves everybody.
    is_ours_alone: bool,
}

/// Where the people of a workspace are looked for.
async fn place(
    request: &Request<'_>,
    organization_id: OrganizationId,
    workspace_id: Option<&str>,
) -> Result<IdentityScope, RequestError> {
    let servers = workspace::team_id(request, None).await?;
    let Some(found) = workspace::of_query(request, organization_id, workspace_id).await? else {
        return Ok(IdentityScope {
            team_id: servers,
            is_ours_alone: false,
        });
    };
    let team_id = workspace::team_id(request, Some(found.id))
        .await?
        .or(found.team_id);
    let others = everywhere::<installation::Entity>("whether the workspace is others', too")
        .filter(installation::Column::TeamId.eq(team_id.clone().unwrap_or_default()))
        .filter(installation::Column::OrganizationId.ne(organization_id))
        .one(request.domain.database().read())
        .await
        .map_err(InternalError::from)?;
    Ok(IdentityScope {
        is_ours_alone: others.is_none() && servers != team_id,
        team_id,
    })
}

/// What is asked for.
#[derive(Debug)]
struct Table {
    /// Whose people.
    organization_id: OrganizationId,
    /// Where.
    place: IdentityScope,
    /// Only these.
    filter: Option<IdentityFilter>,
    /// Only those whose name or address contains this.
    search: String,
}

/// Where a page begins: among the members or among the others.
enum Start {
    Members(Option<UserId>),
    Others(String),
}

impl Start {
    fn read(after: Option<&str>) -> Result<Self, RequestError> {
        match after {
            None => Ok(Self::Members(None)),
            Some(key) => match key.strip_prefix("slack:") {
                Some(id) => Ok(Self::Others(id.to_owned())),
                None => Ok(Self::Members(Some(key.parse().map_err(|_| bad_cursor("after"))?))),
            },
        }
    }
}

impl Table {
    /// What an administrator asks for.
    async fn of(request: &Request<'_>, criteria: &IdentityCriteria) -> Result<Self, RequestError> {
        let organization_id = request.viewer.may(Permission::Manage)?;
        Ok(Self {
            organization_id,
            place: place(request, organization_id, criteria.workspace_id.as_deref()).await?,
            filter: criteria.filter,
            search: criteria.search.clone(),
        })
    }

    /// One row more than the page has, so that it is seen whether there are more.
    async fn rows(&self, request: &Request<'_>, page: &PageBounds) -> Result<Vec<Identity>, RequestError> {
        let limit = page.limit + 1;
        let (mut rows, after) = match Start::read(page.after.as_deref())? {
            Start::Members(after) => (self.members(request, after, limit).await?, String::new()),
            Start::Others(after) => (Vec::new(), after),
        };
        let left = limit.saturating_sub(rows.len() as u64);
        if left > 0 {
            rows.extend(self.others(request.domain.database(), &after, left).await?);
        }
        Ok(rows)
    }

    /// Whether a row is of the place. No workspace is called by nothing.
    fn here(&self, team: impl ColumnTrait) -> Condition {
        Condition::all().add(team.eq(self.place.team_id.clone().unwrap_or_default()))
    }

    /// The links of the organisation in the place, but those of people who want to be nobody.
    fn links(&self, column: slack_link::Column) -> SelectStatement {
        let same = |of: slack_user::Column, to: slack_link::Column| {
            Expr::col((slack_user::Entity, of)).equals((slack_link::Entity, to))
        };
        let unlinked = Query::select()
            .expr(Expr::val(1))
            .from(slack_user::Entity)
            .and_where(same(slack_user::Column::TeamId, slack_link::Column::TeamId))
            .and_where(same(
                slack_user::Column::SlackUserId,
                slack_link::Column::SlackUserId,
            ))
            .and_where(Expr::col((slack_user::Entity, slack_user::Column::Unlinked)).eq(true))
            .to_owned();
        Query::select()
            .column((slack_link::Entity, column))
            .from(slack_link::Entity)
            .and_where(
                Expr::col((slack_link::Entity, slack_link::Column::OrganizationId)).eq(self.organization_id),
            )
            .cond_where(self.here(slack_link::Column::TeamId))
            .and_where(Expr::exists(unlinked).not())
            .to_owned()
    }

    /// All links of the organisation in the place, also of people who want to be nobody: they are not matched by their address either.
    fn all_links(&self, column: slack_link::Column) -> SelectStatement {
        Query::select()
            .column(column)
            .from(slack_link::Entity)
            .and_where(slack_link::Column::OrganizationId.eq(self.organization_id))
            .cond_where(self.here(slack_link::Column::TeamId))
            .to_owned()
    }

    /// Who in Slack may be matched by their e-mail address.
    fn by_address(&self) -> Condition {
        self.here(slack_user::Column::TeamId)
            .add(slack_user::Column::Email.is_not_null())
            .add(slack_user::Column::IsBot.eq(false))
            .add(slack_user::Column::Deleted.eq(false))
            .add(slack_user::Column::Unlinked.eq(false))
            .add(
                slack_user::Column::SlackUserId
                    .not_in_subquery(self.all_links(slack_link::Column::SlackUserId)),
            )
    }

    /// The members that are wanted.
    fn find_members(&self) -> Result<Select<membership::Entity>, RequestError> {
        let find = Tenant::of(self.organization_id)
            .find::<membership::Entity>()
            .filter(
                search::contains(membership::Column::Name, &self.search)?
                    .add(search::contains(membership::Column::Email, &self.search)?),
            );
        Ok(match self.filter {
            None => find,
            Some(IdentityFilter::Matched) => find.filter(self.is_matched()),
            Some(IdentityFilter::Unmatched) => find.filter(self.is_matched().not()),
        })
    }

    async fn members(
        &self,
        request: &Request<'_>,
        after: Option<UserId>,
        limit: u64,
    ) -> Result<Vec<Identity>, RequestError> {
        let database = request.domain.database();
        let mut find = self
            .find_members()?
            .order_by_asc(membership::Column::UserId)
            .limit(limit);
        if let Some(after) = after {
            find = find.filter(membership::Column::UserId.gt(after));
        }
        let rows = find.all(database.read()).await?;
        let members: Vec<_> = rows
            .into_iter()
            .map(|row| Arc::new(MemberRow::from(row)))
            .collect();
        Ok(self.with_slack(database, members).await?)
    }

    /// Whether it is known who a member is.
    fn is_matched(&self) -> Condition {
        let addresses = Query::select()
            .column(slack_user::Column::Email)
            .from(slack_user::Entity)
            .cond_where(self.by_address())
            .to_owned();
        let by_address = Condition::all()
            .add(membership::Column::Email.in_subquery(addresses))
            .add(membership::Column::UserId.not_in_subquery(self.all_links(slack_link::Column::UserId)));
        let by_word = self.links(slack_link::Column::UserId);
        Condition::any()
            .add(membership::Column::UserId.in_subquery(by_word))
            .add(by_address)
    }

    /// Members with who they are in Slack.
    async fn with_slack(
        &self,
        database: &Database,
        members: Vec<Arc<MemberRow>>,
    ) -> Result<Vec<Identity>, InternalError> {
        let ids = members.iter().map(|member| member.user_id);
        let links: HashMap<UserId, slack_link::Model> = Tenant::of(self.organization_id)
            .find::<slack_link::Entity>()
            .filter(self.here(slack_link::Column::TeamId))
            .filter(slack_link::Column::UserId.is_in(ids))
            .all(database.read())
            .await?
            .into_iter()
            .map(|link| (link.user_id, link))
            .collect();
        let linked: HashMap<String, slack_user::Model> =
            everywhere::<slack_user::Entity>("a team's, which may be several organisations'")
                .filter(self.here(slack_user::Column::TeamId))
                .filter(
                    slack_user::Column::SlackUserId
                        .is_in(links.values().map(|link| link.slack_user_id.clone())),
                )
                .all(database.read())
                .await?
                .into_iter()
                .map(|person| (person.slack_user_id.clone(), person))
                .collect();
        let emails = members.iter().map(|member| member.email.clone());
        let by_email: HashMap<String, slack_user::Model> =
            everywhere::<slack_user::Entity>("a team's, which may be several organisations'")
                .filter(self.by_address())
                .filter(slack_user::Column::Email.is_in(emails))
                .all(database.read())
                .await?
                .into_iter()
                .filter_map(|person| Some((person.email.clone()?, person)))
                .collect();
        let of = |member: Arc<MemberRow>| {
            let person = &member;
            let key = person.user_id.to_string();
            let link = links.get(&person.user_id);
            let by_word = link.map(|link| (link, linked.get(&link.slack_user_id)));
            let (slack_user, matched_by, since) = match by_word {
                Some((_, Some(seen))) if seen.unlinked => (None, None, None),
                Some((link, seen)) => {
                    let seen = seen.map_or_else(|| IdentityActivity::unseen(link), IdentityActivity::of);
                    (Some(seen), Some(link.kind), Some(link.created_at))
                }
                None => {
                    let seen = by_email.get(&person.email).map(IdentityActivity::of);
                    let matched_by = seen.as_ref().map(|_| SlackMatch::Email);
                    (seen, matched_by, None)
                }
            };
            Identity {
                user: Some(member),
                slack_user,
                matched_by,
                since,
                key,
            }
        };
        Ok(members.into_iter().map(of).collect())
    }

    /// People in Slack who are no members and are wanted; none where they may not be told.
    fn find_others(&self) -> Result<Option<Select<slack_user::Entity>>, RequestError> {
        if !self.place.is_ours_alone || self.filter == Some(IdentityFilter::Matched) {
            return Ok(None);
        }
        let addresses = Query::select()
            .column(membership::Column::Email)
            .from(membership::Entity)
            .and_where(membership::Column::OrganizationId.eq(self.organization_id))
            .and_where(membership::Column::Email.is_not_null())
            .and_where(membership::Column::UserId.not_in_subquery(self.all_links(slack_link::Column::UserId)))
            .to_owned();
        let by_address = self
            .by_address()
            .add(slack_user::Column::Email.in_subquery(addresses));
        let is_matched = Condition::any()
            .add(by_address)
            .add(slack_user::Column::SlackUserId.in_subquery(self.links(slack_link::Column::SlackUserId)));
        let named = search::contains(slack_user::Column::DisplayName, &self.search)?
            .add(search::contains(slack_user::Column::Email, &self.search)?);
        let find = everywhere::<slack_user::Entity>("a team's, which may be several organisations'")
            .filter(self.here(slack_user::Column::TeamId))
            .filter(slack_user::Column::IsBot.eq(false))
            .filter(slack_user::Column::Deleted.eq(false))
            .filter(is_matched.not())
            .filter(named);
        Ok(Some(find))
    }

    async fn others(
        &self,
        database: &Database,
        after: &str,
        limit: u64,
    ) -> Result<Vec<Identity>, RequestError> {
        let Some(find) = self.find_others()? else {
            return Ok(Vec::new());
        };
        let rows = find
            .filter(slack_user::Column::SlackUserId.gt(after))
            .order_by_asc(slack_user::Column::SlackUserId)
            .limit(limit)
            .all(database.read())
            .await?;
        let of = |row: slack_user::Model| Identity {
            user: None,
            slack_user: Some(IdentityActivity::of(&row)),
            matched_by: None,
            since: None,
            key: format!("slack:{}", row.slack_user_id),
        };
        Ok(rows.into_iter().map(of).collect())
    }
}

impl IdentityActivity {
    fn of(row: &slack_user::Model) -> Self {
        Self {
            team_id: row.team_id.clone(),
            id: row.slack_user_id.clone(),
            name: Some(row.display_name.clone()),
            email: row.email.clone(),
            is_deactivated: row.deleted,
            refreshed_at: Some(row.refreshed_at),
        }
    }

    /// Somebody the bridge has not seen yet.
    fn unseen(link: &slack_link::Model) -> Self {
        Self {
            team_id: link.team_id.clone(),
            id: link.slack_user_id.clone(),
            name: None,
            email: None,
            is_deactivated: false,
            refreshed_at: None,
        }
    }
}
