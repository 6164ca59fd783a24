import { RUNBOOK, type RunbookHeading } from "../../../stack/monitoring/runbook.ts";
import { aboutAlarm } from "./about.ts";
import type { EnvironmentQueueFacts, Facts, ParkedStream } from "./facts.ts";

/**
 * `trouble`: something waits or needs a person's attention; `stopped`: no environment receives
 * changes.
 */
type Level = "well" | "trouble" | "stopped";

/** Something that is wrong now, and the runbook's heading about it. */
interface Finding {
  readonly level: Exclude<Level, "well">;
  readonly text: string;
  readonly heading: RunbookHeading;
  /** The stations and the environments' queues that cannot be well now; the page marks them. */
  readonly about: readonly string[];
}

export interface Headline {
  readonly level: Level;
  readonly text: string;
  readonly findings: readonly Finding[];
}

/** A reader state shorter than this is a normal transition and is not reported. */
const SETTLES_WITHIN_MS = 2_000;
/**
 * How long a reader may wait for the lease of a reader that has ended, or for the frames that were
 * sent with another number of lanes. A lease lasts 15 s.
 */
const WAITS_WITHIN_MS = 20_000;
/** A healthy route function takes a frame within milliseconds; a backlog may take seconds. */
const WAITS_LONG_MS = 20_000;

/**
 * Whether all is well and, if not, what is wrong now and which alarms ring, the worst first. Past
 * trouble is not listed.
 */
export function headline(facts: Facts): Headline {
  const findings = [
    ...sourceFindings(facts),
    ...readerFindings(facts),
    ...rawFindings(facts),
    ...facts.queues.flatMap(queueFindings),
    ...failureFindings(facts),
    ...alarmFindings(facts),
  ].sort((one, other) => rank(one) - rank(other));
  const [worst] = findings;
  if (worst === undefined) return { level: "well", text: "All is well.", findings };
  const others = findings.length - 1;
  const more = others === 0 ? "" : ` (and ${others} more)`;
  return { level: worst.level, text: `${worst.text}${more}`, findings };
}

function rank({ level }: Finding): number {
  return level === "stopped" ? 0 : 1;
}

function sourceFindings({ source }: Facts): Finding[] {
  if (source.state !== "ended" && source.state !== "suspended") return [];
  const what = source.state === "ended" ? "has ended" : "was suspended by a signal";
  const text = `MySQL at ${source.address} ${what}.`;
  const heading = RUNBOOK.readerNotReporting;
  return [{ level: "stopped", text, heading, about: ["source", "reader"] }];
}

function readerFindings({ reader, nowMs }: Facts): Finding[] {
  const about = ["reader"];
  if (reader === null) {
    const text = "No reader answers.";
    return [{ level: "stopped", text, heading: RUNBOOK.readerNotReporting, about }];
  }
  if (reader.state === "streaming") return [];
  const forMs = nowMs - reader.sinceMs;
  if (reader.state === "blocked") {
    const text = "The reader cannot continue until an operator acts; its log names the error.";
    return [{ level: "stopped", text, heading: RUNBOOK.readerStopped, about }];
  }
  if (reader.state === "standby" || reader.state === "waiting") {
    return forMs < WAITS_WITHIN_MS ? [] : [waitFinding(reader.state, forMs)];
  }
  if (forMs < SETTLES_WITHIN_MS) return [];
  const text = `The reader has been ${reader.state} for ${seconds(forMs)}: nothing is read.`;
  return [{ level: "stopped", text, heading: RUNBOOK.readerNotReporting, about }];
}

/** On this machine no second reader runs that would read meanwhile. */
function waitFinding(state: "standby" | "waiting", forMs: number): Finding {
  const what =
    state === "standby"
      ? "for the lease, which another reader holds"
      : "until the frames of the former lanes are delivered";
  const text = `The reader has waited for ${seconds(forMs)} ${what}: nothing is read.`;
  const heading = state === "standby" ? RUNBOOK.readerNotReporting : RUNBOOK.lag;
  return { level: "stopped", text, heading, about: ["reader"] };
}

function rawFindings({ raw }: Facts): Finding[] {
  const about = ["raw"];
  if (raw.counts === null) {
    const text = `The raw queue ${raw.name} does not exist.`;
    return [{ level: "stopped", text, heading: RUNBOOK.lag, about }];
  }
  const findings: Finding[] = [];
  if (raw.dead !== null && raw.dead > 0) {
    const text = `${plural(raw.dead, "frame")} in the raw queue's dead-letter queue.`;
    findings.push({ level: "stopped", text, heading: RUNBOOK.gap, about });
  }
  const ageMs = raw.counts.oldestAgeMs ?? 0;
  if (ageMs > WAITS_LONG_MS) {
    const text = `The oldest frame has waited in the raw queue for ${seconds(ageMs)}.`;
    findings.push({ level: "trouble", text, heading: RUNBOOK.rawQueueAge, about });
  }
  return findings;
}

function queueFindings({ name, counts, dead, deadName }: EnvironmentQueueFacts): Finding[] {
  const about = [name];
  const findings: Finding[] = [];
  if (counts === null) {
    const text = `The queue ${name} does not exist: its changes are parked.`;
    findings.push({ level: "trouble", text, heading: RUNBOOK.failuresPending, about });
  }
  if (dead !== null && dead > 0) {
    const text = `${plural(dead, "message")} in the dead-letter queue ${deadName}.`;
    findings.push({ level: "trouble", text, heading: RUNBOOK.deadLetters, about });
  }
  return findings;
}

/** One finding for each reason, and one for the streams that were given up. */
function failureFindings({ failures }: Facts): Finding[] {
  if ("error" in failures) {
    const text = `The failure records cannot be read (${failures.error}).`;
    return [{ level: "trouble", text, heading: RUNBOOK.functionErrors, about: ["failures"] }];
  }
  const waiting = failures.streams.filter(({ isGivenUp }) => !isGivenUp);
  const givenUp = failures.streams.filter(({ isGivenUp }) => isGivenUp);
  const byReason = Map.groupBy(waiting, ({ reason }) => reason);
  const findings = [...byReason].map(([reason, streams]): Finding => {
    const why = reason === "unattributed" ? "the author is not known for certain" : reason;
    const text = `${deliveries(streams)} parked: ${why}.`;
    const heading = PARKED[reason] ?? RUNBOOK.failuresPending;
    return { level: "trouble", text, heading, about: aboutStreams(streams) };
  });
  if (givenUp.length === 0) return findings;
  const text = `${deliveries(givenUp)} given up: they wait for an operator.`;
  const about = aboutStreams(givenUp);
  return [...findings, { level: "trouble", text, heading: RUNBOOK.failuresDead, about }];
}

/** The headings of reasons that have one of their own. */
const PARKED: Readonly<Record<string, RunbookHeading>> = {
  unattributed: RUNBOOK.unattributed,
  fault: RUNBOOK.faults,
};

function aboutStreams(streams: readonly ParkedStream[]): string[] {
  return ["failures", ...streams.flatMap(({ queue }) => (queue === null ? [] : [queue]))];
}

function deliveries(streams: readonly ParkedStream[]): string {
  const changes = streams.reduce((sum, stream) => sum + stream.changes, 0);
  return `${plural(changes, "delivery", "deliveries")} of ${plural(streams.length, "stream")}`;
}

function alarmFindings(facts: Facts): Finding[] {
  return facts.alarms
    .filter(({ state }) => state === "ALARM")
    .map((alarm) => ({
      level: "trouble",
      text: `The alarm “${alarm.shortName}” rings.`,
      heading: alarm.heading,
      about: aboutAlarm(alarm, facts),
    }));
}

function seconds(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} minutes`;
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}
