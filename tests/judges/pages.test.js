// The pages of a frontend, by @apollo/client and by @urql/core, each with its normalised cache: one request for a page, and a change shows without
// reading the page again.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { createClient } from "graphql-ws";
import WebSocket from "ws";
import { authorization, httpUrl, lastCursor, trigger, wsUrl } from "./server.js";

const folder = join(import.meta.dirname, "pages");
const sources = readdirSync(folder).map((name) => readFileSync(join(folder, name), "utf8"));

/** The operation of this name with the fragments that it needs. */
function operation(name) {
  const definitions = sources.join("\n").split(/\n(?=query |mutation |subscription |fragment )/);
  const named = (kind, wanted) => definitions.find((text) => new RegExp(`^(${kind}) ${wanted}\\b`).test(text));
  const parts = new Map();
  const add = (text) => {
    for (const [, fragment] of text.matchAll(/\.\.\.(\w+)/g)) {
      if (fragment === "on" || parts.has(fragment)) continue;
      const definition = named("fragment", fragment);
      parts.set(fragment, definition);
      add(definition);
    }
  };
  const own = named("query|mutation|subscription", name);
  assert.ok(own, `there is an operation ${name}`);
  add(own);
  return [own, ...parts.values()].join("\n").replace(/^#.*$/gm, "");
}

/** A client that counts its requests, and fails on what its cache complains of. */
const CLIENTS = {
  apollo() {
    let requests = 0;
    const counting = (url, options) => {
      requests += 1;
      return fetch(url, options);
    };
    const client = new ApolloClient({
      link: new HttpLink({ uri: httpUrl, headers: authorization, fetch: counting }),
      cache: new InMemoryCache({ possibleTypes: { Node: ["Service"] } }),
    });
    return {
      requests: () => requests,
      query: async (name, variables, fetchPolicy = "network-only") =>
        (await client.query({ query: gql(operation(name)), variables, fetchPolicy })).data,
      mutate: async (name, variables) => (await client.mutate({ mutation: gql(operation(name)), variables })).data,
    };
  },
  urql() {
    let requests = 0;
    const complaints = [];
    const client = new Client({
      url: httpUrl,
      preferGetMethod: false,
      exchanges: [cacheExchange({ keys: KEYLESS, logger: (_, text) => complaints.push(text) }), fetchExchange],
      fetchOptions: { headers: authorization },
      fetch(url, options) {
        requests += 1;
        return fetch(url, options);
      },
    });
    const done = ({ data, error }) => {
      assert.equal(error, undefined);
      assert.deepEqual(complaints, []);
      return data;
    };
    return {
      requests: () => requests,
      query: async (name, variables, requestPolicy = "network-only") =>
        done(await client.query(operation(name), variables, { requestPolicy }).toPromise()),
      mutate: async (name, variables) => done(await client.mutation(operation(name), variables).toPromise()),
    };
  },
};

// Values that live in another object.
const KEYLESS = Object.fromEntries(
  ["Author", "IncidentPermissions", "MissingScopes", "SlackRoute", "SlackSettings", "Tag", "Viewer", "UserError", "IncidentResult"].map((name) => [
    name,
    () => null,
  ]),
);

for (const [name, make] of Object.entries(CLIENTS)) {
  test(`the inbox, by ${name}`, async () => {
    const client = make();
    const marker = randomUUID();
    const ids = [];
    for (const n of [1, 2]) ids.push((await trigger(`${n} of ${marker}`)).id);
    const variables = { filter: { search: marker, statuses: ["TRIGGERED"] }, orderBy: { field: "TRIGGERED_AT", direction: "ASC" } };
    const page = await client.query("InboxPage", variables);
    assert.equal(client.requests(), 1);
    assert.equal(page.incidents.totalCount, 2);
    assert.ok(page.viewer.permissions.includes("RESPOND"));
    assert.ok(page.services.nodes.length > 0);
    assert.deepEqual(page.incidents.nodes.map((node) => node.viewerCan.acknowledge), [true, true]);

    const { acknowledgeIncidents } = await client.mutate("InboxAcknowledge", { input: { ids } });
    assert.deepEqual(acknowledgeIncidents.results.map((result) => result.userErrors), [[], []]);
    assert.equal(client.requests(), 2);
    // The cache knows by the ids what has changed.
    const cached = await client.query("InboxPage", variables, "cache-only");
    assert.deepEqual(cached.incidents.nodes.map((node) => [node.status, node.viewerCan.acknowledge]), [["ACKNOWLEDGED", false], ["ACKNOWLEDGED", false]]);
    const resolved = await client.mutate("InboxResolve", { input: { ids: [ids[0], "inc_00000000000000000000000000000000"] } });
    assert.deepEqual(resolved.resolveIncidents.results.map((result) => result.userErrors[0]?.code), [undefined, "NOT_FOUND"]);
    assert.equal(client.requests(), 3);
  });

  test(`the page of an incident, by ${name}`, async () => {
    const client = make();
    const { id, number } = await trigger("A page of its own");
    const page = await client.query("IncidentDetailPage", { number });
    assert.equal(client.requests(), 1);
    assert.equal(page.incident.timeline.totalCount, 1);
    const change = { input: { id, severity: "SEV2", tags: [{ key: "region", value: "eu" }], version: page.incident.version } };
    const changed = await client.mutate("PageUpdate", change);
    assert.deepEqual(changed.updateIncident.userErrors, []);
    const stale = await client.mutate("PageUpdate", change);
    assert.equal(stale.updateIncident.userErrors[0].code, "CONFLICT");
    const cached = await client.query("IncidentDetailPage", { number }, "cache-only");
    assert.deepEqual([cached.incident.severity, cached.incident.tags.map((tag) => tag.value)], ["SEV2", ["eu"]]);
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const snoozed = await client.mutate("PageSnooze", { input: { id, until } });
    assert.equal(snoozed.snoozeIncident.incident.viewerCan.unsnooze, true);
    const woken = await client.mutate("PageUnsnooze", { input: { id } });
    assert.equal(woken.unsnoozeIncident.incident.status, "TRIGGERED");
    const comment = await client.mutate("PageComment", { input: { incidentId: id, bodyMarkdown: "*Seen*" } });
    assert.equal(comment.addComment.entry.viewerCanEdit, true);
    const edited = await client.mutate("PageEditComment", { input: { id: comment.addComment.entry.id, bodyMarkdown: "*Done*" } });
    assert.equal(edited.editComment.entry.bodyMarkdown, "*Done*");
  });

  test(`the page of a service, by ${name}`, async () => {
    const client = make();
    const created = await client.mutate("ServiceCreate", { input: { name: `Service ${randomUUID()}` } });
    const { id, name: title } = created.createService.service;
    const page = await client.query("ServicePage", { id });
    assert.deepEqual([page.node.openIncidentCount, page.node.incidents.totalCount], [0, 0]);
    const renamed = await client.mutate("ServiceUpdate", { input: { id, name: `${title}!`, defaultUrgency: "LOW" } });
    assert.deepEqual(renamed.updateService.userErrors, []);
    await client.mutate("ServiceArchive", { input: { id } });
    const cached = await client.query("ServicePage", { id }, "cache-only");
    assert.equal(cached.node.name, `${title}!`);
    assert.ok(cached.node.archivedAt);
    const list = await client.query("ServiceListPage", { filter: { search: title, isArchived: true } });
    assert.deepEqual(list.services.nodes.map((node) => node.id), [id]);
  });

  test(`the settings, by ${name}`, async () => {
    const client = make();
    const page = await client.query("SettingsPage", {});
    assert.equal(client.requests(), 1);
    assert.ok(page.viewer.permissions.includes("MANAGE") && page.connectors.length > 0);
    const marker = randomUUID();
    const made = await client.mutate("SettingsCreateUser", { input: { name: marker, email: `${marker}@example.com`, role: "RESPONDER" } });
    const { id } = made.createUser.user;
    const gone = await client.mutate("SettingsUpdateUser", { input: { id, active: false } });
    assert.equal(gone.updateUser.user.active, false);
    const users = await client.query("SettingsPage", { users: { search: marker, active: false } });
    assert.deepEqual(users.users.nodes.map((node) => node.id), [id]);
    const key = await client.mutate("SettingsCreateKey", { input: { name: marker, scopes: ["READ"] } });
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const ends = await client.mutate("SettingsUpdateKey", { input: { id: key.createApiKey.apiKey.id, expiresAt } });
    assert.ok(ends.updateApiKey.apiKey.expiresAt);
    const { slug } = page.organization;
    const same = await client.mutate("SettingsUpdateOrganization", { input: { slug } });
    assert.deepEqual(same.updateOrganization.userErrors, []);
  });
}

test("a page goes on where its events stopped", async () => {
  const after = await lastCursor();
  const { id } = await trigger("Followed");
  await trigger("Another");
  const socket = createClient({ url: wsUrl, webSocketImpl: WebSocket, connectionParams: authorization, retryAttempts: 0 });
  const query = operation("PageEvents");
  const next = async (variables) => {
    for await (const { data, errors } of socket.iterate({ query, variables })) {
      assert.equal(errors, undefined);
      return data.incidentEvents;
    }
  };
  const first = await next({ id, after });
  assert.deepEqual([first.kind, first.incident.id], ["INCIDENT_TRIGGERED", id]);
  const client = CLIENTS.apollo();
  await client.mutate("PageComment", { input: { incidentId: id, bodyMarkdown: "more" } });
  const second = await next({ id, after: first.cursor });
  assert.deepEqual([second.kind, second.entry.bodyMarkdown], ["COMMENT_ADDED", "more"]);
  await socket.dispose();
});
