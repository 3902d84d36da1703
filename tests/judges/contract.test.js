// A client of the last release goes on working: what contract.graphql has is deprecated before it is taken away.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { buildSchema, findBreakingChanges } from "graphql";

const here = import.meta.dirname;
const read = (path) => readFileSync(join(here, path), "utf8");

test("nothing that clients rely on is gone", () => {
  const [promised, present] = [read("contract.graphql"), read("../../schema.graphql")].map((text) => buildSchema(text));
  const broken = findBreakingChanges(promised, present).map((change) => change.description);
  const hint = "Deprecate it first. Where CHANGELOG.md calls the change breaking, run: node tests/judges/contract.js";
  assert.deepEqual(broken, [], hint);
});

test("a field that is gone would be noticed", () => {
  const promised = buildSchema("type Query { a: Int b: Int }");
  const present = buildSchema("type Query { a: Int }");
  assert.equal(findBreakingChanges(promised, present).length, 1);
});
