// graphql-codegen: types from schema.graphql and operations.graphql, and a program that uses them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { generate } from "@graphql-codegen/cli";

const here = import.meta.dirname;

const PROGRAM = `
import { IncidentPageDocument, IncidentStatus, TriggerDocument, Urgency } from "./generated";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";

type Data<T> = T extends TypedDocumentNode<infer D, infer _> ? D : never;
type Variables<T> = T extends TypedDocumentNode<infer _, infer V> ? V : never;

export const input: Variables<typeof TriggerDocument> = { input: { title: "Typed", urgency: Urgency.High } };
export function open(page: Data<typeof IncidentPageDocument>): string[] {
  const incident = page.incident;
  if (!incident || incident.status === IncidentStatus.Resolved) return [];
  return incident.timeline.nodes.map((entry) => entry.bodyMarkdown ?? entry.kind);
}
// @ts-expect-error: a title is required
export const incomplete: Variables<typeof TriggerDocument> = { input: {} };
`;

test("the generated types compile, and refuse what does not fit", async () => {
  const folder = await mkdtemp(join(here, "generated-"));
  try {
    await generate(
      {
        cwd: here,
        silent: true,
        schema: join(here, "../../schema.graphql"),
        documents: [join(here, "operations.graphql"), join(here, "pages/*.graphql")],
        generates: {
          [join(folder, "generated.ts")]: {
            plugins: ["typescript", "typescript-operations", "typed-document-node"],
            config: { strictScalars: true, scalars: { DateTime: "string", JSON: "unknown" } },
          },
        },
      },
      true,
    );
    await writeFile(join(folder, "program.ts"), PROGRAM);
    const tsc = join(here, "node_modules/.bin/tsc");
    const options = ["--noEmit", "--strict", "--skipLibCheck", "--target", "es2022", "--module", "esnext"];
    execFileSync(tsc, [...options, "--moduleResolution", "bundler", join(folder, "program.ts")], { stdio: "pipe" });
  } catch (error) {
    assert.fail(error.stdout?.toString() || error.errors?.join("\n") || error);
  } finally {
    await rm(folder, { recursive: true });
  }
});
