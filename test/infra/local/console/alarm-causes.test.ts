import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { DeployableConfiguration } from "../../../../config/configuration.ts";
import { onThisMachine } from "../../../../infra/local/request/local-configuration.ts";
import type { LocalTopology } from "../../../../infra/local/template/local-topology.ts";
import { provision } from "../../../../infra/local/template/provision.ts";
import { synthesize } from "../../../../infra/local/template/synthesize.ts";
import { RUNBOOK } from "../../../../infra/stack/monitoring/runbook.ts";
import { REPOSITORY_ROOT } from "../../../../infra/stack/resources/repository-root.ts";
import { CAUSES, type Cause } from "../../../support/console/causes.ts";
import { ALL } from "../../../support/console/live/causes.ts";
import { SimulatedSystem } from "../../../support/console/simulated-system.ts";
import { exampleConfiguration } from "../../../support/example-stack.ts";
import { useLocalAws } from "../../../support/local-aws.ts";

const PAGE = join(REPOSITORY_ROOT, "docs/runbook.md");
/** Minutes without trouble at the start, in which every alarm evaluates full periods. */
const QUIET_MINUTES = 20;
/**
 * Minutes until an alarm must have cleared: the longest period is 15 minutes, and its evaluation
 * covers three of them.
 */
const CLEARS_WITHIN_MINUTES = 60;

/** The alarms that rang, each with the minutes from the start of the trouble until it rang. */
type Rung = ReadonlyMap<string, number>;

const aws = useLocalAws();
let topology: LocalTopology;
let withCanary: LocalTopology;

beforeAll(async () => {
  const server = { host: "127.0.0.1", port: 3306, tls: "off" } as const;
  const provisioned = (config: DeployableConfiguration) =>
    provision(synthesize(onThisMachine(config, server)), {
      aws,
      sourceCredentials: { username: "reader", password: "secret" },
      signal: AbortSignal.timeout(60_000),
    });
  topology = await provisioned(exampleConfiguration());
  withCanary = await provisioned(exampleConfiguration({ name: "crm", canary: {} }));
});
beforeEach(() => {
  // The run begins on a full minute, as CloudWatch's periods do.
  vi.useFakeTimers({ now: 30_000_000 * 60_000, toFake: ["Date", "setInterval", "clearInterval"] });
});
afterEach(() => void vi.useRealTimers());

/**
 * Simulates a cause. Returns the alarms that rang, those still ringing at the end, and those that
 * rang again after the cause had ended and they had cleared.
 */
function play(cause: Cause): { rung: Rung; still: string[]; again: string[] } {
  using system =
    cause.canary === true
      ? new SimulatedSystem(withCanary, "crm")
      : new SimulatedSystem(topology, "shop");
  const well = { route: { ...system.route }, retry: { ...system.retry } };
  let before: string[] = [];
  for (let minute = 0; minute < QUIET_MINUTES; minute++) before = system.minute();
  expect(before).toEqual([]);

  const rung = new Map<string, number>();
  const { begin, eachMinute, end, minutes = 20 } = cause;
  begin?.(system);
  for (let minute = 0; minute < minutes; minute++) {
    eachMinute?.(system, minute);
    for (const name of system.minute()) if (!rung.has(name)) rung.set(name, minute + 1);
  }
  Object.assign(system, { ...well, queues: {} });
  end?.(system);
  let still: string[] = [];
  const cleared = new Set<string>();
  const again = new Set<string>();
  for (let minute = 0; minute < CLEARS_WITHIN_MINUTES; minute++) {
    still = system.minute();
    for (const name of still) {
      if (!rung.has(name)) rung.set(name, minutes + minute + 1);
      if (cleared.has(name)) again.add(name);
    }
    for (const name of rung.keys()) if (!still.includes(name)) cleared.add(name);
  }
  return { rung, still, again: [...again] };
}

const rows: (readonly [Cause, Rung])[] = [];

describe("a cause rings its alarms and no other, and each of them clears and stays silent", () => {
  it.each(CAUSES)("$name", (cause) => {
    const { rung, still, again } = play(cause);
    rows.push([cause, rung]);
    expect([...rung.keys()].toSorted()).toEqual(cause.rings.toSorted());
    expect(still).toEqual([]);
    expect(again).toEqual([]);
  });
});

it("every alarm has a cause that rings it", () => {
  const rung = new Set(CAUSES.flatMap(({ rings }) => rings));
  const unheard = Object.values(RUNBOOK).filter(
    (heading) => ![...rung].some((name) => name.startsWith(heading)),
  );
  expect(unheard).toEqual([]);
});

it("the template's alarms are those that are evaluated here: of one metric each, and none composite", () => {
  const server = { host: "127.0.0.1", port: 3306, tls: "off" } as const;
  const config = exampleConfiguration({ name: "crm", canary: {} });
  const { Resources } = synthesize(onThisMachine(config, server)).template;
  const monitoring = Object.values(Resources).filter(({ Type }) =>
    Type.startsWith("AWS::CloudWatch::"),
  );
  const kinds = Map.groupBy(monitoring, ({ Type }) => Type);
  expect([...kinds.keys()].toSorted()).toEqual([
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
  ]);
  expect(kinds.get("AWS::CloudWatch::Alarm")).toHaveLength(withCanary.monitoring.alarms.length);
  expect(JSON.stringify(monitoring)).not.toMatch(/"expression\\*"/i);
});

// test/integration/infra/local/console/alarms.test.ts asserts that the live causes ring their
// alarms on a running stack.

it("every alarm of the template has a live cause", () => {
  const rung = new Set(ALL.flatMap(({ rings, stopsAll }) => [...rings, ...alsoRung(stopsAll)]));
  const silent = withCanary.monitoring.alarms
    .map(({ name }) => name.slice(name.indexOf(": ") + 2))
    .filter((name) => !rung.has(ofBillingStaging(name)));
  expect(silent).toEqual([]);
});

it("every live cause is one of the table's", () => {
  const names = new Set(CAUSES.map(({ name }) => name));
  expect(ALL.map(({ name }) => name).filter((name) => !names.has(name))).toEqual([]);
});

/** `UPDATE_RUNBOOK=1` rewrites the table. */
it("the runbook's table lists each cause with its alarms", () => {
  const lines = rows.map(
    ([cause, rung]) => `| ${cause.name} | ${alarmsText(rung)} | ${liveText(cause)} |`,
  );
  const table = [
    "| cause | alarms, and the minute in which each rings | on a running stack |",
    "| - | - | - |",
    ...lines,
  ];
  const page = readFileSync(PAGE, "utf8");
  const [before = "", written = "", after = ""] = page.split(/<!-- causes (?:begin|end) -->\n/);
  if (process.env["UPDATE_RUNBOOK"] === "1") {
    writeFileSync(
      PAGE,
      `${before}<!-- causes begin -->\n${table.join("\n")}\n<!-- causes end -->\n${after}`,
    );
    return;
  }
  expect(cells(written)).toEqual(cells(table.join("\n")));
});

function alarmsText(rung: Rung): string {
  if (rung.size === 0) return "none";
  return [...rung].map(([name, minute]) => `${name} (${minute})`).join(", ");
}

/** The alarms that the cause rings on a running stack, if it is tested on one. */
function liveText({ name, rings }: Cause): string {
  const live = ALL.find((one) => one.name === name);
  if (live === undefined) return "";
  const isSame = live.rings.toSorted().join() === rings.toSorted().join();
  return isSame ? "the same" : live.rings.join(", ");
}

/** What rings besides in a stack with a canary while nothing is delivered. */
function alsoRung(stopsAll: true | undefined): string[] {
  return stopsAll === true ? ["Canary missing"] : [];
}

/** The name of the same alarm on the queue of billing in staging, the one that is tried. */
function ofBillingStaging(name: string): string {
  return name.replace(
    /^(Subscriber queue age|Dead-letter queue not empty) \S+ \S+$/,
    "$1 billing staging",
  );
}

/** A table's cells without the formatter's padding. */
function cells(table: string): string[][] {
  return table
    .trim()
    .split("\n")
    .filter((line) => !/^[|\s-]*$/.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()));
}
