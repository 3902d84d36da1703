//! `auth.revoke` and `apps.uninstall`: the end of tokens and installations.

use std::sync::Arc;

use serde_json::json;

use crate::method::call::MethodCall;
use crate::method::refusal::{MethodOutcome, fields};
use crate::oauth::access;
use crate::state::workspace::installation::Farewell;

/// `auth.revoke`.
pub(crate) fn revoke(call: &MethodCall<'_>) -> MethodOutcome {
    let (Some(token), Some(holder)) = (&call.args.token, &call.holder) else {
        return Err("not_authed".into());
    };
    let revoked = !call.args.flag("test");
    if revoked {
        call.host.change(|ws| ws.revoke_token(token, holder));
    }
    Ok(fields(json!({ "revoked": revoked })))
}

/// `apps.uninstall`.
pub(crate) fn uninstall(call: &MethodCall<'_>) -> MethodOutcome {
    let app = access::app(call)?;
    if !Arc::ptr_eq(&app, &call.host.app) {
        return Err("client_id_token_mismatch".into());
    }
    call.host.change(|ws| ws.uninstall(Farewell::UninstalledFirst));
    Ok(fields(json!({})))
}
