"use strict";
// GraphQL for the pages: requests over HTTP, and the event stream over WebSocket. A key that was pasted goes before the session, whose cookie the
// browser sends by itself.

const STORED_KEY = "tocsin.key";
// The server may stand below a path of its host: what it is asked is addressed from where this file came from.
const API = new URL("../../graphql", document.currentScript.src);
// The start page, below which all others stand.
const BASE = new URL(".", API).href;
const key = {
  get: () => sessionStorage.getItem(STORED_KEY),
  set: (value) => sessionStorage.setItem(STORED_KEY, value),
  forget: () => sessionStorage.removeItem(STORED_KEY),
};

class ApiError extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

function authorization() {
  return key.get() ? { Authorization: `Bearer ${key.get()}` } : {};
}

// Whether a request failed since nobody is signed in, or the key is not valid any more: it is forgotten then.
function isSignedOut(error) {
  if (error.code !== "UNAUTHENTICATED") return false;
  key.forget();
  return true;
}

// Leads to where people sign in, and from there back here.
function leadToSignIn() {
  const here = location.pathname + location.search + location.hash;
  location.replace(`${BASE}sign-in#next=${encodeURIComponent(here)}`);
}

// Sends JSON to this server.
async function post(path, body) {
  let response;
  try {
    response = await fetch(new URL(path, BASE), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new ApiError("The server cannot be reached.", "UNREACHABLE");
  }
  const answer = await response.json().catch(() => null);
  const error = answer?.errors?.[0];
  if (error) throw new ApiError(error.message, error.extensions?.code);
  if (!response.ok || !answer) throw new ApiError(`The server answered ${response.status}.`, "UNREACHABLE");
  return answer;
}

// Forgets the key that was pasted, or ends the session, and leads to where people sign in.
async function leave() {
  if (key.get()) key.forget();
  else await post("sign-out", {});
  leadToSignIn();
}

async function graphql(query, variables) {
  let response;
  try {
    response = await fetch(API, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/graphql-response+json, application/json",
        ...authorization(),
      },
      body: JSON.stringify({ query, variables }),
    });
  } catch {
    throw new ApiError("The server cannot be reached.", "UNREACHABLE");
  }
  const answer = await response.json().catch(() => null);
  const error = answer?.errors?.[0];
  if (error) throw new ApiError(error.message, error.extensions?.code);
  if (!answer?.data) throw new ApiError(`The server answered ${response.status}.`, "UNREACHABLE");
  return answer.data;
}

// Makes a change; a user error is thrown, so that callers see one kind of failure.
async function mutate(query, input) {
  const data = await graphql(query, { input: { ...input, idempotencyKey: randomKey() } });
  const [payload] = Object.values(data);
  const [error] = payload.userErrors;
  if (error) throw new ApiError(error.message, error.code);
}

function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

const EVENTS = `subscription Events($after: String) {
  incidentEvents(after: $after) { cursor incident { number } }
}`;

// Follows the event log for as long as the page lives. It goes on after the last cursor seen, so that a broken
// connection loses nothing.
class EventStream {
  constructor({ onOpen, onEvent, onState, onRefused }) {
    Object.assign(this, { onOpen, onEvent, onState, onRefused });
    this.cursor = null;
    this.attempt = 0;
    this.stopped = false;
    this.open();
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    this.socket.close(1000);
  }

  open() {
    const url = new URL(API);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url, "graphql-transport-ws");
    this.socket = socket;
    const send = (message) => socket.send(JSON.stringify(message));
    socket.onopen = () =>
      send({ type: "connection_init", payload: authorization() });
    socket.onmessage = ({ data }) => this.receive(JSON.parse(data), send);
    socket.onclose = ({ code, reason }) => this.closed(code, reason);
  }

  receive(message, send) {
    switch (message.type) {
      case "connection_ack":
        this.attempt = 0;
        send({ id: "events", type: "subscribe", payload: { query: EVENTS, variables: { after: this.cursor } } });
        this.onState(true);
        this.onOpen();
        break;
      case "ping":
        send({ type: "pong" });
        break;
      case "next": {
        const event = message.payload.data?.incidentEvents;
        if (event) {
          this.cursor = event.cursor;
          this.onEvent(event);
        }
        break;
      }
      case "error":
        // The cursor may be too old to go on from: start from now, as the page reads the present state anyway.
        this.cursor = null;
        this.socket.close(1000);
        break;
      case "complete":
        this.socket.close(1000);
        break;
    }
  }

  closed(code, reason) {
    if (this.stopped) return;
    this.onState(false);
    if (code === 4401) {
      this.stopped = true;
      this.onRefused(reason);
      return;
    }
    const wait = Math.min(30_000, 500 * 2 ** this.attempt) * (0.5 + Math.random() / 2);
    this.attempt += 1;
    this.timer = setTimeout(() => this.open(), wait);
  }
}
