import Table from "cli-table3";
import type { DeliveryCheck } from "../demo/delivery-check.ts";
import { isClean, type Tally } from "../demo/tally.ts";
import { count, duration, standStillText } from "./format.ts";

/**
 * The demonstration's result: a table, and sentences that explain it.
 * `standStillMs`: see `Status.standStillMs`.
 */
export function verdictTable(tally: Tally, standStillMs: number | null = null): string {
  const table = new Table({
    head: [
      "environment",
      "subscriber",
      "written",
      "delivered",
      "foreign",
      "missing",
      "repeated",
      "out of order",
      "parked",
      "longest delay",
    ],
    colAligns: ["left", "left", ...Array<"right">(8).fill("right")],
    style: { head: [], border: [], compact: true },
  });
  for (const check of tally.checks) table.push(verdictRow(check, tally.parked(check)));
  const sentences = [attributionSentence(tally), verdictSentence(tally)];
  if (standStillMs !== null) sentences.push(`Note: ${standStillText(standStillMs)}.`);
  return [table.toString(), ...sentences].join("\n");
}

function verdictRow(check: DeliveryCheck, parked: number): string[] {
  return [
    check.environment,
    check.subscriber,
    count(check.written),
    count(check.delivered),
    count(check.foreign),
    count(check.waiting - parked),
    count(check.repeated),
    count(check.outOfOrder),
    count(parked),
    duration(check.longestDelayMs),
  ];
}

function attributionSentence({ attributions }: Tally): string {
  const ways = Array.from(attributions, ([way, changes]) => `${way} ${count(changes)}`);
  return `Authors were found by: ${ways.join(", ") || "nothing was delivered"}.`;
}

function verdictSentence(tally: Tally): string {
  const verdict = tally.verdict();
  const { foreign, missing, repeated, parked, unattributed, faults } = verdict;
  const waiting = parked - unattributed - faults;
  if (!isClean(verdict)) {
    return `Wrong: ${count(foreign)} foreign, ${count(missing)} missing, ${count(repeated)} repeated.`;
  }
  if (parked === 0)
    return "Every environment received its own changes, each once, and nothing else.";
  const reasons = [
    ...(unattributed > 0
      ? [`${count(unattributed)} because it is not known for certain who wrote them`]
      : []),
    ...(faults > 0
      ? [`${count(faults)} because binlog-router's own code failed on them or on one before them`]
      : []),
    ...(waiting > 0 ? [`${count(waiting)} because a queue did not take them in time`] : []),
  ];
  return (
    "Every environment received its own changes only, each once. " +
    `${count(parked)} deliveries wait in failure records: ${reasons.join(", ")}.`
  );
}
