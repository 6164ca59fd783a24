import { beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { configurationSchema } from "../../../config/schema.ts";
import { isObject } from "../../../infra/local/template/template.ts";
import { stepsTo } from "../../../operator/commands/plan/steps.ts";
import { deployedOf, type Deployed } from "../../../operator/shared/deployed.ts";
import {
  exampleConfiguration,
  exampleObject,
  exampleTemplate,
} from "../../support/example-stack.ts";
import { CHANGES, WITHOUT_MESSAGES } from "../../support/plan-changes.ts";

// `plan` says something about every setting that waiting messages may depend on, and the list of
// changes with which its tests work has each of them.

/** The paths of all settings in a JSON schema: `environments.*.users`. */
function settings(schema: unknown, path = ""): string[] {
  const { properties, additionalProperties: named } = isObject(schema) ? schema : {};
  if (isObject(properties)) {
    return Object.entries(properties).flatMap(([key, inner]) =>
      settings(inner, path === "" ? key : `${path}.${key}`),
    );
  }
  return isObject(named) && "properties" in named ? settings(named, `${path}.*`) : [path];
}

const ALL = settings(z.toJSONSchema(configurationSchema, { io: "input", unrepresentable: "any" }));

function valueAt(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return value;
  const entries = Object.entries((value ?? {}) as Readonly<Record<string, unknown>>);
  if (key === "*")
    return Object.fromEntries(entries.map(([name, inner]) => [name, valueAt(inner, rest)]));
  return valueAt(entries.find(([name]) => name === key)?.[1], rest);
}

/** The settings in which a changed configuration differs from the example's. */
function changedSettings(changed: Record<string, unknown>): string[] {
  const [before, after] = [exampleConfiguration(), exampleConfiguration(changed)];
  return ALL.filter((path) => {
    const [one, other] = [before, after].map((config) =>
      JSON.stringify(valueAt(config, path.split("."))),
    );
    return one !== other;
  });
}

const concernsNoMessage = (path: string): boolean =>
  Object.keys(WITHOUT_MESSAGES).some((key) => path === key || path.startsWith(`${key}.`));

let template: string;
let deployed: Deployed;
beforeAll(() => {
  template = JSON.stringify(exampleTemplate().toJSON());
  deployed = deployedOf(template);
});

test("the list of changes has every setting that a waiting message may depend on", () => {
  expect(ALL.length).toBeGreaterThan(50);
  const changed = new Set(CHANGES.flatMap(([, replaced]) => changedSettings(replaced)));
  expect(ALL.filter((path) => !changed.has(path) && !concernsNoMessage(path))).toEqual([
    // The reader's host stands for both.
    "source.port",
  ]);
});

test("what is listed as of no concern to messages is a setting", () => {
  for (const key of Object.keys(WITHOUT_MESSAGES))
    expect(ALL.some((path) => path === key || path.startsWith(`${key}.`))).toBe(true);
});

test.each(CHANGES.filter(([title]) => title !== "nothing"))(
  "%s: plan says something unless no message depends on it",
  (_, replaced) => {
    const concerning = changedSettings(replaced).filter((path) => !concernsNoMessage(path));
    const steps = stepsTo(exampleConfiguration(replaced), deployed);
    const said = steps.filter(({ kind }) => kind !== "keeps");
    expect(said.length > 0).toBe(concerning.length > 0);
    for (const { text } of steps) expect(text).not.toMatch(/undefined|null|\[object/);
  },
);

test.each([
  [
    "other lists and another delay of the reader",
    ["source.tables", "source.statementTables", "delivery.delayMs"],
  ],
  [
    "other forms of messages",
    [
      "subscribers.billing.ddl",
      "subscribers.billing.encoding",
      "subscribers.search.keyBuckets",
      "subscribers.search.snapshot",
    ],
  ],
  [
    "filters",
    [
      "subscribers.billing.columns",
      "subscribers.billing.where",
      "subscribers.billing.whereCrossing",
      "subscribers.search.columns",
    ],
  ],
])("%s: plan says something about each of them", (title, whats) => {
  const [, replaced = {}] = CHANGES.find(([one]) => one === title) ?? [];
  const steps = stepsTo(exampleConfiguration(replaced), deployed);
  const said = steps.filter(({ kind }) => kind === "changes").map(({ what }) => what);
  expect(said.sort()).toEqual([...whats].sort());
});

const { source, subscribers } = exampleObject() as {
  readonly source: { readonly secretArn: string };
  readonly subscribers: Record<"billing" | "search", object>;
};
const { billing, search } = subscribers;
/** Without a secret of its own. */
const MADE = { ...source, secretArn: undefined };
const KEY = "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-0a1b-4c2d-8e3f-0a1b2c3d4e5f";
const initial = { billing, search: { ...search, snapshot: "initial" } };

/** The texts of the plan from one configuration to another. */
function texts(from: Record<string, unknown>, to: Record<string, unknown>): string[] {
  const before =
    Object.keys(from).length === 0
      ? deployed
      : deployedOf(JSON.stringify(exampleTemplate(from).toJSON()));
  return stepsTo(exampleConfiguration(to), before)
    .filter(({ kind }) => kind === "changes")
    .map(({ text }) => text);
}

describe("the plan's words", () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>, RegExp[]]>([
    [
      "another server",
      {},
      { source: { ...source, host: "other.example.com", port: 3307 } },
      [
        /^source\.host: other\.example\.com:3307 instead of shop\S+:3306; .*if this server has the binlog that was read last, the reader continues behind it; if not, it stops until/,
      ],
    ],
    [
      "another server, where the stack made the secret",
      { source: MADE, canary: {} },
      { source: { ...MADE, host: "other.example.com" }, canary: {} },
      [
        /^source\.host: other/,
        /^source\.secretArn: .*another password, .*the reader cannot log in .*output SourceSecretArn in the same deployment$/,
        /^canary\.secretArn: .*another password, .*the canary cannot log in .*output CanarySecretArn /,
      ],
    ],
    [
      "another server, with the secret that the stack made",
      { source: MADE },
      { source: { ...source, host: "other.example.com" } },
      [/^source\.host: other/],
    ],
    [
      "no secret named any more",
      { canary: { secretArn: source.secretArn } },
      { source: MADE, canary: {} },
      [
        /^source\.secretArn: a secret that the stack makes, with a new password, instead of arn:\S+; the reader cannot log in .*output SourceSecretArn.*leave source\.secretArn as it is; a CDK app that gives the construct `credentials` keeps it anyway$/,
        /^canary\.secretArn: a secret that the stack makes, .*the canary cannot log in .*output CanarySecretArn/,
      ],
    ],
    [
      "secrets named instead of made",
      { source: MADE, canary: {} },
      { canary: { secretArn: source.secretArn } },
      [],
    ],
    [
      "another user of the canary",
      { canary: {} },
      { canary: { user: "heartbeat" } },
      [/^environments\.binlog-router\.users: /, /^canary\.secretArn: .*another password/],
    ],
    [
      "other tables",
      {},
      { source: { ...source, tables: ["shop.*", "crm.*"] } },
      [
        /^source\.tables: \[shop\.\*, crm\.\*\] instead of \[shop\.\*, !shop\.sessions\]; .*has not read yet/,
      ],
    ],
    [
      "a list of statement tables that ends",
      { source: { ...source, statementTables: ["tools.*"] } },
      {},
      [/^source\.statementTables: \[\] instead of \[tools\.\*\]/],
    ],
    [
      "a longer delay",
      {},
      { delivery: { delayMs: 500 } },
      [/^delivery\.delayMs: 500 instead of 20; it counts from the reader's restart/],
    ],
    [
      "an initial snapshot",
      {},
      { subscribers: initial },
      [
        /^subscribers\.search\.snapshot: search gets one snapshot of its tables in production, staging, test, unrouted, unless it had/,
      ],
    ],
    [
      "an initial snapshot that is taken back",
      { subscribers: initial },
      {},
      [/^subscribers\.search\.snapshot: "none" instead of "initial"; .*go on unless you cancel/],
    ],
    [
      "an initial snapshot of a subscriber that is removed",
      { subscribers: initial },
      { subscribers: { billing } },
      [],
    ],
    [
      "a first key",
      {},
      { encryptionKeyArn: KEY },
      [
        /^encryptionKeyArn: \S+0a1b2c3d-\S+ instead of AWS's own keys; .*stay as they are, and whoever/,
      ],
    ],
    [
      "another key",
      { encryptionKeyArn: KEY },
      { encryptionKeyArn: KEY.replace("0a1b2c3d-", "ffffffff-") },
      [
        /^encryptionKeyArn: \S+ffffffff-\S+ instead of \S+; .*encrypted with the former key.*allow kms:Decrypt/,
      ],
    ],
    [
      "no key any more",
      { encryptionKeyArn: KEY },
      {},
      [/^encryptionKeyArn: AWS's own keys instead of \S+; .*former key/],
    ],
    ["a canary", {}, { canary: {} }, []],
    ["no canary any more", { canary: {} }, {}, []],
  ])("%s", (_, from, to, words) => {
    expect(texts(from, to)).toEqual(words.map((one) => expect.stringMatching(one)));
  });

  test("a deployment of a release without the setting has its former value", () => {
    const former = template.replace('{"Name":"DELAY_MS","Value":"20"},', "");
    expect(former).not.toBe(template);
    const steps = stepsTo(exampleConfiguration(), deployedOf(former));
    expect(steps.map(({ kind }) => kind)).toEqual(["keeps"]);

    const more = stepsTo(exampleConfiguration({ lanes: 4 }), deployedOf(former));
    expect(more.map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^lanes: 4 instead of 1; .*at once, .*with the former number first$/),
    );
  });

  test("a host that is known at the deployment only is not compared", () => {
    const host = '{"Fn::GetAtt":["Database","Endpoint.Address"]}';
    const referring = template.replace(/(?<="SOURCE_HOST","Value":)"[^"]*"/, host);
    expect(referring).toContain(host);
    const other = exampleConfiguration({ source: { ...source, host: "other.example.com" } });
    expect(stepsTo(other, deployedOf(referring)).map(({ kind }) => kind)).toEqual(["keeps"]);
  });

  test("lists and a delay that are known at the deployment only are not compared", () => {
    const names = /(?<="(?:SOURCE_TABLES|DELAY_MS|SNAPSHOT_INITIAL)","Value":)"(?:[^"\\]|\\.)*"/g;
    expect(template.match(names)?.length).toBeGreaterThan(1);
    const referring = template.replace(names, '{"Ref":"Parameter"}');
    const other = exampleConfiguration({
      source: { ...source, tables: ["shop.*", "crm.*"] },
      delivery: { delayMs: 500 },
    });
    expect(stepsTo(other, deployedOf(referring)).map(({ kind }) => kind)).toEqual(["keeps"]);
  });
});
