// The server under judgement, and the few calls that several judges make.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { connect, createServer } from "node:net";
import { once } from "node:events";

const { TOCSIN_URL, TOCSIN_KEY } = process.env;
assert.ok(TOCSIN_URL && TOCSIN_KEY, "set TOCSIN_URL and TOCSIN_KEY");

export const key = TOCSIN_KEY;
export const httpUrl = `${TOCSIN_URL}/graphql`;
export const wsUrl = httpUrl.replace(/^http/, "ws");
export const authorization = { Authorization: `Bearer ${key}` };

export const EVENTS = `subscription Events($after: String) {
  incidentEvents(after: $after) { cursor kind incident { number title status } entry { kind bodyMarkdown } }
}`;
export const TRIGGER = `mutation Trigger($input: TriggerIncidentInput!) {
  triggerIncident(input: $input) { incident { id number title status } userErrors { code message field } }
}`;
export const INCIDENT = `query Incident($number: Int!) {
  incident(number: $number) { id number title status timeline(first: 10) { nodes { kind source } } }
}`;

/** A GraphQL request by hand: the answer's data, or a failed test. */
export async function ask(query, variables) {
  const response = await fetch(httpUrl, {
    method: "POST",
    headers: { ...authorization, "Content-Type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
  return answer.data;
}

export async function trigger(title) {
  const { triggerIncident } = await ask(TRIGGER, { input: { title, urgency: "LOW" } });
  assert.deepEqual(triggerIncident.userErrors, []);
  return triggerIncident.incident;
}

/** Where the event log ends now. */
export async function lastCursor() {
  await trigger(`Start of ${randomUUID()}`);
  let after = null;
  for (;;) {
    const { eventLog } = await ask(
      "query Log($after: String) { eventLog(after: $after, first: 100) { pageInfo { hasNextPage endCursor } } }",
      { after },
    );
    after = eventLog.pageInfo.endCursor ?? after;
    if (!eventLog.pageInfo.hasNextPage) return after;
  }
}

/** A way to the server that can be cut. */
export async function cuttable() {
  const target = new URL(TOCSIN_URL);
  const sockets = new Set();
  const server = createServer((near) => {
    const far = connect(Number(target.port || 80), target.hostname);
    for (const [one, other] of [[near, far], [far, near]]) {
      sockets.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => sockets.forEach((socket) => socket.destroy());
  return {
    wsUrl: `ws://127.0.0.1:${server.address().port}/graphql`,
    cut,
    close() {
      cut();
      server.close();
    },
  };
}

/** Collects what a subscription brings, and waits until there is enough of it. */
export class Collected {
  #prefix;
  #waiting = [];
  titles = [];
  after;

  constructor(prefix, after) {
    this.#prefix = prefix;
    this.after = after;
  }

  add(event) {
    this.after = event.cursor;
    if (!event.incident.title.startsWith(this.#prefix)) return;
    this.titles.push(event.incident.title);
    this.#waiting = this.#waiting.filter(({ count, resolve }) => {
      if (this.titles.length < count) return true;
      resolve();
      return false;
    });
  }

  async until(count) {
    if (this.titles.length >= count) return;
    await new Promise((resolve) => this.#waiting.push({ count, resolve }));
  }
}

/**
 * A subscription that loses its connection twice, with events before, between and after: each of them must come
 * once, in order. `subscribe(wsUrl, collected)` starts the client and returns how to stop it.
 */
export async function resumes(subscribe) {
  const prefix = `Resume ${randomUUID()}`;
  const way = await cuttable();
  const collected = new Collected(prefix, await lastCursor());
  const stop = subscribe(way.wsUrl, collected);
  const expected = [];
  const send = async (count) => {
    for (let n = 0; n < count; n += 1) {
      const title = `${prefix} ${expected.length + 1}`;
      expected.push(title);
      await trigger(title);
    }
  };
  try {
    await send(5);
    await collected.until(5);
    way.cut();
    await send(5);
    await collected.until(10);
    const during = send(5);
    way.cut();
    await during;
    await collected.until(15);
    await send(1);
    await collected.until(16);
    assert.deepEqual(collected.titles, expected);
  } finally {
    await stop();
    way.close();
  }
}
