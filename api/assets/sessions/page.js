"use strict";
// Where somebody is signed in, and their keys; for administrators also where the others are. Each can be ended here.

const SESSION = "id method userAgent address lastUsedAt createdAt isCurrent";
const OWN = `{ viewer { organization { name } user { id name } role scopes session { id }
  sessions { ${SESSION} } apiKeys { id name hint scopes lastUsedAt expiresAt } } }`;
const OTHERS = `query Others($after: String) { users(first: 25, after: $after) {
  nodes { id name email sessions { ${SESSION} } } pageInfo { hasNextPage endCursor } } }`;
const END_SESSION = `mutation EndSession($input: RevokeSessionInput!) {
  revokeSession(input: $input) { session { id } userErrors { code message } }
}`;
const REVOKE_KEY = `mutation RevokeKey($input: RevokeApiKeyInput!) {
  revokeApiKey(input: $input) { apiKey { id } userErrors { code message } }
}`;

const METHODS = {
  LINK: "by a link of the server's",
  SLACK: "with Slack",
  SLACK_LINK: "by a link from Slack",
  FIRST_OWNER: "as the first owner",
  OIDC: "with the identity provider",
};

function notice(text) {
  byId("notice").textContent = text ?? "";
  byId("notice").hidden = !text;
}

// A button that ends something; what it ended leaves the list.
function ending(label, name, end) {
  const button = el("button", { type: "button", text: label, "aria-label": `${label}: ${name}` });
  button.addEventListener("click", async () => {
    button.disabled = true;
    notice(null);
    try {
      await end();
      const list = button.closest("ul");
      button.closest("li").remove();
      if (!list.children.length) list.append(none());
    } catch (error) {
      button.disabled = false;
      if (isSignedOut(error)) leadToSignIn();
      else notice(error.message);
    }
  });
  return button;
}

function none() {
  return el("li", { class: "faint", text: "None." });
}

function listed(session, member) {
  const browser = session.userAgent ?? "A browser that doesn't say what it is";
  const what = el("div", { class: "what" });
  if (member) what.append(el("strong", { text: member.name }), ` ${member.email} · `);
  what.append(browser);
  const details = el("p", { class: "faint", text: `Signed in ${METHODS[session.method] ?? session.method}` });
  if (session.address) details.append(` from ${session.address}`);
  details.append(", ", time(session.createdAt), ", last used ", time(session.lastUsedAt));
  what.append(details);
  const item = el("li", { "data-id": session.id }, what);
  if (session.isCurrent) {
    item.append(el("span", { class: "badge current", text: "This browser" }));
    return item;
  }
  item.append(ending("End", browser, () => mutate(END_SESSION, { id: session.id })));
  return item;
}

function listedKey(key) {
  const what = el("div", { class: "what" }, el("strong", { text: key.name }), ` …${key.hint} · ${key.scopes.map(words).join(", ")}`);
  const details = el("p", { class: "faint" });
  if (key.lastUsedAt) details.append("Last used ", time(key.lastUsedAt));
  else details.append("Never used");
  if (key.expiresAt) details.append(", expires ", time(key.expiresAt));
  what.append(details);
  return el("li", { "data-id": key.id }, what, ending("Revoke", key.name, () => mutate(REVOKE_KEY, { id: key.id })));
}

function fill(id, items) {
  byId(id).replaceChildren(...(items.length ? items : [none()]));
}

let after = null;

// The next page of members, but for oneself.
async function showOthers(self) {
  const { users } = await graphql(OTHERS, { after });
  after = users.pageInfo.endCursor;
  const items = users.nodes
    .filter((member) => member.id !== self)
    .flatMap((member) => member.sessions.map((session) => listed(session, member)));
  byId("members").append(...items);
  byId("more").hidden = !users.pageInfo.hasNextPage;
  if (!byId("members").children.length && !users.pageInfo.hasNextPage) byId("members").append(none());
  byId("everybody").hidden = false;
}

async function start() {
  const { viewer } = await graphql(OWN);
  byId("leave").textContent = key.get() ? "Forget key" : "Sign out";
  byId("leave").hidden = false;
  byId("who").textContent = viewer.user?.name ?? "A key of the organisation";
  byId("organization").textContent = viewer.organization?.name ?? "";
  fill("sessions", viewer.sessions.map((session) => listed(session)));
  fill("keys", viewer.apiKeys.map(listedKey));
  byId("own").hidden = false;
  const isAdministrator = viewer.role === null || ["OWNER", "ADMIN"].includes(viewer.role);
  if (!isAdministrator || !viewer.scopes.includes("ADMIN")) return;
  const self = viewer.user?.id;
  byId("more").addEventListener("click", () => showOthers(self).catch(failed));
  await showOthers(self);
}

function failed(error) {
  if (isSignedOut(error)) leadToSignIn();
  else notice(error.message);
}

byId("leave").addEventListener("click", () => leave().catch((error) => notice(error.message)));

start().catch(failed);
