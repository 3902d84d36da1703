"use strict";
// Links the person in Slack who was given this address with the member whose key is pasted. The code is in the fragment, which no server and no
// proxy is sent; the key is used once and not kept.

const code = location.hash.slice(1);
const CONFIRM = `mutation Confirm($input: ConfirmSlackIdentityInput!) {
  confirmSlackIdentity(input: $input) { link { user { name } } userErrors { code message } }
}`;

function byId(id) {
  return document.getElementById(id);
}

function notice(text) {
  byId("notice").textContent = text ?? "";
  byId("notice").hidden = !text;
}

async function link(event) {
  event.preventDefault();
  const button = byId("key-form").querySelector("button");
  button.disabled = true;
  notice(null);
  key.set(byId("key").value.trim());
  byId("key").value = "";
  try {
    const { confirmSlackIdentity } = await graphql(CONFIRM, { input: { code } });
    const [error] = confirmSlackIdentity.userErrors;
    if (error) throw new ApiError(error.message, error.code);
    byId("name").textContent = confirmSlackIdentity.link.user.name;
    byId("key-form").hidden = true;
    byId("linked").hidden = false;
    // The code is used up: it need not stand in the history.
    history.replaceState(null, "", location.pathname);
  } catch (error) {
    notice(error.message);
  } finally {
    key.forget();
    button.disabled = false;
  }
}

if (code) byId("key-form").addEventListener("submit", link);
else {
  byId("key-form").hidden = true;
  notice("This address is incomplete. In Slack, use the slash command with `link` to get a new one.");
}
