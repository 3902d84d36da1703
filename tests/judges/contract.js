// Writes what clients may rely on from now on into contract.graphql: for a release, and for a change that CHANGELOG.md calls breaking.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSchema, parse, print, visit } from "graphql";

const schema = join(import.meta.dirname, "../../schema.graphql");
const contract = join(import.meta.dirname, "contract.graphql");
const withoutDescriptions = visit(parse(readFileSync(schema, "utf8")), {
  enter: (node) => (node.description ? { ...node, description: undefined } : undefined),
});
const text = `# What clients may rely on. Made by: node tests/judges/contract.js\n\n${print(withoutDescriptions)}\n`;
buildSchema(text);
writeFileSync(contract, text);
