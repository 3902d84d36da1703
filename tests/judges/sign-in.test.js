// The pages that sign people in: where they lead to, and what a browser of another page cannot have them do.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

const { TOCSIN_URL } = process.env;
const { safeNext } = createRequire(import.meta.url)("../../api/assets/sign-in/next.js");

test("people are led to pages of this server, and nowhere else", () => {
  for (const base of ["https://ops.example.com/", "https://ops.example.com/tocsin/"]) {
    const path = new URL(base).pathname;
    for (const good of ["incidents/42", "incidents/42/postmortem?a=b#c", "link#sealed1.a.b", ""]) {
      assert.equal(safeNext(path + good, base), base + good);
    }
    for (const bad of [
      null,
      undefined,
      42,
      "",
      "incidents/42",
      "//evil.example/",
      "/\\evil.example/",
      "\\\\evil.example/",
      "/\t/evil.example/",
      "/\n/evil.example/",
      " //evil.example/",
      "https://evil.example/",
      "https:evil.example",
      "javascript:alert(1)",
      "data:text/html,x",
      `${path}sign-in`,
      `${path}sign-in#token=x`,
      `${path}sign-in/oidc`,
      `${path}sign-out`,
      `/${"a".repeat(3000)}`,
    ]) {
      assert.equal(safeNext(bad, base), null, String(bad));
    }
  }
  assert.equal(safeNext("/elsewhere", "https://ops.example.com/tocsin/"), null);
  assert.equal(safeNext("/tocsin/../elsewhere", "https://ops.example.com/tocsin/"), null);
  // What looks like a host behind a path stays a path.
  const dotted = safeNext("/x/..//evil.example", "https://ops.example.com/");
  assert.equal(new URL(dotted).origin, "https://ops.example.com");
});

async function send(path, origin, body = {}) {
  return fetch(`${TOCSIN_URL}${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(origin ? { Origin: origin } : {}) },
    body: JSON.stringify(body),
  });
}

test("no page of another address signs anybody in or out", async () => {
  for (const path of ["/sign-in/look", "/sign-in/link", "/sign-out"]) {
    for (const origin of [null, "https://evil.example", "null", "http://127.0.0.1:1"]) {
      const response = await send(path, origin, { token: "x" });
      const [error] = (await response.json()).errors;
      assert.deepEqual([response.status, error.extensions.code], [403, "FOREIGN_ORIGIN"], `${path} from ${origin}`);
      assert.equal(response.headers.get("set-cookie"), null);
    }
  }
});

test("a link that nobody has made says so, and what to do", async () => {
  const response = await send("/sign-in/link", new URL(TOCSIN_URL).origin, { token: "x" });
  const [error] = (await response.json()).errors;
  assert.deepEqual([response.status, error.extensions.code], [400, "LINK_UNKNOWN"]);
  assert.match(error.message, /ask for a new one/);
});

test("the page keeps its policy: no inline code, no frame, no referrer", async () => {
  const response = await fetch(`${TOCSIN_URL}/sign-in`);
  const html = await response.text();
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-security-policy"), /default-src 'none'; script-src 'self'/);
  assert.match(response.headers.get("content-security-policy"), /frame-ancestors 'none'/);
  assert.equal(response.headers.get("referrer-policy"), "no-referrer");
  assert.doesNotMatch(html, /<script(?![^>]* src=)|\son[a-z]+=/);
});
