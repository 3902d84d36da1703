// What people do in a browser: they sign in, go where they wanted to go, and see where they are signed in.
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import puppeteer from "puppeteer-core";
import { startStack } from "./stack.js";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

let stack, chromium;

before(async () => {
  const executablePath = process.env.CHROMIUM ?? CHROMIUM.find(existsSync);
  assert.ok(executablePath, "install chromium, or say in CHROMIUM where it is");
  // As root, as in containers, Chromium has no sandbox of its own.
  chromium = await puppeteer.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  stack = await startStack();
  await stack.member("Rita", "rita@example.com", "RESPONDER");
  await stack.member("Ada", "ada@example.com", "ADMIN");
  stack.issuer.people.set("sub-rita", { email: "rita@example.com", email_verified: true, groups: [] });
  stack.issuer.people.set("sub-ada", { email: "ada@example.com", email_verified: true, groups: ["ops-admins"] });
});

after(async () => {
  await chromium?.close();
  await stack?.stop();
});

/** A browser of its own for a test, whose pages of Tocsin's must not err or break their policy. */
async function withBrowser(t) {
  const context = await chromium.createBrowserContext();
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(`${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    const isPolicy = message.type() === "error" && /Content Security Policy/.test(message.text());
    if (isPolicy && page.url().startsWith(stack.url)) errors.push(message.text());
  });
  t.after(async () => {
    await context.close();
    assert.deepEqual(errors, []);
  });
  return page;
}

/** The text of what is shown under a selector, once it is. */
async function shown(page, selector) {
  const element = await page.waitForSelector(selector, { visible: true });
  return element.evaluate((node) => node.textContent.replace(/\s+/g, " ").trim());
}

/** Waits until an element that is shown says this. */
function says(page, selector, text) {
  return page.waitForFunction(
    (selector, text) => {
      const found = document.querySelector(selector);
      return found && !found.closest("[hidden]") && found.textContent.includes(text);
    },
    {},
    selector,
    text,
  );
}

async function press(page, selector) {
  const element = await page.waitForSelector(selector, { visible: true });
  await element.evaluate((node) => node.click());
}

async function at(page, path) {
  await page.waitForFunction((address) => location.href === address, {}, `${stack.url}${path}`);
}

/** Answers the provider's pages as somebody. */
async function signInAtProvider(page, account) {
  await page.waitForSelector('input[name="login"]', { visible: true });
  await page.type('input[name="login"]', account);
  await page.type('input[name="password"]', "x");
  await page.click('button[type="submit"]');
  await page.waitForSelector('input[name="prompt"][value="consent"]');
  await page.click('button[type="submit"]');
}

async function signInByLink(page, email) {
  await page.goto(await stack.link(email));
  await press(page, "#confirm button");
  await page.waitForFunction(() => !location.pathname.endsWith("/sign-in"));
}

test("who opens an incident signs in by a link first, and comes back to it", async (t) => {
  const page = await withBrowser(t);
  const title = "Payments are failing";
  const number = await stack.incident(title);
  const link = await stack.link("rita@example.com");
  await page.goto(`${stack.url}/incidents/${number}`);
  await at(page, "/sign-in");
  // The same tab, as when a link is pasted into it.
  await page.goto("about:blank");
  await page.goto(link);
  assert.match(await shown(page, "#confirm"), /as Rita rita@example\.com/);
  assert.equal(page.url(), `${stack.url}/sign-in`, "the token has left the address");
  await press(page, "#confirm button");
  await at(page, `/incidents/${number}`);
  await says(page, "#title", title);
  const [session] = await page.cookies(stack.url);
  assert.deepEqual([session.name, session.httpOnly, session.sameSite], ["tocsin_session", true, "Lax"]);
  assert.equal(await page.evaluate(() => document.cookie), "");

  const other = await withBrowser(t);
  await other.goto(link);
  await says(other, "#notice", "was used before");
  await shown(other, "#ways");
});

test("a link that has expired or that nobody has made says so, and offers other ways", async (t) => {
  const page = await withBrowser(t);
  await page.goto(await stack.link("rita@example.com", ["faketime", "-6 minutes"]));
  await says(page, "#notice", "has expired");
  assert.match(await shown(page, "#oidc"), /Sign in with Example login/);
  await page.goto("about:blank");
  await page.goto(`${stack.url}/sign-in#token=nobodys`);
  await says(page, "#notice", "is not one of ours");
});

test("who signs in with the identity provider comes back to where they wanted to go", async (t) => {
  const page = await withBrowser(t);
  const number = await stack.incident("The queue is stuck");
  await page.goto(`${stack.url}/incidents/${number}`);
  await press(page, "#oidc");
  await signInAtProvider(page, "sub-rita");
  await at(page, `/incidents/${number}`);
  await says(page, "#title", "The queue is stuck");
  await press(page, 'a[href="../sessions"]');
  await says(page, "#sessions", "with the identity provider");
  assert.match(await shown(page, "#sessions .current"), /This browser/);
  assert.equal(await page.$eval("#everybody", (node) => node.hidden), true);
  await press(page, "#leave");
  await at(page, "/sign-in");
  await shown(page, "#ways");
  assert.deepEqual(await page.cookies(stack.url).then((all) => all.filter(({ name }) => name === "tocsin_session")), []);
});

test("who declines at the identity provider is told so in words, and may try again", async (t) => {
  const page = await withBrowser(t);
  await page.goto(`${stack.url}/sign-in`);
  await press(page, "#oidc");
  await page.waitForSelector('input[name="login"]', { visible: true });
  await press(page, 'a[href$="/abort"]');
  await says(page, ".notice", "you declined");
  assert.equal(await shown(page, "#code"), "OIDC_DENIED");
  await press(page, "a.button");
  await at(page, "/sign-in");
  await shown(page, "#ways");
});

test("whom nobody has added is told who can", async (t) => {
  stack.issuer.people.set("sub-new", { email: "new@example.com", email_verified: true, groups: [] });
  const page = await withBrowser(t);
  await page.goto(`${stack.url}/sign-in/oidc`);
  await signInAtProvider(page, "sub-new");
  await says(page, ".notice", "No member here has the e-mail address new@example.com: ask an administrator");
});

test("a member of two organisations chooses one", async (t) => {
  const made = await stack.tocsin(["org", "create", "The neighbours", "--channel", "#neighbours"]);
  const neighbours = made.match(/tocsin_\w+/)[0];
  await stack.member("Ben", "ben@example.com", "RESPONDER");
  await stack.member("Ben", "ben@example.com", "RESPONDER", neighbours);
  stack.issuer.people.set("sub-ben", { email: "ben@example.com", email_verified: true, groups: [] });
  const page = await withBrowser(t);
  await page.goto(`${stack.url}/sign-in#next=${encodeURIComponent("/sessions")}`);
  await press(page, "#oidc");
  await signInAtProvider(page, "sub-ben");
  assert.match(await shown(page, "#choose"), /Where do you sign in\?.*The neighbours/);
  assert.equal(page.url(), `${stack.url}/sign-in`, "the tokens have left the address");
  const buttons = await page.$$("#organizations button");
  assert.equal(buttons.length, 2);
  for (const button of buttons) {
    if ((await button.evaluate((node) => node.textContent)) === "The neighbours") await button.click();
  }
  await at(page, "/sessions");
  await says(page, "#organization", "The neighbours");
});

test("links of somebody else's are not used without a word", async (t) => {
  const [one, two] = [await stack.link("rita@example.com"), await stack.link("ada@example.com")];
  const token = (link) => link.split("#")[1];
  const page = await withBrowser(t);
  await page.goto(`${stack.url}/sign-in#${token(one)}&${token(two)}`);
  await says(page, "#notice", "not for this browser");
  assert.deepEqual(await page.cookies(stack.url), []);
});

test("an administrator ends the others' sessions, and everybody their own", async (t) => {
  const [rita, ada, again] = [await withBrowser(t), await withBrowser(t), await withBrowser(t)];
  await signInByLink(rita, "rita@example.com");
  await ada.goto(`${stack.url}/sign-in/oidc`);
  await signInAtProvider(ada, "sub-ada");
  await ada.waitForFunction(() => !location.pathname.includes("sign-in"));
  await signInByLink(again, "ada@example.com");
  // One's own elsewhere.
  await again.goto(`${stack.url}/sessions`);
  await says(again, "#sessions", "with the identity provider");
  await press(again, "#sessions li:not(:has(.current)) button");
  await again.waitForFunction(() => document.querySelectorAll("#sessions li").length === 1);
  await ada.goto(`${stack.url}/sessions`);
  await at(ada, "/sign-in");
  // A colleague's.
  await says(again, "#members", "rita@example.com");
  for (;;) {
    const left = await again.$$eval("#members li", (all) => all.filter((one) => one.textContent.includes("Rita")).length);
    if (left === 0) break;
    await again.$$eval("#members li", (all) => all.find((one) => one.textContent.includes("Rita")).querySelector("button").click());
    await again.waitForFunction(
      (left) => [...document.querySelectorAll("#members li")].filter((one) => one.textContent.includes("Rita")).length < left,
      {},
      left,
    );
  }
  await rita.goto(`${stack.url}/sessions`);
  await at(rita, "/sign-in");
});

test("what a browser calls itself never becomes markup", async (t) => {
  const page = await withBrowser(t);
  await page.setUserAgent('<img src=x onerror="window.hit=1">');
  await signInByLink(page, "rita@example.com");
  await page.goto(`${stack.url}/sessions`);
  await says(page, "#sessions", "<img src=x");
  assert.equal(await page.evaluate(() => window.hit), undefined);
});

test("a page of another address reads nothing, changes nothing and signs nobody out", async (t) => {
  const page = await withBrowser(t);
  await signInByLink(page, "rita@example.com");
  const evil = createServer((_, response) => {
    response.setHeader("Content-Type", "text/html");
    response.end("<!doctype html><title>elsewhere</title>");
  }).listen(0, "127.0.0.1");
  await once(evil, "listening");
  t.after(() => evil.close());
  await page.goto(`http://127.0.0.1:${evil.address().port}/`);
  const tried = await page.evaluate(async (base) => {
    const viewer = `${base}/graphql?query=${encodeURIComponent("{ viewer { user { name } } }")}`;
    const tries = [
      [viewer, {}],
      [`${base}/graphql`, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" }],
      [`${base}/graphql`, { method: "POST", headers: { "Content-Type": "text/plain" }, body: '{"query":"{ __typename }"}' }],
      [`${base}/sign-out`, { method: "POST", headers: { "Content-Type": "text/plain" }, body: "{}" }],
      [`${base}/sign-out`, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" }],
    ];
    const read = [];
    for (const [address, request] of tries) {
      const response = await fetch(address, { credentials: "include", ...request }).catch(() => null);
      read.push(response && (await response.text()));
    }
    return read;
  }, stack.url);
  assert.deepEqual(tried, [null, null, null, null, null]);
  // It is the server that refuses, and not the browser alone.
  const [session] = await page.cookies(stack.url);
  const refused = await fetch(`${stack.url}/graphql?query=%7B__typename%7D`, {
    headers: { Cookie: `${session.name}=${session.value}`, Origin: new URL(page.url()).origin },
  });
  const [error] = (await refused.json()).errors;
  assert.deepEqual([refused.status, error.extensions.code], [403, "FOREIGN_ORIGIN"]);
  await page.goto(`${stack.url}/sessions`);
  await says(page, "#who", "Rita");
});

test("who signs in with the simulated Slack comes back to where they wanted to go", async (t) => {
  const page = await withBrowser(t);
  const number = await stack.incident("The cache is cold");
  await page.goto(`${stack.url}/incidents/${number}`);
  await press(page, "#slack");
  await page.waitForSelector('select[name="person"]');
  const alice = await page.$$eval('select[name="person"] option', (all) => all.find((one) => /alice/i.test(one.textContent)).value);
  await page.select('select[name="person"]', alice);
  await page.click('button[value="allow"]');
  await at(page, `/incidents/${number}`);
  await says(page, "#title", "The cache is cold");
  await page.goto(`${stack.url}/sessions`);
  await says(page, "#sessions", "with Slack");
});
