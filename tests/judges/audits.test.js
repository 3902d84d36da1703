// npm graphql-http: every audit of the GraphQL over HTTP specification.
import assert from "node:assert/strict";
import { test } from "node:test";
import { serverAudits } from "graphql-http";
import { authorization, httpUrl } from "./server.js";

const withKey = (url, options) => fetch(url, { ...options, headers: { ...authorization, ...options?.headers } });
const audits = serverAudits({ url: httpUrl, fetchFn: withKey });

test("there are 61 audits", () => assert.equal(audits.length, 61));

for (const { id, name, fn } of audits) {
  test(`${id} ${name}`, async () => {
    const result = await fn();
    assert.equal(result.status, "ok", result.reason);
  });
}
