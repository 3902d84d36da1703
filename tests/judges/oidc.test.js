// Signing in with a certified OpenID provider from npm, request by request, as a browser makes them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startStack } from "./stack.js";

/** A browser that keeps cookies and follows no redirect by itself. */
class Browser {
  cookies = new Map();

  async go(address, form) {
    const { origin } = new URL(address);
    const kept = this.cookies.get(origin) ?? new Map();
    this.cookies.set(origin, kept);
    const headers = { Cookie: [...kept].map(([name, value]) => `${name}=${value}`).join("; ") };
    if (form) headers.Origin = origin;
    const response = await fetch(address, {
      method: form ? "POST" : "GET",
      headers,
      redirect: "manual",
      ...(form ? { body: new URLSearchParams(form) } : {}),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair] = cookie.split(";");
      const at = pair.indexOf("=");
      kept.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  }

  async post(address, body) {
    const { origin } = new URL(address);
    const kept = this.cookies.get(origin) ?? new Map();
    const response = await fetch(address, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Origin: origin,
        Cookie: [...kept].map(([name, value]) => `${name}=${value}`).join("; "),
      },
      body: JSON.stringify(body),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair] = cookie.split(";");
      kept.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
    return response.json();
  }
}

/** Begins, answers the provider's pages as somebody, and stops before the way back is gone. */
async function signInAt(stack, browser, account) {
  const began = await browser.go(`${stack.url}/sign-in/oidc`);
  assert.equal(began.status, 303);
  let address = began.headers.get("location");
  for (let steps = 0; steps < 20; steps += 1) {
    if (address.startsWith(`${stack.url}/sign-in/oidc/callback`)) return address;
    const response = await browser.go(address);
    const location = response.headers.get("location");
    if (location) {
      address = new URL(location, address).href;
      continue;
    }
    const page = await response.text();
    const action = page.match(/<form[^>]* action="([^"]+)"/)?.[1];
    assert.ok(action, page);
    const prompt = page.match(/name="prompt" value="(\w+)"/)[1];
    const form = prompt === "login" ? { prompt, login: account, password: "x" } : { prompt };
    const sent = await browser.go(new URL(action, address).href, form);
    address = new URL(sent.headers.get("location"), address).href;
  }
  throw new Error(`no way back: ${address}`);
}

/** Why nobody was signed in, by the page that says so. */
async function refusal(response) {
  const page = await response.text();
  assert.ok(response.status >= 400, page);
  return page.match(/<code id="code">(\w+)</)[1];
}

/** The member and the role of whoever has come back to this address. */
async function finish(stack, browser, back) {
  const response = await browser.go(back);
  assert.equal(response.status, 303, await response.clone().text());
  const [page, fragment] = response.headers.get("location").split("#");
  assert.equal(page, `${stack.url}/sign-in`);
  const token = new URLSearchParams(fragment).get("token");
  assert.deepEqual(await browser.post(`${stack.url}/sign-in/link`, { token }), { signedIn: true });
  const query = "{ viewer { user { name } role session { method } } }";
  const { data } = await browser.post(`${stack.url}/graphql`, { query });
  return data.viewer;
}

for (const idTokenHasClaims of [false, true]) {
  const where = idTokenHasClaims ? "in the ID token" : "at the userinfo endpoint";
  test(`a provider that says everything ${where}`, async (t) => {
    const stack = await startStack({ idTokenHasClaims, environment: { TOCSIN_LOG: "trace" } });
    const secrets = new Set([stack.clientSecret, encodeURIComponent(stack.clientSecret)]);
    t.after(() => stack.stop());
    await stack.member("Rita", "rita@example.com", "STAKEHOLDER");
    const { people } = stack.issuer;
    people.set("sub-rita", { email: "Rita@example.com", email_verified: true, groups: ["ops-admins", "x"] });

    await t.test("signs a member in, with the role of the groups", async () => {
      const browser = new Browser();
      const back = await signInAt(stack, browser, "sub-rita");
      const cookies = browser.cookies.get(stack.url);
      secrets.add(new URL(back).searchParams.get("code")).add(cookies.get("tocsin_begin"));
      assert.equal(new URL(back).searchParams.get("iss"), stack.issuer.url);
      assert.deepEqual(await finish(stack, browser, back), {
        user: { name: "Rita" },
        role: "ADMIN",
        session: { method: "OIDC" },
      });
      secrets.add(cookies.get("tocsin_session"));
      people.get("sub-rita").groups = ["x"];
      const again = new Browser();
      const viewer = await finish(stack, again, await signInAt(stack, again, "sub-rita"));
      assert.equal(viewer.role, "RESPONDER");
    });

    await t.test("takes an answer once, and in the browser in which it began", async () => {
      const [mine, other] = [new Browser(), new Browser()];
      const back = await signInAt(stack, mine, "sub-rita");
      assert.equal(await refusal(await other.go(back)), "SIGN_IN_OTHER_BROWSER");
      await signInAt(stack, other, "sub-rita");
      assert.equal(await refusal(await other.go(back)), "SIGN_IN_OTHER_BROWSER");
      await finish(stack, mine, back);
      assert.equal(await refusal(await mine.go(back)), "SIGN_IN_USED");
    });

    await t.test("is not believed with a code of another sign-in (PKCE, nonce)", async () => {
      const [mine, other] = [new Browser(), new Browser()];
      const [back, theirs] = [await signInAt(stack, mine, "sub-rita"), await signInAt(stack, other, "sub-rita")];
      const mixed = new URL(back);
      mixed.searchParams.set("code", new URL(theirs).searchParams.get("code"));
      assert.equal(await refusal(await mine.go(mixed.href)), "OIDC_ENDED");
    });

    await t.test("signs in nobody who is not known, not verified, or another account", async () => {
      people.set("sub-new", { email: "new@example.com", email_verified: true, groups: [] });
      people.set("sub-loose", { email: "rita@example.com", email_verified: false, groups: ["ops-admins"] });
      people.set("sub-other", { email: "rita@example.com", email_verified: true, groups: ["ops-admins"] });
      people.set("sub-silent", { email: "rita@example.com", email_verified: true });
      for (const [account, code] of [
        ["sub-new", "NOT_A_MEMBER"],
        ["sub-loose", "OIDC_EMAIL_UNVERIFIED"],
        ["sub-other", "OTHER_ACCOUNT"],
        ["sub-silent", "OIDC_GROUPS_MISSING"],
      ]) {
        const browser = new Browser();
        const back = await signInAt(stack, browser, account);
        assert.equal(await refusal(await browser.go(back)), code, account);
      }
    });

    await t.test("and no secret is logged, however much is", () => {
      const logged = stack.logged();
      assert.match(logged, /NOT_A_MEMBER/);
      assert.equal(secrets.size, 5);
      for (const secret of secrets) assert.ok(!logged.includes(secret), secret);
      assert.doesNotMatch(logged, /#token=|sealed1\.|eyJ/);
    });
  });
}
