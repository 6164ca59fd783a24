import type { SimulatedSystem } from "./simulated-system.ts";

/** Something that can happen, as the system reports it. */
export interface Cause {
  readonly name: string;
  /** The short names of the alarms that ring; no other may ring. */
  readonly rings: readonly string[];
  /** Called once, before the first minute of the trouble. */
  readonly begin?: (system: SimulatedSystem) => void;
  /** Called before each minute of the trouble, with the minute's number. */
  readonly eachMinute?: (system: SimulatedSystem, minute: number) => void;
  /** Ends the trouble. Values of route, retry and queues are reset without it. */
  readonly end?: (system: SimulatedSystem) => void;
  /** How many minutes it lasts; default 20. */
  readonly minutes?: number;
  /** Whether the configuration has a canary. */
  readonly canary?: true;
}

const MINUTE_MS = 60_000;
const RAW = "shop-raw.fifo";
const QUEUE = "shop-billing-staging.fifo";
const DEAD = "shop-billing-staging-dead.fifo";

const restart = (system: SimulatedSystem): void => system.restartReader();
/** The oldest frame has waited since the trouble began. */
const rawWaits = (system: SimulatedSystem, minute: number): void => {
  system.queues[RAW] = { visible: 1, oldestAgeMs: minute * MINUTE_MS };
};

export const CAUSES: readonly Cause[] = [
  { name: "Nothing is wrong", rings: [], minutes: 60 },
  {
    name: "No application writes",
    rings: [],
    begin: ({ route }) => Object.assign(route, { invocations: 0, routed: 0 }),
    minutes: 60,
  },
  {
    name: "A deployment replaces both tasks of the reader",
    rings: [],
    begin: (system) => {
      system.restartReader();
      system.active.status.counters.leasesTaken++;
    },
  },
  {
    name: "A bulk statement: for three minutes the lag is over its bound",
    rings: [],
    begin: ({ active }) => active.status.behindSince(Date.now() - MINUTE_MS),
    end: ({ active }) => active.status.reached(Date.now(), true, ""),
    minutes: 3,
  },
  {
    name: "No task of the reader runs",
    rings: ["Reader not reporting", "Standby missing"],
    begin: (system) => {
      system.active.kill();
      system.standby.kill();
    },
    end: restart,
  },
  {
    name: "MySQL cannot be reached, or does not answer",
    rings: ["Reader not reporting", "Reader held up", "Lag"],
    begin: ({ active }) => active.status.enter("connecting"),
    end: restart,
  },
  {
    name: "An error that a person must act on: wrong password, purged binlog, another history",
    rings: ["Reader stopped", "Reader not reporting", "Reader held up", "Lag", "Standby missing"],
    begin: (system) => {
      for (const { status } of [system.active, system.standby]) {
        status.isStoppedByError = true;
        status.enter("blocked");
      }
    },
    end: restart,
  },
  {
    name: "The raw queue does not take frames: the lag grows",
    rings: ["Lag"],
    begin: ({ active }) => active.status.behindSince(Date.now()),
    end: ({ active }) => active.status.reached(Date.now(), true, ""),
  },
  {
    name: "MySQL will soon purge binlog that is not read",
    rings: ["Retention risk"],
    begin: ({ active: { status } }) => {
      status.retentionMs = 30 * MINUTE_MS;
      status.waitsSince(null, Date.now() - 10 * MINUTE_MS);
    },
    end: ({ active }) => active.status.waitsSince(null, null),
  },
  {
    name: "The reader's tasks keep ending",
    rings: ["Reader starts again and again", "Lease flapping"],
    eachMinute: (system, minute) => {
      if (minute % 2 === 1) return;
      system.active.kill();
      system.active = system.standby;
      system.active.status.enter("streaming");
      system.active.status.counters.leasesTaken++;
      system.standby = system.startTask("standby");
    },
    end: restart,
  },
  {
    name: "The standby is lost",
    rings: ["Standby missing"],
    begin: ({ standby }) => standby.kill(),
    end: (system) => {
      system.standby = system.startTask("standby");
    },
  },
  {
    name: "The lease keeps changing hands",
    rings: ["Lease flapping"],
    eachMinute: ({ active }, minute) => {
      if (minute % 3 === 0) active.status.counters.leasesTaken++;
    },
  },
  {
    name: "An application changes users on open connections",
    rings: ["Users changed on open connections"],
    begin: ({ active }) => void active.status.counters.userChanges++,
  },
  {
    name: "An XA transaction is left prepared",
    rings: ["XA transaction left prepared"],
    begin: ({ active }) => active.status.waitsSince(Date.now(), null),
    end: ({ active }) => active.status.waitsSince(null, null),
    minutes: 40,
  },
  {
    name: "An XA transaction commits that was prepared before reading began",
    rings: ["XA transaction without its changes"],
    begin: ({ active }) => void active.status.counters.unknownXa++,
  },
  {
    name: "A snapshot cannot continue until an operator acts",
    rings: ["Snapshot stopped"],
    begin: (system) => void (system.isSnapshotStopped = true),
    end: (system) => void (system.isSnapshotStopped = false),
  },
  {
    name: "Lambda fails to run the route function (time-out, memory, defect)",
    rings: ["Function errors route", "Raw queue age"],
    begin: ({ route }) => Object.assign(route, { errors: 30 }),
    eachMinute: rawWaits,
  },
  {
    name: "Lambda refuses to run the route function",
    rings: ["Function throttles route", "Raw queue age"],
    begin: ({ route }) => Object.assign(route, { invocations: 0, throttles: 30 }),
    eachMinute: rawWaits,
  },
  {
    name: "DynamoDB or S3 refuses the route function",
    rings: ["Frames come again", "Raw queue age"],
    begin: ({ route }) => Object.assign(route, { routed: 0, returned: 4 }),
    eachMinute: rawWaits,
  },
  {
    name: "A frame is missing (gap)",
    rings: ["Gap detected", "Frames come again", "Raw queue age"],
    begin: ({ route }) => Object.assign(route, { routed: 0, returned: 4, gaps: 4 }),
    eachMinute: rawWaits,
  },
  {
    name: "Only frames arrive that count as delivered",
    rings: ["Nothing but repeats"],
    begin: ({ route }) => Object.assign(route, { routed: 0, onlyRepeats: true }),
  },
  {
    name: "A frame goes to the raw queue's dead-letter queue",
    rings: ["Dead-letter queue not empty raw"],
    begin: ({ queues }) => Object.assign(queues, { "shop-raw-dead.fifo": { visible: 1 } }),
  },
  {
    name: "An author is unknown",
    rings: ["Unattributed changes", "Failures pending"],
    begin: ({ route, retry }) => {
      Object.assign(route, { unattributed: 1, parked: 1 });
      Object.assign(retry, { pending: 1 });
    },
    eachMinute: ({ route }, minute) => {
      if (minute > 0) Object.assign(route, { unattributed: 0, parked: 0 });
    },
  },
  {
    name: "The code fails on the changes of one queue",
    rings: ["Changes that could not be written", "Failures pending"],
    begin: ({ route, retry }) => {
      Object.assign(route, { faulty: 1, parked: 1 });
      Object.assign(retry, { pending: 1 });
    },
  },
  {
    name: "An environment's queue is deleted, full or forbidden",
    rings: ["Failures pending"],
    begin: ({ route, retry, queues }) => {
      Object.assign(route, { parked: 20 });
      Object.assign(retry, { pending: 1 });
      queues[QUEUE] = null;
    },
  },
  {
    name: "A parked stream is given up",
    rings: ["Failures dead"],
    begin: ({ retry }) => Object.assign(retry, { dead: 1 }),
  },
  {
    name: "The retry function's schedule is disabled",
    rings: ["Retry not running"],
    begin: ({ retry }) => Object.assign(retry, { invocations: 0 }),
  },
  {
    name: "The retry function does not answer",
    rings: ["Retry not running"],
    begin: ({ retry }) => Object.assign(retry, { invocations: 0 }),
  },
  {
    name: "The retry function fails",
    rings: ["Function errors retry"],
    begin: ({ retry }) => Object.assign(retry, { errors: 1 }),
  },
  {
    name: "Lambda refuses to run the retry function",
    rings: ["Function throttles retry", "Retry not running"],
    begin: ({ retry }) => Object.assign(retry, { invocations: 0, throttles: 2 }),
  },
  {
    name: "With a canary: its row does not arrive",
    rings: ["Canary missing"],
    canary: true,
    begin: (system) => void (system.canary = "late"),
    end: (system) => void (system.canary = "well"),
  },
  {
    name: "With a canary: it cannot write, or does not run",
    rings: ["Canary missing"],
    canary: true,
    begin: (system) => void (system.canary = "silent"),
    end: (system) => void (system.canary = "well"),
  },
  {
    name: "An application does not run",
    rings: ["Subscriber queue age billing staging"],
    eachMinute: ({ queues }, minute) => {
      queues[QUEUE] = { visible: 60 * minute, oldestAgeMs: minute * MINUTE_MS };
    },
    minutes: 30,
  },
  {
    name: "An application keeps failing on a message",
    rings: ["Dead-letter queue not empty billing staging"],
    begin: ({ queues }) => Object.assign(queues, { [DEAD]: { visible: 1 } }),
  },
];
