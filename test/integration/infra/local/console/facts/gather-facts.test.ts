import { startLocalAws } from "@binlog-router/local-aws";
import { awsClients } from "@binlog-router/local-aws/clients";
import { expect, test } from "vitest";
import { gatherFacts } from "../../../../../../infra/local/console/facts/gather-facts.ts";
import { headline } from "../../../../../../infra/local/console/facts/headline.ts";
import { provision } from "../../../../../../infra/local/template/provision.ts";
import { synthesize } from "../../../../../../infra/local/template/synthesize.ts";
import { onThisMachine } from "../../../../../../infra/local/request/local-configuration.ts";
import { exampleConfiguration } from "../../../../../support/example-stack.ts";

test("a table that refuses or does not answer leaves out the failure records only", async () => {
  await using aws = await startLocalAws();
  using clients = awsClients(aws);
  const config = exampleConfiguration();
  const server = { host: "127.0.0.1", port: 3306, tls: "off" } as const;
  const topology = await provision(synthesize(onThisMachine(config, server)), {
    aws,
    sourceCredentials: { username: "reader", password: "secret" },
    signal: AbortSignal.timeout(120_000),
  });
  const source = { host: "127.0.0.1", port: 3306, version: "9.7.4", pid: null };
  const queue = { environment: "staging", subscriber: "billing" };
  const queueName = "shop-billing-staging.fifo";
  const url = topology.queues.get(queueName)?.url ?? "";
  const gather = () =>
    gatherFacts({
      parts: { source, aws, topology, queues: [{ ...queue, queueName, url }] },
      clients,
      router: { readerHealthUrl: "http://127.0.0.1:1/" },
      monitor: { alarms: { statuses: () => [] } },
      startedMs: 0,
    } as unknown as Parameters<typeof gatherFacts>[0]);
  expect((await gather()).failures).toEqual({ changes: 0, records: 0, streams: [] });

  const scan = { service: "dynamodb", action: "Scan", resource: "*" } as const;
  for (const [effect, error] of [
    [{ kind: "error", code: "AccessDeniedException" }, /^AccessDeniedException: /],
    [{ kind: "delay", ms: 600_000 }, /^AbortError: /],
  ] as const) {
    using _ = aws.faults.add({ ...scan, effect });
    const facts = await gather();
    expect(facts.failures).toEqual({ error: expect.stringMatching(error) as string });
    expect(facts.queues[0]?.counts?.visible).toBe(0);
    expect(headline(facts).findings.map(({ text }) => text)).toEqual([
      "No reader answers.",
      expect.stringContaining("The failure records cannot be read"),
    ]);
  }
});
