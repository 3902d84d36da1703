"use strict";
// Links the person in Slack who was given this address with the member who is signed in here, or whose key was pasted where people sign in. The code
// is in the fragment, which no server and no proxy is sent.

const code = location.hash.slice(1);
const VIEWER = "{ viewer { user { name } } }";
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
  const button = event.submitter;
  button.disabled = true;
  notice(null);
  try {
    const { confirmSlackIdentity } = await graphql(CONFIRM, { input: { code } });
    const [error] = confirmSlackIdentity.userErrors;
    if (error) throw new ApiError(error.message, error.code);
    byId("name").textContent = confirmSlackIdentity.link.user.name;
    byId("confirm").hidden = true;
    byId("linked").hidden = false;
    // The code is used up: it need not stand in the history.
    history.replaceState(null, "", location.pathname);
    // A key that was pasted for this has served.
    key.forget();
  } catch (error) {
    notice(error.message);
  } finally {
    button.disabled = false;
  }
}

// Who would be linked, before anything is.
async function start() {
  try {
    const { viewer } = await graphql(VIEWER);
    if (!viewer.user) {
      notice("The API key that you have pasted is no member's: sign in, or use a key of your own.");
      byId("leave").hidden = false;
    }
    byId("who").textContent = viewer.user?.name ?? "nobody";
    byId("confirm").hidden = false;
    byId("confirm").querySelector("button").disabled = !viewer.user;
  } catch (error) {
    if (isSignedOut(error)) leadToSignIn();
    else notice(error.message);
  }
}

byId("leave").addEventListener("click", () => leave().catch((error) => notice(error.message)));
byId("confirm").addEventListener("submit", link);
if (code) start();
else notice("This address is incomplete. In Slack, use the slash command with `link` to get a new one.");
