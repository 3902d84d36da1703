//! What resolvers take out of their context, and how GraphQL's values become the domain's.

use std::sync::Arc;

use async_graphql::{Context, ID, MaybeUndefined};
use tocsin_domain::{
    Domain, error::InternalError, idempotency::RequestKey, loaders::RequestLoader, patch::Patch,
    request::Request, viewer::Viewer,
};

use super::failure::Result;

/// The domain.
pub(crate) fn domain<'a>(ctx: &Context<'a>) -> &'a Arc<Domain> {
    ctx.data_unchecked::<Arc<Domain>>()
}

/// Reads rows by their keys.
pub(crate) fn loaders<'a>(ctx: &Context<'a>) -> &'a RequestLoader {
    domain(ctx).loaders()
}

/// The request whose field is resolved, as use cases take it.
pub(crate) fn request<'a>(ctx: &Context<'a>) -> Request<'a> {
    Request {
        domain: domain(ctx),
        viewer: ctx.data_unchecked::<Viewer>(),
        operation: ctx.item.node.name.node.as_str(),
    }
}

/// The idempotency key of the mutation that is resolved, with the arguments as they were sent.
pub(crate) fn given_key(ctx: &Context<'_>, key: Option<String>) -> Result<Option<RequestKey>, InternalError> {
    let Some(key) = key else { return Ok(None) };
    let mutation = ctx.field();
    let broken = |why: &dyn std::fmt::Display| {
        InternalError::Broken(format!(
            "the arguments of {} can't be read: {why}",
            mutation.name()
        ))
    };
    let arguments = mutation.arguments().map_err(|error| broken(&error))?;
    let sent: serde_json::Map<_, _> = arguments
        .into_iter()
        .map(|(name, value)| Ok((name.to_string(), value.into_json()?)))
        .collect::<Result<_, serde_json::Error>>()
        .map_err(|error| broken(&error))?;
    Ok(Some(RequestKey {
        key,
        arguments: sent.into(),
    }))
}

/// An id as the domain takes it.
pub(crate) fn text(id: Option<ID>) -> Option<String> {
    id.map(|id| id.0)
}

/// Ids as the domain takes them.
pub(crate) fn texts(ids: Vec<ID>) -> Vec<String> {
    ids.into_iter().map(|id| id.0).collect()
}

/// What an update says of a value: left out, null or given.
pub(crate) fn patch<T>(said: MaybeUndefined<T>) -> Patch<T> {
    match said {
        MaybeUndefined::Undefined => Patch::Keep,
        MaybeUndefined::Null => Patch::Clear,
        MaybeUndefined::Value(value) => Patch::Set(value),
    }
}
