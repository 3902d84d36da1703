// @graphql-eslint over schema.graphql: its rule sets schema-recommended and schema-relay.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import plugin from "@graphql-eslint/eslint-plugin";
import { ESLint } from "eslint";

// Where the schema knows better than a set's defaults.
const OPTIONS = {
  // What has no identity of its own: pages, payloads, and values that live in another object.
  "@graphql-eslint/strict-id-in-types": {
    exceptions: {
      types: [
        "Author", "ChannelHint", "CommentRevision", "CreatedSlackChannel", "IncidentEvent", "IncidentPermissions", "IncidentResult", "MissingScopes", "PageInfo",
        "SlackConnectionTest", "SlackIdentity", "SlackIdentityFound", "SlackInstallLink", "SlackLink",
        "SlackPerson", "SlackRoute", "SlackSettings", "SlackTemplateField", "SlackTemplatePreview", "SlackTemplateProblem",
        "SlackTemplateVariable", "SlackTestMessage", "Tag", "UserError", "Viewer",
      ],
      suffixes: ["Connection", "Edge", "Payload"],
    },
  },
  // The event log is followed from a cursor on, and never read backwards.
  "@graphql-eslint/relay-arguments": { includeBoth: false },
  // Relay itself has lists of values (`userErrors`); `nodes` beside `edges` is GitHub's habit, and ours. An event is
  // found by its cursor, not by `node(id:)`.
  "@graphql-eslint/relay-edge-types": { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false },
};

const root = join(import.meta.dirname, "../..");

function withOptions(rules) {
  return Object.fromEntries(
    Object.entries(rules).map(([name, rule]) => {
      const [severity, options] = [rule].flat();
      const merged = { ...options, ...OPTIONS[name] };
      return [name, Object.keys(merged).length > 0 ? [severity, merged] : severity];
    }),
  );
}

for (const set of ["flat/schema-recommended", "flat/schema-relay"]) {
  test(`${set} finds no fault`, async () => {
    const eslint = new ESLint({
      cwd: root,
      overrideConfigFile: true,
      overrideConfig: [
        {
          files: ["**/*.graphql"],
          languageOptions: { parser: plugin.parser, parserOptions: { graphQLConfig: { schema: join(root, "schema.graphql") } } },
          plugins: { "@graphql-eslint": plugin },
          rules: withOptions(plugin.configs[set].rules),
        },
      ],
    });
    const [result] = await eslint.lintFiles(["schema.graphql"]);
    const faults = result.messages.map(({ line, ruleId, message }) => `${line}: ${ruleId}: ${message}`);
    assert.deepEqual(faults, []);
  });
}
