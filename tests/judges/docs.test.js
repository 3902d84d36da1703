// graphql-js holds every GraphQL example of README.md and docs/ against schema.graphql, with the variables that follow it. Those of the GraphQL guide
// are run, too.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildSchema, getOperationAST, parse, validate } from "graphql";
import { getVariableValues } from "graphql/execution/values.js";
import { ask, trigger } from "./server.js";

const root = join(import.meta.dirname, "../..");
const schema = buildSchema(readFileSync(join(root, "schema.graphql"), "utf8"));

function pages(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".md"))
    .map((entry) => join(entry.parentPath, entry.name));
}

// Blocks of code, those in lists without the list's indentation.
function blocks(text) {
  const found = [];
  for (const match of text.matchAll(/^( *)```(\w+)\n([\s\S]*?)^ *```$/gm)) {
    const [, indent, language, body] = match;
    found.push({ language, body: body.replaceAll(new RegExp(`^${indent}`, "gm"), "") });
  }
  return found;
}

// A block may hold several documents: each begins at the beginning of a line.
function documents(body) {
  return body.split(/^(?=query|mutation|subscription|\{)/m).filter((document) => document.trim());
}

test("every GraphQL example in the documentation fits the schema", () => {
  let count = 0;
  for (const page of [join(root, "README.md"), ...pages(join(root, "docs"))]) {
    const all = blocks(readFileSync(page, "utf8"));
    for (const [place, { language, body }] of all.entries()) {
      if (language !== "graphql") continue;
      const next = all[place + 1];
      for (const source of documents(body)) {
        const document = parse(source);
        const errors = validate(schema, document);
        assert.deepEqual(errors.map(String), [], `${page}: ${source}`);
        const { variableDefinitions } = getOperationAST(document);
        if (variableDefinitions.length > 0) {
          assert.equal(next?.language, "json", `${page}: ${source} has no variables`);
          const values = getVariableValues(schema, variableDefinitions, JSON.parse(next.body));
          assert.equal(values.errors, undefined, `${page}: ${values.errors}`);
        }
        count += 1;
      }
    }
  }
  assert.ok(count > 30, `only ${count} were found`);
});

/** A new object of the kind that an id of the guide names. */
const MADE = {
  inc: async () => {
    const { id } = await trigger("An example of the guide");
    const comment = "mutation($id: ID!) { addComment(input: {incidentId: $id, bodyMarkdown: \"On it\"}) { userErrors { code } } }";
    // The guide says the version of an incident that has changed twice.
    for (let n = 0; n < 2; n += 1) await ask(comment, { id });
    return id;
  },
  svc: async () => {
    const create = "mutation($name: String!) { createService(input: {name: $name}) { service { id } } }";
    return (await ask(create, { name: `Guide ${randomUUID()}` })).createService.service.id;
  },
  usr: async () => {
    const create = "mutation($email: String!) { createUser(input: {name: \"Alice\", email: $email, role: RESPONDER}) { user { id } } }";
    return (await ask(create, { email: `${randomUUID()}@example.com` })).createUser.user.id;
  },
};

test("the examples of the GraphQL guide do what they say", async () => {
  const all = blocks(readFileSync(join(root, "docs/reference/graphql.md"), "utf8"));
  let count = 0;
  for (const [place, { language, body }] of all.entries()) {
    if (language !== "graphql") continue;
    for (const source of documents(body)) {
      if (source.startsWith("subscription")) continue;
      let document = source;
      for (const [prefix, make] of Object.entries(MADE)) {
        while (document.includes(`${prefix}_…`)) document = document.replace(`${prefix}_…`, await make());
      }
      // A snooze ends within thirty days of now.
      document = document.replace(/until: "[^"]*"/, `until: "${new Date(Date.now() + 3_600_000).toISOString()}"`);
      // Names are unique, and the guide's may be taken by an earlier run.
      document = document.replace('name: "Payments"', `name: "Payments ${randomUUID()}"`);
      const { variableDefinitions } = getOperationAST(parse(document));
      const data = await ask(document, variableDefinitions.length > 0 ? JSON.parse(all[place + 1].body) : {});
      for (const [field, payload] of Object.entries(data)) {
        assert.deepEqual(payload?.userErrors ?? [], [], `${field}: ${document}`);
        for (const result of payload?.results ?? []) assert.deepEqual(result.userErrors, [], document);
      }
      count += 1;
    }
  }
  assert.ok(count > 12, `only ${count} were run`);
});
