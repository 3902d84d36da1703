// npm graphql-ws, the client that browsers use.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { EVENTS, INCIDENT, TRIGGER, authorization, resumes, wsUrl } from "./server.js";

const connect = (url, more) =>
  createClient({ url, webSocketImpl: WebSocket, connectionParams: authorization, ...more });

test("query and mutation over the socket", async () => {
  const client = connect(wsUrl);
  const input = { title: "By graphql-ws", urgency: "LOW" };
  let number;
  for await (const result of client.iterate({ query: TRIGGER, variables: { input } })) {
    number = result.data.triggerIncident.incident.number;
  }
  for await (const result of client.iterate({ query: INCIDENT, variables: { number } })) {
    assert.equal(result.data.incident.title, input.title);
  }
  await client.dispose();
});

test("a subscription loses nothing when its connection drops", async () => {
  await resumes((url, collected) => {
    const client = connect(url, { retryAttempts: Infinity, shouldRetry: () => true, retryWait: async () => {} });
    const variables = { after: collected.after };
    const unsubscribe = client.subscribe(
      { query: EVENTS, variables },
      {
        next({ data, errors }) {
          assert.equal(errors, undefined);
          collected.add(data.incidentEvents);
          variables.after = collected.after;
        },
        error: (error) => assert.fail(JSON.stringify(error)),
        complete: () => {},
      },
    );
    return async () => {
      unsubscribe();
      await client.dispose();
    };
  });
});

test("a bad key is not retried", async () => {
  const client = createClient({
    url: wsUrl,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: "Bearer bad" },
    retryAttempts: 5,
  });
  const closed = await new Promise((resolve) =>
    client.subscribe({ query: EVENTS }, { next: assert.fail, error: resolve, complete: assert.fail }),
  );
  assert.equal(closed.code, 4401);
});
