// graphql-transport-ws, message by message: what npm graphql-ws' PROTOCOL.md asks of a server.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import WebSocket from "ws";
import { authorization, key, trigger, wsUrl } from "./server.js";

const PROTOCOL = "graphql-transport-ws";

class Client {
  #messages = [];
  #waiting = [];

  static async connect(protocol = PROTOCOL, headers = {}) {
    const client = new Client();
    client.socket = new WebSocket(wsUrl, protocol, { headers });
    client.closed = once(client.socket, "close").then(([code, reason]) => ({ code, reason: reason.toString() }));
    client.socket.on("message", (data) => {
      const waiting = client.#waiting.shift();
      if (waiting) waiting(JSON.parse(data));
      else client.#messages.push(JSON.parse(data));
    });
    await once(client.socket, "open");
    return client;
  }

  static async initialised(payload = authorization) {
    const client = await Client.connect();
    client.send({ type: "connection_init", payload });
    assert.deepEqual(await client.receive(), { type: "connection_ack" });
    return client;
  }

  send(message) {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  subscribe(id, query, variables) {
    this.send({ id, type: "subscribe", payload: { query, variables } });
  }

  receive() {
    if (this.#messages.length > 0) return Promise.resolve(this.#messages.shift());
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close() {
    this.socket.close();
  }
}

test("connection_init is answered with connection_ack", async () => {
  for (const payload of [
    authorization,
    { authorization: `Bearer ${key}` },
    { headers: { Authorization: `Bearer ${key}` } },
  ]) {
    (await Client.initialised(payload)).close();
  }
});

test("the key may come with the upgrade", async () => {
  const client = await Client.connect(PROTOCOL, authorization);
  client.send({ type: "connection_init" });
  assert.deepEqual(await client.receive(), { type: "connection_ack" });
  client.subscribe("1", "{ viewer { role } }");
  assert.equal((await client.receive()).type, "next");
  client.close();
});

test("no connection_init within 10 s closes with 4408", async () => {
  const client = await Client.connect();
  const opened = Date.now();
  assert.equal((await client.closed).code, 4408);
  assert.ok(Date.now() - opened > 8_000);
});

test("subscribe before connection_init closes with 4401", async () => {
  const client = await Client.connect();
  client.subscribe("1", "{ __typename }");
  assert.equal((await client.closed).code, 4401);
});

test("a bad key closes with 4401", async () => {
  for (const payload of [{ Authorization: "Bearer bad" }, { Authorization: "nonsense" }]) {
    const client = await Client.connect();
    client.send({ type: "connection_init", payload });
    assert.equal((await client.closed).code, 4401);
  }
});

test("a second connection_init closes with 4429", async () => {
  const client = await Client.initialised();
  client.send({ type: "connection_init", payload: authorization });
  assert.deepEqual(await client.closed, { code: 4429, reason: "Too many initialisation requests" });
});

test("a duplicate id closes with 4409", async () => {
  const client = await Client.initialised();
  client.subscribe("1", "subscription { incidentEvents { cursor } }");
  client.subscribe("1", "subscription { incidentEvents { cursor } }");
  assert.deepEqual(await client.closed, { code: 4409, reason: "Subscriber for 1 already exists" });
});

test("an id is free again after complete", async () => {
  const client = await Client.initialised();
  for (let n = 0; n < 3; n += 1) {
    client.subscribe("1", "subscription { incidentEvents { cursor } }");
    client.send({ id: "1", type: "complete" });
  }
  client.subscribe("1", "{ __typename }");
  assert.deepEqual(await client.receive(), { id: "1", type: "next", payload: { data: { __typename: "Query" } } });
  assert.deepEqual(await client.receive(), { id: "1", type: "complete" });
  client.close();
});

test("an invalid message closes with 4400 and a reason that fits", async () => {
  const messages = [
    "",
    "no json",
    "[]",
    { type: "start" },
    { type: "next", id: "1" },
    { type: "subscribe", payload: { query: "{ __typename }" } },
    { type: "subscribe", id: "1" },
    { type: "subscribe", id: "1", payload: { query: 1 } },
    { type: "complete" },
    { type: "x".repeat(500) },
  ];
  for (const message of messages) {
    const client = await Client.initialised();
    client.send(message);
    const { code, reason } = await client.closed;
    assert.equal(code, 4400, JSON.stringify(message));
    assert.ok(Buffer.byteLength(reason) <= 123 && reason.length > 0);
  }
});

test("another subprotocol closes with 4406", async () => {
  for (const protocol of ["graphql-ws", []]) {
    const client = await Client.connect(protocol);
    assert.equal((await client.closed).code, 4406);
  }
});

test("queries and mutations are answered by next and complete", async () => {
  const client = await Client.initialised();
  client.subscribe("q", "query { viewer { scopes } }");
  const next = await client.receive();
  assert.equal(next.type, "next");
  assert.ok(next.payload.data.viewer.scopes.length > 0);
  assert.deepEqual(await client.receive(), { id: "q", type: "complete" });
  client.subscribe("m", 'mutation { triggerIncident(input: {title: "By socket", urgency: LOW}) { incident { title } } }');
  assert.equal((await client.receive()).payload.data.triggerIncident.incident.title, "By socket");
  assert.deepEqual(await client.receive(), { id: "m", type: "complete" });
  client.close();
});

test("request errors are an error message, and the socket stays open", async () => {
  const client = await Client.initialised();
  for (const query of [
    "{",
    "{ nothing }",
    "query($n: Int!) { incident(number: $n) { id } }",
    "subscription { nothing }",
    'subscription { incidentEvents(after: "nonsense") { cursor } }',
  ]) {
    client.subscribe("1", query);
    const message = await client.receive();
    assert.equal(message.type, "error", query);
    assert.equal(message.id, "1");
    assert.ok(message.payload[0].extensions.code && message.payload[0].extensions.requestId);
  }
  client.subscribe("1", "{ __typename }");
  assert.equal((await client.receive()).type, "next");
  client.close();
});

test("ping is answered with pong", async () => {
  const client = await Client.initialised();
  client.send({ type: "ping" });
  assert.deepEqual(await client.receive(), { type: "pong" });
  client.send({ type: "pong" });
  client.send({ type: "ping", payload: { n: 1 } });
  assert.deepEqual(await client.receive(), { type: "pong", payload: { n: 1 } });
  client.close();
});

test("the server pings, and a silent healthy client stays connected", async () => {
  const client = await Client.initialised();
  client.subscribe("1", "subscription { incidentEvents { incident { title } } }");
  const pings = [];
  client.socket.on("ping", () => pings.push(Date.now()));
  await sleep(65_000);
  assert.ok(pings.length >= 2, `${pings.length} pings in 65 s`);
  assert.equal(client.socket.readyState, WebSocket.OPEN);
  await trigger("After a silence");
  assert.equal((await client.receive()).type, "next");
  client.close();
});

test("nothing comes after complete", async () => {
  const client = await Client.initialised();
  client.subscribe("1", "subscription { incidentEvents { incident { title } } }");
  client.send({ id: "1", type: "complete" });
  client.send({ type: "ping" });
  assert.deepEqual(await client.receive(), { type: "pong" });
  await trigger("Nobody listens");
  client.send({ type: "ping" });
  assert.deepEqual(await client.receive(), { type: "pong" });
  client.close();
});
