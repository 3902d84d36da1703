// A Tocsin of one's own, whose people sign in with the npm package `oidc-provider`: for what the server under judgement can't be asked.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import Provider from "oidc-provider";

// One that a header must escape.
const CLIENT_SECRET = "a secret: of %2B the client's";
const BINARY = process.env.TOCSIN_BINARY;
const run = promisify(execFile);

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Starts an issuer. `people` are its accounts: what they sign in as, with their claims, which a test may change. */
async function startIssuer(redirectUri, { idTokenHasClaims = false } = {}) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const people = new Map();
  const provider = new Provider(url, {
    clients: [
      {
        client_id: "tocsin",
        client_secret: CLIENT_SECRET,
        redirect_uris: [redirectUri],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
    conformIdTokenClaims: !idTokenHasClaims,
    cookies: { keys: [randomBytes(16).toString("hex")] },
    features: { devInteractions: { enabled: true } },
    findAccount: (_, id) => people.has(id) && { accountId: id, claims: () => ({ sub: id, ...people.get(id) }) },
    pkce: { required: () => true },
    ttl: { Interaction: 600, Session: 600, Grant: 600, IdToken: 600, AccessToken: 600 },
  });
  const server = provider.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url,
    people,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Asks until the server is ready, or has ended. */
async function untilReady(url, ended) {
  while (!ended.value) {
    const response = await fetch(`${url}/readyz`).catch(() => null);
    if (response?.ok) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`tocsin has ended: ${ended.said}`);
}

/** Starts an issuer and a Tocsin that trusts it, with a simulated Slack workspace. */
export async function startStack({ environment = {}, ...options } = {}) {
  assert.ok(BINARY, "set TOCSIN_BINARY");
  const directory = await mkdtemp(join(tmpdir(), "tocsin-judged-"));
  const [port, slackPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const issuer = await startIssuer(`${url}/sign-in/oidc/callback`, options);
  const key = `tocsin_judges_${randomBytes(16).toString("hex")}`;
  const env = {
    PATH: process.env.PATH,
    TOCSIN_ADMIN_KEY: key,
    TOCSIN_LISTEN: `127.0.0.1:${port}`,
    TOCSIN_SIMULATOR_LISTEN: `127.0.0.1:${slackPort}`,
    TOCSIN_LOG: "warn",
    TOCSIN_OIDC_ISSUER: issuer.url,
    TOCSIN_OIDC_CLIENT_ID: "tocsin",
    TOCSIN_OIDC_CLIENT_SECRET: CLIENT_SECRET,
    TOCSIN_OIDC_NAME: "Example login",
    TOCSIN_OIDC_SCOPES: "email profile groups",
    TOCSIN_OIDC_GROUPS: "ops-admins=ADMIN, *=RESPONDER",
    ...environment,
  };
  const child = spawn(BINARY, ["up"], { cwd: directory, env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = { value: false, said: "" };
  child.stdout.resume();
  child.stderr.on("data", (data) => (ended.said += data));
  const exit = once(child, "exit").then(() => (ended.value = true));
  const stack = {
    url,
    key,
    issuer,
    clientSecret: CLIENT_SECRET,
    logged: () => ended.said,
    /** What a command prints; `before` are words before it, as `faketime` has them. */
    async tocsin(words, before = []) {
      const [program, ...rest] = [...before, BINARY, ...words];
      const { stdout } = await run(program, rest, { cwd: directory, env });
      return stdout;
    },
    /** The address that signs a member of the first organisation in once. */
    async link(email, before) {
      const { organization } = await stack.ask("{ organization { slug } }");
      const printed = await stack.tocsin(["login-link", email, "--org", organization.slug], before);
      return printed.match(/http\S+#token=[\w-]+/)[0];
    },
    async ask(query, variables, shown = key) {
      const response = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: { Authorization: `Bearer ${shown}`, "Content-Type": "application/json" },
        body: JSON.stringify({ query, variables }),
      });
      const answer = await response.json();
      assert.equal(answer.errors, undefined, JSON.stringify(answer.errors));
      return answer.data;
    },
    async member(name, email, role, shown) {
      const { createUser } = await stack.ask(
        "mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } userErrors { message } } }",
        { input: { name, email, role } },
        shown,
      );
      assert.deepEqual(createUser.userErrors, []);
      return createUser.user.id;
    },
    async incident(title) {
      const { triggerIncident } = await stack.ask(
        "mutation($input: TriggerIncidentInput!) { triggerIncident(input: $input) { incident { number } userErrors { message } } }",
        { input: { title, urgency: "LOW" } },
      );
      return triggerIncident.incident.number;
    },
    async stop() {
      child.kill("SIGTERM");
      await exit;
      issuer.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
  try {
    await untilReady(url, ended);
  } catch (error) {
    await stack.stop();
    throw error;
  }
  return stack;
}
