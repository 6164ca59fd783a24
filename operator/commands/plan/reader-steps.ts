import { CANARY_TABLE } from "../../../config/canary-names.ts";
import type { Configuration } from "../../../config/configuration.ts";
import { initialSnapshots } from "../../../config/initial-snapshots.ts";
import { environmentQueueName } from "../../../wire/names.ts";
import type { Deployed } from "../../shared/deployed.ts";
import { change, same, type Step } from "./step.ts";

/**
 * The steps for changed settings of the reader, with their effect on what was read already. A
 * setting that is known only at the deployment is not compared.
 */
export function readerSteps(config: Configuration, deployed: Deployed): Step[] {
  return [
    ...serverStep(config, deployed),
    ...listStep("tables", config, deployed),
    ...listStep("statementTables", config, deployed),
    ...delayStep(config, deployed),
    ...snapshotSteps(config, deployed),
  ];
}

function serverStep({ source }: Configuration, { reader }: Deployed): Step[] {
  const { host, port } = reader;
  if (host === null || port === null || source.host === undefined) return [];
  const [before, now] = [`${host}:${port}`, `${source.host}:${source.port}`];
  if (before === now) return [];
  const text = `source.host: ${now} instead of ${before}; messages and frames that wait stay; if this server has the binlog that was read last, the reader continues behind it; if not, it stops until an operator acts (docs/deploying.md, "Moving, restoring or resetting the database")`;
  return [change("source.host", text)];
}

function listStep(
  key: "tables" | "statementTables",
  { source }: Configuration,
  { reader }: Deployed,
): Step[] {
  const list = reader[key];
  if (list === null) return [];
  const [before, now] = [withoutCanary(list), withoutCanary(source[key])];
  if (same(before, now)) return [];
  const what = `source.${key}`;
  const text = `${what}: [${now.join(", ")}] instead of [${before.join(", ")}]; messages and frames that wait stay as they are, and what the reader has not read yet follows the new list`;
  return [change(what, text)];
}

/** The canary's table comes and goes with the canary. */
function withoutCanary(tables: readonly string[]): string[] {
  return tables.filter((table) => table !== CANARY_TABLE);
}

function delayStep({ delivery }: Configuration, { reader }: Deployed): Step[] {
  if (reader.delayMs === null || delivery.delayMs === reader.delayMs) return [];
  const text = `delivery.delayMs: ${delivery.delayMs} instead of ${reader.delayMs}; it counts from the reader's restart, and messages and frames that wait stay as they are`;
  return [change("delivery.delayMs", text)];
}

/**
 * A queue gets an initial snapshot once: the order stays in the offsets table, until 30 days after
 * its pair has left the configuration. `tables` of such an order do not change later.
 */
function snapshotSteps(config: Configuration, { reader, queues }: Deployed): Step[] {
  const { snapshots } = reader;
  if (snapshots === null) return [];
  const wanted = initialSnapshots(config);
  return Object.entries(config.subscribers).flatMap(([name, subscriber]) => {
    const what = `subscribers.${name}.snapshot`;
    const inList = (list: typeof snapshots): string[] =>
      list.filter((one) => one.subscriber === name).map(({ environment }) => environment);
    const [before, now] = [inList(snapshots), inList(wanted)];
    const added = now.filter((environment) => !before.includes(environment));
    const steps: Step[] = [];
    if (added.length > 0) {
      const text = `${what}: ${name} gets one snapshot of its tables in ${added.join(", ")}, unless it had one there that the reader remembers (docs/snapshots.md); messages that wait are received before it`;
      steps.push(change(what, text));
    }
    const isLeft = before.some((environment) =>
      queues.has(environmentQueueName(config.name, name, environment)),
    );
    if (subscriber.snapshot === "none" && isLeft) {
      const text = `${what}: "none" instead of "initial"; snapshots that were ordered go on unless you cancel them (npm run snapshot -- list)`;
      steps.push(change(what, text));
    }
    return steps;
  });
}
