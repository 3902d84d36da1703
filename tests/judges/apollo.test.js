// @apollo/client: query, mutation, and a subscription that goes on after its connection dropped.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { CombinedGraphQLErrors } from "@apollo/client/errors";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { EVENTS, INCIDENT, TRIGGER, authorization, httpUrl, resumes } from "./server.js";

const overHttp = new ApolloClient({
  link: new HttpLink({ uri: httpUrl, headers: authorization }),
  cache: new InMemoryCache(),
});

test("mutation and query", async () => {
  const variables = { input: { title: "By Apollo", urgency: "LOW" } };
  const { data } = await overHttp.mutate({ mutation: gql(TRIGGER), variables });
  const { number } = data.triggerIncident.incident;
  const found = await overHttp.query({ query: gql(INCIDENT), variables: { number } });
  assert.equal(found.data.incident.title, "By Apollo");
  assert.equal(found.data.incident.timeline.nodes[0].kind, "TRIGGERED");
});

test("a faulty document is a GraphQL error, not a network error", async () => {
  await assert.rejects(overHttp.query({ query: gql("{ nothing }") }), (error) => {
    assert.ok(CombinedGraphQLErrors.is(error), `${error}`);
    assert.equal(error.errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
    return true;
  });
});

test("a field that fails is null beside its siblings, and no field is missing", async () => {
  const warnings = [];
  const { error: log } = console;
  console.error = (...words) => warnings.push(words.join(" "));
  try {
    const query = gql("{ viewer { scopes } failed: incident { number } }");
    const { data, error } = await overHttp.query({ query, errorPolicy: "all", fetchPolicy: "network-only" });
    assert.equal(data.failed, null);
    assert.ok(data.viewer.scopes.length > 0);
    assert.deepEqual(error.errors[0].path, ["failed"]);
  } finally {
    console.error = log;
  }
  assert.deepEqual(warnings, []);
});

test("a subscription loses nothing when its connection drops", async () => {
  await resumes((url, collected) => {
    const socket = createClient({ url, webSocketImpl: WebSocket, connectionParams: authorization, retryAttempts: 0 });
    const link = ApolloLink.from([new GraphQLWsLink(socket)]);
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    let subscription;
    let stopped = false;
    const follow = () => {
      if (stopped) return;
      const variables = { after: collected.after };
      subscription = client.subscribe({ query: gql(EVENTS), variables, fetchPolicy: "no-cache" }).subscribe({
        next({ data, error }) {
          if (error) setTimeout(follow, 20);
          else collected.add(data.incidentEvents);
        },
        error: () => setTimeout(follow, 20),
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
