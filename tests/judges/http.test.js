// GraphQL over HTTP, where the audits don't look.
import assert from "node:assert/strict";
import { test } from "node:test";
import { authorization, httpUrl } from "./server.js";

const JSON_TYPE = "application/json";
const RESPONSE_TYPE = "application/graphql-response+json";

async function post(body, { headers, accept = JSON_TYPE } = {}) {
  const response = await fetch(httpUrl, {
    method: "POST",
    headers: { ...authorization, "Content-Type": JSON_TYPE, Accept: accept, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const answer = await response.json();
  const error = answer.errors?.[0];
  if (error) {
    assert.ok(error.extensions.code, JSON.stringify(error));
    assert.equal(error.extensions.requestId, response.headers.get("x-request-id"));
  }
  return { response, answer, code: error?.extensions.code };
}

test("a failed field that may not be null nulls what it stands in, up to the nearest place that may be", async () => {
  const failing = "services(first: 101) { nodes { id } }";
  const { answer } = await post({ query: `{ viewer { scopes } ${failing} }` });
  assert.equal(answer.data, null, "nothing above it may be null");
  assert.deepEqual(answer.errors[0].path, ["services"]);
  const made = await post({ query: 'mutation { triggerIncident(input: { title: "Judged" }) { incident { number } } }' });
  const { number } = made.answer.data.triggerIncident.incident;
  const query = `{ a: incident(number: ${number}) { number timeline(first: 101) { nodes { id } } } b: incident(number: ${number}) { number } }`;
  const nested = (await post({ query })).answer;
  assert.deepEqual(nested.data, { a: null, b: { number } });
  assert.deepEqual(nested.errors[0].path, ["a", "timeline"]);
});

test("what cannot be executed is 400 or 200 by type, without data", async () => {
  const cases = [
    { query: "{" },
    { query: "{ nothing }" },
    { query: "query($n: Int!) { incident(number: $n) { id } }" },
    { query: "query($n: Int!) { incident(number: $n) { id } }", variables: { n: "one" } },
    { query: "mutation($i: TriggerIncidentInput!) { triggerIncident(input: $i) { incident { id } } }", variables: { i: {} } },
    { query: "subscription { incidentEvents { cursor } }" },
  ];
  for (const body of cases) {
    for (const [accept, status] of [[RESPONSE_TYPE, 400], [JSON_TYPE, 200]]) {
      const { response, answer } = await post(body, { accept });
      assert.equal(response.status, status, JSON.stringify(body));
      assert.equal("data" in answer, false, JSON.stringify(answer));
      assert.ok(response.headers.get("content-type").startsWith(accept));
    }
  }
});

test("malformed JSON and parameters are 400 under both types", async () => {
  for (const body of ["{", "[]", "1", "{}", '{"query": []}', '{"query": "{ __typename }", "variables": "x"}']) {
    for (const accept of [RESPONSE_TYPE, JSON_TYPE]) {
      const { response } = await post(body, { accept });
      assert.equal(response.status, 400, body);
    }
  }
});

test("a batch is refused", async () => {
  const { response, code } = await post([{ query: "{ __typename }" }]);
  assert.deepEqual([response.status, code], [400, "BATCHING_NOT_SUPPORTED"]);
});

test("what a form could send is refused with 415", async () => {
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
    const { response } = await post({ query: "{ __typename }" }, { headers: { "Content-Type": type } });
    assert.equal(response.status, 415, type);
  }
});

test("a type that is not spoken is refused with 406", async () => {
  const { response } = await post({ query: "{ __typename }" }, { accept: "text/html" });
  assert.equal(response.status, 406);
});

test("a GET runs queries, by operation name, and no mutations", async () => {
  const get = async (params) => {
    const response = await fetch(`${httpUrl}?${new URLSearchParams(params)}`, { headers: authorization });
    return { response, answer: await response.json() };
  };
  const document = "query A { viewer { role } } query B { __typename }";
  const { answer } = await get({ query: document, operationName: "B" });
  assert.deepEqual(answer, { data: { __typename: "Query" } });
  const input = '{title: "Never"}';
  const { response } = await get({ query: `mutation { triggerIncident(input: ${input}) { incident { id } } }` });
  assert.equal(response.status, 405);
  assert.match(response.headers.get("allow"), /POST/);
});

test("a bad key is 401 with a GraphQL error", async () => {
  const { response, code } = await post({ query: "{ viewer { role } }" }, { headers: { Authorization: "Bearer bad" } });
  assert.deepEqual([response.status, code], [401, "UNAUTHENTICATED"]);
});

test("who shows no key hears no suggestions", async () => {
  const { answer } = await post({ query: "{ viewr { role } }" }, { headers: { Authorization: "" } });
  assert.ok(answer.errors.length > 0);
  assert.doesNotMatch(JSON.stringify(answer), /did you mean/i);
});

test("a body over 1 MiB is 413", async () => {
  const { response } = await post({ query: "{ __typename }", padding: "x".repeat(1 << 20) });
  assert.equal(response.status, 413);
});

test("depth, complexity, aliases, directives and fragments have limits", async () => {
  const deep = `{ incidents { nodes { ${"postmortem { incident { ".repeat(12)} id ${"} }".repeat(12)} } } }`;
  const aliases = `{ ${Array.from({ length: 1000 }, (_, n) => `a${n}: __typename`).join(" ")} }`;
  const directives = `{ __typename ${"@skip(if: false) ".repeat(1000)} }`;
  const complex = `{ incidents(first: 100) { nodes { timeline(first: 100) { nodes { author { user { name } } } } } } }`;
  const bomb = `{ ...F0 } ${Array.from({ length: 30 }, (_, n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`).join(" ")} fragment F30 on Query { __typename }`;
  for (const query of [deep, aliases, directives, complex, bomb]) {
    const { response, answer } = await post({ query }, { accept: RESPONSE_TYPE });
    assert.equal(response.status, 400, query.slice(0, 80));
    assert.equal("data" in answer, false);
  }
});

test("a request id is taken over, and made where there is none", async () => {
  const { response } = await post({ query: "{ __typename }" }, { headers: { "X-Request-Id": "judge-1" } });
  assert.equal(response.headers.get("x-request-id"), "judge-1");
  const { response: other } = await post({ query: "{ __typename }" });
  assert.ok(other.headers.get("x-request-id"));
});
