import { Ajv2020 } from "ajv/dist/2020.js";
import { DeleteMessageCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { parseExactJson } from "../../../wire/exact-json.ts";
import { subscribe, type Change } from "../../../client/index.ts";
import type { EnvironmentMessage } from "../../../wire/message.ts";
import { binlogRouterOn } from "../../support/operator.ts";
import { startRouter, type Router } from "../../support/client/router.ts";

const root = new URL("../../../", import.meta.url);
describe("on a running router", () => {
  let router: Router;
  const received: string[] = [];

  beforeAll(async () => {
    router = await startRouter({
      billing: { tables: ["shop.*"] },
      search: { tables: ["shop.*"], groupBy: "key" },
      mail: { tables: ["shop.letters"] },
    });
  });

  afterAll(() => router[Symbol.asyncDispose]());

  it("every statement and command on the message format's page produces the messages on the page", async () => {
    const schema = JSON.parse(
      await readFile(new URL("docs/schema/environment-message.schema.json", root), "utf8"),
    ) as object;
    const validate = new Ajv2020({ strictRequired: false, allowUnionTypes: true }).compile(schema);
    await using connection = await router.connectAs("staging");
    let latest: Change["source"] | undefined;
    for (const { act, messages } of await pageExamples()) {
      if (act.language === "sql") await connection.query(act.text);
      else {
        if (latest !== undefined) await isSaved(latest);
        await command(act.text.replace(/\bGTID\b/, latest?.gtid ?? ""));
      }
      for (const shown of messages) {
        const text = await receive(shown);
        const [change] = (JSON.parse(text) as EnvironmentMessage).changes;
        if (change !== undefined && change.source.gtid !== null) latest = change.source;
        expect(validate(JSON.parse(text)), JSON.stringify(validate.errors)).toBe(true);
        expect(withoutPlace(parseExactJson(text) as EnvironmentMessage)).toEqual(
          withoutPlace(shown),
        );
      }
    }
  });

  it("applications that differ only in APP_ENV receive the changes of their own environment", async () => {
    const arrived: Record<string, Change[]> = { production: [], staging: [] };
    const application = (environment: string) =>
      subscribe("mail", (change) => void arrived[environment]?.push(change), {
        environment,
        source: "shop",
        sqs: router.sqs,
      });
    await using production = await application("production");
    await using staging = await application("staging");
    expect(production.queueUrl).not.toBe(staging.queueUrl);
    await using one = await router.connectAs("production");
    await using other = await router.connectAs("staging");
    await one.query("CREATE TABLE letters (id BIGINT PRIMARY KEY, text VARCHAR(100))");
    for (let id = 1; id <= 20; id++) {
      await one.query("INSERT INTO letters VALUES (?, 'production')", [id]);
      await other.query("INSERT INTO letters VALUES (?, 'staging')", [-id]);
    }
    const ids = (environment: string): unknown[] =>
      (arrived[environment] ?? []).filter(({ op }) => op === "c").map(({ after }) => after?.["id"]);
    const expected = Array.from({ length: 20 }, (_, index) => index + 1);
    await vi.waitFor(() => expect(ids("production")).toEqual(expected), 60_000);
    await vi.waitFor(() => expect(ids("staging")).toEqual(expected.map((id) => -id)), 60_000);
    expect(new Set(arrived["staging"]?.map(({ user }) => user))).toEqual(new Set(["app_staging"]));
  });

  /** Resolves when the saved offset, at which a replay ends, is behind a change. */
  async function isSaved({ file, pos }: Change["source"]): Promise<void> {
    await vi.waitFor(async () => {
      const { out } = await binlogRouterOn(router.stack, "offsets", "show", "--json");
      const { offset } = JSON.parse(out) as { offset: { file: string; offset: number } };
      expect(offset.file).toBe(file);
      expect(offset.offset).toBeGreaterThan(pos);
    }, 60_000);
  }

  /** Runs an operator's command, `npm run COMMAND -- …`. */
  async function command(line: string): Promise<void> {
    const [, name = "", rest = ""] = /^npm run (\w+) -- (.*)$/.exec(line) ?? [];
    const { code, problem } = await binlogRouterOn(router.stack, name, ...rest.split(" "));
    expect(code, problem).toBe(0);
  }

  /**
   * Takes staging's messages until one is of the same kind as `shown`. Keeps the others for later
   * calls, because groups arrive in any order.
   */
  async function receive(shown: EnvironmentMessage): Promise<string> {
    const QueueUrl = router.stack.environments["staging"]?.queues[shown.subscriber];
    for (;;) {
      const found = received.findIndex(
        (text) => kindOf(JSON.parse(text) as EnvironmentMessage) === kindOf(shown),
      );
      const [text] = found === -1 ? [] : received.splice(found, 1);
      if (text !== undefined) return text;
      const { Messages: [message] = [] } = await router.sqs.send(
        new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }),
      );
      if (message === undefined) throw new Error(`${kindOf(shown)} did not arrive`);
      const { ReceiptHandle, Body = "" } = message;
      await router.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      received.push(Body);
    }
  }
});

/** What distinguishes a message from the others of this test. */
function kindOf({ subscriber, group, changes, replay }: EnvironmentMessage): string {
  const kind = replay === undefined ? "" : "replay";
  return [kind, subscriber, group, ...changes.map(({ op, statement = "" }) => op + statement)].join(
    " ",
  );
}

interface Example {
  readonly act: { readonly language: "sql" | "sh"; readonly text: string };
  readonly messages: readonly EnvironmentMessage[];
}

/**
 * The page's SQL statements and operators' commands, each with the messages that the page shows for
 * it.
 */
async function pageExamples(): Promise<Example[]> {
  const page = await readFile(new URL("docs/message-format.md", root), "utf8");
  const blocks = [...page.matchAll(/```(sql|sh|json)\n(.*?)```/gs)];
  const examples: { act: Example["act"]; messages: EnvironmentMessage[] }[] = [];
  for (const [, language, text = ""] of blocks) {
    if (language === "sql" || language === "sh")
      examples.push({ act: { language, text: text.trim() }, messages: [] });
    else if (text.startsWith("{"))
      examples.at(-1)?.messages.push(parseExactJson(text) as EnvironmentMessage);
  }
  return examples;
}

/**
 * A message without the parts that differ between runs: its position, its times, and how the author
 * was determined.
 */
function withoutPlace({
  first: _first,
  last: _last,
  changes,
  replay,
  ...message
}: EnvironmentMessage): unknown {
  return {
    ...message,
    ...(replay !== undefined && { replay: {} }),
    changes: changes.map(
      ({ id, host: _host, attribution: _attribution, source, snapshot, ...change }) => {
        const { db, table } = source;
        const own = snapshot === undefined ? id : id.slice("snapshot/".length);
        return {
          ...change,
          id: own.slice(own.indexOf("/")),
          source: { db, table, ...(snapshot === undefined && { row: source.row }) },
          ...(snapshot !== undefined && { snapshot: { ...snapshot, id: "" } }),
        };
      },
    ),
  };
}
