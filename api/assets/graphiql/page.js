"use strict";
// GraphiQL over this server, with an API key that stays in this tab, or as who is signed in.

(() => {
  const STORED_KEY = "tocsin.key";
  // The server may stand below a path of its host.
  const API = new URL("../../graphql", document.currentScript.src).href;
  const byId = (id) => document.getElementById(id);
  const state = byId("key-state");
  let socket;

  const key = () => sessionStorage.getItem(STORED_KEY) ?? "";

  function authorization(headers = {}) {
    const own = Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
    return own || key() === "" ? headers : { ...headers, Authorization: `Bearer ${key()}` };
  }

  // A socket keeps the key it was opened with, so that a new key takes a new socket.
  function connect() {
    socket?.dispose();
    const url = new URL(API);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    socket = graphqlWs.createClient({ url: url.href, connectionParams: () => authorization() });
  }

  const fetcher = GraphiQL.createFetcher({
    url: API,
    wsClient: {
      subscribe: (payload, sink) => socket.subscribe(payload, sink),
    },
    fetch: (url, options) => fetch(url, { ...options, headers: authorization(options.headers) }),
  });

  function render() {
    root.render(
      React.createElement(GraphiQL, {
        // Another key may see another schema: start anew.
        key: key(),
        fetcher,
        defaultQuery: [
          "# Each request carries the API key above, or your session.",
          "# Subscriptions run over WebSocket: choose `Live` and trigger an incident elsewhere.",
          "",
          "query Newest {",
          "  incidents(first: 10) {",
          "    nodes {",
          "      key",
          "      title",
          "      status",
          "      urgency",
          "      url",
          "    }",
          "  }",
          "}",
          "",
          "subscription Live {",
          "  incidentEvents {",
          "    kind",
          "    incident {",
          "      key",
          "      status",
          "    }",
          "  }",
          "}",
          "",
        ].join("\n"),
      }),
    );
  }

  async function showKey() {
    byId("forget").hidden = key() === "";
    state.className = "";
    state.textContent = "";
    const response = await fetch(API, {
      method: "POST",
      headers: authorization({ "Content-Type": "application/json" }),
      body: JSON.stringify({ query: "{ viewer { organization { name } user { name } scopes } }" }),
    }).catch(() => null);
    const answer = await response?.json().catch(() => null);
    const viewer = answer?.data?.viewer;
    if (viewer) {
      const as = key() === "" ? `signed in as ${viewer.user?.name}` : viewer.scopes.join(", ");
      state.textContent = `${viewer.organization?.name ?? "No organisation"}: ${as}`;
    } else if (key() === "") {
      state.textContent = "Sign in at /sign-in, or paste a key to run queries.";
    } else {
      state.className = "bad";
      state.textContent = answer?.errors?.[0]?.message ?? "The server cannot be reached.";
    }
  }

  function use(value) {
    if (value === "") {
      sessionStorage.removeItem(STORED_KEY);
    } else {
      sessionStorage.setItem(STORED_KEY, value);
    }
    byId("key").value = "";
    connect();
    render();
    showKey();
  }

  const root = ReactDOM.createRoot(byId("graphiql"));
  byId("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const value = byId("key").value.trim();
    if (value !== "") use(value);
  });
  byId("forget").addEventListener("click", () => use(""));
  connect();
  render();
  showKey();
})();
