"use strict";
// Signs people in: by a one-time link, whose token is in the fragment, which no server and no proxy is sent; or in another way that the server has.

function byId(id) {
  return document.getElementById(id);
}

function notice(text) {
  byId("notice").textContent = text ?? "";
  byId("notice").hidden = !text;
}

function show(id) {
  for (const other of ["confirm", "owner", "choose", "signed-in", "ways"]) byId(other).hidden = other !== id;
}

// The fragment's token and next, taken out of the address: neither need stand in the history.
const given = new URLSearchParams(location.hash.slice(1));
history.replaceState(null, "", location.pathname + location.search);
const asked = safeNext(given.get("next"), BASE);
if (asked) sessionStorage.setItem(STORED_NEXT, given.get("next"));

function destination() {
  return safeNext(sessionStorage.getItem(STORED_NEXT), BASE) ?? BASE;
}

function goOn() {
  const to = destination();
  sessionStorage.removeItem(STORED_NEXT);
  location.replace(to);
}

function organization(name) {
  for (const place of document.querySelectorAll(".organization")) place.textContent = name;
}

// Uses the link up, and goes on to where one wanted to go.
async function signIn(body) {
  await post("sign-in/link", body);
  // From now on the session counts, and no key that was pasted before.
  key.forget();
  goOn();
}

async function submit(event, body) {
  event.preventDefault();
  const button = event.target.querySelector("button");
  button.disabled = true;
  notice(null);
  try {
    await signIn(body());
  } catch (error) {
    notice(error.message);
    button.disabled = false;
  }
}

async function useLink(token) {
  const found = await post("sign-in/look", { token });
  organization(found.organization);
  if (found.makesFirstOwner) {
    byId("owner").addEventListener("submit", (event) =>
      submit(event, () => ({ token, name: byId("owner-name").value, email: byId("owner-email").value })),
    );
    show("owner");
    byId("owner-name").focus();
  } else if (found.isBound) {
    // This browser has begun to sign in: nobody else can have sent the link.
    await signIn({ token });
  } else {
    byId("name").textContent = found.name;
    byId("email").textContent = found.email;
    byId("confirm").addEventListener("submit", (event) => submit(event, () => ({ token })));
    show("confirm");
    byId("confirm").querySelector("button").focus();
  }
}

// Several links are those of one who has signed in elsewhere and is a member of several organisations. They are for this browser, in which that began:
// of any other, nobody can say who has made it.
async function choose(tokens) {
  const looked = await Promise.all(
    tokens.map(async (token) => ({ token, ...(await post("sign-in/look", { token })) })),
  );
  const own = looked.filter((found) => found.isBound);
  if (!own.length) throw new ApiError("These links are not for this browser: sign in again.", "OTHER_BROWSER");
  const buttons = own.map((found) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = found.organization;
    button.addEventListener("click", async () => {
      for (const other of buttons) other.disabled = true;
      notice(null);
      try {
        await signIn({ token: found.token });
      } catch (error) {
        notice(error.message);
        for (const other of buttons) other.disabled = false;
      }
    });
    return button;
  });
  byId("organizations").replaceChildren(...buttons);
  show("choose");
  buttons[0].focus();
}

async function showWays() {
  const response = await fetch(new URL("sign-in/ways", BASE)).catch(() => null);
  const ways = await response?.json().catch(() => null);
  if (!ways) {
    notice("The server cannot be reached.");
    return;
  }
  if (!ways.canSignIn) notice("This server's address has no TLS (https): nobody can be signed in here safely. Use an API key.");
  byId("slack").hidden = !(ways.canSignIn && ways.slack);
  byId("oidc").textContent = `Sign in with ${ways.oidc}`;
  byId("oidc").hidden = !(ways.canSignIn && ways.oidc);
  show("ways");
}

// As many organisations as one is asked about at most.
const TOKENS_MAX = 20;
const VIEWER = "{ viewer { organization { name } user { name } session { id } } }";

async function start() {
  const tokens = given.getAll("token").slice(0, TOKENS_MAX);
  if (tokens.length) {
    try {
      if (tokens.length > 1) await choose(tokens);
      else await useLink(tokens[0]);
      return;
    } catch (error) {
      notice(error.message);
    }
  }
  const shown = key.get();
  try {
    // The session alone: a key that was pasted says nothing of it.
    key.forget();
    const { viewer } = await graphql(VIEWER);
    if (viewer.session) {
      byId("who").textContent = viewer.user?.name ?? "";
      organization(viewer.organization?.name ?? "");
      byId("go-on").href = destination();
      show("signed-in");
      return;
    }
  } catch (error) {
    if (error.code !== "UNAUTHENTICATED") notice(error.message);
  } finally {
    if (shown) key.set(shown);
  }
  await showWays();
}

byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  key.set(byId("key").value.trim());
  byId("key").value = "";
  goOn();
});

byId("go-on").addEventListener("click", (event) => {
  event.preventDefault();
  goOn();
});

byId("sign-out").addEventListener("click", async (event) => {
  event.target.disabled = true;
  try {
    await post("sign-out", {});
    key.forget();
    notice(null);
    await showWays();
  } catch (error) {
    notice(error.message);
  } finally {
    event.target.disabled = false;
  }
});

start();
