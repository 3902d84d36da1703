// graphql-js holds every GraphQL example of README.md and docs/ against schema.graphql, with the variables that follow it.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildSchema, getOperationAST, parse, validate } from "graphql";
import { getVariableValues } from "graphql/execution/values.js";

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
