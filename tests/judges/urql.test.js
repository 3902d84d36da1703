// @urql/core: queries by GET, mutations by POST, and a subscription that goes on after its connection dropped.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { EVENTS, INCIDENT, TRIGGER, authorization, httpUrl, resumes } from "./server.js";

const methods = [];
const overHttp = (preferGetMethod) =>
  new Client({
    url: httpUrl,
    preferGetMethod,
    exchanges: [fetchExchange],
    fetchOptions: { headers: authorization },
    fetch(url, options) {
      methods.push(options.method);
      return fetch(url, options);
    },
  });

test("mutations by POST, queries by GET and by POST", async () => {
  const variables = { input: { title: "By urql", urgency: "LOW" } };
  const triggered = await overHttp("force").mutation(TRIGGER, variables).toPromise();
  assert.equal(triggered.error, undefined);
  const { number } = triggered.data.triggerIncident.incident;
  for (const preferGet of ["force", false]) {
    const found = await overHttp(preferGet).query(INCIDENT, { number }).toPromise();
    assert.equal(found.error, undefined);
    assert.equal(found.data.incident.title, "By urql");
  }
  assert.deepEqual(methods, ["POST", "GET", "POST"]);
});

test("a faulty document is a GraphQL error", async () => {
  const { error } = await overHttp(false).query("{ nothing }", {}).toPromise();
  assert.equal(error.networkError, undefined);
  assert.equal(error.graphQLErrors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
});

test("a subscription loses nothing when its connection drops", async () => {
  await resumes((url, collected) => {
    const socket = createClient({ url, webSocketImpl: WebSocket, connectionParams: authorization, retryAttempts: 0 });
    const client = new Client({
      url: httpUrl,
      exchanges: [
        subscriptionExchange({
          forwardSubscription: (request) => ({
            subscribe: (sink) => ({
              unsubscribe: socket.subscribe({ ...request, query: request.query ?? "" }, sink),
            }),
          }),
        }),
      ],
    });
    let subscription;
    let stopped = false;
    const follow = () => {
      if (stopped) return;
      subscription = client.subscription(EVENTS, { after: collected.after }).subscribe(({ data, error }) => {
        if (error) {
          subscription?.unsubscribe();
          setTimeout(follow, 20);
        } else if (data) {
          collected.add(data.incidentEvents);
        }
      });
    };
    follow();
    return async () => {
      stopped = true;
      subscription.unsubscribe();
      await socket.dispose();
    };
  });
});
